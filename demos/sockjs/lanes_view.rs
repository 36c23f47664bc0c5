//! Draws the table of the transports: what each has put on the wire.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::parts::state_sign;
use super::state::{Lane, SockJs};
use crate::clients::sockjs::{LineCost, SockJsReport, SockJsState};
use crate::stage::{self, Theme};
use crate::text::{self, units};

/// The rows of the table: its head and the six transports.
pub(super) const ROWS: u16 = 7;

const HEAD: &str = "                 requests frames   open   line  latency";

/// Draws the table, from the first row of `area` on.
pub(super) fn draw(demo: &SockJs, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    stage::draw_line(&Line::styled(HEAD, theme.dim()), 0, area, buffer);
    for (row, lane) in (1..).zip(&demo.lanes) {
        let is_cursor = demo.cursor + 1 == usize::from(row);
        let line = lane_line(demo, lane, is_cursor, theme);
        stage::draw_line(&line, row, area, buffer);
    }
}

fn lane_line(demo: &SockJs, lane: &Lane, is_cursor: bool, theme: &Theme) -> Line<'static> {
    let mark = if is_cursor { "▶ " } else { "  " };
    let name_style = if is_cursor { theme.heading() } else { Style::new().fg(theme.text) };
    let mut line =
        Line::from(Span::styled(format!("{mark}{:<14}", lane.transport.name()), name_style));
    let Some(report) = &lane.report else {
        line.push_span(Span::styled(
            format!("{:>9}{:>7}{:>7}{:>7}{:>9}  ", "·", "·", "·", "·", "·"),
            theme.faint(),
        ));
        return line;
    };
    let cell = |cost: Option<LineCost>| {
        cost.map_or_else(|| "·".to_owned(), |cost| units::group_thousands(cost.bytes.both()))
    };
    let bright = Style::new().fg(theme.text).add_modifier(Modifier::BOLD);
    let figures = format!("{:>9}{:>7}{:>7}", report.requests, report.frames, cell(report.opening));
    line.push_span(Span::styled(figures, theme.dim()));
    line.push_span(Span::styled(format!("{:>7}", cell(report.line)), bright));
    let latency = report.line.map_or_else(|| "·".to_owned(), |cost| units::age(cost.latency));
    line.push_span(Span::styled(format!("{latency:>9}  "), Style::new().fg(theme.text)));
    let is_taken = demo.taken_away.contains(&lane.transport);
    line.extend(status_spans(report, is_taken, theme));
    line
}

/// Returns the state of a session in a few words.
fn status_spans(report: &SockJsReport, is_taken: bool, theme: &Theme) -> Vec<Span<'static>> {
    if is_taken {
        return vec![Span::styled("✗ taken away", Style::new().fg(theme.bad))];
    }
    let (sign, color) = state_sign(report.state, theme);
    let style = Style::new().fg(color);
    let word = match report.state {
        SockJsState::Connecting => "opens",
        SockJsState::Open if report.receiver => "open",
        SockJsState::Open => "open, unheard",
        SockJsState::Closing | SockJsState::Closed => "",
    };
    let mut spans = vec![Span::styled(format!("{sign} {word}"), style)];
    if let (true, Some(reason)) = (word.is_empty(), &report.reason) {
        spans.push(Span::styled(text::sanitize(reason).into_owned(), style));
    }
    spans
}
