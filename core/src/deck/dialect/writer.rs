//! The text of a deck in our own notation, with the way back from each byte to the deck as written.

/// Where the bytes of a rewritten body stand in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::deck) struct Places {
    /// The byte of the file at which the body begins.
    body: usize,
    /// The places at which the text goes on elsewhere, in order; empty if it is as written.
    jumps: Vec<Jump>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Jump {
    /// The byte of the rewritten body.
    at: usize,
    /// The byte of the body as written.
    source: usize,
    /// Whether the bytes from here on are those of the source. Else all of them stand for one place.
    is_copy: bool,
}

impl Places {
    /// Creates the places of a body that begins at byte `body` of the file and is as written.
    pub(in crate::deck) fn as_written(body: usize) -> Self {
        Self { body, jumps: Vec::new() }
    }

    /// Returns the byte of the file that the byte `at` of the rewritten body stands for.
    pub(in crate::deck) fn file_offset(&self, at: usize) -> usize {
        let next = self.jumps.partition_point(|jump| jump.at <= at);
        let within = match next.checked_sub(1).and_then(|index| self.jumps.get(index)) {
            Some(jump) if jump.is_copy => jump.source.saturating_add(at - jump.at),
            Some(jump) => jump.source,
            None => at,
        };
        self.body.saturating_add(within)
    }
}

/// Writes a body anew.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    body: &'a str,
    text: String,
    places: Places,
}

impl<'a> Writer<'a> {
    /// Creates a writer for a body that begins at byte `start` of the file.
    pub(super) fn new(body: &'a str, start: usize) -> Self {
        Self { body, text: String::with_capacity(body.len()), places: Places::as_written(start) }
    }

    /// Copies bytes of the body.
    pub(super) fn copy(&mut self, start: usize, end: usize) {
        self.jump(start, true);
        self.text += &self.body[start..end];
    }

    /// Writes text that stands for the byte `source` of the body.
    pub(super) fn insert(&mut self, source: usize, text: &str) {
        self.jump(source, false);
        self.text += text;
    }

    /// Notes that the text goes on with what stands at `source`, unless it does anyway.
    fn jump(&mut self, source: usize, is_copy: bool) {
        let at = self.text.len();
        let goes_on = self.places.jumps.last().is_some_and(|last| {
            let here = if is_copy { last.source.saturating_add(at - last.at) } else { last.source };
            last.is_copy == is_copy && here == source
        });
        if !goes_on {
            self.places.jumps.push(Jump { at, source, is_copy });
        }
    }

    /// Ends the line, and begins another behind a blank one.
    pub(super) fn insert_blank_line(&mut self, source: usize) {
        if !self.text.ends_with('\n') && !self.text.is_empty() {
            self.insert(source, "\n");
        }
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.insert(source, "\n");
        }
    }

    /// Writes a directive on a line of its own.
    pub(super) fn directive(&mut self, source: usize, directive: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.insert(source, "\n");
        }
        self.insert(source, &format!("<!-- {directive} -->\n"));
    }

    /// Writes a speaker note on lines of its own.
    pub(super) fn note(&mut self, source: usize, note: &str) {
        let note = note.trim_matches(['\n', '\r']).trim_end();
        if note.trim().is_empty() {
            return;
        }
        let mut directive = "speaker_note: |2-".to_owned();
        for line in note.lines() {
            // `-->` would end the comment.
            directive += "\n  ";
            directive += &line.trim_end().replace("-->", "-- >").replace('\t', "    ");
        }
        directive.push('\n');
        self.directive(source, &directive);
    }

    /// Returns the text and the places.
    pub(super) fn finish(self) -> (String, Places) {
        (self.text, self.places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_leads_back_to_where_it_was_written() {
        let mut writer = Writer::new("one\ntwo\nthree\n", 100);
        writer.copy(0, 4);
        writer.directive(4, "pause");
        writer.copy(8, 14);
        let (text, places) = writer.finish();
        assert_eq!(text, "one\n<!-- pause -->\nthree\n");
        let offset = |part: &str| places.file_offset(text.find(part).unwrap());
        assert_eq!((offset("one"), offset("ne")), (100, 101));
        assert_eq!((offset("<!--"), offset("pause")), (104, 104));
        assert_eq!((offset("three"), offset("ree")), (108, 110));
        assert_eq!(Places::as_written(7).file_offset(3), 10);
        let mut writer = Writer::new("one\ntwo\nthree\n", 100);
        writer.copy(0, 4);
        writer.copy(4, 8);
        writer.insert(8, "a");
        writer.insert(8, "b");
        writer.copy(8, 14);
        let (text, places) = writer.finish();
        assert_eq!((text.as_str(), places.jumps.len()), ("one\ntwo\nabthree\n", 3));
        assert_eq!([5, 8, 9, 11].map(|at| places.file_offset(at)), [105, 108, 108, 109]);
    }

    #[test]
    fn a_note_is_kept_to_the_character() {
        let mut writer = Writer::new("", 0);
        writer.note(0, "\n  | a\n\"b\" --> c\n\n- d\n");
        let comment = writer.finish().0;
        let inner = comment.trim().strip_prefix("<!--").unwrap().strip_suffix("-->").unwrap();
        assert_eq!(
            crate::deck::directive::parse_directive(inner),
            crate::deck::directive::Directive::SpeakerNote("  | a\n\"b\" -- > c\n\n- d".into())
        );
    }
}
