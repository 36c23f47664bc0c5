//! [`Display`]: when the picture of a run is drawn: at most twenty times a second, and only if it has
//! changed.

use std::cell::RefCell;
use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::cli::conform::progress::live_area::LiveArea;
use crate::cli::conform::progress::verdict_grid::{Room, VerdictGrid};
use crate::conform::Verdict;

/// The time between two pictures.
const REDRAW_INTERVAL: Duration = Duration::from_millis(50);

/// The width that is taken for a terminal's if it is not known.
const UNKNOWN_WIDTH: u16 = 80;

/// The size of a terminal in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TerminalSize {
    pub(super) columns: u16,
    pub(super) rows: u16,
}

/// The picture of a run, and the terminal that shows it.
pub(in crate::cli::conform) struct Display<W: Write> {
    pub(super) grid: VerdictGrid,
    /// The place for the picture; `None` where nothing is shown.
    area: Option<LiveArea<W>>,
    has_colors: bool,
    began: Instant,
    size: fn() -> Option<TerminalSize>,
    /// The size at the last tick.
    last_size: Option<TerminalSize>,
    is_resized: bool,
}

impl<W: Write> Display<W> {
    /// Creates a display on `out`, or one that shows nothing.
    pub(super) fn new(
        grid: VerdictGrid,
        out: Option<W>,
        has_colors: bool,
        size: fn() -> Option<TerminalSize>,
    ) -> Self {
        let last_size = if out.is_some() { size() } else { None };
        Self {
            grid,
            area: out.map(LiveArea::new),
            has_colors,
            began: Instant::now(),
            size,
            last_size,
            is_resized: false,
        }
    }

    /// Takes the verdict of a case.
    pub(in crate::cli::conform) fn played(&mut self, index: usize, verdict: Verdict) {
        self.grid.played(index, verdict);
    }

    /// Draws the picture if it is another one.
    fn tick(&mut self) {
        let Some(area) = &mut self.area else { return };
        let size = (self.size)();
        if size != self.last_size {
            // While a window is being resized its lines move. What comes then has a place of its own.
            self.last_size = size;
            self.is_resized = true;
            return;
        }
        if std::mem::take(&mut self.is_resized) {
            area.begin_anew();
        }
        // The last column and the last row stay free, so that nothing wraps or scrolls by itself.
        let (columns, rows) =
            size.map_or((UNKNOWN_WIDTH, 1), |TerminalSize { columns, rows }| (columns, rows));
        let room = Room {
            width: usize::from(columns.saturating_sub(1)),
            height: usize::from(rows.saturating_sub(1).max(1)),
        };
        area.show(self.grid.lines(room, self.began.elapsed(), self.has_colors));
    }

    /// Begins below the picture: the process was stopped, and others have written since.
    fn resume(&mut self) {
        if let Some(area) = &mut self.area {
            area.begin_anew();
        }
    }
}

/// Shows `display` until `work` is done. The picture is gone once the display is dropped.
pub(in crate::cli::conform) async fn watch<W: Write, T>(
    display: &RefCell<Display<W>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    let mut resumed = Resumed::new();
    let mut ticks = interval(REDRAW_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            output = &mut work => return output,
            () = resumed.recv() => display.borrow_mut().resume(),
            _ = ticks.tick() => display.borrow_mut().tick(),
        }
    }
}

/// Waits for the moment at which the process goes on after Ctrl-Z.
struct Resumed {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl Resumed {
    #[cfg(unix)]
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        // Without a handler the picture is drawn over what came meanwhile.
        Self { signals: signal(SignalKind::from_raw(signal_hook::consts::SIGCONT)).ok() }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }

    async fn recv(&mut self) {
        #[cfg(unix)]
        if let Some(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io;
    use std::rc::Rc;

    use tokio::time::sleep;

    use super::*;

    thread_local! {
        static SIZE: Cell<(u16, u16)> = const { Cell::new((80, 24)) };
    }

    #[expect(clippy::unnecessary_wraps, reason = "other terminals have no size")]
    fn size() -> Option<TerminalSize> {
        let (columns, rows) = SIZE.get();
        Some(TerminalSize { columns, rows })
    }

    /// Standard error as a list of writes.
    #[derive(Clone, Default)]
    struct Writes(Rc<RefCell<Vec<String>>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn display(writes: &Writes, cases: usize) -> RefCell<Display<Writes>> {
        SIZE.set((80, 24));
        let grid = VerdictGrid::new(vec!["ping"; cases], 1);
        RefCell::new(Display::new(grid, Some(writes.clone()), false, size))
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_drawn_twenty_times_a_second_at_most_whatever_happens() {
        let writes = Writes::default();
        let display = display(&writes, 3_000);
        let work = async {
            for index in 0..3_000 {
                sleep(Duration::from_millis(1)).await;
                display.borrow_mut().grid.played(index, Verdict::Pass);
            }
        };
        watch(&display, work).await;
        let count = writes.0.borrow().len();
        assert!((50..=61).contains(&count), "{count}");
    }

    #[tokio::test(start_paused = true)]
    async fn while_nothing_happens_only_the_seconds_are_drawn() {
        let writes = Writes::default();
        let display = display(&writes, 4);
        watch(&display, sleep(Duration::from_millis(10_040))).await;
        let writes = writes.0.borrow();
        assert_eq!(writes.len(), 11, "{writes:#?}");
        assert_eq!(writes[0], "\r\x1b[2Kping  ····\r\n\x1b[2K0 of 4, 0 s");
        assert_eq!(writes[10], "\r\x1b[1A\r\n\x1b[2K0 of 4, 10 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_is_being_resized_is_left_alone_until_it_rests() {
        let writes = Writes::default();
        let display = display(&writes, 4);
        let work = async {
            sleep(Duration::from_millis(75)).await;
            for columns in (40..50).rev() {
                SIZE.set((columns, 24));
                sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(writes.0.borrow().len(), 1);
            sleep(Duration::from_millis(100)).await;
            SIZE.set((20, 24));
            sleep(Duration::from_millis(150)).await;
        };
        watch(&display, work).await;
        let writes = writes.0.borrow();
        let after = "\r\x1b[2Kping  ····\r\n\x1b[2K0 of 4, 0 s";
        assert_eq!(writes[1..3], ["\r\n", after]);
        assert_eq!(writes[3..], ["\r\n", "\r\x1b[2K0 of 4, 0 failed"], "too narrow for a grid");
    }

    #[tokio::test(start_paused = true)]
    async fn the_picture_is_gone_when_the_run_is_dropped() {
        let writes = Writes::default();
        let display = display(&writes, 4);
        let run = async move {
            watch(&display, std::future::pending::<()>()).await;
        };
        assert!(tokio::time::timeout(Duration::from_millis(200), run).await.is_err());
        assert_eq!(writes.0.borrow().last().unwrap(), "\r\x1b[1A\x1b[J");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_terminal_nothing_is_written() {
        let grid = VerdictGrid::new(["ping"], 1);
        let display: RefCell<Display<Writes>> =
            RefCell::new(Display::new(grid, None, false, || unreachable!()));
        watch(&display, sleep(Duration::from_secs(1))).await;
    }
}
