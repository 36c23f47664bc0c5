//! What the keys and the mouse do: each mode has its own few lines.
//!
//! A tab's own keys are asked first; they stand in the tab's file.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::canvas::Target;
use super::conn::Status;
use super::draft::Draft;
use super::source::Opening;
use super::state::{Cursor, Inspect, Line, Mode, Purpose, Tab};
use super::{Cmd, deflate, handshake, mask, problems, timeline};
use crate::clients::SessionCommand;
use crate::proxy::{self, InterceptAction, ConnectionSelector};
use crate::wire::{FragmentRole, Side, format};

type Cmds = Vec<Cmd>;

impl Inspect {
    pub(super) fn key(&mut self, key: KeyEvent) -> Cmds {
        self.said = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match (&self.mode, key.code) {
            (_, KeyCode::Char('d')) if control => self.ask(&SessionCommand::Close(1000, "done".to_owned())),
            (_, KeyCode::Char('r')) if control => self.connect(),
            (_, KeyCode::Esc) => {
                self.draft = None;
                self.close()
            }
            (Mode::Line(_), _) => self.type_line(key, control),
            (Mode::Edit, _) => self.edit(key),
            (Mode::Help, _) => self.close(),
            (Mode::Rules(_), _) => self.read_rules(key.code),
            (Mode::Copy, _) => self.copy(key.code),
            (Mode::Bet, _) => self.bet(key.code),
            (Mode::Look, _) if control => Vec::new(),
            (Mode::Look, _) => self.look(key),
        }
    }

    pub(super) fn close(&mut self) -> Cmds {
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
            Tab::Deflate => deflate::key(self, key),
        };
        own.unwrap_or_else(|| self.common(key.code))
    }

    /// The keys that mean the same on every tab.
    fn common(&mut self, code: KeyCode) -> Cmds {
        match code {
            KeyCode::Char(digit @ '1'..='6') => self.tab = Tab::ALL[digit as usize - '1' as usize],
            KeyCode::Tab => self.turn(1),
            KeyCode::BackTab => self.turn(Tab::ALL.len() - 1),
            KeyCode::Char('?') => self.mode = Mode::Rules(0),
            KeyCode::Char('h') => self.mode = Mode::Help,
            KeyCode::Enter | KeyCode::Char('i') if self.source.is_ours() => {
                self.mode = Mode::Line(Line::new(Purpose::Send));
            }
            KeyCode::Enter | KeyCode::Char('i' | 'r') if !self.source.is_ours() => {
                self.said = Some(self.nobody().to_owned());
            }
            KeyCode::Char('r') => self.mode = Mode::Line(Line::new(Purpose::Hex)),
            KeyCode::Char('f') => self.ask_for(Purpose::Filter),
            KeyCode::Char('/') => self.ask_for(Purpose::Search),
            KeyCode::Char('n') => return self.find_next(1),
            KeyCode::Char('<') => self.switch(-1),
            KeyCode::Char('>') => self.switch(1),
            KeyCode::Char('.') => return self.scenario_on(),
            KeyCode::Char(',') => self.scenario_back(),
            KeyCode::Char('P') => return self.toggle_pong(),
            KeyCode::Char(key @ ('H' | 'S' | 'D' | 'I' | 'W')) => return self.handle(key),
            KeyCode::Char('y') => self.mode = Mode::Copy,
            KeyCode::Char('m') => self.tab = Tab::Mask,
            KeyCode::Char('p') => return self.ask(&SessionCommand::Ping(b"are you there?".to_vec())),
            KeyCode::Char('c') => return self.ask(&SessionCommand::Close(1000, "done".to_owned())),
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

    /// Opens a line with what it held before.
    fn ask_for(&mut self, purpose: Purpose) {
        let text = match purpose {
            Purpose::Filter => self.filter.as_ref().map(|filter| filter.text.clone()),
            Purpose::Search => self.search.as_ref().map(|search| search.text.clone()),
            _ => None,
        };
        self.mode = Mode::Line(Line { text: text.unwrap_or_default(), ..Line::new(purpose) });
    }

    fn toggle_pong(&mut self) -> Cmds {
        self.auto_pong = !self.auto_pong;
        let told = if self.auto_pong {
            "pings are answered"
        } else {
            "pings are left unanswered: what does the peer do?"
        };
        self.said = Some(told.to_owned());
        self.ask(&SessionCommand::AutoPong(self.auto_pong))
    }

    /// The keys of a proxy: hold and release, let one frame pass, drop it, put bytes in, choose whose frames are meant.
    fn handle(&mut self, key: char) -> Cmds {
        if self.proxy.is_none() {
            self.said = Some("nothing passes through here: that is for wiretalk inspect --proxy".to_owned());
            return Vec::new();
        }
        match key {
            'W' => {
                self.hand = self.hand.peer();
                self.said = Some(format!("S, D and I mean what the {} sends", self.hand));
                Vec::new()
            }
            'H' => {
                self.holds = !self.holds;
                let act = if self.holds { InterceptAction::Hold } else { InterceptAction::Release };
                let told = if self.holds {
                    "every frame waits now, and so do the peers"
                } else {
                    "everything passes again"
                };
                self.said = Some(told.to_owned());
                let both = [Side::Client, Side::Server];
                both.into_iter().flat_map(|from| self.act(from, ConnectionSelector::All, act.clone())).collect()
            }
            'S' => self.act(self.hand, ConnectionSelector::One(self.conn().number), InterceptAction::Forward),
            'D' => self.act(self.hand, ConnectionSelector::One(self.conn().number), InterceptAction::Drop),
            _ => {
                self.mode = Mode::Line(Line::new(Purpose::Inject));
                Vec::new()
            }
        }
    }

    fn act(&self, from: Side, which: ConnectionSelector, act: InterceptAction) -> Cmds {
        let command = proxy::ProxyCommand { selector: which, from, action: act };
        self.proxy.iter().map(|orders| Cmd::Handle(orders.clone(), command.clone())).collect()
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
        let Some(current) = self.current() else { return };
        match &self.filter {
            None => self.choose(current.saturating_add_signed(by)),
            Some(filter) => {
                let at = filter.rows.partition_point(|row| (*row as usize) < current);
                let next = at.saturating_add_signed(by).min(filter.rows.len() - 1);
                let row = filter.rows[next] as usize;
                self.choose(row);
            }
        }
    }

    /// The next frame of the same message, round and round.
    fn next_of_message(&mut self) {
        let Some(current) = self.current() else { return };
        let rows = self.conn().trace.message_rows(current);
        let next = rows.iter().position(|row| *row == current).map_or(0, |at| (at + 1) % rows.len());
        if let Some(row) = rows.get(next) {
            self.choose(*row);
        }
        if self.current().is_some_and(|row| self.conn().trace.rows()[row].role() == FragmentRole::Control) {
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
        self.draft = Some(Draft::of(&frame, self.conn().trace.agreed()));
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

    /// Sends what is in the hand; through a proxy it is put in as if the frame's own side had sent it.
    fn send_draft(&mut self) -> Cmds {
        let from = self.shown().map_or(Side::Client, |(_, row, _)| row.from());
        let Some(draft) = self.draft.take() else { return Vec::new() };
        self.mode = Mode::Look;
        self.cursor = Cursor::default();
        let raw = draft.raw().to_vec();
        let told = format!("sent as it is: {}", format::byte_count(raw.len() as u64));
        if self.proxy.is_some() {
            return self.act(from, ConnectionSelector::One(self.conn().number), InterceptAction::Inject(raw));
        }
        let commands = self.ask(&SessionCommand::Raw(raw));
        if !commands.is_empty() {
            self.said = Some(told);
        }
        commands
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
            Purpose::Hex => match format::parse_hex(&line.text) {
                Ok(bytes) if bytes.is_empty() => Vec::new(),
                Ok(bytes) => self.ask(&SessionCommand::Raw(bytes)),
                Err(why) => self.complain(line, why),
            },
            Purpose::Inject => match format::parse_hex(&line.text) {
                Ok(bytes) => self.act(self.hand, ConnectionSelector::One(self.conn().number), InterceptAction::Inject(bytes)),
                Err(why) => self.complain(line, why),
            },
            Purpose::Filter => self.set_filter(line),
            Purpose::Search => self.set_search(line),
        }
    }

    pub(super) fn complain(&mut self, line: Line, why: String) -> Cmds {
        self.mode = Mode::Line(Line { complaint: Some(why), ..line });
        Vec::new()
    }

    /// Sends what was typed; on a connection that is over, connects anew and sends it there.
    fn send(&mut self, text: String) -> Cmds {
        if self.source.is_ours() && matches!(self.own().status, Status::Ended(_)) {
            let first = vec![SessionCommand::Text(text)];
            return self.open(Opening { first, ..self.opening.clone() });
        }
        self.tab = Tab::Frames;
        self.ask(&SessionCommand::Text(text))
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
            Target::Symbol(number) => deflate::click(self, number),
        }
    }
}

/// A key that no one chose, but not a secret either: it is made from the frame that it shall mask.
pub(super) fn fresh_key(raw: &[u8]) -> [u8; 4] {
    let mixed =
        raw.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (mixed | 1).to_be_bytes()
}
