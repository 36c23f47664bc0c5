//! [`check_reader`]: a file that would block whoever opens it for writing.

#[cfg(unix)]
use std::fs::OpenOptions;
use std::io;
use std::path::Path;

/// Refuses a fifo without a reader, because opening it would block.
#[cfg(unix)]
pub(super) fn check_reader(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};

    let is_fifo = std::fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo());
    let probe = || {
        let flags = rustix::fs::OFlags::NONBLOCK.bits();
        OpenOptions::new().write(true).custom_flags(flags.cast_signed()).open(path)
    };
    match is_fifo.then(probe) {
        // Opened for writing without blocking, a fifo without a reader fails with ENXIO.
        Some(Err(error))
            if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) =>
        {
            Err(io::Error::other("nothing reads this FIFO; start its reader first"))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub(super) fn check_reader(_: &Path) -> io::Result<()> {
    Ok(())
}
