//! [`LayerOutput`]: what the layers of a stream give to its receiver, and what they say about it.

use super::captured_stream::StreamStart;
use crate::capture::plaintext::PlaintextSink;
use crate::capture::sink::StreamSink;
use crate::capture::warnings::Warnings;
use crate::wire::Sides;

/// What the layers of a stream give.
#[derive(Debug)]
pub(super) struct LayerOutput<S> {
    pub(super) start: StreamStart,
    pub(super) plaintext: Option<PlaintextSink<S>>,
    /// For TLS, the number of streams of the capture that began before this one.
    pub(super) tls_began: Option<u64>,
    pub(super) warnings: Warnings,
    /// The number of layers that followed another.
    pub(super) layers: usize,
    /// Whether a side has sent what goes to the receiver.
    pub(super) has_sent: Sides<bool>,
}

impl<S> Default for LayerOutput<S> {
    fn default() -> Self {
        let start = StreamStart::Head;
        let (warnings, has_sent) = (Warnings::default(), Sides::default());
        Self { start, plaintext: None, tls_began: None, warnings, layers: 0, has_sent }
    }
}

impl<S: StreamSink> LayerOutput<S> {
    /// Passes on what is held back.
    pub(super) fn pass_on_held(&mut self) {
        if let Some(plaintext) = &mut self.plaintext {
            plaintext.pass_on_held();
        }
    }
}
