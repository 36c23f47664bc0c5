//! Headless `wiretalk inspect FILE`: prints the connections of a file as records or as a list, and
//! copies them into another file with `--write`. `capture` detects the kind of file and decodes it.

mod capture_printer;
mod connection_list;
mod connection_words;
mod input;
#[cfg(test)]
mod sockjs_tests;
mod standard_input;
mod watched_output;

pub(super) use self::capture_printer::print_capture;
pub(super) use self::connection_list::print as print_list;
pub(super) use self::input::{buffered_stdout, open_and_copy};
pub(super) use self::standard_input::run as run_standard_input;
