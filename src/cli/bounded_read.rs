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
    read_stream(File::open(path)?, max)
}

/// Returns all bytes of `stream`.
///
/// # Errors
///
/// If the stream cannot be read, or has more than `max` bytes ([`io::ErrorKind::FileTooLarge`]).
pub(super) fn read_stream(stream: impl Read, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than allowed, which tells an input of exactly `max` bytes from a longer one.
    // The size in the metadata would not do: a pipe and a device have none.
    stream.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        let reason = format!("it is larger than the limit of {}", format::byte_count(max));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_up_to_the_limit_is_read_and_endless_input_is_refused() {
        assert_eq!(read_stream(&b"abc"[..], 3).unwrap(), b"abc");
        assert_eq!(
            read_stream(io::repeat(7), 3).unwrap_err().to_string(),
            "it is larger than the limit of 3 bytes"
        );
    }
}
