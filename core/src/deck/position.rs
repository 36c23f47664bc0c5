//! Positions in a source file.
//!
//! The Markdown parser counts bytes from 0; people count lines and columns from 1.

/// A line and a column, both counted from 1. Columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line number, from 1.
    pub line: usize,
    /// The character's number in its line, from 1.
    pub column: usize,
}

impl Default for Position {
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

/// The number of lines from one that an index knows the start of to the next.
const STRIDE: usize = 32;

/// Where the lines of a source text start.
#[derive(Clone, Debug)]
pub struct LineIndex<'a> {
    source: &'a str,
    /// The byte offsets at which the first line and every 32nd behind it start. All of them would
    /// take a fifth of the memory of the text.
    starts: Vec<usize>,
    count: usize,
}

impl<'a> LineIndex<'a> {
    /// Indexes `source`.
    pub fn new(source: &'a str) -> Self {
        let (mut starts, mut count) = (vec![0], 1);
        for (at, _) in source.match_indices('\n') {
            if count % STRIDE == 0 {
                starts.push(at + 1);
            }
            count += 1;
        }
        Self { source, starts, count }
    }

    /// The indexed text.
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// Returns the number of lines; an empty one behind the last line ending counts.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the position of the byte at `offset`. An offset past the end counts as the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.source.len());
        // An offset inside a character means that character.
        while !self.source.is_char_boundary(offset) {
            offset -= 1;
        }
        let known = self.starts.partition_point(|&start| start <= offset) - 1;
        let before = &self.source[self.starts[known]..offset];
        let line = 1 + known * STRIDE + before.matches('\n').count();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        Position { line, column: 1 + before[start..].chars().count() }
    }

    /// Returns the text of `line` (from 1) without its line ending; empty past the end.
    pub fn line_text(&self, line: usize) -> &'a str {
        let Some(index) = line.checked_sub(1) else { return "" };
        let Some(&start) = self.starts.get(index / STRIDE) else { return "" };
        self.source[start..].lines().nth(index % STRIDE).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let lines = LineIndex::new("a\r\nwörld\n");
        assert_eq!(lines.position(0), Position { line: 1, column: 1 });
        assert_eq!(lines.position(3), Position { line: 2, column: 1 });
        assert_eq!(lines.position("a\r\nwö".len()), Position { line: 2, column: 3 });
        let within = "a\r\nw".len() + 1;
        assert_eq!(lines.position(within), Position { line: 2, column: 2 }, "within the ö");
        assert_eq!(lines.position(999), Position { line: 3, column: 1 });
        assert_eq!(lines.line_text(1), "a");
        assert_eq!(lines.line_text(2), "wörld");
        assert_eq!(lines.line_text(9), "");
        assert_eq!(lines.count(), 3);
    }

    #[test]
    fn every_byte_of_a_long_text_is_on_its_line() {
        let lines: Vec<String> =
            (0..3 * STRIDE + 5).map(|line| "é".repeat(line * 7 % 4) + &line.to_string()).collect();
        for ending in ["\n", "\r\n"] {
            let source = lines.join(ending);
            let index = LineIndex::new(&source);
            assert_eq!(index.count(), lines.len());
            let mut offset = 0;
            for (at, text) in lines.iter().enumerate() {
                assert_eq!(index.line_text(at + 1), text);
                for (column, (byte, _)) in text.char_indices().enumerate() {
                    let position = Position { line: at + 1, column: column + 1 };
                    assert_eq!(index.position(offset + byte), position);
                }
                offset += text.len() + ending.len();
            }
            assert_eq!(index.line_text(lines.len() + 1), "");
        }
    }
}
