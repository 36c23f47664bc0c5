//! Syntax highlighting of code blocks, and diagrams drawn from their source.
//!
//! The grammars come from `syntect` and `two-face`. Loading them takes longer than a talk may take
//! to start, so a thread does this work for the slides that are near, and a slide shows plain code
//! until it is done.

mod diagram;
mod grammars;
mod thread;

pub use thread::Highlighter;
