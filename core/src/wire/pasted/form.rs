//! [`PastedForm`]: the forms of bytes as text, and their names.

use crate::text::named_enum;

/// A form that bytes can have as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PastedForm {
    /// Hex digits, with or without separators: `81 05`, `81:05`, `81-05`, `0x81, 0x05`, `8105`.
    Hex,
    /// Decimal numbers without brackets: `129 5`.
    Decimal,
    /// Binary digits, eight a byte: `10000001 00000101`.
    Binary,
    /// A dump of `xxd`.
    Xxd,
    /// A dump of `hexdump -C`.
    Hexdump,
    /// A dump of `od -t x1`, with offsets in any base.
    Od,
    /// Packets as `tcpdump -X` and `tcpdump -XX` show them.
    Tcpdump,
    /// A hex dump copied from Wireshark, or printed by `tshark -x`.
    Wireshark,
    /// Memory as `x/16xb` of gdb and `memory read` of lldb show it.
    Gdb,
    /// What one side sent, in a trace of `curl --trace`.
    Curl,
    /// What one side sent, as `openssl s_client -debug` prints it.
    Openssl,
    /// What one side sent, as `socat -x` prints it.
    Socat,
    /// What one side sent, as `tshark -z follow` prints it in hex or raw.
    Follow,
    /// A list in brackets: of C, Java, Go, Rust, Python, JavaScript, Erlang.
    Array,
    /// JSON: an object whose numbers are the bytes, such as Node's `{"type":"Buffer","data":[]}`, or
    /// the field `"tcp.payload"` of `tshark -T json`.
    Json,
    /// A string literal with escapes: `"\x81\x05"`, `b'\x81\x05'`.
    String,
    /// What a program prints of a buffer: `<Buffer 81 05>` of Node, `<8105>` of Swift,
    /// `[hex=8105]` of Okio.
    Buffer,
    /// Base64, of either alphabet (RFC 4648 sections 4 and 5).
    Base64,
}

named_enum!(
    PastedForm,
    "format":
    Hex = "hex",
    Decimal = "decimal",
    Binary = "binary",
    Xxd = "xxd",
    Hexdump = "hexdump",
    Od = "od",
    Tcpdump = "tcpdump",
    Wireshark = "wireshark",
    Gdb = "gdb",
    Curl = "curl",
    Openssl = "openssl",
    Socat = "socat",
    Follow = "follow",
    Array = "array",
    Json = "json",
    String = "string",
    Buffer = "buffer",
    Base64 = "base64",
);

impl PastedForm {
    /// Returns what the form is called in a sentence, after "read as".
    pub fn description(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Decimal => "decimal numbers",
            Self::Binary => "binary digits",
            Self::Xxd => "an xxd dump",
            Self::Hexdump => "a hexdump -C dump",
            Self::Od => "an od -t x1 dump",
            Self::Tcpdump => "a tcpdump packet dump",
            Self::Wireshark => "a Wireshark hex dump",
            Self::Gdb => "a gdb or lldb memory dump",
            Self::Curl => "a curl trace",
            Self::Openssl => "openssl -debug output",
            Self::Socat => "a socat -x dump",
            Self::Follow => "tshark -z follow output",
            Self::Array => "an array of numbers",
            Self::Json => "JSON",
            Self::String => "a string with escapes",
            Self::Buffer => "a printed buffer",
            Self::Base64 => "base64",
        }
    }

    /// Whether the form has characters that are bytes.
    pub(super) fn has_strings(self) -> bool {
        matches!(self, Self::Array | Self::Json | Self::String)
    }

    /// Whether the form shows whole packets, with the headers of the network.
    pub fn shows_packets(self) -> bool {
        matches!(self, Self::Tcpdump | Self::Wireshark)
    }
}
