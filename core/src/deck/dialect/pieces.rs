//! A deck in pieces: lines, code blocks and comments. Only a line can be a tool's own notation; what
//! stands in code is code.

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
    /// A comment that has its lines to itself: the text between `<!--` and `-->`.
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

/// Cuts `body` into pieces, in order; together they are the whole body.
pub(super) fn cut(body: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let line = line_at(body, at);
        let (kind, end) = if let Some((fence, info)) = opening_fence(line) {
            (PieceKind::Code(info), end_of_code(body, at + line.len(), fence))
        } else if let Some((text, end)) = comment_at(body, at, line) {
            (PieceKind::Comment(text), end)
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

/// Returns the comment that `line`, which begins at `at`, opens, and the byte behind its last line.
fn comment_at<'a>(body: &'a str, at: usize, line: &str) -> Option<(&'a str, usize)> {
    let text = line.trim_start();
    if !text.starts_with("<!--") || line.len() - text.len() > 3 {
        return None;
    }
    let open = at + line.len() - text.len() + "<!--".len();
    let close = open + body[open..].find("-->")?;
    let behind = close + "-->".len();
    let rest = line_at(body, behind);
    rest.trim().is_empty().then(|| (&body[open..close], behind + rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(body: &str) -> Vec<PieceKind<'_>> {
        let pieces = cut(body);
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
                PieceKind::Comment("\n---\n"),
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
    }
}
