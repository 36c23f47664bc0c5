//! The thread that loads and scales pictures, so that no frame waits for it.

use std::io;
use std::sync::Arc;

use image::DynamicImage;
use ratatui::layout::Size;
use tokio::sync::mpsc;

use crate::app::idle_worker::{self, IdleWorker};
use crate::app::pictures::encode::{EncodedPicture, decode, size_in_cells};
use crate::app::pictures::support::GraphicsSupport;
use crate::scope::Scope;

/// What the app wants of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PictureRequest {
    /// The file's path, as the deck has it.
    pub(crate) path: String,
    /// The size in cells to encode the picture for; `None` to ask for its own.
    pub(crate) size: Option<Size>,
    /// The pictures that the terminal can show.
    pub(crate) support: GraphicsSupport,
    /// The version of the file: what is known of an older one does not count.
    pub(crate) version: u32,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureEvent {
    /// The file's path, as the deck has it.
    pub path: String,
    /// The version of the file that was asked for.
    pub version: u32,
    /// The picture, or a sentence about why there is none.
    pub outcome: Result<PictureOutcome, String>,
}

/// A part of what is known about a picture.
#[derive(Clone, Debug)]
pub enum PictureOutcome {
    /// Its own size in cells.
    Size(Size),
    /// Its form for a size in cells.
    Encoded(Size, Arc<EncodedPicture>),
}

impl PartialEq for PictureOutcome {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Size(a), Self::Size(b)) => a == b,
            (Self::Encoded(a, one), Self::Encoded(b, two)) => a == b && Arc::ptr_eq(one, two),
            _ => false,
        }
    }
}

/// The way to the thread that loads pictures.
#[derive(Clone, Debug)]
pub struct PictureLoader {
    requests: mpsc::Sender<PictureRequest>,
}

impl PictureLoader {
    /// Starts the thread in `scope`. It reads files with `read`, whose error is a sentence, calls
    /// `deliver` with each answer, and ends once that returns `false`.
    ///
    /// # Errors
    ///
    /// If no thread can be spawned.
    pub fn start<F: Future<Output = bool> + Send>(
        scope: &Scope,
        read: impl Fn(&str) -> Result<Vec<u8>, String> + Send + 'static,
        deliver: impl FnMut(PictureEvent) -> F + Send + 'static,
    ) -> io::Result<Self> {
        let desk = Desk { read, last: None, encoded: 0 };
        let requests = idle_worker::start(scope, "pictures", desk, deliver)?;
        Ok(Self { requests })
    }

    /// Asks for a picture. Returns whether there was room for the request.
    pub(crate) fn request(&self, request: PictureRequest) -> bool {
        self.requests.try_send(request).is_ok()
    }
}

/// The state of the thread that loads pictures.
struct Desk<R> {
    read: R,
    /// The picture that was decoded last: its path, its version, and what came of it.
    last: Option<(String, u32, Result<DynamicImage, String>)>,
    /// The number of pictures that were encoded. It tells them apart in the terminal.
    encoded: u32,
}

impl<R: Fn(&str) -> Result<Vec<u8>, String> + Send + 'static> IdleWorker for Desk<R> {
    type Request = PictureRequest;
    type Answer = PictureEvent;

    fn work(&mut self, request: PictureRequest) -> PictureEvent {
        let outcome = self.outcome(&request);
        PictureEvent { path: request.path, version: request.version, outcome }
    }

    fn is_loaded(&self) -> bool {
        self.last.is_some()
    }

    fn unload(&mut self) {
        self.last = None;
    }
}

impl<R: Fn(&str) -> Result<Vec<u8>, String>> Desk<R> {
    fn outcome(&mut self, request: &PictureRequest) -> Result<PictureOutcome, String> {
        let is_last = |(path, version, _): &(String, u32, _)| {
            *path == request.path && *version == request.version
        };
        if !self.last.as_ref().is_some_and(is_last) {
            // The one before goes first, so that two are never in memory.
            self.last = None;
            let image = (self.read)(&request.path).and_then(|bytes| decode(&bytes));
            self.last = Some((request.path.clone(), request.version, image));
        }
        let (.., image) = self.last.as_ref().expect("it was just set");
        let image = image.as_ref().map_err(Clone::clone)?;
        let Some(size) = request.size else {
            return Ok(PictureOutcome::Size(size_in_cells(image, request.support.cell)));
        };
        self.encoded = self.encoded.wrapping_add(1);
        // The lower 24 bits become a colour, which must not be that of nothing.
        let id = self.encoded % 0x00ff_ffff + 1;
        let encoded = EncodedPicture::new(image, size, id, request.support)?;
        Ok(PictureOutcome::Encoded(size, Arc::new(encoded)))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Cursor;

    use image::{ImageFormat, RgbImage};

    use super::*;

    #[test]
    fn a_picture_is_read_once_for_its_size_and_its_forms() {
        let reads = Cell::new(0);
        let read = |path: &str| {
            reads.set(reads.get() + 1);
            if path != "a.png" {
                return Err(format!("could not read {path}"));
            }
            let mut bytes = Cursor::new(Vec::new());
            RgbImage::new(40, 40).write_to(&mut bytes, ImageFormat::Png).unwrap();
            Ok(bytes.into_inner())
        };
        let mut desk = Desk { read, last: None, encoded: 0 };
        let request = |path: &str, size| PictureRequest {
            path: path.to_owned(),
            size,
            support: GraphicsSupport::default(),
            version: 0,
        };
        let size = desk.outcome(&request("a.png", None)).unwrap();
        assert_eq!(size, PictureOutcome::Size(Size::new(4, 2)));
        let form = desk.outcome(&request("a.png", Some(Size::new(8, 4)))).unwrap();
        assert!(matches!(form, PictureOutcome::Encoded(Size { width: 8, height: 4 }, _)));
        assert_eq!(reads.get(), 1);
        assert_eq!(desk.outcome(&request("b.png", None)).unwrap_err(), "could not read b.png");
        assert_eq!(desk.outcome(&request("b.png", None)).unwrap_err(), "could not read b.png");
        assert_eq!(reads.get(), 2);
        let newer = PictureRequest { version: 1, ..request("b.png", None) };
        desk.outcome(&newer).unwrap_err();
        assert_eq!(reads.get(), 3, "the file may be there now");
    }
}
