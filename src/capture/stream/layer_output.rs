//! [`LayerOutput`]: what the layers of a stream give to its receiver, and what they say about it.

use std::time::Duration;

use super::captured_stream::StreamStart;
use super::detect::ProxyNote;
use crate::capture::plaintext::PlaintextSink;
use crate::capture::sink::StreamSink;
use crate::capture::warnings::Warnings;
use crate::wire::format::byte_count;
use crate::wire::{ByteLen, Side, Sides};

/// What the layers of a stream give.
#[derive(Debug)]
pub(super) struct LayerOutput<S> {
    pub(super) start: StreamStart,
    pub(super) plaintext: Option<PlaintextSink<S>>,
    /// For TLS, the number of streams of the capture that began before this one.
    pub(super) tls_began: Option<u64>,
    pub(super) warnings: Warnings,
    /// Why a proxy carried nothing.
    pub(super) refusal: Option<String>,
    /// The number of layers that followed another.
    pub(super) layers: usize,
    /// Whether a side has sent what goes to the receiver.
    pub(super) has_sent: Sides<bool>,
    /// Whether the first bytes of a side may be missing.
    pub(super) lacks_beginning: Sides<bool>,
    /// Whether a copy says where frames begin.
    pub(super) knows_frames: bool,
    /// The bytes of a side that are missing before anything was captured, and when that was known.
    pub(super) missing_before: Sides<Option<(Duration, ByteLen)>>,
}

impl<S> Default for LayerOutput<S> {
    fn default() -> Self {
        let start = StreamStart::Head;
        let (has_sent, lacks_beginning) = (Sides::default(), Sides::default());
        let (plaintext, tls_began, warnings) = (None, None, Warnings::default());
        Self {
            start,
            plaintext,
            tls_began,
            warnings,
            refusal: None,
            layers: 0,
            has_sent,
            lacks_beginning,
            knows_frames: false,
            missing_before: Sides::default(),
        }
    }
}

impl<S: StreamSink> LayerOutput<S> {
    /// Notes that bytes of a side are missing; `end` says what that causes.
    pub(super) fn warn_missing(&mut self, from: Side, missing: ByteLen, end: &str) {
        let (bytes, whose) = (byte_count(missing), from.name());
        let are = if missing.get() == 1 { "is" } else { "are" };
        self.warnings.warn(format!("{bytes} of the {whose} {are} missing in the capture{end}"));
    }

    /// Searches frames where they are lost from now on.
    pub(super) fn search_frames(&mut self) {
        self.knows_frames = false;
        if let Some(plaintext) = &mut self.plaintext {
            plaintext.search_frames();
        }
    }

    /// Warns of a comment that says what cannot be.
    pub(super) fn warn_of_comment(&mut self) {
        let text = "a comment on where bytes are missing or frames begin is wrong, and is ignored";
        self.warnings.warn(text.to_owned());
    }

    /// Says what a proxy did.
    pub(super) fn note_proxy(&mut self, note: ProxyNote) {
        if note.is_refusal {
            self.refusal = Some(note.text.clone());
        }
        self.warnings.warn(note.text);
    }

    /// Takes bytes of a side that are missing before anything was captured.
    pub(super) fn add_missing_before(&mut self, from: Side, at: Duration, missing: ByteLen) {
        let before = &mut self.missing_before[from];
        let (at, known) = before.unwrap_or((at, ByteLen::ZERO));
        *before = Some((at, known + missing));
    }

    /// Tells of the bytes that are missing before all others. If nothing else was captured, they are all
    /// that is known of the stream.
    pub(super) fn tell_missing_before(&mut self, is_empty: bool) {
        for from in [Side::Client, Side::Server] {
            let Some((at, missing)) = self.missing_before[from].take() else { continue };
            match self.plaintext.as_mut().filter(|_| is_empty) {
                Some(plaintext) => drop(plaintext.push_gap(from, at, missing)),
                None => self.warn_missing(from, missing, ""),
            }
        }
    }

    /// Passes on what is held back.
    pub(super) fn pass_on_held(&mut self) {
        if let Some(plaintext) = &mut self.plaintext {
            plaintext.pass_on_held();
        }
    }
}
