//! The slides of a deck as their tool divides them, for what lasts until the end of a slide.

use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::outline::is_rule;
use crate::deck::dialect::pieces::{Piece, PieceKind};
use crate::deck::front_matter::parse_mapping;

/// A slide as written.
#[derive(Debug, Default)]
pub(super) struct SlideSource<'a> {
    /// What divides it from the slide before it.
    pub(super) divider: Option<Piece<'a>>,
    /// The lines of its own front matter.
    pub(super) settings: Vec<Piece<'a>>,
    pub(super) pieces: Vec<Piece<'a>>,
}

impl SlideSource<'_> {
    /// Returns the byte of the body at which the first line that is not blank begins.
    pub(super) fn content_start(&self) -> usize {
        let first = self.pieces.iter().find(|piece| !piece.is_blank());
        let end = self.divider.map_or(0, |divider| divider.end);
        first.map_or(end, |piece| piece.start)
    }
}

/// Divides the pieces of a deck into slides.
pub(super) fn divide<'a>(dialect: Dialect, pieces: &[Piece<'a>]) -> Vec<SlideSource<'a>> {
    let mut slides = vec![SlideSource::default()];
    let mut rest = pieces.iter().copied().peekable();
    let mut before = "";
    while let Some(piece) = rest.next() {
        if is_divider(dialect, &piece, before) {
            let mut slide = SlideSource { divider: Some(piece), ..SlideSource::default() };
            let follows = rest.peek().is_some_and(|next| !next.is_blank());
            if dialect == Dialect::Slidev && follows {
                slide.settings = settings(&mut rest);
            }
            slides.push(slide);
        } else if let Some(slide) = slides.last_mut() {
            slide.pieces.push(piece);
        }
        before = piece.line().unwrap_or("");
    }
    slides
}

fn is_divider(dialect: Dialect, piece: &Piece, before: &str) -> bool {
    match piece.kind {
        PieceKind::Code(_) => false,
        PieceKind::Comment(text) => text.trim() == "end_slide",
        PieceKind::Line(line) if dialect == Dialect::Deckhand && line.trim() == "--" => true,
        PieceKind::Line(line) if dialect.divides_by_line() => {
            line.starts_with("---") && is_rule(line)
        }
        PieceKind::Line(line) => is_rule(line) && before.trim().is_empty(),
    }
}

/// Takes the front matter of a slide, and the line that closes it; nothing if that is missing.
fn settings<'a>(rest: &mut (impl Iterator<Item = Piece<'a>> + Clone)) -> Vec<Piece<'a>> {
    let mut ahead = rest.clone();
    let is_end = |piece: &Piece| piece.line().is_some_and(|line| line.trim_end() == "---");
    let Some(count) = ahead.position(|piece| is_end(&piece)) else { return Vec::new() };
    // What is no YAML mapping is the slide's text.
    let lines: Vec<&str> =
        rest.clone().take(count).map(|piece| piece.line().unwrap_or("")).collect();
    if !matches!(parse_mapping(&lines.join("\n"), 1), Ok(Some(_))) {
        return Vec::new();
    }
    let mut found: Vec<Piece> = rest.by_ref().take(count + 1).collect();
    found.pop();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::dialect::pieces::cut;
    use crate::deck::options::DeckOptions;

    fn counts(dialect: Dialect, body: &str) -> Vec<(usize, usize)> {
        let slides = divide(dialect, &cut(body, &DeckOptions::default()));
        slides.iter().map(|slide| (slide.settings.len(), slide.pieces.len())).collect()
    }

    #[test]
    fn front_matter_of_a_slide_is_no_slide() {
        let body = "# A\n---\nlayout: x\nlevel: 2\n---\n# B\n---\n\n# C\n";
        assert_eq!(counts(Dialect::Slidev, body), [(0, 1), (2, 1), (0, 2)]);
        assert_eq!(counts(Dialect::Slidev, "# A\n---\nb\n"), [(0, 1), (0, 1)]);
    }

    #[test]
    fn only_some_tools_divide_below_a_line_of_text() {
        assert_eq!(counts(Dialect::RevealMd, "a\n---\nb\n").len(), 2);
        assert_eq!(counts(Dialect::Marp, "a\n---\nb\n").len(), 1);
        assert_eq!(counts(Dialect::Deckhand, "a\n--\nb\n").len(), 2);
        assert_eq!(counts(Dialect::Wiretalk, "a\n<!-- end_slide -->\nb\n").len(), 2);
    }
}
