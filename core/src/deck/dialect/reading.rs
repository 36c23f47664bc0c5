//! How the body of a deck is read: its dialect, what divides its slides, its text in our notation.

use std::borrow::Cow;
use std::cell::LazyCell;

use crate::deck::dialect::detect::detect;
use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::outline::{Outline, is_rule};
use crate::deck::dialect::pieces::{self, Piece, PieceKind};
use crate::deck::dialect::rewrite;
use crate::deck::dialect::title_block::{TitleBlock, toml_block};
use crate::deck::dialect::writer::Places;
use crate::deck::division::Dividers;
use crate::deck::options::DeckOptions;

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
    /// Reads a deck whose front matter ends before byte `start`.
    pub(in crate::deck) fn new(source: &'a str, start: usize, options: &DeckOptions) -> Self {
        let (head, body) = source.split_at(start);
        let pieces = pieces::cut(body, options);
        let (mut dialect, mut evidence) = detect(head, &pieces);
        let outline = LazyCell::new(|| Outline::new(&pieces));
        // Below a blank line it is no underline, and most decks have one there.
        let has_rule =
            pieces.windows(2).any(|pair| pair[1].line().is_some_and(is_rule) && pair[0].is_blank());
        let has_end_slide = pieces.iter().any(|piece| is_comment(piece, "end_slide"));
        if dialect == Dialect::Wiretalk && evidence.is_none() {
            if toml_block(body).is_some() {
                (dialect, evidence) = (Dialect::Toml, Some(start));
            } else if !has_end_slide
                && !has_rule
                && !outline.has_rule
                && outline.repeated_level(MIN_HEADINGS).is_some()
            {
                dialect = Dialect::Headings;
            }
        }
        let title = TitleBlock::read(dialect, body);
        let first = pieces.partition_point(|piece| piece.start < title.end);
        let kept = &pieces[first..];
        let dividers = dividers(dialect, &outline, kept, head, options, has_end_slide);
        let lists_wait = dialect == Dialect::Patat && setting(head, "incrementalLists") == "true"
            || dialect == Dialect::Deckset && setting(body, "build-lists") == "true";
        let (text, places, warnings) = if title.end > 0 || rewrite::is_needed(dialect, kept) {
            let head = pieces::cut(head, options);
            let rewritten = rewrite::rewrite(dialect, body, start, kept, &head);
            (Cow::Owned(rewritten.text), rewritten.places, rewritten.warnings)
        } else {
            (Cow::Borrowed(body), Places::as_written(start), Vec::new())
        };
        let warnings =
            warnings.into_iter().map(|(at, message)| (start.saturating_add(at), message)).collect();
        Self { dialect, evidence, title, dividers, lists_wait, text, places, warnings }
    }
}

/// Returns what ends the slides of a deck.
fn dividers(
    dialect: Dialect,
    outline: &LazyCell<Outline, impl FnOnce() -> Outline>,
    pieces: &[Piece],
    head: &str,
    options: &DeckOptions,
    has_end_slide: bool,
) -> Dividers {
    let mut dividers = match dialect {
        Dialect::Patat | Dialect::Pandoc if !outline.has_rule => {
            let level = setting(head, "slideLevel").parse().ok().or(outline.pandoc_level());
            Dividers::headings(level.unwrap_or(0))
        }
        Dialect::Lookatme if !outline.has_rule => {
            Dividers::headings(outline.repeated_level(2).unwrap_or(0))
        }
        Dialect::Headings => Dividers::headings(outline.repeated_level(MIN_HEADINGS).unwrap_or(0)),
        Dialect::Marp => Dividers { levels: heading_divider(head, pieces), ..Dividers::default() },
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

/// Returns the value of a line `key: value`, at any depth of a YAML mapping; empty if there is none.
fn setting<'a>(yaml: &'a str, key: &str) -> &'a str {
    let values = yaml.lines().filter_map(|line| line.split_once(':'));
    values
        .filter(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
        .next()
        .unwrap_or("")
}

/// Returns the levels of headings at which Marp begins a slide: `headingDivider: 2` is all down to
/// that one, `headingDivider: [1, 3]` those.
fn heading_divider(head: &str, pieces: &[Piece]) -> [bool; 6] {
    let comments = pieces.iter().filter_map(|piece| match piece.kind {
        PieceKind::Comment(text) => Some(setting(text, "headingDivider")),
        PieceKind::Line(_) | PieceKind::Code(_) => None,
    });
    let mut values = std::iter::once(setting(head, "headingDivider")).chain(comments);
    let value = values.find(|value| !value.is_empty()).unwrap_or("");
    let numbers: Vec<usize> =
        value.split([',', '[', ']', ' ']).filter_map(|number| number.parse().ok()).collect();
    let is_list = value.starts_with('[');
    std::array::from_fn(|index| {
        let level = index + 1;
        numbers.iter().any(|&number| number == level || (!is_list && level < number))
    })
}
