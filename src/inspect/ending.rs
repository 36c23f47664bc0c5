//! How a connection ended, in the words of the command line and of the screen.

use std::time::Duration;

use crate::capture::{CapturedStream, OpenEnd, RecordedEnd, Stall, StallKind, StreamEnding};
use crate::proxy::{BOTH_CLOSED_MESSAGE, ProxyError};
use crate::text;
use crate::wire::explain::describe_non_http;
use crate::wire::explain::reference::abnormal_closure;
use crate::wire::{Opcode, Side, Sides, Trace, TraceRow};

/// The silence before the end of a connection from which on it is worth telling.
pub(super) const LONG_SILENCE: Duration = Duration::from_secs(1);

/// A WebSocket that ended without a Close in both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AbnormalClosure {
    /// The description of its end, as a clause.
    pub(crate) how: String,
    /// The side that ended it, if that is known.
    pub(crate) by: Option<Side>,
    /// The sides that sent a Close; at most one.
    pub(crate) closes: Sides<bool>,
    /// The time without data before the end.
    pub(crate) silence: Duration,
    /// The time from the start of the connection to its end.
    pub(crate) age: Duration,
    /// What stood still before the end.
    pub(crate) stall: Option<Stall>,
    /// The side whose ping was not answered before it ended the connection, and how long it
    /// waited.
    pub(crate) unanswered_ping: Option<(Side, Duration)>,
}

impl AbnormalClosure {
    /// Returns how a connection of a capture ended; `None` if both sides sent a Close, if a Close
    /// may have been missed, or if no WebSocket was open.
    pub(crate) fn of_stream(stream: &CapturedStream<Trace>) -> Option<Self> {
        let Ending { text: how, is_clean: false } = how_tcp_ended(stream) else { return None };
        let StreamEnding { by, at: age, silence, .. } = stream.ending?;
        let closes = closes_of(&stream.trace);
        let (stall, unanswered_ping) = (stream.stall, unanswered_ping(stream));
        Some(Self { how, by: Some(by), closes, silence, age, stall, unanswered_ping })
    }

    /// Returns how a live connection failed at `age` since its start; `None` if both sides sent a
    /// Close, or if no WebSocket was open. `ending` is how TCP ended, if that was seen.
    pub(crate) fn of_trace(
        trace: &Trace,
        how: &str,
        age: Duration,
        ending: Option<StreamEnding>,
    ) -> Option<Self> {
        let closes = closes_of(trace);
        let is_abnormal = trace.is_open() && !(closes.client && closes.server);
        is_abnormal.then(|| Self {
            how: how.to_owned(),
            by: ending.map(|ending| ending.by),
            closes,
            silence: age.saturating_sub(last_activity(trace)),
            age,
            stall: None,
            unanswered_ping: None,
        })
    }

    /// Returns the likely causes as sentences: what the packets tell, or else what the times suggest.
    pub(crate) fn likely_cause(&self) -> String {
        match (self.stall, self.unanswered_ping) {
            (Some(Stall { by, kind, during }), _) => stall_cause(by, kind, during),
            (None, Some((by, waited))) => format!(
                "A ping of the {by} had no answer for {:.1} s, then the {by} ended the \
                 connection: its own ping timeout. The {} was gone or blocked, or something on the \
                 way held its pong back.",
                waited.as_secs_f64(),
                by.peer()
            ),
            (None, None) => abnormal_closure::likely_cause(self.silence, self.age),
        }
    }

    /// Returns which application sees code 1006, as a sentence.
    pub(crate) fn who_sees_it(&self) -> String {
        match self.closes {
            Sides { client: true, .. } => one_sided(Side::Client),
            Sides { server: true, .. } => one_sided(Side::Server),
            _ => "Neither side sent a Close, so both applications see code 1006.".to_owned(),
        }
    }
}

/// Returns the likely cause of an end after a stall, as sentences.
fn stall_cause(by: Side, kind: StallKind, during: Duration) -> String {
    let seconds = during.as_secs_f64();
    match kind {
        StallKind::Unacknowledged(count) => format!(
            "The last data of the {by} was sent {} more in {seconds:.1} s and never acknowledged: \
             the network was lost, or it dropped segments of this size, as where a smaller MTU on \
             the way cannot be discovered because ICMP is filtered.",
            text::units::count(count.into(), "time")
        ),
        StallKind::UnansweredProbes(count) => format!(
            "The {by} asked {} in {seconds:.1} s whether its peer was still there (TCP keep-alive), \
             without an answer: the {} or the network was gone, or something on the way had \
             forgotten the connection.",
            text::units::count(count.into(), "time"),
            by.peer()
        ),
        StallKind::ZeroWindow => format!(
            "The {by} had no room for more data for {seconds:.1} s (TCP window 0): its application \
             did not read, so the {} could send nothing.",
            by.peer()
        ),
    }
}

/// Returns what the applications see if only `side` sent a Close (RFC 6455 section 7.1.5).
fn one_sided(side: Side) -> String {
    let peer = side.peer();
    format!(
        "Only the {side} sent a Close. The {peer} sees its code if it arrived; the {side} got none \
         and sees 1006."
    )
}

fn sent_close(trace: &Trace, side: Side) -> bool {
    let is_close = |row: &&TraceRow| row.from() == side && row.is_close();
    trace.rows().iter().rev().any(|row| is_close(&row) && row.header().is_close())
}

/// Returns which sides have sent a Close.
pub(crate) fn closes_of(trace: &Trace) -> Sides<bool> {
    Sides::each(|side| sent_close(trace, side))
}

/// Returns when the last bytes arrived, since the start of the connection.
pub(crate) fn last_activity(trace: &Trace) -> Duration {
    let arrival = trace.arrivals().all().last().map(crate::wire::Arrival::time);
    let row = trace.rows().last().map(TraceRow::completed_at);
    // Arrivals are bounded, so the last frame may be later than the last of them.
    arrival.max(row).unwrap_or_default()
}

/// Whether bytes after the last frame of a side were not captured, which may have held its Close.
fn may_have_lost_close(stream: &CapturedStream<Trace>, side: Side) -> bool {
    let trace = &stream.trace;
    let last = trace.rows().iter().rev().find(|row| row.from() == side);
    let end = last.map(|row| trace.stream_offset(side, row.offset()) + row.len());
    let is_after = |offset| end.is_none_or(|end| offset >= end);
    stream
        .gaps
        .iter()
        .any(|gap| gap.from == side && gap.filled < gap.missing && is_after(gap.offset))
}

/// The end of a connection of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The side that ended it and how, as a clause.
    pub(crate) text: String,
    /// Whether no WebSocket was cut off: both sides sent a Close as far as that is known, or the
    /// connection was still open.
    pub(crate) is_clean: bool,
}

/// Returns how a connection of a capture ended.
pub(crate) fn how_it_ended(stream: &CapturedStream<Trace>) -> Ending {
    let ending = how_tcp_ended(stream);
    let has_ended = stream.ending.is_some() || stream.open_end != OpenEnd::StillOpen;
    let refusal = stream.refusal.clone();
    let refusal = refusal.or_else(|| stream.tls.failed_handshake(has_ended));
    match (refusal.or_else(|| non_http_answer(&stream.trace)), &stream.recorded_end) {
        (Some(why), _) => Ending { text: format!("{why}; {}", ending.text), is_clean: false },
        // Of a connection without data, the words of the recording are all there is.
        (None, Some(RecordedEnd { is_clean: false, why, .. })) if stream.store.is_empty() => {
            Ending { text: why.clone(), is_clean: false }
        }
        (None, _) => ending,
    }
}

/// Returns that the answer to an attempt to open a WebSocket is no HTTP, as a clause.
pub(crate) fn non_http_answer(trace: &Trace) -> Option<String> {
    let what = describe_non_http(trace.non_http_answer()?);
    Some(format!("the answer to the handshake is not HTTP: {what}"))
}

/// Returns how the connection itself ended, whatever it carried.
fn how_tcp_ended(stream: &CapturedStream<Trace>) -> Ending {
    let clean = |text: String| Ending { text, is_clean: true };
    let Some(ending) = stream.ending else {
        if let Some(RecordedEnd { is_clean, why, .. }) = &stream.recorded_end {
            return Ending { text: why.clone(), is_clean: *is_clean };
        }
        let text = match stream.open_end {
            OpenEnd::StillOpen if stream.addresses.is_none() => "end of the capture".to_owned(),
            OpenEnd::StillOpen => "end of the capture, the connection was still open".to_owned(),
            OpenEnd::PortsReused(after) => format!(
                "its end was not captured: the ports were used for another connection {:.1} s \
                 after the last data",
                after.as_secs_f64()
            ),
        };
        return clean(text + &before_the_end(stream));
    };
    let is_open = stream.trace.is_open() && !stream.is_unopened_http2();
    let closes = closes_of(&stream.trace);
    let is_unknown = |side: &Side| !closes[*side] && may_have_lost_close(stream, *side);
    if is_open && let Some(side) = [Side::Client, Side::Server].into_iter().find(is_unknown) {
        let why = if stream.tls.is_unread(side) { "decrypted" } else { "captured" };
        return clean(format!(
            "{}; bytes before the end were not {why}, a Close may be among them",
            tcp_ending(ending)
        ));
    }
    let Ending { text, is_clean } = describe_ending(ending, is_open.then_some(closes));
    let before = if is_clean { String::new() } else { before_the_end(stream) };
    Ending { text: text + &before, is_clean }
}

/// Returns what stood still before the end of a connection, as a clause; empty if nothing did.
fn before_the_end(stream: &CapturedStream<Trace>) -> String {
    if let Some(Stall { by, kind, during }) = stream.stall {
        let seconds = during.as_secs_f64();
        return match kind {
            StallKind::Unacknowledged(count) => format!(
                "; the {by} had sent its last data {} more in {seconds:.1} s, and nothing was \
                 acknowledged",
                text::units::count(count.into(), "time")
            ),
            StallKind::UnansweredProbes(count) => format!(
                "; {} of the {by} in {seconds:.1} s had no answer",
                text::units::count(count.into(), "keep-alive probe")
            ),
            StallKind::ZeroWindow => {
                format!("; for {seconds:.1} s the {by} had no room for more data (window 0)")
            }
        };
    }
    unanswered_ping(stream).map_or_else(String::new, |(by, waited)| {
        format!("; a ping of the {by} had no answer for {:.1} s", waited.as_secs_f64())
    })
}

/// Returns the side whose ping was not answered before it ended the connection, and how long it
/// waited.
fn unanswered_ping(stream: &CapturedStream<Trace>) -> Option<(Side, Duration)> {
    let StreamEnding { by, at, .. } = stream.ending?;
    let mut rows = stream.trace.rows().iter().rev();
    let last_of_side = rows.by_ref().take_while(|row| row.from() == by);
    let ping = last_of_side.filter(|row| row.header().opcode == Opcode::Ping).last()?;
    let waited = at.checked_sub(ping.completed_at())?;
    (waited >= LONG_SILENCE).then_some((by, waited))
}

/// Returns how a connection ended. `closes` says which sides of a WebSocket have sent a Close; it
/// is `None` if no WebSocket was open.
pub(crate) fn describe_ending(ending: StreamEnding, closes: Option<Sides<bool>>) -> Ending {
    let text = tcp_ending(ending);
    let (text, is_clean) = match closes.map(|closes| (closes.client, closes.server)) {
        None => (text, true),
        Some((true, true)) => (text + ", after the closing handshake", true),
        Some((false, false)) => (text + ", without a Close: applications see code 1006", false),
        Some((client, _)) => {
            let side = if client { Side::Client } else { Side::Server };
            (text + &format!(", after a Close of the {side} only"), false)
        }
    };
    Ending { text, is_clean }
}

/// Returns how a proxied connection ended. `ending` is how TCP ended, if that was seen.
pub(crate) fn proxied_end(result: &Result<(), ProxyError>, ending: Option<Ending>) -> Ending {
    match (result, ending) {
        (Ok(()), Some(ending)) => ending,
        (Ok(()), None) => Ending { text: BOTH_CLOSED_MESSAGE.to_owned(), is_clean: true },
        (Err(error), Some(Ending { text, .. })) if error.reset_by().is_some() => {
            Ending { text, is_clean: false }
        }
        (Err(error), _) => Ending { text: error.to_string(), is_clean: false },
    }
}

/// Describes the time without data before the server ended a connection of our own, as a clause; empty
/// if it is not worth telling.
pub(crate) fn silence_of_server(ending: StreamEnding) -> String {
    if ending.by == Side::Client || ending.silence < LONG_SILENCE {
        return String::new();
    }
    format!("; before that, {:.1} s without data", ending.silence.as_secs_f64())
}

/// Returns which side ended TCP, or its stream of HTTP/2, and how.
fn tcp_ending(ending: StreamEnding) -> String {
    let StreamEnding { by, is_reset, is_reset_after, silence, .. } = ending;
    let mut text = format!("the {by} {}", ending.action());
    if silence >= LONG_SILENCE {
        text += &format!(" after {:.1} s without data", silence.as_secs_f64());
    }
    if is_reset_after && !is_reset {
        text += ", which was reset (RST) later";
    }
    text
}

/// Returns a word or two about a connection whose end was not captured, for lists.
pub(crate) fn open_end_name(open_end: OpenEnd) -> &'static str {
    match open_end {
        OpenEnd::StillOpen => "open",
        OpenEnd::PortsReused(_) => "end not captured",
    }
}

/// Returns how a connection of a capture ended in a few words, for a status line.
pub(crate) fn short_ending(stream: &CapturedStream<Trace>) -> Option<String> {
    let Some(ending) = stream.ending else {
        if !stream.is_over {
            return Some("open so far".to_owned());
        }
        if let Some(recorded) = &stream.recorded_end {
            return Some(recorded.why.clone());
        }
        return stream.addresses.map(|_| match stream.open_end {
            OpenEnd::StillOpen => "open at the end of the capture".to_owned(),
            OpenEnd::PortsReused(_) => "end not captured".to_owned(),
        });
    };
    let packet = ending.name().to_ascii_uppercase();
    let after = if ending.silence >= LONG_SILENCE {
        format!(" after {:.1} s", ending.silence.as_secs_f64())
    } else {
        String::new()
    };
    let closes = match AbnormalClosure::of_stream(stream).map(|closure| closure.closes) {
        None => "",
        Some(Sides { client: true, .. }) => ", no Close by server",
        Some(Sides { server: true, .. }) => ", no Close by client",
        Some(_) => ", no Close",
    };
    Some(format!("{packet} by {}{after}{closes}", ending.by))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_a_sentence() {
        let ending = StreamEnding {
            by: Side::Server,
            is_reset: false,
            is_reset_after: true,
            at: Duration::from_secs(3),
            silence: Duration::from_millis(2_500),
            http2_code: None,
        };
        assert_eq!(silence_of_server(ending), "; before that, 2.5 s without data");
        let closes = |client, server| Some(Sides { client, server });
        for (closes, text, is_clean) in [
            (None, "", true),
            (closes(false, false), ", without a Close: applications see code 1006", false),
            (closes(true, false), ", after a Close of the client only", false),
            (closes(true, true), ", after the closing handshake", true),
        ] {
            let text = format!(
                "the server ended the connection (FIN) after 2.5 s without data, which was reset \
                 (RST) later{text}"
            );
            assert_eq!(describe_ending(ending, closes), Ending { text, is_clean });
        }
    }

    #[test]
    fn a_proxied_connection_ends_as_its_peers_ended_it() {
        let ending = |text: &str, is_clean| Ending { text: text.to_owned(), is_clean };
        assert_eq!(proxied_end(&Ok(()), Some(ending("x", false))), ending("x", false));
        let source = std::io::ErrorKind::ConnectionReset.into();
        let reset = Err(ProxyError::Broken { side: Side::Client, source });
        assert_eq!(proxied_end(&reset, Some(ending("x", true))), ending("x", false));
        let by_hand = Err(ProxyError::Reset);
        let expected = ending("reset by hand", false);
        assert_eq!(proxied_end(&by_hand, Some(ending("x", true))), expected);
    }
}
