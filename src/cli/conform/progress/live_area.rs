//! [`LiveArea`]: lines at the end of a terminal's text that are drawn again in place. It changes no
//! mode of the terminal, so a process that is killed leaves nothing behind but the lines.

use std::fmt::Write as _;
use std::io::Write;

/// The lines that are shown. They are taken away when this is dropped.
#[derive(Debug)]
pub(super) struct LiveArea<W: Write> {
    out: W,
    /// The lines on the terminal; the cursor is at the end of the last one.
    shown: Vec<String>,
}

impl<W: Write> LiveArea<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, shown: Vec::new() }
    }

    /// Shows `lines`, none of which may fill the width of the terminal. Only those that differ are
    /// written.
    pub(super) fn show(&mut self, lines: Vec<String>) {
        if lines == self.shown {
            return;
        }
        let mut text = self.to_first_line();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                text += "\r\n";
            }
            if self.shown.get(index) != Some(line) {
                text += "\x1b[2K";
                text += line;
            }
        }
        if lines.len() < self.shown.len() {
            text += "\x1b[J";
        }
        // A line that was not written has left the cursor at its beginning.
        if let Some(last) =
            lines.last().filter(|last| self.shown.get(lines.len().saturating_sub(1)) == Some(last))
        {
            text += last;
        }
        self.write(&text);
        self.shown = lines;
    }

    /// Leaves the lines where they are and begins below them: the terminal may have moved them.
    pub(super) fn begin_anew(&mut self) {
        if !self.shown.is_empty() {
            self.shown.clear();
            self.write("\r\n");
        }
    }

    /// Takes the lines away.
    pub(super) fn clear(&mut self) {
        if !self.shown.is_empty() {
            let text = self.to_first_line() + "\x1b[J";
            self.write(&text);
            self.shown.clear();
        }
    }

    /// Returns what moves the cursor to the beginning of the first line.
    fn to_first_line(&self) -> String {
        let mut text = "\r".to_owned();
        if self.shown.len() > 1 {
            let _ = write!(text, "\x1b[{}A", self.shown.len().saturating_sub(1));
        }
        text
    }

    fn write(&mut self, text: &str) {
        // Progress is not worth an error.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

impl<W: Write> Drop for LiveArea<W> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    /// Returns what is written for the last of `pictures`.
    fn written_for(pictures: &[&[&str]]) -> String {
        let mut out = Vec::new();
        let mut before = 0;
        {
            let mut area = LiveArea::new(&mut out);
            for (index, picture) in pictures.iter().enumerate() {
                if index + 1 == pictures.len() {
                    before = area.out.len();
                }
                area.show(lines(picture));
            }
            std::mem::take(&mut area.shown);
        }
        String::from_utf8(out.split_off(before)).unwrap()
    }

    #[test]
    fn only_lines_that_differ_are_written_again() {
        assert_eq!(written_for(&[&["a", "b", "c"]]), "\r\x1b[2Ka\r\n\x1b[2Kb\r\n\x1b[2Kc");
        let second = written_for(&[&["a", "b", "c"], &["a", "x", "c"]]);
        assert_eq!(second, "\r\x1b[2A\r\n\x1b[2Kx\r\nc");
        assert_eq!(written_for(&[&["a", "b"], &["a", "b"]]), "");
    }

    #[test]
    fn a_shorter_picture_leaves_nothing_of_the_longer_one() {
        let shorter = written_for(&[&["a", "b", "c"], &["d"]]);
        assert_eq!(shorter, "\r\x1b[2A\x1b[2Kd\x1b[J");
        let longer = written_for(&[&["a"], &["a", "b"]]);
        assert_eq!(longer, "\r\r\n\x1b[2Kb");
    }

    #[test]
    fn the_lines_are_gone_at_the_end_and_stay_where_it_begins_anew() {
        let mut out = Vec::new();
        drop(LiveArea::new(&mut out));
        assert_eq!(out, b"", "nothing was shown");
        let mut area = LiveArea::new(&mut out);
        area.show(lines(&["a", "b"]));
        drop(area);
        assert!(out.ends_with(b"\r\x1b[1A\x1b[J"), "{out:?}");
        let mut area = LiveArea::new(&mut out);
        area.show(lines(&["a", "b"]));
        area.begin_anew();
        area.show(lines(&["c"]));
        drop(area);
        assert!(out.ends_with(b"b\r\n\r\x1b[2Kc\r\x1b[J"), "{out:?}");
    }
}
