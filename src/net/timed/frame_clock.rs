//! [`FrameClock`]: decides when an unfinished frame is late. It is given the bytes with their
//! times, and reads no clock itself. It only finds where frames end, and validates nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::net::add_clamped;
use crate::net::timed::timeout::Timeout;
use crate::wire::Header;

/// The maximum length of a frame header in bytes (RFC 6455 section 5.2).
const MAX_HEADER: usize = 14;

/// A frame or request that is arriving and incomplete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    began: Instant,
    last: Instant,
    received: u64,
}

impl Progress {
    /// Starts with the first `count` bytes, which arrived at `now`.
    pub(crate) fn begin(count: usize, now: Instant) -> Self {
        Self { began: now, last: now, received: count as u64 }
    }

    /// Adds `count` bytes that arrived at `now`.
    pub(crate) fn add(&mut self, count: usize, now: Instant) {
        self.last = now;
        self.received = self.received.saturating_add(count as u64);
    }

    /// Goes on at `now` after a time in which nobody read: what has passed since the last byte is
    /// left out.
    fn resume(&mut self, now: Instant) {
        let unread = now.saturating_duration_since(self.last);
        self.began = add_clamped(self.began, unread);
        self.last = self.last.max(now);
    }

    /// Returns when it is late: when nothing has arrived for [`Pace::still`], or when the whole is
    /// slower than [`Pace::min_rate`].
    pub(crate) fn deadline(&self, pace: Pace) -> Instant {
        let still = add_clamped(self.last, pace.still);
        match self.slow(pace) {
            Some(slow) => still.min(slow),
            None => still,
        }
    }

    fn slow(&self, pace: Pace) -> Option<Instant> {
        let millis = self.received.saturating_mul(1000).checked_div(pace.min_rate)?;
        // As in Apache's mod_reqtimeout: a grace period, plus the time that the received bytes may
        // take.
        Some(add_clamped(self.began, pace.still.saturating_add(Duration::from_millis(millis))))
    }

    /// Returns the error once it is late, with the least number of bytes that are missing. The limit
    /// that was reached first names the reason.
    pub(crate) fn timeout(&self, pace: Pace, more: u64) -> Timeout {
        if self.deadline(pace) < add_clamped(self.last, pace.still) {
            Timeout::SlowFrame { rate: pace.min_rate, more }
        } else {
            Timeout::StillFrame { limit: pace.still, more }
        }
    }
}

/// The required pace of something that is arriving.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The longest time without a byte of it.
    pub(crate) still: Duration,
    /// The minimum rate in bytes per second; 0 for none.
    pub(crate) min_rate: u64,
}

/// Follows the frames of one direction of a WebSocket through the bytes that a socket delivers.
#[derive(Debug)]
pub(crate) struct FrameClock {
    pace: Pace,
    header: [u8; MAX_HEADER],
    /// The number of header bytes that have arrived; 0 once the header is complete.
    have: u8,
    /// The number of payload bytes that are still to come.
    left: u64,
    progress: Option<Progress>,
}

impl FrameClock {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, header: [0; MAX_HEADER], have: 0, left: 0, progress: None }
    }

    /// Takes the next bytes. `now` is called only if they leave a frame unfinished, so complete
    /// frames cost no reading of the clock.
    pub(crate) fn push(&mut self, bytes: &[u8], now: impl FnOnce() -> Instant) {
        let mut rest = bytes;
        // Counts only bytes of the last frame: earlier ones in this piece are complete.
        let mut of_frame = 0;
        while !rest.is_empty() {
            let count = if self.left > 0 { self.payload(rest) } else { self.head(rest) };
            of_frame = count.saturating_add(of_frame);
            rest = rest.get(count..).unwrap_or_default();
            if !self.is_inside() {
                self.progress = None;
                of_frame = 0;
            }
        }
        if of_frame > 0 {
            let now = now();
            match &mut self.progress {
                Some(progress) => progress.add(of_frame, now),
                none => *none = Some(Progress::begin(of_frame, now)),
            }
        }
    }

    /// Goes on after a time in which nobody read, which the sender is not to blame for. `now` is
    /// called only within a frame.
    pub(crate) fn resume(&mut self, now: impl FnOnce() -> Instant) {
        if let Some(progress) = &mut self.progress {
            progress.resume(now());
        }
    }

    fn payload(&mut self, bytes: &[u8]) -> usize {
        let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        self.left = self.left.saturating_sub(count as u64);
        count
    }

    fn head(&mut self, bytes: &[u8]) -> usize {
        let have = usize::from(self.have);
        let missing = Header::required_len(self.begun()).saturating_sub(have);
        for (place, byte) in self.header.iter_mut().skip(have).zip(bytes.iter().take(missing)) {
            *place = *byte;
            self.have = self.have.saturating_add(1);
        }
        if let Ok(header) = Header::parse(self.begun()) {
            self.have = 0;
            self.left = header.payload_len.get();
        }
        missing.min(bytes.len())
    }

    /// Returns the header bytes that have arrived.
    fn begun(&self) -> &[u8] {
        self.header.get(..usize::from(self.have)).unwrap_or_default()
    }

    fn is_inside(&self) -> bool {
        self.have > 0 || self.left > 0
    }

    /// Returns when the unfinished frame is late; `None` between two frames.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.progress.map(|progress| progress.deadline(self.pace))
    }

    /// Returns the error for the unfinished frame.
    pub(crate) fn timeout(&self) -> Timeout {
        let header = self.begun();
        let more = match self.have {
            0 => self.left,
            _ => Header::required_len(header).saturating_sub(header.len()) as u64,
        };
        match &self.progress {
            Some(progress) => progress.timeout(self.pace, more),
            None => Timeout::StillFrame { limit: self.pace.still, more },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::frame::encode;
    use crate::wire::{AgreedExtensions, Decoder, Opcode, Side};

    const KEY: [u8; 4] = [1, 2, 3, 4];

    fn pace(min_rate: u64) -> Pace {
        Pace { still: Duration::from_secs(10), min_rate }
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_frame_may_pause_up_to_the_timeout_and_a_pause_between_frames_is_unlimited() {
        let start = Instant::now();
        let mut clock = FrameClock::new(pace(1));
        let hello = encode::single_frame(Opcode::Text, b"Hello", Some(KEY));
        clock.push(&[&hello[..], &hello, &hello[..1]].concat(), || start);
        assert_eq!(clock.deadline(), Some(start + seconds(10)));
        assert_eq!(clock.timeout(), Timeout::StillFrame { limit: seconds(10), more: 1 });
        clock.push(&hello[1..10], || start + seconds(3));
        assert_eq!(clock.deadline(), Some(start + seconds(13)));
        assert_eq!(
            clock.timeout().to_string(),
            "a frame stalled for 10 s, at least 1 bytes before its end"
        );
        clock.push(&hello[10..], || panic!("nobody needs to know when"));
        assert_eq!(clock.deadline(), None);
    }

    #[test]
    fn a_byte_a_second_is_too_slow_whatever_the_frame_claims() {
        let start = Instant::now();
        let header = Header { masking_key: Some(KEY), ..Header::new(Opcode::Binary, 1 << 20) };
        let mut clock = FrameClock::new(pace(4096));
        clock.push(&header.to_bytes(), || start);
        let late = (1..100).find(|second| {
            clock.push(&[0], || start + seconds(*second));
            clock.deadline() < Some(start + seconds(second + 1))
        });
        assert_eq!(late, Some(10));
        assert!(matches!(clock.timeout(), Timeout::SlowFrame { rate: 4096, .. }));
    }

    #[test]
    fn a_frame_at_the_minimum_rate_may_take_as_long_as_it_needs() {
        let start = Instant::now();
        let header = Header { masking_key: Some(KEY), ..Header::new(Opcode::Binary, 1 << 20) };
        let mut clock = FrameClock::new(pace(4096));
        clock.push(&header.to_bytes(), || start);
        for second in 1..=256 {
            let now = start + seconds(second);
            assert!(clock.deadline() > Some(now), "{second}");
            clock.push(&[0; 4096], || now);
        }
        assert_eq!(clock.deadline(), None, "it is complete");
    }

    #[test]
    fn extreme_claims_and_limits_do_not_overflow() {
        let start = Instant::now();
        let header = Header { masking_key: Some(KEY), ..Header::new(Opcode::Binary, u64::MAX) };
        let mut clock = FrameClock::new(Pace { still: Duration::MAX, min_rate: 1 });
        clock.push(&header.to_bytes(), || start);
        clock.push(&[0; 1000], || start);
        assert!(clock.deadline() > Some(start + Duration::from_hours(24)));
        let mut still = FrameClock::new(pace(0));
        still.push(&header.to_bytes(), || start);
        assert_eq!(still.deadline(), Some(start + seconds(10)), "0 means no minimum rate");
    }

    #[test]
    fn a_time_in_which_nobody_read_counts_for_neither_limit() {
        let start = Instant::now();
        let header = Header { masking_key: Some(KEY), ..Header::new(Opcode::Binary, 1 << 20) };
        let mut clock = FrameClock::new(pace(1));
        clock.resume(|| panic!("no frame has begun"));
        clock.push(&header.to_bytes(), || start);
        clock.push(&[0; 6], || start + seconds(5));
        clock.resume(|| start + seconds(1_005));
        assert_eq!(clock.deadline(), Some(start + seconds(1_015)), "still for 10 s");
        clock.push(&[0; 1], || start + seconds(1_014));
        assert_eq!(clock.deadline(), Some(start + seconds(1_024)), "still for 10 s");
        clock.push(&[0; 1], || start + seconds(1_023));
        assert_eq!(clock.deadline(), Some(start + seconds(1_032)), "22 bytes and the grace period");
        clock.resume(|| start);
        assert_eq!(clock.deadline(), Some(start + seconds(1_032)), "time does not run backwards");
    }

    proptest! {
        /// However the bytes are split and whatever they are, it is within a frame exactly when the
        /// decoder is.
        #[test]
        fn it_agrees_with_the_decoder(
            payloads in proptest::collection::vec((0_usize..300, any::<bool>()), 0..6),
            noise in proptest::collection::vec(any::<u8>(), 0..40),
            chunk in 1_usize..50,
        ) {
            let frame = |(length, masked): &(usize, bool)| {
                encode::single_frame(Opcode::Binary, &vec![0; *length], masked.then_some(KEY))
            };
            let bytes = [payloads.iter().flat_map(frame).collect(), noise].concat();
            let mut decoder = Decoder::new(Side::Client, AgreedExtensions::none());
            let mut clock = FrameClock::new(pace(1));
            for piece in bytes.chunks(chunk) {
                let mut rest = piece;
                while decoder.next_event(&mut rest).is_some() {}
                clock.push(piece, Instant::now);
                // A claim of 2^63 bytes never ends for the clock; the decoder says that it needs
                // nothing.
                let impossible = clock.left > u64::MAX / 4;
                prop_assert!(impossible || clock.deadline().is_some() == decoder.needed().is_some());
            }
        }
    }
}
