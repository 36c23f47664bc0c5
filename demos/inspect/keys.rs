//! What the keys and the mouse do: each mode has its own few lines.
//!
//! A tab's own keys are asked first; they stand in the tab's file.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::canvas::Target;
use super::draft::Draft;
use super::state::{Cursor, Inspect, Line, Mode, Purpose, Status, Tab};
use super::{Cmd, handshake, mask, problems, timeline};
use crate::clients::Command;
use crate::wire::{Place, words};

type Cmds = Vec<Cmd>;

impl Inspect {
    pub(super) fn key(&mut self, key: KeyEvent) -> Cmds {
        self.said = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match (&self.mode, key.code) {
            (_, KeyCode::Char('d')) if control => self.ask(&Command::Close(1000, "done".to_owned())),
            (_, KeyCode::Char('r')) if control => self.connect(),
            (Mode::Line(_), _) => self.type_line(key, control),
            (Mode::Edit, _) => self.edit(key),
            (Mode::Help, _) => self.close(),
            (Mode::Rules(_), _) => self.read_rules(key.code),
            (Mode::Copy, _) => self.copy(key.code),
            (Mode::Look, _) if control => Vec::new(),
            (Mode::Look, _) => self.look(key),
        }
    }

    fn close(&mut self) -> Cmds {
        self.mode = Mode::Look;
        Vec::new()
    }

    fn look(&mut self, key: KeyEvent) -> Cmds {
        let own = match self.tab {
            Tab::Handshake => handshake::key(self, key),
            Tab::Frames => None,
            Tab::Mask => mask::key(self, key),
            Tab::Timeline => timeline::key(self, key),
            Tab::Problems => problems::key(self, key),
        };
        own.unwrap_or_else(|| self.common(key.code))
    }

    /// The keys that mean the same on every tab.
    fn common(&mut self, code: KeyCode) -> Cmds {
        match code {
            KeyCode::Char(digit @ '1'..='5') => self.tab = Tab::ALL[digit as usize - '1' as usize],
            KeyCode::Tab => self.turn(1),
            KeyCode::BackTab => self.turn(Tab::ALL.len() - 1),
            KeyCode::Char('?') => self.mode = Mode::Rules(0),
            KeyCode::Char('h') => self.mode = Mode::Help,
            KeyCode::Enter | KeyCode::Char('i') => self.mode = Mode::Line(Line::new(Purpose::Send)),
            KeyCode::Char('r') => self.mode = Mode::Line(Line::new(Purpose::Hex)),
            KeyCode::Char('y') => self.mode = Mode::Copy,
            KeyCode::Char('m') => self.tab = Tab::Mask,
            KeyCode::Char('p') => return self.ask(&Command::Ping(b"are you there?".to_vec())),
            KeyCode::Char('c') => return self.ask(&Command::Close(1000, "done".to_owned())),
            KeyCode::Char('x') => self.flip(),
            KeyCode::Char('e') => self.take(),
            code => self.walk(code),
        }
        Vec::new()
    }

    /// The keys that move through frames, fields, bytes and bits.
    fn walk(&mut self, code: KeyCode) {
        match code {
            KeyCode::Char('[' | 'k') => self.step(-1),
            KeyCode::Char(']' | 'j') => self.step(1),
            KeyCode::Char('{') => self.step(-20),
            KeyCode::Char('}') => self.step(20),
            KeyCode::Home => self.choose(0),
            KeyCode::End => self.choose(usize::MAX),
            KeyCode::Char(' ') => self.hold(),
            KeyCode::Char('g') => self.next_of_message(),
            KeyCode::Up => self.next_field(-1),
            KeyCode::Down => self.next_field(1),
            KeyCode::Left => self.next_byte(-1),
            KeyCode::Right => self.next_byte(1),
            KeyCode::Char('b') => self.cursor.bit = (self.cursor.bit + 1) % 8,
            _ => {}
        }
    }

    fn turn(&mut self, by: usize) {
        let at = Tab::ALL.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        self.tab = Tab::ALL[(at + by) % Tab::ALL.len()];
    }

    /// Stands still on the frame that is shown, or follows what is sent again.
    fn hold(&mut self) {
        match self.chosen {
            Some(_) => self.chosen = None,
            None => self.chosen = self.current(),
        }
    }

    pub(super) fn step(&mut self, by: isize) {
        if let Some(current) = self.current() {
            self.choose(current.saturating_add_signed(by));
        }
    }

    /// The next frame of the same message, round and round.
    fn next_of_message(&mut self) {
        let Some(current) = self.current() else { return };
        let rows = self.trace.message_of(current);
        let next = rows.iter().position(|row| *row == current).map_or(0, |at| (at + 1) % rows.len());
        if let Some(row) = rows.get(next) {
            self.choose(*row);
        }
        if self.current().is_some_and(|row| self.trace.rows()[row].place() == Place::Control) {
            self.said = Some("a control frame is part of no message".to_owned());
        }
    }

    fn next_field(&mut self, by: isize) {
        if let Some((_, spans)) = self.under() {
            let next = self.field(&spans).saturating_add_signed(by).min(spans.len().saturating_sub(1));
            if let Some(span) = spans.get(next) {
                self.cursor = Cursor { byte: span.bytes.start, bit: span.bits.start };
            }
        }
    }

    fn next_byte(&mut self, by: isize) {
        if let Some((raw, _)) = self.under() {
            let byte = self.cursor.byte.saturating_add_signed(by).min(raw.len().saturating_sub(1));
            self.cursor = Cursor { byte, bit: 0 };
        }
    }

    /// Flips the bit under the cursor, in a copy: nothing is sent.
    fn flip(&mut self) {
        let cursor = self.cursor;
        if self.draft.is_none() {
            self.take();
        }
        if let Some(draft) = &mut self.draft {
            draft.flip(cursor.byte, cursor.bit);
        }
        self.cursor = cursor;
    }

    /// Takes the frame that is shown into the hand.
    fn take(&mut self) {
        let Some((row, _, frame)) = self.shown() else { return };
        self.chosen = Some(row);
        self.tab = Tab::Frames;
        self.draft = Some(Draft::of(&frame, self.trace.agreed()));
        self.mode = Mode::Edit;
    }

    fn edit(&mut self, key: KeyEvent) -> Cmds {
        let Cursor { byte, bit } = self.cursor;
        let Some(draft) = &mut self.draft else { return self.close() };
        match key.code {
            KeyCode::Char(' ' | 'x') => draft.flip(byte, bit),
            KeyCode::Char('l') => draft.mend_length(),
            KeyCode::Char('k') => draft.mask_with(fresh_key(draft.raw())),
            KeyCode::Char('u') => draft.undo(),
            KeyCode::Char('+') | KeyCode::Insert => draft.insert(byte + 1),
            KeyCode::Char('-') | KeyCode::Delete => draft.remove(byte),
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Char(digit) if digit.is_ascii_hexdigit() => {
                let value = digit.to_digit(16).expect("it is a hex digit") as u8;
                draft.digit(byte, bit >= 4, value);
                self.cursor =
                    if bit >= 4 { Cursor { byte: byte + 1, bit: 0 } } else { Cursor { byte, bit: 4 } };
            }
            KeyCode::Char('q') | KeyCode::Backspace => {
                self.draft = None;
                return self.close();
            }
            KeyCode::Enter => return self.send_draft(),
            KeyCode::Char('.') => self.cursor.bit = (bit + 1) % 8,
            code => self.walk(code),
        }
        let last = self.draft.as_ref().map_or(0, |draft| draft.raw().len().saturating_sub(1));
        self.cursor.byte = self.cursor.byte.min(last);
        Vec::new()
    }

    fn send_draft(&mut self) -> Cmds {
        let Some(draft) = self.draft.take() else { return Vec::new() };
        self.mode = Mode::Look;
        self.cursor = Cursor::default();
        self.said = Some(format!("sent as it is: {}", words::bytes(draft.raw().len() as u64)));
        self.ask(&Command::Raw(draft.raw().to_vec()))
    }

    fn read_rules(&mut self, code: KeyCode) -> Cmds {
        let Mode::Rules(row) = &mut self.mode else { return Vec::new() };
        match code {
            KeyCode::Up => *row = row.saturating_sub(1),
            KeyCode::Down => *row = row.saturating_add(1),
            _ => self.mode = Mode::Look,
        }
        Vec::new()
    }

    fn type_line(&mut self, key: KeyEvent, control: bool) -> Cmds {
        let Mode::Line(line) = &mut self.mode else { return Vec::new() };
        match key.code {
            KeyCode::Char('u') if control => line.text.clear(),
            KeyCode::Char(letter) if !control => self.paste(letter.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace if line.text.is_empty() => self.mode = Mode::Look,
            KeyCode::Backspace => {
                line.text.pop();
            }
            KeyCode::Enter => return self.enter(),
            _ => {}
        }
        Vec::new()
    }

    /// Does what the typed line is for; a line that cannot be understood stays, with what is wrong.
    fn enter(&mut self) -> Cmds {
        let Mode::Line(line) = std::mem::replace(&mut self.mode, Mode::Look) else { return Vec::new() };
        match line.purpose {
            Purpose::Send => self.send(line.text),
            Purpose::Hex => match words::from_hex(&line.text) {
                Ok(bytes) if bytes.is_empty() => Vec::new(),
                Ok(bytes) => self.ask(&Command::Raw(bytes)),
                Err(why) => self.complain(line, why),
            },
            Purpose::Filter | Purpose::Search => Vec::new(),
        }
    }

    pub(super) fn complain(&mut self, line: Line, why: String) -> Cmds {
        self.mode = Mode::Line(Line { complaint: Some(why), ..line });
        Vec::new()
    }

    /// Sends what was typed; on a connection that is over, connects anew and sends it there.
    fn send(&mut self, text: String) -> Cmds {
        if matches!(self.status, Status::Ended(_)) {
            if !text.is_empty() {
                self.first = text;
            }
            return self.connect();
        }
        self.tab = Tab::Frames;
        self.ask(&Command::Text(text))
    }

    fn copy(&mut self, _code: KeyCode) -> Cmds {
        self.close()
    }

    /// Goes to what was clicked.
    pub(super) fn click(&mut self, target: Target) {
        match target {
            Target::Tab(tab) => self.tab = tab,
            Target::Row(row) => self.choose(row),
            Target::Byte(byte) => self.cursor = Cursor { byte, bit: 0 },
            Target::Bit(byte, bit) => self.cursor = Cursor { byte, bit },
            Target::Line(from, line) => handshake::click(self, from, line),
            Target::Step(step) => mask::click(self, step),
            Target::Problem(number) => problems::click(self, number),
        }
    }
}

/// A key that no one chose, but not a secret either: it is made from the frame that it shall mask.
pub(super) fn fresh_key(raw: &[u8]) -> [u8; 4] {
    let mixed =
        raw.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (mixed | 1).to_be_bytes()
}
