//! The mask tab: a payload unmasked byte by byte, with experiments: a flipped bit, a zero key, a
//! second pass.
//!
//! The experiments send nothing and do not change the frame.

mod columns;
mod explanation;
mod state;
mod unmasking;

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::demos::inspect::action::Action;
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::tabs::no_frames;
use crate::wire::{Side, format};
use state::AutoStep;
pub(crate) use state::MaskTabState;
use unmasking::{NoMaskReason, Unmasking};

/// Returns the tab's keys.
pub(crate) fn key_hints(session: &Session) -> Vec<&'static str> {
    if session.current_row().is_none() {
        return session.type_hint().into_iter().collect();
    }
    vec![
        "n → next",
        "p ← back",
        "a auto, 1–9 speed",
        "b bit",
        "f flip",
        "z zero key",
        "t twice",
        "w wide",
        "k key",
        "r reset",
    ]
}

/// Returns how often the tab needs the time: only while it steps automatically.
pub(crate) fn tick_interval(state: &MaskTabState) -> Option<Duration> {
    state.auto_step.map(AutoStep::interval)
}

/// Goes to the next step if it is due.
pub(crate) fn tick(state: &mut MaskTabState, session: &mut Session, now: Instant) {
    let Some(auto) = &mut state.auto_step else { return };
    // A tick may come a little early, or more often if another demo asks for more ticks.
    let due = auto
        .last_step
        .is_none_or(|last| now.saturating_duration_since(last) >= auto.interval() * 9 / 10);
    if !due {
        return;
    }
    auto.last_step = Some(now);
    let unmasking = Unmasking::from_current(session, state);
    let Ok(unmasking) = unmasking
        .as_ref()
        .map_err(|_| ())
        .map(|unmasking| (unmasking.next_step(), unmasking.step, unmasking.header_len))
    else {
        state.auto_step = None;
        return;
    };
    let (next, step, header) = unmasking;
    if next == step {
        state.auto_step = None;
    } else {
        session.cursor.byte = header + next;
    }
}

/// Handles a key. Returns `None` if it is not one of this tab's.
pub(crate) fn key(
    state: &mut MaskTabState,
    session: &mut Session,
    key: KeyEvent,
) -> Option<Vec<Action>> {
    let unmasking = match Unmasking::from_current(session, state) {
        Ok(unmasking) => unmasking,
        Err(NoMaskReason::Unmasked { nearest_masked: Some(row), .. })
            if key.code == KeyCode::Char('n') =>
        {
            session.select_row(row);
            return Some(Vec::new());
        }
        Err(_) => return None,
    };
    let frame = Some(unmasking::frame_id(session, unmasking.row));
    // Experiments belong to one frame. Another frame starts without any.
    let known = state.frame == frame;
    let mut tried =
        if known { state.clone() } else { MaskTabState { frame, ..MaskTabState::default() } };
    let mut cursor = session.cursor;
    let mut go = |step: usize| cursor.byte = unmasking.header_len + step;
    match (key.code, &mut tried.auto_step) {
        // Digits choose a tab, except during automatic stepping.
        (KeyCode::Char(digit @ '1'..='9'), Some(auto)) => {
            auto.steps_per_second = digit as u32 - '0' as u32;
        }
        (KeyCode::Char('n') | KeyCode::Right, _) => go(unmasking.next_step()),
        (KeyCode::Char('p') | KeyCode::Left, _) => go(unmasking.previous_step()),
        (KeyCode::Home, _) => go(0),
        (KeyCode::End, _) => go(unmasking.wire_bytes.len().saturating_sub(1)),
        (KeyCode::Up, _) => cursor.bit = cursor.bit.saturating_sub(1),
        (KeyCode::Down, _) => cursor.bit = (cursor.bit + 1).min(7),
        (KeyCode::Char('a'), auto @ Some(_)) => *auto = None,
        (KeyCode::Char('a'), auto) => {
            *auto = Some(AutoStep { steps_per_second: 2, last_step: None });
            // At the end, automatic stepping starts over.
            if unmasking.next_step() == unmasking.step {
                go(0);
            }
        }
        (KeyCode::Char('k'), _) => match session.mask_keys.draw() {
            Ok(key) => tried.key = Some(key),
            Err(error) => return Some(vec![Action::Notice(error)]),
        },
        (KeyCode::Char(letter), _) => try_letter(&mut tried, letter, &unmasking, cursor.bit)?,
        _ => return None,
    }
    if matches!(
        key.code,
        KeyCode::Char('n' | 'p') | KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End
    ) {
        tried.auto_step = None;
    }
    // The next frame that arrives must not replace the one that the user works on.
    session.selected_row = Some(unmasking.row);
    (*state, session.cursor) = (tried, cursor);
    Some(Vec::new())
}

/// Applies the experiment of a letter. Returns `None` if the letter has none.
fn try_letter(
    state: &mut MaskTabState,
    letter: char,
    unmasking: &Unmasking,
    bit: u8,
) -> Option<()> {
    match letter {
        // There is no bit to flip.
        'f' if unmasking.gap_at_step().is_some() => {}
        'f' => {
            let bit = 0x80 >> bit;
            match state.flips.iter_mut().find(|(at, _)| *at == unmasking.step) {
                Some((_, bits)) => *bits ^= bit,
                None => state.flips.push((unmasking.step, bit)),
            }
            state.flips.retain(|(_, bits)| *bits != 0);
        }
        'z' if state.key == Some([0; 4]) => state.key = None,
        'z' => state.key = Some([0; 4]),
        't' => state.apply_twice = !state.apply_twice,
        'w' => state.wide_steps = !state.wide_steps,
        'r' => {
            // The width of a step is a way to look at the frame, not an experiment, so it stays.
            *state = MaskTabState {
                frame: state.frame,
                wide_steps: state.wide_steps,
                ..MaskTabState::default()
            }
        }
        _ => return None,
    }
    Some(())
}

/// Selects a step.
pub(crate) fn click(state: &mut MaskTabState, session: &mut Session, step: usize) {
    let Ok(unmasking) = Unmasking::from_current(session, state) else { return };
    let (row, byte) = (
        unmasking.row,
        unmasking.header_len + step.min(unmasking.wire_bytes.len().saturating_sub(1)),
    );
    session.selected_row = Some(row);
    session.cursor.byte = byte;
    state.auto_step = None;
}

pub(crate) fn draw(state: &MaskTabState, session: &Session, area: Rect, canvas: &mut Canvas) {
    let unmasking = match Unmasking::from_current(session, state) {
        Ok(unmasking) => unmasking,
        Err(reason) => return draw_no_mask(session, &reason, area, canvas),
    };
    let height = area.height;
    let (title, rest) = split_rows(area, 1);
    canvas.draw_line(&title_line(state, &unmasking, canvas), 0, title);
    let (_, rest) = split_rows(rest, u16::from(height >= 24));
    let narrow = !columns::has_notes(area.width);
    let rows = columns::row_count(&unmasking, height) + u16::from(narrow && height >= 14);
    let (table, rest) = split_rows(rest, rows);
    columns::draw(&unmasking, table, canvas);
    let (_, rest) = split_rows(rest, u16::from(height >= 26));
    let (bits, rest) = split_rows(rest, if height >= 12 { 6 } else { 5 }.min(rest.height));
    explanation::draw_step(&unmasking, bits, canvas);
    let (_, rest) = split_rows(rest, u16::from(height >= 30));
    let (tries, rest) = split_rows(rest, if height >= 17 { 5 } else { 0 });
    explanation::draw_experiments(&unmasking, tries, canvas);
    let (_, rest) = split_rows(rest, u16::from(height >= 30));
    explanation::draw_rationale(unmasking.from, rest, canvas);
}

fn title_line(state: &MaskTabState, unmasking: &Unmasking, canvas: &Canvas) -> Line<'static> {
    let theme = canvas.theme;
    let (color, arrow) = side_style(unmasking.from, theme);
    let shown = if (unmasking.wire_bytes.len() as u64) < unmasking.payload_len {
        format!(
            "the first {} of {} payload bytes",
            format::group_thousands(unmasking.wire_bytes.len() as u64),
            format::group_thousands(unmasking.payload_len)
        )
    } else {
        format!(
            "{} payload byte{}",
            format::group_thousands(unmasking.payload_len),
            if unmasking.payload_len == 1 { "" } else { "s" }
        )
    };
    let mut spans = vec![
        Span::styled(format!("Frame {} · ", unmasking.row), theme.dim()),
        Span::styled(arrow, ratatui::style::Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Span::styled(format!(" · {shown}    "), theme.dim()),
        Span::styled("plain[i] = wire[i] ⊕ key[i mod 4]", theme.heading()),
        Span::styled("    §5.3", theme.dim()),
    ];
    if let Some(auto) = state.auto_step {
        let text = format!("    ▶ auto, {} a second", auto.steps_per_second);
        spans.push(Span::styled(text, ratatui::style::Style::new().fg(theme.good)));
    }
    Line::from(spans)
}

/// Draws why there is nothing to unmask, and where the nearest masked frame is.
fn draw_no_mask(session: &Session, reason: &NoMaskReason, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let single_line = |text: &'static str| vec![text.to_owned()];
    let (lines, masked) = match *reason {
        NoMaskReason::NoFrame => (vec![no_frames::text(session)], None),
        NoMaskReason::BytesGone => {
            (single_line("The bytes of this frame are no longer in memory."), None)
        }
        NoMaskReason::Empty { row } => (
            vec![
                format!("Frame {row} has no payload, so there's nothing to unmask."),
                "The key is there all the same: what says that one follows is the MASK bit, not \
                 the length (§5.2)."
                    .to_owned(),
            ],
            None,
        ),
        NoMaskReason::Unmasked { row, from: Side::Server, nearest_masked: masked } => (
            vec![
                format!(
                    "Frame {row} comes from the server: MASK is 0, there is no key, and nothing \
                     to undo."
                ),
                "What stands on the wire is the payload. A server must not mask (§5.1): the \
                 attack that masking"
                    .to_owned(),
                "stops needs a script that chooses the bytes, and scripts run on the client's \
                 side (§10.3)."
                    .to_owned(),
            ],
            masked,
        ),
        NoMaskReason::Unmasked { row, from: Side::Client, nearest_masked: masked } => (
            vec![
                format!("Frame {row} comes from the client without a mask: that breaks §5.1."),
                "A server closes the connection when it sees this, with code 1002.".to_owned(),
            ],
            masked,
        ),
    };
    for (row, line) in (1..).zip(lines) {
        canvas.draw_line(
            &Line::styled(line, if row == 1 { theme.base() } else { theme.dim() }),
            row,
            area,
        );
    }
    if let (Some(masked), true) = (masked, session.current_row().is_some()) {
        let spot = Rect { y: area.y + 5, height: 1, ..area }.intersection(area);
        canvas.add_target(spot, ClickTarget::Row(masked));
        canvas.draw_line(
            &Line::styled(
                format!("n  to frame {masked}, the nearest that is masked"),
                theme.heading(),
            ),
            0,
            spot,
        );
    }
    let (_, rest) = split_rows(area, 7);
    explanation::draw_rationale(Side::Server, rest, canvas);
}

#[cfg(test)]
mod tests;
