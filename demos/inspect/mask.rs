//! The mask: a payload unmasked byte by byte, and what a flipped bit, a zero key or a second pass would do to it.
//!
//! Nothing that is tried here is sent; the frame that was seen stays as it is.

mod columns;
mod lesson;
mod work;

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::Cmd;
use super::canvas::{Canvas, Target, split};
use super::keys::fresh_key;
use super::state::{Inspect, Mode, Tab};
use super::view::side;
use crate::wire::{MaskingKey, Side, format};
use work::{Idle, Work};

/// The tab's keys.
pub(super) const HINT: &str = "n → next  p ← back  a auto, 1–9 speed  b bit  f flip  z zero key  t twice  w wide  k key  r reset  h keys";

/// Bytes of one wide step.
const WIDE: usize = 8;

/// What the tab remembers: what is tried, and of which frame. Which byte and bit is looked at, the cursor says.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The frame that the rest belongs to: the run, the connection and the row.
    frame: Option<(u64, usize, usize)>,
    /// Flipped bits of the payload on the wire: index, and a 1 for each flipped bit.
    flips: Vec<(usize, u8)>,
    /// Another key, with which the same text is masked.
    key: Option<MaskingKey>,
    /// The key is applied once more.
    twice: bool,
    /// Eight bytes a step.
    wide: bool,
    auto: Option<Auto>,
}

/// Steps go on by themselves.
#[derive(Clone, Copy, Debug)]
struct Auto {
    /// Steps a second.
    speed: u32,
    last: Option<Instant>,
}

impl Auto {
    fn pause(self) -> Duration {
        Duration::from_secs(1) / self.speed
    }
}

/// How often the tab wants the time: only while steps go on by themselves and are seen.
pub(super) fn pace(inspect: &Inspect) -> Option<Duration> {
    let seen = inspect.tab == Tab::Mask && inspect.mode == Mode::Look;
    inspect.mask.auto.filter(|_| seen).map(Auto::pause)
}

/// Takes the time: steps on if it is due.
pub(super) fn tick(inspect: &mut Inspect, now: Instant) {
    if pace(inspect).is_none() {
        return;
    }
    let Some(auto) = &mut inspect.mask.auto else { return };
    // a tick may come a little early, and more often where another demo asks for that
    let due = auto.last.is_none_or(|last| now.saturating_duration_since(last) >= auto.pause() * 9 / 10);
    if !due {
        return;
    }
    auto.last = Some(now);
    let work = Work::of(inspect);
    let Ok(work) = work.as_ref().map_err(|_| ()).map(|work| (work.next(), work.step, work.header)) else {
        inspect.mask.auto = None;
        return;
    };
    let (next, step, header) = work;
    if next == step {
        inspect.mask.auto = None;
    } else {
        inspect.cursor.byte = header + next;
    }
}

/// Takes a key; none if it is not one of this tab's.
pub(super) fn key(inspect: &mut Inspect, key: KeyEvent) -> Option<Vec<Cmd>> {
    let work = match Work::of(inspect) {
        Ok(work) => work,
        Err(Idle::Unmasked { masked: Some(row), .. }) if key.code == KeyCode::Char('n') => {
            inspect.choose(row);
            return Some(Vec::new());
        }
        Err(_) => return None,
    };
    let frame = Some(work::place(inspect, work.row));
    let known = inspect.mask.frame == frame;
    let mut state = if known { inspect.mask.clone() } else { State { frame, ..State::default() } };
    let mut cursor = inspect.cursor;
    let mut go = |step: usize| cursor.byte = work.header + step;
    match (key.code, &mut state.auto) {
        (KeyCode::Char(digit @ '1'..='9'), Some(auto)) => auto.speed = digit as u32 - '0' as u32,
        (KeyCode::Char('n') | KeyCode::Right, _) => go(work.next()),
        (KeyCode::Char('p') | KeyCode::Left, _) => go(work.back()),
        (KeyCode::Home, _) => go(0),
        (KeyCode::End, _) => go(work.wire.len().saturating_sub(1)),
        (KeyCode::Up, _) => cursor.bit = cursor.bit.saturating_sub(1),
        (KeyCode::Down, _) => cursor.bit = (cursor.bit + 1).min(7),
        (KeyCode::Char('a'), auto @ Some(_)) => *auto = None,
        (KeyCode::Char('a'), auto) => {
            *auto = Some(Auto { speed: 2, last: None });
            if work.next() == work.step {
                go(0);
            }
        }
        (KeyCode::Char(letter), _) => attempt(&mut state, letter, &work, cursor.bit)?,
        _ => return None,
    }
    if matches!(
        key.code,
        KeyCode::Char('n' | 'p') | KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End
    ) {
        state.auto = None;
    }
    // what is looked at closely must not be pulled away by the next frame
    inspect.chosen = Some(work.row);
    (inspect.mask, inspect.cursor) = (state, cursor);
    Some(Vec::new())
}

/// Tries something; none if no such thing can be tried.
fn attempt(state: &mut State, letter: char, work: &Work, bit: u8) -> Option<()> {
    match letter {
        'f' => {
            let bit = 0x80 >> bit;
            match state.flips.iter_mut().find(|(at, _)| *at == work.step) {
                Some((_, bits)) => *bits ^= bit,
                None => state.flips.push((work.step, bit)),
            }
            state.flips.retain(|(_, bits)| *bits != 0);
        }
        'z' if state.key == Some([0; 4]) => state.key = None,
        'z' => state.key = Some([0; 4]),
        'k' => {
            state.key = Some(fresh_key(&[&work.key[..], &work.plain[..work.plain.len().min(64)]].concat()));
        }
        't' => state.twice = !state.twice,
        'w' => state.wide = !state.wide,
        'r' => *state = State { frame: state.frame, wide: state.wide, ..State::default() },
        _ => return None,
    }
    Some(())
}

/// Goes to a step.
pub(super) fn click(inspect: &mut Inspect, step: usize) {
    let Ok(work) = Work::of(inspect) else { return };
    let (row, byte) = (work.row, work.header + step.min(work.wire.len().saturating_sub(1)));
    inspect.chosen = Some(row);
    inspect.cursor.byte = byte;
    inspect.mask.auto = None;
}

pub(super) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let work = match Work::of(inspect) {
        Ok(work) => work,
        Err(idle) => return draw_idle(inspect, &idle, area, canvas),
    };
    let height = area.height;
    let (title, rest) = split(area, 1);
    canvas.line(&headline(inspect, &work, canvas), 0, title);
    let (_, rest) = split(rest, u16::from(height >= 24));
    let narrow = !columns::has_notes(area.width);
    let rows = columns::rows(&work, height) + u16::from(narrow && height >= 14);
    let (table, rest) = split(rest, rows);
    columns::draw(&work, table, canvas);
    let (_, rest) = split(rest, u16::from(height >= 26));
    let (bits, rest) = split(rest, if height >= 12 { 6 } else { 5 }.min(rest.height));
    lesson::draw_step(&work, bits, canvas);
    let (_, rest) = split(rest, u16::from(height >= 30));
    let (tries, rest) = split(rest, if height >= 17 { 5 } else { 0 });
    lesson::draw_tries(&work, tries, canvas);
    let (_, rest) = split(rest, u16::from(height >= 30));
    lesson::draw_why(work.from, rest, canvas);
}

fn headline(inspect: &Inspect, work: &Work, canvas: &Canvas) -> Line<'static> {
    let theme = canvas.theme;
    let (color, arrow) = side(work.from, theme);
    let shown = if (work.wire.len() as u64) < work.total {
        format!(
            "the first {} of {} payload bytes",
            format::group_thousands(work.wire.len() as u64),
            format::group_thousands(work.total)
        )
    } else {
        format!(
            "{} payload byte{}",
            format::group_thousands(work.total),
            if work.total == 1 { "" } else { "s" }
        )
    };
    let mut spans = vec![
        Span::styled(format!("Frame {} · ", work.row), theme.dim()),
        Span::styled(arrow, ratatui::style::Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Span::styled(format!(" · {shown}    "), theme.dim()),
        Span::styled("plain[i] = wire[i] ⊕ key[i mod 4]", theme.heading()),
        Span::styled("    §5.3", theme.dim()),
    ];
    if let Some(auto) = inspect.mask.auto {
        let told = format!("    ▶ auto, {} a second", auto.speed);
        spans.push(Span::styled(told, ratatui::style::Style::new().fg(theme.good)));
    }
    Line::from(spans)
}

/// There is nothing to unmask: why, and where there is.
fn draw_idle(inspect: &Inspect, idle: &Idle, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let say = |told: &'static str| vec![told.to_owned()];
    let (told, masked) = match *idle {
        Idle::NoFrame => (say("No frame yet: the handshake comes first, and nothing of it is masked."), None),
        Idle::Gone => (say("The bytes of this frame are not in memory any more."), None),
        Idle::Empty { row } => (
            vec![
                format!("Frame {row} has no payload: there is nothing to unmask."),
                "The key is there all the same: what says that one follows is the MASK bit, not the length (§5.2)."
                    .to_owned(),
            ],
            None,
        ),
        Idle::Unmasked { row, from: Side::Server, masked } => (
            vec![
                format!("Frame {row} comes from the server: MASK is 0, there is no key, and nothing to undo."),
                "What stands on the wire is the payload. A server must not mask (§5.1): the attack that masking".to_owned(),
                "stops needs a script that chooses the bytes, and scripts run on the client's side (§10.3).".to_owned(),
            ],
            masked,
        ),
        Idle::Unmasked { row, from: Side::Client, masked } => (
            vec![
                format!("Frame {row} comes from the client without a mask: that breaks §5.1."),
                "A server closes the connection when it sees this, with code 1002.".to_owned(),
            ],
            masked,
        ),
    };
    for (row, line) in (1..).zip(told) {
        canvas.line(&Line::styled(line, if row == 1 { theme.base() } else { theme.dim() }), row, area);
    }
    if let (Some(masked), true) = (masked, inspect.current().is_some()) {
        let spot = Rect { y: area.y + 5, height: 1, ..area }.intersection(area);
        canvas.spot(spot, Target::Row(masked));
        canvas.line(
            &Line::styled(format!("n  to frame {masked}, the nearest that is masked"), theme.heading()),
            0,
            spot,
        );
    }
    let (_, rest) = split(area, 7);
    lesson::draw_why(Side::Server, rest, canvas);
}

#[cfg(test)]
mod tests;
