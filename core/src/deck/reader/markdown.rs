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
    let events = Parser::new_ext(markdown, extensions()).into_offset_iter();
    let shifted = move |(event, range): (_, Range<usize>)| {
        (event, range.start.saturating_add(start)..range.end.saturating_add(start))
    };
    let events: Box<dyn Iterator<Item = _>> = Box::new(events.map(shifted));
    events.peekable()
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
        .map(|(event, range)| {
            let range = range.start.saturating_add(start)..range.end.saturating_add(start);
            (event.into_static(), range)
        })
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
