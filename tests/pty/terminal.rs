//! A pseudo-terminal that runs the program: it takes keys and emulates the screen.
//!
//! Nothing is timed. A test waits for what must appear, and fails with a picture of the screen if
//! it does not.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use vt100::{Parser, Screen};

use crate::DEADLINE;

pub(crate) const RIGHT: &str = "\x1b[C";
pub(crate) const END: &str = "\x1b[F";
pub(crate) const ESC: &str = "\x1b";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
pub(crate) const CTRL_Z: &str = "\x1a";

/// The modes that a talk switches on, each with the sequence that switches it off.
const SWITCHES: [(&str, &str); 5] = [
    ("\x1b[?1049h", "\x1b[?1049l"), // the alternate screen
    ("\x1b[?25l", "\x1b[?25h"),     // no cursor
    ("\x1b[?7l", "\x1b[?7h"),       // no wrapping
    ("\x1b[?2004h", "\x1b[?2004l"), // bracketed paste
    (BEGIN_FRAME, END_FRAME),
];
const BEGIN_FRAME: &str = "\x1b[?2026h";
const END_FRAME: &str = "\x1b[?2026l";

/// The environment variables for most tests.
pub(crate) const TRUE_COLOR: [(&str, &str); 2] =
    [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];

const WIRETALK: &str = env!("CARGO_BIN_EXE_wiretalk");

/// A terminal with its program, which is killed if it outlives its test.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    program: Child,
    output: Receiver<Vec<u8>>,
    emulator: Parser,
    raw: Vec<u8>,
    before: Termios,
}

impl Terminal {
    /// Runs `wiretalk ARGUMENTS` in a terminal of 100x30 cells with all colours.
    pub(crate) fn open(arguments: &[&str]) -> Self {
        Self::with(&TRUE_COLOR, arguments)
    }

    /// Runs it with these variables and no others that concern colours.
    pub(crate) fn with(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::start(variables, Command::new(WIRETALK).args(arguments))
    }

    /// Runs `script` in a shell with job control. In the script, `$0` is wiretalk.
    pub(crate) fn with_shell(script: &str) -> Self {
        Self::start(&TRUE_COLOR, Command::new("sh").args(["-m", "-c", script, WIRETALK]))
    }

    /// Runs it in a terminal that claims this size, of which 100x30 cells are emulated.
    pub(crate) fn of_size(columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Self::sized((columns, rows), &TRUE_COLOR, Command::new(WIRETALK).args(arguments))
    }

    fn start(variables: &[(&str, &str)], command: Command) -> Self {
        Self::sized((100, 30), variables, command)
    }

    fn sized(claimed: (u16, u16), variables: &[(&str, &str)], command: Command) -> Self {
        let (columns, rows) = (100, 30);
        let (pty, side_of_program) = open().unwrap();
        pty.resize(Size::new(claimed.1, claimed.0)).unwrap();
        let before = tcgetattr(&pty).unwrap();
        assert!(before.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO));
        let command = command.env_remove("NO_COLOR").env_remove("COLORTERM").env_remove("TMUX");
        let command = command.env("LC_ALL", "C.UTF-8");
        // Nothing of the user's own is read or written.
        let own = concat!(env!("CARGO_TARGET_TMPDIR"), "/user");
        let folders = ["XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"];
        let command = command.envs(folders.map(|folder| (folder, own)));
        let command = command.envs(variables.iter().copied());
        let program = command.spawn(side_of_program).unwrap();
        let pty = Arc::new(pty);
        let (post, output) = sync_channel(256);
        thread::spawn({
            let pty = pty.clone();
            move || read(&pty, &post)
        });
        let emulator = Parser::new(cells(rows), cells(columns), 0);
        Self { pty, program, output, emulator, raw: Vec::new(), before }
    }

    /// Types keys, given as the bytes that a terminal sends for them.
    pub(crate) fn keys(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Resizes the window. The kernel sends SIGWINCH to the program.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.emulator.set_size(cells(rows), cells(columns));
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Claims another size, but keeps emulating the old one.
    pub(crate) fn claim(&self, columns: u16, rows: u16) {
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Waits until a complete frame shows all of `texts`.
    #[track_caller]
    pub(crate) fn shows(&mut self, texts: &[&str]) {
        self.until(&format!("{texts:?}"), |screen| {
            let contents = screen.contents();
            texts.iter().all(|text| contents.contains(text))
        });
    }

    /// Waits until `shown` holds for a complete frame.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, shown: impl Fn(&Screen) -> bool) {
        self.wait(what, |terminal| terminal.in_one_piece() && shown(terminal.emulator.screen()));
    }

    /// Waits until the screen of a program that draws no frames shows `text`.
    #[track_caller]
    pub(crate) fn prints(&mut self, text: &str) {
        self.wait(text, |terminal| terminal.emulator.screen().contents().contains(text));
    }

    /// Waits until the program has sent this escape sequence.
    #[track_caller]
    pub(crate) fn sends(&mut self, sequence: &str) {
        self.wait(sequence, |terminal| terminal.last(sequence).is_some());
    }

    /// Waits until the program sends this query, and answers it.
    #[track_caller]
    pub(crate) fn answer(&mut self, question: &str, answer: &str) {
        self.wait("a question", |terminal| terminal.last(question).is_some());
        self.keys(answer);
    }

    #[track_caller]
    fn wait(&mut self, what: &str, ready: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !ready(self) {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(why) => panic!("waited for {what}, but {why}; the screen:\n{}", self.picture()),
            }
        }
    }

    /// Returns the rows of the screen, without trailing blanks.
    pub(crate) fn rows(&self) -> Vec<String> {
        rows(self.emulator.screen())
    }

    /// Returns the current screen.
    pub(crate) fn screen(&self) -> &Screen {
        self.emulator.screen()
    }

    /// Returns everything that the program has written.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Whether the terminal is in raw mode.
    pub(crate) fn is_raw_mode(&self) -> bool {
        let modes = tcgetattr(&*self.pty).unwrap().local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.program), signal).unwrap();
    }

    /// Stops the program from outside, and changes the terminal meanwhile as a shell does.
    pub(crate) fn stop(&mut self) {
        self.signal(Signal::STOP);
        let pid = Pid::from_child(&self.program);
        let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
        assert!(status.stopped(), "{status:?}");
        while let Ok(bytes) = self.output.try_recv() {
            self.take(&bytes);
        }
        tcsetattr(&*self.pty, OptionalActions::Now, &self.before).unwrap();
        self.emulator.process(b"\x1b[?1049l\x1b[?25h\x1b[2J$ ");
    }

    /// Reads until the program has ended.
    #[track_caller]
    pub(crate) fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => return self.program.wait().unwrap(),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it did not end; the screen:\n{}", self.picture())
                }
            }
        }
    }

    /// Fails if the program has not restored the terminal.
    #[track_caller]
    pub(crate) fn assert_restored(&self) {
        for (on, off) in SWITCHES {
            assert!(self.last(on).is_some(), "{on:?} was never sent");
            assert!(self.last(off) > self.last(on), "{off:?} is missing at the end");
        }
        let now = tcgetattr(&*self.pty).unwrap();
        let modes = |termios: &Termios| {
            (termios.input_modes, termios.output_modes, termios.control_modes, termios.local_modes)
        };
        assert_eq!(modes(&now), modes(&self.before));
        let left = self.emulator.screen().contents();
        assert_eq!(left.trim(), "", "something was printed outside of the alternate screen");
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.emulator.process(bytes);
    }

    /// Whether there was a frame and none is incomplete. A terminal does not show an incomplete
    /// one.
    fn in_one_piece(&self) -> bool {
        self.last(END_FRAME).is_some() && self.last(END_FRAME) >= self.last(BEGIN_FRAME)
    }

    /// Returns the offset at which `text` was last written.
    fn last(&self, text: &str) -> Option<usize> {
        memchr::memmem::rfind(&self.raw, text.as_bytes())
    }

    fn picture(&self) -> String {
        self.rows().iter().fold(String::new(), |mut picture, row| {
            let _ = writeln!(picture, "│{row}");
            picture
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Both fail only if the program has already ended.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Returns the rows of a screen, without trailing blanks.
pub(crate) fn rows(screen: &Screen) -> Vec<String> {
    let columns = screen.size().1.get();
    screen.rows(0, columns).map(|row| row.trim_end().to_owned()).collect()
}

/// Forwards what the program writes. Reading fails once the program has ended.
fn read(mut pty: &Pty, post: &SyncSender<Vec<u8>>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = pty.read(&mut buffer) {
        if post.send(buffer[..count].to_vec()).is_err() {
            return;
        }
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}
