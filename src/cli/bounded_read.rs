//! Files and streams from the command line, read whole but never without a bound: `/dev/zero` has
//! no end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::wire::format;

/// All bytes of a file.
///
/// # Errors
///
/// If it cannot be read, or holds more than `max` bytes.
pub(super) fn read_file(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    read_stream(File::open(path)?, max)
}

/// All bytes of a stream.
///
/// # Errors
///
/// If it cannot be read, or holds more than `max` bytes.
pub(super) fn read_stream(stream: impl Read, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        let reason =
            format!("it holds more than {}, the most that is read", format::byte_count(max));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_refused_and_what_fits_is_read() {
        assert_eq!(read_stream(&b"abc"[..], 3).unwrap(), b"abc");
        assert_eq!(
            read_stream(io::repeat(7), 3).unwrap_err().to_string(),
            "it holds more than 3 bytes, the most that is read"
        );
    }
}
