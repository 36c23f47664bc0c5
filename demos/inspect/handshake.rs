//! The handshake: both heads line by line, the verdict on each, and the accept value step by step.
//!
//! Which rules there are, and what was made of them, `wire` says.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::Cmd;
use super::canvas::{Canvas, Target};
use super::state::Inspect;
use super::view::side;
use crate::stage::Theme;
use crate::text;
use crate::wire::handshake::{Check, Head, Mark, Opening, Role};
use crate::wire::{Side, words};

/// What the tab remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The line that has the cursor, the response's after the request's.
    pub(super) line: usize,
}

/// Takes a key; none if it is not one of this tab's.
pub(super) fn key(inspect: &mut Inspect, key: KeyEvent) -> Option<Vec<Cmd>> {
    let last = inspect.lines().len().saturating_sub(1);
    let line = &mut inspect.handshake.line;
    *line = match key.code {
        KeyCode::Up => line.saturating_sub(1),
        KeyCode::Down => (*line + 1).min(last),
        _ => return None,
    };
    Some(Vec::new())
}

/// Puts the cursor on a line of a head.
pub(super) fn click(inspect: &mut Inspect, from: Side, number: usize) {
    if let Some(line) = inspect.lines().iter().position(|line| *line == (from, number)) {
        inspect.handshake.line = line;
    }
}

pub(super) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let lines = inspect.lines();
    let theme = canvas.theme;
    let Some(&cursor) = lines.get(inspect.handshake.line.min(lines.len().saturating_sub(1))) else {
        let told = "Nothing has been said yet.";
        return canvas.line(&Line::styled(told, theme.dim()), 1, area);
    };
    let request = opening(inspect, Side::Client);
    let response = opening(inspect, Side::Server);
    let tallest = [request, response].into_iter().flatten().map(rows).max().unwrap_or(0) as u16;
    let accept = if area.height >= tallest + 11 { 6 } else { 0 };
    let [heads, why, steps, _] = Layout::vertical([
        Constraint::Length((tallest + 1).min(area.height)),
        Constraint::Max(if accept > 0 { 7 } else { u16::MAX }),
        Constraint::Length(accept),
        Constraint::Fill(1),
    ])
    .areas(area);
    if area.width >= 84 {
        let [left, right] =
            Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2).areas(heads);
        draw_head(inspect, Side::Client, cursor, left, canvas);
        draw_head(inspect, Side::Server, cursor, right, canvas);
    } else {
        draw_head(inspect, cursor.0, cursor, heads, canvas);
        let told =
            if cursor.0 == Side::Client { "↓ on to the response" } else { "↑ back to the request" };
        let free = heads.width.saturating_sub(text::width(told) as u16);
        canvas.line(
            &Line::styled(told, theme.dim()),
            0,
            Rect { x: heads.x + free, width: heads.width - free, ..heads },
        );
    }
    draw_why(inspect, cursor, accept == 0, why, canvas);
    draw_accept(inspect, steps, canvas);
}

fn opening(inspect: &Inspect, from: Side) -> Option<&Opening> {
    inspect.conn().trace.opening(from)
}

fn rows(opening: &Opening) -> usize {
    opening.head.as_ref().map_or(0, |head| head.lines().len())
}

fn draw_head(inspect: &Inspect, from: Side, cursor: (Side, usize), area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let (color, arrow) = side(from, theme);
    let Some((opening, head)) = opening(inspect, from).and_then(|o| Some((o, o.head.as_ref()?))) else {
        return canvas.line(&Line::styled(format!("{arrow}  no answer yet"), theme.dim()), 0, area);
    };
    let what = if from == Side::Client { "request" } else { "response" };
    let title = format!("{arrow}  {what}, {}", words::bytes(head.raw().len() as u64));
    canvas.line(&Line::styled(title, Style::new().fg(color).add_modifier(Modifier::BOLD)), 0, area);
    let checks = opening.checks();
    for number in 0..head.lines().len() {
        let row = number as u16 + 1;
        let chosen = cursor == (from, number);
        let spot = Rect { y: area.y + row, height: 1, ..area };
        canvas.spot(spot.intersection(area), Target::Line(from, number));
        if chosen && row < area.height {
            canvas.buffer.set_style(spot, Style::new().bg(theme.selected));
        }
        let mark = if chosen { "▶" } else { " " };
        let mut line = Line::styled(mark, Style::new().fg(theme.accent));
        line.spans.extend(styled_line(head, number, theme));
        let room = Rect { width: area.width.saturating_sub(2), ..area };
        canvas.line(&line, row, room);
        if line.width() > room.width.into() && room.width > 0 && row < area.height {
            canvas.buffer.set_string(room.right() - 1, area.y + row, "…", theme.dim());
        }
        if let Some((sign, color)) = verdict(&checks, number, theme)
            && row < area.height
            && area.width > 2
        {
            canvas.buffer.set_string(
                area.right() - 1,
                area.y + row,
                sign,
                Style::new().fg(color).add_modifier(Modifier::BOLD),
            );
        }
    }
}

/// One line of a head, each part in its colour, its line end made visible.
fn styled_line(head: &Head, number: usize, theme: &Theme) -> Vec<Span<'static>> {
    let parts = head.parts().into_iter().filter(|part| part.line == number);
    parts
        .map(|part| {
            let bytes = &head.raw()[part.bytes.clone()];
            let shown = String::from_utf8_lossy(bytes);
            let style = match part.role {
                Role::Name => Style::new().fg(theme.field(0)),
                Role::Value | Role::Target => Style::new().fg(theme.field(4)),
                Role::Method | Role::Status => Style::new().fg(theme.text).add_modifier(Modifier::BOLD),
                Role::LineEnd | Role::Colon => theme.faint(),
                Role::Other => Style::new().fg(theme.bad),
                Role::Version | Role::Reason | Role::Space => theme.dim(),
            };
            Span::styled(text::visible(&shown).into_owned(), style)
        })
        .collect()
}

fn verdict(checks: &[Check], line: usize, theme: &Theme) -> Option<(&'static str, Color)> {
    let of_line = checks.iter().filter(|check| check.line == Some(line));
    of_line.map(|check| sign(check.mark, theme)).next()
}

fn sign(mark: Mark, theme: &Theme) -> (&'static str, Color) {
    match mark {
        Mark::Kept => ("✓", theme.good),
        Mark::Broken => ("✗", theme.bad),
        Mark::Doubtful => ("!", theme.warn),
        Mark::Absent => ("–", theme.dim),
    }
}

/// What the line under the cursor is for, and its bytes.
fn draw_why(
    inspect: &Inspect,
    (from, number): (Side, usize),
    with_accept: bool,
    area: Rect,
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
    let Some((opening, head)) = opening(inspect, from).and_then(|o| Some((o, o.head.as_ref()?))) else {
        return;
    };
    let Some(line) = head.lines().get(number) else { return };
    let checks = opening.checks();
    let check = checks.iter().find(|check| check.line == Some(number));
    let title =
        check.map_or_else(|| "This line".to_owned(), |check| format!("{}, {}", check.name, check.section));
    canvas.rule(&title, area);
    let bytes = &head.raw()[line.text.start..line.end.end];
    let hex = format!("{:04x}  {}", line.text.start, words::hex_row(bytes, 64));
    let mut told = vec![Line::styled(hex, theme.dim())];
    match check {
        Some(check) => {
            let (sign, color) = sign(check.mark, theme);
            told.push(Line::from(vec![
                Span::styled(format!("{sign} "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
                Span::raw(words::harmless(&check.words)),
            ]));
        }
        None if line.text.is_empty() => {
            told.push(Line::raw("The blank line ends the head; what follows is WebSocket frames."));
        }
        None => told.push(Line::raw("No rule of the handshake asks for this line.")),
    }
    let within = |span: &std::ops::Range<usize>| span.start >= line.text.start && span.start < line.end.end;
    for problem in &opening.judgement.problems {
        if problem.span.as_ref().is_some_and(within) {
            let rule = problem.code.rule();
            let told_problem = format!("✗ {}: {}", problem.code.name(), rule.what);
            told.push(Line::styled(told_problem, Style::new().fg(theme.bad)));
        }
    }
    if with_accept && let Some(accept) = &opening.judgement.accept {
        told.push(Line::styled(
            format!("accept = base64(SHA-1(key + GUID)) = {}", accept.value),
            theme.dim(),
        ));
    }
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    Paragraph::new(told).wrap(Wrap { trim: true }).render(below, canvas.buffer);
}

/// The accept value, computed anew from the key that was really sent.
fn draw_accept(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let response = opening(inspect, Side::Server).map(|opening| &opening.judgement);
    let request = opening(inspect, Side::Client).map(|opening| &opening.judgement);
    let accept = response.and_then(|judgement| judgement.accept.as_ref());
    let Some(accept) = accept.or_else(|| request.and_then(|judgement| judgement.accept.as_ref())) else {
        return;
    };
    let received = response.and_then(|judgement| judgement.received_accept.as_deref());
    canvas.rule("Sec-WebSocket-Accept, computed here from the key above", area);
    for (row, step) in accept.steps(received).iter().enumerate() {
        let equal = received == Some(accept.value.as_str());
        let style = match (row, equal, received) {
            (4, true, _) => Style::new().fg(theme.good),
            (4, false, Some(_)) => Style::new().fg(theme.bad),
            _ => Style::new().fg(theme.text),
        };
        let mut line = Line::from(vec![
            Span::styled(format!(" {} {:<9}", row + 1, step.name), Style::new().fg(theme.accent)),
            Span::styled(step.value.clone(), style),
        ]);
        let note = format!("   {}", step.note);
        if line.width() + text::width(&note) <= area.width.into() {
            line.push_span(Span::styled(note, theme.dim()));
        }
        canvas.line(&line, row as u16 + 1, area);
    }
}
