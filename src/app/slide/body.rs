//! Lays the body of a slide out for a width: rows of text, and the places of its demos.
//!
//! This file decides line breaks and indents. `slide` handles scrolling, steps and the screen.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::app::highlight::{Highlights, TokenKind};
use crate::app::slide::table;
use crate::app::slide::wrap::{StyledText, wrap};
use crate::deck::{AlertKind, Block, ListItem, TextRun};
use crate::stage::{FieldColor, Theme, link_style};
use crate::text;

/// The content of a slide in rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SlideBody {
    /// The rows from top to bottom.
    pub(crate) rows: Vec<BodyRow>,
    /// The demos, from top to bottom.
    pub(crate) demos: Vec<PlacedDemo>,
    /// The number of rows that each demo takes.
    pub(crate) rows_per_demo: usize,
}

/// One row of a slide.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct BodyRow {
    /// What stands left of the body and does not scroll sideways: indents, bars and bullets.
    pub(crate) prefix: Line<'static>,
    /// The text.
    pub(crate) body: Line<'static>,
    /// Whether the body is shown as written. A row that is too wide is then cut off and scrolls
    /// sideways instead of wrapping.
    pub(crate) preformatted: bool,
    /// Whether the body has the background of a panel.
    pub(crate) panel: bool,
    /// The step from which on the row is visible, from 0.
    pub(crate) step: usize,
}

/// The place of a demo in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlacedDemo {
    /// The row of its top edge, from 0.
    pub(crate) row: usize,
    /// The step from which on the demo is visible, from 0.
    pub(crate) step: usize,
}

impl SlideBody {
    /// Returns the width in cells of the widest row that scrolls sideways, with its prefix.
    pub(crate) fn widest_preformatted(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| row.preformatted)
            .map(|row| row.prefix.width() + row.body.width())
            .max()
            .unwrap_or(0)
    }
}

/// Lays `blocks` out in `width` columns. Each demo gets `demo_rows` rows.
pub(crate) fn lay_out_blocks(
    blocks: &[Block],
    width: usize,
    demo_rows: usize,
    style: SlideStyle,
) -> SlideBody {
    let mut layout = BodyBuilder {
        body: SlideBody { rows_per_demo: demo_rows, ..SlideBody::default() },
        style,
        step: 0,
    };
    layout.blocks(blocks, &LinePrefix::default(), width, true);
    layout.body
}

/// The colours that a slide is laid out with.
#[derive(Clone, Copy)]
pub(crate) struct SlideStyle<'a> {
    /// The theme.
    pub(crate) theme: &'a Theme,
    /// The code that has been highlighted so far.
    pub(crate) highlights: &'a Highlights,
}

/// What stands left of a block: `first` on its first row, `rest` on all others.
#[derive(Clone, Default)]
struct LinePrefix {
    first: Vec<Span<'static>>,
    rest: Vec<Span<'static>>,
}

impl LinePrefix {
    fn indented(&self, first: Span<'static>, rest: Span<'static>) -> Self {
        let with = |spans: &[Span<'static>], last| spans.iter().cloned().chain([last]).collect();
        Self { first: with(&self.first, first), rest: with(&self.rest, rest) }
    }

    fn take_first(&mut self) -> Line<'static> {
        let first = std::mem::replace(&mut self.first, self.rest.clone());
        Line::from(first)
    }
}

struct BodyBuilder<'a> {
    body: SlideBody,
    style: SlideStyle<'a>,
    step: usize,
}

impl BodyBuilder<'_> {
    fn blocks(&mut self, blocks: &[Block], prefix: &LinePrefix, width: usize, spaced: bool) {
        let mut prefix = prefix.clone();
        let mut first = true;
        for block in blocks {
            if *block == Block::Pause {
                self.step += 1;
                continue;
            }
            // In a tight list a nested list follows its item without a blank row (CommonMark
            // section 5.3).
            let list = matches!(block, Block::List { .. });
            if !first && (spaced || !list) {
                self.row(Line::from(prefix.rest.clone()), Line::default());
            }
            first = false;
            self.block(block, &mut prefix, width);
        }
    }

    fn block(&mut self, block: &Block, prefix: &mut LinePrefix, width: usize) {
        match block {
            Block::Heading { level, text } => self.heading(*level, text, prefix, width),
            Block::Paragraph(runs) => {
                let lines = wrap(&self.styled_runs(runs, Style::new()), width);
                self.lines(lines, prefix);
            }
            Block::List { start, items } => self.list(*start, items, prefix, width),
            Block::Table(table) => {
                let lines = table::lay_out_table(table, width, self.style.theme, |runs, style| {
                    self.styled_runs(runs, style)
                });
                self.lines(lines, prefix);
            }
            Block::Quote { alert, blocks } => self.quote(*alert, blocks, prefix, width),
            Block::Code(code) => self.code(&code.language, &code.lines, prefix),
            Block::Image(image) => {
                let line = Line::styled(image.alt.clone(), self.style.theme.dim());
                self.lines(vec![line], prefix);
            }
            Block::Columns(columns) => {
                for column in columns {
                    self.blocks(&column.blocks, prefix, width, true);
                }
            }
            Block::Styled { blocks, .. } => self.blocks(blocks, prefix, width, true),
            Block::Footnotes(notes) => {
                for note in notes {
                    self.blocks(&note.blocks, prefix, width, true);
                }
            }
            Block::Blank(rows) => {
                let rows = (0..*rows).map(|_| Line::default()).collect();
                self.lines(rows, prefix);
            }
            Block::Demo(_) => self.demo(),
            Block::Rule => {
                let line = Line::styled("─".repeat(width), self.style.theme.faint());
                self.lines(vec![line], prefix);
            }
            Block::Pause | Block::Middle => {}
        }
    }

    fn row(&mut self, prefix: Line<'static>, body: Line<'static>) {
        self.body.rows.push(BodyRow { prefix, body, step: self.step, ..BodyRow::default() });
    }

    fn lines(&mut self, lines: Vec<Line<'static>>, prefix: &mut LinePrefix) {
        for line in lines {
            let prefix = prefix.take_first();
            self.row(prefix, line);
        }
    }

    fn heading(&mut self, level: u8, runs: &[TextRun], prefix: &mut LinePrefix, width: usize) {
        let theme = self.style.theme;
        let style = match level {
            1 | 2 => theme.heading(),
            3 => Style::new().fg(theme.text).add_modifier(Modifier::BOLD),
            4 => Style::new().fg(theme.text).add_modifier(Modifier::BOLD | Modifier::ITALIC),
            _ => theme.dim().add_modifier(Modifier::BOLD),
        };
        let lines = wrap(&self.styled_runs(runs, style), width);
        self.lines(lines, prefix);
    }

    fn list(
        &mut self,
        start: Option<u64>,
        items: &[ListItem],
        prefix: &mut LinePrefix,
        width: usize,
    ) {
        const BULLETS: [&str; 3] = ["•", "◦", "▪"];
        let theme = self.style.theme;
        let depth = prefix.rest.len();
        // CommonMark's tight and loose, told by the items, because the parser does not report blank
        // lines.
        let loose = items.iter().any(|item| {
            item.blocks.len() > 1
                && item.blocks.iter().skip(1).any(|b| !matches!(b, Block::List { .. }))
        });
        let last = start.map(|start| start + items.len().saturating_sub(1) as u64);
        for (index, item) in items.iter().enumerate() {
            let marker = match (item.task, start) {
                (Some(true), _) => "☑ ".to_owned(),
                (Some(false), _) => "☐ ".to_owned(),
                (None, Some(start)) => {
                    // Numbers are right-aligned, so that the texts of items 9 and 10 begin in the
                    // same column.
                    let digits = last.map_or(1, |last| last.to_string().len());
                    format!("{:>digits$}. ", start + index as u64)
                }
                (None, None) => format!("{} ", BULLETS[depth % BULLETS.len()]),
            };
            if loose && index > 0 {
                self.row(Line::from(prefix.rest.clone()), Line::default());
            }
            let indent = text::width(&marker);
            let style = match item.task {
                Some(true) => Style::new().fg(theme.good),
                _ => Style::new().fg(theme.accent),
            };
            let inner = prefix.indented(Span::styled(marker, style), Span::raw(" ".repeat(indent)));
            if item.blocks.is_empty() {
                self.row(Line::from(inner.first.clone()), Line::default());
            }
            self.blocks(&item.blocks, &inner, width.saturating_sub(indent).max(1), loose);
            prefix.take_first();
        }
    }

    fn quote(
        &mut self,
        alert: Option<AlertKind>,
        blocks: &[Block],
        prefix: &mut LinePrefix,
        width: usize,
    ) {
        let theme = self.style.theme;
        let (name, color) = match alert {
            None => ("", theme.faint),
            Some(AlertKind::Note) => ("Note", theme.accent),
            Some(AlertKind::Tip) => ("Tip", theme.good),
            Some(AlertKind::Important) => ("Important", theme.control),
            Some(AlertKind::Warning) => ("Warning", theme.warn),
            Some(AlertKind::Caution) => ("Caution", theme.bad),
        };
        let bar = Span::styled("▌ ", Style::new().fg(color));
        let mut inner = prefix.indented(bar.clone(), bar);
        prefix.take_first();
        if !name.is_empty() {
            let title = Line::styled(name, Style::new().fg(color).add_modifier(Modifier::BOLD));
            self.lines(vec![title], &mut inner);
        }
        self.blocks(blocks, &inner, width.saturating_sub(2).max(1), true);
    }

    /// Lays a code block out on a panel. A `text` fence is a drawing and has no panel.
    fn code(&mut self, language: &str, lines: &[String], prefix: &mut LinePrefix) {
        let drawing = matches!(language, "text" | "txt" | "");
        let colored = self.style.highlights.tokens(language, lines);
        let widest = lines.iter().map(|line| text::width(line)).max().unwrap_or(0);
        for (index, line) in lines.iter().enumerate() {
            let mut body = match colored.and_then(|lines| lines.get(index)) {
                Some(tokens) => tokens
                    .iter()
                    .map(|(text, role)| Span::styled(text.clone(), self.token_style(*role)))
                    .collect(),
                None => Line::raw(line.clone()),
            };
            if !drawing {
                let pad = widest - text::width(line);
                body.spans.insert(0, Span::raw("  "));
                body.spans.push(Span::raw(" ".repeat(pad + 2)));
            }
            let prefix = prefix.take_first();
            self.body.rows.push(BodyRow {
                prefix,
                body,
                preformatted: true,
                panel: !drawing,
                step: self.step,
            });
        }
    }

    fn token_style(&self, role: TokenKind) -> Style {
        let theme = self.style.theme;
        match role {
            TokenKind::Plain => Style::new(),
            TokenKind::Comment => theme.dim().add_modifier(Modifier::ITALIC),
            TokenKind::Keyword => Style::new().fg(theme.control).add_modifier(Modifier::BOLD),
            TokenKind::Text => Style::new().fg(theme.good),
            TokenKind::Constant => Style::new().fg(theme.field(FieldColor::Payload)),
            TokenKind::Function => Style::new().fg(theme.accent),
            TokenKind::Type => Style::new().fg(theme.server),
            TokenKind::Punctuation => theme.dim(),
        }
    }

    fn demo(&mut self) {
        self.body.demos.push(PlacedDemo { row: self.body.rows.len(), step: self.step });
        for _ in 0..self.body.rows_per_demo {
            self.row(Line::default(), Line::default());
        }
    }

    fn styled_runs(&self, runs: &[TextRun], base: Style) -> Vec<StyledText> {
        let theme = self.style.theme;
        let mut pieces = Vec::new();
        let mut rest = runs.iter().peekable();
        while let Some(run) = rest.next() {
            let mut style = base;
            for (on, modifier) in [
                (run.style.bold, Modifier::BOLD),
                (run.style.italic, Modifier::ITALIC),
                (run.style.strike, Modifier::CROSSED_OUT),
                (run.link.is_some(), Modifier::UNDERLINED),
            ] {
                if on {
                    style = style.add_modifier(modifier);
                }
            }
            if run.style.code {
                style = style.fg(theme.server).bg(theme.panel);
            } else if run.link.is_some() {
                style = style.fg(theme.accent);
            }
            if let Some(link) = &run.link {
                style = link_style(style, link);
            }
            pieces.push((run.text.clone(), style));
            if let Some(link) = &run.link
                && rest.peek().is_none_or(|next| next.link.as_ref() != Some(link))
                // The address follows the last run of a link, unless the text already shows it.
                && !link.ends_with(&run.text)
            {
                pieces.push((" (".to_owned(), base.patch(theme.dim())));
                pieces.push((link.clone(), link_style(base.patch(theme.dim()), link)));
                pieces.push((")".to_owned(), base.patch(theme.dim())));
            }
        }
        pieces
    }
}
