//! A deck in pieces: lines, code blocks and comments. Only a line can be a tool's own notation; what
//! stands in code is code.

use crate::deck::options::DeckOptions;

/// A piece of a deck, with its place in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// The byte of the body at which the piece begins.
    pub(super) start: usize,
    /// The byte of the body behind the piece and its line end.
    pub(super) end: usize,
    pub(super) kind: PieceKind<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind<'a> {
    /// A line outside of code and comments, without its line end.
    Line(&'a str),
    /// A fenced code block with its info string.
    Code(&'a str),
    /// A comment that has its lines to itself: the text between `<!--` and `-->`, trimmed and without the
    /// prefix of commands.
    Comment(&'a str),
}

impl<'a> Piece<'a> {
    /// Returns the text of a line outside of code and comments.
    pub(super) fn line(&self) -> Option<&'a str> {
        match self.kind {
            PieceKind::Line(text) => Some(text),
            PieceKind::Code(_) | PieceKind::Comment(_) => None,
        }
    }

    /// Whether the piece is a blank line.
    pub(super) fn is_blank(&self) -> bool {
        self.line().is_some_and(|line| line.trim().is_empty())
    }
}

/// Cuts `body` into pieces, in order; together they are the whole body. The options say what stands
/// before the name of a directive.
pub(super) fn cut<'a>(body: &'a str, options: &DeckOptions) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut closings = Closings { body, next: Some(0) };
    let mut at = 0;
    while at < body.len() {
        let line = line_at(body, at);
        let (kind, end) = if let Some((fence, info)) = opening_fence(line) {
            (PieceKind::Code(info), end_of_code(body, at + line.len(), fence))
        } else if let Some((text, end)) = comment_at(&mut closings, at, line) {
            (PieceKind::Comment(options.without_prefix(text)), end)
        } else {
            (PieceKind::Line(line.trim_end_matches(['\n', '\r'])), at + line.len())
        };
        pieces.push(Piece { start: at, end, kind });
        at = end;
    }
    pieces
}

/// Returns the line that begins at `at`, with its line end.
fn line_at(body: &str, at: usize) -> &str {
    body[at..].split_inclusive('\n').next().unwrap_or("")
}

/// Returns the characters of a fence and its info string, if `line` opens a code block.
fn opening_fence(line: &str) -> Option<(&str, &str)> {
    let text = line.trim();
    let letter = text.chars().next().filter(|letter| matches!(letter, '`' | '~'))?;
    let length = text.len() - text.trim_start_matches(letter).len();
    let (fence, info) = text.split_at(length);
    // A backtick behind backticks makes it code within a line (CommonMark 4.5).
    (length >= 3 && !(letter == '`' && info.contains('`'))).then_some((fence, info.trim()))
}

/// Returns the byte behind the code block whose first line ends at `at`.
fn end_of_code(body: &str, at: usize, fence: &str) -> usize {
    let mut end = at;
    for line in body[at..].split_inclusive('\n') {
        end += line.len();
        let text = line.trim();
        if text.starts_with(fence) && text.trim_start_matches(&fence[..1]).is_empty() {
            break;
        }
    }
    end
}

/// The ends of the comments of a body. They are looked for in order, so that many comments that are
/// never closed take no longer than one.
struct Closings<'a> {
    body: &'a str,
    /// The byte of the end that was found last, or from which on to look; `None` if none follows.
    next: Option<usize>,
}

impl Closings<'_> {
    /// Returns the byte of the first `-->` at or behind `from`, which is never before the last one.
    fn after(&mut self, from: usize) -> Option<usize> {
        let known = self.next?;
        if known < from || !self.body[known..].starts_with("-->") {
            self.next = self.body[from..].find("-->").map(|at| from + at);
        }
        self.next
    }
}

/// Returns the comment that `line`, which begins at `at`, opens, and the byte behind its last line.
fn comment_at<'a>(closings: &mut Closings<'a>, at: usize, line: &str) -> Option<(&'a str, usize)> {
    let body = closings.body;
    let text = line.trim_start();
    if !text.starts_with("<!--") || line.len() - text.len() > 3 {
        return None;
    }
    let open = at + line.len() - text.len() + "<!--".len();
    let close = closings.after(open)?;
    let behind = close + "-->".len();
    let rest = line_at(body, behind);
    rest.trim().is_empty().then(|| (&body[open..close], behind + rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(body: &str) -> Vec<PieceKind<'_>> {
        let pieces = cut(body, &DeckOptions::default());
        let whole: String = pieces.iter().map(|piece| &body[piece.start..piece.end]).collect();
        assert_eq!(whole, body);
        pieces.into_iter().map(|piece| piece.kind).collect()
    }

    #[test]
    fn code_and_comments_are_whole_and_lines_are_single() {
        assert_eq!(
            kinds("a\r\n~~~ go x\n---\n```\n~~~~\n<!--\n---\n-->\n<!-- b --> c\n"),
            [
                PieceKind::Line("a"),
                PieceKind::Code("go x"),
                PieceKind::Comment("---"),
                PieceKind::Line("<!-- b --> c"),
            ]
        );
    }

    #[test]
    fn what_is_never_closed_loses_nothing() {
        assert_eq!(kinds("<!-- a\nb"), [PieceKind::Line("<!-- a"), PieceKind::Line("b")]);
        assert_eq!(kinds("```\na\n---"), [PieceKind::Code("")]);
        assert_eq!(kinds("```a`b"), [PieceKind::Line("```a`b")]);
        assert_eq!(kinds(""), []);
        assert_eq!(
            kinds("<!-- a\n<!-- b --> c\n<!-- d -->\n<!-- e"),
            [
                PieceKind::Line("<!-- a"),
                PieceKind::Line("<!-- b --> c"),
                PieceKind::Comment("d"),
                PieceKind::Line("<!-- e"),
            ]
        );
    }

    #[test]
    fn the_end_of_a_comment_is_looked_for_once() {
        let body = "<!-- a --> b\n<!-- c\n<!-- d\n";
        let mut closings = Closings { body, next: Some(0) };
        assert_eq!(closings.after(4), Some(7));
        assert_eq!((closings.after(17), closings.next), (None, None), "none follows");
    }
}
