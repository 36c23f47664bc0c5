//! [`Capture`]: the content of a file, whatever its format.

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

/// A file that was read.
#[derive(Debug)]
pub struct Capture<S = Trace> {
    pub(super) format: CaptureFormat,
    pub(super) packets: u64,
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
