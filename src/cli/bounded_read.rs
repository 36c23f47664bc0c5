//! Reads whole files and streams that the command line names, up to a limit: `/dev/zero` never
//! ends.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::wire::format;

/// Returns all bytes of the file at `path`.
///
/// # Errors
///
/// If the file cannot be read, or has more than `max` bytes ([`io::ErrorKind::FileTooLarge`]).
pub(super) fn read_file(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    read_opened(File::open(path)?, max)
}

fn read_opened(file: File, max: u64) -> io::Result<Vec<u8>> {
    // Where the file says its size, no memory is asked for twice.
    let size = file.metadata().map_or(0, |file| file.len()).min(max);
    read_into(Vec::with_capacity(usize::try_from(size).unwrap_or(0)), file, max)
}

/// Returns all bytes of the file at `path`, unless it is a pipe or a device: they could keep the
/// caller waiting for ever.
///
/// # Errors
///
/// If it is not a file, cannot be read, or has more than `max` bytes
/// ([`io::ErrorKind::FileTooLarge`]).
pub(super) fn read_regular_file(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    read_opened(open_regular_file(path)?, max)
}

/// Opens the file at `path`, unless it is a pipe or a device.
///
/// # Errors
///
/// If it is not a file, or cannot be opened.
pub(super) fn open_regular_file(path: &Path) -> io::Result<File> {
    // Opening a pipe waits for its writer.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    File::open(path)
}

/// Returns `bytes` as text.
///
/// # Errors
///
/// If they are not UTF-8.
pub(super) fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    let reason = "it is not UTF-8 text; save it as UTF-8";
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, reason))
}

/// Returns `text` unless it is blank: editors that write in place empty a file first.
///
/// # Errors
///
/// If it is blank.
pub(super) fn reject_empty(text: String) -> io::Result<String> {
    if text.trim().is_empty() {
        return Err(io::Error::other("the file is empty"));
    }
    Ok(text)
}

/// Returns all bytes of `stream`.
///
/// # Errors
///
/// If the stream cannot be read, or has more than `max` bytes ([`io::ErrorKind::FileTooLarge`]).
pub(super) fn read_stream(stream: impl Read, max: u64) -> io::Result<Vec<u8>> {
    read_into(Vec::new(), stream, max)
}

fn read_into(mut bytes: Vec<u8>, stream: impl Read, max: u64) -> io::Result<Vec<u8>> {
    // One byte more than allowed, which tells an input of exactly `max` bytes from a longer one.
    // The size in the metadata would not do: a pipe and a device have none.
    stream.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(too_large(max));
    }
    Ok(bytes)
}

/// Returns the error of an input with more than `max` bytes.
pub(super) fn too_large(max: u64) -> io::Error {
    let reason = format!("it is larger than the limit of {}", format::byte_count(max));
    io::Error::new(io::ErrorKind::FileTooLarge, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_nobody_writes_to_keeps_no_one_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.toml");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [pipe.as_path(), folder.path()] {
            let error = read_regular_file(path, 3).unwrap_err();
            assert_eq!(error.to_string(), "it is not a file", "{}", path.display());
        }
    }

    #[test]
    fn input_up_to_the_limit_is_read_and_endless_input_is_refused() {
        assert_eq!(read_stream(&b"abc"[..], 3).unwrap(), b"abc");
        assert_eq!(
            read_stream(io::repeat(7), 3).unwrap_err().to_string(),
            "it is larger than the limit of 3 bytes"
        );
    }
}
