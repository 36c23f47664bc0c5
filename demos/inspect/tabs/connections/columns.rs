//! Which columns of the table fit, and how wide they are.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::row::{Column, ConnectionRow};
use crate::stage::Theme;
use crate::text;

/// The columns from the one that is kept longest to the one that gives way first.
const BY_WEIGHT: [Column; Column::ALL.len()] = [
    Column::Number,
    Column::Path,
    Column::End,
    Column::Frames,
    Column::Problems,
    Column::Client,
    Column::Bytes,
    Column::Server,
    Column::Subprotocol,
];

/// The cells for the mark before a row, and between two columns.
const MARK_WIDTH: usize = 2;
const GAP: usize = 2;

/// The columns of a picture with their widths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// From left to right.
    columns: Vec<(Column, usize)>,
}

impl Columns {
    /// Chooses the columns for these rows. Columns that can be cut get at least a useful part of
    /// their width, and the rest of it once all others have theirs. `count` is the number of all
    /// connections, for which the first column has room.
    pub(super) fn fit(rows: &[ConnectionRow], count: usize, width: u16) -> Self {
        let content = |column: Column| {
            let cells = rows.iter().map(|row| text::width(row.cell(column)));
            let digits = if column == Column::Number { count.to_string().len() } else { 0 };
            cells.max().unwrap_or(0).max(text::width(title(column))).max(digits)
        };
        let mut room = usize::from(width).saturating_sub(MARK_WIDTH);
        let mut columns: Vec<(Column, usize)> = Vec::new();
        for column in BY_WEIGHT.into_iter().filter(|column| is_used(*column, rows)) {
            let wanted = content(column).min(min_width(column));
            let gap = if columns.is_empty() { 0 } else { GAP };
            if wanted + gap <= room {
                room -= wanted + gap;
                columns.push((column, wanted));
            }
        }
        // In the order of weight.
        for (column, width) in &mut columns {
            let more = content(*column).saturating_sub(*width).min(room);
            *width += more;
            room -= more;
        }
        columns.sort_by_key(|(column, _)| *column as usize);
        Self { columns }
    }

    /// Returns the row of titles.
    pub(super) fn titles(&self, theme: &Theme) -> Line<'static> {
        let mut line = Line::from(Span::raw(" ".repeat(MARK_WIDTH)));
        for (at, (column, width)) in self.columns.iter().enumerate() {
            line.push_span(gap_before(at));
            line.push_span(Span::styled(cell(title(*column), *column, *width), theme.faint()));
        }
        line
    }

    /// Returns a row.
    pub(super) fn line(&self, row: &ConnectionRow, theme: &Theme) -> Line<'static> {
        let mark = match (row.is_under_cursor, row.is_shown) {
            (true, _) => "▶",
            (false, true) => "●",
            (false, false) => " ",
        };
        let mut line = Line::styled(format!("{mark:<MARK_WIDTH$}"), Style::new().fg(theme.accent));
        for (at, (column, width)) in self.columns.iter().enumerate() {
            line.push_span(gap_before(at));
            let style = match column {
                Column::Problems => Style::new().fg(row.problem_color).add_modifier(Modifier::BOLD),
                Column::End => Style::new().fg(row.end_color),
                Column::Client => Style::new().fg(theme.client),
                Column::Server => Style::new().fg(theme.server),
                Column::Path => Style::new().fg(theme.text),
                Column::Number | Column::Subprotocol | Column::Frames | Column::Bytes => {
                    theme.dim()
                }
            };
            let style = if row.is_shown { style.add_modifier(Modifier::BOLD) } else { style };
            let text = row.cell_within(*column, *width);
            line.push_span(Span::styled(cell(&text, *column, *width), style));
        }
        line
    }
}

/// Returns the blanks before the column at this place from the left.
fn gap_before(at: usize) -> Span<'static> {
    Span::raw(" ".repeat(if at == 0 { 0 } else { GAP }))
}

/// Whether the column says anything. A live connection has no addresses but its own, and the
/// columns of a list must not come and go while it is scrolled, so all others always count.
fn is_used(column: Column, rows: &[ConnectionRow]) -> bool {
    let is_address = matches!(column, Column::Client | Column::Server);
    !is_address || rows.iter().any(|row| !row.cell(column).is_empty())
}

fn title(column: Column) -> &'static str {
    match column {
        Column::Number => "#",
        Column::Client => "client",
        Column::Server => "server",
        Column::Path => "path",
        Column::Subprotocol => "subprotocol",
        Column::Frames => "frames",
        Column::Bytes => "bytes",
        Column::Problems => "problems",
        Column::End => "end",
    }
}

/// Returns the width that a column needs at least to be of use, if its cells are that wide.
fn min_width(column: Column) -> usize {
    match column {
        Column::Path => 12,
        Column::Subprotocol => 11,
        Column::End | Column::Client | Column::Server => 21,
        Column::Number | Column::Frames | Column::Bytes | Column::Problems => usize::MAX,
    }
}

/// Returns a text in a cell of this width: cut, or filled up with blanks. Numbers are aligned to
/// the right.
fn cell(text: &str, column: Column, width: usize) -> String {
    let text = text::ellipsize(text, width);
    let pad = " ".repeat(width.saturating_sub(text::width(&text)));
    match column {
        Column::Number | Column::Frames | Column::Bytes | Column::Problems => {
            format!("{pad}{text}")
        }
        _ => format!("{text}{pad}"),
    }
}
