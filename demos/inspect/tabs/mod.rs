//! The tabs: the state of each, and which one is shown. A tab does not know the others.

mod connections;
mod deflate;
mod field_page;
mod frames;
mod handshake;
mod mask;
mod no_frames;
mod problems;
mod sockjs;
mod timeline;

use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::action::{Action, ByteCursor, Place, Tab};
use super::parts::canvas::{Canvas, ClickTarget};
use super::parts::page::RulesPage;
use super::session::Session;

/// Returns the tabs that have something to say. That of SockJS has nothing where none is spoken.
pub(crate) fn offered(session: &Session) -> impl Iterator<Item = Tab> + use<> {
    let has_sockjs = sockjs::is_spoken(session);
    Tab::ALL.into_iter().filter(move |tab| *tab != Tab::SockJs || has_sockjs)
}

/// The state of all tabs.
#[derive(Debug)]
pub(crate) struct Tabs {
    shown: Tab,
    pub(crate) handshake: handshake::HandshakeTabState,
    pub(crate) mask: mask::MaskTabState,
    pub(crate) timeline: timeline::TimelineTabState,
    pub(crate) problems: problems::ProblemsTabState,
    pub(crate) deflate: deflate::DeflateTabState,
    pub(crate) sockjs: sockjs::SockJsTabState,
}

impl Tabs {
    /// Creates tabs in their initial state.
    pub(crate) fn new(shown: Tab) -> Self {
        Self {
            shown,
            handshake: handshake::HandshakeTabState::default(),
            mask: mask::MaskTabState::default(),
            timeline: timeline::TimelineTabState::default(),
            problems: problems::ProblemsTabState::default(),
            deflate: deflate::DeflateTabState::default(),
            sockjs: sockjs::SockJsTabState::default(),
        }
    }

    /// Returns the shown tab.
    pub(crate) fn shown(&self) -> Tab {
        self.shown
    }

    /// Shows a tab, and tells the session which frames to follow for it.
    pub(crate) fn show(&mut self, tab: Tab, session: &mut Session) {
        self.shown = tab;
        session.prefers_compressed = tab == Tab::Deflate;
        session.prefers_masked = tab == Tab::Mask;
    }

    /// Shows the tab that is `by` places further, wrapping around at the end.
    pub(crate) fn show_next(&mut self, by: usize, session: &mut Session) {
        let tabs: Vec<Tab> = offered(session).collect();
        let at = tabs.iter().position(|tab| *tab == self.shown).unwrap_or(0);
        self.show(tabs[(at + by) % tabs.len()], session);
    }

    /// Shows the tab before, wrapping around at the beginning.
    pub(crate) fn show_previous(&mut self, session: &mut Session) {
        // One tab back is all but one tab forward.
        let count = offered(session).count();
        self.show_next(count - 1, session);
    }

    /// Resets the tabs for another connection. The shown tab stays the same.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.shown);
    }

    /// Updates what the tabs derive from the received bytes or from the selected frame.
    pub(crate) fn follow(&mut self, session: &mut Session) {
        problems::follow(&mut self.problems, session);
        // Inflating is slow, so it is done only while its result is shown.
        if self.shown == Tab::Deflate {
            deflate::follow(&mut self.deflate, session);
        }
        if self.shown == Tab::SockJs {
            sockjs::follow(&mut self.sockjs, session);
        }
    }

    /// Returns the row whose bytes are needed to draw the shown tab.
    pub(crate) fn visible_row(&self, session: &Session) -> Option<usize> {
        let of_problem = || problems::visible_row(&self.problems, session);
        (self.shown == Tab::Problems).then(of_problem).flatten().or_else(|| session.current_row())
    }

    /// Passes a key to the shown tab. Returns `None` if the tab does not handle it.
    pub(crate) fn key(&mut self, session: &mut Session, key: KeyEvent) -> Option<Vec<Action>> {
        match self.shown {
            Tab::Handshake => handshake::key(&mut self.handshake, session, key),
            Tab::Frames => None,
            Tab::Mask => mask::key(&mut self.mask, session, key),
            Tab::Timeline => timeline::key(&mut self.timeline, session, key),
            Tab::Problems => problems::key(&mut self.problems, session, key),
            Tab::Deflate => deflate::key(&mut self.deflate, key),
            Tab::Connections => connections::key(session, key),
            Tab::SockJs => sockjs::key(&mut self.sockjs, session, key),
        }
    }

    /// Moves the cursor to a place.
    pub(crate) fn move_to(&mut self, place: Place, session: &mut Session) {
        match place {
            Place::HeadLine(from, line) => {
                handshake::click(&mut self.handshake, session, from, line);
            }
            Place::Frame(row, cursor) => {
                session.select_row(row);
                session.cursor = cursor;
                problems::select_row(&mut self.problems, session, row);
            }
        }
    }

    /// Scrolls the shown tab by `by` rows.
    pub(crate) fn wheel(&mut self, session: &mut Session, by: isize) {
        match self.shown {
            Tab::Connections => session.connections.move_cursor(by),
            Tab::SockJs => sockjs::move_by(&mut self.sockjs, by),
            _ => session.move_selection(by),
        }
    }

    /// Selects what was clicked. Returns what else it asks for.
    pub(crate) fn click(&mut self, target: ClickTarget, session: &mut Session) -> Vec<Action> {
        match target {
            ClickTarget::Tab(tab) => self.show(tab, session),
            ClickTarget::Row(row) => session.select_row(row),
            ClickTarget::Byte(byte) => session.cursor = ByteCursor { byte, bit: 0 },
            ClickTarget::Bit(byte, bit) => session.cursor = ByteCursor { byte, bit },
            ClickTarget::HeadLine(from, line) => {
                handshake::click(&mut self.handshake, session, from, line);
            }
            ClickTarget::MaskStep(step) => mask::click(&mut self.mask, session, step),
            ClickTarget::Problem(number) => problems::click(&mut self.problems, number),
            ClickTarget::Symbol(number) => deflate::click(&mut self.deflate, number),
            ClickTarget::SockJsRow(row) => return sockjs::click(&mut self.sockjs, session, row),
            // The lesson takes it.
            ClickTarget::Answer(_) => {}
            ClickTarget::Connection(index) => return connections::click(session, index),
        }
        Vec::new()
    }

    /// Returns how often the shown tab needs the time.
    pub(crate) fn tick_interval(&self) -> Option<Duration> {
        (self.shown == Tab::Mask).then(|| mask::tick_interval(&self.mask)).flatten()
    }

    /// Passes the time to the shown tab, if it needs it.
    pub(crate) fn tick(&mut self, session: &mut Session, now: Instant) {
        if self.tick_interval().is_some() {
            mask::tick(&mut self.mask, session, now);
        }
    }

    /// Draws the shown tab.
    pub(crate) fn draw(&self, session: &Session, area: Rect, canvas: &mut Canvas) {
        match self.shown {
            Tab::Handshake => handshake::draw(&self.handshake, session, area, canvas),
            Tab::Frames => frames::draw(session, area, canvas),
            Tab::Mask => mask::draw(&self.mask, session, area, canvas),
            Tab::Timeline => timeline::draw(&self.timeline, session, area, canvas),
            Tab::Problems => problems::draw(&self.problems, session, area, canvas),
            Tab::Deflate => deflate::draw(&self.deflate, session, area, canvas),
            Tab::Connections => connections::draw(session, area, canvas),
            Tab::SockJs => sockjs::draw(&self.sockjs, session, area, canvas),
        }
    }

    /// Returns the page of rules for what is under the cursor; `None` if there is nothing.
    pub(crate) fn page(&self, session: &Session) -> Option<RulesPage> {
        match self.shown {
            Tab::Handshake => handshake::page(&self.handshake, session),
            // A field of a frame that is not in sight would be a riddle.
            Tab::Connections | Tab::SockJs => None,
            Tab::Problems => problems::page(&self.problems, session),
            _ => field_page::current(session),
        }
    }

    /// Returns the keys of the shown tab that do something now, the most important ones first and
    /// that of all keys last.
    pub(crate) fn key_hints(&self, session: &Session) -> Vec<&'static str> {
        let mut hints = match self.shown {
            Tab::Handshake => handshake::key_hints(session),
            Tab::Frames => frames::key_hints(session),
            Tab::Mask => mask::key_hints(session),
            Tab::Timeline => timeline::key_hints(session),
            Tab::Problems => problems::key_hints(&self.problems, session),
            Tab::Deflate => deflate::key_hints(&self.deflate, session),
            Tab::Connections => connections::key_hints(session),
            Tab::SockJs => sockjs::KEY_HINTS.to_vec(),
        };
        hints.push("h keys");
        hints
    }
}
