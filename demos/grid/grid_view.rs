//! Draws the grid. Recorded cells are dim, cells measured here are bold, and large ratios stand in
//! boxes.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::state::{CELL_DURATION, Grid, RECORDED};
use crate::race::grid::{COLUMNS, GO_ROW, GridCell, GridExchange, ROWS};
use crate::stage::{self, Demo as _, Theme, ViewContext};
use crate::text;

const NAME_WIDTH: usize = 22;

const RULES_TEXT: [&str; 5] = [
    "A cell is the median of pairwise ratios: a time slice of the lane of its row, and one of the \
     WebSocket beside it, in random order.",
    "Both send the same bytes there and back; every reply is compared.",
    "Client and server are two processes, each on a CPU of its own if there are two.",
    "With a round trip, both lanes have the same delay; loopback has none.",
    "* was measured here, and ! did not count: the status line says why.",
];

pub(super) fn draw(grid: &Grid, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let theme = context.theme;
    let inner = stage::draw_panel(
        "when is it 5–10x?  time of an exchange, one on an open WebSocket = 1",
        area,
        buffer,
        context,
    );
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    if grid.help {
        let heading = "How it is measured";
        return stage::draw_rules(heading, &RULES_TEXT, Grid::KEYS, inner, buffer, theme);
    }
    let rest = inner.height.saturating_sub(ROWS.len() as u16 + 6);
    // Blank rows above and below the table, if there is room for both.
    let air = u16::from(rest >= 2);
    let rows = [air, 3 + ROWS.len() as u16, air].map(Constraint::Length);
    let parts = Layout::vertical(rows.into_iter().chain([Constraint::Min(0)])).split(inner);
    let width = (usize::from(inner.width).saturating_sub(NAME_WIDTH) / COLUMNS.len()).clamp(6, 13);
    draw_head(width, parts[1], buffer, theme);
    for row in 0..ROWS.len() {
        stage::draw_line(&row_line(grid, row, width, theme), row as u16 + 2, parts[1], buffer);
    }
    stage::draw_line(&recorded_line(width, theme), ROWS.len() as u16 + 2, parts[1], buffer);
    draw_foot(grid, parts[3], buffer, context);
}

fn draw_head(width: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let near = COLUMNS.iter().filter(|column| column.rtt == 0).count();
    let groups = format!(
        "{:NAME_WIDTH$}{:^near_width$}{:^far_width$}",
        "",
        "── loopback ──",
        "── round trip ──",
        near_width = width * near,
        far_width = width * (COLUMNS.len() - near)
    );
    stage::draw_line(&Line::styled(groups, theme.faint()), 0, area, buffer);
    let mut heads = String::new();
    for column in &COLUMNS {
        heads += &format!("{:>room$} ", column.title, room = width - 1);
    }
    stage::draw_line(
        &Line::styled(format!("{:NAME_WIDTH$}{heads}", ""), theme.dim()),
        1,
        area,
        buffer,
    );
}

fn row_line(grid: &Grid, row: usize, width: usize, theme: &Theme) -> Line<'static> {
    let here = grid.cursor.0 == row;
    let name = format!(
        "{}{:<room$}",
        if here { "▶ " } else { "  " },
        ROWS[row].title,
        room = NAME_WIDTH - 2
    );
    let style = if here { theme.heading() } else { Style::new().fg(theme.text) };
    let mut line = Line::from(Span::styled(name, style));
    for column in 0..COLUMNS.len() {
        let (text, style) = cell_text(grid, row, column, theme);
        let text = match (grid.cursor == (row, column), is_large(grid, row, column)) {
            (true, _) => format!("[{text}]"),
            (false, true) => format!("▐{text}▌"),
            (false, false) => format!(" {text} "),
        };
        line.push_span(Span::styled(format!("{text:>width$}"), style));
    }
    line
}

/// Returns the row that was measured elsewhere, with another program.
fn recorded_line(width: usize, theme: &Theme) -> Line<'static> {
    let (title, cells) = GO_ROW;
    let mut text = format!("  {title:<room$}", room = NAME_WIDTH - 2);
    for cell in cells {
        let cell = cell.map_or_else(|| "– ".to_owned(), |ratio| format!("{ratio:.2} "));
        text += &format!("{cell:>width$}");
    }
    Line::styled(text, theme.faint())
}

/// Returns the value of a cell: measured here, otherwise recorded.
fn known_cell(grid: &Grid, row: usize, column: usize) -> Option<GridCell> {
    let measured = grid.measured[row][column].as_ref();
    measured.and_then(|measured| measured.cell).or_else(|| RECORDED.cell(row, column))
}

fn is_large(grid: &Grid, row: usize, column: usize) -> bool {
    known_cell(grid, row, column).is_some_and(|cell| cell.is_large())
}

/// Returns the text of a cell and its style.
fn cell_text(grid: &Grid, row: usize, column: usize, theme: &Theme) -> (String, Style) {
    let cursor = if grid.cursor == (row, column) { theme.cursor() } else { Style::new() };
    if grid.running == Some((row, column)) {
        return ("…".to_owned(), theme.heading().patch(cursor));
    }
    let measured = grid.measured[row][column].as_ref();
    let Some(known) = known_cell(grid, row, column) else {
        return ("–".to_owned(), theme.faint().patch(cursor));
    };
    let style = match measured {
        None => theme.dim(),
        Some(measured) if measured.invalid_because.is_empty() => {
            Style::new().fg(theme.good).add_modifier(Modifier::BOLD)
        }
        Some(_) => Style::new().fg(theme.bad),
    };
    // A run that does not count stays red, however large its ratio is.
    let style = if known.is_large() && style.fg != Some(theme.bad) {
        style.patch(Style::new().fg(theme.accent).add_modifier(Modifier::BOLD))
    } else {
        style
    };
    // Marks besides the colours, for terminals without colour.
    let mark = match measured {
        Some(measured) if !measured.invalid_because.is_empty() => "!",
        Some(_) => "*",
        None => "",
    };
    let text = known.ratio_text();
    (format!("{text}{mark}"), style.patch(cursor))
}

fn draw_foot(grid: &Grid, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let theme = context.theme;
    let mut text = Text::from(status_line(grid, theme));
    let keys = match (context.focused, grid.running) {
        (false, _) => "Enter: control the grid.",
        (true, None) => {
            "↑↓←→ cell   Enter measures it here   r row   c column   0 forget   ? rules"
        }
        (true, Some(_)) => "Enter stops the run.",
    };
    text.push_line(Line::styled(keys, theme.dim()));
    text.push_line(Line::styled(
        format!("dim: recorded {} · {}; *: measured here", RECORDED.date, RECORDED.machine),
        theme.faint(),
    ));
    if area.height > 6 {
        text.push_line(Line::default());
        for sentence in [
            "5–10x lives in the ▐boxes▌: a connection for each request while the CPU is the limit,",
            "or waiting for every answer before the next question, which HTTP/2 or pipelining \
             cures too.",
            "On a warm connection the wire cannot tell them apart; a cold WebSocket is the \
             slowest of all.",
        ] {
            text.push_line(Line::styled(sentence, Style::new().fg(theme.text)));
        }
    }
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}

/// Describes the cell that is measured, or the one under the cursor.
fn status_line(grid: &Grid, theme: &Theme) -> Line<'static> {
    let (row, column) = grid.running.unwrap_or(grid.cursor);
    let (of, conditions) = (&ROWS[row], &COLUMNS[column]);
    let beside = match of.exchange {
        GridExchange::One => "1 message",
        GridExchange::Ten => "10 in flight on a WebSocket",
        GridExchange::Large => "64 KiB, ws reads 16 KiB at a time",
    };
    let head = format!("{}, {} ({beside}): ", of.title, conditions.title);
    let (text, style) = match (&grid.running, &grid.measured[row][column]) {
        (Some(_), _) => {
            let rounds = of.race_config(conditions, CELL_DURATION).rounds;
            (format!("measuring, round {} of {rounds}", grid.rounds_done), theme.heading())
        }
        (None, Some(measured)) if !measured.invalid_because.is_empty() => {
            let reason = text::sanitize(&measured.invalid_because.join("; ")).into_owned();
            (format!("does not count: {reason}"), Style::new().fg(theme.bad))
        }
        (None, Some(measured)) => {
            let text = measured.cell.map_or_else(String::new, |cell| {
                format!(
                    "measured here {}x [{:.2}–{:.2}], {} pairs",
                    cell.ratio_text(),
                    cell.low,
                    cell.high,
                    measured.pairs
                )
            });
            (text, theme.heading())
        }
        (None, None) => {
            let text = RECORDED.cell(row, column).map_or_else(
                || "not measured".to_owned(),
                |cell| {
                    format!("recorded {}x [{:.2}–{:.2}]", cell.ratio_text(), cell.low, cell.high)
                },
            );
            (text, theme.dim())
        }
    };
    Line::from(vec![Span::styled(head, Style::new().fg(theme.text)), Span::styled(text, style)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        draw(&Grid::new(), area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
        let rows = buffer.content.chunks(width.max(1).into());
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n")
            .collect()
    }

    #[test]
    fn all_cells_are_there_at_eighty_columns() {
        let shown = picture(76, 18);
        for row in ROWS {
            assert!(shown.contains(row.title), "{shown}");
        }
        for column in &COLUMNS {
            assert!(shown.contains(column.title), "{shown}");
        }
        assert!(shown.contains("▶ HTTP/1.1, reqwest"), "{shown}");
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (200, 60)] {
            picture(width, height);
        }
    }
}
