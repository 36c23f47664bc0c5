//! Draws the client that falls back: a row for each time it began anew, with what it tried.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::state::SockJs;
use crate::clients::sockjs::{FallBackStep, FallBackStepKind};
use crate::stage::{self, Theme};
use crate::text::{self, units};

/// The cells of the reason of a refusal.
const REASON_CELLS: usize = 24;

/// Draws the client, from the first row of `area` on: a divider, then the newest attempts.
pub(super) fn draw(demo: &SockJs, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let title = match demo.fall_back.open {
        Some(open) => format!("the client that falls back: on {}", open.name()),
        None => "the client that falls back".to_owned(),
    };
    stage::draw_divider(&title, Rect { height: area.height.min(1), ..area }, buffer, theme);
    let lines = attempt_lines(demo, theme);
    let room = usize::from(area.height.saturating_sub(1));
    for (row, line) in (1..).zip(lines.iter().skip(lines.len().saturating_sub(room))) {
        stage::draw_line(line, row, area, buffer);
    }
}

/// Returns a line for each attempt, the oldest first.
fn attempt_lines(demo: &SockJs, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for step in &demo.fall_back.steps {
        let begins = matches!(step.kind, FallBackStepKind::Info(..) | FallBackStepKind::NoInfo(_));
        if begins || lines.is_empty() {
            let at = format!("{:>6.1} s  ", step.at.as_secs_f64());
            lines.push(Line::styled(at, theme.dim()));
        }
        if let Some(line) = lines.last_mut() {
            push_step(line, step, theme);
        }
    }
    lines
}

fn push_step(line: &mut Line<'static>, step: &FallBackStep, theme: &Theme) {
    let plain = Style::new().fg(theme.text);
    let good = Style::new().fg(theme.good).add_modifier(Modifier::BOLD);
    let bad = Style::new().fg(theme.bad);
    let short = |reason: &str| text::ellipsize(&text::sanitize(reason), REASON_CELLS).into_owned();
    let spans = match &step.kind {
        FallBackStepKind::Info(websocket, rtt) => {
            let offered = if *websocket { "" } else { ", no WebSocket" };
            vec![Span::styled(format!("/info {}{offered}", units::age(*rtt)), theme.dim())]
        }
        FallBackStepKind::NoInfo(reason) => {
            vec![Span::styled(format!("/info ✗ {}", short(reason)), bad)]
        }
        FallBackStepKind::Try(transport, _) => {
            vec![Span::styled(" → ", theme.faint()), Span::styled(transport.name(), plain)]
        }
        FallBackStepKind::Refused(_, reason) => {
            vec![Span::styled(format!(" ✗ {}", short(reason)), bad)]
        }
        FallBackStepKind::TimedOut(_) => vec![Span::styled(" ✗ too slow", bad)],
        FallBackStepKind::Open(_) => vec![Span::styled(" ● open", good)],
        FallBackStepKind::Lost(_, reason) => {
            vec![Span::styled(format!(", lost: {}", short(reason)), Style::new().fg(theme.warn))]
        }
        FallBackStepKind::NothingLeft => vec![Span::styled("  nothing left", bad)],
    };
    line.extend(spans);
}
