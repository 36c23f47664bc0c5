//! [`OptionalRecorder`]: `--write`, the file that keeps what was seen. Without the option nothing is written.

use std::io;
use std::path::Path;

use anyhow::Context as _;

use crate::capture::{PcapngWriter, Recorder, WriteOptions};
use crate::cli::inspect::args::InspectArgs;

/// A live connection's file, or none.
pub(super) struct OptionalRecorder<'a>(Option<(Recorder, &'a Path)>);

impl<'a> OptionalRecorder<'a> {
    /// Creates the file before anything is said.
    pub(super) fn create(inspect: &'a InspectArgs) -> anyhow::Result<Self> {
        let Some(path) = inspect.write.as_deref() else { return Ok(Self(None)) };
        let recorder = Recorder::create(path, &write_options(inspect))
            .map_err(|error| create_error(path, inspect, error))?;
        Ok(Self(Some((recorder, path))))
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
pub(super) fn create_writer(inspect: &InspectArgs) -> anyhow::Result<Option<PcapngWriter>> {
    let create = |path: &Path| {
        PcapngWriter::create(path, &write_options(inspect))
            .map_err(|error| create_error(path, inspect, error))
    };
    inspect.write.as_deref().map(create).transpose()
}

fn write_options(inspect: &InspectArgs) -> WriteOptions {
    WriteOptions { replace: inspect.replace, secrets: None }
}

/// Why the file was not created, and what would be right.
fn create_error(path: &Path, inspect: &InspectArgs, error: io::Error) -> anyhow::Error {
    let shown = path.display();
    let hint = match std::fs::read_link(path) {
        Ok(target) if !path.exists() => format!(
            "; it is a symbolic link to {}, which is not there: name that file, or remove the link",
            target.display()
        ),
        _ if error.kind() == io::ErrorKind::AlreadyExists && !inspect.replace => {
            "; --replace writes over what is there".to_owned()
        }
        _ => String::new(),
    };
    anyhow::Error::new(error).context(format!("could not create {shown}{hint}"))
}
