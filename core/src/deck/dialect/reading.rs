//! How the body of a deck is read: its dialect, what divides its slides, its text in our notation.

use std::borrow::Cow;
use std::cell::LazyCell;

use crate::deck::dialect::detect::detect;
use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::outline::{Outline, is_rule};
use crate::deck::dialect::pieces::{self, Piece, PieceKind};
use crate::deck::dialect::rewrite;
use crate::deck::dialect::title_block::TitleBlock;
use crate::deck::dialect::writer::Places;
use crate::deck::division::Dividers;
use crate::deck::front_matter::{Head, YamlEntry, YamlValue, parse_mapping};

/// How many headings of a level it takes to divide a deck that says nothing about its slides.
const MIN_HEADINGS: usize = 3;

/// The body of a deck as it is read.
#[derive(Debug)]
pub(in crate::deck) struct Reading<'a> {
    pub(in crate::deck) dialect: Dialect,
    /// The byte of the file that shows the dialect.
    pub(in crate::deck) evidence: Option<usize>,
    /// What stands above the slides, in dialects that do not use YAML for it.
    pub(in crate::deck) title: TitleBlock,
    pub(in crate::deck) dividers: Dividers,
    /// Whether the dialect lets all lists appear item by item.
    pub(in crate::deck) lists_wait: bool,
    /// The body in our own notation.
    pub(in crate::deck) text: Cow<'a, str>,
    /// Where its bytes stand in the file.
    pub(in crate::deck) places: Places,
    /// What may be meant for the speaker and is shown: the byte of the file, and a message.
    pub(in crate::deck) warnings: Vec<(usize, String)>,
}

impl<'a> Reading<'a> {
    /// Reads a deck behind its front matter.
    pub(in crate::deck) fn new(source: &'a str, front: &Head) -> Self {
        let (start, options) = (front.body, &front.options);
        let (head, body) = source.split_at(start);
        let pieces = pieces::cut(body, options);
        let (mut dialect, mut evidence) = detect(head, &pieces);
        let outline = LazyCell::new(|| Outline::new(&pieces));
        // Below a blank line it is no underline, and most decks have one there.
        let has_rule =
            pieces.windows(2).any(|pair| pair[1].line().is_some_and(is_rule) && pair[0].is_blank());
        let has_end_slide = pieces.iter().any(|piece| is_comment(piece, "end_slide"));
        let (mut title, problem) = toml_title(head, body);
        if dialect == Dialect::Wiretalk && evidence.is_none() {
            if title.is_toml {
                (dialect, evidence) = (Dialect::Toml, Some(start));
            } else if !has_end_slide
                && !has_rule
                && !outline.has_rule
                && outline.repeated_level(MIN_HEADINGS).is_some()
            {
                dialect = Dialect::Headings;
            }
        }
        if !title.is_toml {
            title = TitleBlock::read(dialect, body);
        }
        let first = pieces.partition_point(|piece| piece.start < title.end);
        let kept = &pieces[first..];
        let dividers = dividers(dialect, &outline, kept, front, has_end_slide);
        let patat_waits = || text_of(&front.entries, "incrementalLists") == Some("true");
        let lists_wait = dialect == Dialect::Patat && patat_waits()
            || dialect == Dialect::Deckset && setting(body, "build-lists") == "true";
        let (text, places, warnings) = if title.end > 0 || rewrite::is_needed(dialect, kept) {
            let head = pieces::cut(head, options);
            let rewritten = rewrite::rewrite(dialect, body, start, kept, &head, lists_wait);
            (Cow::Owned(rewritten.text), rewritten.places, rewritten.warnings)
        } else {
            (Cow::Borrowed(body), Places::as_written(start), Vec::new())
        };
        let warnings = problem
            .into_iter()
            .chain(warnings)
            .map(|(at, message)| (start.saturating_add(at), message))
            .collect();
        Self { dialect, evidence, title, dividers, lists_wait, text, places, warnings }
    }
}

/// Returns what ends the slides of a deck.
fn dividers(
    dialect: Dialect,
    outline: &LazyCell<Outline, impl FnOnce() -> Outline>,
    pieces: &[Piece],
    front: &Head,
    has_end_slide: bool,
) -> Dividers {
    let options = &front.options;
    let mut dividers = match dialect {
        Dialect::Patat | Dialect::Pandoc if !outline.has_rule => {
            let level = text_of(&front.entries, "slideLevel").and_then(|text| text.parse().ok());
            Dividers::headings(level.or(outline.pandoc_level()).unwrap_or(0))
        }
        Dialect::Lookatme if !outline.has_rule => {
            Dividers::headings(outline.repeated_level(2).unwrap_or(0))
        }
        Dialect::Headings => Dividers::headings(outline.repeated_level(MIN_HEADINGS).unwrap_or(0)),
        Dialect::Marp => {
            Dividers { levels: heading_divider(&front.entries, pieces), ..Dividers::default() }
        }
        Dialect::Mdp => Dividers { any_rule: true, ..Dividers::default() },
        // In presenterm, `---` draws a line where comments or titles end the slides.
        Dialect::Presenterm => {
            let ends_otherwise = has_end_slide || options.implicit_slide_ends;
            let rules = options.end_slide_shorthand || !ends_otherwise;
            Dividers { rules, ..Dividers::default() }
        }
        _ => Dividers::default(),
    };
    if options.implicit_slide_ends {
        dividers.underlined = true;
        dividers.levels[0] |= options.h1_slide_titles;
    }
    dividers
}

fn is_comment(piece: &Piece, command: &str) -> bool {
    matches!(piece.kind, PieceKind::Comment(text) if text.trim() == command)
}

/// Returns the title block in TOML at the top of a deck without other front matter, and what is wrong
/// with it: the byte of the body, and a message.
fn toml_title(head: &str, body: &str) -> (TitleBlock, Option<(usize, String)>) {
    // A byte order mark is no front matter.
    let is_top = head.trim_start_matches('\u{feff}').is_empty();
    match TitleBlock::read_toml(body).filter(|_| is_top) {
        None => (TitleBlock::default(), None),
        Some(Ok(title)) => (title, None),
        Some(Err(problem)) => (TitleBlock::default(), Some(problem)),
    }
}

/// Returns the value of a key, at any depth of a YAML mapping.
fn value_of<'e>(entries: &'e [YamlEntry], key: &str) -> Option<&'e YamlValue> {
    entries.iter().find_map(|entry| match &entry.value {
        value if entry.key == key => Some(value),
        YamlValue::Mapping(inner) => value_of(inner, key),
        _ => None,
    })
}

fn text_of<'e>(entries: &'e [YamlEntry], key: &str) -> Option<&'e str> {
    value_of(entries, key).and_then(YamlValue::text)
}

/// Returns the value of the first line `key: value`; empty if there is none.
fn setting<'a>(text: &'a str, key: &str) -> &'a str {
    let values = text.lines().filter_map(|line| line.split_once(':'));
    values
        .filter(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
        .next()
        .unwrap_or("")
}

/// Returns the levels of headings at which Marp begins a slide: `headingDivider: 2` is all down to
/// that one, `headingDivider: [1, 3]` those.
fn heading_divider(head: &[YamlEntry], pieces: &[Piece]) -> [bool; 6] {
    const KEY: &str = "headingDivider";
    let in_comment = |piece: &Piece| match piece.kind {
        PieceKind::Comment(text) if text.contains(KEY) => {
            let entries = parse_mapping(text, 1).ok()??;
            value_of(&entries, KEY).cloned()
        }
        _ => None,
    };
    let value = value_of(head, KEY).cloned().or_else(|| pieces.iter().find_map(in_comment));
    let number = |value: &YamlValue| value.text().and_then(|text| text.trim().parse().ok());
    let (deepest, levels) = match &value {
        Some(YamlValue::List(values)) => (0, values.iter().filter_map(number).collect()),
        Some(value) => (number(value).unwrap_or(0), Vec::<usize>::new()),
        None => (0, Vec::new()),
    };
    std::array::from_fn(|index| index < deepest || levels.contains(&(index + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::parse::read;

    #[test]
    fn settings_are_read_as_yaml() {
        let count = |source: &str| read(source).0.slides.len();
        let body = "# A\n\ntext\n\n## B\n\ntext\n\n### C\n\ntext\n";
        for (setting, slides) in [
            ("headingDivider: 2 # a comment", 2),
            ("headingDivider: 3", 3),
            ("headingDivider: [1, 3]", 2),
            ("headingDivider:\n  - 1\n  - 2", 2),
        ] {
            assert_eq!(
                count(&format!("---\nmarp: true\n{setting}\n---\n\n{body}")),
                slides,
                "{setting}"
            );
            let comment = format!("---\nmarp: true\n---\n\n<!--\n{setting}\n-->\n\n{body}");
            assert_eq!(count(&comment), slides, "{setting}");
        }
        let patat = "---\npatat:\n  slideLevel: 2 # x\n  incrementalLists: true # x\n---\n\n";
        assert_eq!(count(&format!("{patat}{body}")), 2);
        assert_eq!(read(&format!("{patat}## A\n\n- a\n- b\n")).0.slides[0].steps(), 3);
    }

    #[test]
    fn toml_above_the_slides_is_read_in_every_dialect() {
        let (deck, _) = read("+++\ntitle = \"T\"\n+++\n\n# A\n\n<!-- jump_to_middle -->\n\na\n");
        assert_eq!(
            (deck.dialect, deck.front_matter.title.as_deref()),
            (Dialect::Presenterm, Some("T"))
        );
        let (deck, warnings) = read("+++\ntitle = T\n+++\n\n# A\n");
        assert!(
            format!("{:?}", deck.slides[0]).contains("title = T"),
            "what can't be read is shown"
        );
        let start = "2: the front matter is not valid TOML";
        assert!(warnings.len() == 1 && warnings[0].starts_with(start), "{warnings:?}");
    }
}
