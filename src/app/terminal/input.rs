//! What the terminal sends, as a stream: keys, clicks, pasted text and new sizes.
//!
//! On Linux the loop's own thread reads the terminal, so a key waits for no other thread, and keys
//! that come at once share a frame. Elsewhere crossterm reads it on a thread: epoll waits for
//! terminals, kqueue doesn't.

use crossterm::event::Event;
use futures_util::stream::{self, Stream, StreamExt};

#[cfg(target_os = "linux")]
pub(super) fn terminal_input() -> impl Stream<Item = Event> + Unpin {
    linux::TerminalInput::open().map_or_else(
        // It fails without a terminal to read, which is no reason to end: signals and demos go on.
        |_| stream::pending().left_stream(),
        StreamExt::right_stream,
    )
}

/// Returns what the terminal sends. Read errors are skipped: they mean that the terminal is gone,
/// which is watched for.
#[cfg(not(target_os = "linux"))]
pub(super) fn terminal_input() -> impl Stream<Item = Event> + Unpin {
    // crossterm's stream panics where its reader could not be set up; asking for input says so.
    let usable = crossterm::event::poll(std::time::Duration::ZERO).is_ok();
    let events = usable.then(crossterm::event::EventStream::new).map_or_else(
        || stream::pending().left_stream(),
        |events| events.filter_map(|event| std::future::ready(event.ok())).right_stream(),
    );
    Box::pin(events)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{self, IsTerminal as _};
    use std::os::fd::{AsFd as _, OwnedFd};
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use crossterm::event::Event;
    use futures_util::Stream;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use crate::app::terminal::input_parser::InputParser;
    use crate::app::terminal::screen::window_size;

    /// The terminal and its new sizes.
    pub(super) struct TerminalInput {
        terminal: AsyncFd<OwnedFd>,
        resizes: Signal,
        parser: InputParser,
        /// Whether the terminal can't be read any more. Whoever watches for that ends the talk.
        gone: bool,
    }

    impl TerminalInput {
        /// Opens standard input, or the terminal of the session if that is a file or a pipe.
        ///
        /// # Errors
        ///
        /// Fails if there is no terminal.
        pub(super) fn open() -> io::Result<Self> {
            let terminal = if io::stdin().is_terminal() {
                io::stdin().as_fd().try_clone_to_owned()?
            } else {
                File::open("/dev/tty")?.into()
            };
            #[expect(deprecated, reason = "nothing closes it; what replaces this is unsafe")]
            let terminal = AsyncFd::with_interest(terminal, Interest::READABLE)?;
            let resizes = signal(SignalKind::window_change())?;
            Ok(Self { terminal, resizes, parser: InputParser::default(), gone: false })
        }

        /// Reads what has come. Ready if there may be events.
        fn poll_read(&mut self, context: &mut Context) -> Poll<()> {
            let Ok(mut guard) = ready!(self.terminal.poll_read_ready(context)) else {
                self.gone = true;
                return Poll::Pending;
            };
            let mut buffer = [0; 1024];
            match read_available(guard.get_inner(), &mut buffer) {
                Ok(0) => self.gone = true,
                Ok(len) => self.parser.feed(&buffer[..len], len == buffer.len()),
                Err(Errno::AGAIN) => guard.clear_ready(),
                Err(Errno::INTR) => {}
                Err(_) => self.gone = true,
            }
            Poll::Ready(())
        }
    }

    impl Stream for TerminalInput {
        type Item = Event;

        fn poll_next(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<Event>> {
            loop {
                if let Some(event) = self.parser.next_event() {
                    return Poll::Ready(Some(event));
                }
                if self.resizes.poll_recv(context).is_ready()
                    && let Ok(size) = window_size()
                {
                    let cells = size.columns_rows;
                    return Poll::Ready(Some(Event::Resize(cells.width, cells.height)));
                }
                if self.gone {
                    return Poll::Pending;
                }
                ready!(self.poll_read(context));
            }
        }
    }

    /// Reads without waiting, from a terminal whose reads wait. It is shared with the shell, so its
    /// mode stays.
    fn read_available(terminal: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
        let no_time = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut waiting = [PollFd::new(terminal, PollFlags::IN)];
        if poll(&mut waiting, Some(&no_time))? == 0 {
            return Err(Errno::AGAIN);
        }
        rustix::io::read(terminal, buffer)
    }
}
