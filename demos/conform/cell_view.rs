//! Draws an open cell: the rule and why it matters, the cases, and the bytes of the chosen one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::cell_page::CellPage;
use super::column::Findings;
use super::exchange_lines::{script_lines, side_lines, unanswered};
use super::grid_view::{cell_sign, describe_cell};
use super::notice::notice_of;
use super::notice_view::notice_lines;
use super::rules::{RuleTable, twin};
use super::state::{Conform, Mode};
use crate::conform::{Case, CaseKind, Exchange, Verdict};
use crate::demos::inspect::wrap_words;
use crate::demos::recorded_lab::provenance;
use crate::stage::{self, Theme, ViewContext};
use crate::text;

pub(super) fn draw(
    conform: &Conform,
    page: CellPage,
    area: Rect,
    buffer: &mut Buffer,
    context: &ViewContext,
) {
    let theme = context.theme;
    let (row, column) = conform.cursor;
    let name = conform.columns.get(column).map_or("", |column| column.title.as_str());
    let version = conform.columns.get(column).map(|column| column.version(conform.variant));
    let rule = conform.rows.get(row).and_then(|rule| conform.suite.table.rules.get(*rule));
    let (title, why) = rule.map_or(("", ""), |rule| (&rule.title, &rule.why));
    let heading = format!("{name} {}: {title}", version.unwrap_or_default());
    let inner = stage::draw_panel(&heading, area, buffer, context);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let why_rows = draw_why(why, inner, buffer, theme);
    let cases = conform.cases_of_cursor();
    if cases.is_empty() {
        return;
    }
    // The list gets a quarter of what is left, the bytes the rest.
    let rest = inner.height.saturating_sub(why_rows + 1);
    let list_rows = (cases.len() as u16).min((rest / 4).max(2)).min(rest);
    let list = Rect { y: inner.y + why_rows, height: list_rows + 1, ..inner };
    draw_list(conform, page, &cases, list.intersection(inner), buffer, theme);
    let top = (list.bottom()).min(inner.bottom());
    let bytes = Rect { y: top, height: inner.bottom().saturating_sub(top + 1), ..inner };
    draw_bytes(conform, page, &cases, bytes, buffer, theme);
    let last = Rect {
        y: inner.bottom().saturating_sub(1).max(inner.y),
        height: 1.min(inner.height),
        ..inner
    };
    stage::draw_line(&foot_line(conform, theme), 0, last, buffer);
}

/// Draws why the rule matters, in a third of the rows at most. Returns the number of rows.
fn draw_why(why: &str, area: Rect, buffer: &mut Buffer, theme: &Theme) -> u16 {
    let lines = wrap_words(why, area.width.into());
    let rows = (lines.len() as u16).min(area.height / 3);
    for (row, line) in (0..rows).zip(lines) {
        let line = Line::styled(line, Style::new().fg(theme.text));
        stage::draw_line(&line, row, area, buffer);
    }
    rows
}

/// Returns the notice, or the keys. Beside the grid, the cell has them once it is open.
fn foot_line(conform: &Conform, theme: &Theme) -> Line<'static> {
    if let (Mode::Cell(_), Some(notice)) = (&conform.mode, &conform.notice) {
        return Line::styled(text::sanitize(notice).into_owned(), Style::new().fg(theme.warn));
    }
    let keys = match conform.mode {
        Mode::Cell(_) => "↑↓ case   Enter inspector   s our own server   Space test   Esc back",
        Mode::Browse | Mode::Bet(_) => "Enter opens the cell",
    };
    Line::styled(keys, theme.dim())
}

fn draw_list(
    conform: &Conform,
    page: CellPage,
    cases: &[usize],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let (row, column) = conform.cursor;
    let Some(findings) = conform.findings(column) else { return };
    let rule = conform.rows.get(row).and_then(|rule| conform.suite.table.rules.get(*rule));
    let section = rule.map_or("", |rule| &rule.section);
    let source = match findings {
        Findings::Live(_) => "tested here".to_owned(),
        Findings::Recorded(..) => provenance(conform.suite.record),
    };
    let summary = conform.shown_cell(row, column).map(|cell| describe_cell(&cell));
    let title = format!("{section}: {}; {source}", summary.unwrap_or_default());
    stage::draw_divider(&title, area, buffer, theme);
    let room = usize::from(area.height.saturating_sub(1));
    let chosen = page.chosen.min(cases.len().saturating_sub(1));
    let first = stage::first_row(chosen, cases.len(), room);
    for (place, case) in cases.iter().enumerate().skip(first).take(room) {
        let line = case_line(&conform.suite.table, &findings, *case, place == chosen, theme);
        stage::draw_line(&line, (place - first) as u16 + 1, area, buffer);
    }
}

fn case_line(
    table: &RuleTable,
    findings: &Findings<'_>,
    case: usize,
    is_chosen: bool,
    theme: &Theme,
) -> Line<'static> {
    let verdict = findings.verdict(table, case).unwrap_or(Verdict::NoAnswer);
    let title = table.cases.get(case).map_or("", |case| case.title.as_str());
    let (sign, color) = verdict_sign(verdict, theme);
    let mark = if is_chosen { "▶ " } else { "  " };
    let style = if is_chosen { theme.heading() } else { Style::new().fg(theme.text) };
    let reason = findings.reason(table, case);
    let reason = if reason.is_empty() { verdict.name().to_owned() } else { format!("it {reason}") };
    Line::from(vec![
        Span::styled(mark, style),
        Span::styled(format!("{sign} "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Span::styled(format!("{title}: "), style),
        Span::styled(text::sanitize(&reason).into_owned(), Style::new().fg(color)),
    ])
}

/// Returns the sign of a verdict, as that of a cell with this verdict alone.
fn verdict_sign(verdict: Verdict, theme: &Theme) -> (&'static str, ratatui::style::Color) {
    let mut cell = super::column::Cell::default();
    cell.add(verdict);
    cell_sign(&cell, theme)
}

fn draw_bytes(
    conform: &Conform,
    page: CellPage,
    cases: &[usize],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let found =
        page.case(cases).and_then(|case| Some((case, conform.suite.table.cases.get(case)?)));
    let Some((index, case)) = found else { return };
    let findings = conform.findings(conform.cursor.1);
    let played = findings.and_then(|findings| findings.exchange(index));
    let found = findings.map(|findings| findings.reason(&conform.suite.table, index));
    let reason = found.filter(|reason| !reason.is_empty());
    let reason =
        reason.map_or_else(String::new, |reason| format!(": it {}", text::sanitize(&reason)));
    let failed = findings
        .and_then(|findings| findings.verdict(&conform.suite.table, index))
        .is_some_and(Verdict::is_failure);
    let contestant = conform.columns[conform.cursor.1].contestant(conform.variant);
    let notice = contestant.zip(twin(case)).filter(|_| failed);
    let notice = notice.and_then(|(contestant, test)| notice_of(test, &contestant));
    let mut lines = Vec::new();
    if let Some(notice) = notice {
        lines.extend(notice_lines(notice, area.width, theme));
    }
    match &case.kind {
        CaseKind::SockJs(script) => {
            lines.push(label(&format!("{}{reason}", case.id), theme.server));
            lines.extend(script_lines(script, played, area.width, theme));
        }
        _ => lines.extend(frame_case_lines(case, played, &reason, area.width, theme)),
    }
    for (row, line) in lines.iter().enumerate() {
        stage::draw_line(line, row as u16, area, buffer);
    }
}

/// Returns the lines of a case about frames: what was sent, what is expected, what came back.
fn frame_case_lines(
    case: &Case,
    played: Option<&Exchange>,
    reason: &str,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let exchange = played.cloned().unwrap_or_else(|| unanswered(case));
    let sides = exchange.first().annotated();
    let mut lines = vec![label(&format!("sent ({}, {})", case.id, case.rule), theme.client)];
    lines.extend(side_lines(&sides.client, width, theme));
    lines.push(expected_line(case, theme));
    lines.push(label(&format!("came back{reason}"), theme.server));
    if played.is_none() {
        let note = "the record has no bytes: Space tests the library here";
        lines.push(Line::styled(note, theme.dim()));
    } else if !exchange.has_received() {
        lines.push(Line::styled("nothing", theme.dim()));
    } else {
        lines.extend(side_lines(&sides.server, width, theme));
    }
    lines
}

/// Returns what a conforming server does. That it opens the connection goes without saying where more
/// is expected.
fn expected_line(case: &Case, theme: &Theme) -> Line<'static> {
    let all = case.expectations();
    let skipped = usize::from(all.len() > 1);
    let text = format!("a conforming server {}", all[skipped..].join("; "));
    Line::styled(text, theme.dim())
}

fn label(text: &str, color: ratatui::style::Color) -> Line<'static> {
    Line::styled(text.to_owned(), Style::new().fg(color).add_modifier(Modifier::BOLD))
}
