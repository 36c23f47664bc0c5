//! [`Inspect`]: the state of the inspector, composed of its parts.

use std::time::Instant;

use super::action::{Action, Tab};
use super::connect_options::ConnectOptions;
use super::lesson::keys as lesson_keys;
use super::lesson::play::ScenarioPlayer;
use super::messages::{Cmd, Msg};
use super::overlays::mode::{InputLine, InputMode, InputPurpose};
use super::session::Session;
use super::tabs::Tabs;
use crate::inspect::{ConnectionKind, InspectConfig};

/// The state of the inspector.
pub struct Inspect {
    /// The connections, the selection and the cursor.
    pub(crate) session: Session,
    pub(crate) tabs: Tabs,
    /// The meaning of the keys.
    pub(crate) mode: InputMode,
    /// The lesson, if the slide has one.
    pub(crate) player: Option<ScenarioPlayer>,
    /// Whether getting the keyboard opens the prompt for a text.
    pub(crate) prompts_on_focus: bool,
}

impl Inspect {
    /// Creates an inspector that shows the frames tab. Returns the commands that open the source,
    /// too.
    pub fn with_config(config: &InspectConfig) -> (Self, Vec<Cmd>) {
        let mut inspect = Self::new(config, Tab::Frames);
        let commands = inspect.connect();
        // After the start of the run, which has no filter. What a filter prints, it reads again.
        if let Some(filter) = &config.filter
            && let Err(reason) = inspect.session.set_filter(&filter.to_string())
        {
            inspect.session.notice = Some(reason);
        }
        (inspect, commands)
    }

    pub(crate) fn new(config: &InspectConfig, tab: Tab) -> Self {
        let mut session = Session::new(config);
        let mut tabs = Tabs::new(tab);
        tabs.show(tab, &mut session);
        Self { session, tabs, mode: InputMode::Browse, player: None, prompts_on_focus: false }
    }

    /// Opens the prompt for a text, if the slide asks for that and nothing else is open.
    pub(crate) fn open_prompt(&mut self) {
        if self.prompts_on_focus && self.mode == InputMode::Browse {
            self.mode = InputMode::Input(InputLine::new(InputPurpose::Send));
        }
    }

    /// Returns the visible tab.
    pub(crate) fn tab(&self) -> Tab {
        self.tabs.shown()
    }

    pub(crate) fn show_tab(&mut self, tab: Tab) {
        self.tabs.show(tab, &mut self.session);
    }

    /// Opens the source again with the options of the settings. Forgets the traffic, except for the
    /// last few of our own connections.
    pub(crate) fn connect(&mut self) -> Vec<Cmd> {
        self.open_with(self.session.connect_options.clone())
    }

    /// Opens the source again with these options. The next [`Self::connect`] ignores them.
    pub(crate) fn open_with(&mut self, connect_options: ConnectOptions) -> Vec<Cmd> {
        self.tabs.reset();
        self.mode = InputMode::Browse;
        // A lesson shows only the connection of its step.
        self.session.open(connect_options, self.player.is_none())
    }

    /// Shows the connection that is `by` positions further in the list.
    pub(crate) fn switch_connection(&mut self, by: isize) {
        self.session.switch_connection(by);
        self.mode = InputMode::Browse;
        self.tabs.reset();
    }

    /// Shows the connection at an index of the list.
    pub(crate) fn show_connection(&mut self, index: usize) {
        if index != self.session.connections.shown_index() {
            self.session.connections.show(index);
            // Zero steps further is the connection itself, with nothing selected in it.
            self.switch_connection(0);
        }
    }

    pub(crate) fn handle_message(&mut self, message: Msg) {
        let is_file = matches!(message, Msg::Loaded(_));
        match (message, &mut self.player) {
            // Only a lesson asks whether the naive proxy was fooled.
            (Msg::ParsedRequest(request), Some(player)) => player.parsed_requests.push(request),
            (message, _) => self.session.handle_message(message),
        }
        if let Some(index) = self.session.connection_to_open() {
            let notice = self.session.notice.take();
            self.show_connection(index);
            self.session.notice = notice;
        }
        let connection = self.session.connection();
        let has_only_heads =
            connection.kind() == ConnectionKind::Attempt && connection.trace.rows().is_empty();
        if is_file && has_only_heads && self.tab() == Tab::Frames {
            self.show_tab(Tab::Handshake);
        }
    }

    /// Begins a lesson with its first question. Returns the commands that follow.
    pub(crate) fn begin_lesson(&mut self, player: ScenarioPlayer) -> Vec<Cmd> {
        let player = self.player.insert(player);
        let actions = lesson_keys::ask(player, &mut self.session);
        self.carry_out(actions)
    }

    /// Whether a lesson asks its question before a new connection: the one that is there belongs to
    /// the step before.
    pub(crate) fn is_before_connection(&self) -> bool {
        self.player.as_ref().is_some_and(ScenarioPlayer::opens_new_connection)
    }

    /// Takes note that the connection of a lesson has ended with its slide. The step that was under
    /// way is asked again.
    pub(crate) fn leave_lesson(&mut self) {
        self.session.end_with_slide();
        if self.player.as_mut().is_some_and(ScenarioPlayer::give_up) {
            self.mode = InputMode::Bet;
        }
    }

    /// Completes the lesson's step if its outcome is known by now. Returns what follows from that.
    pub(crate) fn complete_step(&mut self) -> Vec<Action> {
        let Some(player) = &mut self.player else { return Vec::new() };
        match player.complete_step(&self.session) {
            Some(completed) => lesson_keys::after_step(player, &completed),
            None => Vec::new(),
        }
    }

    /// Passes the time to the lesson and the shown tab.
    pub(crate) fn pass_time(&mut self, now: Instant) {
        if let Some(player) = &mut self.player {
            player.pass_time(now, &self.session);
        }
        // An overlay covers the tab.
        if self.mode == InputMode::Browse {
            self.tabs.tick(&mut self.session, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::clients::{SessionCommand, SessionEvent};
    use crate::demos::inspect::action::ByteCursor;
    use crate::demos::inspect::session::connections::ConnectionStatus;
    use crate::demos::inspect::tabs::offered;
    use crate::demos::inspect::testing::{HELLO, client_commands, opened, press};
    use crate::stage::{Demo as _, DemoEvent};
    use crate::wire::Side;

    #[test]
    fn frames_are_listed_in_the_order_of_their_arrival() {
        let (inspect, _inbox) = opened();
        let rows = inspect.session.connection().trace.rows().iter();
        let order: Vec<_> = rows
            .map(|row| (row.from(), row.frame_number(), row.completed_at().as_micros()))
            .collect();
        assert_eq!(order, [(Side::Client, 0, 600), (Side::Server, 0, 750)]);
        assert_eq!(inspect.session.current_row(), Some(0), "it follows the client");
        assert_eq!(inspect.session.frame(1).unwrap().payload(), b"Hello");
    }

    #[test]
    fn a_typed_line_is_sent_as_a_text_message() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Enter);
        for letter in "hi?".chars() {
            press(&mut inspect, KeyCode::Char(letter));
        }
        let sent = press(&mut inspect, KeyCode::Enter);
        assert_eq!(client_commands(&sent), [&SessionCommand::Text("hi?".into())]);
        assert_eq!(inspect.mode, InputMode::Browse);
    }

    #[test]
    fn a_line_of_invalid_hex_stays_with_its_error() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('r'));
        inspect.update(DemoEvent::Paste("81 8".into()));
        assert!(press(&mut inspect, KeyCode::Enter).is_empty());
        let InputMode::Input(line) = &inspect.mode else { panic!("{:?}", inspect.mode) };
        assert!(line.error.as_ref().unwrap().contains("odd number of hex digits"), "{line:?}");
        press(&mut inspect, KeyCode::Char('0'));
        assert_eq!(
            client_commands(&press(&mut inspect, KeyCode::Enter)),
            [&SessionCommand::Raw(vec![0x81, 0x80])]
        );
    }

    #[test]
    fn a_dump_may_be_pasted_where_raw_bytes_are_asked_for() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('r'));
        let dump = "00000000: 8105 4865  ..He\r00000004: 6c6c 6f  llo\r";
        inspect.update(DemoEvent::Paste(dump.into()));
        assert_eq!(
            client_commands(&press(&mut inspect, KeyCode::Enter)),
            [&SessionCommand::Raw(b"\x81\x05Hello".to_vec())]
        );
    }

    #[test]
    fn sending_on_an_ended_connection_reconnects_and_keeps_the_old_one() {
        let (mut inspect, _inbox) = opened();
        inspect.update(DemoEvent::Msg(Msg::Session(SessionEvent::Ended(Ok(
            crate::clients::SessionEnd::HungUp,
        )))));
        inspect.update(DemoEvent::Paste("x".into()));
        let again = press(&mut inspect, KeyCode::Enter);
        let [Cmd::Open(2, _, connect_options)] = &again[..] else { panic!("{again:?}") };
        assert_eq!(connect_options.initial_commands, [SessionCommand::Text("x".into())]);
        assert_eq!(inspect.session.connection().trace.rows(), []);
        assert_eq!(inspect.session.connection().status, ConnectionStatus::Connecting);
        press(&mut inspect, KeyCode::Char('<'));
        assert_eq!(
            inspect.session.connection().status,
            ConnectionStatus::Ended(Ok("we hung up".into())),
            "the earlier connection is kept"
        );
        assert_eq!(inspect.session.connection().trace.rows().len(), 2);
        inspect.update(DemoEvent::Msg(Msg::Session(SessionEvent::Open)));
        assert_eq!(
            inspect.session.newest_connection().status,
            ConnectionStatus::Open,
            "messages are about the new connection"
        );
        press(&mut inspect, KeyCode::Char('>'));
        assert_eq!(inspect.session.connection().status, ConnectionStatus::Open);
        for _ in 0..9 {
            inspect
                .update(DemoEvent::Key(KeyEvent::new(KeyCode::Char('r'), KeyModifiers::CONTROL)));
        }
        assert_eq!(inspect.session.connections.len(), 2, "empty connections are not kept");
    }

    #[test]
    fn ctrl_d_sends_a_close() {
        let (mut inspect, _inbox) = opened();
        let sent = inspect
            .update(DemoEvent::Key(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL)));
        assert_eq!(client_commands(&sent), [&SessionCommand::Close(1000, "done".into())]);
    }

    #[test]
    fn a_flipped_bit_changes_a_draft_until_it_is_sent() {
        let (mut inspect, _inbox) = opened();
        for key in ['x', 'b', 'x'] {
            assert!(press(&mut inspect, KeyCode::Char(key)).is_empty());
        }
        let sent = press(&mut inspect, KeyCode::Enter);
        let raw = [&[0x01 ^ 0x0b, 0x85], &HELLO[2..]].concat();
        assert_eq!(client_commands(&sent).len(), 1);
        assert!(
            matches!(client_commands(&sent)[0], SessionCommand::Raw(bytes) if bytes[1..] == raw[1..]),
            "{sent:?}"
        );
        assert_eq!((inspect.session.draft.as_ref(), &inspect.mode), (None, &InputMode::Browse));
    }

    #[test]
    fn a_slide_may_ask_for_the_prompt_together_with_the_keyboard() {
        let (mut inspect, _inbox) = opened();
        inspect.update(DemoEvent::Focus);
        assert_eq!(inspect.mode, InputMode::Browse, "not unless the slide asks for it");
        inspect.prompts_on_focus = true;
        inspect.update(DemoEvent::Focus);
        assert!(inspect.wants_escape(), "Esc closes the prompt first");
        for letter in "cat".chars() {
            assert!(press(&mut inspect, KeyCode::Char(letter)).is_empty(), "{letter} is text");
        }
        let sent = press(&mut inspect, KeyCode::Enter);
        assert_eq!(client_commands(&sent), [&SessionCommand::Text("cat".into())]);
        assert_eq!(inspect.mode, InputMode::Browse);
        press(&mut inspect, KeyCode::Char('?'));
        inspect.update(DemoEvent::Focus);
        assert!(matches!(inspect.mode, InputMode::Rules(_)), "what is open stays open");
    }

    #[test]
    fn the_cursor_stays_within_the_frame_and_the_head() {
        let (mut inspect, _inbox) = opened();
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Right);
        }
        assert_eq!(inspect.session.cursor, ByteCursor { byte: 10, bit: 0 });
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Up);
        }
        assert_eq!(inspect.session.cursor, ByteCursor::default());
        press(&mut inspect, KeyCode::Char(']'));
        press(&mut inspect, KeyCode::Char(']'));
        assert_eq!(inspect.session.current_row(), Some(1));
        press(&mut inspect, KeyCode::Char(' '));
        assert_eq!(inspect.session.selected_row, None, "it follows again");
        press(&mut inspect, KeyCode::Char('1'));
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Down);
        }
        assert_eq!(inspect.tabs.handshake.line, inspect.session.head_lines().len() - 1);
    }

    #[test]
    fn a_click_selects_what_is_drawn_at_its_position() {
        let (mut inspect, _inbox) = opened();
        let area = ratatui::layout::Rect::new(3, 2, 100, 30);
        let spots = (area.top()..area.bottom())
            .flat_map(|y| (area.left()..area.right()).map(move |x| (x, y)));
        let spots: Vec<_> = spots.collect();
        let mut reached = Vec::new();
        for (x, y) in spots {
            inspect.show_tab(Tab::Frames);
            inspect.session.select_row(0);
            inspect.update(DemoEvent::Click((x, y).into(), area));
            reached.push((inspect.tab(), inspect.session.current_row(), inspect.session.cursor));
        }
        for tab in offered(&inspect.session) {
            assert!(reached.iter().any(|state| state.0 == tab), "{tab:?}");
        }
        assert!(reached.iter().any(|state| state.1 == Some(1)), "the other row");
        assert!(reached.iter().any(|state| state.2 == ByteCursor { byte: 6, bit: 0 }), "a byte");
        assert!(reached.iter().any(|state| state.2 == ByteCursor { byte: 0, bit: 7 }), "a bit");
    }
}
