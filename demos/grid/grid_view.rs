//! Draws the grid. Recorded cells are dim, cells measured here are bold, and ratios of 5 to 10 stand
//! in boxes.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::state::{CELL_DURATION, Grid, RECORDED};
use crate::race::grid::{COLUMNS, GO_ROW, GridCell, GridExchange, ROWS};
use crate::stage::{self, Demo as _, Theme, ViewContext};
use crate::text;

const NAME_WIDTH: usize = 22;

/// The verdict. The boxes of the table hold what its first words say.
const VERDICT: &str = "▐5–10x▌: a new connection each time on a busy CPU, or ten answers awaited \
                       one by one. On an open connection, over distance: 1x.";

/// What is worth saying beside it: below it where there is room, and always among the rules.
const REMARKS: [&str; 3] = [
    "HTTP/2 cures the waiting as well as a WebSocket does.",
    "Above 10x: a new TLS connection each time, where the handshake's arithmetic is all there is.",
    "A cold WebSocket is the slowest of all: TCP, the upgrade, then the message.",
];

/// The rows below the table at the least: two of the verdict, the cell under the cursor, the keys.
const FOOT_ROWS: u16 = 4;

const RULES: [&str; 7] = [
    "A cell is the time of an exchange divided by that of an open WebSocket in the same run: at 1 \
     both take as long, at 2 it takes twice as long.",
    "Dim cells were recorded by wiretalk race --matrix, on the machine and date below the table.",
    "* was measured here. ! was measured here too, but that run does not count; the line below the \
     table says why.",
    "Boxes hold 5 to 10, rounded: what the claim says.",
    "2 CPUs: client and server on one each. 1 CPU: both on the same. c=64: 64 connections. The \
     others are a modelled round trip.",
    "New each time: a connection for each exchange. 10 HTTP, in sequence: ten requests, one after \
     another, beside ten in flight on a WebSocket.",
    "With 64 KiB a WebSocket reads 16 KiB at a time, otherwise 4 KiB.",
];

pub(super) fn draw(grid: &Grid, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let theme = context.theme;
    let title = format!("time per exchange, open WebSocket = 1 · dim: recorded {}", RECORDED.date);
    stage::draw_panel(&title, area, buffer, context);
    let inner = stage::panel_content(area);
    if let Some(from) = grid.help {
        return draw_rules(from, inner, buffer, theme);
    }
    let GridLayout { table, foot, groups, elsewhere, width } = GridLayout::new(inner);
    if groups > 0 {
        stage::draw_line(&groups_line(width, theme), 0, table, buffer);
    }
    stage::draw_line(&heads_line(width, theme), groups, table, buffer);
    for (at, row) in (groups + 1..).zip(0..ROWS.len()) {
        stage::draw_line(&row_line(grid, row, width, theme), at, table, buffer);
    }
    if elsewhere > 0 {
        stage::draw_line(&recorded_line(width, theme), table.height - 1, table, buffer);
    }
    draw_foot(grid, foot, buffer, context);
}

/// Draws the rules, the remarks, the record and the keys. `from` is the first row in sight.
fn draw_rules(from: u16, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let [body, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(area);
    let rules: Vec<&'static str> = RULES.into_iter().chain(REMARKS).collect();
    let mut text = stage::rules_text("The rules", &rules, theme);
    text.push_line(Line::styled(record_text(), theme.dim()));
    let keys = Grid::KEYS.iter().map(|hint| format!("{}: {}", hint.keys, hint.about));
    text.push_line(Line::styled(keys.collect::<Vec<_>>().join("   "), theme.dim()));
    Paragraph::new(text).wrap(Wrap { trim: true }).scroll((from, 0)).render(body, buffer);
    let keys = Line::styled("↑ ↓ scroll   any other key closes", theme.dim());
    stage::draw_line(&keys, 0, foot, buffer);
}

/// Says when and where the dim cells were recorded.
fn record_text() -> String {
    format!("recorded {} · {}", RECORDED.date, RECORDED.machine)
}

/// Returns the cell at a position of the picture that was drawn into `area`, by its row and column.
pub(super) fn cell_at(area: Rect, at: Position) -> Option<(usize, usize)> {
    let layout = GridLayout::new(stage::panel_content(area));
    if !layout.table.contains(at) {
        return None;
    }
    let row = usize::from(at.y - layout.table.y).checked_sub(usize::from(layout.groups) + 1)?;
    let column = usize::from(at.x - layout.table.x).checked_sub(NAME_WIDTH)? / layout.width;
    (row < ROWS.len() && column < COLUMNS.len()).then_some((row, column))
}

/// Where the parts of the grid stand.
struct GridLayout {
    table: Rect,
    foot: Rect,
    /// The rows that name the groups of columns, and that of what was measured elsewhere: 0 or 1.
    groups: u16,
    elsewhere: u16,
    /// The width of a column.
    width: usize,
}

impl GridLayout {
    fn new(inner: Rect) -> Self {
        let least = 1 + ROWS.len() as u16 + FOOT_ROWS;
        // What names the groups, and the row that was measured elsewhere, give way to the foot.
        let (groups, elsewhere) =
            (u16::from(inner.height > least + 1), u16::from(inner.height > least));
        let table = groups + 1 + ROWS.len() as u16 + elsewhere;
        let rest = inner.height.saturating_sub(table + FOOT_ROWS.max(whole_foot(inner.width)));
        // Blank rows above and below the table, if there is room for both.
        let air = u16::from(rest >= 2);
        let rows = [air, table, air].map(Constraint::Length);
        let parts = Layout::vertical(rows.into_iter().chain([Constraint::Min(0)])).split(inner);
        let room = usize::from(inner.width).saturating_sub(NAME_WIDTH);
        let width = (room / COLUMNS.len()).clamp(6, 13);
        Self { table: parts[1], foot: parts[3], groups, elsewhere, width }
    }
}

fn groups_line(width: usize, theme: &Theme) -> Line<'static> {
    let near = COLUMNS.iter().filter(|column| column.rtt == 0).count();
    let groups = format!(
        "{:NAME_WIDTH$}{:^near_width$}{:^far_width$}",
        "",
        "── loopback ──",
        "── round trip ──",
        near_width = width * near,
        far_width = width * (COLUMNS.len() - near)
    );
    Line::styled(groups, theme.faint())
}

/// Returns the heads of the columns, and beside them what the marks mean.
fn heads_line(width: usize, theme: &Theme) -> Line<'static> {
    let mut heads = format!("{:NAME_WIDTH$}", "* here  ! not counted");
    for column in &COLUMNS {
        heads += &format!("{:>room$} ", column.title, room = width - 1);
    }
    Line::styled(heads, theme.dim())
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
        let text = match (grid.cursor == (row, column), is_claimed(grid, row, column)) {
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

fn is_claimed(grid: &Grid, row: usize, column: usize) -> bool {
    known_cell(grid, row, column).is_some_and(|cell| cell.is_claimed())
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

/// Returns the rows of the foot with all that it can say: the verdict and the remarks, the cell under
/// the cursor, the keys, and the record.
fn whole_foot(width: u16) -> u16 {
    let prose: u16 = [VERDICT].into_iter().chain(REMARKS).map(|text| rows_of(text, width)).sum();
    prose + 2 + rows_of(&record_text(), width)
}

/// Returns the rows that `text` takes in `width` cells.
fn rows_of(text: &str, width: u16) -> u16 {
    u16::try_from(stage::wrapped(text, width.into()).len()).unwrap_or(u16::MAX)
}

/// Draws the verdict with as many remarks as there is room for, and below it the cell under the
/// cursor, the keys and the record. What has no room is counted beside the keys, and stands among the
/// rules.
fn draw_foot(grid: &Grid, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let theme = context.theme;
    let status = status_line(grid, theme);
    let mut left = area.height.saturating_sub(
        rows_of(VERDICT, area.width) + rows_of(&status.to_string(), area.width) + 1,
    );
    let record = rows_of(&record_text(), area.width);
    let with_record = record <= left;
    left -= if with_record { record } else { left };
    let fits = |remark: &&&str| {
        let fits = rows_of(remark, area.width) <= left;
        left -= if fits { rows_of(remark, area.width) } else { left };
        fits
    };
    let remarks = REMARKS.iter().take_while(fits);
    let remarks: Vec<&str> = remarks.copied().collect();
    let hidden = REMARKS.len() - remarks.len() + usize::from(!with_record);
    let prose = [VERDICT].into_iter().chain(remarks);
    let mut text: Text = prose
        .map(|text| Line::styled(text, Style::new().fg(theme.text)))
        .collect::<Vec<_>>()
        .into();
    text.push_line(status);
    text.push_line(Line::styled(keys_text(grid, hidden, context.focused), theme.dim()));
    if with_record {
        text.push_line(Line::styled(record_text(), theme.faint()));
    }
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}

/// Returns the keys, and how many lines the foot leaves out.
fn keys_text(grid: &Grid, hidden: usize, focused: bool) -> String {
    let more = if hidden == 0 { String::new() } else { format!("▼ {hidden} more: ?") };
    match (focused, grid.running) {
        (false, _) if hidden > 0 => format!("Enter: control the grid   {more}"),
        (false, _) => "Enter: control the grid.".to_owned(),
        (true, None) => {
            let rules = if hidden == 0 { "? rules" } else { &more };
            format!("↑↓←→ cell  Enter measure here  r row  c column  0 forget  {rules}")
        }
        (true, Some(_)) => format!("Enter stops the run.   {more}").trim_end().to_owned(),
    }
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

    /// The size of the demo on a slide of 80x24.
    #[test]
    fn the_verdict_stands_whole_at_eighty_columns() {
        for (width, height) in [(76, 18), (76, 20), (96, 26), (156, 40)] {
            let shown = picture(width, height);
            let words: Vec<&str> =
                shown.split(['║', ' ', '\n']).filter(|word| !word.is_empty()).collect();
            assert!(words.join(" ").contains(VERDICT), "{shown}");
            assert!(shown.contains("recorded 2.06x [1.88–2.33]"), "{shown}");
            // What is left out is counted, and every remark is whole.
            let whole = |text: &&str| words.join(" ").contains(*text);
            let hidden = REMARKS.iter().filter(|remark| !whole(remark)).count()
                + usize::from(!whole(&record_text().as_str()));
            let mark = match hidden {
                0 => "? rules".to_owned(),
                count => format!("▼ {count} more: ?"),
            };
            assert!(shown.contains(&mark), "{width}x{height}\n{shown}");
            assert_eq!(hidden == 0, width > 76, "{shown}");
        }
    }

    #[test]
    fn the_rules_have_what_the_foot_leaves_out() {
        let area = Rect::new(0, 0, 76, 18);
        let shown = |from| {
            let mut buffer = Buffer::empty(area);
            let grid = Grid { help: Some(from), ..Grid::new() };
            draw(&grid, area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
            buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
        };
        let all = (0..12).map(shown).collect::<String>();
        for part in ["as a WebSocket does", "A cold WebSocket", "recorded 20", "forget"] {
            assert!(all.contains(part), "{part}");
        }
    }

    #[test]
    fn boxes_hold_what_the_verdict_says_and_nothing_else() {
        let shown = picture(156, 40);
        let boxes = shown.split('▐').skip(1).map(|rest| rest.split('▌').next().unwrap());
        let boxed: Vec<f64> = boxes.filter_map(|cell| cell.parse().ok()).collect();
        assert!(boxed.len() > 5, "{shown}");
        assert!(boxed.iter().all(|ratio| (5.0..10.5).contains(ratio)), "{boxed:?}");
        let all = RECORDED.cells.iter().flatten().flatten().map(|cell| cell.ratio);
        assert_eq!(all.filter(|ratio| (5.0..10.5).contains(ratio)).count(), boxed.len());
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (200, 60)] {
            picture(width, height);
        }
    }
}
