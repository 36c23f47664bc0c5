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

/// The byte offsets at which the lines of a source text start.
#[derive(Clone, Debug)]
pub struct LineIndex<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// Indexes `source`.
    pub fn new(source: &'a str) -> Self {
        let ends = || source.match_indices('\n');
        let mut starts = Vec::with_capacity(1 + ends().count());
        starts.push(0);
        starts.extend(ends().map(|(at, _)| at + 1));
        Self { source, starts }
    }

    /// The indexed text.
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// Returns the number of lines; an empty one behind the last line ending counts.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// Returns the position of the byte at `offset`. An offset past the end counts as the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.source.len());
        // An offset inside a character means that character.
        while !self.source.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts[line - 1];
        Position { line, column: 1 + self.source[start..offset].chars().count() }
    }

    /// Returns the text of `line` (from 1) without its line ending; empty past the end.
    pub fn line_text(&self, line: usize) -> &'a str {
        let Some(&start) = line.checked_sub(1).and_then(|line| self.starts.get(line)) else {
            return "";
        };
        self.source[start..].lines().next().unwrap_or("")
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
}
