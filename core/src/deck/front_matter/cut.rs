//! Where the front matter ends and the slides begin.
//!
//! Nothing is cut off before it is known to be front matter. An opening line before a blank line is
//! a divider (Pandoc's manual, `yaml_metadata_block`), and so is one before anything that is no
//! YAML mapping. Blank lines may stand above it.

use crate::deck::front_matter::fields::{Fields, KNOWN_KEYS};
use crate::deck::front_matter::settings::FrontMatter;
use crate::deck::front_matter::yaml::{YamlEntry, YamlValue, parse_mapping};
use crate::deck::options::DeckOptions;
use crate::deck::position::{LineIndex, Position};
use crate::deck::warning::Warning;
use crate::text;

/// What stands before the slides.
#[derive(Default)]
pub(in crate::deck) struct Head {
    pub(in crate::deck) front_matter: FrontMatter,
    pub(in crate::deck) options: DeckOptions,
    /// All entries as written, with the keys of other tools.
    pub(in crate::deck) entries: Vec<YamlEntry>,
    /// The byte at which the Markdown begins.
    pub(in crate::deck) body: usize,
    pub(in crate::deck) warnings: Vec<Warning>,
}

/// Reads the front matter of `source`.
pub(in crate::deck) fn read_head(source: &str, lines: &LineIndex) -> Head {
    // Editors on Windows put a byte order mark in front; it isn't part of the text.
    let start = source.len() - source.trim_start_matches('\u{feff}').len();
    let found = Opening::of(source, start).map(|opening| opening.find(source));
    let (entries, body, problem) = match found {
        None => (Vec::new(), start, None),
        Some(Found { entries, end, problem }) => (entries, end.unwrap_or(start), problem),
    };
    let fields = Fields::read(&entries);
    let warnings = problem
        .into_iter()
        .chain(fields.warnings)
        .map(|(at, message)| Warning::new(0, at, lines, message))
        .collect();
    Head { front_matter: fields.front_matter, options: fields.options, entries, body, warnings }
}

/// The line `---` that may begin front matter. Only blank lines stand above it.
#[derive(Clone, Copy)]
struct Opening {
    /// The number of the line.
    line: usize,
    /// The byte after it.
    end: usize,
}

/// What follows the opening line.
struct Found {
    entries: Vec<YamlEntry>,
    /// The byte after the front matter; `None` if there is none.
    end: Option<usize>,
    problem: Option<(Position, String)>,
}

impl Found {
    /// Nothing is front matter; `problem` says what may have been meant as such.
    fn nothing(problem: Option<(Position, String)>) -> Self {
        Self { entries: Vec::new(), end: None, problem }
    }
}

impl Opening {
    /// Finds the opening line of `source` from byte `start` on.
    fn of(source: &str, start: usize) -> Option<Self> {
        let mut end = start;
        for (index, line) in source[start..].split_inclusive('\n').enumerate() {
            end += line.len();
            if !line.trim().is_empty() {
                let is_it = line.trim_end() == "---" && line.ends_with('\n');
                return is_it.then_some(Self { line: index + 1, end });
            }
        }
        None
    }

    /// Returns a problem with what this line begins.
    fn problem(self, message: &str) -> (Position, String) {
        (Position { line: self.line, column: 1 }, message.to_owned())
    }

    fn find(self, source: &str) -> Found {
        let rest = &source[self.end..];
        if rest.lines().next().is_none_or(|line| line.trim().is_empty()) {
            let first = rest.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
            let meant = key_of(first).is_some_and(|key| KNOWN_KEYS.contains(&key));
            return Found::nothing(meant.then(|| {
                self.problem(
                    "this `---` is a slide divider, because a blank line follows; front matter \
                     begins on the very next line",
                )
            }));
        }
        let Some((yaml, end)) = closing_line(source, self.end) else {
            return self.unclosed(source);
        };
        match parse_mapping(yaml, self.line + 1) {
            Ok(Some(entries)) if !ends_in_slides(yaml) => {
                Found { entries, end: Some(end), problem: None }
            }
            Ok(None) if !yaml.trim().is_empty() => Found::nothing(Some(self.problem(
                "the lines up to the next `---` are shown on a slide, because they aren't front \
                 matter, which has the form `key: value`",
            ))),
            Ok(None) => Found::nothing(None),
            Err((at, reason)) if is_keys(yaml) => Found {
                entries: read_leniently(yaml, self.line + 1),
                end: Some(end),
                problem: Some((at, format!("the front matter is not valid YAML: {reason}"))),
            },
            Ok(Some(_)) | Err(_) => self.unclosed(source),
        }
    }

    /// Reads front matter that ends without a closing line: at the first blank line or `#`, if what
    /// stands before it is a mapping with a key that is known.
    fn unclosed(self, source: &str) -> Found {
        let mut end = self.end;
        for line in source[self.end..].split_inclusive('\n') {
            if line.starts_with('#') || matches!(line.trim_end(), "" | "---" | "...") {
                break;
            }
            end += line.len();
        }
        let known = |entry: &YamlEntry| KNOWN_KEYS.contains(&entry.key.as_str());
        match parse_mapping(&source[self.end..end], self.line + 1) {
            Ok(Some(entries)) if entries.iter().any(known) => {
                let message = "the front matter is never closed; end it with a line `---`";
                Found { entries, end: Some(end), problem: Some(self.problem(message)) }
            }
            _ => Found::nothing(Some(self.problem(
                "no front matter begins here, so what follows is shown on a slide; front matter \
                 has the form `key: value` and ends with a line `---`",
            ))),
        }
    }
}

/// Returns the YAML from `open` on and the offset after its closing line.
fn closing_line(source: &str, open: usize) -> Option<(&str, usize)> {
    let mut at = open;
    for line in source[open..].split_inclusive('\n') {
        let next = at + line.len();
        // YAML 1.2 section 9.1: `...` ends a document too.
        if matches!(line.trim_end(), "---" | "...") {
            return Some((&source[open..at], next));
        }
        at = next;
    }
    None
}

/// Whether a mapping ends in a heading, which YAML takes for a comment: the closing line is missing,
/// and what stands in its place divides slides. A comment between the keys is none, nor is a key
/// that is commented out.
fn ends_in_slides(yaml: &str) -> bool {
    let last: Vec<&str> = yaml
        .lines()
        .rev()
        .take_while(|line| line.trim().is_empty() || line.starts_with('#'))
        .collect();
    let heading = |line: &&str| {
        let text = line.trim_start_matches('#');
        line.starts_with('#') && text.starts_with(' ') && key_of(text.trim()).is_none()
    };
    let first_blank = last.iter().rposition(|line| line.trim().is_empty());
    first_blank.is_some_and(|blank| last[..blank].iter().any(heading))
}

/// Whether each line is part of a mapping as far as one can tell, even if it is broken.
fn is_keys(yaml: &str) -> bool {
    let mut lines = yaml.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let is_part = |line: &str| {
        line.starts_with([' ', '\t', '}', ']']) || line.starts_with("- ") || key_of(line).is_some()
    };
    lines.next().is_some_and(|first| key_of(first).is_some())
        && lines.all(is_part)
        && !ends_in_slides(yaml)
}

/// Returns the key of a line `key: value`.
fn key_of(line: &str) -> Option<&str> {
    let (key, value) = line.split_once(':')?;
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'');
    let is_key = !key.is_empty() && key.chars().all(word);
    (is_key && (value.is_empty() || value.starts_with([' ', '\t']))).then_some(key)
}

/// Returns the known keys of broken YAML, each with the rest of its line as the value. The first line
/// is line `first` of the file.
fn read_leniently(yaml: &str, first: usize) -> Vec<YamlEntry> {
    let lines = yaml.lines().enumerate().filter_map(|(index, line)| {
        let key = key_of(line).filter(|key| KNOWN_KEYS.contains(key))?;
        let value = line[key.len() + 1..].trim().trim_matches(['"', '\'']);
        let value = match value {
            "" | "~" | "null" => YamlValue::Null,
            value => YamlValue::Text(text::sanitize(value).into_owned()),
        };
        let at = |column| Position { line: first + index, column };
        Some(YamlEntry {
            key: key.to_owned(),
            key_at: at(1),
            value,
            value_at: at(key.chars().count() + 3),
        })
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::front_matter::ColumnMargin;

    fn read(source: &str) -> (FrontMatter, &str, Vec<String>) {
        let head = read_head(source, &LineIndex::new(source));
        let messages = head
            .warnings
            .iter()
            .map(|w| format!("{}:{}: {}", w.position.line, w.position.column, w.message));
        (head.front_matter, &source[head.body..], messages.collect())
    }

    #[test]
    fn blank_lines_may_stand_above() {
        let (front_matter, body, warnings) = read("\n \n---\ntitle: T\nnope: 1\n---\nbody\n");
        assert_eq!((front_matter.title.as_deref(), body), (Some("T"), "body\n"));
        assert!(warnings[0].starts_with("5:1: "), "{warnings:?}");
        let (_, body, warnings) = read("\n---\n\n# A\n");
        assert_eq!((body, warnings.len()), ("\n---\n\n# A\n", 0));
        let (_, _, warnings) = read("\n---\ntitle: T\n# A\n");
        assert!(warnings[0].starts_with("2:1: the front matter is never closed"), "{warnings:?}");
    }

    #[test]
    fn every_key() {
        let source = "---\ntitle: \"It's: here\"\nsub_title: S\nevent: E\nlocation: L\nauthor: A\n\
                      date: 2017-08-18\ntheme: light\nsources: \
                      ../docs/sources.md\noptions:\n  incremental_lists: true\n---\n# Hi\n";
        let (front_matter, body, warnings) = read(source);
        assert_eq!(front_matter.title.as_deref(), Some("It's: here"));
        assert_eq!(front_matter.sub_title.as_deref(), Some("S"));
        assert_eq!(front_matter.event.as_deref(), Some("E"));
        assert_eq!(front_matter.location.as_deref(), Some("L"));
        assert_eq!(front_matter.authors, ["A"]);
        assert_eq!(front_matter.date.as_deref(), Some("2017-08-18"));
        let theme = front_matter.theme.unwrap();
        assert_eq!(theme.name.as_deref(), Some("light"));
        assert_eq!(theme.position, Position { line: 8, column: 8 });
        let sources = front_matter.sources.unwrap();
        assert_eq!(sources.path, "../docs/sources.md");
        assert_eq!(sources.position, Position { line: 9, column: 10 });
        assert_eq!((body, warnings), ("# Hi\n", vec![]));
        assert!(read("---\ntheme: dark\n...\n").0.theme.is_some());
        let head = read_head(source, &LineIndex::new(source));
        assert!(head.options.incremental_lists);
    }

    #[test]
    fn authors_come_in_every_form() {
        for (yaml, expected) in [
            ("author: Ann", vec!["Ann"]),
            ("author: [Ann, Bob]", vec!["Ann", "Bob"]),
            ("authors:\n  - Ann\n  - Bob", vec!["Ann", "Bob"]),
            ("authors:\n- Ann\n- ~\n- name: Bob\n  city: X", vec!["Ann", "Bob"]),
            ("author: |\n  Ann\n\n  Bob", vec!["Ann", "Bob"]),
            ("author: null", vec![]),
            ("author:", vec![]),
            ("author: ''", vec![]),
        ] {
            let source = format!("---\n{yaml}\n---\n# Hi\n");
            let (front_matter, body, warnings) = read(&source);
            assert_eq!(front_matter.authors, expected, "{yaml}");
            assert_eq!((body, warnings), ("# Hi\n", vec![]), "{yaml}");
        }
    }

    #[test]
    fn block_scalars_are_one_line_and_nothing_is_nothing() {
        let (front_matter, _, warnings) = read(
            "---\ntitle: >\n  folded\n  title\nsub_title: |\n  a\n  b\n# a comment\ndate:\n---\n",
        );
        assert_eq!(front_matter.title.as_deref(), Some("folded title"));
        assert_eq!(front_matter.sub_title.as_deref(), Some("a b"));
        assert_eq!((front_matter.date, warnings), (None, vec![]));
    }

    #[test]
    fn a_theme_is_a_name_or_a_mapping() {
        let theme = |yaml: &str| read(&format!("---\n{yaml}\n---\n")).0.theme;
        assert_eq!(theme("theme: Dark").unwrap().name.as_deref(), Some("Dark"));
        let setting = theme(
            "theme:\n  name: light\n  path: my.toml\n  override:\n    default:\n      colors:\n        \
             background: \"#fff\"\n    margin: 3",
        )
        .unwrap();
        assert_eq!(setting.name.as_deref(), Some("light"));
        assert_eq!(setting.path.as_deref(), Some("my.toml"));
        let colors = [("default.colors.background", "#fff"), ("margin", "3")];
        assert_eq!(setting.colors, colors.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(theme("theme:"), None);
        let (_, _, warnings) = read("---\ntheme: [a]\n---\n");
        assert!(warnings[0].starts_with("2:8: `theme` must be a name"), "{warnings:?}");
        let (_, _, warnings) = read("---\ntheme:\n  nam: a\n---\n");
        assert!(
            warnings[0].starts_with("3:3: unknown theme key `nam` (did you mean"),
            "{warnings:?}"
        );
    }

    #[test]
    fn the_space_between_columns_is_no_colour() {
        let read_margin = |margin: &str| {
            let (front_matter, _, warnings) =
                read(&format!("---\ntheme:\n  override:\n    column_layout: {margin}\n---\n"));
            (front_matter.theme, warnings)
        };
        let asked = |margin: &str| {
            let (theme, warnings) = read_margin(margin);
            assert_eq!(warnings, [] as [&str; 0]);
            let theme = theme.expect(margin);
            assert_eq!(theme.colors, []);
            theme.column_margin
        };
        assert_eq!(asked("{margin: {fixed: 100}}"), Some(ColumnMargin::Fixed(100)));
        assert_eq!(asked("{margin: {percent: 50}}"), Some(ColumnMargin::Percent(50)));
        for nothing in ["", "{margin:}", "{margin: {}}"] {
            assert_eq!(read_margin(nothing), (None, vec![]), "{nothing}");
        }
        for (wrong, message) in [
            ("3", "4:20: `column_layout` must be a mapping, such as `margin: ...`"),
            ("{margin: 3}", "4:29: `margin` must be a mapping, such as `fixed: 4`"),
            ("{margn: 3}", "4:21: unknown key `margn` of `column_layout`; expected: margin"),
            ("{margin: {fixed: 101}}", "4:37: `fixed` must be a number from 0 to 100"),
            ("{margin: {fixed: -1}}", "4:37: `fixed` must be a number from 0 to 100"),
            ("{margin: {fixed: [1]}}", "4:37: `fixed` must be a number from 0 to 100"),
            ("{margin: {percent: 51}}", "4:39: `percent` must be a number from 0 to 50"),
            ("{margin: {percent: 5%}}", "4:39: `percent` must be a number from 0 to 50"),
            (
                "{margin: {fixd: 4}}",
                "4:30: unknown margin `fixd` (did you mean `fixed`?); expected one of: fixed, \
                 percent",
            ),
        ] {
            assert_eq!(read_margin(wrong), (None, vec![message.to_owned()]), "{wrong}");
        }
    }

    #[test]
    fn what_is_odd_is_reported_with_its_place_and_the_rest_stands() {
        let (front_matter, _, warnings) = read(
            "---\ntitel: x\ndate: [1]\nauthor: B\nlayout: c\nmdc: 1\ntitle: a\ntitle: b\n---\n",
        );
        assert_eq!(
            (front_matter.authors, front_matter.title),
            (vec!["B".into()], Some("b".into()))
        );
        let known =
            "title, sub_title, event, location, date, author, authors, theme, sources, options";
        assert_eq!(
            warnings,
            [
                format!(
                    "2:1: unknown front matter key `titel` (did you mean `title`?); expected one \
                     of: {known}"
                ),
                "3:7: `date` must be a single string; write `date: ...`".to_owned(),
                "8:1: `title` appears twice; the last one counts".to_owned(),
                format!(
                    "5:1: front matter keys of other tools have no effect: `layout`, `mdc`; those \
                     with one: {known}"
                ),
            ]
        );
        let lenient = "---\nlayout: c\noptions:\n  strict_front_matter_parsing: false\n---\n";
        assert_eq!(read(lenient).2, [] as [&str; 0]);
    }

    #[test]
    fn what_is_no_mapping_stays_on_a_slide() {
        for source in [
            "---\n\n# One\n\ntext\n\n---\n\n# Two\n",
            "---\n# The first slide\n---\n# The second\n",
            "---\nSome prose.\n---\nMore.\n",
            "---\nSome: prose\nand more of it.\n\n---\nMore.\n",
            "---\n- a\n- b\n---\n",
            "---\n---\n# Hi\n",
            "---\nprose that never ends\n",
            "---\n",
        ] {
            assert_eq!(read(source).1, source);
        }
        assert_eq!(read("---\n\n# One\n").2, [] as [&str; 0]);
        assert!(read("---\nSome prose.\n---\n").2[0].starts_with("1:1: the lines up to the next"));
        assert!(
            read("---\n\ntitle: x\n---\n").2[0].starts_with("1:1: this `---` is a slide divider")
        );
    }

    #[test]
    fn broken_yaml_and_an_open_end_lose_no_slide() {
        let (front_matter, body, warnings) = read("---\ntitle: \"x\ndate: y\n---\n# Hi\n");
        assert_eq!(body, "# Hi\n");
        assert!(warnings[0].contains("is not valid YAML"), "{warnings:?}");
        assert_eq!(
            (front_matter.title.as_deref(), front_matter.date.as_deref()),
            (Some("x"), Some("y"))
        );
        let (_, _, warnings) = read("---\nauthor: A\ntitle: @x\n---\n");
        let place = "3:8: the front matter is not valid YAML: ";
        assert!(warnings.len() == 1 && warnings[0].starts_with(place), "{warnings:?}");
        let never = "1:1: the front matter is never closed; end it with a line `---`";
        for rest in [
            "# Hi\n",
            "\n# The opening slide\n\ntext one\n\n---\n\n## Second\n",
            "\n# The opening slide\n\n---\n\n## Second\n",
            "\ntext one\n\n---\n",
            "",
        ] {
            let source = format!("---\ntitle: x\nauthor: Me\n{rest}");
            let (front_matter, body, warnings) = read(&source);
            assert_eq!(front_matter.title.as_deref(), Some("x"), "{rest}");
            assert_eq!((body, warnings), (rest, vec![never.to_owned()]));
        }
    }

    #[test]
    fn a_comment_at_the_end_is_no_heading() {
        for yaml in ["title: x\n\n# theme: dark\n", "title: x\n# about me\nauthor: y\n"] {
            let source = format!("---\n{yaml}---\n# Hi\n");
            assert_eq!((read(&source).1, read(&source).2), ("# Hi\n", vec![]), "{yaml}");
        }
    }

    #[test]
    fn a_deck_without_front_matter_begins_at_its_first_byte() {
        assert_eq!(read("# Hi\n---\n").1, "# Hi\n---\n");
        assert_eq!(read("\u{feff}# Hi\n").1, "# Hi\n");
    }
}
