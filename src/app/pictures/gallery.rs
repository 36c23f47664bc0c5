//! The pictures of the talk: what is known of them, and what is asked for.

use std::sync::Arc;

use ratatui::layout::Size;

use crate::app::pictures::encode::EncodedPicture;
use crate::app::pictures::support::GraphicsSupport;
use crate::app::pictures::thread::{PictureLoader, PictureRequest};

/// What is known of the talk's pictures besides their sizes.
#[derive(Debug, Default)]
pub(crate) struct Gallery {
    pub(super) loader: Option<PictureLoader>,
    pub(super) support: GraphicsSupport,
    /// Whether the terminal may be asked what it has for pictures, and was not yet.
    pub(super) may_ask: bool,
    pub(super) awaited: Vec<PictureRequest>,
    /// The forms, the latest last.
    pub(super) forms: Vec<(String, Size, Arc<EncodedPicture>)>,
}

impl Gallery {
    /// Asks for a picture: for its size, or for its form at a size.
    pub(super) fn request(&mut self, path: &str, size: Option<Size>) {
        let Some(loader) = &self.loader else { return };
        let request = PictureRequest { path: path.to_owned(), size, support: self.support };
        if !self.awaited.contains(&request) && loader.request(request.clone()) {
            self.awaited.push(request);
        }
    }

    /// Returns the form of a picture for this size.
    pub(super) fn form(&self, path: &str, size: Size) -> Option<&EncodedPicture> {
        let mut forms = self.forms.iter();
        forms.find(|(of, at, _)| of == path && *at == size).map(|(.., form)| &**form)
    }
}
