//! [`Keep`]: `--write`, the file that keeps what was seen. Without the option nothing is written.

use std::io;
use std::path::Path;

use anyhow::Context as _;

use crate::capture::{Recorder, WriteOptions, PcapngWriter};
use crate::cli::inspect::Inspect;

/// A live connection's file, or none.
pub(super) struct Keep<'a>(Option<(Recorder, &'a Path)>);

impl<'a> Keep<'a> {
    /// Creates the file before anything is said.
    pub(super) fn new(inspect: &'a Inspect) -> anyhow::Result<Self> {
        let Some(path) = inspect.write.as_deref() else { return Ok(Self(None)) };
        let recorder =
            Recorder::create(path, &options(inspect)).map_err(|error| refused(path, inspect, error))?;
        Ok(Self(Some((recorder, path))))
    }

    /// Gives a report to the file.
    pub(super) fn tell(&mut self, tell: impl FnOnce(&mut Recorder) -> io::Result<()>) -> anyhow::Result<()> {
        let Some((recorder, path)) = &mut self.0 else { return Ok(()) };
        tell(recorder).with_context(|| format!("could not write {}", path.display()))
    }
}

/// The file for what another file holds.
pub(super) fn writer(inspect: &Inspect) -> anyhow::Result<Option<PcapngWriter>> {
    let create =
        |path: &Path| PcapngWriter::create(path, &options(inspect)).map_err(|error| refused(path, inspect, error));
    inspect.write.as_deref().map(create).transpose()
}

fn options(inspect: &Inspect) -> WriteOptions {
    WriteOptions { replace: inspect.replace, secrets: None }
}

/// Why the file was not created, and what would be right.
fn refused(path: &Path, inspect: &Inspect, error: io::Error) -> anyhow::Error {
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
