//! [`PacketComment`]: what a file of `--write` says in comments of packets, because no header can.
//! People read them in Wireshark; [`PacketComments`] reads them again.

use std::fmt::{self, Display, Formatter};

use crate::capture::packets::byte_order::ByteOrder;
use crate::wire::AgreedExtensions;
use crate::wire::decode::Resumption;

/// The code of a comment among the options of a block, and that of the end of the options.
pub(in crate::capture) const COMMENT_OPTION: u16 = 1;
const END_OF_OPTIONS: u16 = 0;

const PREFIX: &str = "wiretalk: ";
const MIDWAY: &str = "first packet of the client; the connection began before it";
const FRAMES: &str = "first packet of the client; the handshake is not known, and frames follow";
const EXTENSIONS: &str = "; extensions: ";
const FRAMES_KNOWN: &str = "comments say where frames begin behind missing bytes";
const UNFRAMED: &str = "the beginning of the message or frame in this packet is missing";
const HEAD_BEGINS: &str = "an HTTP head begins with this packet";
const FRAME_BEGINS: &str = "a frame begins with this packet";
const GAP: &str = "bytes before this packet are missing";
const NOTE: &str = "note: ";

/// The beginning of a connection without a TCP handshake. Its first packet is the client's and has
/// no data; its numbers are those of the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) enum Beginning {
    /// Bytes were sent before.
    Midway,
    /// Frames follow, with these extensions if they are known.
    Frames(Option<AgreedExtensions>),
}

/// What the bytes of a packet are, where nothing before them tells: bytes are missing there, or the
/// beginning of the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) enum Framing {
    /// They lie within messages or frames whose beginning is missing.
    Unframed,
    /// The first of them is the first of this unit.
    Begins(Resumption),
}

/// A comment of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::capture) enum PacketComment {
    Beginning(Beginning),
    /// The first packet of a connection of which each [`Framing`] is known.
    FramesKnown,
    Framing(Framing),
    /// The bytes up to the sequence number of the packet, which has no data, were not captured. If it
    /// is that of the next byte, nobody knows how many they are.
    Gap,
    /// A warning about the connection.
    Note(String),
}

impl Display for PacketComment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        match self {
            Self::Beginning(Beginning::Midway) => f.write_str(MIDWAY),
            Self::Beginning(Beginning::Frames(agreed)) => {
                f.write_str(FRAMES)?;
                match agreed {
                    None => Ok(()),
                    Some(AgreedExtensions { deflate: None, .. }) => write!(f, "{EXTENSIONS}none"),
                    Some(AgreedExtensions { deflate: Some(params), .. }) => {
                        write!(f, "{EXTENSIONS}{params}")
                    }
                }
            }
            Self::FramesKnown => f.write_str(FRAMES_KNOWN),
            Self::Framing(Framing::Unframed) => f.write_str(UNFRAMED),
            Self::Framing(Framing::Begins(Resumption::Head)) => f.write_str(HEAD_BEGINS),
            Self::Framing(Framing::Begins(Resumption::Frame)) => f.write_str(FRAME_BEGINS),
            Self::Gap => f.write_str(GAP),
            Self::Note(text) => write!(f, "{NOTE}{text}"),
        }
    }
}

impl PacketComment {
    /// Parses a comment; `None` if another program wrote it.
    fn parse(value: &[u8]) -> Option<Self> {
        let text = str::from_utf8(value).ok()?.strip_prefix(PREFIX)?;
        if let Some(note) = text.strip_prefix(NOTE) {
            return Some(Self::Note(note.to_owned()));
        }
        let known = match text {
            GAP => Some(Self::Gap),
            FRAMES_KNOWN => Some(Self::FramesKnown),
            UNFRAMED => Some(Self::Framing(Framing::Unframed)),
            HEAD_BEGINS => Some(Self::Framing(Framing::Begins(Resumption::Head))),
            FRAME_BEGINS => Some(Self::Framing(Framing::Begins(Resumption::Frame))),
            _ => None,
        };
        if known.is_some() {
            return known;
        }
        let beginning = if text == MIDWAY {
            Beginning::Midway
        } else {
            let extensions = text.strip_prefix(FRAMES)?;
            Beginning::Frames(match extensions.strip_prefix(EXTENSIONS) {
                None if extensions.is_empty() => None,
                None => return None,
                Some("none") => Some(AgreedExtensions::none()),
                Some(value) => Some(AgreedExtensions::parse(value).ok()?),
            })
        };
        Some(Self::Beginning(beginning))
    }
}

/// The options of a packet in a pcapng file; without any for other packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) struct PacketComments<'a> {
    byte_order: ByteOrder,
    options: &'a [u8],
}

impl<'a> PacketComments<'a> {
    /// A packet without comments.
    pub(in crate::capture) const NONE: PacketComments<'static> =
        PacketComments { byte_order: ByteOrder::Little, options: &[] };

    pub(in crate::capture) fn new(byte_order: ByteOrder, options: &'a [u8]) -> Self {
        Self { byte_order, options }
    }

    /// Returns the comments that wiretalk wrote.
    pub(in crate::capture) fn all(self) -> impl Iterator<Item = PacketComment> {
        options(self.byte_order, self.options)
            .filter(|(code, _)| *code == COMMENT_OPTION)
            .filter_map(|(_, value)| PacketComment::parse(value))
    }

    /// Returns how the connection begins, if its first packet says so.
    pub(in crate::capture) fn beginning(self) -> Option<Beginning> {
        self.all().find_map(|comment| match comment {
            PacketComment::Beginning(beginning) => Some(beginning),
            _ => None,
        })
    }
}

/// Returns the codes and values of the options of a block.
pub(in crate::capture) fn options(
    byte_order: ByteOrder,
    mut options: &[u8],
) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let ([code, len], rest) = byte_order.u16s(options)?;
        let len = usize::from(len);
        let value = rest.get(..len).filter(|_| code != END_OF_OPTIONS)?;
        // Values are padded to 32 bits.
        options = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_read_as_it_was_written() {
        let extensions = "permessage-deflate; server_no_context_takeover; \
                          client_no_context_takeover; server_max_window_bits=9; \
                          client_max_window_bits=10";
        let agreed = AgreedExtensions::parse(extensions).unwrap();
        let all = [
            PacketComment::Beginning(Beginning::Midway),
            PacketComment::Beginning(Beginning::Frames(None)),
            PacketComment::Beginning(Beginning::Frames(Some(AgreedExtensions::none()))),
            PacketComment::Beginning(Beginning::Frames(Some(agreed))),
            PacketComment::FramesKnown,
            PacketComment::Framing(Framing::Unframed),
            PacketComment::Framing(Framing::Begins(Resumption::Head)),
            PacketComment::Framing(Framing::Begins(Resumption::Frame)),
            PacketComment::Gap,
            PacketComment::Note("it was TLS 1.3".to_owned()),
        ];
        for comment in all {
            assert_eq!(PacketComment::parse(comment.to_string().as_bytes()), Some(comment));
        }
        let unknown = format!("{PREFIX}{FRAMES}, said another");
        for other in ["wiretalk", "wiretalk: ", "first packet", &unknown] {
            assert_eq!(PacketComment::parse(other.as_bytes()), None);
        }
    }
}
