//! [`Capture`]: the content of a file, whatever its format.

use std::time::Duration;

use crate::capture::stream::CapturedStream;
use crate::wire::Trace;

/// The maximum number of warnings about one file. Further ones are only counted.
pub(super) const MAX_WARNINGS: usize = 50;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureFormat {
    /// pcap or pcapng.
    Packets,
    /// Bytes as text, of one direction or with `>` and `<` before each.
    Text,
    /// The output of `wiretalk inspect --json`.
    Recording,
    /// A HAR of a browser.
    Har,
    /// A network log of Chrome.
    NetLog,
    /// A flow file of mitmproxy.
    Mitmproxy,
    /// The output of wscat or websocat.
    ClientLog,
    /// The output of `curl --trace`.
    CurlTrace,
}

/// The times of the first and the last packet in a file, since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaptureSpan {
    /// When the first packet was captured. A later one may be older, if they are not in order.
    pub start: Duration,
    /// When the newest packet was captured.
    pub end: Duration,
}

impl CaptureSpan {
    /// Returns the span of a file with `span` so far and one more packet.
    pub(super) fn extended(span: Option<Self>, at: Duration) -> Self {
        let Self { start, end } = span.unwrap_or(Self { start: at, end: at });
        Self { start, end: end.max(at) }
    }
}

/// A file that was read.
#[derive(Debug)]
pub struct Capture<S = Trace> {
    pub(super) format: CaptureFormat,
    pub(super) packets: u64,
    pub(super) span: Option<CaptureSpan>,
    pub(super) streams: Vec<CapturedStream<S>>,
    pub(super) warnings: Vec<String>,
}

impl<S> Capture<S> {
    /// Returns the format that was detected.
    pub fn format(&self) -> CaptureFormat {
        self.format
    }

    /// Returns the number of packets of any protocol; 0 for hex text and recordings.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Returns when the first and the last packet of any protocol were captured; of a recording of
    /// packets, as far as it says that. `None` for other files.
    pub fn span(&self) -> Option<CaptureSpan> {
        self.span
    }

    /// Returns the connections that carried data, in the order of their first packets.
    pub fn streams(&self) -> &[CapturedStream<S>] {
        &self.streams
    }

    /// Marks a connection as one that could not be read.
    #[cfg(test)]
    pub(crate) fn fail(&mut self, number: usize, why: &str) {
        let panic = crate::scope::CaughtPanic { location: None, message: why.to_owned() };
        self.streams[number].failed = Some(crate::capture::error::InternalError(panic));
    }

    /// Adds a warning about the file as a whole, if there is one.
    pub(crate) fn add_warning(&mut self, warning: Option<String>) {
        self.warnings.extend(warning);
    }

    /// Returns the connections by value.
    pub fn into_streams(self) -> Vec<CapturedStream<S>> {
        self.streams
    }

    /// Returns the warnings about the file as a whole: a truncated end, fragments, unknown link
    /// types.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
