//! The results in each form: for people, for continuous integration, as a page and as a picture.

mod badge;
mod files;
mod github;
mod html;
mod json;
mod junit;
#[cfg(test)]
mod schema;
mod table;
#[cfg(test)]
mod tests;
mod xml;

pub use files::ReportFiles;
pub(super) use files::write_file;
pub(super) use github::annotations;
pub(super) use json::report as json;
pub(super) use table::report as table;
