//! Draws the fallback client: a row for each time it began anew, with what it tried.

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
        Some(open) => format!("the fallback client: on {}", open.name()),
        None => "the fallback client".to_owned(),
    };
    stage::draw_divider(&title, Rect { height: area.height.min(1), ..area }, buffer, theme);
    let attempts = attempts(demo);
    let room = usize::from(area.height.saturating_sub(1));
    for (row, steps) in (1..).zip(attempts.iter().skip(attempts.len().saturating_sub(room))) {
        let line = attempt_line(steps, area.width.into(), theme);
        stage::draw_line(&line, row, area, buffer);
    }
}

/// Returns the steps of each attempt, the oldest first.
fn attempts(demo: &SockJs) -> Vec<Vec<&FallBackStep>> {
    let mut attempts: Vec<Vec<&FallBackStep>> = Vec::new();
    for step in &demo.fall_back.steps {
        let begins = matches!(step.kind, FallBackStepKind::Info(..) | FallBackStepKind::NoInfo(_));
        if begins || attempts.is_empty() {
            attempts.push(Vec::new());
        }
        attempts.last_mut().expect("one was pushed").push(step);
    }
    attempts
}

/// Returns an attempt as a line. Where it is too long, its first steps are left out: how it went on
/// matters more.
fn attempt_line(steps: &[&FallBackStep], width: usize, theme: &Theme) -> Line<'static> {
    let at = steps.first().map_or(0.0, |step| step.at.as_secs_f64());
    let mut spans: Vec<Vec<Span<'static>>> =
        steps.iter().map(|step| step_spans(step, theme)).collect();
    let time = format!("{at:>5.1} s  ");
    let len = |spans: &[Vec<Span>]| spans.iter().flatten().map(Span::width).sum::<usize>();
    let mut cut = "";
    while spans.len() > 1 && text::width(&time) + text::width(cut) + len(&spans) > width {
        spans.remove(0);
        cut = "…";
    }
    let mut line = Line::styled(format!("{time}{cut}"), theme.dim());
    line.extend(spans.into_iter().flatten());
    line
}

fn step_spans(step: &FallBackStep, theme: &Theme) -> Vec<Span<'static>> {
    let plain = Style::new().fg(theme.text);
    let good = Style::new().fg(theme.good).add_modifier(Modifier::BOLD);
    let bad = Style::new().fg(theme.bad);
    match &step.kind {
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
    }
}

/// Returns the code that a reason begins with, or the beginning of the reason.
fn short(reason: &str) -> String {
    let code = reason.split(' ').next().unwrap_or_default();
    let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
    let shown = if is_code { code } else { reason };
    text::ellipsize(&text::sanitize(shown), REASON_CELLS).into_owned()
}
