//! The pictures of the talk: what is known of them, and what is asked for.

use std::collections::HashSet;
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
    pub(super) awaited: Vec<PictureRequest>,
    /// The version of the files: answers about an older one do not count.
    pub(super) version: u32,
    /// The pictures whose sizes were asked for in this version.
    pub(super) asked: HashSet<String>,
    /// The forms, the latest last.
    pub(super) forms: Vec<PictureForm>,
}

/// A picture as the terminal draws it.
#[derive(Clone, Debug)]
pub(super) struct PictureForm {
    pub(super) path: String,
    pub(super) size: Size,
    pub(super) version: u32,
    pub(super) encoded: Arc<EncodedPicture>,
}

impl Gallery {
    /// Asks for the size of a picture, once.
    pub(super) fn request_size(&mut self, path: &str) {
        if !self.asked.contains(path) && self.request(path, None) {
            self.asked.insert(path.to_owned());
        }
    }

    /// Asks for the form of a picture at a size, if there is none of this version.
    pub(super) fn request_form(&mut self, path: &str, size: Size) {
        if self.find(path, size).is_none_or(|form| form.version != self.version) {
            self.request(path, Some(size));
        }
    }

    /// Asks the thread, unless it was asked already. Returns whether it was.
    fn request(&mut self, path: &str, size: Option<Size>) -> bool {
        let Some(loader) = &self.loader else { return false };
        let (support, version) = (self.support, self.version);
        let request = PictureRequest { path: path.to_owned(), size, support, version };
        if !self.awaited.contains(&request) && loader.request(request.clone()) {
            self.awaited.push(request);
            return true;
        }
        self.awaited.contains(&request)
    }

    /// Returns the form of a picture for this size. After a save it may be that of the file before.
    pub(super) fn form(&self, path: &str, size: Size) -> Option<&EncodedPicture> {
        self.find(path, size).map(|form| &*form.encoded)
    }

    fn find(&self, path: &str, size: Size) -> Option<&PictureForm> {
        self.forms.iter().find(|form| form.path == path && form.size == size)
    }

    /// Keeps a form, and of all forms the `most` latest.
    pub(super) fn insert(&mut self, form: PictureForm, most: usize) {
        self.forms.retain(|it| (&it.path, it.size) != (&form.path, form.size));
        self.forms.push(form);
        let surplus = self.forms.len().saturating_sub(most);
        self.forms.drain(..surplus);
    }

    /// Forgets the forms, because the terminal no longer has what they say.
    pub(super) fn forget_forms(&mut self) {
        self.forms.clear();
        self.awaited.clear();
    }
}
