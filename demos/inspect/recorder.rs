//! [`RunRecorder`]: the file that keeps what a run sees. It is given up at the first error, and that is reported.

use std::io;

use crate::capture::Recorder;
use crate::inspect::RecordingOptions;

/// The file of a run, or none.
pub(crate) struct RunRecorder(Option<Recorder>);

impl RunRecorder {
    /// Creates the file, if `recording` asks for one. The text is for the reader: where the run is
    /// kept, or why it is not.
    pub(crate) fn create(recording: Option<&RecordingOptions>, run: u64) -> (Self, Option<String>) {
        let Some(recording) = recording else { return (Self(None), None) };
        let (path, created) = recording.create(run, Recorder::create);
        match created {
            Ok(recorder) => (Self(Some(recorder)), Some(format!("kept in {}", path.display()))),
            Err(error) => (
                Self(None),
                Some(format!("NOT KEPT: could not create {}: {error}", path.display())),
            ),
        }
    }

    /// Gives a report to the file. After the first error nothing more is written, and the text says
    /// so.
    pub(crate) fn record(
        &mut self,
        write: impl FnOnce(&mut Recorder) -> io::Result<()>,
    ) -> Option<String> {
        let error = write(self.0.as_mut()?).err()?;
        self.0 = None;
        Some(format!("NOT KEPT from here on: {error}"))
    }
}
