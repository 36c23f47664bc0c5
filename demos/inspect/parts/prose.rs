//! Paragraphs: text wrapped between words, with a label to its left.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::canvas::Canvas;
use crate::stage::Theme;
use crate::text;

/// Breaks `text` into lines of at most `cells` cells. A word that is longer than a line is split.
pub(crate) fn wrap_words(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word = word;
        let last = lines.last_mut().expect("there is at least the first line");
        let used = text::width(last);
        if used > 0 && used + 1 + text::width(word) <= cells {
            last.push(' ');
            last.push_str(word);
            continue;
        }
        if used > 0 {
            lines.push(String::new());
        }
        while text::width(word) > cells {
            let piece = text::prefix_within(word, cells);
            // A character wider than the column is taken anyway, or the loop would not end.
            let piece = if piece.is_empty() {
                &word[..word.chars().next().map_or(0, char::len_utf8)]
            } else {
                piece
            };
            lines.last_mut().expect("there is at least the first line").push_str(piece);
            word = &word[piece.len()..];
            if !word.is_empty() {
                lines.push(String::new());
            }
        }
        lines.last_mut().expect("there is at least the first line").push_str(word);
    }
    lines
}

/// Returns a paragraph with a label of `indent` cells before its first line.
pub(crate) fn labelled_paragraph(
    label: &str,
    text: &str,
    indent: usize,
    width: u16,
    style: Style,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let room = usize::from(width).saturating_sub(indent);
    let lines = wrap_words(text, room).into_iter().enumerate();
    lines
        .map(|(row, line)| {
            // Only the first line has the label; the others are indented by its width.
            let label = if row == 0 { label } else { "" };
            let label =
                format!("{:<indent$}", text::ellipsize(label.trim_end(), indent.saturating_sub(1)));
            Line::from(vec![
                Span::styled(label, Style::new().fg(theme.accent).add_modifier(Modifier::BOLD)),
                Span::styled(line, style),
            ])
        })
        .collect()
}

/// Arranges pieces of text side by side, two blanks apart, as many per line as fit. A piece is cut
/// only if it is longer than a line.
pub(crate) fn flow_pieces(pieces: Vec<Vec<Span<'static>>>, width: u16) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = Vec::new();
    for piece in pieces {
        let wide: usize = piece.iter().map(Span::width).sum();
        match lines.last_mut() {
            Some(line) if line.width() + 2 + wide <= usize::from(width) => {
                line.push_span(Span::raw("  "));
                line.spans.extend(piece);
            }
            _ => lines.push(Line::from(piece)),
        }
    }
    lines
}

/// Draws lines from the top of an area, as many as there is room for. If there are more, the last
/// one ends with `…`.
pub(crate) fn draw_lines(lines: &[Line], area: Rect, canvas: &mut Canvas) {
    let rows = usize::from(area.height);
    for (row, line) in lines.iter().take(rows).enumerate() {
        canvas.draw_line(line, row as u16, area);
    }
    if lines.len() > rows && area.width > 2 && rows > 0 {
        let style = canvas.theme.dim();
        canvas.buffer.set_string(area.right() - 1, area.bottom() - 1, "…", style);
    }
}

/// Shortens `RFC 6455 §5.2` to `§5.2`. Sections of other RFCs keep their name.
pub(crate) fn short_section(section: &str) -> &str {
    section.strip_prefix("RFC 6455 ").unwrap_or(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_long_ones_cut() {
        assert_eq!(wrap_words("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap_words("a abcdefgh i", 3),
            ["a", "abc", "def", "gh", "i"].map(str::to_owned)
        );
        assert_eq!(wrap_words("日本", 1), ["日", "本"].map(str::to_owned));
        assert_eq!(wrap_words("", 4), [""]);
    }

    #[test]
    fn a_label_stands_before_the_first_line() {
        let lines = labelled_paragraph("Why", "one two three", 5, 12, Style::new(), &Theme::DARK);
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["Why  one two", "     three"]);
    }

    #[test]
    fn pieces_flow_without_being_cut() {
        let pieces = ["✓ aa", "✓ bb", "✗ cc"].map(|piece| vec![Span::raw(piece)]).to_vec();
        let lines: Vec<String> = flow_pieces(pieces, 11).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["✓ aa  ✓ bb", "✗ cc"]);
    }
}
