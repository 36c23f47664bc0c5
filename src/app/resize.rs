//! Lays the open slide out again, for a new size, a new theme or newly highlighted code.
//!
//! `slide` turns blocks into rows.

use std::cell::OnceCell;
use std::mem;

use ratatui::layout::{Rect, Size};

use crate::app::highlight::Highlighter;
use crate::app::prepared_layout::PreparedLayout;
use crate::app::state::App;
use crate::app::terminal::backend::clamp_size;
use crate::deck::{Block, CodeBlock, Slide};
use crate::published_place::SlideStep;
use crate::slide::{
    HighlightedListing, LayoutInput, Listing, MAX_LISTINGS, SlideLayout, SlideStyle, certainly_fits,
};
use crate::stage::{Brightness, FrameLinks, OpenRefusal};

/// The number of columns up to which the letters of a projected terminal are large enough for a
/// room.
const MAX_COLUMNS_FOR_A_ROOM: u16 = 140;
/// The minimum number of rows for a demo that waits for consent.
const CONSENT_ROWS: u16 = 9;
/// The minimum number of rows for a demo that cannot open.
const CLOSED_SLOT_ROWS: u16 = 6;

impl App {
    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        let Size { width, height } = clamp_size(Size { width, height });
        self.resize_to(Rect::new(0, 0, width, height));
        self.hint_at_font();
        self.window_changed = true;
        // A terminal may reflow its cells, so the last frame is no longer what it shows.
        self.repaint = true;
    }

    /// Says once, until a key is pressed, that a terminal with this many columns shows small letters.
    pub(crate) fn hint_at_font(&mut self) {
        let columns = self.area.width;
        let is_wide = columns > MAX_COLUMNS_FOR_A_ROOM && self.config.standalone.is_none();
        if is_wide && !self.font_hint_given && self.notice.is_none() {
            self.font_hint_given = true;
            self.notice = Some(format!(
                "{columns} columns: enlarge the font (Ctrl +), so that the last row can read this"
            ));
        }
    }

    /// Lays the open slide out for a screen of this area.
    pub(crate) fn resize_to(&mut self, area: Rect) {
        if self.area != area {
            self.area = area;
            // Rows that were in sight on the other screen may be elsewhere now.
            self.progress.seen = 0;
            self.invalidate_layout();
        }
    }

    /// Takes over what the terminal says about its background.
    pub(crate) fn apply_terminal_background(&mut self, terminal: Brightness) {
        self.terminal_brightness = terminal;
        if self.select_theme() {
            self.invalidate_layout();
        }
    }

    /// Takes over the theme that the terminal's background selects. Returns whether it is another
    /// one.
    pub(crate) fn select_theme(&mut self) -> bool {
        let theme = *self.config.themes.of(self.terminal_brightness);
        std::mem::replace(&mut self.theme, theme) != theme
    }

    /// Sets what highlights code, from now on.
    pub fn set_highlighter(&mut self, highlighter: Highlighter) {
        self.highlighter = Some(highlighter);
        self.request_highlights();
    }

    pub(crate) fn add_highlighted(&mut self, highlighted: HighlightedListing) {
        self.awaited_listings.retain(|listing| *listing != highlighted.listing);
        let shown = code_blocks(self.slide()).any(|code| highlighted.listing.is_of(code));
        self.highlights.insert(highlighted);
        if shown {
            self.invalidate_layout();
        } else {
            self.prepare_adjacent();
        }
    }

    /// Asks for the code of the open slide, and of those beside it, to be highlighted.
    fn request_highlights(&mut self) {
        let Some(highlighter) = &self.highlighter else { return };
        let near = [
            Some(self.slide_index),
            self.slide_index.checked_add(1),
            self.slide_index.checked_sub(1),
        ];
        let slides = near.into_iter().flatten().filter_map(|at| self.config.deck.slides.get(at));
        // No more than are kept: otherwise each would push out one that is asked for again.
        for code in slides.flat_map(code_blocks).take(MAX_LISTINGS) {
            if self.highlights.contains(code)
                || self.awaited_listings.iter().any(|listing| listing.is_of(code))
            {
                continue;
            }
            let listing = Listing::from(code);
            if highlighter.request(listing.clone()) {
                self.awaited_listings.push(listing);
            }
        }
    }

    /// Returns what slides are laid out with, besides their text.
    pub(crate) fn slide_style(&self) -> SlideStyle<'_> {
        SlideStyle {
            theme: &self.theme,
            highlights: &self.highlights,
            pictures: &self.pictures,
            shows_reasons: self.shows_warnings,
        }
    }

    /// Gives up the layout of the open slide, because it was for another size, theme or content.
    pub(crate) fn invalidate_layout(&mut self) {
        self.links = FrameLinks::of_slide(self.slide());
        // Whatever the reason to lay out again, it may hold for the slide beside this one too.
        let prepared = self
            .prepared
            .take()
            .filter(|prepared| prepared.is_for(self.slide_index, self.area, &self.theme));
        let layout = prepared.map_or_else(OnceCell::new, |prepared| prepared.layout.into());
        self.layout_to_drop = mem::replace(&mut self.layout, layout).into_inner();
        if self.progress.is_scrolled() {
            self.progress = self.layout().clamped(self.progress);
        }
        self.dirty = true;
        self.lay_out_overview(true);
        self.needs_follow_up = true;
    }

    /// Decides whether the warnings about slides stand on them, with the reasons why pictures don't.
    pub(crate) fn show_warnings(&mut self, shown: bool) {
        self.shows_warnings = shown;
        self.prepared = None;
        self.invalidate_layout();
    }

    /// Returns the layout of the open slide.
    pub(crate) fn layout(&self) -> &SlideLayout {
        self.layout.get_or_init(|| {
            let rows = self.slots.iter().map(|slot| match slot {
                Ok(demo) => demo.min_rows(),
                Err(OpenRefusal::Asks(_)) => CONSENT_ROWS,
                Err(OpenRefusal::Complaints(_)) => CLOSED_SLOT_ROWS,
            });
            self.layout_of(self.slide_index, rows.max().unwrap_or(CLOSED_SLOT_ROWS))
        })
    }

    /// Whether the open slide has not been laid out and is certainly in sight as a whole.
    pub(crate) fn fits_without_layout(&self) -> bool {
        let area = self.slide_area();
        self.layout.get().is_none() && certainly_fits(self.slide_index, &self.slide().blocks, area)
    }

    /// Returns the screen without its last row, which belongs to the footer.
    fn slide_area(&self) -> Rect {
        Rect { height: self.area.height.saturating_sub(1), ..self.area }
    }

    fn layout_of(&self, slide_index: usize, min_demo_rows: u16) -> SlideLayout {
        let style = self.slide_style();
        let input = LayoutInput { deck: &self.config.deck, slide_index, min_demo_rows, style };
        SlideLayout::new(&input, self.slide_area())
    }

    /// Does what a frame need not wait for: lays out the slide beside the one that was laid out.
    pub(crate) fn follow_up(&mut self) {
        let is_new = mem::take(&mut self.needs_follow_up);
        if is_new {
            self.layout_to_drop = None;
            self.prepare_adjacent();
        }
        let here = self.slide_step();
        let has_moved = self.config.place.as_ref().is_some_and(|place| *place.borrow() != here);
        self.needs_threads |= is_new || has_moved;
    }

    fn slide_step(&self) -> SlideStep {
        SlideStep { slide: self.slide_index, step: self.progress.step }
    }

    /// Tells the threads in the background about the open slide: reports the place, and asks for
    /// highlighted code and pictures.
    pub(crate) fn wake_threads(&mut self) {
        self.needs_threads = false;
        if let Some(place) = &self.config.place {
            let here = self.slide_step();
            place.send_if_modified(|last| std::mem::replace(last, here) != here);
        }
        self.request_highlights();
        self.request_pictures();
    }

    /// Lays out the slide behind the open one, or before it while the talk goes back, so that the
    /// key that opens it has only to draw. How much room demos need is known only once they are
    /// open.
    fn prepare_adjacent(&mut self) {
        let slides = &self.config.deck.slides;
        let adjacent = self.steering.adjacent(slides, self.slide_index);
        let adjacent = adjacent.filter(|index| slides[*index].demos().next().is_none());
        self.prepared = adjacent.map(|slide| PreparedLayout {
            slide,
            area: self.area,
            theme: self.theme,
            layout: self.layout_of(slide, CLOSED_SLOT_ROWS),
        });
    }
}

fn code_blocks(slide: &Slide) -> impl Iterator<Item = &CodeBlock> {
    slide.all_blocks().filter_map(|block| match block {
        Block::Code(code) => Some(&**code),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crossterm::event::{Event as Input, KeyCode};
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::app::config::AppConfig;
    use crate::app::deck_update::DeckUpdate;
    use crate::app::state::AppEvent;
    use crate::stage::{Registry, Theme};

    #[tokio::test]
    async fn a_slide_with_more_code_than_is_kept_comes_to_rest() {
        let fences = (0..MAX_LISTINGS + 6).map(|n| format!("```rust\nlet x = {n};\n```\n\n"));
        let source = fences.collect::<Vec<_>>().concat();
        let mut app = App::new(AppConfig::bare(&source, Registry::new(&[])), Size::new(80, 24));
        let scope = crate::scope::Scope::new(|panic| panic!("{panic}"));
        let (sender, mut done) = tokio::sync::mpsc::channel(8);
        app.set_highlighter(crate::app::start_highlighter(&scope, sender).unwrap());
        let mut answers = 0;
        while !app.awaited_listings.is_empty() {
            app.update(done.recv().await.unwrap());
            answers += 1;
        }
        assert_eq!(answers, MAX_LISTINGS);
    }

    /// Draws the open slide, and once more after it was laid out anew.
    fn frames(app: &mut App) -> [Buffer; 2] {
        [(); 2].map(|()| {
            let frame = app.frame(app.area);
            app.prepared = None;
            app.invalidate_layout();
            frame
        })
    }

    #[tokio::test]
    async fn the_next_slide_is_laid_out_before_its_key_and_as_it_would_be_then() {
        let slides = |code: &str| format!("# One\n\n---\n\n# Two\n\n```rust\n{code}\n```\n");
        let app = || {
            let config = AppConfig::bare(&slides("let x = 1;"), Registry::new(&[]));
            let mut app = App::new(config, Size::new(80, 24));
            app.follow_up();
            assert_eq!(app.prepared.as_ref().map(|prepared| prepared.slide), Some(1));
            app
        };
        let press = |app: &mut App| app.update(AppEvent::Input(Input::Key(KeyCode::Right.into())));
        let looks_anew = |app: &mut App, words: &str| {
            let [prepared, anew] = frames(app);
            assert_eq!(prepared, anew);
            let text: String = anew.content.iter().map(ratatui::buffer::Cell::symbol).collect();
            assert!(text.contains(words), "{text}");
        };

        let mut resized = app();
        resized.update(AppEvent::Input(Input::Resize(40, 12)));
        press(&mut resized);
        looks_anew(&mut resized, "let x = 1;");

        let mut light = app();
        light.config.themes = Theme::LIGHT.into();
        light.apply_terminal_background(Brightness::Light);
        press(&mut light);
        looks_anew(&mut light, "let x = 1;");

        let mut saved = app();
        let (deck, warnings) = crate::deck::parse(&slides("let y = 2;"));
        let themes = saved.config.themes;
        saved.update(AppEvent::Reloaded(Box::new(DeckUpdate { deck, warnings, themes })));
        looks_anew(&mut saved, "let y = 2;");

        let mut highlighted = app();
        let scope = crate::scope::Scope::new(|panic| panic!("{panic}"));
        let (sender, mut done) = tokio::sync::mpsc::channel(8);
        highlighted.set_highlighter(crate::app::start_highlighter(&scope, sender).unwrap());
        highlighted.update(done.recv().await.unwrap());
        press(&mut highlighted);
        looks_anew(&mut highlighted, "let x = 1;");
    }

    #[test]
    fn the_slide_that_is_laid_out_before_its_key_is_the_one_in_the_direction_of_the_talk() {
        let source = ["# 0", "# 1", "# 2", "# 3"].join("\n\n---\n\n");
        let mut app = App::new(AppConfig::bare(&source, Registry::new(&[])), Size::new(80, 24));
        for (code, expected) in [
            (KeyCode::Right, Some(2)),
            (KeyCode::Right, Some(3)),
            (KeyCode::Left, Some(0)),
            (KeyCode::Left, None),
            (KeyCode::Right, Some(2)),
        ] {
            app.update(AppEvent::Input(Input::Key(code.into())));
            app.follow_up();
            assert_eq!(app.prepared.as_ref().map(|prepared| prepared.slide), expected, "{code:?}");
        }
    }

    #[test]
    fn a_terminal_with_small_letters_is_told_once_until_a_key() {
        let app = |width| {
            let config = AppConfig::bare("# T\n", Registry::new(&[]));
            App::new(config, Size { width, height: 40 })
        };
        assert_eq!(app(MAX_COLUMNS_FOR_A_ROOM).notice, None);
        let mut app = app(100);
        app.update(AppEvent::Input(Input::Resize(200, 60)));
        assert!(app.notice.as_ref().is_some_and(|notice| notice.starts_with("200 columns: ")));
        app.update(AppEvent::Input(Input::Key(KeyCode::Right.into())));
        app.update(AppEvent::Input(Input::Resize(210, 60)));
        assert_eq!(app.notice, None);
    }
}
