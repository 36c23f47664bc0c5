//! Lays out code, drawings, diagrams and QR codes: everything that is written in a fence.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::deck::{CodeBlock, LineSelection};
use crate::slide::body::builder::{BodyBuilder, LinePrefix, Room};
use crate::slide::body::placing::WrittenLine;
use crate::slide::body::qr;
use crate::slide::body::rows::{Emphasis, LineEmphasis, PointedOut};
use crate::slide::listing::{MERMAID, TokenKind, Tokens};
use crate::stage::{FieldColor, Theme};
use crate::text;

impl BodyBuilder<'_> {
    /// Lays a code block out on a panel. A `text` fence is a drawing and has no panel.
    pub(super) fn code(&mut self, code: &CodeBlock, prefix: &mut LinePrefix, room: Room) {
        let drawing = match code.language.as_str() {
            "qr" => qr::lay_out(&code.text),
            MERMAID => self.style.highlights.tokens(&code.language, &code.text).map(|lines| {
                lines.iter().map(|line| colored_line("", Some(line), self.style.theme)).collect()
            }),
            _ => None,
        };
        let step = self.shown_from;
        if let Some(lines) = drawing {
            let line = |body| WrittenLine { body, step, ..WrittenLine::default() };
            return self.written(lines.into_iter().map(line).collect(), prefix, room);
        }
        let panel =
            !code.hides_background && !matches!(code.language.as_str(), "text" | "txt" | "");
        let colored = self.style.highlights.tokens(&code.language, &code.text);
        let widest = code.lines().map(text::width).max().unwrap_or(0);
        let digits = code.first_number.map_or(0, |first| {
            first.saturating_add(code.lines().count().saturating_sub(1)).to_string().len()
        });
        let first_row = self.row_number();
        let lines = code.lines().enumerate().map(|(index, line)| {
            let tokens = colored.and_then(|lines| lines.get(index));
            let mut body = colored_line(line, tokens, self.style.theme);
            if let Some(first) = code.first_number {
                let number = format!("{:>digits$}  ", first.saturating_add(index));
                body.spans.insert(0, Span::styled(number, self.style.theme.dim()));
            }
            if panel || !code.highlights.is_empty() {
                let pad = widest - text::width(line);
                body.spans.insert(0, Span::raw("  "));
                body.spans.push(Span::raw(" ".repeat(pad + 2)));
            }
            WrittenLine { body, panel, step, emphasis: self.emphasis(code, index + 1) }
        });
        let lines = lines.collect();
        self.written(lines, prefix, room);
        self.point_out(code, first_row);
    }

    /// Returns how line `number` of a block, from 1, looks step by step.
    fn emphasis(&self, code: &CodeBlock, number: usize) -> Option<Emphasis> {
        let of = |selection: &LineSelection| match selection {
            LineSelection::All => LineEmphasis::None,
            lines if lines.contains(number) => LineEmphasis::StandsOut,
            LineSelection::Lines(_) => LineEmphasis::Dimmed,
        };
        (!code.highlights.is_empty()).then(|| Emphasis {
            first_step: self.step,
            by_step: code.highlights.iter().map(of).collect(),
        })
    }

    /// Notes which rows each step of the block points out, and passes over these steps.
    fn point_out(&mut self, code: &CodeBlock, first_row: usize) {
        for selection in code.highlights.iter().skip(1) {
            self.step += 1;
            let mut numbers =
                (1..=code.lines().count()).filter(|&number| selection.contains(number));
            let Some(first) = numbers.next() else { continue };
            let last = numbers.next_back().unwrap_or(first);
            let row = |number: usize| first_row + number - 1;
            let (first, last) = (row(first), row(last));
            self.body.pointed_out.push(PointedOut { step: self.step, first, last });
        }
    }
}

fn colored_line(line: &str, tokens: Option<&Tokens>, theme: &Theme) -> Line<'static> {
    match tokens {
        Some(tokens) => tokens
            .iter()
            .map(|(text, kind)| Span::styled(text.clone(), token_style(*kind, theme)))
            .collect(),
        None => Line::raw(line.to_owned()),
    }
}

fn token_style(kind: TokenKind, theme: &Theme) -> Style {
    match kind {
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
