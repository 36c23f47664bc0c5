//! [`GrowingFile`]: for tests, snapshots of a capture that is cut anywhere.

use std::path::Path;

use super::stream_order::StreamOrder;
use crate::capture::Capture;
use crate::capture::open::{ReadOptions, read_part};
use crate::capture::shared_file::SharedFile;
use crate::wire::Offset;

/// A file that comes bit by bit.
pub(crate) struct GrowingFile {
    copy: SharedFile,
    order: StreamOrder,
    options: ReadOptions,
}

impl GrowingFile {
    pub(crate) fn new(file: &[u8], options: &ReadOptions) -> Self {
        let copy = SharedFile::temporary().unwrap();
        copy.write_at(Offset::START, file).unwrap();
        Self { copy, order: StreamOrder::default(), options: options.clone() }
    }

    /// Returns the snapshot when `len` bytes have come; `None` if they are too few.
    pub(crate) fn read(&mut self, len: usize, may_grow: bool) -> Option<Capture> {
        let read = read_part(&self.copy, len as u64, may_grow, Path::new("-"), &self.options);
        read.unwrap().map(|mut capture| {
            capture.streams = self.order.arrange(capture.streams);
            capture
        })
    }
}
