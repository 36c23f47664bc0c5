//! HTML comments with a meaning: `<!-- pause -->` and the other directives.
//!
//! This module only reads directives; `division` and `block_reader` carry them out.

use saphyr_parser::{Event, Parser};

use crate::deck::{ColumnAlign, Depth};
use crate::text::suggest;

/// The directive that a comment contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    /// `<!-- pause -->`
    Pause,
    /// `<!-- end_slide -->`
    EndSlide,
    /// `<!-- section: NAME -->`
    Section(String),
    /// `<!-- depth: deep -->`
    Depth(Depth),
    /// `<!-- speaker_note: TEXT -->`
    SpeakerNote(String),
    /// `<!-- new_line -->`, `<!-- new_lines: 2 -->`
    BlankRows(u16),
    /// `<!-- incremental_lists: true -->`
    IncrementalLists(bool),
    /// `<!-- incremental_tables: true -->`
    IncrementalTables(bool),
    /// `<!-- list_item_newlines: 2 -->`
    ListItemNewlines(u16),
    /// `<!-- column_layout: [2, 1] -->`: the weights of the columns.
    ColumnLayout(Vec<u16>),
    /// `<!-- column: 0 -->`: what follows stands in this column.
    Column(usize),
    /// `<!-- reset_layout -->`
    ResetLayout,
    /// `<!-- alignment: center -->`
    Alignment(Option<ColumnAlign>),
    /// `<!-- font_size: 2 -->`, 1 to 7
    FontSize(u8),
    /// `<!-- jump_to_middle -->`
    JumpToMiddle,
    /// `<!-- no_footer -->`
    NoFooter,
    /// `<!-- skip_slide -->`
    SkipSlide,
    /// `<!-- include: PATH -->`
    Include(String),
    /// Any other comment. It is not shown and has no effect.
    Comment,
    /// A misspelt or misused directive; the text says what is wrong and how to fix it.
    Invalid(String),
}

/// A row of the table of directives.
struct Form {
    name: &'static str,
    /// A value as people write it; empty if the directive takes none.
    sample: &'static str,
    /// Reads the value. `None` means that it is no value of this directive.
    read: fn(&Value) -> Option<Directive>,
}

/// The largest number of blank rows that one directive adds.
const MAX_BLANK_ROWS: u16 = 200;
/// The largest number of columns in a layout.
pub(super) const MAX_COLUMNS: usize = 16;

/// The directives. All but `section` and `depth` are presenterm's comment commands.
const FORMS: [Form; 23] = [
    Form { name: "pause", sample: "", read: |_| Some(Directive::Pause) },
    Form { name: "end_slide", sample: "", read: |_| Some(Directive::EndSlide) },
    Form { name: "section", sample: "NAME", read: |value| value.raw(Directive::Section) },
    Form { name: "depth", sample: "deep", read: read_depth },
    Form { name: "speaker_note", sample: "TEXT", read: |value| value.text(Directive::SpeakerNote) },
    Form { name: "new_line", sample: "", read: |_| Some(Directive::BlankRows(1)) },
    Form { name: "newline", sample: "", read: |_| Some(Directive::BlankRows(1)) },
    Form { name: "new_lines", sample: "2", read: read_blank_rows },
    Form { name: "newlines", sample: "2", read: read_blank_rows },
    Form { name: "jump_to_middle", sample: "", read: |_| Some(Directive::JumpToMiddle) },
    Form { name: "column_layout", sample: "[1, 2]", read: read_columns },
    Form {
        name: "column",
        sample: "0",
        read: |value| value.scalar()?.parse().ok().map(Directive::Column),
    },
    Form { name: "reset_layout", sample: "", read: |_| Some(Directive::ResetLayout) },
    Form {
        name: "incremental_lists",
        sample: "true",
        read: |value| value.switch().map(Directive::IncrementalLists),
    },
    Form {
        name: "incremental_tables",
        sample: "true",
        read: |value| value.switch().map(Directive::IncrementalTables),
    },
    Form { name: "list_item_newlines", sample: "2", read: read_item_newlines },
    Form { name: "no_footer", sample: "", read: |_| Some(Directive::NoFooter) },
    Form { name: "font_size", sample: "2", read: read_font_size },
    Form { name: "alignment", sample: "center", read: read_alignment },
    Form { name: "skip_slide", sample: "", read: |_| Some(Directive::SkipSlide) },
    Form { name: "include", sample: "file.md", read: |value| value.text(Directive::Include) },
    Form { name: "snippet_output", sample: "NAME", read: refuse_output },
    Form { name: "comment", sample: "TEXT", read: |_| Some(Directive::Comment) },
];

fn read_depth(value: &Value) -> Option<Directive> {
    Some(Directive::Depth(match value.scalar()?.as_str() {
        "core" => Depth::Core,
        "deep" => Depth::Deep,
        "study" => Depth::Study,
        _ => return None,
    }))
}

fn read_blank_rows(value: &Value) -> Option<Directive> {
    let rows: u32 = value.scalar()?.parse().ok()?;
    Some(Directive::BlankRows(u16::try_from(rows).unwrap_or(u16::MAX).min(MAX_BLANK_ROWS)))
}

fn read_item_newlines(value: &Value) -> Option<Directive> {
    let rows: u8 = value.scalar()?.parse().ok()?;
    (rows > 0).then_some(Directive::ListItemNewlines(rows.into()))
}

fn read_columns(value: &Value) -> Option<Directive> {
    let Value::List(items) = value else { return None };
    let weights: Option<Vec<u16>> =
        items.iter().map(|item| item.parse::<u8>().ok().map(u16::from)).collect();
    let weights = weights.filter(|all| !all.is_empty() && !all.contains(&0))?;
    (weights.len() <= MAX_COLUMNS).then_some(Directive::ColumnLayout(weights))
}

fn read_font_size(value: &Value) -> Option<Directive> {
    let size: u8 = value.scalar()?.parse().ok()?;
    (1..=7).contains(&size).then_some(Directive::FontSize(size))
}

fn read_alignment(value: &Value) -> Option<Directive> {
    Some(Directive::Alignment(match value.scalar()?.as_str() {
        "left" => Some(ColumnAlign::Left),
        "center" => Some(ColumnAlign::Center),
        "right" => Some(ColumnAlign::Right),
        // Behind what another tool centres, its own alignment comes back.
        "none" => None,
        _ => return None,
    }))
}

/// Tells why the output of code is not shown.
#[expect(clippy::unnecessary_wraps, reason = "every directive of the table is read like this")]
fn refuse_output(_: &Value) -> Option<Directive> {
    let message = "this shows the output of code, but wiretalk never runs code from a deck; paste \
                   the output as a code block";
    Some(Directive::Invalid(message.to_owned()))
}

/// What follows the colon of a directive.
enum Value {
    Scalar {
        raw: String,
        yaml: String,
    },
    List(Vec<String>),
    /// A YAML mapping, or what is no YAML at all.
    Raw(String),
}

impl Value {
    /// Reads the value of `comment`, which presenterm takes for a YAML mapping of one key.
    fn read(comment: &str, raw: &str) -> Self {
        let raw = raw.to_owned();
        let mut items = Vec::new();
        let mut is_list = false;
        for event in Parser::new_from_str(comment) {
            match event {
                Ok((Event::Scalar(text, ..), _)) => items.push(text.into_owned()),
                Ok((Event::SequenceStart(..), _)) => is_list = true,
                Ok(_) => {}
                Err(_) => return Self::Raw(raw),
            }
        }
        if items.is_empty() {
            return Self::Raw(raw);
        }
        items.remove(0);
        match items.len() {
            _ if is_list => Self::List(items),
            1 => Self::Scalar { raw, yaml: items.remove(0) },
            _ => Self::Raw(raw),
        }
    }

    fn scalar(&self) -> Option<&String> {
        match self {
            Self::Scalar { yaml, .. } => Some(yaml),
            Self::List(_) | Self::Raw(_) => None,
        }
    }

    fn switch(&self) -> Option<bool> {
        self.scalar()?.parse().ok()
    }

    /// Returns the text as YAML has it where it is quoted or a block, and else as it is written.
    fn text(&self, directive: fn(String) -> Directive) -> Option<Directive> {
        let text = match self {
            Self::Scalar { raw, yaml } if raw.starts_with(['|', '>', '"', '\'']) => yaml.trim_end(),
            Self::Raw(raw) if raw.starts_with(['|', '>']) => {
                raw.split_once('\n').map_or("", |(_, lines)| lines.trim_end())
            }
            Self::Scalar { raw, .. } | Self::Raw(raw) => raw,
            Self::List(_) => return None,
        };
        let text = text.trim_start_matches('\n');
        (!text.is_empty()).then(|| directive(text.to_owned()))
    }

    /// Returns the text as it is written.
    fn raw(&self, directive: fn(String) -> Directive) -> Option<Directive> {
        match self {
            Self::Scalar { raw, .. } | Self::Raw(raw) if !raw.is_empty() => {
                Some(directive(raw.clone()))
            }
            _ => None,
        }
    }
}

/// Returns the name in a comment, and what follows the colon behind it.
fn split_name(comment: &str) -> (&str, Option<&str>) {
    match comment.split_once(':') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (comment, None),
    }
}

/// Parses the text between `<!--` and `-->`.
pub(super) fn parse_directive(comment: &str) -> Directive {
    let comment = comment.trim();
    let (name, value) = split_name(comment);
    let Some(form) = FORMS.iter().find(|form| form.name == name) else {
        return unknown(comment, name);
    };
    match value {
        Some(_) if form.sample.is_empty() => {
            Directive::Invalid(format!("`{name}` takes no value; write `<!-- {name} -->`"))
        }
        None if form.sample.is_empty() => {
            (form.read)(&Value::Raw(String::new())).unwrap_or(Directive::Comment)
        }
        Some("") | None => missing(form),
        Some(raw) => (form.read)(&Value::read(comment, raw)).unwrap_or_else(|| {
            Directive::Invalid(format!(
                "`{name}` can't be `{raw}`; write for example `<!-- {name}: {} -->`",
                form.sample
            ))
        }),
    }
}

/// Says that a directive lacks its value, unless the comment can be a remark of one word.
fn missing(form: &Form) -> Directive {
    let (name, sample) = (form.name, form.sample);
    if matches!(name, "comment" | "include" | "column" | "alignment") {
        return Directive::Comment;
    }
    let kind = if sample.chars().all(char::is_uppercase) { "text" } else { "a value" };
    Directive::Invalid(format!("`{name}` needs {kind}; write `<!-- {name}: {sample} -->`"))
}

/// Judges a comment that is no directive: a slip of the pen is told, a remark is left alone.
fn unknown(comment: &str, name: &str) -> Directive {
    // presenterm takes a comment of several lines that is no command for a remark, as well as `//`
    // and the modelines and folds of vim.
    let is_remark = comment.contains('\n')
        || ["//", "vim", "{{{", "}}}"].iter().any(|start| comment.starts_with(start));
    if is_remark {
        return Directive::Comment;
    }
    let names: Vec<&str> = FORMS.iter().map(|form| form.name).collect();
    let is_command = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    if let Some(meant) = suggest(name, &names) {
        let form = FORMS.iter().find(|form| form.name == meant);
        let sample = form.map_or("", |form| form.sample);
        let colon = if sample.is_empty() { "" } else { ": " };
        return Directive::Invalid(format!(
            "unknown directive `{name}` (did you mean `{meant}`?); write `<!-- \
             {meant}{colon}{sample} -->`"
        ));
    }
    if name.contains('_') && name.chars().all(is_command) {
        return Directive::Invalid(format!(
            "unknown directive `{name}`; it has no effect. Begin a remark with `//`"
        ));
    }
    Directive::Comment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directives_of_our_own() {
        assert_eq!(parse_directive(" pause "), Directive::Pause);
        assert_eq!(parse_directive("end_slide"), Directive::EndSlide);
        assert_eq!(parse_directive("section: Frames"), Directive::Section("Frames".into()));
        assert_eq!(
            parse_directive("speaker_note: say: hello"),
            Directive::SpeakerNote("say: hello".into())
        );
        assert_eq!(parse_directive("depth: study"), Directive::Depth(Depth::Study));
    }

    /// What `presenterm --list-comment-commands` prints, and what its main branch adds.
    const LISTED: &str = include_str!("../../../tests/decks/presenterm-0.16.1-commands.txt");

    #[test]
    fn every_command_of_presenterm_is_carried_out_or_named() {
        let mut names = Vec::new();
        for line in LISTED.lines().filter(|line| !line.starts_with('#')) {
            let inner = line.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->"));
            let comment = inner.unwrap_or_else(|| panic!("{line}"));
            let found = parse_directive(comment);
            let name = split_name(comment.trim()).0;
            names.push(name);
            match name {
                "snippet_output" => {
                    let Directive::Invalid(text) = found else { panic!("{line}: {found:?}") };
                    assert!(text.contains("never runs code"), "{text}");
                }
                "comment" => assert_eq!(found, Directive::Comment),
                _ => assert!(
                    !matches!(found, Directive::Invalid(_) | Directive::Comment),
                    "{line}: {found:?}"
                ),
            }
        }
        let ours = ["section", "depth"];
        // Other ways of writing what is listed.
        let aliases = ["newline", "newlines"];
        for form in FORMS {
            let is_listed = names.contains(&form.name);
            assert!(is_listed || ours.contains(&form.name) || aliases.contains(&form.name));
        }
        assert!(names.len() >= 22, "{names:?}");
    }

    #[test]
    fn values_are_read_as_yaml() {
        let parsed = |comment: &str| parse_directive(comment);
        assert_eq!(parsed("column_layout: [3, 2]"), Directive::ColumnLayout(vec![3, 2]));
        assert_eq!(parsed("\ncolumn_layout:\n  - 1\n  - 2\n"), Directive::ColumnLayout(vec![1, 2]));
        assert_eq!(parsed("font_size: 7"), Directive::FontSize(7));
        assert_eq!(parsed("newlines: 4"), Directive::BlankRows(4));
        assert_eq!(parsed("new_lines: 4000000000"), Directive::BlankRows(MAX_BLANK_ROWS));
        let note = |text: &str| Directive::SpeakerNote(text.into());
        assert_eq!(parsed(" speaker_note: |\n  one\n    two\n"), note("one\n  two"));
        assert_eq!(parsed("\nspeaker_note: |\n\n  block\n"), note("block"));
        assert_eq!(parsed("speaker_note: |\nnot indented"), note("not indented"));
        assert_eq!(parsed("speaker_note: \"a: b\""), note("a: b"));
        assert_eq!(parsed("speaker_note: a **b**\n- c # d\n- e"), note("a **b**\n- c # d\n- e"));
        assert_eq!(parsed("include: \"a b.md\""), Directive::Include("a b.md".into()));
    }

    #[test]
    fn what_is_no_value_of_a_directive_is_told_with_one_that_is() {
        for wrong in [
            "column_layout: []",
            "column_layout: [0]",
            "column_layout: [1, 0]",
            "column_layout: 2",
            "column_layout: [1, 300]",
            "column: -1",
            "font_size: 0",
            "font_size: 8",
            "alignment: middle",
            "incremental_lists: maybe",
            "list_item_newlines: 0",
            "new_lines: many",
            "depth: deeper",
        ] {
            let Directive::Invalid(text) = parse_directive(wrong) else { panic!("{wrong}") };
            let (name, value) = wrong.split_once(": ").unwrap();
            assert!(text.starts_with(&format!("`{name}` can't be `{value}`; write")), "{text}");
        }
    }

    #[test]
    fn a_name_that_looks_like_a_command_is_told_and_prose_is_not() {
        for (odd, hint) in
            [("user_comment", "begin a remark"), ("speaker_notes: x", "speaker_note")]
        {
            let Directive::Invalid(text) = parse_directive(odd) else { panic!("{odd}") };
            assert!(text.to_lowercase().contains(hint), "{text}");
        }
        for remark in [
            "// a_remark",
            "vim: set_this",
            "{{{",
            "}}}",
            "draft",
            "column",
            "prettier-ignore",
            "snake_case\nover lines",
            "see RFC 6455: masking_key",
        ] {
            assert_eq!(parse_directive(remark), Directive::Comment, "{remark}");
        }
    }

    #[test]
    fn a_slip_is_reported_and_a_remark_is_left_alone() {
        assert!(
            matches!(parse_directive("puase"), Directive::Invalid(text) if text.contains("did you mean `pause`"))
        );
        assert!(
            matches!(parse_directive("pause: 3"), Directive::Invalid(text) if text.contains("takes no value"))
        );
        assert!(
            matches!(parse_directive("section"), Directive::Invalid(text) if text.contains("needs text"))
        );
        for empty in ["section:", "section: ", "speaker_note", "speaker_note: "] {
            let Directive::Invalid(text) = parse_directive(empty) else { panic!("{empty}") };
            assert!(text.contains("needs text"), "{empty}: {text}");
        }
        assert_eq!(parse_directive("TODO: find a better picture"), Directive::Comment);
    }
}
