//! Draws the session under the cursor as the server has it: its states with the present one lit, its
//! receiver, and its timers as bars that run down.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::parts::{bar, frame_text};
use super::state::{ServerSide, SockJs};
use crate::clients::sockjs::SockJsReport;
use crate::sockjs::{SessionLimits, SessionState, SessionTimer};
use crate::stage::{self, Theme};

/// The rows of the view: a divider, the states, the bars.
pub(super) const ROWS: u16 = 3;

/// The states in the server's words, and the one after the last: nobody knows the session any more.
const STATES: [(Option<SessionState>, &str); 5] = [
    (Some(SessionState::Opening), "connecting"),
    (Some(SessionState::Open), "open"),
    (Some(SessionState::Closing), "closing"),
    (Some(SessionState::Closed), "closed"),
    (None, "forgotten"),
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
    let Some(report) = report else { return };
    stage::draw_line(&states_line(demo.server_side(), theme), 1, area, buffer);
    stage::draw_line(&timers_line(demo, report, theme), 2, area, buffer);
}

fn states_line(side: Option<&ServerSide>, theme: &Theme) -> Line<'static> {
    let mut line = Line::default();
    for (index, (state, name)) in STATES.into_iter().enumerate() {
        if index > 0 {
            line.push_span(Span::styled(" ─ ", theme.faint()));
        }
        if side.map(|side| side.state) == state {
            let (sign, color) = match state {
                Some(SessionState::Opening) => ("○", theme.dim),
                Some(SessionState::Open) => ("●", theme.good),
                Some(SessionState::Closing | SessionState::Closed) => ("◐", theme.warn),
                None => ("✗", theme.bad),
            };
            let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
            line.push_span(Span::styled(format!("{sign} {}", name.to_uppercase()), style));
        } else {
            line.push_span(Span::styled(name, theme.dim()));
        }
    }
    let (receiver, style) = match side {
        Some(side) if side.receiver => ("  receiver ◉", Style::new().fg(theme.good)),
        Some(_) => ("  no receiver ◌", Style::new().fg(theme.warn)),
        None => ("", Style::new()),
    };
    line.push_span(Span::styled(receiver, style));
    line
}

fn timers_line(demo: &SockJs, report: &SockJsReport, theme: &Theme) -> Line<'static> {
    let mut line = Line::default();
    if let Some((timer, left)) = demo.server_side().and_then(|side| side.timer) {
        let (words, whole) = match timer {
            SessionTimer::Heartbeat => ("heartbeat in ", demo.config.heartbeat),
            SessionTimer::Disconnect => ("times out in ", demo.config.session_timeout),
            SessionTimer::Forget => ("forgotten in ", demo.config.session_timeout),
            SessionTimer::Stall => ("gives up in  ", SessionLimits::default().stall),
        };
        line.push_span(Span::styled(words, theme.dim()));
        let share = left.as_secs_f64() / whole.as_secs_f64().max(0.001);
        line.extend(bar(share, Style::new().fg(theme.accent), theme));
        let seconds = format!(" {:>2.0} s", left.as_secs_f64().ceil());
        line.push_span(Span::styled(seconds, Style::new().fg(theme.text)));
    }
    let last = match (&report.second, &report.latest) {
        (Some(second), _) => format!("   second receiver: {}", frame_text(second, 60)),
        (None, Some((_, frame))) => format!("   last frame: {}", frame_text(frame, 60)),
        (None, None) => String::new(),
    };
    line.push_span(Span::styled(last, theme.dim()));
    line
}
