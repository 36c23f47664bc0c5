//! The heading of a slide: its title, or the title page of the talk.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::deck::{FrontMatter, TextRun, plain_text};
use crate::slide::text::big::{BigLine, balanced, big_lines, stacked};
use crate::slide::text::runs::title_runs;
use crate::slide::text::wrap::{StyledText, wrap};
use crate::stage::{PixelSize, Theme};

/// The height in rows from which on a slide's title is drawn in big letters.
pub(super) const BIG_TITLE_MIN_HEIGHT: u16 = 45;
/// The largest number of lines of big letters in the title of a slide.
const MAX_BIG_TITLE_LINES: usize = 2;
/// The largest number of lines of big letters on the title page.
const MAX_BIG_PAGE_LINES: usize = 3;

/// The rows that stay free between the title page and what follows on it.
pub(super) const TITLE_PAGE_GAP: u16 = 2;

/// The rows of a heading.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heading {
    pub(super) rows: Vec<Line<'static>>,
    /// The lines of big letters, each with the row that it begins on.
    pub(super) big: Vec<(usize, BigLine)>,
    /// Whether each row stands in the middle of its area.
    pub(super) is_centered: bool,
    /// Whether it was too long and is cut.
    pub(super) is_cut: bool,
    /// Whether its last row is a line, which sets it apart from what follows.
    pub(super) is_underlined: bool,
}

impl Heading {
    /// Lays out the title of a slide: in big letters on a high screen, up to its right edge;
    /// otherwise in lines as wide as text, underlined.
    pub(super) fn title(text: &[TextRun], area: Rect, text_width: u16, theme: &Theme) -> Self {
        let pieces = title_runs(text, theme.heading(), theme);
        let big = (area.height >= BIG_TITLE_MIN_HEIGHT)
            .then(|| {
                let emphasized = emphasized(&pieces, theme);
                let width = area.width.into();
                big_lines(&emphasized, PixelSize::Quadrant, width, MAX_BIG_TITLE_LINES)
            })
            .flatten();
        if let Some(lines) = big {
            return Self::of_big_lines(lines);
        }
        let mut rows = wrap(&pieces, text_width.into());
        let most = usize::from(area.height / 2).max(1);
        let is_cut = cut(&mut rows, most, text_width.into());
        let width = rows.last().map_or(0, Line::width);
        rows.push(Line::styled("▔".repeat(width), theme.faint()));
        Self { rows, is_cut, is_underlined: true, ..Self::default() }
    }

    fn of_big_lines(lines: Vec<BigLine>) -> Self {
        let mut heading = Self::default();
        for (row, (cells, begins)) in stacked(lines).into_iter().enumerate() {
            heading.rows.push(cells);
            heading.big.extend(begins.map(|line| (row, line)));
        }
        heading
    }

    /// Lays out the title page of a talk in the largest letters that leave room for the
    /// `body_rows` rows below it, if there are any. What is too long for small letters is cut, so
    /// that these rows keep up to half of the height.
    pub(super) fn title_page(
        text: &[TextRun],
        meta: &FrontMatter,
        area: Rect,
        body_rows: usize,
        theme: &Theme,
    ) -> Self {
        let pieces = title_runs(text, theme.heading(), theme);
        let width = usize::from(area.width);
        let below = lines_below_title(&plain_text(text), meta, width, theme);
        let height = usize::from(area.height);
        let body_rows = body_rows.min(height / 2);
        let taken = below.len() + body_rows + 2;
        let big = [PixelSize::HalfHeight, PixelSize::Quadrant].into_iter().find_map(|size| {
            let lines = big_lines(&emphasized(&pieces, theme), size, width, MAX_BIG_PAGE_LINES)?;
            let big = Self::of_big_lines(lines);
            let rows = big.rows.len();
            (rows <= height.saturating_sub(4) * 2 / 3 && rows + taken <= height).then_some(big)
        });
        let gap = if body_rows == 0 { 0 } else { TITLE_PAGE_GAP.into() };
        let most = height.saturating_sub(body_rows + gap).max(1);
        let Self { mut rows, big, mut is_cut, .. } = big.unwrap_or_else(|| {
            let mut rows = balanced(&pieces, width);
            let is_cut = cut(&mut rows, (height / 2).clamp(1, most), width);
            Self { rows, is_cut, ..Self::default() }
        });
        if !below.is_empty() {
            // Where rows are short, the blank one is the first to go.
            if rows.len() + 1 + below.len() <= most {
                rows.push(Line::default());
            }
            rows.extend(below);
            is_cut |= cut(&mut rows, most, width);
        }
        Self { rows, big, is_centered: true, is_cut, is_underlined: false }
    }

    /// Returns who speaks and when, for a first slide that has no title page, as lines below its
    /// title. Both take at most half of the `height`.
    pub(super) fn with_byline(
        mut self,
        title: &str,
        meta: &FrontMatter,
        (width, height): (u16, u16),
        theme: &Theme,
    ) -> Self {
        let mut lines = lines_below_title(title, meta, width.into(), theme);
        let most = usize::from(height / 2).saturating_sub(self.rows.len());
        self.is_cut |= cut(&mut lines, most, width.into());
        self.is_underlined &= lines.is_empty();
        self.rows.extend(lines);
        self
    }
}

/// Returns what the front matter says about the talk: its title if that is not the title of the
/// slide, the line below it, who speaks, and where and when.
fn lines_below_title(
    title: &str,
    meta: &FrontMatter,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let plain = Style::new().fg(theme.text);
    let titles = meta.title.iter().filter(|own| *own != title).chain(&meta.sub_title);
    let mut lines: Vec<Line> =
        titles.flat_map(|text| balanced(&[(text.clone(), plain)], width)).collect();
    let authors = meta.authors.join(" · ");
    let place = [&meta.event, &meta.location, &meta.date];
    let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
    // One line holds both where they fit, as most decks name one speaker and a date.
    let parts: Vec<String> =
        [authors, place.join(" · ")].into_iter().filter(|part| !part.is_empty()).collect();
    let joined = parts.join(" · ");
    let parts = if crate::text::width(&joined) <= width { vec![joined] } else { parts };
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        lines.extend(balanced(&[(part, theme.dim())], width));
    }
    lines
}

/// Returns `pieces` with the colour of text where they are emphasized, because big letters have
/// neither weight nor slant.
fn emphasized(pieces: &[StyledText], theme: &Theme) -> Vec<StyledText> {
    let plain = theme.heading();
    let style = |style: Style| {
        let is_emphasized = style.fg == plain.fg && style.add_modifier != plain.add_modifier;
        if is_emphasized { style.fg(theme.text) } else { style }
    };
    pieces.iter().map(|(text, own)| (text.clone(), style(*own))).collect()
}

/// Cuts `rows` down to `most`. The last one then ends with a mark. Returns whether any was cut.
fn cut(rows: &mut Vec<Line<'static>>, most: usize, width: usize) -> bool {
    if rows.len() <= most {
        return false;
    }
    rows.truncate(most);
    if let Some(last) = rows.last_mut() {
        let style = last.spans.last().map_or_else(Style::new, |span| span.style);
        let text: String = last.spans.iter().map(|span| span.content.as_ref()).collect();
        // It may have been cut before.
        let text = text.trim_end_matches('…');
        let text = crate::text::prefix_within(text, width.saturating_sub(1));
        *last = Line::from(Span::styled(format!("{text}…"), style));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_is_cut_twice_has_one_mark() {
        let mut rows: Vec<_> = ["It doesn't have", "to be", "REST"].map(Line::from).to_vec();
        assert!(cut(&mut rows, 2, 18) && cut(&mut rows, 1, 18));
        assert_eq!(rows, [Line::from("It doesn't have…")]);
        let mut rows = vec![Line::from("one…"), Line::from("two")];
        cut(&mut rows, 1, 18);
        assert_eq!(rows[0].to_string(), "one…");
    }
}
