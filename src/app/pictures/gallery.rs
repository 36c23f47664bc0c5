//! The pictures of the talk: what is known of them, what is asked for, and how they are drawn.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::app::pictures::encode::EncodedPicture;
use crate::app::pictures::support::{GraphicsSupport, PictureProtocol};
use crate::app::pictures::thread::{PictureEvent, PictureLoader, PictureOutcome, PictureRequest};
use crate::app::state::App;
use crate::deck::Block;
use crate::slide::PictureSizes;

/// The number of pictures that are kept in the form in which the terminal draws them.
const MAX_FORMS: usize = 8;

/// What is known of the talk's pictures besides their sizes.
#[derive(Debug, Default)]
pub(crate) struct Gallery {
    loader: Option<PictureLoader>,
    support: GraphicsSupport,
    /// Whether the terminal may be asked what it has for pictures, and was not yet.
    may_ask: bool,
    awaited: Vec<PictureRequest>,
    /// The forms, the latest last.
    forms: Vec<(String, Size, Arc<EncodedPicture>)>,
}

impl Gallery {
    fn request(&mut self, path: &str, size: Option<Size>) {
        let Some(loader) = &self.loader else { return };
        let request = PictureRequest { path: path.to_owned(), size, support: self.support };
        if !self.awaited.contains(&request) && loader.request(request.clone()) {
            self.awaited.push(request);
        }
    }

    fn form(&self, path: &str, size: Size) -> Option<&EncodedPicture> {
        let mut forms = self.forms.iter();
        forms.find(|(of, at, _)| of == path && *at == size).map(|(.., form)| &**form)
    }
}

impl App {
    /// Takes over the way to the thread that loads pictures. `may_ask` says whether the terminal
    /// may be asked what it has for them; `window` is its size in cells and in pixels.
    pub fn set_picture_loader(
        &mut self,
        loader: PictureLoader,
        may_ask: bool,
        window: (Size, Size),
    ) {
        self.gallery.loader = Some(loader);
        self.gallery.may_ask = may_ask;
        self.gallery.support.set_screen(window.0, window.1);
        self.request_pictures();
    }

    /// Whether the terminal should be asked now what it has for pictures: once, before the first.
    pub(crate) fn take_graphics_question(&mut self) -> bool {
        let asks = self.gallery.may_ask
            && self.slide().all_blocks().any(|block| matches!(block, Block::Image(_)));
        self.gallery.may_ask &= !asks;
        asks
    }

    /// Asks for what is not known yet of the open slide's pictures.
    pub(crate) fn request_pictures(&mut self) {
        let Self { gallery, layout, pictures, config, slide_index, .. } = self;
        let Some(slide) = config.deck.slides.get(*slide_index) else { return };
        for block in slide.all_blocks() {
            if let Block::Image(image) = block
                && !pictures.knows(&image.path)
            {
                gallery.request(&image.path, None);
            }
        }
        for (path, size) in layout.picture_sizes() {
            if gallery.form(path, size).is_none() {
                gallery.request(path, Some(size));
            }
        }
    }

    /// Takes over what the thread has found out about a picture.
    pub(crate) fn add_picture(&mut self, event: PictureEvent) {
        let PictureEvent { path, outcome } = event;
        let size = match &outcome {
            Ok(PictureOutcome::Encoded(size, _)) => Some(*size),
            _ => None,
        };
        self.gallery.awaited.retain(|it| it.path != path || (outcome.is_ok() && it.size != size));
        match outcome {
            Ok(PictureOutcome::Size(size)) => self.pictures.insert(path, size),
            Err(reason) => self.pictures.fail(path, reason),
            Ok(PictureOutcome::Encoded(size, form)) => {
                let forms = &mut self.gallery.forms;
                forms.retain(|(of, at, _)| (of, at) != (&path, &size));
                forms.push((path, size, form));
                let surplus = forms.len().saturating_sub(MAX_FORMS);
                forms.drain(..surplus);
                self.dirty = true;
                return;
            }
        }
        self.lay_out();
    }

    /// Forgets what is known of the pictures, because their files may have changed.
    pub(crate) fn forget_pictures(&mut self) {
        self.pictures = PictureSizes::default();
        self.gallery.forms.clear();
        self.gallery.awaited.clear();
    }

    /// Takes over what the terminal has for pictures.
    pub(crate) fn set_graphics(&mut self, protocol: PictureProtocol) {
        let before = self.gallery.support;
        self.gallery.support.improve(protocol);
        if self.gallery.support != before {
            self.gallery.forms.clear();
            self.request_pictures();
        }
    }

    /// Draws the pictures that are in sight and there already, on a frame that is finished
    /// otherwise: their colours are their own.
    pub(crate) fn draw_pictures(&self, buffer: &mut Buffer) {
        for (picture, place) in self.layout.picture_areas(self.progress) {
            let size = Size { width: picture.width as u16, height: picture.height as u16 };
            let Some(form) = self.gallery.form(&picture.image.path, size) else { continue };
            let depth = self.config.color_depth;
            let whole = Rect { height: size.height, width: size.width, ..place.visible };
            if place.hidden_rows == 0 {
                form.draw(place.visible, depth, buffer);
                continue;
            }
            // Its top is out of sight: what remains is copied, which works for cells alone.
            let mut beside = Buffer::empty(whole);
            if form.is_made_of_cells() && form.draw(whole, depth, &mut beside) {
                for position in place.visible.intersection(buffer.area).positions() {
                    buffer[position] = beside[(position.x, position.y + place.hidden_rows)].clone();
                }
            }
        }
    }
}
