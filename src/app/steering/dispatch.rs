//! A key on its way: to the blank screen, an overlay, the number that is being typed, a demo, or
//! the stage's own table.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;

use crate::app::overlay::{Overlay, Overview, SlideList};
use crate::app::state::{App, LoopExit};
use crate::app::steering::keys::{GuardVerdict, KeyMeaning, StageAction, is_restart};
use crate::app::steering::steering_state::{Laser, Showing};

impl App {
    /// Handles a key that came at `now`.
    pub(crate) fn handle_key(&mut self, key: KeyEvent, now: Instant) {
        self.dirty = true;
        self.notice = None;
        if self.takes_letters() {
            self.release_waiting_key();
            self.steering.typing.end_word();
            return self.press(key);
        }
        let action = self.action_for(&key);
        let meaning = KeyMeaning {
            guards: self.next_focus().is_some() || self.steering.typing.wake_at().is_some(),
            means: action.is_some_and(|action| self.has_effect(action)),
            begins: action == Some(StageAction::GoTo),
        };
        match self.steering.typing.pass(&key, now, meaning) {
            GuardVerdict::Act => {
                self.release_waiting_key();
                self.press(key);
            }
            GuardVerdict::Wait => {}
            GuardVerdict::Typed => self.refuse_typing(),
        }
    }

    /// Carries out the letter that waits for what follows it: nothing did.
    pub(crate) fn release_waiting_key(&mut self) {
        if let Some(key) = self.steering.typing.take_waiting() {
            self.dirty = true;
            self.press(key);
        }
    }

    /// Returns the time at which [`App::pass_time`] must be called; `None` if no key waits and no
    /// transition is under way.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.steering.typing.wake_at().into_iter().chain(self.transition.wake_at()).min()
    }

    /// Carries out the letter that waits, if nothing can follow it any more, and moves a transition
    /// on.
    pub(crate) fn pass_time(&mut self, now: Instant) {
        if self.steering.typing.wake_at().is_some_and(|at| at <= now) {
            let before = self.slide_index;
            self.release_waiting_key();
            self.transition.begin(self.config.transition, (before, self.slide_index), now);
        }
        self.dirty |= self.transition.advance(now);
    }

    /// Whether an action does something here. Most always do.
    fn has_effect(&self, action: StageAction) -> bool {
        match action {
            StageAction::Allow => self.demo_awaiting_consent().is_some(),
            StageAction::Restart => self.slots.iter().flatten().any(|demo| demo.was_used()),
            _ => true,
        }
    }

    /// Whether letters go to something that wants them: a demo, or a search.
    fn takes_letters(&self) -> bool {
        self.focus.is_some() || self.overlay.as_ref().is_some_and(Overlay::takes_keys)
    }

    /// Says that a demo does not have the keyboard.
    pub(crate) fn refuse_typing(&mut self) {
        self.steering.number = None;
        self.steering.asks_to_quit = false;
        let how = self.steering.keys.name_of(StageAction::Focus);
        let how = how.map_or_else(|| "click it".to_owned(), |key| format!("press {key}"));
        self.notice = Some(format!("to type into the demo, {how} first"));
        self.dirty = true;
    }

    fn action_for(&self, key: &KeyEvent) -> Option<StageAction> {
        self.steering.keys.action_for(key, self.focus.is_some(), self.steering.hits.is_some())
    }

    /// Gives a key to whatever is meant to have it.
    fn press(&mut self, key: KeyEvent) {
        let action = self.action_for(&key);
        if let Some(
            action @ (StageAction::Interrupt | StageAction::Suspend | StageAction::Redraw),
        ) = action
        {
            return self.perform_action(action);
        }
        if self.steering.showing == Showing::Blank {
            self.steering.showing = Showing::Slide;
            return;
        }
        if std::mem::take(&mut self.steering.asks_to_quit) {
            if action == Some(StageAction::Quit) {
                self.exit = Some(LoopExit::Quit);
            }
            return;
        }
        if (is_restart(&key) && self.restart()) || self.overlay_key(&key, action) {
            return;
        }
        if self.type_number(&key, action) {
            return;
        }
        match (action, self.focus) {
            (Some(action), _) => self.perform_action(action),
            (None, Some(index)) => self.demo_key(index, key),
            (None, None) if key.code == KeyCode::Esc => self.steering.hits = None,
            (None, None) => {}
        }
    }

    fn demo_key(&mut self, index: usize, key: KeyEvent) {
        if key.code == KeyCode::Esc && !self.keeps_escape(index) {
            self.focus = None;
        } else if let Some(Ok(demo)) = self.slots.get_mut(index) {
            demo.key(key);
        }
    }

    /// Whether Esc goes to the demo: it has something open that Esc closes, or it stands alone, so
    /// no slide could take the keyboard back.
    fn keeps_escape(&self, index: usize) -> bool {
        self.config.standalone.is_some()
            || self
                .slots
                .get(index)
                .is_some_and(|slot| matches!(slot, Ok(demo) if demo.wants_escape()))
    }

    /// Gives pasted text to what has the keyboard.
    pub(crate) fn handle_paste(&mut self, text: String) {
        self.dirty = true;
        if let Some(Overlay::List(list)) = &mut self.overlay {
            list.type_text(&text);
        } else if let Some(Ok(demo)) = self.focus.and_then(|index| self.slots.get_mut(index)) {
            demo.paste(text);
        } else if self.next_focus().is_some() {
            self.refuse_typing();
        }
    }

    fn perform_action(&mut self, action: StageAction) {
        match action {
            StageAction::Next => self.next_step(),
            StageAction::NextInDemo => self.next_in_demo(),
            StageAction::Previous => self.previous_step(),
            StageAction::NextSlide => self.next_slide(usize::MAX),
            StageAction::PreviousSlide => self.previous_slide(0),
            StageAction::First => self.jump(self.first_place().slide),
            StageAction::Last => self.jump(self.last_slide()),
            StageAction::GoTo => self.steering.number = Some(String::new()),
            StageAction::Down => self.down(),
            StageAction::Up => self.up(),
            StageAction::ShiftRight => self.scroll_horizontally(8),
            StageAction::ShiftLeft => self.scroll_horizontally(-8),
            StageAction::Back => self.jump_back(),
            StageAction::NextHit => self.next_hit(),
            StageAction::PreviousHit => self.previous_hit(),
            StageAction::Overview => {
                self.open_overlay(Overlay::Overview(Overview::new(self.slide_index)));
            }
            StageAction::Sections => {
                let list = SlideList::sections(&self.config.deck, self.slide_index);
                self.open_overlay(Overlay::List(list));
            }
            StageAction::Search => {
                self.open_overlay(Overlay::List(SlideList::search(&self.config.deck)));
            }
            StageAction::Help => self.open_overlay(Overlay::Help(0)),
            StageAction::Notes => self.open_overlay(Overlay::Notes(0)),
            StageAction::Focus => self.focus_next_demo(),
            StageAction::Restart => self.begin_anew(),
            StageAction::Allow => self.allow_demo(),
            StageAction::Warnings => self.show_warnings(!self.shows_warnings),
            StageAction::Blank => self.steering.showing = Showing::Blank,
            StageAction::Freeze => self.hold_picture(),
            StageAction::Laser => {
                let laser = self.steering.laser.is_none().then(Laser::default);
                self.steering.laser = laser;
            }
            StageAction::Redraw => self.repaint = true,
            StageAction::Quit => self.quit(),
            StageAction::Suspend => self.exit = Some(LoopExit::Suspend),
            StageAction::Interrupt => self.exit = Some(LoopExit::Quit),
        }
    }

    /// Ends the talk, or asks once if that would cost something: a demo that has run, or a talk
    /// that is under way.
    fn quit(&mut self) {
        let costs = self.steering.demo_has_run || self.elapsed_minutes >= 1;
        if costs {
            self.steering.asks_to_quit = true;
        } else {
            self.exit = Some(LoopExit::Quit);
        }
    }

    /// Holds the picture that the room sees now, or shows the slide again.
    fn hold_picture(&mut self) {
        self.steering.showing = if matches!(self.steering.showing, Showing::Still(_)) {
            Showing::Slide
        } else {
            let mut picture = Buffer::filled(self.area, self.blank_cell());
            self.view_slide(&mut picture);
            self.config.color_depth.downgrade(&self.theme, self.terminal_brightness, &mut picture);
            self.draw_pictures(&mut picture);
            Showing::Still(Box::new(picture))
        };
    }
}
