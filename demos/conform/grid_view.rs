//! Draws the grid. A cell has a sign besides its colour; recorded cells are dim, cells of a run on
//! this machine are bold and starred.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};

use super::column::{Cell, Findings};
use super::state::{Conform, Mode, RunStep};
use crate::stage::{self, Theme, ViewContext};
use crate::text;

/// The cells of the titles of the rules, with the mark of the cursor.
const TITLE_WIDTH: usize = 24;

/// The rows above the first rule, and below the last one.
const HEAD_ROWS: u16 = 3;
const FOOT_ROWS: u16 = 3;

/// The width of the titles and of a column.
#[derive(Clone, Copy)]
struct Widths {
    title: usize,
    column: usize,
}

pub(super) fn draw(conform: &Conform, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
    let theme = context.theme;
    let inner = stage::draw_panel(&title(conform), area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let widths = widths(conform, inner.width.into());
    for (row, line) in head_lines(conform, widths, theme).iter().enumerate() {
        stage::draw_line(line, row as u16, inner, buffer);
    }
    let room = inner.height.saturating_sub(HEAD_ROWS + FOOT_ROWS);
    let first = stage::first_row(conform.cursor.0, conform.rows.len(), room.into());
    let rules = Rect { y: inner.y + HEAD_ROWS.min(inner.height), height: room, ..inner };
    for row in 0..room {
        let place = first + usize::from(row);
        if place < conform.rows.len() {
            let line = rule_line(conform, place, widths, theme);
            stage::draw_line(&line, row, rules, buffer);
        }
    }
    draw_more_marks(conform, first, rules, buffer, theme);
    let foot = Rect {
        y: inner.bottom().saturating_sub(FOOT_ROWS).max(inner.y),
        height: FOOT_ROWS.min(inner.height),
        ..inner
    };
    for (row, line) in foot_lines(conform, context).iter().enumerate() {
        stage::draw_line(line, row as u16, foot, buffer);
    }
}

/// Returns the cell at a position of the picture that was drawn into `area`, by its row and column.
pub(super) fn cell_at(conform: &Conform, area: Rect, at: Position) -> Option<(usize, usize)> {
    let inner = Block::new().borders(Borders::ALL).inner(area);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let room = inner.height.saturating_sub(HEAD_ROWS + FOOT_ROWS);
    let rules = Rect { y: inner.y + HEAD_ROWS.min(inner.height), height: room, ..inner };
    if !rules.contains(at) {
        return None;
    }
    let first = stage::first_row(conform.cursor.0, conform.rows.len(), room.into());
    let widths = widths(conform, inner.width.into());
    let row = first + usize::from(at.y - rules.y);
    let column = usize::from(at.x - rules.x).checked_sub(widths.title)? / widths.column;
    (row < conform.rows.len() && column < conform.columns.len()).then_some((row, column))
}

fn title(conform: &Conform) -> String {
    if !conform.suite.has_variants {
        return format!("SockJS, {} groups of rules", conform.suite.table.rules.len());
    }
    let options = if conform.variant.tuned { "tuned" } else { "nothing set" };
    let year = if conform.variant.of_2017 { "versions of 2017" } else { "versions of now" };
    format!("{} rules, {options}, {year}", conform.suite.table.rules.len())
}

fn widths(conform: &Conform, width: usize) -> Widths {
    let columns = conform.columns.len().max(1);
    let column = (width.saturating_sub(TITLE_WIDTH) / columns).clamp(4, 16);
    Widths { title: TITLE_WIDTH, column }
}

/// Draws arrows where rules are out of sight.
fn draw_more_marks(
    conform: &Conform,
    first: usize,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    if area.is_empty() {
        return;
    }
    let below = first + usize::from(area.height) < conform.rows.len();
    for (is_more, y, mark) in [(first > 0, area.y, "▲"), (below, area.bottom() - 1, "▼")] {
        if is_more {
            buffer.set_string(area.right() - 1, y, mark, theme.faint());
        }
    }
}

/// Returns the names, the versions, and how many rules each column breaks.
fn head_lines(conform: &Conform, widths: Widths, theme: &Theme) -> [Line<'static>; 3] {
    let label = |content: &str, style| {
        let content = text::ellipsize(content, widths.title.saturating_sub(3));
        let pad = widths.title.saturating_sub(text::width(&content) + 2);
        Line::from(Span::styled(format!("  {content}{}", " ".repeat(pad)), style))
    };
    let mut names = label(&format!("recorded {}", conform.suite.record.date), theme.faint());
    let mut versions = label(&conform.suite.record.machine, theme.faint());
    let mut totals = label("rules broken (bet)", theme.dim());
    for (index, column) in conform.columns.iter().enumerate() {
        let style = if conform.cursor.1 == index { theme.heading() } else { theme.base() };
        let style = Style { bg: None, ..style };
        names.push_span(Span::styled(centered(&column.title, widths.column), style));
        let version = column.version(conform.variant);
        versions.push_span(Span::styled(centered(&version, widths.column), theme.faint()));
        totals.push_span(total(conform, index, widths.column, theme));
    }
    [names, versions, totals]
}

/// Returns how many rules a column breaks, and the bet on it.
fn total(conform: &Conform, index: usize, width: usize, theme: &Theme) -> Span<'static> {
    let library = conform.columns.get(index).map(|column| column.library.as_str());
    let running = conform.running.as_ref().filter(|running| Some(&*running.library) == library);
    let step = running.map(|running| running.step);
    let text = match (step, conform.findings(index)) {
        (Some(RunStep::Building), None) => return styled("builds", width, theme.heading()),
        (Some(RunStep::Starting), None) => return styled("starts", width, theme.heading()),
        (_, None) => return Span::raw(" ".repeat(width)),
        (_, Some(findings)) => findings.broken_rules(&conform.suite.table).to_string(),
    };
    let bet = library.and_then(|library| conform.bets.get(library));
    let text = bet.map_or_else(|| text.clone(), |bet| format!("{text} ({bet})"));
    styled(&text, width, Style::new().fg(theme.text).add_modifier(Modifier::BOLD))
}

fn styled(text: &str, width: usize, style: Style) -> Span<'static> {
    Span::styled(centered(text, width), style)
}

/// Returns a text in the middle of `width` cells, with a blank to its right at least.
fn centered(content: &str, width: usize) -> String {
    let content = text::ellipsize(content, width.saturating_sub(1));
    let free = width.saturating_sub(text::width(&content));
    let left = free / 2;
    format!("{}{content}{}", " ".repeat(left), " ".repeat(free - left))
}

fn rule_line(conform: &Conform, row: usize, widths: Widths, theme: &Theme) -> Line<'static> {
    let here = conform.cursor.0 == row;
    let rule = conform.rows.get(row).and_then(|rule| conform.suite.table.rules.get(*rule));
    let name = text::ellipsize(rule.map_or("", |rule| &rule.title), widths.title.saturating_sub(3));
    let mark = if here { "▶ " } else { "  " };
    let pad = widths.title.saturating_sub(text::width(&name) + 2);
    let style = if here { theme.heading() } else { Style::new().fg(theme.text) };
    let mut line = Line::from(Span::styled(format!("{mark}{name}{}", " ".repeat(pad)), style));
    for column in 0..conform.columns.len() {
        let (content, style) = cell_text(conform, row, column, widths.column, theme);
        let is_cursor = conform.cursor == (row, column);
        let content = if is_cursor { format!("[{content}]") } else { content };
        let style = if is_cursor { style.patch(theme.cursor()) } else { style };
        let content = centered(&content, widths.column);
        // Only the text of the cursor's cell is marked, not the blanks beside it.
        let trimmed = content.trim_end();
        let (before, shown) = trimmed.split_at(trimmed.len() - trimmed.trim_start().len());
        line.push_span(Span::raw(before.to_owned()));
        line.push_span(Span::styled(shown.to_owned(), style));
        line.push_span(Span::raw(content[trimmed.len()..].to_owned()));
    }
    line
}

/// Returns the text of a cell and its style.
fn cell_text(
    conform: &Conform,
    row: usize,
    column: usize,
    width: usize,
    theme: &Theme,
) -> (String, Style) {
    let exists = conform.columns.get(column).and_then(|one| one.contestant(conform.variant));
    let Some(cell) = conform.shown_cell(row, column) else {
        let text = if exists.is_some() { "░░" } else { "" };
        return (text.to_owned(), theme.faint());
    };
    let (sign, color) = cell_sign(&cell, theme);
    let count = match sign {
        "✗" | "!" if width >= 9 => format!(" {}/{}", cell.failures(), cell.played),
        "✗" | "!" => format!(" {}", cell.failures()),
        _ => String::new(),
    };
    let is_live = matches!(conform.findings(column), Some(Findings::Live(_)));
    let style = Style::new().fg(color);
    let style = if is_live { style.add_modifier(Modifier::BOLD) } else { style };
    (format!("{sign}{count}{}", if is_live { "*" } else { "" }), style)
}

/// Returns the sign of a cell, which tells without its colour, and the colour.
pub(super) fn cell_sign(cell: &Cell, theme: &Theme) -> (&'static str, ratatui::style::Color) {
    if cell.broken > 0 {
        ("!", theme.bad)
    } else if cell.failed > 0 {
        ("✗", theme.bad)
    } else if cell.played == 0 {
        ("–", theme.dim)
    } else if cell.tolerated > 0 {
        ("~", theme.warn)
    } else {
        ("✓", theme.good)
    }
}

/// Returns what is under the cursor, the keys, and the legend.
fn foot_lines(conform: &Conform, context: &ViewContext) -> [Line<'static>; 3] {
    let theme = context.theme;
    let legend = "✓ pass   ~ tolerated   ✗ n fail   ! n die   – no offer   * tested here";
    [
        status_line(conform, theme),
        Line::styled(keys_text(conform, context.focused), theme.dim()),
        Line::styled(legend, theme.faint()),
    ]
}

fn keys_text(conform: &Conform, is_focused: bool) -> &'static str {
    match (is_focused, &conform.mode, &conform.running) {
        (false, ..) => "Enter: control the grid.",
        (true, Mode::Bet(_), _) => {
            "0–9 your bet   Enter builds, starts and tests it here   Esc back"
        }
        (true, _, Some(_)) => "↑↓←→   Enter open   r take the record instead",
        (true, ..) if !conform.suite.has_variants => {
            "↑↓←→   Space bet and test here   Enter open   a all   0 cover"
        }
        (true, ..) => "↑↓←→   Space bet and test   Enter open   a all   d tuned   y 2017",
    }
}

fn status_line(conform: &Conform, theme: &Theme) -> Line<'static> {
    let (row, column) = conform.cursor;
    let name = conform.columns.get(column).map_or("", |column| column.title.as_str());
    if let Mode::Bet(digits) = &conform.mode {
        let question = format!(
            "{name}: how many of {} rules does it break? ",
            conform.suite.table.rules.len()
        );
        return Line::from(vec![
            Span::styled(question, theme.heading()),
            Span::styled(format!("{digits}▏"), Style::new().fg(theme.text)),
        ]);
    }
    if let Some(notice) = &conform.notice {
        return Line::styled(text::sanitize(notice).into_owned(), Style::new().fg(theme.warn));
    }
    if let Some(running) = &conform.running {
        let done = running.findings.verdicts.len();
        let text = match running.step {
            RunStep::Building => format!("{}: being built", running.contestant),
            RunStep::Starting => format!("{}: being started", running.contestant),
            RunStep::Played(..) => format!("{}: {done} cases played", running.contestant),
        };
        return Line::styled(text, theme.heading());
    }
    let rule = conform.rows.get(row).and_then(|rule| conform.suite.table.rules.get(*rule));
    let title = rule.map_or("", |rule| &rule.title);
    let exists = conform.columns.get(column).and_then(|one| one.contestant(conform.variant));
    let found = match conform.shown_cell(row, column) {
        _ if exists.is_none() => "there is no such version".to_owned(),
        None => "Space: bet, then see".to_owned(),
        Some(cell) => describe_cell(&cell),
    };
    Line::from(vec![
        Span::styled(format!("{name}, {title}: "), Style::new().fg(theme.text)),
        Span::styled(found, theme.heading()),
    ])
}

/// Returns a cell in words.
pub(super) fn describe_cell(cell: &Cell) -> String {
    let of = format!("of {}", cell.played);
    let mut parts = Vec::new();
    for (count, word) in
        [(cell.broken, "dead or silent"), (cell.failed, "fail"), (cell.tolerated, "tolerated")]
    {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    match (parts.is_empty(), cell.played) {
        (_, 0) => "not offered".to_owned(),
        (true, 1) => "passes".to_owned(),
        (true, count) => format!("all {count} cases pass"),
        (false, _) => format!("{} {of}", parts.join(", ")),
    }
}
