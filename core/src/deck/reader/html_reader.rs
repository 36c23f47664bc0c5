//! Reads HTML blocks, and the tags within a line.
//!
//! `html` knows what tags mean; what a comment means is decided by `directive`.

use pulldown_cmark::{Event, TagEnd};

use crate::deck::html::{self, Effect, HtmlBlocks, Piece, Tag, effect};
use crate::deck::inline::Inline;
use crate::deck::picture::read_picture;
use crate::deck::reader::block_reader::{BlockReader, MAX_DEPTH};
use crate::deck::reader::html_part::HtmlPart;
use crate::deck::reader::markdown::{self, EventIter};
use crate::deck::{Block, ImageBlock};

/// The lines of an HTML block without the signs of the quotes and lists around it.
#[derive(Default)]
struct HtmlSource {
    text: String,
    /// The byte in `text` at which each line begins, and that in the body.
    lines: Vec<(usize, usize)>,
}

impl HtmlSource {
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
        let mut source = HtmlSource::default();
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
        let pieces = html::scan(&source.text);
        let mut parts = Vec::new();
        let mut blocks = HtmlBlocks::default();
        for (index, piece) in pieces.iter().enumerate() {
            let is_comment =
                |piece: Option<&Piece>| matches!(piece, None | Some(Piece::Comment(..)));
            let before = index.checked_sub(1).and_then(|before| pieces.get(before));
            // What stands beside a directive on its line was meant as Markdown.
            let is_markdown =
                before.is_some() && is_comment(before) && is_comment(pieces.get(index + 1));
            match piece {
                &Piece::Comment(at, comment) => {
                    if !blocks.is_open() {
                        parts.push(HtmlPart::Blocks(blocks.finish()));
                    }
                    parts.push(HtmlPart::Comment(source.body_offset(at), comment.to_owned()));
                }
                &Piece::Text(at, text)
                    if is_markdown && !blocks.is_open() && !text.trim().contains('\n') =>
                {
                    if !text.trim().is_empty() {
                        let blank = text.len() - text.trim_start().len();
                        let at = source.body_offset(at + blank);
                        parts.push(HtmlPart::Blocks(self.markdown_at(at, text.trim().len())));
                    }
                }
                piece => self.html_piece(&mut blocks, piece, &source),
            }
        }
        parts.push(HtmlPart::Blocks(blocks.finish()));
        parts
    }

    fn html_piece(&mut self, blocks: &mut HtmlBlocks, piece: &Piece, source: &HtmlSource) {
        match piece {
            &Piece::Unclosed(at) => {
                let at = source.body_offset(at);
                self.warn(at, "this comment is never closed; end it with `-->`");
            }
            &Piece::Hidden(at, _) => {
                let at = source.body_offset(at);
                self.warn_once("script", at, "scripts and style sheets are left out");
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
            Piece::Comment(..) => {}
        }
    }

    /// Reads a text of `length` bytes at `start` in the body as Markdown of its own.
    fn markdown_at(&mut self, start: usize, length: usize) -> Vec<Block> {
        let text = self.slice(&(start..start.saturating_add(length)));
        let mut events = markdown::events(text, start);
        self.blocks(&mut events)
    }

    /// Reads a tag or a comment within a line.
    pub(in crate::deck) fn inline_html(&mut self, inline: &mut Inline, html: &str, start: usize) {
        for piece in html::scan(html) {
            match piece {
                Piece::Comment(at, comment) => self.inline_directive(start + at, comment),
                Piece::Tag(at, tag) => self.inline_tag(inline, &tag, start + at),
                Piece::Unclosed(at) => {
                    self.warn(start + at, "this comment is never closed; end it with `-->`");
                }
                Piece::Text(_, text) | Piece::Hidden(_, text) => inline.push(&html::decode(text)),
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
    let width = tag.attribute("width").and_then(|width| width.strip_suffix('%'));
    picture.width_percent = width
        .and_then(|width| width.parse().ok())
        .filter(|width| (1..=100).contains(width))
        .or(picture.width_percent);
    picture
}
