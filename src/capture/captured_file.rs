//! [`Capture`]: what was in a file, whatever its format.

use crate::capture::stream::CapturedStream;
use crate::wire::Trace;

/// More oddities of one file than this are counted and not told one by one.
pub(super) const MAX_WARNINGS: usize = 50;

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureFormat {
    /// pcap or pcapng.
    Packets,
    /// Hex digits, of one direction or with `>` and `<` before each.
    Hex,
    /// What `wiretalk inspect --json` printed.
    Recording,
}

/// A file that was read.
#[derive(Debug)]
pub struct Capture<S = Trace> {
    pub(super) format: CaptureFormat,
    pub(super) packets: u64,
    pub(super) streams: Vec<CapturedStream<S>>,
    pub(super) warnings: Vec<String>,
}

impl<S> Capture<S> {
    /// What the file turned out to be.
    pub fn format(&self) -> CaptureFormat {
        self.format
    }

    /// How many packets it has, of whatever protocol; 0 for hex text and recordings.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// The connections in which something was said, in the order of their first packets.
    pub fn streams(&self) -> &[CapturedStream<S>] {
        &self.streams
    }

    /// As if a connection could not be read.
    #[cfg(test)]
    pub(crate) fn fail(&mut self, number: usize, why: &str) {
        let panic = crate::scope::CaughtPanic { location: None, message: why.to_owned() };
        self.streams[number].failed = Some(crate::capture::error::InternalError(panic));
    }

    /// The connections, for whoever wants to keep some of them.
    pub fn into_streams(self) -> Vec<CapturedStream<S>> {
        self.streams
    }

    /// What is odd about the file as a whole, in words: a truncated end, fragments, unknown link
    /// types.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
