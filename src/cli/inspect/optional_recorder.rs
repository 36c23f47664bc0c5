//! [`OptionalRecorder`]: the file of `--write`. Without the option, it writes nothing.

use std::io;
use std::path::Path;

use anyhow::Context as _;

use crate::capture::{PcapngWriter, Recorder, WriteOptions};
use crate::inspect::RecordingOptions;

/// The recorder of a live connection and the path of its file, or `None` without `--write`.
pub(super) struct OptionalRecorder<'a>(Option<(Recorder, &'a Path)>);

impl<'a> OptionalRecorder<'a> {
    /// Creates the file.
    ///
    /// # Errors
    ///
    /// If the file exists and may not be overwritten, or cannot be created.
    pub(super) fn create(recording: Option<&'a RecordingOptions>) -> anyhow::Result<Self> {
        let create = |recording: &'a RecordingOptions| {
            anyhow::Ok((create_file(recording, Recorder::create)?, recording.path.as_path()))
        };
        Ok(Self(recording.map(create).transpose()?))
    }

    /// Lets `emit` write to the file, if there is one.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub(super) fn record(
        &mut self,
        emit: impl FnOnce(&mut Recorder) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let Some((recorder, path)) = &mut self.0 else { return Ok(()) };
        emit(recorder).with_context(|| format!("could not write {}", path.display()))
    }
}

/// Creates the file for a copy of another capture, or returns `None` without `--write`.
pub(super) fn create_writer(
    recording: Option<&RecordingOptions>,
) -> anyhow::Result<Option<PcapngWriter>> {
    recording.map(|recording| create_file(recording, PcapngWriter::create)).transpose()
}

fn create_file<T>(
    recording: &RecordingOptions,
    create: impl FnMut(&Path, &WriteOptions) -> io::Result<T>,
) -> anyhow::Result<T> {
    // The command has one run, and only the first one uses the given name.
    let (path, created) = recording.create(1, create);
    created.map_err(|error| create_error(&path, recording.replace, error))
}

/// Adds the remedy to the error for a file that could not be created.
fn create_error(path: &Path, replace: bool, error: io::Error) -> anyhow::Error {
    let shown = path.display();
    let hint = match std::fs::read_link(path) {
        // A dangling link "exists" for the system's exclusive create, although there is no file.
        Ok(target) if !path.exists() => format!(
            "; it is a symbolic link to {}, which does not exist: name that file, or remove the \
             link",
            target.display()
        ),
        _ if error.kind() == io::ErrorKind::AlreadyExists && !replace => {
            "; --replace overwrites it".to_owned()
        }
        _ => String::new(),
    };
    anyhow::Error::new(error).context(format!("could not create {shown}{hint}"))
}
