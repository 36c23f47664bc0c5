//! [`RunRecorder`]: the file that a run is recorded in. The first error ends the recording and is
//! reported.

use std::io;

use crate::capture::Recorder;
use crate::inspect::RecordingOptions;

/// The recorder of a run; `None` if the run is not recorded, or no longer.
pub(crate) struct RunRecorder(Option<Recorder>);

impl RunRecorder {
    /// Creates the file, if `recording` names one. The returned notice tells the user where the run
    /// is recorded, or why it is not.
    pub(crate) fn create(recording: Option<&RecordingOptions>, run: u64) -> (Self, Option<String>) {
        let Some(recording) = recording else { return (Self(None), None) };
        let (path, created) = recording.create(run, Recorder::create);
        match created {
            Ok(recorder) => (Self(Some(recorder)), Some(format!("recorded in {}", path.display()))),
            // The connection matters more than its recording, so the run goes on without a file.
            Err(error) => (
                Self(None),
                Some(format!("NOT RECORDED: could not create {}: {error}", path.display())),
            ),
        }
    }

    /// Lets `write` write to the file, if there is one. Returns a notice for the user about the
    /// first error, after which nothing more is written.
    pub(crate) fn record(
        &mut self,
        write: impl FnOnce(&mut Recorder) -> io::Result<()>,
    ) -> Option<String> {
        let error = write(self.0.as_mut()?).err()?;
        // A file with a gap would mislead; what is written so far is a valid capture.
        self.0 = None;
        Some(format!("NOT RECORDED from here on: {error}"))
    }
}
