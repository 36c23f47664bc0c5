//! Copies a frame to the clipboard. `wire::query::copy_as` has the formats.

use super::state::Session;
use crate::demos::inspect::messages::Cmd;
use crate::inspect::InspectSource;
use crate::wire::query::copy_as::Excerpt;
use crate::wire::{Frame, PayloadPiece, Side, format};

impl Session {
    /// Copies the selected frame in the format of a letter; an unknown letter copies nothing.
    pub(crate) fn copy_frame(&mut self, form: char) -> Vec<Cmd> {
        let Some((row, shown, frame)) = self.current_frame() else { return Vec::new() };
        if shown.has_gap() {
            return self.copy_with_gap(form, row, &frame);
        }
        let response = self
            .connection()
            .trace
            .head(Side::Server)
            .and_then(|validated| validated.head.as_ref());
        let agreed = response.and_then(|head| head.joined_value("Sec-WebSocket-Extensions"));
        let Some(excerpt) = Excerpt::from_frames(std::slice::from_ref(&frame), agreed.as_deref())
        else {
            return Vec::new();
        };
        // The programs and commands connect to this URL. A capture has none, so they get the
        // address of a local server to adapt.
        let url = match &self.source {
            InspectSource::Url(options) => options.url.clone(),
            _ if self.connection().name.starts_with("ws") => self.connection().name.clone(),
            _ => "ws://127.0.0.1:9001/".to_owned(),
        };
        let (what, text) = match form {
            'h' => ("hex", excerpt.spaced_hex()),
            // The user may paste text of a peer into a shell, where a line feed runs a command.
            't' => {
                let text = String::from_utf8_lossy(&frame.payload()).into_owned();
                let escaped = format::escape_controls(&text);
                let what =
                    if escaped == text { "text" } else { "text with escaped control characters" };
                (what, escaped)
            }
            'j' => ("test vector", excerpt.vector(&format!("frame-{row}"))),
            'c' => ("command", excerpt.decode_command()),
            // None if the frame is too long for a command line.
            's' => match excerpt.inspect_command(&url) {
                Some(command) => ("command that sends it", command),
                None => return Vec::new(),
            },
            'r' => ("Rust program", excerpt.tungstenite_program(&url)),
            'p' => ("Python program", excerpt.python_program(&url)),
            _ => return Vec::new(),
        };
        self.notice = Some(format!("copied: {what}, {}", format::byte_count(text.len() as u64)));
        vec![Cmd::Copy(text)]
    }

    /// Copies what was captured of a frame, with the length of each gap in its place. A program or
    /// a command cannot send what is not known, so those formats are refused.
    fn copy_with_gap(&mut self, form: char, row: usize, frame: &Frame) -> Vec<Cmd> {
        let pieces = match form {
            'h' => {
                let header = frame.raw()[..frame.header.len()].to_vec();
                let mut pieces = vec![PayloadPiece::Bytes(header)];
                pieces.extend(frame.wire_pieces());
                pieces
            }
            't' => frame.payload_pieces(),
            'j' | 'c' | 's' | 'r' | 'p' => {
                let text =
                    "not copied: bytes of the frame were not captured; h and t copy the rest";
                self.notice = Some(text.to_owned());
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        let text = PayloadPiece::join(&pieces, |bytes| {
            if form == 'h' {
                format::spaced_hex(bytes, bytes.len())
            } else {
                format::escape_controls(&String::from_utf8_lossy(bytes))
            }
        });
        self.notice = Some(format!("copied: frame {row} with gaps where bytes were not captured"));
        vec![Cmd::Copy(text)]
    }
}

#[cfg(test)]
mod tests {
    use crate::demos::inspect::testing::{inspector_after, press};
    use crossterm::event::KeyCode;

    use super::*;

    #[test]
    fn a_copied_text_has_no_control_characters() {
        for (payload, copied, message) in [
            (&b"plain"[..], "plain", "copied: text, 5 bytes"),
            (
                b"rm -rf x\n\x1b[2J",
                r"rm -rf x\n\u{1b}[2J",
                "copied: text with escaped control characters, 19 bytes",
            ),
        ] {
            let frame = [&[0x81, payload.len() as u8], payload].concat();
            let (mut inspect, _inbox) = inspector_after(&[(Side::Server, &frame)]);
            press(&mut inspect, KeyCode::Char('y'));
            let commands = press(&mut inspect, KeyCode::Char('t'));
            assert!(matches!(&commands[..], [Cmd::Copy(text)] if text == copied), "{commands:?}");
            assert_eq!(inspect.session.notice.as_deref(), Some(message));
        }
    }
}
