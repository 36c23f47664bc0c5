//! Figures about the link from the trace: round-trip times from Pings and Pongs, the frame rate,
//! and the overhead of headers.
//!
//! All figures are measured. Without frames for it a figure is absent.

use std::ops::Range;
use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::demos::inspect::parts::canvas::Canvas;
use crate::demos::inspect::parts::units::format_short;
use crate::demos::inspect::session::Session;
use crate::wire::{Opcode, Side, TraceRow, format};

/// The maximum number of newest rows that are examined.
pub(crate) const MAX_ROWS_EXAMINED: usize = 1 << 14;

/// The maximum number of Pings without a Pong that are remembered.
const MAX_PENDING_PINGS: usize = 256;

/// The time over which frames per second are counted.
const RATE_WINDOW: Duration = Duration::from_secs(10);

/// The rows of a Ping and of the Pong that answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PingPong {
    pub(crate) ping: usize,
    pub(crate) pong: usize,
}

/// Returns the Pings of `rows` that were answered. A Pong has the same payload as its Ping (RFC
/// 6455 section 5.5.3).
pub(crate) fn ping_pong_pairs(session: &Session, rows: Range<usize>) -> Vec<PingPong> {
    let all = session.connection().trace.rows();
    let mut waiting: Vec<(Side, usize, Vec<u8>)> = Vec::new();
    let mut pairs = Vec::new();
    for number in rows {
        let Some(row) = all.get(number) else { break };
        // Two payloads that lack bytes cannot be compared.
        if !matches!(row.opcode(), Opcode::Ping | Opcode::Pong) || row.has_gap() {
            continue;
        }
        let Some(frame) = session.frame(number) else { continue };
        if row.opcode() == Opcode::Ping {
            if waiting.len() == MAX_PENDING_PINGS {
                // The oldest Ping goes. A peer may answer only the most recent one (section 5.5.3).
                waiting.remove(0);
            }
            waiting.push((row.from(), number, frame.payload()));
            continue;
        }
        let payload = frame.payload();
        let asked =
            |(from, _, sent): &(Side, usize, Vec<u8>)| *from != row.from() && *sent == payload;
        if let Some(at) = waiting.iter().position(asked) {
            pairs.push(PingPong { ping: waiting.remove(at).1, pong: number });
        }
    }
    pairs
}

/// The figures about the link.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinkSummary {
    /// The median time from Ping to Pong and the number of pairs, for Pings of the client and of
    /// the server.
    pub(crate) round_trips: [Option<(Duration, usize)>; 2],
    /// The frames per second, and the time over which they were counted.
    pub(crate) frame_rate: Option<(f64, Duration)>,
    /// The number of header bytes per 100 bytes of payload.
    pub(crate) overhead: Option<f64>,
}

pub(crate) fn summarize_link(session: &Session) -> LinkSummary {
    let all = session.connection().trace.rows();
    let newest = all.len().saturating_sub(MAX_ROWS_EXAMINED)..all.len();
    let pairs = ping_pong_pairs(session, newest.clone());
    let answers = [Side::Client, Side::Server].map(|from| {
        let own = pairs.iter().filter(|pair| all[pair.ping].from() == from);
        let mut times: Vec<_> = own
            .map(|pair| all[pair.pong].completed_at().saturating_sub(all[pair.ping].completed_at()))
            .collect();
        times.sort_unstable();
        times.get(times.len() / 2).map(|median| (*median, times.len()))
    });
    let rows = &all[newest];
    let last = rows.last().map_or(Duration::ZERO, TraceRow::completed_at);
    let lately: Vec<_> =
        rows.iter().filter(|row| last.saturating_sub(row.completed_at()) <= RATE_WINDOW).collect();
    let span = lately.first().map_or(Duration::ZERO, |row| last.saturating_sub(row.completed_at()));
    // n frames have n - 1 intervals between them.
    let rate = (!span.is_zero()).then(|| ((lately.len() - 1) as f64 / span.as_secs_f64(), span));
    let payload: f64 = rows.iter().map(|row| row.payload_len().get() as f64).sum();
    let headers: f64 = rows.iter().map(|row| row.header().len() as f64).sum();
    let overhead = (payload > 0.0).then(|| 100.0 * headers / payload);
    LinkSummary { round_trips: answers, frame_rate: rate, overhead }
}

/// Draws the figures in one line, over a rule.
pub(crate) fn draw_line(session: &Session, area: Rect, canvas: &mut Canvas) {
    let stats = summarize_link(session);
    let theme = canvas.theme;
    canvas.draw_divider("Link", area);
    let mut parts = Vec::new();
    let [ours, theirs] = stats.round_trips;
    match ours {
        Some((time, count)) => {
            parts.push(format!("RTT {} (median of {count})", format_short(time)));
        }
        None if session.has_peer() => parts.push("RTT – (p sends a Ping)".to_owned()),
        None => parts.push("RTT – (no Ping was answered)".to_owned()),
    }
    if let (Some((time, _)), true) = (theirs, area.width >= 100) {
        parts.push(format!("the client answers in {}", format_short(time)));
    }
    if let Some((rate, over)) = stats.frame_rate {
        let rate =
            if rate < 10.0 { format!("{rate:.1}") } else { format::group_thousands(rate as u64) };
        let over =
            if area.width >= 90 { format!(" over {}", format_short(over)) } else { String::new() };
        parts.push(format!("{rate} frames/s{over}"));
    }
    if let Some(overhead) = stats.overhead {
        parts.push(format!("overhead {overhead:.0} %"));
    }
    let line =
        Line::from(Span::styled(format!(" {} ", parts.join(" · ")), Style::new().fg(theme.text)));
    let width = (line.width() as u16).min(area.width.saturating_sub(9));
    let x = area.right().saturating_sub(width + 1);
    canvas.draw_line(&line, 0, Rect { x, width, ..area });
}
