//! Shows the pictures of the open slide, and asks for what is missing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::app::pictures::gallery::PictureForm;
use crate::app::pictures::support::GraphicsAnswer;
use crate::app::pictures::thread::{PictureEvent, PictureLoader, PictureOutcome};
use crate::app::state::App;
use crate::deck::Block;
use crate::slide::SlideLayout;
use crate::stage;

/// The number of pictures that are kept in the form in which the terminal draws them, where a slide
/// shows no more.
const MAX_FORMS: usize = 8;
/// The number of pictures of one slide that are drawn. Of the others the text stands there.
const MAX_FORMS_OF_A_SLIDE: usize = 64;

impl App {
    /// Takes over the way to the thread that loads pictures. `window` is the size of the terminal in
    /// cells and in pixels.
    pub fn set_picture_loader(&mut self, loader: PictureLoader, window: (Size, Size)) {
        self.gallery.loader = Some(loader);
        self.set_window(window.0, window.1);
        self.request_pictures();
    }

    /// Takes over the size of the terminal in cells and in pixels. Another font makes other cells.
    pub(crate) fn set_window(&mut self, cells: Size, pixels: Size) {
        let before = self.gallery.support;
        self.gallery.support.set_screen(cells, pixels);
        if self.gallery.support != before {
            self.gallery.forget_forms();
            self.gallery.asked.clear();
            self.request_pictures();
        }
    }

    /// Asks for what is not known yet of the open slide's pictures.
    pub(crate) fn request_pictures(&mut self) {
        let Self { gallery, layout, config, slide_index, .. } = self;
        let Some(slide) = config.deck.slides.get(*slide_index) else { return };
        for block in slide.all_blocks() {
            if let Block::Image(image) = block {
                gallery.request_size(&image.path);
            }
        }
        // Without a layout there's no size yet; what follows the next frame asks for the form then.
        let sizes = layout.get().into_iter().flat_map(SlideLayout::picture_sizes);
        for (path, size) in sizes.take(MAX_FORMS_OF_A_SLIDE) {
            gallery.request_form(path, size);
        }
    }

    /// Takes over what the thread has found out about a picture.
    pub(crate) fn add_picture(&mut self, event: PictureEvent) {
        let PictureEvent { path, version, outcome } = event;
        if version != self.gallery.version {
            return;
        }
        let size = match &outcome {
            Ok(PictureOutcome::Encoded(size, _)) => Some(*size),
            _ => None,
        };
        self.gallery.awaited.retain(|it| it.path != path || (outcome.is_ok() && it.size != size));
        let own_size = match outcome {
            Ok(PictureOutcome::Size(size)) => Ok(size),
            Err(reason) => Err(reason),
            Ok(PictureOutcome::Encoded(size, encoded)) => {
                let most =
                    self.layout().picture_sizes().count().clamp(MAX_FORMS, MAX_FORMS_OF_A_SLIDE);
                self.gallery.insert(PictureForm { path, size, version, encoded }, most);
                self.dirty = true;
                return;
            }
        };
        if self.pictures.insert(path, own_size) {
            self.invalidate_layout();
        }
    }

    /// Asks for all pictures again, because their files may have changed. Until the answers come,
    /// those before are shown.
    pub(crate) fn renew_pictures(&mut self) {
        self.gallery.version = self.gallery.version.wrapping_add(1);
        self.gallery.asked.clear();
        self.gallery.awaited.clear();
    }

    /// Draws the pictures anew: the terminal has forgotten those that were sent to it.
    pub(crate) fn send_pictures_again(&mut self) {
        self.gallery.forget_forms();
        self.request_pictures();
    }

    /// Takes over what the terminal has for pictures and large text.
    pub(crate) fn set_graphics(&mut self, answer: GraphicsAnswer) {
        let before = self.gallery.support;
        self.gallery.support.learn(answer);
        if self.gallery.support != before {
            self.send_pictures_again();
            self.dirty = true;
        }
    }

    /// Draws the pictures that are in sight and there already, on a frame that is finished
    /// otherwise: their colours are their own.
    pub(crate) fn draw_pictures(&self, buffer: &mut Buffer) {
        for (image, place) in self.layout().picture_areas(self.progress) {
            let size = Size { width: place.visible.width, height: place.total_rows };
            let Some(form) = self.gallery.form(&image.path, size) else { continue };
            let depth = self.config.color_depth;
            let whole = Rect { height: size.height, width: size.width, ..place.visible };
            if place.hidden_rows == 0 {
                form.draw(place.visible, depth, buffer);
                continue;
            }
            // Its top is out of sight: what remains is copied, which works for cells alone.
            let mut beside = Buffer::empty(whole);
            if form.is_made_of_cells() && form.draw(whole, depth, &mut beside) {
                stage::copy_cells(&beside, place.hidden_rows, place.visible, buffer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossterm::event::{Event as Input, KeyCode};
    use image::{DynamicImage, Rgb, RgbImage};

    use super::*;
    use crate::app::AppConfig;
    use crate::app::pictures::encode::EncodedPicture;
    use crate::app::pictures::support::GraphicsSupport;
    use crate::app::state::AppEvent;
    use crate::deck::ImageBlock;
    use crate::stage::Registry;

    const SIZE: Size = Size { width: 40, height: 12 };

    fn app() -> App {
        let mut config = AppConfig::bare("text\n", Registry::new(&[]));
        let image = ImageBlock {
            path: "red.png".to_owned(),
            alt: "a red square".to_owned(),
            ..ImageBlock::default()
        };
        config.deck.slides[0].blocks = vec![Block::Image(image.into())];
        App::new(config, SIZE)
    }

    fn screen(app: &App) -> Buffer {
        app.frame(Rect::new(0, 0, SIZE.width, SIZE.height))
    }

    fn text(buffer: &Buffer) -> String {
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    fn answer(outcome: Result<PictureOutcome, String>) -> AppEvent {
        AppEvent::Picture(PictureEvent { path: "red.png".to_owned(), version: 0, outcome })
    }

    #[test]
    fn a_picture_takes_the_place_of_its_text() {
        let mut app = app();
        assert!(text(&screen(&app)).contains("a red square"));
        app.update(answer(Ok(PictureOutcome::Size(Size::new(4, 2)))));
        assert!(!text(&screen(&app)).contains("a red square"), "its place is kept");
        let image = DynamicImage::from(RgbImage::from_pixel(8, 8, Rgb([255, 0, 0])));
        let size = app.layout().picture_sizes().next().unwrap().1;
        assert_eq!(size, Size::new(4, 2));
        let form = EncodedPicture::new(&image, size, 1, GraphicsSupport::default()).unwrap();
        app.update(answer(Ok(PictureOutcome::Encoded(size, Arc::new(form)))));
        let red = ratatui::style::Color::Rgb(255, 0, 0);
        let buffer = screen(&app);
        let drawn = buffer.content.iter().filter(|cell| cell.fg == red || cell.bg == red);
        assert_eq!(drawn.count(), 8);
    }

    #[test]
    fn only_who_rehearses_is_told_why_a_picture_is_not_there() {
        let mut app = app();
        app.update(answer(Err("No such file\x1b[2J".to_owned())));
        for is_rehearsal in [false, true, false] {
            assert_eq!(app.shows_warnings, is_rehearsal);
            let shown = text(&screen(&app));
            assert!(shown.contains("a red square"), "{shown}");
            assert_eq!(shown.contains("a red square (No such file␛[2J)"), is_rehearsal, "{shown}");
            app.update(AppEvent::Input(Input::Key(KeyCode::Char('w').into())));
        }
    }

    #[test]
    fn a_save_asks_for_pictures_again_and_shows_those_before_until_then() {
        let mut app = app();
        app.update(answer(Ok(PictureOutcome::Size(Size::new(4, 2)))));
        app.show_warnings(true);
        app.renew_pictures();
        app.invalidate_layout();
        assert!(!text(&screen(&app)).contains("a red square"), "its place is kept");
        app.update(answer(Err("of the version before".to_owned())));
        assert!(!text(&screen(&app)).contains("version before"));
        let outcome = Err("gone now".to_owned());
        let newer = PictureEvent { path: "red.png".to_owned(), version: 1, outcome };
        app.update(AppEvent::Picture(newer));
        assert!(text(&screen(&app)).contains("gone now"));
    }

    #[test]
    fn a_picture_that_is_held_has_its_pictures() {
        let mut app = app();
        app.update(answer(Ok(PictureOutcome::Size(Size::new(4, 2)))));
        let image = DynamicImage::from(RgbImage::from_pixel(8, 8, Rgb([255, 0, 0])));
        let size = Size::new(4, 2);
        let form = EncodedPicture::new(&image, size, 1, GraphicsSupport::default()).unwrap();
        app.update(answer(Ok(PictureOutcome::Encoded(size, Arc::new(form)))));
        let shown = screen(&app);
        app.update(AppEvent::Input(Input::Key(KeyCode::Char('f').into())));
        let held = screen(&app);
        let above = |buffer: &Buffer| buffer.content[..usize::from(SIZE.width) * 11].to_vec();
        assert_eq!(above(&held), above(&shown));
    }
}
