//! Lays out blocks that hold others: lists, quotes, columns, footnotes.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::deck::{AlertKind, Block, Column, Footnote, ListItem};
use crate::slide::body::builder::{BodyBuilder, LinePrefix, Room};
use crate::slide::body::rows::{BodyRow, RowPiece};
use crate::text;

/// The width below which columns take more of the screen than text does.
const COMFORTABLE_COLUMN_WIDTH: usize = 45;
/// The least width of a column. Narrower ones stand below each other.
const MIN_COLUMN_WIDTH: usize = 24;
/// The length of the line above the footnotes.
const FOOTNOTE_RULE: usize = 12;

impl BodyBuilder<'_> {
    pub(super) fn list(
        &mut self,
        start: Option<u64>,
        loose: bool,
        items: &[ListItem],
        prefix: &mut LinePrefix,
        room: Room,
    ) {
        const BULLETS: [&str; 3] = ["•", "◦", "▪"];
        let theme = self.style.theme;
        let bullets = prefix.rest.iter().filter(|span| span.content.trim().is_empty()).count();
        // Items that hold more than a line and a list are hard to tell apart without blank rows.
        let loose = loose
            || items.iter().any(|item| {
                item.blocks.len() > 1
                    && item
                        .blocks
                        .iter()
                        .skip(1)
                        .any(|block| !matches!(block, Block::List { .. } | Block::Pause))
            });
        let last = start.map(|start| start.saturating_add(items.len().saturating_sub(1) as u64));
        for (index, item) in items.iter().enumerate() {
            if item.pauses {
                self.pause();
            }
            let marker = match (item.task, start) {
                (Some(true), _) => "☑ ".to_owned(),
                (Some(false), _) => "☐ ".to_owned(),
                (None, Some(start)) => {
                    // Numbers are right-aligned, so that the texts of items 9 and 10 begin in the
                    // same column.
                    let digits = last.map_or(1, |last| last.to_string().len());
                    format!("{:>digits$}. ", start.saturating_add(index as u64))
                }
                (None, None) => format!("{} ", BULLETS[bullets % BULLETS.len()]),
            };
            if loose && index > 0 {
                self.blank_row(prefix, room);
            }
            let indent = text::width(&marker);
            let style = match item.task {
                Some(true) => Style::new().fg(theme.good),
                _ => Style::new().fg(theme.accent),
            };
            let inner = prefix.indented(Span::styled(marker, style), Span::raw(" ".repeat(indent)));
            if item.blocks.is_empty() {
                self.lines(vec![Line::default()], &mut inner.clone(), room);
            }
            self.within(&item.blocks, &inner, room.indented(indent), loose);
            prefix.take_first();
        }
    }

    pub(super) fn quote(
        &mut self,
        alert: Option<AlertKind>,
        blocks: &[Block],
        prefix: &mut LinePrefix,
        room: Room,
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
            self.lines(vec![title], &mut inner, room);
        }
        self.within(blocks, &inner, room.indented(2), true);
    }

    /// Lays out the blocks of a list item or a quote.
    fn within(&mut self, blocks: &[Block], prefix: &LinePrefix, room: Room, spaced: bool) {
        self.depth += 1;
        self.blocks(blocks, prefix, room, spaced);
        self.depth -= 1;
    }

    /// Lays columns out side by side; below each other where one would be too narrow to read.
    pub(super) fn columns(&mut self, columns: &[Column], prefix: &mut LinePrefix, room: Room) {
        let indent = prefix.width();
        let mut spans = column_spans(columns, room.x + indent, room.width, self.column_gap);
        if indent == 0 && spans.iter().any(|span| span.width < COMFORTABLE_COLUMN_WIDTH) {
            let left = room.left.max(self.within_margins.start);
            let right = room.right.min(self.within_margins.end);
            spans = column_spans(columns, left, right.saturating_sub(left), self.column_gap);
        }
        if spans.iter().any(|span| span.width < MIN_COLUMN_WIDTH) {
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    self.blank_row(prefix, room);
                }
                self.within(&column.blocks, prefix, room, true);
                prefix.take_first();
            }
            return;
        }
        let above = std::mem::take(&mut self.body.rows);
        self.rows_above += above.len();
        let mut side_by_side: Vec<BodyRow> = Vec::new();
        for (column, span) in columns.iter().zip(spans) {
            self.blocks(&column.blocks, &LinePrefix::default(), span, true);
            let rows = std::mem::take(&mut self.body.rows);
            if side_by_side.len() < rows.len() {
                side_by_side.resize_with(rows.len(), BodyRow::default);
            }
            for (row, own) in side_by_side.iter_mut().zip(rows) {
                row.pieces.extend(own.pieces);
            }
        }
        self.rows_above -= above.len();
        self.body.rows = above;
        for mut row in side_by_side {
            if indent > 0 {
                let prefix = prefix.take_first();
                row.pieces.insert(
                    0,
                    RowPiece { x: room.x, prefix, step: self.shown_from, ..RowPiece::default() },
                );
            }
            self.body.rows.push(row);
        }
    }

    pub(super) fn footnotes(&mut self, notes: &[Footnote], prefix: &mut LinePrefix, room: Room) {
        let rule =
            Line::styled("─".repeat(FOOTNOTE_RULE.min(room.width)), self.style.theme.faint());
        self.lines(vec![rule], prefix, room);
        for note in notes {
            let mark = format!("{} ", note.mark);
            let indent = text::width(&mark);
            let mark = Span::styled(mark, Style::new().fg(self.style.theme.accent));
            let inner = prefix.indented(mark, Span::raw(" ".repeat(indent)));
            self.within(&note.blocks, &inner, room.indented(indent), true);
        }
    }
}

impl Room {
    /// Returns the room behind a prefix of `columns` columns.
    fn indented(self, columns: usize) -> Self {
        Self { width: self.width.saturating_sub(columns).max(1), ..self }
    }
}

/// Divides `width` columns from `left` on by the weights of `columns`, which are `gap` apart.
fn column_spans(columns: &[Column], left: usize, width: usize, gap: usize) -> Vec<Room> {
    let gaps = gap * columns.len().saturating_sub(1);
    let free = width.saturating_sub(gaps);
    let weight = |column: &Column| usize::from(column.weight.max(1));
    let total: usize = columns.iter().map(weight).sum();
    let mut before = 0;
    let spans = columns.iter().enumerate().map(|(index, column)| {
        let start = free * before / total.max(1);
        before += weight(column);
        let end = free * before / total.max(1);
        let x = left + start + gap * index;
        Room { x, width: end - start, left: x, right: x + end - start }
    });
    spans.collect()
}
