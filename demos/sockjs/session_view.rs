//! Draws the session under the cursor: its states with the present one lit, its receiver, and its
//! timers as bars that run down.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::parts::{bar, frame_text, state_sign};
use super::state::SockJs;
use crate::clients::sockjs::{SockJsReport, SockJsState};
use crate::stage::{self, Theme};

/// The rows of the view: a divider, the states, the bars.
pub(super) const ROWS: u16 = 3;

const STATES: [(SockJsState, &str); 4] = [
    (SockJsState::Connecting, "connecting"),
    (SockJsState::Open, "open"),
    (SockJsState::Closing, "closing"),
    (SockJsState::Closed, "closed"),
];

/// Draws the session, from the first row of `area` on.
pub(super) fn draw(demo: &SockJs, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let Some(lane) = demo.lanes.get(demo.cursor) else { return };
    let name = lane.transport.name();
    let report = lane.report.as_ref();
    let title = match report {
        Some(report) => format!("session {} over {name}", report.session),
        None => format!("a session over {name}"),
    };
    stage::draw_divider(&title, Rect { height: area.height.min(1), ..area }, buffer, theme);
    stage::draw_line(&states_line(report, theme), 1, area, buffer);
    stage::draw_line(&timers_line(demo, report, theme), 2, area, buffer);
}

fn states_line(report: Option<&SockJsReport>, theme: &Theme) -> Line<'static> {
    let mut line = Line::default();
    for (index, (state, name)) in STATES.into_iter().enumerate() {
        if index > 0 {
            line.push_span(Span::styled(" ─ ", theme.faint()));
        }
        if report.is_some_and(|report| report.state == state) {
            let (sign, color) = state_sign(state, theme);
            let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
            line.push_span(Span::styled(format!("{sign} {}", name.to_uppercase()), style));
        } else {
            line.push_span(Span::styled(name, theme.dim()));
        }
    }
    let Some(report) = report else { return line };
    let (receiver, style) = if report.receiver {
        ("   receiver ◉ attached", Style::new().fg(theme.good))
    } else {
        ("   receiver ◌ none", Style::new().fg(theme.warn))
    };
    line.push_span(Span::styled(receiver, style));
    line
}

fn timers_line(demo: &SockJs, report: Option<&SockJsReport>, theme: &Theme) -> Line<'static> {
    let Some(report) = report else { return Line::default() };
    let mut line = Line::default();
    let live = matches!(report.state, SockJsState::Open | SockJsState::Closing);
    let since = |at| demo.now.saturating_duration_since(at);
    let heard = report.heard_at.filter(|_| live && report.receiver);
    let left = heard.map(|at| demo.config.heartbeat.saturating_sub(since(at)));
    push_timer(&mut line, "heartbeat", left, demo.config.heartbeat, theme);
    if !report.transport.is_websocket() {
        let gone = report.detached_at.filter(|_| live);
        let left = gone.map(|at| demo.config.session_timeout.saturating_sub(since(at)));
        line.push_span(Span::raw("  "));
        push_timer(&mut line, "timeout", left, demo.config.session_timeout, theme);
    }
    let last = match (&report.second, &report.latest) {
        (Some(second), _) => format!("  a second receiver got {}", frame_text(second, 60)),
        (None, Some((_, frame))) => format!("  last {}", frame_text(frame, 60)),
        (None, None) => String::new(),
    };
    line.push_span(Span::styled(last, theme.dim()));
    line
}

/// Adds a timer: its name, a bar, and the seconds that are left of it.
fn push_timer(
    line: &mut Line<'static>,
    name: &str,
    left: Option<Duration>,
    whole: Duration,
    theme: &Theme,
) {
    let style = Style::new().fg(if left.is_some() { theme.accent } else { theme.faint });
    line.push_span(Span::styled(format!("{name} "), theme.dim()));
    let share = left.map_or(0.0, |left| left.as_secs_f64() / whole.as_secs_f64().max(0.001));
    line.extend(bar(share, style, theme));
    let seconds = left.map_or_else(
        || "  – s".to_owned(),
        |left| format!(" {:>2.0} s", left.as_secs_f64().ceil()),
    );
    line.push_span(Span::styled(seconds, theme.dim()));
}
