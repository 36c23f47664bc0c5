//! Reads and writes the frame header of RFC 6455 section 5.2, which has 2 to 14 bytes.
//! `decode` reads payloads, and checks whether a header is legal and in order.

use std::fmt;

use crate::text::named_enum;
use crate::wire::size::ByteLen;

/// A side of a connection. Clients mask their frames, servers do not (RFC 6455 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The side that opened the connection.
    Client,
    /// The side that accepted it.
    Server,
}

named_enum!(Side, "side": Client = "client", Server = "server");

impl Side {
    /// Returns the other side.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// The lower four bits of the first byte (RFC 6455 sections 5.2 and 11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// 0: the next fragment of the message that is open.
    Continuation,
    /// 1: UTF-8 text, or its first fragment.
    Text,
    /// 2: binary data, or its first fragment.
    Binary,
    /// 8: the sender closes the connection.
    Close,
    /// 9: a ping, which the peer answers with a pong.
    Ping,
    /// 10: the answer to a ping, or an unsolicited heartbeat.
    Pong,
    /// 3 to 7 and 11 to 15: reserved for the future, so nobody may send them today.
    Reserved(u8),
}

impl Opcode {
    /// Returns the opcode in the lower four bits of `bits`.
    pub fn from_bits(bits: u8) -> Self {
        match bits & 0x0f {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            other => Self::Reserved(other),
        }
    }

    /// Returns the opcode's four bits, 0 to 15.
    pub fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
            Self::Reserved(bits) => bits & 0x0f,
        }
    }

    /// Whether this is a control frame: the top bit of the four is set (RFC 6455 section 5.5). The
    /// reserved B to F count too.
    pub fn is_control(self) -> bool {
        self.bits() & 0x8 != 0
    }

    /// Whether no RFC defines the opcode.
    pub fn is_reserved(self) -> bool {
        matches!(self, Self::Reserved(_))
    }

    /// Returns the name: `text`, `ping`, or `reserved-data-3` and `reserved-control-B` for reserved
    /// opcodes.
    pub fn name(self) -> &'static str {
        match self.bits() {
            0x0 => "continuation",
            0x1 => "text",
            0x2 => "binary",
            0x3 => "reserved-data-3",
            0x4 => "reserved-data-4",
            0x5 => "reserved-data-5",
            0x6 => "reserved-data-6",
            0x7 => "reserved-data-7",
            0x8 => "close",
            0x9 => "ping",
            0xa => "pong",
            0xb => "reserved-control-B",
            0xc => "reserved-control-C",
            0xd => "reserved-control-D",
            0xe => "reserved-control-E",
            _ => "reserved-control-F",
        }
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The encoding of the payload length (RFC 6455 section 5.2). The shortest form that fits is the
/// only legal one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LengthForm {
    /// The seven bits hold the length: 0 to 125.
    Bits7,
    /// The seven bits hold 126, and two bytes of length follow.
    Bits16,
    /// The seven bits hold 127, and eight bytes of length follow.
    Bits64,
}

impl LengthForm {
    /// Returns the only legal form for a payload of `len` bytes.
    pub fn shortest(len: impl Into<ByteLen>) -> Self {
        match len.into().get() {
            0..=125 => Self::Bits7,
            126..=0xffff => Self::Bits16,
            _ => Self::Bits64,
        }
    }

    /// Returns the form that the second byte of a header announces.
    pub fn from_second_byte(byte: u8) -> Self {
        match byte & 0x7f {
            126 => Self::Bits16,
            127 => Self::Bits64,
            _ => Self::Bits7,
        }
    }

    /// Returns the number of extended length bytes after the second byte: 0, 2 or 8.
    pub fn extra_bytes(self) -> usize {
        match self {
            Self::Bits7 => 0,
            Self::Bits16 => 2,
            Self::Bits64 => 8,
        }
    }

    /// Returns the length of a header with this form in bytes: 2 to 14.
    pub fn header_len(self, masked: bool) -> usize {
        match (self, masked) {
            (Self::Bits7, false) => 2,
            (Self::Bits7, true) => 6,
            (Self::Bits16, false) => 4,
            (Self::Bits16, true) => 8,
            (Self::Bits64, false) => 10,
            (Self::Bits64, true) => 14,
        }
    }

    /// Returns the width of the length in bits: 7, 16 or 64.
    pub fn bits(self) -> u32 {
        match self {
            Self::Bits7 => 7,
            Self::Bits16 => 16,
            Self::Bits64 => 64,
        }
    }
}

/// A masking key, in wire order (RFC 6455 section 5.3).
pub type MaskingKey = [u8; 4];

/// A frame header, legal or not. Every header that fits on the wire can be represented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// FIN: this is the last frame of its message.
    pub fin: bool,
    /// RSV1, the first reserved bit; permessage-deflate uses it for "compressed" (RFC 7692 section
    /// 6).
    pub rsv1: bool,
    /// RSV2, the second reserved bit.
    pub rsv2: bool,
    /// RSV3, the third reserved bit.
    pub rsv3: bool,
    /// The type of the frame.
    pub opcode: Opcode,
    /// The encoding of the payload length.
    pub length_form: LengthForm,
    /// The payload length in bytes, *as claimed*: never allocate this much.
    pub payload_len: ByteLen,
    /// The masking key. The MASK bit is 1 exactly when there is one.
    pub masking_key: Option<MaskingKey>,
}

/// The length of the longest header: 2 + 8 + 4 bytes.
pub const MAX_HEADER_LEN: usize = 14;

/// The top bit of a 64-bit length. It must be 0 (RFC 6455 section 5.2).
pub const LENGTH_TOP_BIT: u64 = 1 << 63;

impl Header {
    /// Creates a legal header for a whole, unmasked frame with the shortest length form.
    pub fn new(opcode: Opcode, payload_len: impl Into<ByteLen>) -> Self {
        let payload_len = payload_len.into();
        Self {
            fin: true,
            rsv1: false,
            rsv2: false,
            rsv3: false,
            opcode,
            length_form: LengthForm::shortest(payload_len),
            payload_len,
            masking_key: None,
        }
    }

    /// Parses the header at the start of `bytes`.
    ///
    /// # Errors
    /// Fails if the header is incomplete, and says how many bytes it still needs.
    pub fn parse(bytes: &[u8]) -> Result<Self, Needed> {
        Self::read(bytes).ok_or_else(|| Needed::for_header(bytes))
    }

    /// Parses the header at the start of `bytes`; `None` while it is incomplete.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&[first, second], bytes) = bytes.split_first_chunk()?;
        let form = LengthForm::from_second_byte(second);
        let (extended, bytes) = bytes.split_at_checked(form.extra_bytes())?;
        let payload_len = match form {
            LengthForm::Bits7 => u64::from(second & 0x7f).into(),
            LengthForm::Bits16 | LengthForm::Bits64 => ByteLen::from_be_slice(extended),
        };
        // The key comes after the extended length (section 5.2).
        let key = if second & 0x80 == 0 { None } else { Some(*bytes.first_chunk()?) };
        Some(Self {
            fin: first & 0x80 != 0,
            rsv1: first & 0x40 != 0,
            rsv2: first & 0x20 != 0,
            rsv3: first & 0x10 != 0,
            opcode: Opcode::from_bits(first),
            length_form: form,
            payload_len,
            masking_key: key,
        })
    }

    /// Returns the header length in bytes, as far as `bytes`, the beginning of a frame, determines
    /// it: 2 while the second byte is missing.
    pub fn required_len(bytes: &[u8]) -> usize {
        let second = bytes.get(1).copied().unwrap_or_default();
        LengthForm::from_second_byte(second).header_len(second & 0x80 != 0)
    }

    /// Returns the first two bytes: flags and opcode, then MASK and the seven length bits.
    pub fn first_two_bytes(&self) -> [u8; 2] {
        let flags = [(self.fin, 0x80), (self.rsv1, 0x40), (self.rsv2, 0x20), (self.rsv3, 0x10)];
        let first = flags
            .iter()
            .filter(|(set, _)| *set)
            .fold(self.opcode.bits(), |byte, (_, bit)| byte | bit);
        // MASK is the top bit of the second byte.
        [first, self.len7() | if self.masking_key.is_some() { 0x80 } else { 0 }]
    }

    /// Encodes the header. A length that does not fit its form is truncated to the form's bits.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MAX_HEADER_LEN);
        bytes.extend(self.first_two_bytes());
        let extended = self.payload_len.get().to_be_bytes();
        match self.length_form {
            LengthForm::Bits7 => {}
            LengthForm::Bits16 => bytes.extend_from_slice(&extended[6..]),
            LengthForm::Bits64 => bytes.extend_from_slice(&extended),
        }
        bytes.extend(self.masking_key.iter().flatten());
        bytes
    }

    /// Returns the seven length bits: the length itself, 126 or 127.
    pub fn len7(&self) -> u8 {
        match self.length_form {
            LengthForm::Bits7 => (self.payload_len.get() & 0x7f) as u8,
            LengthForm::Bits16 => 126,
            LengthForm::Bits64 => 127,
        }
    }

    /// Returns the length of the header in bytes: 2 to 14.
    pub fn len(&self) -> usize {
        self.length_form.header_len(self.masking_key.is_some())
    }

    /// Always false: a header has at least two bytes.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Returns the length of header and payload together, [`ByteLen::MAX`] if the sum does not fit
    /// 64 bits.
    pub fn frame_len(&self) -> ByteLen {
        self.payload_len + self.len()
    }

    /// Whether this can be the header of a Close: FIN is 1 and no reserved bit is set (RFC 6455
    /// section 5.5). Bytes of another protocol often have the opcode of a Close: the `H` of HTTP is
    /// 0x48.
    pub fn is_close(&self) -> bool {
        self.opcode == Opcode::Close && self.fin && !(self.rsv1 || self.rsv2 || self.rsv3)
    }

    /// Whether the top bit of the 64-bit length is set. No payload of that size can follow, so
    /// framing ends here.
    pub fn has_impossible_length(&self) -> bool {
        self.payload_len >= LENGTH_TOP_BIT
    }
}

/// The bytes that an unfinished frame still needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The number of bytes of the frame that have arrived.
    pub have: ByteLen,
    /// The number of bytes that are certainly needed next: to complete the header while it is
    /// incomplete, otherwise the payload.
    pub more: ByteLen,
    /// The part of the frame that comes next.
    pub part: FramePart,
}

impl Needed {
    fn for_header(bytes: &[u8]) -> Self {
        let part = match bytes {
            [] | [_] => FramePart::FirstTwoBytes,
            [_, second, behind @ ..]
                if behind.len() < LengthForm::from_second_byte(*second).extra_bytes() =>
            {
                FramePart::ExtendedLength
            }
            _ => FramePart::MaskingKey,
        };
        let have = ByteLen::of(bytes);
        Self { have, more: ByteLen::from_usize(Header::required_len(bytes)) - have, part }
    }
}

/// The part of a frame that the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FramePart {
    /// The first two bytes.
    FirstTwoBytes,
    /// The extended length.
    ExtendedLength,
    /// The masking key.
    MaskingKey,
    /// The payload data.
    Payload,
}

named_enum!(
    FramePart,
    "part of a frame":
    FirstTwoBytes = "byte1",
    ExtendedLength = "ext_len",
    MaskingKey = "masking_key",
    Payload = "payload",
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn section_5_7_masked_hello() {
        let header = Header::parse(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d]).unwrap();
        assert_eq!(
            header,
            Header { masking_key: Some([0x37, 0xfa, 0x21, 0x3d]), ..Header::new(Opcode::Text, 5) }
        );
        assert_eq!((header.len(), header.frame_len()), (6, ByteLen::new(11)));
        assert!(!header.is_empty());
    }

    /// Section 11.8 lists the opcodes; section 5.2 reserves 3 to 7 for data and B to F for control
    /// frames.
    #[test]
    fn section_11_8_the_sixteen_opcodes() {
        let named = [
            (0x0, "continuation"),
            (0x1, "text"),
            (0x2, "binary"),
            (0x8, "close"),
            (0x9, "ping"),
            (0xa, "pong"),
        ];
        for bits in 0..=0xf {
            let opcode = Opcode::from_bits(bits);
            let kind = if bits < 8 { "data" } else { "control" };
            let known = named.iter().find(|(known, _)| *known == bits);
            let name =
                known.map_or(format!("reserved-{kind}-{bits:X}"), |(_, name)| (*name).into());
            assert_eq!(
                (opcode.name(), opcode.bits(), opcode.is_control(), opcode.is_reserved()),
                (name.as_str(), bits, bits >= 8, known.is_none())
            );
            assert_eq!(format!("{opcode:>20}|"), format!("{name:>20}|"));
        }
    }

    #[test]
    fn names_are_those_of_the_records() {
        assert_eq!([Side::Client, Side::Server].map(Side::name), ["client", "server"]);
        assert_eq!(format!("{:<8}|{:>8}", Side::Client, Side::Server), "client  |  server");
        let parts = [
            FramePart::FirstTwoBytes,
            FramePart::ExtendedLength,
            FramePart::MaskingKey,
            FramePart::Payload,
        ];
        assert_eq!(parts.map(FramePart::name), ["byte1", "ext_len", "masking_key", "payload"]);
        let forms = [LengthForm::Bits7, LengthForm::Bits16, LengthForm::Bits64];
        assert_eq!(forms.map(LengthForm::bits), [7, 16, 64]);
    }

    #[test]
    fn section_5_2_the_three_length_forms_meet_without_a_gap() {
        for (len, form) in [
            (125, LengthForm::Bits7),
            (126, LengthForm::Bits16),
            (65_535, LengthForm::Bits16),
            (65_536, LengthForm::Bits64),
        ] {
            assert_eq!(LengthForm::shortest(len), form, "{len}");
        }
    }

    #[test]
    fn a_header_says_what_it_still_needs() {
        let needed = |bytes: &[u8]| {
            Header::parse(bytes).map_err(|needed| (needed.more.get(), needed.part)).unwrap_err()
        };
        assert_eq!(needed(&[]), (2, FramePart::FirstTwoBytes));
        assert_eq!(needed(&[0x81]), (1, FramePart::FirstTwoBytes));
        assert_eq!(needed(&[0x81, 0x7e]), (2, FramePart::ExtendedLength));
        assert_eq!(needed(&[0x81, 0xff, 0]), (11, FramePart::ExtendedLength));
        assert_eq!(needed(&[0x81, 0x85, 1, 2]), (2, FramePart::MaskingKey));
        assert_eq!(needed(&[0x81, 0xfe, 0]), (5, FramePart::ExtendedLength));
        assert_eq!(needed(&[0x81, 0xfe, 0, 126]), (4, FramePart::MaskingKey));
    }

    #[test]
    fn the_largest_claim_is_held_and_its_sum_does_not_wrap() {
        let header = Header::parse(&[0x82, 0x7f, 255, 255, 255, 255, 255, 255, 255, 255]).unwrap();
        assert_eq!(header.payload_len, u64::MAX);
        assert!(header.has_impossible_length());
        for (len, impossible) in [(0, false), (LENGTH_TOP_BIT - 1, false), (1 << 63, true)] {
            assert_eq!(Header::new(Opcode::Text, len).has_impossible_length(), impossible, "{len}");
        }
        assert_eq!(header.frame_len(), ByteLen::MAX);
    }

    proptest! {
        #[test]
        fn every_header_that_can_be_read_is_written_back_the_same(bytes in proptest::collection::vec(any::<u8>(), 14)) {
            let header = Header::parse(&bytes).unwrap();
            prop_assert_eq!(header.to_bytes(), &bytes[..header.len()]);
        }
    }
}
