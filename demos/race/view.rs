//! What the race looks like: which parts there are, and which of them there is room for.
//!
//! It folds: lanes and the verdict are always there; then come the ratio in big digits beside where the time goes, the
//! two that the talk is about on cards, and last the spread of times.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Page, Phase, Race, cards, lanes, rules, spread, steps, verdict};
use crate::race::{Course, Kind, Lane};
use crate::stage::{self, Look, Theme};
use crate::wire::words::grouped;

/// The rows of the ratio in big digits, and those of the cards.
const MIDDLE: u16 = 5;
const CARDS: u16 = 4;

pub(super) fn draw(race: &Race, area: Rect, buffer: &mut Buffer, look: &Look) {
    let inner = stage::panel(&title(&race.course), area, buffer, look);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    match race.page {
        Page::Rules => return rules::draw(inner, buffer, look.theme),
        Page::Lanes(cursor) => return rules::choose(race, cursor, inner, buffer, look.theme),
        Page::None => {}
    }
    let count = race.course.lanes.len() as u16;
    let rest = inner.height.saturating_sub(2 + count + 3);
    let middle = if rest >= MIDDLE { MIDDLE } else { rest.min(1) };
    let spread = if rest >= middle + count + 2 { (rest - middle).min(2 + 3 * count) } else { 0 };
    let with_cards = inner.width >= 72 && rest >= middle + CARDS + if spread > 0 { count + 2 } else { 0 };
    let cards = if with_cards { CARDS } else { 0 };
    let spread = spread.min(rest - middle - cards);
    // a line of air around the parts as long as there is any
    let mut air = rest - middle - cards - spread;
    let mut gap = || {
        let one = u16::from(air > 0);
        air -= one;
        one
    };
    let rows = [1, gap(), cards, gap(), 1 + count, gap(), spread, gap(), middle, gap()];
    let parts =
        Layout::vertical(rows.map(Constraint::Length).into_iter().chain([Constraint::Min(0)])).split(inner);
    let [fair, _, card_area, _, table, _, spread_area, _, middle_area, _, bottom] = parts[..] else { return };
    let figures = race.figures();
    draw_fairness(race, fair, buffer, look.theme);
    cards::draw(race, &figures, card_area, buffer, look.theme);
    lanes::draw(race, &figures, table, buffer, look.theme);
    spread::draw(&figures, spread_area, buffer, look.theme);
    steps::draw(race, &figures, middle_area, buffer, look.theme);
    verdict::draw(race, bottom, buffer, look);
}

fn title(course: &Course) -> String {
    let connections = match course.connections {
        1 => "1 connection".to_owned(),
        count => format!("{count} connections"),
    };
    let mut title = format!("race · {} · {connections} · {}", bytes(course.payload), course.way());
    if course.messages() > 1 {
        title += &format!(" · {} messages an exchange", course.messages());
    }
    if let Some(rate) = course.rate {
        title += &format!(" · {}/s", grouped(rate.into()));
    }
    title
}

/// What is the same for all, and where the two ends run.
fn draw_fairness(race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let course = &race.course;
    let mut said = vec![Span::styled(course.placement.about(), Style::new().fg(theme.text))];
    if let Phase::Over(outcome) = &race.phase
        && outcome.placement() != course.placement.name()
    {
        said.push(Span::styled(" could not be had: unpinned", Style::new().fg(theme.warn)));
    }
    let headers =
        if course.headers == crate::race::Headers::Browser { "browser headers" } else { "minimal headers" };
    for word in [headers, "same handler", "NODELAY", "shuffled pairs", "replies checked"] {
        said.push(Span::styled(format!(" · {word}"), theme.dim()));
    }
    stage::line(&Line::from(said), 0, area, buffer);
}

/// A lane's colour: by what it speaks.
pub(super) fn color(lane: Lane, theme: &Theme) -> Color {
    match lane.kind {
        Kind::Tcp => theme.dim,
        Kind::Ws | Kind::WsPipelined | Kind::WsNew => theme.client,
        Kind::Http2 | Kind::SsePost => theme.control,
        _ => theme.server,
    }
}

pub(super) fn strong(color: Color) -> Style {
    Style::new().fg(color).add_modifier(Modifier::BOLD)
}

pub(super) fn right(content: &Line, row: u16, area: Rect, buffer: &mut Buffer) {
    let width = (content.width() as u16).min(area.width);
    stage::line(content, row, Rect { x: area.right() - width, width, ..area }, buffer);
}

pub(super) fn centered(content: &Line, row: u16, area: Rect, buffer: &mut Buffer) {
    let free = area.width.saturating_sub(content.width() as u16) / 2;
    stage::line(content, row, Rect { x: area.x + free, width: area.width - free, ..area }, buffer);
}

/// A duration in three digits and the unit that fits.
pub(super) fn time(duration: Duration) -> String {
    seconds(duration.as_secs_f64())
}

/// Seconds in three digits and the unit that fits.
pub(super) fn seconds(seconds: f64) -> String {
    let micros = seconds * 1e6;
    match micros.abs() {
        ..100.0 => format!("{micros:.1} µs"),
        ..1_000.0 => format!("{micros:.0} µs"),
        ..100_000.0 => format!("{:.1} ms", micros / 1e3),
        ..1_000_000.0 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}

pub(super) fn bytes(count: usize) -> String {
    match count {
        0..1024 => format!("{count} B"),
        _ if count.is_multiple_of(1024 * 1024) => format!("{} MiB", count / 1024 / 1024),
        _ if count.is_multiple_of(1024) => format!("{} KiB", count / 1024),
        _ => format!("{} B", grouped(count as u64)),
    }
}
