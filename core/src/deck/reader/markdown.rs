//! The Markdown parser's events, with the extensions that decks can use.

use std::collections::HashMap;
use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{BrokenLink, Event, Options, Parser, Tag, TagEnd};

/// The parser's events with their byte ranges in the body.
pub(in crate::deck) type EventIter<'a> =
    Peekable<Box<dyn Iterator<Item = (Event<'a>, Range<usize>)> + 'a>>;

/// Parses `markdown`, which begins at the byte `start` of the body.
pub(in crate::deck) fn events(markdown: &str, start: usize) -> EventIter<'_> {
    let events: Box<dyn Iterator<Item = _>> = if is_divisible(markdown) {
        Box::new(Portions { rest: markdown, start, size: PORTION, events: Vec::new().into_iter() })
    } else {
        let events = Parser::new_ext(markdown, extensions()).into_offset_iter();
        Box::new(events.map(move |(event, range)| (event, shift(range, start))))
    };
    events.peekable()
}

/// The least bytes of a long text that are parsed at once. The parser's tree and its events take
/// fifty times as much memory as their text, and what lies between slides in memory stays there.
const PORTION: usize = 8 * 1024;

/// The bytes from which on a text is long.
const LONG: usize = 128 * 1024;

/// Whether a text can be parsed in portions and is worth it. What it says in one place counts in
/// all others only for definitions of links and footnotes, which have a colon behind their label.
fn is_divisible(markdown: &str) -> bool {
    markdown.len() > LONG && !markdown.contains("]:")
}

/// The events of a long text that is parsed in portions. Each but the last ends with a thematic
/// break or a heading outside all other blocks, which ends whatever came before.
struct Portions<'a> {
    /// The text behind the current portion.
    rest: &'a str,
    /// The position of `rest` in the body.
    start: usize,
    /// The least bytes of a portion.
    size: usize,
    events: std::vec::IntoIter<(Event<'a>, Range<usize>)>,
}

impl Portions<'_> {
    fn read_next(&mut self) {
        let mut least = self.size;
        let (end, events) = loop {
            let last = last_line_of_portion(self.rest, least);
            let end = last.as_ref().map_or(self.rest.len(), |line| line.end);
            let events: Vec<_> = Parser::new_ext(&self.rest[..end], extensions())
                .into_offset_iter()
                .map(|(event, range)| (event, shift(range, self.start)))
                .collect();
            // Within a comment or a code block the line is something else.
            let is_end = last.is_none_or(|line| {
                events.last().is_some_and(|(event, range)| {
                    matches!(event, Event::Rule | Event::End(TagEnd::Heading(_)))
                        && range.start == line.start.saturating_add(self.start)
                })
            });
            if is_end {
                break (end, events);
            }
            // Twice as much each time, so that no text is parsed more than twice on average.
            least = end.saturating_mul(2);
        };
        self.rest = &self.rest[end..];
        self.start = self.start.saturating_add(end);
        self.events = events.into_iter();
    }
}

impl<'a> Iterator for Portions<'a> {
    type Item = (Event<'a>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let event = self.events.next();
            if event.is_some() || self.rest.is_empty() {
                return event;
            }
            self.read_next();
        }
    }
}

/// Returns the range of the first line behind `least` bytes of `text` that looks like a thematic
/// break or a heading below a blank line.
fn last_line_of_portion(text: &str, least: usize) -> Option<Range<usize>> {
    let mut from = least;
    loop {
        // The byte before a line break is always the end of a character.
        let blank = from + memchr::memmem::find(text.as_bytes().get(from..)?, b"\n\n")?;
        let start = blank + 2;
        let line = text[start..].split_inclusive('\n').next().unwrap_or_default();
        let dashes = line.trim_end();
        let is_rule = dashes.len() >= 3 && dashes.bytes().all(|byte| byte == b'-');
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        let is_heading = (1..=6).contains(&hashes) && line[hashes..].starts_with(' ');
        if is_rule || is_heading {
            return Some(start..start + line.len());
        }
        from = start;
    }
}

fn shift(range: Range<usize>, by: usize) -> Range<usize> {
    range.start.saturating_add(by)..range.end.saturating_add(by)
}

fn extensions() -> Options {
    Options::from_iter([
        Options::ENABLE_TABLES,
        Options::ENABLE_STRIKETHROUGH,
        Options::ENABLE_TASKLISTS,
        Options::ENABLE_FOOTNOTES,
        Options::ENABLE_GFM,
    ])
}

/// The targets and titles of the links that a text defines (`[label]: target`), by their labels in
/// lower case.
pub(super) type LinkDefinitions = HashMap<String, (String, String)>;

/// Returns the links that `markdown` defines.
pub(super) fn link_definitions(markdown: &str) -> LinkDefinitions {
    let parser = Parser::new_ext(markdown, extensions());
    let definitions = parser.reference_definitions().iter().map(|(label, link)| {
        let title = link.title.as_deref().unwrap_or("");
        (label.to_lowercase(), (link.dest.to_string(), title.to_owned()))
    });
    definitions.collect()
}

/// Parses a part of a text, which begins at the byte `start` of the body: what its links and
/// footnotes refer to stands elsewhere in the text.
pub(super) fn part_events<'p, 'e>(
    part: &str,
    start: usize,
    links: &LinkDefinitions,
    footnotes: impl Iterator<Item = &'p str>,
) -> EventIter<'e> {
    let mut text = part.to_owned();
    for label in footnotes {
        text.extend(["\n\n[^", label, "]: x"]);
    }
    let link = |broken: BrokenLink| {
        let (target, title) = links.get(&broken.reference.to_lowercase())?;
        Some((target.clone().into(), title.clone().into()))
    };
    let parser = Parser::new_with_broken_link_callback(&text, extensions(), Some(link));
    let events: Vec<(Event<'e>, Range<usize>)> = parser
        .into_offset_iter()
        .filter(|(_, range)| range.start < part.len())
        .map(|(event, range)| (event.into_static(), shift(range, start)))
        .collect();
    let events: Box<dyn Iterator<Item = _>> = Box::new(events.into_iter());
    events.peekable()
}

/// Whether `event` stands within a line.
pub(super) fn is_inline(event: &Event) -> bool {
    matches!(
        event,
        Event::Text(_)
            | Event::Code(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::Start(
                Tag::Strong
                    | Tag::Emphasis
                    | Tag::Strikethrough
                    | Tag::Link { .. }
                    | Tag::Image { .. }
            )
            | Event::End(
                TagEnd::Strong
                    | TagEnd::Emphasis
                    | TagEnd::Strikethrough
                    | TagEnd::Link
                    | TagEnd::Image
            )
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &str) -> Vec<(Event<'_>, Range<usize>)> {
        Parser::new_ext(text, extensions()).into_offset_iter().collect()
    }

    fn portions(text: &str, size: usize) -> Vec<(Event<'_>, Range<usize>)> {
        Portions { rest: text, start: 0, size, events: Vec::new().into_iter() }.collect()
    }

    /// Lines with which blocks begin, go on and end.
    const LINES: [&str; 22] = [
        "",
        "",
        "",
        "---",
        "# head",
        "## *e*",
        "text",
        "- item",
        "  more",
        "    code",
        "> quote",
        "> ---",
        "```",
        "~~~~",
        "<!--",
        "-->",
        "<pre>",
        "</pre>",
        "<div>",
        "| a | b |",
        "|---|---|",
        "1. é",
    ];

    proptest! {
        #[test]
        fn a_text_in_portions_has_the_same_events(
            picks in prop::collection::vec(0..LINES.len(), 0..40),
            size in 0..30_usize,
        ) {
            let text: String = picks.iter().flat_map(|pick| [LINES[*pick], "\n"]).collect();
            prop_assert_eq!(portions(&text, size), whole(&text));
        }
    }

    #[test]
    fn a_long_text_is_parsed_in_portions_unless_it_defines_something() {
        let slide = "# Title\n\nSome text.\n\n---\n\n";
        let long = slide.repeat(2 * LONG / slide.len());
        assert!(is_divisible(&long) && !is_divisible(slide));
        assert!(!is_divisible(&(long.clone() + "[a]: b\n")));
        assert_eq!(events(&long, 7).count(), whole(&long).len());
        let last = events(&long, 7).last().map(|(_, range)| range);
        assert_eq!(last, whole(&long).last().map(|(_, range)| shift(range.clone(), 7)));
        let mut first =
            Portions { rest: &long, start: 0, size: PORTION, events: Vec::new().into_iter() };
        first.read_next();
        assert!(first.start < PORTION + 2 * slide.len(), "{}", first.start);
    }
}
