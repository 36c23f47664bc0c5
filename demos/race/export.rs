//! Exports the outcome as JSON and as an `HdrHistogram` interval log. Existing files are never
//! overwritten.

use std::fs::File;
use std::io::{self, Write as _};

use crate::race::{RaceOutcome, formats};

/// The maximum number of exports in one folder.
const MAX_EXPORTS: usize = 1000;

/// Writes both files into the current directory. Returns a message about the result.
pub(super) fn write(outcome: &RaceOutcome) -> String {
    match try_write(outcome) {
        Ok(name) => format!("written: {name}.json and {name}.hlog"),
        Err(error) => format!("could not export: {error}"),
    }
}

fn try_write(outcome: &RaceOutcome) -> io::Result<String> {
    // Both are made before a file is created, so that a failure leaves none behind.
    let log = formats::interval_log(outcome).map_err(io::Error::other)?;
    let json = format!("{:#}\n", formats::json(outcome));
    for number in 1..=MAX_EXPORTS {
        let name = format!("wiretalk-race-{number}");
        // `create_new` fails if the file exists, so no other program can get in between the check
        // and the creation.
        match File::create_new(format!("{name}.json")) {
            Ok(mut file) => {
                file.write_all(json.as_bytes())?;
                File::create_new(format!("{name}.hlog"))?.write_all(&log)?;
                return Ok(name);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("the folder already holds 1,000 exports"))
}
