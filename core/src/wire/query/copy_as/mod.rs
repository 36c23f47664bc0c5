//! What a reader takes away of a few frames: hex, a test vector, a command line, a small program that sends those very bytes.
//! It makes texts only; whoever calls puts them on a clipboard or into a file.

mod shell;
mod vector;

use crate::wire::format;
use crate::wire::frame::Side;
use crate::wire::keep::transcript::Frame;

/// Bytes that one side sent, with what is needed to read them again.
///
/// ```
/// use wiretalk_core::wire::{Side, query::copy_as::Excerpt};
///
/// let hello = Excerpt::new(Side::Client, None, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec());
/// assert_eq!(hello.decode_command(), "wiretalk decode --from client 818537fa213d7f9f4d5158");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    from: Side,
    extensions: Option<String>,
    bytes: Vec<u8>,
}

impl Excerpt {
    /// `bytes` from `from`; `extensions` is the value of the agreed `Sec-WebSocket-Extensions` header, if there was one.
    pub fn new(from: Side, extensions: Option<&str>, bytes: Vec<u8>) -> Self {
        let extensions = extensions.filter(|value| !value.trim().is_empty()).map(format::escape_controls);
        Self { from, extensions, bytes }
    }

    /// The bytes of the frames, one behind the other, of those that the first one's side sent; none where there is no frame.
    pub fn from_frames(frames: &[Frame], extensions: Option<&str>) -> Option<Self> {
        let from = frames.first()?.context.from;
        let same = frames.iter().filter(|frame| frame.context.from == from);
        Some(Self::new(from, extensions, same.flat_map(|frame| frame.raw().iter().copied()).collect()))
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `818537fa...`
    pub fn hex(&self) -> String {
        format::hex(&self.bytes)
    }

    /// `81 85 37 fa ...`
    pub fn spaced_hex(&self) -> String {
        format::spaced_hex(&self.bytes, self.bytes.len())
    }

    /// A case in the format of `tests/vectors/frames.json`, judged as the first frames of a connection.
    /// A compressed message is listed by its frames only.
    pub fn vector(&self, name: &str) -> String {
        vector::vector_case(name, self.from, self.extensions.as_deref(), &self.bytes)
    }

    /// The command that explains the bytes, for a shell. Many bytes are given on standard input.
    pub fn decode_command(&self) -> String {
        let extensions = self
            .extensions
            .as_ref()
            .map_or_else(String::new, |value| format!("--extensions {} ", shell::quote(value)));
        let command = format!("wiretalk decode --from {} {extensions}", self.from);
        if self.bytes.len() <= shell::MAX_ARGUMENT_BYTES {
            return format!("{command}{}", self.hex());
        }
        let lines: Vec<String> = self.bytes.chunks(64).map(format::hex).collect();
        format!("{command}- <<'HEX'\n{}\nHEX", lines.join("\n"))
    }

    /// The command that connects to `url` and sends the bytes as they are, for a shell; none where they are more than a command
    /// line holds.
    pub fn inspect_command(&self, url: &str) -> Option<String> {
        let fits = self.bytes.len() <= shell::MAX_COMMAND_LINE_BYTES;
        fits.then(|| {
            let pieces = self
                .bytes
                .chunks(shell::MAX_ARGUMENT_BYTES)
                .map(|piece| format!(" --send-hex {}", format::hex(piece)));
            format!("wiretalk inspect {}{}", shell::quote(url), pieces.collect::<String>())
        })
    }

    /// A Rust program on tungstenite that sends the bytes below the library, which would not send what is illegal. Bytes of a
    /// client go to the server at `url`; bytes of a server go to whoever connects to port 9001.
    pub fn tungstenite_program(&self, url: &str) -> String {
        let template = match self.from {
            Side::Client => include_str!("tungstenite_client.rs.txt"),
            Side::Server => include_str!("tungstenite_server.rs.txt"),
        };
        let extensions = self.extensions.as_deref().unwrap_or_default();
        template
            .replace(r#"URL: &str = "ws://127.0.0.1:9001/""#, &format!("URL: &str = {url:?}"))
            .replace(r#"EXTENSIONS: &str = """#, &format!("EXTENSIONS: &str = {extensions:?}"))
            .replace(r#"FRAMES: &str = "8100""#, &format!("FRAMES: &str = \"{}\"", self.hex()))
    }

    /// A Python program on the standard library alone that does the same.
    pub fn python_program(&self, url: &str) -> String {
        let template = match self.from {
            Side::Client => include_str!("client.py.txt"),
            Side::Server => include_str!("server.py.txt"),
        };
        // a JSON string is a Python string too
        let literal = |text: &str| serde_json::Value::from(text).to_string();
        let extensions = self.extensions.as_deref().unwrap_or_default();
        template
            .replace(r#"URL = "ws://127.0.0.1:9001/""#, &format!("URL = {}", literal(url)))
            .replace(r#"EXTENSIONS = """#, &format!("EXTENSIONS = {}", literal(extensions)))
            .replace(r#"fromhex("8100")"#, &format!("fromhex(\"{}\")", self.hex()))
    }
}

#[cfg(test)]
mod tests;
