//! Reads HTML blocks, and the tags within a line.
//!
//! `html` knows what tags mean; what a comment means is decided by `directive`.

use std::ops::Range;

use pulldown_cmark::{Event, TagEnd};

use crate::deck::content::code::code_text;
use crate::deck::directive::Directive;
use crate::deck::html::{self, Effect, HtmlBlocks, Piece, Tag, effect};
use crate::deck::inline::Inline;
use crate::deck::picture::{percent, read_picture};
use crate::deck::reader::block_reader::{BlockReader, MAX_DEPTH};
use crate::deck::reader::html_part::HtmlPart;
use crate::deck::reader::markdown::{self, EventIter};
use crate::deck::{Block, CodeBlock, ImageBlock};

/// The warning about what is not shown.
const HIDDEN: &str = "scripts and style sheets are left out";

/// The lines of an HTML block without the signs of the quotes and lists around it.
#[derive(Default)]
struct HtmlSource {
    text: String,
    /// The byte in `text` at which each line begins, and that in the body.
    lines: Vec<(usize, usize)>,
}

impl HtmlSource {
    /// Reads the lines of an HTML block after its start tag, to its end.
    fn read(events: &mut EventIter) -> Self {
        let mut source = Self::default();
        for (event, range) in events.by_ref() {
            match event {
                Event::End(TagEnd::HtmlBlock) => break,
                Event::Html(text) | Event::Text(text) => {
                    source.lines.push((source.text.len(), range.start));
                    source.text.push_str(&text);
                }
                _ => {}
            }
        }
        source
    }

    /// Returns the bytes in the body of those at `range`.
    fn range(&self, range: Range<usize>) -> Range<usize> {
        let last = range.end.saturating_sub(1);
        self.body_offset(range.start)..self.body_offset(last).saturating_add(1)
    }

    /// Returns what stands behind the comment that ends at `end`, up to the next one, if it was
    /// meant as Markdown: where an element begins a block, or goes on in one, it was not.
    fn markdown_behind(&self, end: usize) -> Option<Range<usize>> {
        let rest = &self.text[end..];
        let rest = &rest[..rest.find("<!--").unwrap_or(rest.len())];
        let text = rest.trim();
        let is_markdown = self.text.trim_start().starts_with("<!--")
            && !text.is_empty()
            && !text.starts_with('<');
        let start = end + (rest.len() - rest.trim_start().len());
        is_markdown.then(|| start..start + text.len())
    }

    /// Returns the byte in the body of the one at `at`.
    fn body_offset(&self, at: usize) -> usize {
        let next = self.lines.partition_point(|&(start, _)| start <= at);
        let (start, body) = next.checked_sub(1).map_or((0, 0), |line| self.lines[line]);
        body + (at - start)
    }
}

impl<'a> BlockReader<'a> {
    /// Reads an HTML block after its start tag, to its end.
    pub(in crate::deck) fn html_block(&mut self, events: &mut EventIter<'a>) -> Vec<HtmlPart> {
        let source = HtmlSource::read(events);
        let pieces = html::scan(&source.text);
        let mut parts = Vec::new();
        let mut blocks = HtmlBlocks::default();
        let mut read_to = 0;
        for piece in &pieces {
            if piece.start() < read_to {
                continue;
            }
            if let &Piece::Unclosed(at) = piece {
                parts.push(HtmlPart::Blocks(blocks.finish()));
                parts.push(HtmlPart::Blocks(self.unclosed_comment(&source, at)));
                continue;
            }
            let &Piece::Comment(at, comment) = piece else {
                self.html_piece(&mut blocks, piece, &source);
                continue;
            };
            self.check_comment(source.body_offset(at), comment);
            let end = at + "<!---->".len() + comment.len();
            let directive = self.directive(comment);
            self.html_directive(&mut parts, &mut blocks, source.range(at..end), directive);
            if let Some(text) = source.markdown_behind(end).filter(|_| !blocks.is_open()) {
                read_to = text.end;
                parts.push(HtmlPart::Blocks(blocks.finish()));
                parts.push(HtmlPart::Blocks(self.markdown_at(&source.range(text))));
            }
        }
        parts.push(HtmlPart::Blocks(blocks.finish()));
        parts
    }

    /// Takes a directive among `blocks`. One that arranges what follows ends the blocks.
    fn html_directive(
        &mut self,
        parts: &mut Vec<HtmlPart>,
        blocks: &mut HtmlBlocks,
        range: Range<usize>,
        directive: Directive,
    ) {
        match directive {
            Directive::Comment => return,
            Directive::Pause if blocks.is_open() => {
                if !blocks.pause() {
                    let message = "a pause has no effect within a table, a heading or `<pre>`";
                    self.warn_once("pause", range.start, message);
                }
                return;
            }
            Directive::SpeakerNote(_) | Directive::Invalid(_) => {}
            _ => parts.push(HtmlPart::Blocks(blocks.finish())),
        }
        parts.push(HtmlPart::Directive(range, directive));
    }

    fn html_piece(&mut self, blocks: &mut HtmlBlocks, piece: &Piece, source: &HtmlSource) {
        match piece {
            &Piece::Hidden(at, _) => {
                let at = source.body_offset(at);
                self.warn_once("script", at, HIDDEN);
            }
            &Piece::Text(at, text) => {
                self.warn_about_controls(text, source.body_offset(at));
                blocks.text(text);
            }
            Piece::Tag(at, tag) => {
                let room = MAX_DEPTH.saturating_sub(self.depth);
                if tag.name == "img" && !tag.closes {
                    let picture = html_picture(tag);
                    blocks.picture(picture);
                } else if !blocks.take_tag(tag, room) {
                    self.inline_tag(&mut blocks.inline, tag, source.body_offset(*at));
                }
            }
            Piece::Comment(..) | Piece::Unclosed(_) => {}
        }
    }

    /// Warns about the comment that is never closed and begins at byte `at` of `source`, and reads
    /// what it would hide: all below its first blank line, which is Markdown again.
    fn unclosed_comment(&mut self, source: &HtmlSource, at: usize) -> Vec<Block> {
        let comment = &source.text[at..];
        let lines = comment.split_inclusive('\n').take_while(|line| !line.trim().is_empty());
        let start = at + lines.map(str::len).sum::<usize>();
        let at = source.body_offset(at);
        if source.text[start..].trim().is_empty() {
            self.warn(at, "this comment is never closed; end it with `-->`");
            return Vec::new();
        }
        self.warn(
            at,
            "this comment is never closed, so what follows the next blank line is shown on this \
             slide; end it with `-->`",
        );
        // Each reads the rest once more.
        if std::mem::replace(&mut self.is_behind_unclosed, true) {
            let text = code_text(source.text[start..].lines());
            return vec![Block::Code(CodeBlock { text, ..CodeBlock::default() }.into())];
        }
        let blocks = self.markdown_at(&source.range(start..source.text.len()));
        self.is_behind_unclosed = false;
        blocks
    }

    /// Warns if a comment holds the beginning of another one.
    fn check_comment(&mut self, at: usize, comment: &str) {
        if comment.contains("<!--") {
            let message = "this comment holds another `<!--`, but it ends at the first `-->`; if that \
                           is too late, close it before";
            self.warn(at, message);
        }
    }

    /// Reads what stands at `range` of the body as Markdown of its own.
    fn markdown_at(&mut self, range: &Range<usize>) -> Vec<Block> {
        let text = self.slice(range);
        let mut events = if text.contains('[') {
            let links =
                self.link_definitions.get_or_init(|| markdown::link_definitions(self.text()));
            let labels = text.split("[^").skip(1).filter_map(|rest| rest.split_once(']'));
            let known = labels.map(|(label, _)| label).filter(|label| self.footnotes.has(label));
            markdown::part_events(text, range.start, links, known)
        } else {
            markdown::events(text, range.start)
        };
        self.blocks(&mut events)
    }

    /// Reads a tag or a comment within a line.
    pub(in crate::deck) fn inline_html(&mut self, inline: &mut Inline, html: &str, start: usize) {
        for piece in html::scan(html) {
            match piece {
                Piece::Comment(at, comment) => {
                    self.check_comment(start + at, comment);
                    self.inline_directive(start + at, comment);
                }
                Piece::Tag(at, tag) => {
                    if matches!(tag.name.as_str(), "style" | "script") {
                        inline.is_hidden = !tag.closes;
                        self.warn_once("script", start + at, HIDDEN);
                    }
                    self.inline_tag(inline, &tag, start + at);
                }
                Piece::Unclosed(at) => {
                    self.warn(start + at, "this comment is never closed; end it with `-->`");
                }
                Piece::Text(_, text) => inline.push(&html::decode(text)),
                Piece::Hidden(at, _) => self.warn_once("script", start + at, HIDDEN),
            }
        }
    }

    fn inline_tag(&mut self, inline: &mut Inline, tag: &Tag, at: usize) {
        match tag.name.as_str() {
            "br" => return inline.end_line(),
            "img" if !tag.closes => {
                let picture = html_picture(tag);
                inline.open_picture(&picture.path);
                inline.push(&picture.alt);
                return inline.close_picture("");
            }
            _ if html::is_block(tag) => return inline.break_softly(),
            name if tag.closes => return inline.close_tag(name),
            // What stands between these tags is left out, which is told.
            "wbr" | "style" | "script" => return,
            _ => {}
        }
        let style = match effect(tag, inline.style(), self.setup.palette) {
            Effect::Style(style) => style,
            Effect::UnknownColor(color) => {
                let message = format!("unknown color `{color}`; write it as `#rrggbb`");
                self.warn_once("color", at, message);
                inline.style()
            }
            Effect::Unknown => {
                let message = format!("`<{}>` has no effect here; its text is shown", tag.name);
                return self.warn_once("tag", at, message);
            }
        };
        let link = tag.attribute("href").filter(|_| tag.name == "a");
        let link = link.map(|link| crate::text::sanitize(&html::decode(link)).into_owned());
        inline.open_tag(&tag.name, style, link);
    }
}

fn html_picture(tag: &Tag) -> ImageBlock {
    let value = |name| html::decode(tag.attribute(name).unwrap_or("")).into_owned();
    let mut picture = read_picture(&value("src"), &value("alt"), "");
    picture.width_percent = tag.attribute("width").and_then(percent).or(picture.width_percent);
    picture
}

#[cfg(test)]
mod tests {
    use crate::deck::parse::read;
    use crate::deck::{Block, ColumnAlign, Deck, plain_text};

    /// Returns the texts of a slide's paragraphs in order, with `|` for each pause.
    fn shown(deck: &Deck, slide: usize) -> String {
        let text = |block: &Block| match block {
            Block::Paragraph(runs) => Some(plain_text(runs)),
            Block::Pause => Some("|".to_owned()),
            _ => None,
        };
        deck.slides[slide].all_blocks().filter_map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_directive_within_an_element_comes_behind_what_stands_above_it() {
        let (deck, warnings) =
            read("<center>\nfirst\n<!-- end_slide -->\nsecond\n</center>\n\n---\n\n# B\n");
        assert_eq!((deck.slides.len(), &warnings[..]), (3, &[][..]));
        assert_eq!((shown(&deck, 0), shown(&deck, 1)), ("first".into(), "second".into()));
        let align = Some(ColumnAlign::Center);
        assert!(
            matches!(&deck.slides[0].blocks[0], Block::Styled { align: found, .. } if *found == align)
        );
        for list in [
            "<ul>\n<li>one\n<!-- pause -->\n<li>two\n</ul>\n",
            "<ul>\n<li>one</li>\n<!-- pause -->\n<li>two</li>\n</ul>\n",
            "<ul>\n<li>one\n<!-- speaker_note: x -->\n<!-- pause -->\n<!-- a remark -->\n<li>two\n</ul>\n",
        ] {
            let (deck, warnings) = read(list);
            assert_eq!((shown(&deck, 0).as_str(), &warnings[..]), ("one | two", &[][..]), "{list}");
            let [Block::List { items, .. }] = &deck.slides[0].blocks[..] else { panic!("{list}") };
            assert_eq!(items.len(), 2, "{list}");
        }
        let (deck, _) = read("<ul>\n<!-- pause -->\n<li>one\n</ul>\n");
        assert_eq!(shown(&deck, 0), "| one");
        let (deck, warnings) =
            read("<table>\n<tr><td>a</td></tr>\n<!-- pause -->\n<tr><td>b</td></tr>\n</table>\n");
        assert_eq!(deck.slides[0].steps(), 1);
        assert_eq!(warnings, ["3: a pause has no effect within a table, a heading or `<pre>`"]);
    }

    #[test]
    fn a_remark_within_html_changes_nothing() {
        let (deck, warnings) = read("<div>\na <b>b <!-- a remark --> c</b>\n</div>\n");
        assert_eq!((shown(&deck, 0).as_str(), &warnings[..]), ("a b c", &[][..]));
    }

    #[test]
    fn text_beside_a_directive_knows_the_links_and_notes_of_the_deck() {
        let (deck, warnings) = read(
            "# A\n\n<!-- pause --> see[^a] [The Site][] <b>x</b>\n\n> <!-- pause -->\n> <!-- a \
             remark --> and[^b] [^no]\n\n[^a]: one\n\n[^b]: two\n\n[the site]: https://example.com\n",
        );
        assert_eq!(warnings, ["6: footnote `[^no]` has no text; add `[^no]: ...`"]);
        let slide = &deck.slides[0];
        assert_eq!(shown(&deck, 0), "| see1 The Site x | and2 [^no] one two");
        let Block::Paragraph(runs) = &slide.blocks[2] else { panic!("{slide:?}") };
        let links: Vec<_> = runs.iter().filter_map(|run| run.link.as_deref()).collect();
        assert_eq!(links, ["https://example.com"]);
    }

    #[test]
    fn a_comment_that_is_never_closed_hides_no_more_than_its_paragraph() {
        let (deck, warnings) =
            read("# A\n\n<!-- pause\nhidden\n\nshown\n\n- item\n\n---\n\nlast\n");
        assert_eq!(shown(&deck, 0), "shown item last");
        assert!(matches!(deck.slides[0].blocks[2], Block::List { .. }), "{:?}", deck.slides[0]);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("3: this comment is never closed"), "{warnings:?}");

        // However many there are, the rest is read no more than once more.
        let (deck, warnings) = read(&"<!-- a\n\ntext\n\n".repeat(2000));
        let [Block::Paragraph(first), Block::Code(rest)] = &deck.slides[0].blocks[..] else {
            panic!("{:?}", deck.slides[0].blocks.len())
        };
        assert_eq!((plain_text(first), warnings.len()), ("text".to_owned(), 2));
        assert_eq!(rest.text.matches("text").count(), 1999);
    }

    #[test]
    fn a_comment_that_may_be_closed_too_late_is_told() {
        let (_, warnings) =
            read("<!-- pause\n\n# B\n\n<!-- speaker_note: x -->\n\na <!-- b <!-- c -->\n");
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        for (warning, at) in warnings.iter().zip(["1: ", "7: "]) {
            assert!(warning.starts_with(&format!("{at}this comment holds another")), "{warning}");
        }
    }

    #[test]
    fn what_is_no_html_at_all_is_left_out_and_told() {
        let (deck, warnings) =
            read("a <?php echo 1 > 0 ?> b\n\n<?xml x > y ?>\n\n<? never closed > c\n");
        assert_eq!(shown(&deck, 0), "a b <? never closed > c");
        assert_eq!(warnings, ["1: scripts and style sheets are left out"]);
    }
}
