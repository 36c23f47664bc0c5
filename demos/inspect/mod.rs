//! The inspector on a slide: a real connection, and every byte of it explained.
//!
//! `wire` explains the bytes, and `clients` runs the connection. Imports go one way: from here to
//! `keys`, `chrome` and `engine`, from there to the tabs, the overlays and the lesson, and from
//! these to the session and the parts of a picture.

mod action;
mod capture_reading;
mod chrome;
mod connect_options;
mod engine;
mod keys;
mod lesson;
mod messages;
mod overlays;
mod parts;
mod session;
mod settings;
mod state;
mod tab_bar;
mod tabs;
#[cfg(test)]
mod testing;

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::clients::{SessionEnd, SessionEvent};
use crate::inspect::{BundledServer, InspectConfig, InspectSource};
use crate::learn::lesson_step_name;
use crate::net::{Chunk, Transfer};
use crate::progress::ProgressStore;
use crate::servers::ServerKind;
use crate::stage::{
    DeclaredEffect, Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, Settings, Stage, ViewContext,
};
use crate::wire::{Side, TraceRow};
use action::{Action, ByteCursor, Place, Tab};
use lesson::file::Scenario;
use lesson::play::ScenarioPlayer;
use overlays::mode::InputMode;
use session::connections::ConnectionStatus;

pub use connect_options::ConnectOptions;
pub use lesson::file::{check_lesson, lesson_entries};
pub use messages::{Cmd, CommandSender, LoadedCapture, LoadedSnapshot, Msg, ProxyCommandSender};
pub(super) use parts::prose::wrap_words;
pub use state::Inspect;

/// Opens an inspector that holds a connection that has ended: its pieces in their order, and a note
/// about what it was. Nothing is sent any more.
pub fn open_ended(
    title: &str,
    pieces: &[(Transfer, &[u8], Instant)],
    note: Option<String>,
) -> (Inspect, Vec<Cmd>) {
    let server = BundledServer { kind: Some(ServerKind::Strict), path: "/".to_owned() };
    let source = InspectSource::Bundled(server);
    let (mut inspect, _) = Inspect::with_config(&InspectConfig::new(source));
    // The queue has no receiver.
    let (commands, _) = mpsc::channel(1);
    let began = pieces.first().map_or_else(Instant::now, |(_, _, at)| *at);
    let opened = Msg::Connecting(title.to_owned(), began, CommandSender(commands));
    let pieces = pieces.iter().filter(|(_, bytes, _)| !bytes.is_empty());
    let chunks = pieces.map(|&(transfer, bytes, at)| {
        Msg::Session(SessionEvent::Bytes(Chunk { at, transfer, bytes: bytes.to_vec() }))
    });
    let ended = Msg::Session(SessionEvent::Ended(Ok(SessionEnd::HungUp)));
    let note = note.map(|note| Msg::Session(SessionEvent::Note(note)));
    let messages: Vec<Msg> =
        std::iter::once(opened).chain(chunks).chain([ended]).chain(note).collect();
    let update = |message| inspect.update(DemoEvent::Msg(message));
    let followed = messages.into_iter().flat_map(update).collect();
    // Who ended it is in the bytes, if anywhere.
    let ended = ConnectionStatus::Ended(Ok("ended".to_owned()));
    inspect.session.newest_connection().status = ended;
    (inspect, followed)
}

/// A spot of a connection that the cursor can be put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A byte of the frames that a side has sent, from 0.
    FrameByte(Side, usize),
    /// A line of the head that a side has sent, from 0.
    HeadLine(Side, usize),
}

/// Puts the cursor on a spot, on the tab that shows it. Nothing changes if there is no such spot.
pub fn show_spot(inspect: &mut Inspect, spot: Spot) -> Vec<Cmd> {
    let (tab, place) = match spot {
        Spot::HeadLine(from, line) => (Tab::Handshake, Place::HeadLine(from, line)),
        Spot::FrameByte(from, byte) => {
            let rows = inspect.session.connection().trace.rows();
            let is_before = |row: &TraceRow| row.offset().to_usize_saturating() <= byte;
            let found = rows.iter().rposition(|row| row.from() == from && is_before(row));
            let Some(row) = found else { return Vec::new() };
            // Fields share a byte: a fault in it says which bits it is about.
            let mut faults = inspect.session.connection().trace.faults(from).iter();
            let fault = faults.find(|fault| fault.byte_offset.to_usize_saturating() == byte);
            let bits = fault.and_then(|fault| fault.bits);
            let bit = bits.and_then(|bits| (0..8).find(|bit| bits.contains(*bit))).unwrap_or(0);
            let byte = byte.saturating_sub(rows[row].offset().to_usize_saturating());
            (Tab::Frames, Place::Frame(row, ByteCursor { byte, bit }))
        }
    };
    inspect.carry_out(vec![Action::Show(tab), Action::MoveTo(place)])
}

/// Opens a lesson of [`lesson_entries`]; an inspector without one if there is no such lesson.
pub fn open_lesson(name: &str) -> (Inspect, Vec<Cmd>) {
    let scenario = Scenario::from_name(name);
    let server = scenario.as_ref().and_then(|scenario| BundledServer::parse(&scenario.server));
    let server = server.unwrap_or(BundledServer { kind: None, path: "/".to_owned() });
    let config = InspectConfig::new(InspectSource::Bundled(server));
    let mut inspect = Inspect::new(&config, Tab::Frames);
    let commands = scenario
        .map(|scenario| inspect.begin_lesson(ScenarioPlayer::new(scenario)))
        .unwrap_or_default();
    (inspect, commands)
}

/// How often a lesson that waits for silence looks at the clock.
const LESSON_TICK: Duration = Duration::from_millis(100);

impl Demo for Inspect {
    const NAME: &'static str = "inspect";
    const ABOUT: &'static str = "a real WebSocket connection, every byte of it explained";
    const SETTINGS: &'static [SettingSpec] = settings::SETTINGS;
    const KEYS: &'static [KeyHint] = settings::KEYS;
    const HELP_KEY: Option<&'static str> = Some("h");
    const MIN_ROWS: u16 = 13;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let mut config = settings::config(settings)?;
        let tab = Tab::from_name(settings.text("show")).unwrap_or(Tab::Frames);
        let mut player = None;
        if !settings.text("scenario").is_empty() {
            let scenario = Scenario::from_name(settings.text("scenario")).ok_or_else(|| {
                let message = format!(
                    "unknown scenario `{}`; expected one of: {}",
                    settings.text("scenario"),
                    Scenario::names().join(", ")
                );
                settings.invalid("scenario", message)
            })?;
            let server =
                BundledServer::parse(&scenario.server).expect("the file was checked when parsed");
            config.source = InspectSource::Bundled(server);
            player = Some(ScenarioPlayer::new(scenario));
        }
        let mut inspect = Self::new(&config, tab);
        // A lesson begins with its first question, and connects when the step is carried out.
        let commands = match player {
            Some(player) => inspect.begin_lesson(player),
            None => inspect.connect(),
        };
        inspect.prompts_on_focus = settings::prompts_on_focus(settings)?;
        Ok((inspect, commands))
    }

    fn effects(settings: &Settings) -> Result<Vec<DeclaredEffect>, Diagnostic> {
        settings::effects(settings)
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        let mut commands = Vec::new();
        match event {
            DemoEvent::Focus => self.open_prompt(),
            DemoEvent::Key(key) => commands = self.handle_key(key),
            DemoEvent::Paste(text) => self.paste(&text),
            DemoEvent::Click(at, area) => {
                if let Some(target) = chrome::click_target(self, area, at) {
                    self.handle_click(target);
                }
            }
            DemoEvent::Wheel(by) => self.tabs.wheel(&mut self.session, by),
            DemoEvent::Msg(message) => self.handle_message(message),
            DemoEvent::Next => commands = self.lesson_forward(),
            DemoEvent::Left => self.leave_lesson(),
            DemoEvent::Tick(now) => self.pass_time(now),
        }
        // The order matters: new rows pass the filter first, then the tab may follow the last one,
        // and only then is it known which frame is in sight and must be read from the file.
        commands.extend(self.session.extend_filter());
        let after_step = self.complete_step();
        commands.extend(self.carry_out(after_step));
        self.tabs.follow(&mut self.session);
        let visible = self.tabs.visible_row(&self.session);
        commands.extend(visible.and_then(|row| self.session.fetch_command(row)));
        commands
    }

    fn tick_interval(&self) -> Option<Duration> {
        let lesson = self.player.as_ref().filter(|player| player.needs_time());
        let own = self.tabs.tick_interval().filter(|_| self.mode == InputMode::Browse);
        lesson.map(|_| LESSON_TICK).into_iter().chain(own).min()
    }

    fn takes_next(&self) -> bool {
        self.player.as_ref().is_some_and(ScenarioPlayer::has_more)
    }

    fn outlives_slide(&self) -> bool {
        self.player.is_some()
    }

    // In these two modes Esc leaves the demo, because nothing is open that it could close.
    fn wants_escape(&self) -> bool {
        !matches!(self.mode, InputMode::Browse | InputMode::Bet)
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        chrome::draw(self, area, buffer, context);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Open(run, source, options) => engine::open(stage, run, source, *options),
            // A full queue means that the peer does not read; a closed one, that the connection has
            // ended, which the screen shows already.
            Cmd::Send(commands, command) => drop(commands.0.try_send(command)),
            Cmd::Proxy(commands, command) => drop(commands.0.try_send(command)),
            Cmd::Read(store, wanted, max_bytes_per_frame) => {
                engine::read_frames(stage, store, wanted, max_bytes_per_frame);
            }
            Cmd::Find(job) => engine::search_frames(stage, *job),
            Cmd::Scan(Some(job)) => engine::scan_texts(stage, *job),
            Cmd::Scan(None) => engine::stop_scan(stage),
            Cmd::RecordBet { lesson, step, right } => {
                if let Some(store) = stage.services().get::<ProgressStore>() {
                    let name = lesson_step_name(lesson, step.saturating_add(1));
                    store.submit(move |store| store.record(&name, right));
                }
            }
            Cmd::Copy(text) => stage.copy_to_clipboard(text),
        }
    }
}
