//! Parses what a terminal sends into crossterm's events.
//!
//! The keys, clicks and reports are parsed by termina, whose parser takes bytes from anywhere;
//! crossterm keeps its own to itself. Two kinds of sequences don't get there: pasted text, which has
//! a bound here, and the beginnings of OSC and DCS, which would hold back all keys after Alt+] or
//! Alt+P until the end of a sequence that never comes.

use std::collections::VecDeque;

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use termina::event as parsed;

/// The maximum size of pasted text in bytes. What is beyond it is dropped.
const MAX_PASTE_LEN: usize = 1024 * 1024;
/// The maximum length of a sequence in bytes. A longer one is none of a keyboard's.
const MAX_SEQUENCE_LEN: usize = 64;

const ESC: u8 = 0x1b;
const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Parses the bytes of a terminal in pieces of any size.
#[derive(Default)]
pub(super) struct InputParser {
    parser: termina::Parser,
    /// The escape sequence that has begun.
    sequence: Vec<u8>,
    /// The pasted text that has begun, with what of the end has come.
    paste: Option<Paste>,
    events: VecDeque<Event>,
}

impl InputParser {
    /// Takes the next bytes. `more` says that others are known to follow, so an Esc at the end may be
    /// the beginning of a sequence; otherwise it is the key.
    pub(super) fn feed(&mut self, bytes: &[u8], more: bool) {
        for (index, byte) in bytes.iter().enumerate() {
            let more = more || index + 1 < bytes.len();
            match &mut self.paste {
                Some(paste) => {
                    if let Some(text) = paste.feed(*byte) {
                        self.paste = None;
                        self.events.push_back(Event::Paste(text));
                    }
                }
                None => self.feed_byte(*byte, more),
            }
        }
    }

    /// Returns the next event that is whole.
    pub(super) fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn feed_byte(&mut self, byte: u8, more: bool) {
        let begins = byte == ESC && self.sequence != [ESC];
        // A new sequence ends one that isn't whole (ECMA-48 leaves that open; terminals do so).
        if begins || self.sequence.len() >= MAX_SEQUENCE_LEN {
            self.start_over();
        }
        if begins || !self.sequence.is_empty() {
            self.sequence.push(byte);
        }
        match *self.sequence.as_slice() {
            [ESC, start @ (b']' | b'P')] => {
                self.start_over();
                self.events.push_back(alt_key(start.into()));
                return;
            }
            ref sequence if sequence == PASTE_START => {
                self.start_over();
                self.paste = Some(Paste::default());
                return;
            }
            _ => {}
        }
        self.parser.parse(&[byte], more);
        while let Some(event) = self.parser.pop() {
            self.sequence.clear();
            self.events.extend(crossterm_event(event));
        }
    }

    /// Forgets what isn't whole.
    fn start_over(&mut self) {
        self.parser = termina::Parser::default();
        self.sequence.clear();
    }
}

/// Pasted text whose end has not come.
#[derive(Default)]
struct Paste {
    text: Vec<u8>,
    /// The number of bytes of its end that have come.
    end: usize,
}

impl Paste {
    /// Takes the next byte, and returns the text if that was its last.
    fn feed(&mut self, byte: u8) -> Option<String> {
        if byte == PASTE_END[self.end] {
            self.end += 1;
            return (self.end == PASTE_END.len())
                .then(|| String::from_utf8_lossy(&self.text).into_owned());
        }
        // What looked like the end is text. Only its first byte is an Esc.
        let held = std::mem::replace(&mut self.end, usize::from(byte == ESC));
        let own = (byte != ESC).then_some(byte);
        let room = MAX_PASTE_LEN.saturating_sub(self.text.len());
        self.text.extend(PASTE_END[..held].iter().copied().chain(own).take(room));
        None
    }
}

fn alt_key(letter: char) -> Event {
    let shift = if letter.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::ALT | shift))
}

/// Returns crossterm's event for one of termina's. A report that nothing here asks for is none.
fn crossterm_event(event: parsed::Event) -> Option<Event> {
    Some(match event {
        parsed::Event::Key(key) => Event::Key(KeyEvent::new_with_kind(
            key_code(key.code)?,
            modifiers(key.modifiers),
            match key.kind {
                parsed::KeyEventKind::Press => KeyEventKind::Press,
                parsed::KeyEventKind::Release => KeyEventKind::Release,
                parsed::KeyEventKind::Repeat => KeyEventKind::Repeat,
            },
        )),
        parsed::Event::Mouse(mouse) => Event::Mouse(MouseEvent {
            kind: mouse_event_kind(mouse.kind),
            column: mouse.column,
            row: mouse.row,
            modifiers: modifiers(mouse.modifiers),
        }),
        parsed::Event::FocusIn => Event::FocusGained,
        parsed::Event::FocusOut => Event::FocusLost,
        parsed::Event::Paste(text) => Event::Paste(text),
        parsed::Event::WindowResized(_)
        | parsed::Event::Csi(_)
        | parsed::Event::Osc(_)
        | parsed::Event::Dcs(_) => return None,
    })
}

/// Returns crossterm's code of a key; `None` for keys that are reported only on request.
fn key_code(code: parsed::KeyCode) -> Option<KeyCode> {
    use parsed::KeyCode as Code;
    Some(match code {
        Code::Char(letter) => KeyCode::Char(letter),
        Code::Function(number) => KeyCode::F(number),
        Code::Enter => KeyCode::Enter,
        Code::Backspace => KeyCode::Backspace,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Escape => KeyCode::Esc,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::Insert => KeyCode::Insert,
        Code::Delete => KeyCode::Delete,
        Code::KeypadBegin => KeyCode::KeypadBegin,
        Code::CapsLock => KeyCode::CapsLock,
        Code::ScrollLock => KeyCode::ScrollLock,
        Code::NumLock => KeyCode::NumLock,
        Code::PrintScreen => KeyCode::PrintScreen,
        Code::Pause => KeyCode::Pause,
        Code::Menu => KeyCode::Menu,
        Code::Null => KeyCode::Null,
        Code::Modifier(_) | Code::Media(_) => return None,
    })
}

fn modifiers(held: parsed::Modifiers) -> KeyModifiers {
    use parsed::Modifiers as Held;
    [
        (Held::SHIFT, KeyModifiers::SHIFT),
        (Held::ALT, KeyModifiers::ALT),
        (Held::CONTROL, KeyModifiers::CONTROL),
        (Held::SUPER, KeyModifiers::SUPER),
        (Held::HYPER, KeyModifiers::HYPER),
        (Held::META, KeyModifiers::META),
    ]
    .into_iter()
    .filter(|(theirs, _)| held.contains(*theirs))
    .map(|(_, ours)| ours)
    .collect()
}

fn mouse_event_kind(kind: parsed::MouseEventKind) -> MouseEventKind {
    use parsed::MouseEventKind as Kind;
    match kind {
        Kind::Down(button) => MouseEventKind::Down(mouse_button(button)),
        Kind::Up(button) => MouseEventKind::Up(mouse_button(button)),
        Kind::Drag(button) => MouseEventKind::Drag(mouse_button(button)),
        Kind::Moved => MouseEventKind::Moved,
        Kind::ScrollDown => MouseEventKind::ScrollDown,
        Kind::ScrollUp => MouseEventKind::ScrollUp,
        Kind::ScrollLeft => MouseEventKind::ScrollLeft,
        Kind::ScrollRight => MouseEventKind::ScrollRight,
    }
}

fn mouse_button(button: parsed::MouseButton) -> MouseButton {
    match button {
        parsed::MouseButton::Left => MouseButton::Left,
        parsed::MouseButton::Right => MouseButton::Right,
        parsed::MouseButton::Middle => MouseButton::Middle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<Event> {
        let mut parser = InputParser::default();
        for piece in pieces {
            parser.feed(piece, false);
        }
        std::iter::from_fn(|| parser.next_event()).collect()
    }

    fn key(code: KeyCode) -> Event {
        Event::Key(code.into())
    }

    fn with(letter: char, held: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(letter), held))
    }

    #[test]
    fn keys_are_read_as_crossterm_reads_them() {
        for (bytes, expected) in [
            (&b"q"[..], with('q', KeyModifiers::NONE)),
            (b"G", with('G', KeyModifiers::SHIFT)),
            ("é".as_bytes(), with('é', KeyModifiers::NONE)),
            (b"\r", key(KeyCode::Enter)),
            (b"\t", key(KeyCode::Tab)),
            (b"\x7f", key(KeyCode::Backspace)),
            (b"\x08", with('h', KeyModifiers::CONTROL)),
            (b"\x0c", with('l', KeyModifiers::CONTROL)),
            (b"\x07", with('g', KeyModifiers::CONTROL)),
            (b"\x1c", with('4', KeyModifiers::CONTROL)),
            (b"\x1b", key(KeyCode::Esc)),
            (b"\x1bb", with('b', KeyModifiers::ALT)),
            (b"\x1b[C", key(KeyCode::Right)),
            (b"\x1bOC", key(KeyCode::Right)),
            (b"\x1bOP", key(KeyCode::F(1))),
            (b"\x1b[11~", key(KeyCode::F(1))),
            (b"\x1b[6~", key(KeyCode::PageDown)),
            (b"\x1b[I", Event::FocusGained),
        ] {
            assert_eq!(parse(&[bytes]), [expected], "{bytes:?}");
        }
        let back = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(parse(&[b"\x1b[Z"]), [Event::Key(back)]);
        let held = KeyEvent::new(KeyCode::Left, KeyModifiers::CONTROL);
        assert_eq!(parse(&[b"\x1b[1;5D"]), [Event::Key(held)]);
    }

    #[test]
    fn the_mouse_is_read() {
        let at = |kind| MouseEvent { kind, column: 9, row: 4, modifiers: KeyModifiers::NONE };
        for (bytes, kind) in [
            (&b"\x1b[<0;10;5M"[..], MouseEventKind::Down(MouseButton::Left)),
            (b"\x1b[<2;10;5m", MouseEventKind::Up(MouseButton::Right)),
            (b"\x1b[<35;10;5M", MouseEventKind::Moved),
            (b"\x1b[<64;10;5M", MouseEventKind::ScrollUp),
            (b"\x1b[<65;10;5M", MouseEventKind::ScrollDown),
        ] {
            assert_eq!(parse(&[bytes]), [Event::Mouse(at(kind))], "{bytes:?}");
        }
    }

    #[test]
    fn many_keys_in_one_piece_are_many_events() {
        let bytes = b"\x1b[C".repeat(20);
        assert_eq!(parse(&[&bytes]), vec![key(KeyCode::Right); 20]);
    }

    #[test]
    fn a_sequence_may_come_in_two_pieces() {
        for bytes in [
            &b"\x1b[1;5D"[..],
            b"\x1b[<65;10;5M",
            b"\x1b[200~two\nlines\x1b[201~",
            "\u{1f9ea}".as_bytes(),
        ] {
            let whole = parse(&[bytes]);
            assert_eq!(whole.len(), 1);
            // An Esc alone is the key, so nothing is cut behind it.
            for cut in 2..bytes.len() {
                let (first, second) = bytes.split_at(cut);
                if first.ends_with(b"\x1b") && !first.starts_with(PASTE_START) {
                    continue;
                }
                assert_eq!(parse(&[first, second]), whole, "{bytes:?} cut at {cut}");
            }
        }
        let mut parser = InputParser::default();
        parser.feed(b"\x1b", true);
        assert_eq!(parser.next_event(), None, "more is known to follow");
        parser.feed(b"[C", false);
        assert_eq!(parser.next_event(), Some(key(KeyCode::Right)));
    }

    #[test]
    fn no_key_is_held_back_by_one_before_it() {
        let q = with('q', KeyModifiers::NONE);
        let shift_alt = KeyModifiers::ALT | KeyModifiers::SHIFT;
        for (before, events) in [
            (&b"\x1b]"[..], vec![with(']', KeyModifiers::ALT)]),
            (b"\x1bP", vec![with('P', shift_alt)]),
            (b"\x1b_", vec![with('_', KeyModifiers::ALT)]),
            (b"\x1b\x1b", vec![key(KeyCode::Esc)]),
            // Neither a character nor a sequence.
            (b"\xff", vec![]),
            (b"\xe2\x82\x1b[C", vec![key(KeyCode::Right)]),
            (b"\x1b[<12\x1b[C", vec![key(KeyCode::Right)]),
            (b"\x1b[?62;4c", vec![]),
        ] {
            let expected: Vec<Event> = events.into_iter().chain([q.clone()]).collect();
            assert_eq!(parse(&[before, b"q"]), expected, "{before:?}");
        }
        let mut endless = b"\x1b[".to_vec();
        endless.extend([b'1'; 200]);
        endless.push(b'q');
        assert_eq!(parse(&[&endless]).last(), Some(&q));
    }

    #[test]
    fn pasted_text_is_one_event_and_has_a_bound() {
        let paste = |text: &str| parse(&[PASTE_START, text.as_bytes(), PASTE_END]);
        for text in ["", "q", "\x1b]11;?", "\x1b[201", "\x1b\x1b[20", "ünï"] {
            assert_eq!(paste(text), [Event::Paste(text.to_owned())]);
        }
        let long = "x".repeat(MAX_PASTE_LEN + 10);
        assert_eq!(paste(&long), [Event::Paste("x".repeat(MAX_PASTE_LEN))]);
    }

    #[test]
    fn no_bytes_break_it() {
        // All pieces of up to three bytes out of those that mean something, with a key behind them.
        let bytes = b"\x1b[]P_O<?>;:0129Mmu~cRyq$\x00\x80\xc3\xf0\xff ";
        for first in bytes {
            for second in bytes {
                for third in bytes {
                    let mut parser = InputParser::default();
                    parser.feed(b"\x1b[", true);
                    parser.feed(&[*first, *second, *third], false);
                    parser.feed(b"\x1b[C\x1b[C", false);
                    let last = std::iter::from_fn(|| parser.next_event()).last();
                    assert_eq!(last, Some(key(KeyCode::Right)), "{first} {second} {third}");
                }
            }
        }
    }
}
