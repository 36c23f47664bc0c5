//! The open slide laid out anew: for another size, another theme, code that has been highlighted.
//!
//! How blocks become rows is the slide's matter.

use ratatui::layout::{Rect, Size};

use crate::app::highlight::Highlights;
use crate::app::slide::{Paint, Scene, Sheet};
use crate::app::state::App;
use crate::app::terminal::clamped;
use crate::deck::{self, Slide, Warning};
use crate::stage::{Closed, Theme};

/// The rows of a demo that waits to be allowed, and of one that cannot open.
const ASKING_ROWS: u16 = 9;
const CLOSED_ROWS: u16 = 6;

impl App {
    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        let Size { width, height } = clamped(Size { width, height });
        self.fit(Rect::new(0, 0, width, height));
        self.repaint = true;
    }

    /// Lays the talk out for a screen of this area.
    pub(crate) fn fit(&mut self, area: Rect) {
        if self.area != area {
            self.area = area;
            self.lay_out();
        }
    }

    pub(crate) fn ground(&mut self, theme: deck::ThemeChoice) {
        let theme = Theme::of(self.show.theme.unwrap_or(theme));
        if self.theme != theme {
            self.theme = theme;
            self.lay_out();
        }
    }

    pub(crate) fn highlighted(&mut self, highlights: Highlights) {
        self.highlights = highlights;
        let has_code = |slide: &Slide| {
            slide.blocks.iter().any(|block| {
                matches!(
                    block,
                    deck::Block::Code { .. } | deck::Block::List { .. } | deck::Block::Quote { .. }
                )
            })
        };
        if has_code(self.slide()) {
            self.lay_out();
        }
    }

    pub(crate) fn lay_out(&mut self) {
        let rows = self.stands.iter().map(|stand| match stand {
            Ok(live) => live.rows(),
            Err(Closed::Asks(_)) => ASKING_ROWS,
            Err(Closed::Complaints(_)) => CLOSED_ROWS,
        });
        let rows = rows.max().unwrap_or(CLOSED_ROWS);
        let of_slide = |warning: &&Warning| warning.slide == self.at;
        let warnings: Vec<Warning> = self.show.warnings.iter().filter(of_slide).cloned().collect();
        let paint = Paint { theme: self.theme, highlights: &self.highlights };
        let scene = Scene {
            deck: &self.show.deck,
            at: self.at,
            warnings: &warnings,
            file: &self.show.file,
            demo_rows: rows,
            paint,
        };
        let area = Rect { height: self.area.height.saturating_sub(1), ..self.area };
        self.sheet = Sheet::new(&scene, area);
        self.progress.scroll = self.progress.scroll.min(self.sheet.max_scroll());
        self.progress.shift = self.progress.shift.min(self.sheet.max_shift());
        self.dirty = true;
    }
}
