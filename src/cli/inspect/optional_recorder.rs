//! [`OptionalRecorder`]: `--write`, the file that keeps what was seen. Without the option nothing is written.

use std::io;
use std::path::Path;

use anyhow::Context as _;

use crate::capture::{PcapngWriter, Recorder, WriteOptions};
use crate::inspect::RecordingOptions;

/// A live connection's file, or none.
pub(super) struct OptionalRecorder<'a>(Option<(Recorder, &'a Path)>);

impl<'a> OptionalRecorder<'a> {
    /// Creates the file before anything is sent.
    pub(super) fn create(recording: Option<&'a RecordingOptions>) -> anyhow::Result<Self> {
        let create = |recording: &'a RecordingOptions| {
            anyhow::Ok((create_file(recording, Recorder::create)?, recording.path.as_path()))
        };
        Ok(Self(recording.map(create).transpose()?))
    }

    /// Gives a report to the file.
    pub(super) fn record(
        &mut self,
        emit: impl FnOnce(&mut Recorder) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        let Some((recorder, path)) = &mut self.0 else { return Ok(()) };
        emit(recorder).with_context(|| format!("could not write {}", path.display()))
    }
}

/// The file for what another file holds.
pub(super) fn create_writer(
    recording: Option<&RecordingOptions>,
) -> anyhow::Result<Option<PcapngWriter>> {
    recording.map(|recording| create_file(recording, PcapngWriter::create)).transpose()
}

fn create_file<T>(
    recording: &RecordingOptions,
    create: impl FnMut(&Path, &WriteOptions) -> io::Result<T>,
) -> anyhow::Result<T> {
    let (path, created) = recording.create(1, create);
    created.map_err(|error| create_error(&path, recording.replace, error))
}

/// Why the file was not created, and what would be right.
fn create_error(path: &Path, replace: bool, error: io::Error) -> anyhow::Error {
    let shown = path.display();
    let hint = match std::fs::read_link(path) {
        Ok(target) if !path.exists() => format!(
            "; it is a symbolic link to {}, which is not there: name that file, or remove the link",
            target.display()
        ),
        _ if error.kind() == io::ErrorKind::AlreadyExists && !replace => {
            "; --replace writes over what is there".to_owned()
        }
        _ => String::new(),
    };
    anyhow::Error::new(error).context(format!("could not create {shown}{hint}"))
}
