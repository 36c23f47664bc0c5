//! Copies a few frames as hex, a test vector, a command line, or a small program that sends exactly
//! these bytes.
//! It only produces text; the caller puts it on a clipboard or into a file.

mod shell;
mod vector;

use crate::text::shell_quote;
use crate::wire::format;
use crate::wire::frame::Side;
use crate::wire::keep::transcript::Frame;

/// Bytes that one side sent, with what is needed to decode them again.
///
/// ```
/// use wiretalk_core::wire::{Side, query::copy_as::Excerpt};
///
/// let hello = Excerpt::new(Side::Client, None,
/// b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec()); assert_eq!(hello.decode_command(),
/// "wiretalk decode --from client 818537fa213d7f9f4d5158");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    from: Side,
    extensions: Option<String>,
    bytes: Vec<u8>,
}

impl Excerpt {
    /// Creates an excerpt of `bytes` sent by `from`. `extensions` is the value of the agreed
    /// `Sec-WebSocket-Extensions` header, if there was one.
    pub fn new(from: Side, extensions: Option<&str>, bytes: Vec<u8>) -> Self {
        let extensions =
            extensions.filter(|value| !value.trim().is_empty()).map(format::escape_controls);
        Self { from, extensions, bytes }
    }

    /// Joins the bytes of all frames that come from the same side as the first one. Returns `None`
    /// if there are no frames.
    pub fn from_frames(frames: &[Frame], extensions: Option<&str>) -> Option<Self> {
        let from = frames.first()?.context.from;
        let same = frames.iter().filter(|frame| frame.context.from == from);
        Some(Self::new(
            from,
            extensions,
            same.flat_map(|frame| frame.raw().iter().copied()).collect(),
        ))
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes as hex: `818537fa...`
    pub fn hex(&self) -> String {
        format::hex(&self.bytes)
    }

    /// Returns the bytes as hex with spaces: `81 85 37 fa ...`
    pub fn spaced_hex(&self) -> String {
        format::spaced_hex(&self.bytes, self.bytes.len())
    }

    /// Returns a case in the format of `tests/vectors/frames.json`, decoded as the first frames of
    /// a connection. Of a compressed message that cannot be inflated only the frames are listed.
    pub fn vector(&self, name: &str) -> String {
        vector::vector_case(name, self.from, self.extensions.as_deref(), &self.bytes)
    }

    /// Returns a shell command that explains the bytes. Long input is passed on standard input.
    pub fn decode_command(&self) -> String {
        let extensions = self
            .extensions
            .as_ref()
            .map_or_else(String::new, |value| format!("--extensions {} ", shell_quote(value)));
        let command = format!("wiretalk decode --from {} {extensions}", self.from);
        if self.bytes.len() <= shell::MAX_ARGUMENT_BYTES {
            return format!("{command}{}", self.hex());
        }
        let lines: Vec<String> = self.bytes.chunks(64).map(format::hex).collect();
        format!("{command}- <<'HEX'\n{}\nHEX", lines.join("\n"))
    }

    /// Returns a shell command that connects to `url` and sends exactly these bytes. Returns `None`
    /// if they are too many for a command line.
    pub fn inspect_command(&self, url: &str) -> Option<String> {
        let fits = self.bytes.len() <= shell::MAX_COMMAND_LINE_BYTES;
        fits.then(|| {
            let pieces = self
                .bytes
                .chunks(shell::MAX_ARGUMENT_BYTES)
                .map(|piece| format!(" --send-hex {}", format::hex(piece)));
            format!("wiretalk inspect {}{}", shell_quote(url), pieces.collect::<String>())
        })
    }

    /// Returns a Rust program that does the handshake with tungstenite and then writes the bytes to
    /// the stream itself, since the library refuses to send illegal frames. A client's bytes go to
    /// the server at `url`, a server's bytes to whoever connects to port 9001.
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

    /// Returns a Python program that does the same with the standard library alone.
    pub fn python_program(&self, url: &str) -> String {
        let template = match self.from {
            Side::Client => include_str!("client.py.txt"),
            Side::Server => include_str!("server.py.txt"),
        };
        // A JSON string is a valid Python string.
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
