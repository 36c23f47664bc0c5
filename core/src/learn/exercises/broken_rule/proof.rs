//! [`Proof`]: what is wrong with an exhibit, of frames or of a response, and the bytes that prove it.

use std::ops::Range;

use crate::learn::exercise::Exhibit;
use crate::learn::exercises::broken_rule::evidence::Evidence;
use crate::learn::exercises::broken_rule::response_evidence::ResponseEvidence;
use crate::sloppy::BrokenRule;

/// The one thing that is wrong with an exhibit.
#[derive(Debug)]
pub(super) enum Proof {
    /// A fault of frames.
    Frames(Box<Evidence>),
    /// A problem of a response.
    Response(ResponseEvidence),
}

impl Proof {
    /// Decodes an exhibit. `None` if not exactly one thing is wrong with it.
    pub(super) fn find(exhibit: &Exhibit) -> Option<Self> {
        let frames = Evidence::find(exhibit).map(|evidence| Self::Frames(Box::new(evidence)));
        frames.or_else(|| ResponseEvidence::find(exhibit).map(Self::Response))
    }

    /// Returns the rule that is broken.
    pub(super) fn broken_rule(&self) -> BrokenRule {
        match self {
            Self::Frames(evidence) => BrokenRule::Frames(evidence.fault.code),
            Self::Response(evidence) => BrokenRule::Handshake(evidence.problem.code),
        }
    }

    /// Returns the bytes that prove it, any of which may be pointed at.
    pub(super) fn span(&self) -> Range<usize> {
        match self {
            Self::Frames(evidence) => evidence.span.clone(),
            Self::Response(evidence) => evidence.bytes_of(evidence.line),
        }
    }

    /// Returns the number of bytes of the exhibit.
    pub(super) fn byte_count(&self) -> usize {
        match self {
            Self::Frames(evidence) => evidence.bytes.len(),
            Self::Response(evidence) => evidence.bytes_of(evidence.lines.len()).end,
        }
    }

    /// Returns what is pointed at: a byte or a line.
    pub(super) fn unit(&self) -> &'static str {
        match self {
            Self::Frames(_) => "byte",
            Self::Response(_) => "line",
        }
    }

    /// Returns a byte with what it belongs to, or its line with the name of that.
    pub(super) fn place_of(&self, byte: usize) -> String {
        match self {
            Self::Frames(evidence) => {
                let frame = evidence.frame_at(byte);
                let frame = frame.map_or(0, |frame| frame.frame_number.saturating_add(1));
                let fields = evidence.fields_at(byte);
                let fields: Vec<String> = fields
                    .iter()
                    .map(|span| format!("{} {}", span.field.name(), span.value))
                    .collect();
                format!("byte {byte} (frame {frame}, {})", fields.join(", "))
            }
            Self::Response(evidence) => {
                evidence.line_at(byte).map_or_else(String::new, |line| evidence.name_of(line))
            }
        }
    }

    /// Returns the number of a byte and its value, or of its line and the name of that.
    pub(super) fn value_at(&self, byte: usize) -> String {
        match self {
            Self::Frames(evidence) => {
                let value = evidence.bytes.get(byte).copied().unwrap_or_default();
                format!("{byte} (0x{value:02x})")
            }
            Self::Response(evidence) => {
                let name = evidence.line_at(byte).map(|line| evidence.name_of(line));
                name.unwrap_or_default().trim_start_matches("line ").to_owned()
            }
        }
    }

    /// Returns what is wrong, in a clause.
    pub(super) fn finding(&self) -> String {
        let (summary, detail) = match self {
            Self::Frames(evidence) => {
                (evidence.fault.summary().to_string(), evidence.fault.detail.to_string())
            }
            Self::Response(evidence) => {
                (evidence.problem.code.rule().summary.to_owned(), evidence.detail.clone())
            }
        };
        if detail.is_empty() { summary } else { format!("{summary} ({detail})") }
    }

    /// Returns the reason for the rule that is broken.
    pub(super) fn rationale(&self) -> &'static str {
        match self.broken_rule() {
            BrokenRule::Frames(code) => code.rule().rationale,
            BrokenRule::Handshake(code) => code.rule().rationale,
            BrokenRule::Silence => "",
        }
    }

    /// Returns the beginning of a sentence that denies something of the exhibit.
    pub(super) fn does_not(&self) -> &'static str {
        match self {
            Self::Frames(_) => "these bytes don't",
            Self::Response(_) => "this response doesn't",
        }
    }
}
