//! Keys and clicks on the page that is open over the slide, and what follows from them.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Position, Rect};

use crate::app::overlay::{Overlay, OverlayOutcome, OverviewInput, SearchHits, help_pages};
use crate::app::state::App;
use crate::app::steering::keys::StageAction;
use crate::app::steering::steering_state::Showing;
use crate::stage::KeyHint;

impl App {
    /// Returns the area of the overlays: the screen without the footer.
    pub(crate) fn overlay_area(&self) -> Rect {
        Rect { height: self.area.height.saturating_sub(1), ..self.area }
    }

    /// Opens a page over the slide. It must be seen, so a picture that is held ends.
    pub(crate) fn open_overlay(&mut self, overlay: Overlay) {
        self.steering.showing = Showing::Slide;
        self.overlay = Some(overlay);
        self.lay_out_overview(true);
    }

    /// Returns what the overview is drawn from.
    pub(crate) fn overview_input(&self) -> OverviewInput<'_> {
        OverviewInput { deck: &self.config.deck, open: self.slide_index, style: self.slide_style() }
    }

    /// Lays out the miniatures that have come into sight in the overview, if it is open; all of
    /// them if `anew`.
    pub(crate) fn lay_out_overview(&mut self, anew: bool) {
        let area = self.overlay_area();
        if let Some(Overlay::Overview(mut overview)) = self.overlay.take_if(|it| it.is_overview()) {
            overview.lay_out(&self.overview_input(), area, anew);
            self.overlay = Some(Overlay::Overview(overview));
        }
    }

    /// Gives a key to the overlay. Returns `false` if it means something else: then an overlay that
    /// is only read has closed, so a speaker who opened it can go on at once.
    pub(crate) fn overlay_key(&mut self, key: &KeyEvent, action: Option<StageAction>) -> bool {
        let (area, slides) = (self.overlay_area(), self.config.deck.slides.len());
        let closes = match &self.overlay {
            Some(Overlay::Overview(_)) => action == Some(StageAction::Overview),
            Some(Overlay::List(list)) => {
                action == Some(StageAction::Sections) && !list.takes_text()
            }
            _ => false,
        };
        if closes {
            self.overlay = None;
            return true;
        }
        match &mut self.overlay {
            None => false,
            Some(Overlay::Overview(overview)) => {
                let outcome = overview.key(key, slides, area);
                self.follow(outcome);
                self.lay_out_overview(false);
                true
            }
            Some(Overlay::List(list)) => {
                let room = list.room(area);
                let outcome = list.key(key, room);
                self.follow(outcome);
                true
            }
            Some(_) if key.code == KeyCode::Esc => {
                self.overlay = None;
                true
            }
            Some(Overlay::Help(page)) => {
                let next = *page + 1;
                let turns = action == Some(StageAction::Help);
                let more = turns && next < self.help().len();
                self.overlay = more.then_some(Overlay::Help(next));
                turns
            }
            Some(Overlay::Notes(_)) => self.notes_key(action),
        }
    }

    /// Handles an action while the notes are open: they stay open while the talk goes on.
    fn notes_key(&mut self, action: Option<StageAction>) -> bool {
        let Some(Overlay::Notes(from)) = &self.overlay else { return false };
        let from = *from;
        let last = self.notes().max_scroll();
        let to = match action {
            Some(StageAction::Down) if last > 0 => (from + 1).min(last),
            Some(StageAction::Up) if last > 0 => from.saturating_sub(1),
            Some(StageAction::Notes) => {
                self.overlay = None;
                return true;
            }
            _ => return false,
        };
        self.overlay = Some(Overlay::Notes(to));
        true
    }

    fn follow(&mut self, outcome: OverlayOutcome) {
        match outcome {
            OverlayOutcome::Stay => {}
            OverlayOutcome::Close => self.overlay = None,
            OverlayOutcome::Open(slide, hits) => {
                self.overlay = None;
                self.jump(slide);
                self.steering.hits = hits;
            }
        }
    }

    /// Gives a click to the overlay. Returns `false` if none takes it.
    pub(crate) fn overlay_click(&mut self, at: Position) -> bool {
        let (area, slides) = (self.overlay_area(), self.config.deck.slides.len());
        let outcome = match &mut self.overlay {
            Some(Overlay::Overview(overview)) => overview.click(at, slides, area),
            Some(Overlay::List(list)) => list.click(at, area),
            _ => return false,
        };
        self.follow(outcome);
        true
    }

    /// Gives a turn of the wheel to the overlay. Returns `false` if none takes it.
    pub(crate) fn overlay_wheel(&mut self, by: isize) -> bool {
        let (area, slides) = (self.overlay_area(), self.config.deck.slides.len());
        match &mut self.overlay {
            Some(Overlay::Overview(overview)) => overview.wheel(by, slides, area),
            Some(Overlay::List(list)) => list.move_by(by),
            Some(Overlay::Notes(from)) => {
                let to = from.saturating_add_signed(by);
                self.overlay = Some(Overlay::Notes(to.min(self.notes().max_scroll())));
            }
            _ => return false,
        }
        self.lay_out_overview(false);
        true
    }

    /// Goes to the next slide that the search has found.
    pub(crate) fn next_hit(&mut self) {
        self.jump_to_hit(SearchHits::next);
    }

    /// Goes to the previous slide that the search has found.
    pub(crate) fn previous_hit(&mut self) {
        self.jump_to_hit(SearchHits::previous);
    }

    fn jump_to_hit(&mut self, find: impl Fn(&SearchHits, usize) -> Option<usize>) {
        let Some(hits) = self.steering.hits.take() else { return };
        if let Some(slide) = find(&hits, self.slide_index) {
            self.jump(slide);
        }
        self.steering.hits = Some(hits);
    }

    /// Returns the pages of the help.
    pub(crate) fn help(&self) -> Vec<Vec<(String, String)>> {
        let demos: Vec<&[KeyHint]> = self.slots.iter().flatten().map(|demo| demo.keys()).collect();
        help_pages(&self.steering.keys, &demos, self.overlay_area())
    }
}
