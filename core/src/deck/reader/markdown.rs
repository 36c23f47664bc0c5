//! The Markdown parser's events, with the extensions that decks can use.

use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The parser's events with their byte ranges in the body.
pub(in crate::deck) type EventIter<'a> =
    Peekable<Box<dyn Iterator<Item = (Event<'a>, Range<usize>)> + 'a>>;

/// Parses `markdown`, which begins at the byte `start` of the body.
pub(in crate::deck) fn events(markdown: &str, start: usize) -> EventIter<'_> {
    let extensions = Options::from_iter([
        Options::ENABLE_TABLES,
        Options::ENABLE_STRIKETHROUGH,
        Options::ENABLE_TASKLISTS,
        Options::ENABLE_FOOTNOTES,
        Options::ENABLE_GFM,
    ]);
    let events = Parser::new_ext(markdown, extensions).into_offset_iter();
    let shifted = move |(event, range): (_, Range<usize>)| {
        (event, range.start.saturating_add(start)..range.end.saturating_add(start))
    };
    let events: Box<dyn Iterator<Item = _>> = Box::new(events.map(shifted));
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
