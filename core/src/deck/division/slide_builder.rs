//! Builds slides from the parser's events: where one ends, what is said about it, what it shows.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Tag};

use crate::deck::dialect::Places;
use crate::deck::directive::Directive;
use crate::deck::division::arrangement::{Arrangement, Misplaced};
use crate::deck::division::dividers::Dividers;
use crate::deck::division::includes::{Includes, beside};
use crate::deck::reader::block_reader::{BlockReader, ReaderSetup};
use crate::deck::reader::html_part::HtmlPart;
use crate::deck::reader::markdown::{self, EventIter};
use crate::deck::{Block, DeckOptions, LineIndex, Position, Slide, Warning, front_matter};
use crate::text;

/// Builds the slides of a deck, and reads the files that it includes.
pub(in crate::deck) struct SlideBuilder {
    options: DeckOptions,
    dividers: Dividers,
    slides: Vec<Slide>,
    slide: Slide,
    arrangement: Arrangement,
    /// Whether the slide is left out.
    skips: bool,
    /// Whether any `---` ended a slide.
    has_rules: bool,
    /// Whether any `<!-- end_slide -->` did.
    has_commands: bool,
    includes: Includes,
    /// The footnotes of what stands on the slide before a file that is being included.
    outer_notes: Vec<Block>,
    /// Whether the front matter has a title, which gets a slide if no other has it.
    has_title: bool,
    /// How many slides have ended, with those that are left out.
    ended: usize,
}

impl SlideBuilder {
    /// Creates a builder for a deck with these options, whose slides end at these dividers, and
    /// which has a title in its front matter or not.
    pub(in crate::deck) fn new(options: DeckOptions, dividers: Dividers, has_title: bool) -> Self {
        Self {
            arrangement: new_arrangement(&options),
            options,
            dividers,
            slides: Vec::new(),
            slide: Slide::default(),
            skips: false,
            has_rules: false,
            has_commands: false,
            includes: Includes::default(),
            outer_notes: Vec::new(),
            has_title,
            ended: 0,
        }
    }

    /// Reads all slides. What is odd is left with the reader, as warnings.
    pub(in crate::deck) fn read_deck(mut self, reader: &mut BlockReader<'_>) -> Vec<Slide> {
        self.slide.position = reader.position(0);
        self.read_slides(reader);
        self.finish(reader);
        self.slides
    }

    fn read_slides(&mut self, reader: &mut BlockReader<'_>) {
        reader.read_footnotes();
        reader.footnotes.blocks_mut().for_each(|block| self.includes.locate_images(block));
        let mut events = markdown::events(reader.text(), 0);
        while let Some((event, range)) = events.next() {
            match event {
                Event::Rule if self.dividers.is_rule(reader.slice(&range)) => {
                    self.has_rules = true;
                    self.end_slide(reader, range.end);
                }
                Event::Start(Tag::HtmlBlock) => self.read_html(reader, &mut events, range.start),
                event => {
                    if let Event::Start(Tag::Heading { level, .. }) = event {
                        self.divide_at_heading(reader, level, &range);
                    }
                    for block in reader.block(event, &range, &mut events) {
                        self.push(reader, block, range.start);
                    }
                    self.slide.notes.append(&mut reader.notes);
                }
            }
        }
        // Where no `---` ends a slide, one below a text was never meant to.
        let Dividers { rules, underlined, .. } = self.dividers;
        if self.has_rules || !(self.has_commands || !rules || underlined) {
            reader.warnings.append(&mut reader.underlined);
        }
    }

    fn push(&mut self, reader: &mut BlockReader, mut block: Block, at: usize) {
        self.includes.locate_images(&mut block);
        let is_stray = self.arrangement.push(block);
        if reader.continues_list {
            self.arrangement.join_lists();
        }
        if is_stray {
            reader.warn(
                at,
                "this isn't in a column; write `<!-- column: 0 -->` above it, or `<!-- \
                 reset_layout -->`",
            );
        }
    }

    /// Ends the slide before a heading that begins one.
    fn divide_at_heading(
        &mut self,
        reader: &mut BlockReader,
        level: HeadingLevel,
        range: &Range<usize>,
    ) {
        let divides = self.dividers.is_heading(level as u8, reader.slice(range));
        if divides && !self.arrangement.is_empty() {
            self.end_slide(reader, range.start);
        }
    }

    /// Reads an HTML block at the top level of a slide. Each comment can be a directive.
    fn read_html<'a>(
        &mut self,
        reader: &mut BlockReader<'a>,
        events: &mut EventIter<'a>,
        start: usize,
    ) {
        for part in reader.html_block(events) {
            match part {
                HtmlPart::Blocks(blocks) => {
                    for block in blocks {
                        self.push(reader, block, start);
                    }
                }
                HtmlPart::Directive(range, directive) => {
                    self.apply_directive(reader, range, directive);
                }
            }
        }
        self.slide.notes.append(&mut reader.notes);
    }

    /// Carries out the directive that stands at `range`.
    fn apply_directive(
        &mut self,
        reader: &mut BlockReader,
        range: Range<usize>,
        directive: Directive,
    ) {
        let at = range.start;
        let arrangement = &mut self.arrangement;
        match directive {
            Directive::Pause => self.push(reader, Block::Pause, at),
            Directive::EndSlide => {
                self.has_commands = true;
                self.end_slide(reader, range.end);
            }
            Directive::Section(name) => {
                self.slide.section = Some(text::sanitize(&name).into_owned());
            }
            Directive::Depth(depth) => self.slide.depth = depth,
            Directive::SpeakerNote(note) => self.slide.notes.push(note),
            Directive::BlankRows(rows) => self.push(reader, Block::Blank(rows), at),
            Directive::JumpToMiddle => self.push(reader, Block::Middle, at),
            Directive::IncrementalLists(waits) => arrangement.lists_wait = waits,
            Directive::IncrementalTables(waits) => arrangement.tables_wait = waits,
            Directive::ListItemNewlines(rows) => arrangement.item_gap = rows.saturating_sub(1),
            Directive::ColumnLayout(weights) => arrangement.open_layout(&weights),
            Directive::Column(index) => {
                if let Err(misplaced) = arrangement.enter_column(index) {
                    reader.warn(at, misplacement(misplaced));
                }
            }
            Directive::ResetLayout => arrangement.close_layout(),
            Directive::Alignment(align) => arrangement.align = align,
            Directive::FontSize(size) => arrangement.font_size = Some(size),
            Directive::NoFooter => self.slide.hides_footer = true,
            Directive::SkipSlide => self.skips = true,
            Directive::Include(path) => self.include(reader, &path, at),
            Directive::Invalid(message) => reader.warn(at, message),
            Directive::Comment => {}
        }
    }

    /// Reads the slides and blocks of another file in place of the directive at `at`.
    fn include(&mut self, outer: &mut BlockReader, written: &str, at: usize) {
        let path = match self.includes.open(written, outer.position(at)) {
            Ok(path) => path,
            Err(refusal) => return outer.warn(at, refusal.message()),
        };
        match (outer.setup.read_text)(written) {
            Ok(source) => {
                let read_outer = outer.setup.read_text;
                // What the file names lies beside it.
                let read_text = |path: &str| read_outer(&beside(Some(written), path));
                let setup = ReaderSetup { read_text: &read_text, ..outer.setup };
                let warnings = self.read_included(outer, &source, setup, at);
                relay(outer, at, &path, warnings);
            }
            Err(error) => outer.warn(at, format!("could not include `{path}`: {error}")),
        }
        self.includes.close();
    }

    /// Reads an included file and returns the warnings about it.
    fn read_included(
        &mut self,
        outer: &mut BlockReader,
        source: &str,
        setup: ReaderSetup,
        at: usize,
    ) -> Vec<Warning> {
        let lines = LineIndex::new(source);
        let head = front_matter::read_head(source, &lines);
        let places = Places::as_written(head.body);
        let mut reader = BlockReader::new(&lines, &source[head.body..], &places, setup);
        reader.slide = outer.slide;
        if !head.entries.is_empty() {
            reader.warn_at(
                Position::default(),
                "front matter has no effect in a file that is included",
            );
        }
        let (ended, known) = (self.ended, self.outer_notes.len());
        self.outer_notes.extend(outer.footnotes.of_slide());
        self.read_slides(&mut reader);
        if self.ended > ended {
            // The slide before the file has its notes, and the next one begins to count anew.
            outer.footnotes.end_slide();
        }
        self.outer_notes.truncate(known);
        outer.slide = reader.slide;
        // The file's own footnotes stand where it ends, because their numbers are its own.
        if let Some(notes) = reader.footnotes.end_slide() {
            self.push(outer, notes, at);
        }
        reader.warnings
    }

    /// Ends the current slide. The next one begins after the body offset `end`.
    fn end_slide(&mut self, reader: &mut BlockReader, end: usize) {
        let rest = reader.slice(&(end..usize::MAX));
        let blank = rest.len() - rest.trim_start().len();
        let position = self.includes.position.unwrap_or_else(|| reader.position(end + blank));
        // A section lasts until the next one, so the new slide inherits it.
        let section = self.slide.section.clone();
        let next = Slide { position, section, ..Slide::default() };
        let slide = self.take_slide(reader, next);
        let Some(slide) = slide else { return };
        if slide.blocks.is_empty() && slide.notes.is_empty() {
            if self.slides.is_empty() {
                // A divider at the top of a deck is no slide.
                return;
            }
            reader.warn(
                end.saturating_sub(1),
                "this slide is empty; remove this divider or add content above it",
            );
        }
        self.slides.push(slide);
        reader.slide += 1;
    }

    /// Begins `next` and returns the slide before it, unless that one is left out.
    fn take_slide(&mut self, reader: &mut BlockReader, next: Slide) -> Option<Slide> {
        let mut slide = std::mem::replace(&mut self.slide, next);
        let arrangement = new_arrangement(&self.options);
        slide.blocks = std::mem::replace(&mut self.arrangement, arrangement).finish();
        slide.blocks.append(&mut self.outer_notes);
        slide.blocks.extend(reader.footnotes.end_slide());
        self.ended += 1;
        slide.shrink_to_fit();
        let is_left_out = std::mem::take(&mut self.skips);
        (!is_left_out).then_some(slide)
    }

    fn finish(&mut self, reader: &mut BlockReader) {
        let skips = self.skips;
        let last = self.take_slide(reader, Slide::default()).unwrap_or_default();
        if last.blocks.is_empty() && !self.slides.is_empty() {
            // A note after the last divider belongs to the slide before it.
            if let Some(tail) = self.slides.last_mut() {
                tail.notes.extend(last.notes);
            }
            return;
        }
        if last.blocks.is_empty() && last.notes.is_empty() {
            if skips {
                reader.warn(0, "every slide is skipped; remove a `<!-- skip_slide -->`");
            } else if !self.has_title {
                reader.warn(0, "the deck is empty; write a heading: `# My talk`");
            }
        }
        self.slides.push(last);
    }
}

/// Repeats the warnings about an included file where the deck includes it.
fn relay(outer: &mut BlockReader, at: usize, path: &str, warnings: Vec<Warning>) {
    for warning in warnings {
        let Position { line, column } = warning.position;
        let message = format!("in `{path}`, {line}:{column}: {}", warning.message);
        let slide = std::mem::replace(&mut outer.slide, warning.slide);
        outer.warn(at, message);
        outer.slide = slide;
    }
}

/// Returns the arrangement with which each slide begins.
fn new_arrangement(options: &DeckOptions) -> Arrangement {
    let mut arrangement = Arrangement::default();
    arrangement.lists_wait = options.incremental_lists;
    arrangement.tables_wait = options.incremental_tables;
    arrangement.item_gap = u16::from(options.list_item_newlines).saturating_sub(1);
    arrangement
}

fn misplacement(misplaced: Misplaced) -> String {
    match misplaced {
        Misplaced::NoLayout => {
            "there are no columns here; write `<!-- column_layout: [1, 1] -->` above this"
                .to_owned()
        }
        Misplaced::NoSuchColumn(count) => {
            let last = count.saturating_sub(1);
            format!("the layout has {count} columns; they are numbered from 0 to {last}")
        }
    }
}
