//! The keys and the mouse of the inspector, one handler for each mode.
//!
//! A tab handles its own keys first, in its own module. What a tab or a lesson needs from the rest
//! of the inspector comes back as [`Action`]s, which are carried out here.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, ByteCursor, Tab};
use super::connect_options::ConnectOptions;
use super::lesson::keys as lesson_keys;
use super::messages::Cmd;
use super::overlays::mode::{InputLine, InputMode, InputPurpose};
use super::parts::canvas::ClickTarget;
use super::state::Inspect;
use crate::clients::SessionCommand;
use crate::proxy::InterceptAction;
use crate::wire::pasted;

type Cmds = Vec<Cmd>;

impl Inspect {
    /// Carries out the actions of a tab or a lesson, in order.
    pub(crate) fn carry_out(&mut self, actions: Vec<Action>) -> Cmds {
        let mut commands = Vec::new();
        for action in actions {
            match action {
                Action::Show(tab) => self.show_tab(tab),
                Action::ShowConnection(index) => {
                    self.session.has_chosen_connection = true;
                    self.show_connection(index);
                }
                Action::MoveTo(place) => self.tabs.move_to(place, &mut self.session),
                Action::Send(command) => commands.extend(self.session.send_command(&command)),
                Action::Open(options) => commands.extend(self.open_with(*options)),
                Action::Notice(text) => self.session.notice = Some(text),
                Action::RecordBet { lesson, step, right } => {
                    commands.push(Cmd::RecordBet { lesson, step, right });
                }
                Action::AskBet => self.mode = InputMode::Bet,
                Action::Browse => self.mode = InputMode::Browse,
            }
        }
        commands
    }

    /// Handles a key in the current mode.
    pub(crate) fn handle_key(&mut self, key: KeyEvent) -> Cmds {
        self.session.notice = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match (&self.mode, key.code) {
            // These three work in every mode, also while a line is typed.
            (_, KeyCode::Char('d')) if control => {
                self.session.send_command(&SessionCommand::Close(1000, "done".to_owned()))
            }
            (_, KeyCode::Char('r')) if control && self.session.source.is_standard_input() => {
                self.session.notice = Some("standard input can be read only once".to_owned());
                Vec::new()
            }
            (_, KeyCode::Char('r')) if control => self.connect(),
            (_, KeyCode::Esc) => {
                self.session.draft = None;
                self.leave_mode()
            }
            (InputMode::Input(_), _) => self.handle_input_key(key, control),
            (InputMode::Edit, _) => self.handle_edit_key(key),
            (InputMode::Help, _) => self.leave_mode(),
            (InputMode::Rules(_) | InputMode::Notes(_), _) => self.handle_rules_key(key.code),
            (InputMode::Copy, code) => self.handle_copy_key(code),
            (InputMode::Bet, _) => self.handle_bet_key(key.code),
            // Ctrl-X is not x, which would flip a bit.
            (InputMode::Browse, _) if control => Vec::new(),
            (InputMode::Browse, _) => self.handle_browse_key(key),
        }
    }

    /// Returns to the mode in which keys are commands.
    pub(crate) fn leave_mode(&mut self) -> Cmds {
        self.mode = InputMode::Browse;
        Vec::new()
    }

    /// Shows the connection that is `by` positions further, which the user asks for.
    fn choose_connection(&mut self, by: isize) {
        self.session.has_chosen_connection = true;
        self.switch_connection(by);
    }

    fn handle_browse_key(&mut self, key: KeyEvent) -> Cmds {
        match self.tabs.key(&mut self.session, key) {
            Some(actions) => self.carry_out(actions),
            None => self.handle_common_key(key.code),
        }
    }

    /// Handles the keys that mean the same on every tab.
    fn handle_common_key(&mut self, code: KeyCode) -> Cmds {
        match code {
            KeyCode::Char(digit @ '1'..='8') => {
                self.show_tab(Tab::ALL[digit as usize - '1' as usize]);
            }
            KeyCode::Tab => self.tabs.show_next(1, &mut self.session),
            KeyCode::BackTab => self.tabs.show_previous(&mut self.session),
            KeyCode::Char('?') => self.mode = InputMode::Rules(0),
            KeyCode::Char('N') => self.mode = InputMode::Notes(0),
            KeyCode::Char('h') => self.mode = InputMode::Help,
            KeyCode::Enter | KeyCode::Char('i') if self.session.source.is_own_connection() => {
                self.mode = InputMode::Input(InputLine::new(InputPurpose::Send));
            }
            KeyCode::Enter | KeyCode::Char('i' | 'r')
                if !self.session.source.is_own_connection() =>
            {
                self.session.notice = Some(self.session.cannot_send_reason().to_owned());
            }
            KeyCode::Char('r') => self.mode = InputMode::Input(InputLine::new(InputPurpose::Hex)),
            KeyCode::Char('f') => self.open_input(InputPurpose::Filter),
            KeyCode::Char('/') if self.tab() == Tab::Connections => {
                self.open_input(InputPurpose::Connections);
            }
            KeyCode::Char('/') => self.open_input(InputPurpose::Search),
            KeyCode::Char('n') => return self.session.search_next(1),
            KeyCode::Char('<') => self.choose_connection(-1),
            KeyCode::Char('>') => self.choose_connection(1),
            KeyCode::Char('.') => return self.lesson_forward(),
            KeyCode::Char(',') => return self.lesson_back(),
            KeyCode::Char('P') => return self.session.toggle_pong(),
            KeyCode::Char(key @ ('H' | 'S' | 'D' | 'I' | 'W')) => {
                return self.handle_proxy_key(key);
            }
            KeyCode::Char('Z') => {
                self.session.toggle_assumed_deflate();
                self.tabs.reset();
            }
            KeyCode::Char('y') => self.mode = InputMode::Copy,
            KeyCode::Char('m') => self.show_tab(Tab::Mask),
            KeyCode::Char('p') => {
                return self
                    .session
                    .send_command(&SessionCommand::Ping(b"are you there?".to_vec()));
            }
            KeyCode::Char('c') => {
                return self.session.send_command(&SessionCommand::Close(1000, "done".to_owned()));
            }
            KeyCode::Char('x') => self.flip_bit(),
            KeyCode::Char('e') => self.start_editing(),
            code => self.move_cursor(code),
        }
        Vec::new()
    }

    /// Handles the keys that move through frames, fields, bytes and bits.
    fn move_cursor(&mut self, code: KeyCode) {
        match code {
            KeyCode::Char('[' | 'k') => self.session.move_selection(-1),
            KeyCode::Char(']' | 'j') => self.session.move_selection(1),
            KeyCode::Char('{') => self.session.move_selection(-20),
            KeyCode::Char('}') => self.session.move_selection(20),
            KeyCode::Home => self.session.select_row(0),
            KeyCode::End => self.session.follow_newest(),
            KeyCode::Char(' ') => self.session.toggle_follow(),
            KeyCode::Char('g') => self.session.next_of_message(),
            KeyCode::Up => self.session.next_field(-1),
            KeyCode::Down => self.session.next_field(1),
            KeyCode::Left => self.session.next_byte(-1),
            KeyCode::Right => self.session.next_byte(1),
            KeyCode::Char('b') => self.session.cursor.bit = (self.session.cursor.bit + 1) % 8,
            _ => {}
        }
    }

    /// Opens an input line. Filters and a search begin with their current text.
    fn open_input(&mut self, purpose: InputPurpose) {
        let text = match purpose {
            InputPurpose::Filter => self.session.filter.as_ref().map(|filter| filter.text.clone()),
            InputPurpose::Search => self.session.search.as_ref().map(|search| search.text.clone()),
            InputPurpose::Connections => {
                self.session.connections.filter().map(|filter| filter.text.clone())
            }
            _ => None,
        };
        self.mode = InputMode::Input(InputLine {
            text: text.unwrap_or_default(),
            ..InputLine::new(purpose)
        });
    }

    /// Handles the keys of a proxy: hold or release, forward one frame, drop it, inject bytes, and
    /// choose the side whose frames these keys act on.
    fn handle_proxy_key(&mut self, key: char) -> Cmds {
        if self.session.proxy_commands.is_none() {
            self.session.notice =
                Some("this key needs a proxy: run wiretalk inspect --proxy".to_owned());
            return Vec::new();
        }
        let side = self.session.selected_side;
        match key {
            'W' => {
                self.session.selected_side = side.peer();
                self.session.notice =
                    Some(format!("S, D and I act on frames of the {}", side.peer()));
                Vec::new()
            }
            'H' => self.session.toggle_intercept(),
            'S' => self.session.proxy_command(side, InterceptAction::Forward),
            'D' => self.session.proxy_command(side, InterceptAction::Drop),
            _ => {
                self.mode = InputMode::Input(InputLine::new(InputPurpose::Inject));
                Vec::new()
            }
        }
    }

    /// Begins to edit a copy of the selected frame.
    fn start_editing(&mut self) {
        if self.session.start_editing() {
            self.show_tab(Tab::Frames);
            self.mode = InputMode::Edit;
        }
    }

    /// Flips the bit under the cursor in a copy of the frame. Sends nothing.
    fn flip_bit(&mut self) {
        if self.session.draft.is_none() {
            self.start_editing();
        }
        self.session.flip_bit();
    }

    fn handle_bet_key(&mut self, code: KeyCode) -> Cmds {
        let Some(player) = &mut self.player else { return self.leave_mode() };
        let actions = lesson_keys::bet_key(player, &mut self.session, code);
        self.carry_out(actions)
    }

    /// Shows the question of the lesson's next step, or carries out the step.
    pub(crate) fn lesson_forward(&mut self) -> Cmds {
        let Some(player) = &mut self.player else { return Vec::new() };
        let actions = lesson_keys::forward(player, &mut self.session);
        self.carry_out(actions)
    }

    fn lesson_back(&mut self) -> Cmds {
        let Some(player) = &mut self.player else { return Vec::new() };
        let actions = lesson_keys::back(player, &mut self.session);
        self.carry_out(actions)
    }

    fn handle_edit_key(&mut self, key: KeyEvent) -> Cmds {
        let ByteCursor { byte, bit } = self.session.cursor;
        let Some(draft) = &mut self.session.draft else { return self.leave_mode() };
        match key.code {
            KeyCode::Char(' ' | 'x') => draft.flip_bit(byte, bit),
            KeyCode::Char('l') => draft.fix_length(),
            KeyCode::Char('k') => match self.session.mask_keys.draw() {
                Ok(key) => draft.mask_with(key),
                Err(error) => self.session.notice = Some(error),
            },
            KeyCode::Char('u') => draft.undo(),
            KeyCode::Char('+') | KeyCode::Insert => draft.insert_byte(byte + 1),
            KeyCode::Char('-') | KeyCode::Delete => draft.remove_byte(byte),
            KeyCode::Char('?') => self.mode = InputMode::Help,
            // After the letters above, none of which is a hex digit.
            KeyCode::Char(digit) if digit.is_ascii_hexdigit() => {
                let value = digit.to_digit(16).expect("it is a hex digit") as u8;
                // The bit decides which half of the byte the digit replaces.
                draft.set_hex_digit(byte, bit >= 4, value);
                self.session.cursor = if bit >= 4 {
                    ByteCursor { byte: byte + 1, bit: 0 }
                } else {
                    ByteCursor { byte, bit: 4 }
                };
            }
            KeyCode::Char('q') | KeyCode::Backspace => {
                self.session.draft = None;
                return self.leave_mode();
            }
            KeyCode::Enter => {
                self.mode = InputMode::Browse;
                return self.session.send_draft();
            }
            KeyCode::Char('.') => self.session.cursor.bit = (bit + 1) % 8,
            code => self.move_cursor(code),
        }
        // The draft may have become shorter, and a digit moves the cursor past its last byte.
        let last =
            self.session.draft.as_ref().map_or(0, |draft| draft.bytes().len().saturating_sub(1));
        self.session.cursor.byte = self.session.cursor.byte.min(last);
        Vec::new()
    }

    fn handle_rules_key(&mut self, code: KeyCode) -> Cmds {
        let (InputMode::Rules(row) | InputMode::Notes(row)) = &mut self.mode else {
            return Vec::new();
        };
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

    /// Uses the typed line for its purpose. An invalid line stays open and shows its error.
    fn submit_input(&mut self) -> Cmds {
        let InputMode::Input(line) = std::mem::replace(&mut self.mode, InputMode::Browse) else {
            return Vec::new();
        };
        let session = &mut self.session;
        let done = match line.purpose {
            InputPurpose::Send => return self.send_text(line.text),
            InputPurpose::Hex => pasted::parse_hex(&line.text)
                .map_err(|error| error.to_string())
                .map(|bytes| match bytes.as_slice() {
                    [] => Vec::new(),
                    _ => session.send_command(&SessionCommand::Raw(bytes)),
                }),
            InputPurpose::Inject => {
                pasted::parse_hex(&line.text).map_err(|error| error.to_string()).map(|bytes| {
                    session.proxy_command(session.selected_side, InterceptAction::Inject(bytes))
                })
            }
            InputPurpose::Filter => session.set_filter(&line.text).map(|()| Vec::new()),
            InputPurpose::Search => session.set_search(&line.text),
            InputPurpose::Connections => session.find_connections(&line.text).map(|()| Vec::new()),
        };
        done.unwrap_or_else(|reason| {
            self.mode = InputMode::Input(InputLine { error: Some(reason), ..line });
            Vec::new()
        })
    }

    /// Copies the frame in the format of the key. Any other key copies nothing.
    fn handle_copy_key(&mut self, code: KeyCode) -> Cmds {
        self.mode = InputMode::Browse;
        match code {
            KeyCode::Char(form) => self.session.copy_frame(form),
            _ => Vec::new(),
        }
    }

    /// Appends to the input line, or opens one for a message.
    pub(crate) fn paste(&mut self, text: &str) {
        if self.mode == InputMode::Browse {
            self.mode = InputMode::Input(InputLine::new(InputPurpose::Send));
        }
        if let InputMode::Input(line) = &mut self.mode {
            line.push_str(text);
        }
    }

    /// Sends the typed text. If the connection has ended, connects again and sends it there.
    fn send_text(&mut self, text: String) -> Cmds {
        if self.session.needs_new_connection() {
            let initial_commands = vec![SessionCommand::Text(text)];
            let options =
                ConnectOptions { initial_commands, ..self.session.connect_options.clone() };
            return self.open_with(options);
        }
        self.show_tab(Tab::Frames);
        self.session.send_command(&SessionCommand::Text(text))
    }

    /// Moves to what was clicked, or bets on it.
    pub(crate) fn handle_click(&mut self, target: ClickTarget) {
        if let ClickTarget::Answer(answer) = target {
            return self.player.iter_mut().for_each(|player| player.bet_on(answer));
        }
        let actions = self.tabs.click(target, &mut self.session);
        // No action of a click sends anything.
        drop(self.carry_out(actions));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demos::inspect::testing::{opened, press};
    use crate::stage::Demo as _;

    /// Esc closes what is open in the inspector, and is the stage's only when nothing is.
    #[test]
    fn the_inspector_wants_escape_while_something_is_open_and_no_longer() {
        for key in ['i', 'f', '/', 'h', '?', 'y'] {
            let (mut inspect, _commands) = opened();
            assert!(!inspect.wants_escape(), "nothing is open before {key}");
            press(&mut inspect, KeyCode::Char(key));
            assert!(inspect.wants_escape(), "{key} opens something");
            press(&mut inspect, KeyCode::Esc);
            assert!(!inspect.wants_escape(), "Esc has closed what {key} opened");
        }
    }
}
