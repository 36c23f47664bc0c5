//! What the keys and the mouse do: each mode has its own few lines.
//!
//! A tab's own keys are asked first; they stand in the tab's file.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::canvas::ClickTarget;
use super::connection::ConnectionStatus;
use super::draft::Draft;
use super::source::ConnectOptions;
use super::state::{ByteCursor, InputLine, InputMode, InputPurpose, Inspect, Tab};
use super::{Cmd, deflate, handshake, mask, problems, timeline};
use crate::clients::SessionCommand;
use crate::proxy::{self, ConnectionSelector, InterceptAction};
use crate::wire::{FragmentRole, Side, format};

type Cmds = Vec<Cmd>;

impl Inspect {
    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Cmds {
        self.notice = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match (&self.mode, key.code) {
            (_, KeyCode::Char('d')) if control => {
                self.send_command(&SessionCommand::Close(1000, "done".to_owned()))
            }
            (_, KeyCode::Char('r')) if control => self.connect(),
            (_, KeyCode::Esc) => {
                self.draft = None;
                self.leave_mode()
            }
            (InputMode::Input(_), _) => self.handle_input_key(key, control),
            (InputMode::Edit, _) => self.handle_edit_key(key),
            (InputMode::Help, _) => self.leave_mode(),
            (InputMode::Rules(_), _) => self.handle_rules_key(key.code),
            (InputMode::Copy, _) => self.copy_frame(key.code),
            (InputMode::Bet, _) => self.handle_bet_key(key.code),
            (InputMode::Browse, _) if control => Vec::new(),
            (InputMode::Browse, _) => self.handle_browse_key(key),
        }
    }

    pub(super) fn leave_mode(&mut self) -> Cmds {
        self.mode = InputMode::Browse;
        Vec::new()
    }

    fn handle_browse_key(&mut self, key: KeyEvent) -> Cmds {
        let own = match self.tab {
            Tab::Handshake => handshake::key(self, key),
            Tab::Frames => None,
            Tab::Mask => mask::key(self, key),
            Tab::Timeline => timeline::key(self, key),
            Tab::Problems => problems::key(self, key),
            Tab::Deflate => deflate::key(self, key),
        };
        own.unwrap_or_else(|| self.handle_common_key(key.code))
    }

    /// The keys that mean the same on every tab.
    fn handle_common_key(&mut self, code: KeyCode) -> Cmds {
        match code {
            KeyCode::Char(digit @ '1'..='6') => self.tab = Tab::ALL[digit as usize - '1' as usize],
            KeyCode::Tab => self.switch_tab(1),
            KeyCode::BackTab => self.switch_tab(Tab::ALL.len() - 1),
            KeyCode::Char('?') => self.mode = InputMode::Rules(0),
            KeyCode::Char('h') => self.mode = InputMode::Help,
            KeyCode::Enter | KeyCode::Char('i') if self.source.is_own_connection() => {
                self.mode = InputMode::Input(InputLine::new(InputPurpose::Send));
            }
            KeyCode::Enter | KeyCode::Char('i' | 'r') if !self.source.is_own_connection() => {
                self.notice = Some(self.cannot_send_reason().to_owned());
            }
            KeyCode::Char('r') => self.mode = InputMode::Input(InputLine::new(InputPurpose::Hex)),
            KeyCode::Char('f') => self.open_input(InputPurpose::Filter),
            KeyCode::Char('/') => self.open_input(InputPurpose::Search),
            KeyCode::Char('n') => return self.search_next(1),
            KeyCode::Char('<') => self.switch_connection(-1),
            KeyCode::Char('>') => self.switch_connection(1),
            KeyCode::Char('.') => return self.scenario_forward(),
            KeyCode::Char(',') => self.scenario_back(),
            KeyCode::Char('P') => return self.toggle_pong(),
            KeyCode::Char(key @ ('H' | 'S' | 'D' | 'I' | 'W')) => return self.handle_proxy_key(key),
            KeyCode::Char('y') => self.mode = InputMode::Copy,
            KeyCode::Char('m') => self.tab = Tab::Mask,
            KeyCode::Char('p') => {
                return self.send_command(&SessionCommand::Ping(b"are you there?".to_vec()));
            }
            KeyCode::Char('c') => return self.send_command(&SessionCommand::Close(1000, "done".to_owned())),
            KeyCode::Char('x') => self.flip_bit(),
            KeyCode::Char('e') => self.start_editing(),
            code => self.move_cursor(code),
        }
        Vec::new()
    }

    /// The keys that move through frames, fields, bytes and bits.
    fn move_cursor(&mut self, code: KeyCode) {
        match code {
            KeyCode::Char('[' | 'k') => self.move_selection(-1),
            KeyCode::Char(']' | 'j') => self.move_selection(1),
            KeyCode::Char('{') => self.move_selection(-20),
            KeyCode::Char('}') => self.move_selection(20),
            KeyCode::Home => self.select_row(0),
            KeyCode::End => self.select_row(usize::MAX),
            KeyCode::Char(' ') => self.toggle_follow(),
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
    fn open_input(&mut self, purpose: InputPurpose) {
        let text = match purpose {
            InputPurpose::Filter => self.filter.as_ref().map(|filter| filter.text.clone()),
            InputPurpose::Search => self.search.as_ref().map(|search| search.text.clone()),
            _ => None,
        };
        self.mode = InputMode::Input(InputLine { text: text.unwrap_or_default(), ..InputLine::new(purpose) });
    }

    fn toggle_pong(&mut self) -> Cmds {
        self.auto_pong = !self.auto_pong;
        let notice = if self.auto_pong {
            "pings are answered"
        } else {
            "pings are left unanswered: what does the peer do?"
        };
        self.notice = Some(notice.to_owned());
        self.send_command(&SessionCommand::AutoPong(self.auto_pong))
    }

    /// The keys of a proxy: hold and release, let one frame pass, drop it, put bytes in, choose whose frames are meant.
    fn handle_proxy_key(&mut self, key: char) -> Cmds {
        if self.proxy_commands.is_none() {
            self.notice =
                Some("nothing passes through here: that is for wiretalk inspect --proxy".to_owned());
            return Vec::new();
        }
        match key {
            'W' => {
                self.selected_side = self.selected_side.peer();
                self.notice = Some(format!("S, D and I mean what the {} sends", self.selected_side));
                Vec::new()
            }
            'H' => {
                self.intercepting = !self.intercepting;
                let act = if self.intercepting { InterceptAction::Hold } else { InterceptAction::Release };
                let notice = if self.intercepting {
                    "every frame waits now, and so do the peers"
                } else {
                    "everything passes again"
                };
                self.notice = Some(notice.to_owned());
                let both = [Side::Client, Side::Server];
                both.into_iter()
                    .flat_map(|from| self.proxy_command(from, ConnectionSelector::All, act.clone()))
                    .collect()
            }
            'S' => self.proxy_command(
                self.selected_side,
                ConnectionSelector::One(self.connection().number),
                InterceptAction::Forward,
            ),
            'D' => self.proxy_command(
                self.selected_side,
                ConnectionSelector::One(self.connection().number),
                InterceptAction::Drop,
            ),
            _ => {
                self.mode = InputMode::Input(InputLine::new(InputPurpose::Inject));
                Vec::new()
            }
        }
    }

    fn proxy_command(&self, from: Side, which: ConnectionSelector, act: InterceptAction) -> Cmds {
        let command = proxy::ProxyCommand { selector: which, from, action: act };
        self.proxy_commands.iter().map(|commands| Cmd::Proxy(commands.clone(), command.clone())).collect()
    }

    fn switch_tab(&mut self, by: usize) {
        let at = Tab::ALL.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        self.tab = Tab::ALL[(at + by) % Tab::ALL.len()];
    }

    /// Stands still on the frame that is shown, or follows what is sent again.
    fn toggle_follow(&mut self) {
        match self.selected_row {
            Some(_) => self.selected_row = None,
            None => self.selected_row = self.current_row(),
        }
    }

    pub(super) fn move_selection(&mut self, by: isize) {
        let Some(current) = self.current_row() else { return };
        match &self.filter {
            None => self.select_row(current.saturating_add_signed(by)),
            Some(filter) => {
                let at = filter.rows.partition_point(|row| (*row as usize) < current);
                let next = at.saturating_add_signed(by).min(filter.rows.len() - 1);
                let row = filter.rows[next] as usize;
                self.select_row(row);
            }
        }
    }

    /// The next frame of the same message, round and round.
    fn next_of_message(&mut self) {
        let Some(current) = self.current_row() else { return };
        let rows = self.connection().trace.message_rows(current);
        let next = rows.iter().position(|row| *row == current).map_or(0, |at| (at + 1) % rows.len());
        if let Some(row) = rows.get(next) {
            self.select_row(*row);
        }
        if self
            .current_row()
            .is_some_and(|row| self.connection().trace.rows()[row].role() == FragmentRole::Control)
        {
            self.notice = Some("a control frame is part of no message".to_owned());
        }
    }

    fn next_field(&mut self, by: isize) {
        if let Some((_, spans)) = self.bytes_under_cursor() {
            let next =
                self.field_under_cursor(&spans).saturating_add_signed(by).min(spans.len().saturating_sub(1));
            if let Some(span) = spans.get(next) {
                self.cursor = ByteCursor { byte: span.bytes.start, bit: span.bits.start };
            }
        }
    }

    fn next_byte(&mut self, by: isize) {
        if let Some((raw, _)) = self.bytes_under_cursor() {
            let byte = self.cursor.byte.saturating_add_signed(by).min(raw.len().saturating_sub(1));
            self.cursor = ByteCursor { byte, bit: 0 };
        }
    }

    /// Flips the bit under the cursor, in a copy: nothing is sent.
    fn flip_bit(&mut self) {
        let cursor = self.cursor;
        if self.draft.is_none() {
            self.start_editing();
        }
        if let Some(draft) = &mut self.draft {
            draft.flip_bit(cursor.byte, cursor.bit);
        }
        self.cursor = cursor;
    }

    /// Takes the frame that is shown into the hand.
    fn start_editing(&mut self) {
        let Some((row, _, frame)) = self.current_frame() else { return };
        self.selected_row = Some(row);
        self.tab = Tab::Frames;
        self.draft = Some(Draft::from_frame(&frame, self.connection().trace.agreed()));
        self.mode = InputMode::Edit;
    }

    fn handle_edit_key(&mut self, key: KeyEvent) -> Cmds {
        let ByteCursor { byte, bit } = self.cursor;
        let Some(draft) = &mut self.draft else { return self.leave_mode() };
        match key.code {
            KeyCode::Char(' ' | 'x') => draft.flip_bit(byte, bit),
            KeyCode::Char('l') => draft.fix_length(),
            KeyCode::Char('k') => draft.mask_with(fresh_key(draft.bytes())),
            KeyCode::Char('u') => draft.undo(),
            KeyCode::Char('+') | KeyCode::Insert => draft.insert_byte(byte + 1),
            KeyCode::Char('-') | KeyCode::Delete => draft.remove_byte(byte),
            KeyCode::Char('?') => self.mode = InputMode::Help,
            KeyCode::Char(digit) if digit.is_ascii_hexdigit() => {
                let value = digit.to_digit(16).expect("it is a hex digit") as u8;
                draft.set_hex_digit(byte, bit >= 4, value);
                self.cursor = if bit >= 4 {
                    ByteCursor { byte: byte + 1, bit: 0 }
                } else {
                    ByteCursor { byte, bit: 4 }
                };
            }
            KeyCode::Char('q') | KeyCode::Backspace => {
                self.draft = None;
                return self.leave_mode();
            }
            KeyCode::Enter => return self.send_draft(),
            KeyCode::Char('.') => self.cursor.bit = (bit + 1) % 8,
            code => self.move_cursor(code),
        }
        let last = self.draft.as_ref().map_or(0, |draft| draft.bytes().len().saturating_sub(1));
        self.cursor.byte = self.cursor.byte.min(last);
        Vec::new()
    }

    /// Sends what is in the hand; through a proxy it is put in as if the frame's own side had sent it.
    fn send_draft(&mut self) -> Cmds {
        let from = self.current_frame().map_or(Side::Client, |(_, row, _)| row.from());
        let Some(draft) = self.draft.take() else { return Vec::new() };
        self.mode = InputMode::Browse;
        self.cursor = ByteCursor::default();
        let raw = draft.bytes().to_vec();
        let notice = format!("sent as it is: {}", format::byte_count(raw.len() as u64));
        if self.proxy_commands.is_some() {
            return self.proxy_command(
                from,
                ConnectionSelector::One(self.connection().number),
                InterceptAction::Inject(raw),
            );
        }
        let commands = self.send_command(&SessionCommand::Raw(raw));
        if !commands.is_empty() {
            self.notice = Some(notice);
        }
        commands
    }

    fn handle_rules_key(&mut self, code: KeyCode) -> Cmds {
        let InputMode::Rules(row) = &mut self.mode else { return Vec::new() };
        match code {
            KeyCode::Up => *row = row.saturating_sub(1),
            KeyCode::Down => *row = row.saturating_add(1),
            _ => self.mode = InputMode::Browse,
        }
        Vec::new()
    }

    fn handle_input_key(&mut self, key: KeyEvent, control: bool) -> Cmds {
        let InputMode::Input(line) = &mut self.mode else { return Vec::new() };
        match key.code {
            KeyCode::Char('u') if control => line.text.clear(),
            KeyCode::Char(letter) if !control => self.paste(letter.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => {
                line.text.pop();
            }
            KeyCode::Enter => return self.submit_input(),
            _ => {}
        }
        Vec::new()
    }

    /// Does what the typed line is for; a line that cannot be understood stays, with what is wrong.
    fn submit_input(&mut self) -> Cmds {
        let InputMode::Input(line) = std::mem::replace(&mut self.mode, InputMode::Browse) else {
            return Vec::new();
        };
        match line.purpose {
            InputPurpose::Send => self.send_text(line.text),
            InputPurpose::Hex => match format::parse_hex(&line.text) {
                Ok(bytes) if bytes.is_empty() => Vec::new(),
                Ok(bytes) => self.send_command(&SessionCommand::Raw(bytes)),
                Err(error) => self.reject_input(line, error.to_string()),
            },
            InputPurpose::Inject => match format::parse_hex(&line.text) {
                Ok(bytes) => self.proxy_command(
                    self.selected_side,
                    ConnectionSelector::One(self.connection().number),
                    InterceptAction::Inject(bytes),
                ),
                Err(error) => self.reject_input(line, error.to_string()),
            },
            InputPurpose::Filter => self.set_filter(line),
            InputPurpose::Search => self.set_search(line),
        }
    }

    pub(super) fn reject_input(&mut self, line: InputLine, reason: String) -> Cmds {
        self.mode = InputMode::Input(InputLine { error: Some(reason), ..line });
        Vec::new()
    }

    /// Sends what was typed; on a connection that is over, connects anew and sends it there.
    fn send_text(&mut self, text: String) -> Cmds {
        if self.source.is_own_connection()
            && matches!(self.own_connection().status, ConnectionStatus::Ended(_))
        {
            let first = vec![SessionCommand::Text(text)];
            return self
                .open_with(ConnectOptions { initial_commands: first, ..self.connect_options.clone() });
        }
        self.tab = Tab::Frames;
        self.send_command(&SessionCommand::Text(text))
    }

    /// Goes to what was clicked.
    pub(super) fn handle_click(&mut self, target: ClickTarget) {
        match target {
            ClickTarget::Tab(tab) => self.tab = tab,
            ClickTarget::Row(row) => self.select_row(row),
            ClickTarget::Byte(byte) => self.cursor = ByteCursor { byte, bit: 0 },
            ClickTarget::Bit(byte, bit) => self.cursor = ByteCursor { byte, bit },
            ClickTarget::HeadLine(from, line) => handshake::click(self, from, line),
            ClickTarget::MaskStep(step) => mask::click(self, step),
            ClickTarget::Problem(number) => problems::click(self, number),
            ClickTarget::Symbol(number) => deflate::click(self, number),
        }
    }
}

/// A key that no one chose, but not a secret either: it is made from the frame that it shall mask.
pub(super) fn fresh_key(raw: &[u8]) -> [u8; 4] {
    let mixed =
        raw.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    (mixed | 1).to_be_bytes()
}
