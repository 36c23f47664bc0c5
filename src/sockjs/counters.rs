//! [`Counters`]: what a service has done so far, for metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use wiretalk_core::sockjs::session::CloseCause;

/// The counters of a service, which go on while they are read.
#[derive(Debug, Default)]
pub(super) struct Counters {
    opened: AtomicU64,
    forgotten: AtomicU64,
    refused: AtomicU64,
    closed: [AtomicU64; CloseCause::ALL.len()],
    messages_in: AtomicU64,
    messages_out: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CounterValues {
    /// Sessions that the server keeps: open ones, and closed ones whose close is still repeated.
    pub sessions: u64,
    /// Sessions that were opened, in all.
    pub opened: u64,
    /// Sessions that were refused because of a limit or a shutdown.
    pub refused: u64,
    /// Sessions that were closed, by cause, in the order of [`CloseCause::ALL`].
    pub closed: [u64; CloseCause::ALL.len()],
    /// Messages of clients.
    pub messages_in: u64,
    /// Messages that receivers took.
    pub messages_out: u64,
    /// Bytes of clients' messages, as UTF-8.
    pub bytes_in: u64,
    /// Bytes of frames, without what transports put around them.
    pub bytes_out: u64,
}

impl CounterValues {
    /// Returns how many sessions were closed for this cause.
    pub fn closed_by(&self, cause: CloseCause) -> u64 {
        let mut causes = CloseCause::ALL.into_iter().zip(self.closed);
        causes.find(|(other, _)| *other == cause).map_or(0, |(_, count)| count)
    }
}

impl Counters {
    pub(super) fn values(&self) -> CounterValues {
        let (opened, forgotten) = (self.opened.load(Relaxed), self.forgotten.load(Relaxed));
        CounterValues {
            sessions: opened.saturating_sub(forgotten),
            opened,
            refused: self.refused.load(Relaxed),
            closed: self.closed.each_ref().map(|count| count.load(Relaxed)),
            messages_in: self.messages_in.load(Relaxed),
            messages_out: self.messages_out.load(Relaxed),
            bytes_in: self.bytes_in.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
        }
    }

    pub(super) fn opened(&self) {
        self.opened.fetch_add(1, Relaxed);
    }

    pub(super) fn forgotten(&self) {
        self.forgotten.fetch_add(1, Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn closed(&self, cause: CloseCause) {
        for (other, count) in CloseCause::ALL.into_iter().zip(&self.closed) {
            if other == cause {
                count.fetch_add(1, Relaxed);
            }
        }
    }

    pub(super) fn received(&self, messages: u64, bytes: u64) {
        self.messages_in.fetch_add(messages, Relaxed);
        self.bytes_in.fetch_add(bytes, Relaxed);
    }

    pub(super) fn sent(&self, messages: u64, bytes: u64) {
        self.messages_out.fetch_add(messages, Relaxed);
        self.bytes_out.fetch_add(bytes, Relaxed);
    }
}
