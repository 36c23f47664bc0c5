//! Reads code blocks, and the demo fences among them.
//!
//! `code_info` reads the first line of a fence, `demo_fence` the settings of a demo.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event};

use crate::deck::code_info::{CodeInfo, hidden_prefix};
use crate::deck::content::code::code_text;
use crate::deck::reader::block_reader::BlockReader;
use crate::deck::reader::file_snippet::FileSnippet;
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
            CodeBlockKind::Fenced(info) => {
                self.check_end(range);
                info
            }
            CodeBlockKind::Indented => CowStr::Borrowed(""),
        };
        let mut words = info.split_whitespace();
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("demo")) {
            // Without a body there is nothing whose line could be asked for.
            let first = self.position(first.unwrap_or(range.start)).line;
            return Block::Demo(self.demo(words, &body, range, first).into());
        }
        self.warn_about_controls(&body, first.unwrap_or(range.start));
        Block::Code(self.plain_code(&info, body, range.start).into())
    }

    /// Returns a code block with this info string, which begins at `at`.
    fn plain_code(&mut self, info: &str, mut body: String, at: usize) -> CodeBlock {
        let mut info = CodeInfo::read(info);
        for problem in std::mem::take(&mut info.problems) {
            self.warn(at, problem);
        }
        if info.language == "file"
            && let Some(snippet) = self.file_snippet(&body, at)
        {
            FileSnippet { language: info.language, code: body } = snippet;
        }
        // A diagram is drawn here, which is all that its program would do.
        let runs = info.runs.filter(|runs| !(*runs == "render" && info.language == "mermaid"));
        if let Some(attribute) = runs {
            self.warn_once(
                "exec",
                at,
                format!("`+{attribute}` isn't carried out: code is shown, never run"),
            );
        }
        let hidden = hidden_prefix(&info.language).filter(|_| info.hides_lines);
        let is_shown = |line: &&str| hidden.is_none_or(|prefix| !line.starts_with(prefix));
        let text = code_text(body.lines().filter(is_shown));
        CodeBlock {
            language: info.language,
            text,
            first_number: info.first_number,
            highlights: info.highlights,
            hides_background: info.hides_background,
            executable: runs.is_some(),
        }
    }

    /// Warns if the fence at `range` is never closed, which makes all that follows part of it.
    fn check_end(&mut self, range: &Range<usize>) {
        let source = self.slice(range);
        if is_closed(source) {
            return;
        }
        let next = next_slide(source).map(|line| self.position(range.start).line + line);
        let message = match next {
            Some(line) => format!(
                "this code block is never closed, so all that follows is part of it; the deck \
                 seems to go on in line {line}: put a closing fence above it"
            ),
            None => "this code block is never closed; end it with a closing fence".to_owned(),
        };
        self.warn(range.start, message);
    }

    /// Returns a formula as code, because every character of it counts.
    pub(in crate::deck) fn math(&mut self, source: &str, start: usize) -> Block {
        self.warn_about_controls(source, start);
        let text = code_text(source.lines());
        Block::Code(CodeBlock { language: "tex".to_owned(), text, ..CodeBlock::default() }.into())
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

/// Whether a fenced code block ends with its fence (`CommonMark`, section 4.5). Its lines can have the
/// signs of the quotes around them.
fn is_closed(source: &str) -> bool {
    let Some(sign) = source.chars().next().filter(|c| matches!(c, '`' | '~')) else { return true };
    let length = source.chars().take_while(|c| *c == sign).count();
    let mut lines = source.trim_end().lines();
    let opening = lines.next();
    let Some(last) = lines.next_back().filter(|_| opening.is_some()) else { return false };
    let last = last.trim_start_matches(|c: char| c == '>' || c.is_whitespace()).trim_end();
    last.len() >= length && last.chars().all(|c| c == sign)
}

/// Returns the number of lines between the first one of an unclosed fence and where the next slide
/// seems to begin: a divider, or else a heading below a blank line.
fn next_slide(source: &str) -> Option<usize> {
    let lines: Vec<&str> = source.lines().map(str::trim_end).collect();
    let divider = |line: &&str| {
        *line == "---" || line.strip_prefix("<!--").is_some_and(|rest| rest.contains("end_slide"))
    };
    let is_heading = |pair: &[&str]| {
        let text = pair[1].trim_start_matches('#');
        pair[0].is_empty() && text.len() < pair[1].len() && text.starts_with(' ')
    };
    let skipped = lines.iter().skip(1).position(divider).map(|at| at + 1);
    skipped.or_else(|| lines.windows(2).position(is_heading).map(|at| at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{FileReader, LineIndex, LineSelection, UnreadableFile, parse, parse_with};

    fn warned(source: &str) -> (Vec<Block>, Vec<String>) {
        let (mut deck, warnings) = parse(source);
        let line = |w: &crate::deck::Warning| {
            format!("{}:{}: {}", w.position.line, w.position.column, w.message)
        };
        (deck.slides.remove(0).blocks, warnings.iter().map(line).collect())
    }

    #[test]
    fn a_fence_that_is_never_closed_is_told_with_the_line_where_the_deck_goes_on() {
        let (_, warnings) = warned("# A\n\n```go\nx\n\n---\n\n## B\n");
        let warning = "3:1: this code block is never closed, so all that follows is part of it; the \
                    deck seems to go on in line";
        assert_eq!(warnings, [format!("{warning} 6: put a closing fence above it")]);
        let (_, warnings) = warned("~~~~\n# no\n~~~\n\n# B\n");
        assert_eq!(
            warnings,
            [format!("{} 5: put a closing fence above it", warning.replace("3:1", "1:1"))]
        );
        let (_, warnings) = warned("```demo weigh\n\n<!-- end_slide -->\n");
        assert!(warnings[0].contains("go on in line 3"), "{warnings:?}");
        for open in ["```", "```go\nx", "> ```\n> x\n\nafter\n", "- ```\n  x\n- y\n"] {
            let (_, warnings) = warned(open);
            assert!(warnings.len() == 1 && warnings[0].contains("never closed; end it"), "{open}");
        }
        for closed in [
            "```\n```\n",
            "```go\nx\n`````  \n",
            "> ```\n> x\n> ```\n",
            "- ~~~\n  ```\n  ~~~\n",
            "    indented\n",
        ] {
            assert_eq!(warned(closed).1, [] as [&str; 0], "{closed}");
        }
    }

    #[test]
    fn code_that_is_to_be_run_is_shown_and_named_once_a_slide() {
        let (blocks, warnings) = warned(
            "```rust +exec +line_numbers {1|2}\n# hidden();\nfn main() {}\n```\n\n```go\n/// kept\n```\n\n\
             ```mermaid +render\na\n```\n\n```bash +pty\n/// gone\nls\n```\n",
        );
        let codes: Vec<&CodeBlock> = blocks
            .iter()
            .map(|block| if let Block::Code(code) = block { &**code } else { panic!("{block:?}") })
            .collect();
        assert_eq!(&*codes[0].text, "fn main() {}\n");
        assert_eq!((codes[0].first_number, codes[0].executable), (Some(1), true));
        assert_eq!(
            codes[0].highlights,
            [LineSelection::lines([1..=1]), LineSelection::lines([2..=2])]
        );
        assert_eq!((&*codes[1].text, codes[1].executable), ("/// kept\n", false));
        assert!(!codes[2].executable);
        assert_eq!(&*codes[3].text, "ls\n");
        assert_eq!(warnings, ["1:1: `+exec` isn't carried out: code is shown, never run"]);
    }

    struct OneFile;

    impl FileReader for OneFile {
        fn read_text(&mut self, path: &str) -> Result<String, UnreadableFile> {
            match path {
                "a.rs" => Ok("one\ntwo\n\tthree\n".to_owned()),
                _ => Err(UnreadableFile::new("no such file")),
            }
        }
    }

    #[test]
    fn code_from_a_file_is_shown_and_what_cannot_be_read_stays() {
        let read = |body: &str| {
            let source = format!("```file +line_numbers\n{body}\n```\n");
            let (mut deck, warnings) = parse_with(&LineIndex::new(&source), &mut OneFile);
            let Block::Code(code) = deck.slides.remove(0).blocks.remove(0) else {
                panic!("{body}")
            };
            (code, deck.files, warnings.into_iter().map(|w| w.message).collect::<Vec<_>>())
        };
        let (code, files, warnings) = read("path: a.rs\nlanguage: Rust");
        assert_eq!((code.language.as_str(), &*code.text), ("rust", "one\ntwo\n    three\n"));
        assert_eq!(
            (code.first_number, files, warnings),
            (Some(1), vec!["a.rs".to_owned()], vec![])
        );
        let (code, _, warnings) = read("path: a.rs\nstart_line: 2\nend_line: 2");
        assert_eq!((&*code.text, warnings), ("two\n", vec![]));
        for (body, problem) in [
            ("path: b.rs", "could not read `b.rs`: no such file"),
            ("path: a.rs\nstart_line: 9", "`a.rs` has 3 lines, none of them from line 9 on"),
            (
                "path: a.rs\nstart_line: 9\nend_line: 12",
                "`a.rs` has 3 lines, none of them from line 9 to 12",
            ),
            ("path: a.rs\nstart_line: 0", "`start_line` must be a line number"),
            ("path: a.rs\nstart: 1", "unknown key `start`; write"),
            ("just text", "this names no file; write"),
            ("path: @x", "this names no file, as it is not YAML"),
        ] {
            let (code, _, warnings) = read(body);
            assert!(code.lines().eq(body.lines()), "{body}: {code:?}");
            assert!(
                warnings.len() == 1 && warnings[0].starts_with(problem),
                "{body}: {warnings:?}"
            );
        }
    }
}
