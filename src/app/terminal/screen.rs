//! The real terminal: taken for the talk, and restored on every way out.
//!
//! Only this file and `backend` write escape sequences.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::panic;
use std::sync::Mutex;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use crossterm::event::EnableBracketedPaste;
use crossterm::terminal::{
    self, DisableLineWrap, EnterAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::backend::WindowSize;
use ratatui::layout::Size;

use crate::app::steering::MouseReports;
use crate::app::terminal::backend::TerminalBackend;
use crate::scope;
use crate::stage::shows_links;

/// Returns why no talk can run here, and what can be done instead; `None` if standard output is a
/// terminal that can move its cursor. `variable` looks up an environment variable.
pub fn unsuitable_terminal(variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    if !io::stdout().is_terminal() {
        return Some(
            "standard output is not a terminal, and a talk needs one; run it without a pipe, or \
             see `wiretalk --help` for the commands that print",
        );
    }
    (variable("TERM").as_deref() == Some("dumb")).then_some(
        "this terminal cannot move its cursor (TERM=dumb), and a talk needs that; `wiretalk \
         inspect --json`, `decode`, `race` and `serve` print lines: see `wiretalk --help`",
    )
}

/// The number of the signal that says that a terminal is gone (SIGHUP).
pub const HANGUP: u8 = 1;

/// Whether a terminal could not be written to or read from because it is gone (EIO).
pub fn is_hangup(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::BrokenPipe;
}

/// Returns a notice for the user if the locale is not UTF-8, which a talk is drawn in. The notice
/// is in ASCII, so that it can be read where the rest cannot. `variable` looks up an environment
/// variable.
pub fn locale_notice(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    // The first that is set and not empty decides (POSIX, Base Definitions section 8.2).
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = variable(name).filter(|value| !value.is_empty())?;
        Some((name, value))
    });
    let (variable_name, value) = match set {
        Some((name, value)) => (format!("{name}={value}"), value.to_ascii_lowercase()),
        None => ("no LANG".to_owned(), String::new()),
    };
    let utf8 = cfg!(not(unix)) || value.contains("utf-8") || value.contains("utf8");
    (!utf8)
        .then(|| format!("drawn in UTF-8; with {variable_name} this terminal may not support it"))
}

/// The message of a panic while the screen was taken. It is printed once the screen is restored.
static PANIC_MESSAGE: Mutex<Option<String>> = Mutex::new(None);

/// The terminal while the talk uses it. Dropping this restores the terminal.
pub struct Screen {
    active: bool,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, no wrapping, bracketed paste, no cursor.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be set up. What was changed before is undone.
    pub fn enter() -> io::Result<Self> {
        defer_panic_messages();
        // Before the first change, so that `Drop` undoes a change that succeeded before one that
        // failed.
        let mut screen = Self { active: true };
        screen.activate()?;
        Ok(screen)
    }

    fn activate(&mut self) -> io::Result<()> {
        self.active = true;
        enable_raw_mode()?;
        // Without wrapping, a character that is wider than expected stays in its row.
        let out = &mut io::stdout();
        execute!(out, EnterAlternateScreen, DisableLineWrap, EnableBracketedPaste, cursor::Hide)
    }

    /// Sends a query to the terminal. The answer arrives with the keys.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be written to.
    pub fn send_query(&self, question: &str) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(question.as_bytes())?;
        out.flush()
    }

    /// Asks for these reports of the mouse, and no others. Clicks and the wheel are reported only
    /// while there is something to click, because that disables the terminal's own selection of
    /// text (with Shift it still selects). Moves are reported only for the laser pointer, so
    /// otherwise a moved mouse wakes nothing.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be written to.
    pub fn capture_mouse(&mut self, reports: MouseReports) -> io::Result<()> {
        // 1000 reports presses and the wheel, 1003 moves too; 1006 (SGR) encodes columns beyond 223.
        self.send_query(match reports {
            MouseReports::Off => "\x1b[?1003l\x1b[?1000l\x1b[?1006l",
            MouseReports::Clicks => "\x1b[?1003l\x1b[?1000h\x1b[?1006h",
            MouseReports::Moves => "\x1b[?1000h\x1b[?1003h\x1b[?1006h",
        })
    }

    /// Puts a text on the clipboard (OSC 52). A terminal without support for it ignores the
    /// sequence.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be written to.
    pub fn copy_to_clipboard(&self, text: &str) -> io::Result<()> {
        self.send_query(&format!("\x1b]52;c;{}\x07", STANDARD.encode(text)))
    }

    /// Restores the terminal, stops the process as Ctrl-Z does, and takes the terminal again once
    /// the process continues. The kernel does not stop an orphaned process group, which nothing
    /// could continue.
    ///
    /// # Errors
    ///
    /// Fails if the signal cannot be sent or the terminal cannot be set up again.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.leave();
        // The whole group, as the terminal driver would do it, so that a shell sees the job stop.
        #[cfg(unix)]
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.activate()
    }

    /// Takes the terminal again. The shell may have changed its modes while the process was
    /// stopped.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be set up.
    pub fn reenter(&mut self) -> io::Result<()> {
        self.leave();
        self.activate()
    }

    /// Restores the terminal. A second call does nothing. Errors are ignored, because a terminal
    /// that is gone needs no restoring.
    pub fn leave(&mut self) {
        if std::mem::take(&mut self.active) {
            let _ = self.send_query(RESTORE_SEQUENCE);
            let _ = disable_raw_mode();
        }
    }

    /// Returns the backend that ratatui draws with. `variable` looks up an environment variable.
    pub fn backend(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> TerminalBackend<BufWriter<Stdout>> {
        // Room for the largest usual frame, so that it is flushed once.
        let out = BufWriter::with_capacity(64 * 1024, io::stdout());
        TerminalBackend::new(out, window_size, shows_links(variable))
    }

    /// Returns the message of the panic that ended the talk, if one did, and forgets it.
    pub fn take_panic_message() -> Option<String> {
        PANIC_MESSAGE.lock().ok().and_then(|mut words| words.take())
    }
}

/// Returns the terminal's size in cells, and in pixels where it says so.
pub(super) fn window_size() -> io::Result<WindowSize> {
    // Each frame asks. This is one call; crossterm opens the terminal for each of its two.
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
        && size.ws_col > 0
        && size.ws_row > 0
    {
        let columns_rows = Size { width: size.ws_col, height: size.ws_row };
        let pixels = Size { width: size.ws_xpixel, height: size.ws_ypixel };
        return Ok(WindowSize { columns_rows, pixels });
    }
    let columns_rows = terminal::size()?.into();
    // Only some terminals know their pixels.
    let pixels = terminal::window_size()
        .map_or(Size::ZERO, |size| Size { width: size.width, height: size.height });
    Ok(WindowSize { columns_rows, pixels })
}

/// The escape sequences that restore the terminal: end of a link and of a synchronized update, no
/// mouse reports, no bracketed paste, own colours, lines that wrap, cursor shown, main screen.
const RESTORE_SEQUENCE: &str = "\x1b]8;;\x1b\\\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m\
                                \x1b[?7h\x1b[?25h\x1b[?1049l";

/// Restores the terminal from another thread, while the thread that draws is blocked by a terminal
/// that accepts no output. This never blocks: if the terminal has no room for the sequences, they
/// are not sent.
#[cfg(unix)]
pub(crate) fn restore_immediately() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let _ = disable_raw_mode();
    let out = io::stdout();
    let mut ready = [PollFd::new(&out, PollFlags::OUT)];
    let no_time = Timespec { tv_sec: 0, tv_nsec: 0 };
    if poll(&mut ready, Some(&no_time)).is_ok_and(|count| count > 0) {
        // A direct write, because the blocked thread holds the lock of standard output. Errors are
        // ignored: the process ends next.
        let _ = rustix::io::write(&out, RESTORE_SEQUENCE.as_bytes());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Keeps panics from printing over the screen. While the panic unwinds, `Screen` restores the
/// terminal, and then the message can be printed.
fn defer_panic_messages() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        // A panic in a demo's task does not end the talk; its scope reports it on the slide.
        if scope::is_in_task() {
            return before(info);
        }
        if let Ok(mut words) = PANIC_MESSAGE.lock() {
            // The first panic is the cause; later ones may be its effects.
            words.get_or_insert_with(|| info.to_string());
        }
    }));
}
