//! Transitions: how one slide gives way to the next.
//!
//! A transition is a few frames between two finished ones, so views know nothing of it. It is off
//! unless it was asked for, and whoever is in a hurry doesn't see it: any key ends it, and a slide
//! that is opened soon after another appears at once.

use std::time::{Duration, Instant};

use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth as _};
use ratatui::layout::Rect;
use ratatui::style::Color;

/// The time that a transition takes.
const DURATION: Duration = Duration::from_millis(240);
/// The time between two frames of a transition.
const FRAME_INTERVAL: Duration = Duration::from_millis(16);

/// A kind of transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The new slide pushes the old one out, from the right on the way forward.
    Slide,
    /// The old slide sinks into the background and the new one rises from it. With fewer than
    /// 24-bit colours its rows change one after the other.
    Fade,
}

/// What is needed to go from one slide to the next in frames.
#[derive(Default)]
pub(crate) struct TransitionState {
    /// The last frame that was drawn, where transitions are on.
    shown: Option<Buffer>,
    /// When a slide was opened last.
    opened_at: Option<Instant>,
    running: Option<Running>,
}

/// A transition on its way.
struct Running {
    kind: Transition,
    from: Buffer,
    is_forward: bool,
    began: Instant,
    /// The part of it that has been shown, from 0 to 1.
    progress: f32,
}

impl TransitionState {
    /// Ends the transition that is under way: the next frame is the new slide. Returns whether
    /// there was one.
    pub(crate) fn complete(&mut self) -> bool {
        self.running.take().is_some()
    }

    /// Begins the transition between the slides of these indices, the second of which was opened at
    /// `now`, unless another one was opened shortly before.
    pub(crate) fn begin(
        &mut self,
        kind: Option<Transition>,
        (before, at): (usize, usize),
        now: Instant,
    ) {
        if before == at {
            return;
        }
        let is_forward = at > before;
        let last = self.opened_at.replace(now);
        let in_a_hurry = last.is_some_and(|last| now.saturating_duration_since(last) < DURATION);
        self.running = kind
            .filter(|_| !in_a_hurry)
            .zip(self.shown.take())
            .map(|(kind, from)| Running { kind, from, is_forward, began: now, progress: 0.0 });
    }

    /// Whether a transition is under way.
    pub(crate) fn is_under_way(&self) -> bool {
        self.running.is_some()
    }

    /// Returns when the next frame of a transition is due; `None` if none is under way.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let running = self.running.as_ref()?;
        Some(running.began + DURATION.mul_f32(running.progress) + FRAME_INTERVAL)
    }

    /// Moves the transition to where it is at `now`, and ends it after its time. Returns whether
    /// there is another frame to draw.
    pub(crate) fn advance(&mut self, now: Instant) -> bool {
        if self.wake_at().is_none_or(|due| due > now) {
            return false;
        }
        self.running = self.running.take().and_then(|running| {
            let elapsed = now.saturating_duration_since(running.began);
            let progress = elapsed.as_secs_f32() / DURATION.as_secs_f32();
            (progress < 1.0).then_some(Running { progress, ..running })
        });
        true
    }

    /// Keeps the frame that was drawn: a transition may begin at it.
    pub(crate) fn remember(&mut self, frame: &Buffer) {
        let mut shown = frame.clone();
        for cell in &mut shown.content {
            // A terminal would draw the whole picture at each place that its cells move to.
            if cell.diff_option != CellDiffOption::None {
                cell.set_symbol(" ").set_diff_option(CellDiffOption::None);
            }
        }
        self.shown = Some(shown);
    }

    /// Mixes the slide that is left into a finished frame of the new one on a screen of `area`. The
    /// footer is the new one's at once. Returns whether a transition is under way.
    pub(crate) fn draw(&self, area: Rect, frame: &mut Buffer) -> bool {
        let Some(running) = &self.running else { return false };
        let above = Rect { height: area.height.saturating_sub(1), ..area };
        let area = above.intersection(frame.area).intersection(running.from.area);
        match running.kind {
            Transition::Slide => slide(running, area, frame),
            Transition::Fade => fade(running, area, frame),
        }
        true
    }
}

/// Draws both slides beside each other.
fn slide(running: &Running, area: Rect, frame: &mut Buffer) {
    // Quick at first, slow at the end.
    let eased = 1.0 - (1.0 - running.progress).powi(3);
    let moved = ((f32::from(area.width) * eased) as u16).min(area.width);
    for y in area.rows().map(|row| row.y) {
        let new: Vec<Cell> = area.columns().map(|at| frame[(at.x, y)].clone()).collect();
        for x in 0..area.width {
            let to = (area.x + x, y);
            // The column of a strip of both slides, and where the new one begins in it.
            let (column, new_begins, old_begins) = if running.is_forward {
                (x + moved, area.width, 0)
            } else {
                (x + area.width - moved, 0, area.width)
            };
            let is_new =
                if running.is_forward { column >= new_begins } else { column < old_begins };
            frame[to] = if is_new {
                new[usize::from(column - new_begins)].clone()
            } else {
                running.from[(area.x + column - old_begins, y)].clone()
            };
        }
        let last = &mut frame[(area.right().saturating_sub(1), y)];
        if last.cell_width() > 1 {
            last.set_symbol(" ");
        }
    }
}

/// Draws the old slide through the first half of the time, ever paler, and then the new one.
fn fade(running: &Running, area: Rect, frame: &mut Buffer) {
    let progress = running.progress;
    for (index, row) in area.rows().enumerate() {
        let has_changed = scattered(index) < progress;
        for x in row.columns().map(|at| at.x) {
            let old = &running.from[(x, row.y)];
            let new = &frame[(x, row.y)];
            let background = mix(old.bg, new.bg, progress);
            let half = if progress < 0.5 { old } else { new };
            let strength = (progress * 2.0 - 1.0).abs();
            let inks =
                background.and_then(|ground| Some((mix(ground, half.fg, strength)?, ground)));
            frame[(x, row.y)] = match inks {
                Some((fg, bg)) => {
                    let mut cell = half.clone();
                    cell.set_fg(fg).set_bg(bg);
                    cell
                }
                None if has_changed => new.clone(),
                None => old.clone(),
            };
        }
    }
}

/// Returns the colour between two: `from` at 0, `to` at 1. `None` if they aren't 24-bit colours.
fn mix(from: Color, to: Color, at: f32) -> Option<Color> {
    let (Color::Rgb(r, g, b), Color::Rgb(to_r, to_g, to_b)) = (from, to) else { return None };
    let between =
        |from: u8, to: u8| (f32::from(from) + (f32::from(to) - f32::from(from)) * at).round() as u8;
    Some(Color::Rgb(between(r, to_r), between(g, to_g), between(b, to_b)))
}

/// Returns when the row of this index changes, from 0 to 1, such that neighbours do so at different
/// times: multiples of the golden ratio.
fn scattered(row: usize) -> f32 {
    (row as f32 * 0.618_034).fract()
}

#[cfg(test)]
mod tests {
    use crossterm::event::{Event as Input, KeyCode};

    use super::*;
    use crate::app::testing::{self, SIZE};
    use crate::app::{App, AppConfig, AppEvent};
    use crate::stage::{ColorDepth, Registry};

    const TWO: &str = "# one\n\nalpha\n\n---\n\n# two\n\nomega\n\n---\n\n# three\n\nthree\n";

    /// A talk whose first frame was drawn, and its clock.
    struct Stage {
        app: App,
        now: Instant,
    }

    impl Stage {
        fn new(transition: Option<Transition>, color_depth: ColorDepth) -> Self {
            let bare = AppConfig::bare(TWO, Registry::new(&[]));
            let mut stage = Self {
                app: App::new(AppConfig { color_depth, transition, ..bare }, SIZE),
                now: Instant::now(),
            };
            stage.frame();
            stage
        }

        fn frame(&mut self) -> String {
            let buffer = self.app.frame(Rect::from(SIZE));
            self.app.remember_frame(&buffer);
            testing::rows(&buffer)
        }

        fn press(&mut self, key: KeyCode) {
            self.app.handle(AppEvent::Input(Input::Key(key.into())), self.now);
        }

        fn after(&mut self, time: Duration) -> String {
            self.now += time;
            self.app.pass_time(self.now);
            self.frame()
        }
    }

    #[test]
    fn a_slide_is_pushed_out_by_the_next_one_and_the_end_is_the_new_slide() {
        for depth in [ColorDepth::TrueColor, ColorDepth::Ansi16] {
            for kind in [Transition::Slide, Transition::Fade] {
                let mut plain = Stage::new(None, depth);
                plain.press(KeyCode::Right);
                let (mut stage, end) = (Stage::new(Some(kind), depth), plain.frame());
                stage.now += DURATION;
                stage.press(KeyCode::Right);
                let early = stage.after(DURATION / 8);
                assert!(early.contains("alpha") || kind == Transition::Slide, "{early}");
                assert_ne!(early, end);
                assert!(stage.app.wake_at().is_some());
                assert_eq!(stage.after(DURATION), end);
                assert_eq!(stage.app.wake_at(), None, "nothing wakes the talk after it");
            }
        }
    }

    #[test]
    fn both_slides_are_in_sight_half_way() {
        let mut stage = Stage::new(Some(Transition::Slide), ColorDepth::TrueColor);
        stage.now += DURATION;
        stage.press(KeyCode::Right);
        // Eased, a fifth of the time is half of the way.
        let half = stage.after(DURATION / 5);
        assert!(half.contains("2/3"), "the footer is the new one's: {half}");
        let forward = stage.app.transition.running.as_ref().map(|running| running.is_forward);
        assert_eq!(forward, Some(true));
        stage.after(DURATION * 2);
        stage.press(KeyCode::Left);
        let forward = stage.app.transition.running.as_ref().map(|running| running.is_forward);
        assert_eq!(forward, Some(false));
    }

    #[test]
    fn a_key_ends_it_and_slides_in_a_hurry_have_none() {
        let mut stage = Stage::new(Some(Transition::Slide), ColorDepth::TrueColor);
        stage.now += DURATION;
        stage.press(KeyCode::Right);
        stage.frame();
        stage.now += FRAME_INTERVAL;
        stage.press(KeyCode::Right);
        assert_eq!(stage.app.wake_at(), None);
        assert!(stage.frame().contains("three"));
        // Once it is over, any other key does nothing but that.
        stage.now += DURATION;
        stage.press(KeyCode::Left);
        assert!(stage.app.wake_at().is_some());
        stage.press(KeyCode::Char('x'));
        assert_eq!(stage.app.wake_at(), None);
        assert!(stage.frame().contains("omega"));
    }

    #[test]
    fn the_pictures_of_a_slide_do_not_move() {
        let mut frame = Buffer::with_lines(["ab"]);
        frame[(0, 0)].set_symbol("\u{1b}_G").set_diff_option(CellDiffOption::Skip);
        let mut state = TransitionState::default();
        state.remember(&frame);
        assert_eq!(state.shown, Some(Buffer::with_lines([" b"])));
    }

    #[test]
    fn a_wide_character_at_the_edge_is_not_cut_in_two() {
        let wide = Buffer::with_lines(["漢字漢字"]);
        for moved in 0_u8..8 {
            for is_forward in [true, false] {
                let mut frame = Buffer::with_lines(["かなかな"]);
                let progress = 1.0 - (1.0 - f32::from(moved) / 8.0).cbrt();
                let running = Running {
                    kind: Transition::Slide,
                    from: wide.clone(),
                    is_forward,
                    began: Instant::now(),
                    progress,
                };
                slide(&running, wide.area, &mut frame);
                assert!(frame[(7, 0)].cell_width() == 1, "{frame:?}");
            }
        }
    }
}
