//! The real terminal: taken for the talk, and given back on every way out.
//!
//! It is the only place that writes escape codes.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::panic;
use std::sync::Mutex;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use crossterm::event::EnableBracketedPaste;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use crate::scope;

/// The largest size that is drawn, in cells. A terminal may claim up to 65,535 by 65,535, for which
/// no memory would do; beyond this size its cells stay blank.
const MAX_SCREEN_SIZE: Size = Size { width: 1000, height: 500 };

/// As much of a terminal's size as is drawn.
pub(crate) fn clamp_size(size: Size) -> Size {
    Size {
        width: size.width.min(MAX_SCREEN_SIZE.width),
        height: size.height.min(MAX_SCREEN_SIZE.height),
    }
}

/// Why no talk can be played here, and what can be done instead; none if standard output is a
/// terminal that can move its cursor. `variable` looks up the environment.
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

/// What a reader should know if the locale is not UTF-8, which is what a talk is drawn in: in
/// ASCII, so that it can be read where the rest cannot. `variable` looks up the environment.
pub fn locale_notice(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    // in this order (POSIX, Base Definitions section 8.2)
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = variable(name).filter(|value| !value.is_empty())?;
        Some((name, value))
    });
    let (variable_name, value) = match set {
        Some((name, value)) => (format!("{name}={value}"), value.to_ascii_lowercase()),
        None => ("no LANG".to_owned(), String::new()),
    };
    let utf8 = cfg!(not(unix)) || value.contains("utf-8") || value.contains("utf8");
    (!utf8).then(|| format!("drawn in UTF-8; with {variable_name} this terminal may not know it"))
}

/// A panic that was caught while the screen was taken; it is told once the screen is given back.
static PANIC_MESSAGE: Mutex<Option<String>> = Mutex::new(None);

/// The terminal while it belongs to the talk. Dropping it gives the terminal back.
pub struct Screen {
    active: bool,
}

impl Screen {
    /// Takes the terminal: raw keys, alternate screen, no cursor.
    ///
    /// # Errors
    ///
    /// If the terminal refuses; what was changed until then is changed back.
    pub fn enter() -> io::Result<Self> {
        defer_panic_messages();
        let mut screen = Self { active: true };
        screen.activate()?;
        Ok(screen)
    }

    fn activate(&mut self) -> io::Result<()> {
        self.active = true;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
    }

    /// Asks the terminal something; the answer comes with the keys.
    ///
    /// # Errors
    ///
    /// If it cannot be written to.
    pub fn send_query(&self, question: &str) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(question.as_bytes())?;
        out.flush()
    }

    /// Has the terminal report clicks and the wheel, or not. Only while a demo has the keys:
    /// elsewhere the terminal's own selection of text is worth more. Motion is not asked for,
    /// so that a moved mouse wakes nobody.
    ///
    /// # Errors
    ///
    /// If it cannot be written to.
    pub fn capture_mouse(&mut self, on: bool) -> io::Result<()> {
        let end = if on { 'h' } else { 'l' };
        self.send_query(&format!("\x1b[?1000{end}\x1b[?1006{end}"))
    }

    /// Puts a text on the clipboard (OSC 52); a terminal that does not know how ignores it.
    ///
    /// # Errors
    ///
    /// If it cannot be written to.
    pub fn copy_to_clipboard(&self, text: &str) -> io::Result<()> {
        self.send_query(&format!("\x1b]52;c;{}\x07", STANDARD.encode(text)))
    }

    /// Gives the terminal back, stops the process as Ctrl-Z does, and takes the terminal again
    /// once the process goes on. Where nothing could wake it up, it is not stopped.
    ///
    /// # Errors
    ///
    /// If the terminal refuses.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.leave();
        #[cfg(unix)]
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.activate()
    }

    /// Takes the terminal again, after whoever stopped the process may have changed it.
    ///
    /// # Errors
    ///
    /// If the terminal refuses.
    pub fn reenter(&mut self) -> io::Result<()> {
        self.leave();
        self.activate()
    }

    /// Gives the terminal back; a second time does nothing. Errors are of no use here: a terminal
    /// that is gone needs no restoring.
    pub fn leave(&mut self) {
        if std::mem::take(&mut self.active) {
            let _ = self.send_query(RESTORE_SEQUENCE);
            let _ = disable_raw_mode();
        }
    }

    /// The terminal as ratatui draws on it: a frame is one write, and shown in one piece.
    pub fn backend(&self) -> SynchronizedBackend {
        let inner = CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, io::stdout()));
        SynchronizedBackend { inner, affordable: std::cell::Cell::new(Size::ZERO) }
    }

    /// The panic that ended the talk, if one did.
    pub fn take_panic_message() -> Option<String> {
        PANIC_MESSAGE.lock().ok().and_then(|mut words| words.take())
    }
}

/// What gives the terminal back, on every way out.
const RESTORE_SEQUENCE: &str = "\x1b[?2026l\x1b[?1000l\x1b[?1006l\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// Gives the terminal back from another thread, while the one that draws waits for a terminal that
/// takes nothing in. It never waits itself: what the terminal has no room for stays unsaid.
#[cfg(unix)]
pub(crate) fn restore_immediately() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let _ = disable_raw_mode();
    let out = io::stdout();
    let mut ready = [PollFd::new(&out, PollFlags::OUT)];
    let no_time = Timespec { tv_sec: 0, tv_nsec: 0 };
    if poll(&mut ready, Some(&no_time)).is_ok_and(|count| count > 0) {
        // past the lock of standard output, which the other thread holds
        let _ = rustix::io::write(&out, RESTORE_SEQUENCE.as_bytes());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

/// While the screen is taken a panic must not print over it; while it unwinds, `Screen` gives the
/// terminal back, and then its message can be read.
fn defer_panic_messages() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if scope::is_in_task() {
            return before(info);
        }
        if let Ok(mut words) = PANIC_MESSAGE.lock() {
            words.get_or_insert_with(|| info.to_string());
        }
    }));
}

/// [`CrosstermBackend`], with each frame inside a synchronized update so that none is seen half
/// done.
pub struct SynchronizedBackend {
    inner: CrosstermBackend<BufWriter<Stdout>>,
    /// A size for which there is memory.
    affordable: std::cell::Cell<Size>,
}

/// Pictures of the whole screen that are held at once: ratatui's two, and what demos are drawn into
/// beside it.
const FRAME_COPIES: usize = 4;

impl SynchronizedBackend {
    /// Whether there is memory for a screen of this size. A buffer that could not be had would end
    /// the process at once, and nobody would give the terminal back.
    fn check_memory(&self, size: Size) -> io::Result<()> {
        if self.affordable.get() == size {
            return Ok(());
        }
        let cells = usize::from(size.width) * usize::from(size.height) * FRAME_COPIES;
        Vec::<Cell>::new().try_reserve_exact(cells).map_err(|_| {
            let reason =
                format!("there is no memory for a screen of {} by {}", size.width, size.height);
            io::Error::new(io::ErrorKind::OutOfMemory, reason)
        })?;
        self.affordable.set(size);
        Ok(())
    }
}

impl Backend for SynchronizedBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        queue!(self.inner, BeginSynchronizedUpdate)?;
        self.inner.draw(content)?;
        queue!(self.inner, EndSynchronizedUpdate)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    /// The place of a cursor that is hidden matters to nobody, and asking for it, as ratatui does
    /// whenever it clears, would wait in vain for a terminal that answers no question.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        let size = clamp_size(self.inner.size()?);
        self.check_memory(size)?;
        Ok(size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}
