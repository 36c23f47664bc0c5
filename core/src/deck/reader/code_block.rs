//! Reads code blocks, and the demo fences among them.
//!
//! `block_reader` reads every other block; `fence` parses the settings within a fence.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event};

use crate::deck::reader::block_reader::BlockReader;
use crate::deck::reader::markdown::EventIter;
use crate::deck::{Block, CodeBlock, DemoFence, demo_fence};
use crate::text;

impl<'a> BlockReader<'a> {
    /// Reads the code block after its start tag, to its end: a demo if its first word is `demo`.
    pub(in crate::deck) fn code(
        &mut self,
        kind: CodeBlockKind<'a>,
        range: &Range<usize>,
        events: &mut EventIter<'a>,
    ) -> Block {
        let mut body = String::new();
        let mut first = None;
        for (event, range) in events.by_ref() {
            match event {
                Event::Text(text) => {
                    first.get_or_insert(range.start);
                    body.push_str(&text);
                }
                _ => break,
            }
        }
        let info = match kind {
            CodeBlockKind::Fenced(info) => info,
            CodeBlockKind::Indented => CowStr::Borrowed(""),
        };
        let mut words = info.split_whitespace();
        let language = words.next().unwrap_or("").to_lowercase();
        if language == "demo" {
            // Without a body there is nothing whose line could be asked for.
            let first = self.position(first.unwrap_or(range.start)).line;
            return Block::Demo(self.demo(words, &body, range, first));
        }
        self.warn_about_controls(&body, first.unwrap_or(range.start));
        let lines = code_lines(&body);
        Block::Code(CodeBlock { language, lines, ..CodeBlock::default() })
    }

    /// Returns a formula as code, because every character of it counts.
    pub(in crate::deck) fn math(&mut self, source: &str, start: usize) -> Block {
        self.warn_about_controls(source, start);
        Block::Code(CodeBlock {
            language: "tex".to_owned(),
            lines: code_lines(source),
            ..CodeBlock::default()
        })
    }

    /// Reads a demo fence. `words` are what follows `demo` in its first line, and `first` is the
    /// line of the file on which `body` begins.
    fn demo<'w>(
        &mut self,
        mut words: impl Iterator<Item = &'w str>,
        body: &str,
        range: &Range<usize>,
        first: usize,
    ) -> DemoFence {
        let opening = self.slice(range).lines().next().unwrap_or("");
        let word = opening.find("demo").unwrap_or(0);
        let name = words.next().unwrap_or("");
        let name_at = match name {
            "" => word,
            name => opening[word + 4..].find(name).map_or(word, |at| word + 4 + at),
        };
        let at = self.position(range.start + name_at);
        if name.is_empty() {
            self.warn_at(
                at,
                "a demo fence needs a name: ```demo NAME; `wiretalk demos` lists them",
            );
        }
        if let Some(extra) = words.next() {
            self.warn_at(
                at,
                format!(
                    "unexpected `{extra}` after the demo's name; settings go inside the fence, \
                     one `key = value` per line"
                ),
            );
        }
        let (settings, odd) = demo_fence::parse_settings(body, first);
        for (at, message) in odd {
            self.warn_at(at, message);
        }
        DemoFence { name: text::sanitize(name).into_owned(), position: at, settings }
    }
}

/// Returns the lines of `code` as a terminal can show them.
fn code_lines(code: &str) -> Vec<String> {
    code.lines().map(|line| text::sanitize(&text::expand_tabs(line, 4)).into_owned()).collect()
}
