//! The info string of a code fence: the language, and what decks of other tools ask for beside it.
//!
//! presenterm's `rust +line_numbers {1,3|5-7}`, Slidev's `ts {2,3}`, reveal-md's `js [1|2]`, Pandoc's
//! `{.go .numberLines}`, rustdoc's `rust,ignore`, Docusaurus' `js title="app.js"`.

use std::ops::RangeInclusive;

use crate::deck::LineSelection;
use crate::text;
use crate::text::did_you_mean;

/// The language of a fence and how its code is shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CodeInfo {
    /// The language in lower case.
    pub(super) language: String,
    pub(super) first_number: Option<usize>,
    pub(super) highlights: Vec<LineSelection>,
    pub(super) hides_background: bool,
    /// The attribute that asks for the code to be run.
    pub(super) runs: Option<&'static str>,
    /// Whether lines can be hidden, because the code is meant for a compiler too.
    pub(super) hides_lines: bool,
    /// Sentences about what is wrong.
    pub(super) problems: Vec<String>,
}

/// The attributes of presenterm that ask for code to be run, in any way.
const RUNNING: [&str; 7] =
    ["exec", "auto_exec", "exec_replace", "pty", "acquire_terminal", "image", "render"];

/// All attributes of presenterm; those that end in a colon have a value.
const ATTRIBUTES: [&str; 13] = [
    "line_numbers",
    "no_background",
    "exec",
    "auto_exec",
    "exec_replace",
    "pty",
    "acquire_terminal",
    "image",
    "render",
    "validate",
    "id:",
    "width:",
    "expect:",
];

impl CodeInfo {
    /// Reads an info string.
    pub(super) fn read(info: &str) -> Self {
        let mut found = Self::default();
        let info = info.trim();
        let end = info
            .find(|c: char| c.is_whitespace() || matches!(c, '{' | ',' | ':'))
            .unwrap_or(info.len());
        found.set_language(&info[..end]);
        let mut rest = &info[end..];
        if rest.starts_with([',', ':']) {
            // Rust's `rust,ignore` and the file's name in `js:app.js` are not for the audience.
            rest =
                &rest[rest.find(|c: char| c.is_whitespace() || c == '{').unwrap_or(rest.len())..];
        }
        loop {
            rest = rest.trim_start();
            let Some(first) = rest.chars().next() else { return found };
            rest = match first {
                '{' => found.bracketed(&rest[1..], '}'),
                '[' => found.bracketed(&rest[1..], ']'),
                _ => found.word(rest),
            };
        }
    }

    fn set_language(&mut self, word: &str) {
        self.language = text::sanitize(&word.to_lowercase()).into_owned();
    }

    /// Reads the word that `rest` begins with, and returns what follows it.
    fn word<'i>(&mut self, rest: &'i str) -> &'i str {
        let mut quote = None;
        let end = rest.find(|c: char| {
            if let Some(open) = quote {
                quote = quote.filter(|_| c != open);
                return false;
            }
            if matches!(c, '"' | '\'') {
                quote = Some(c);
            }
            c.is_whitespace() || c == '{'
        });
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        match word.strip_prefix('+') {
            Some(attribute) => self.attribute(attribute),
            None if ATTRIBUTES[..2].contains(&word) => {
                self.problems.push(format!("`{word}` has no effect; write `+{word}`"));
            }
            None if matches!(word, "showLineNumbers" | "linenos" | "numberLines") => {
                self.first_number = Some(1);
            }
            // Other tools have many words of their own here.
            None => {}
        }
        after
    }

    fn attribute(&mut self, attribute: &str) {
        let (name, value) = match attribute.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (attribute, None),
        };
        match name {
            "line_numbers" => self.first_number = Some(1),
            "no_background" => self.hides_background = true,
            "validate" => self.hides_lines = true,
            "id" | "width" | "expect" if value.is_some() => {}
            _ => {
                let running = RUNNING.into_iter().find(|known| *known == name);
                if running.is_some() {
                    self.hides_lines = true;
                    self.runs = self.runs.or(running);
                } else {
                    let meant = did_you_mean(name, &ATTRIBUTES);
                    let message = format!("unknown attribute `+{name}`{meant}");
                    self.problems.push(text::sanitize(&message).into_owned());
                }
            }
        }
    }

    /// Reads what stands in brackets after the opening one, and returns what follows them.
    fn bracketed<'i>(&mut self, rest: &'i str, closing: char) -> &'i str {
        let Some((inner, after)) = rest.split_once(closing) else {
            self.problems.push(format!("`{closing}` is missing at the end of the line"));
            return "";
        };
        let inner = inner.trim();
        // In square brackets, a number in front is that of the first line; a word is a title.
        let (start, lines) = match inner.split_once(':') {
            Some((start, lines)) if closing == ']' => (line_number(start), lines),
            _ => (None, inner),
        };
        match selections(lines) {
            Ok(highlights) => {
                self.first_number = start.or(self.first_number);
                self.highlights = highlights;
            }
            Err(_) if closing == ']' || self.options(inner) => {}
            Err(problem) => {
                self.problems.push(text::sanitize(&problem.to_string()).into_owned());
            }
        }
        after
    }

    /// Reads Pandoc's classes and the options of Slidev, and returns whether `inner` is that.
    fn options(&mut self, inner: &str) -> bool {
        let is_pandoc = self.language.is_empty();
        let mut is_known = false;
        for word in inner.split(|c: char| c.is_whitespace() || c == ',') {
            match (word.split_once(['=', ':']), word.strip_prefix('.')) {
                (Some((key, value)), _) => {
                    let value = value.trim_matches(['"', '\'']);
                    match key {
                        "lines" if value == "true" => {
                            self.first_number = self.first_number.or(Some(1));
                        }
                        "startLine" | "startFrom" => {
                            self.first_number = line_number(value).or(self.first_number);
                        }
                        _ => {}
                    }
                    is_known = true;
                }
                (_, Some("numberLines" | "number-lines")) => {
                    self.first_number = self.first_number.or(Some(1));
                    is_known = true;
                }
                (_, class) if is_pandoc => {
                    let word = class.unwrap_or(word);
                    if self.language.is_empty() && !word.starts_with('#') {
                        self.set_language(word);
                    }
                    is_known = true;
                }
                (_, class) => is_known |= class.is_some() || word.starts_with('#'),
            }
        }
        is_known
    }
}

/// Why lines of code can't be pointed out.
#[derive(Debug, thiserror::Error)]
enum InvalidLines {
    #[error("`{0}` isn't a line number; write for example `{{1,3|5-7|all}}`")]
    NoNumber(String),
    #[error("the lines `{first}-{last}` end before they begin; write `{last}-{first}`")]
    Reversed { first: usize, last: usize },
}

/// Reads steps of lines, such as `1,3|5-7|all`.
fn selections(text: &str) -> Result<Vec<LineSelection>, InvalidLines> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split('|').map(selection).collect()
}

fn selection(text: &str) -> Result<LineSelection, InvalidLines> {
    let mut ranges = Vec::new();
    let mut has_all = false;
    for part in text.split(',').map(str::trim) {
        match part {
            "all" | "*" => has_all = true,
            "none" | "hide" | "" => {}
            _ => ranges.push(range(part)?),
        }
    }
    Ok(if has_all { LineSelection::All } else { LineSelection::Lines(ranges) })
}

fn range(text: &str) -> Result<RangeInclusive<usize>, InvalidLines> {
    let number = |text: &str| {
        let problem = || InvalidLines::NoNumber(text.to_owned());
        line_number(text).filter(|&number| number > 0).ok_or_else(problem)
    };
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    if first > last {
        return Err(InvalidLines::Reversed { first, last });
    }
    Ok(first..=last)
}

/// Returns the number of a line, which no file has more of than 32 bits can count.
fn line_number(text: &str) -> Option<usize> {
    text.trim().parse::<u32>().ok().and_then(|number| usize::try_from(number).ok())
}

/// Returns what stands before lines that presenterm hides in a language.
pub(super) fn hidden_prefix(language: &str) -> Option<&'static str> {
    match language {
        "rust" => Some("# "),
        "python" | "bash" | "fish" | "shell" | "sh" | "zsh" | "kotlin" | "java" | "javascript"
        | "js" | "typescript" | "ts" | "c" | "c++" | "cpp" | "go" => Some("/// "),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(info: &str) -> CodeInfo {
        let info = CodeInfo::read(info);
        assert_eq!(info.problems, [] as [&str; 0], "{info:?}");
        info
    }

    #[test]
    fn the_first_word_names_the_language() {
        for (info, language) in [
            ("Rust", "rust"),
            ("rust,ignore", "rust"),
            ("rust, should_panic", "rust"),
            ("js:src/app.js {1}", "js"),
            ("{.go .numberLines startFrom=\"10\"}", "go"),
            ("{#id .haskell}", "haskell"),
            ("{r, echo=FALSE}", "r"),
            ("ts{2,3}", "ts"),
            ("ts {2,3} twoslash", "ts"),
            ("go title=\"a {b}.go\"", "go"),
            ("C++", "c++"),
            ("c#", "c#"),
            ("", ""),
            ("  ", ""),
            ("{1,2}", ""),
        ] {
            assert_eq!(read(info).language, language, "{info}");
        }
        assert_eq!(read("{.go .numberLines startFrom=\"10\"}").first_number, Some(10));
    }

    #[test]
    fn lines_stand_out_step_by_step() {
        let lines = |ranges: &[RangeInclusive<usize>]| LineSelection::Lines(ranges.to_vec());
        let expected = [lines(&[1..=1, 3..=3]), lines(&[5..=7]), LineSelection::All];
        for info in
            ["rust {1,3|5-7|all}", "rust {1, 3 | 5-7 | *}", "js [1,3|5-7|*]", "x [4: 1,3|5-7|all]"]
        {
            assert_eq!(read(info).highlights, expected, "{info}");
        }
        assert_eq!(read("x [4: 1]").first_number, Some(4));
        assert_eq!(read("x {none|1}").highlights, [lines(&[]), lines(&[1..=1])]);
        assert_eq!(read("x {}").highlights, []);
        assert_eq!(read("ts {2}{lines:true,startLine:5}").first_number, Some(5));
        assert_eq!(read("ts [app.ts]").highlights, []);
        let most = usize::MAX;
        for info in [format!("x [{most}: 1]"), format!("x {{startLine:{most}}}")] {
            assert_eq!(read(&info).first_number, None, "{info}");
        }
        assert_eq!(CodeInfo::read(&format!("x {{{most}}}")).problems.len(), 1);
    }

    #[test]
    fn attributes_of_presenterm_are_known() {
        let info = read("rust +exec:rust-script +line_numbers {1} +no_background +id:a +width:5%");
        assert_eq!(
            (info.runs, info.first_number, info.hides_background),
            (Some("exec"), Some(1), true)
        );
        assert!(info.hides_lines && info.highlights.len() == 1);
        let info = read("rust +validate");
        assert!(info.hides_lines && info.runs.is_none());
        for name in RUNNING {
            assert_eq!(read(&format!("x +{name}")).runs, Some(name));
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (info, problem) in [
            (
                "rust +line_number",
                "unknown attribute `+line_number` (did you mean `line_numbers`?)",
            ),
            ("rust +id", "unknown attribute `+id`"),
            ("rust line_numbers", "`line_numbers` has no effect; write `+line_numbers`"),
            ("rust {1", "`}` is missing at the end of the line"),
            ("rust {0}", "`0` isn't a line number; write for example `{1,3|5-7|all}`"),
            ("rust {7-5}", "the lines `7-5` end before they begin; write `5-7`"),
            ("rust {99999999999999999999}", "`99999999999999999999` isn't a line number"),
            ("rust {one}", "`one` isn't a line number"),
        ] {
            let problems = CodeInfo::read(info).problems;
            assert!(
                problems.len() == 1 && problems[0].starts_with(problem),
                "{info}: {problems:?}"
            );
        }
    }
}
