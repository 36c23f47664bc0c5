//! The question that a demo asks before it runs, with its choices in boxes, in the middle of an
//! area.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Borders, Widget as _};

use crate::stage::{Theme, draw_line};
use crate::text;

/// The widest row of a question.
const MAX_WIDTH: u16 = 76;
/// The blanks between two choices.
const GAP: u16 = 2;

/// A question with its choices, and what to press.
pub struct QuestionCard<'a> {
    /// The question.
    pub question: &'a str,
    /// The choices, each with the key that chooses it if there is one. There may be none.
    pub choices: &'a [String],
    /// The index of the chosen one.
    pub chosen: Option<usize>,
    /// What stands below the choices, a row each. Without room the last ones are left out.
    pub notes: &'a [&'a str],
}

/// Where the parts of a card stand.
struct CardLayout {
    question: Vec<String>,
    top: u16,
    choices: Vec<Rect>,
    notes_top: u16,
    notes: usize,
}

impl QuestionCard<'_> {
    /// Draws the card. Its choices stand in boxes if there is room.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        let layout = self.layout(area);
        for (row, text) in (layout.top..).zip(&layout.question) {
            draw_centered(&Line::styled(text.clone(), theme.heading()), row, area, buffer);
        }
        for (index, place) in layout.choices.iter().enumerate() {
            self.draw_choice(index, *place, buffer, theme);
        }
        for (row, note) in (layout.notes_top..).zip(&self.notes[..layout.notes]) {
            draw_centered(&Line::styled((*note).to_owned(), theme.dim()), row, area, buffer);
        }
    }

    /// Returns the choice that stands at a position, by its index.
    pub fn choice_at(&self, at: Position, area: Rect) -> Option<usize> {
        self.layout(area).choices.iter().position(|place| place.contains(at))
    }

    fn draw_choice(&self, index: usize, place: Rect, buffer: &mut Buffer, theme: &Theme) {
        let is_chosen = self.chosen == Some(index);
        let (mark, style) =
            if is_chosen { ("▶", theme.cursor()) } else { (" ", Style::new().fg(theme.text)) };
        let is_boxed = place.height >= 3;
        let inner = if is_boxed {
            let (border, lines) = if is_chosen {
                (BorderType::Double, Style::new().fg(theme.accent))
            } else {
                (BorderType::Rounded, theme.faint())
            };
            let block = Block::new().borders(Borders::ALL).border_type(border).border_style(lines);
            let inner = block.inner(place);
            block.render(place, buffer);
            inner
        } else {
            place
        };
        let label = Span::styled(format!("{mark}{} ", self.choices[index]), style);
        draw_line(&Line::from(label), inner.height / 2, inner, buffer);
    }

    fn layout(&self, area: Rect) -> CardLayout {
        let question = wrapped(self.question, area.width.min(MAX_WIDTH).into());
        let asked = question.len() as u16;
        let boxed = self.widths(2);
        let fits = total(&boxed) <= area.width;
        let rows = |height: u16| {
            let left = area.height.saturating_sub(height);
            if fits && left >= 10 {
                5
            } else if fits && left >= 3 {
                3
            } else {
                1
            }
        };
        // The choices come first, then the question, then what stands below.
        let choice_rows = if self.choices.is_empty() { 0 } else { rows(asked + 1) };
        let asked_rows = asked.min(area.height.saturating_sub(choice_rows.min(1)));
        let choice_rows = choice_rows.min(area.height - asked_rows);
        let left = area.height - asked_rows - choice_rows;
        let notes = left.min(self.notes.len() as u16);
        // A blank row above the choices and one below them, if there is room.
        let gap = u16::from(left >= notes + 2);
        let used = asked_rows + choice_rows + notes + 2 * gap;
        let top = (area.height - used) / 2;
        let y = area.y + top + asked_rows + gap;
        let widths = if choice_rows >= 3 { boxed } else { self.widths(0) };
        CardLayout {
            question: question.into_iter().take(asked_rows.into()).collect(),
            top,
            choices: places(&widths, y, choice_rows, area),
            notes_top: top + asked_rows + choice_rows + 2 * gap,
            notes: notes.into(),
        }
    }

    /// Returns the widths of the choices with their mark, a blank and `frame` cells more.
    fn widths(&self, frame: u16) -> Vec<u16> {
        self.choices.iter().map(|choice| text::width(choice) as u16 + 2 + frame).collect()
    }
}

/// Returns the width of choices side by side.
fn total(widths: &[u16]) -> u16 {
    let gaps = GAP * (widths.len() as u16).saturating_sub(1);
    widths.iter().fold(gaps, |sum, width| sum.saturating_add(*width))
}

/// Returns the places of choices side by side, in the middle of `area`.
fn places(widths: &[u16], y: u16, height: u16, area: Rect) -> Vec<Rect> {
    let mut x = area.x + area.width.saturating_sub(total(widths)) / 2;
    let place = |width: &u16| {
        let place = Rect { x, y, width: *width, height };
        x = x.saturating_add(*width + GAP);
        place.intersection(area)
    };
    widths.iter().map(place).collect()
}

/// Draws a line in the middle of a row.
fn draw_centered(content: &Line, row: u16, area: Rect, buffer: &mut Buffer) {
    let free = area.width.saturating_sub(content.width() as u16) / 2;
    let area = Rect { x: area.x + free, width: area.width - free, ..area };
    draw_line(content, row, area, buffer);
}

/// Breaks `text` between words into rows of at most `width` cells. A word that is wider has a row of
/// its own. Returns at least one row.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in text.split(' ') {
        let last = rows.last_mut().filter(|row| !row.is_empty());
        match last {
            Some(row) if text::width(row) + 1 + text::width(word) > width => {
                rows.push(word.to_owned());
            }
            Some(row) => {
                row.push(' ');
                row.push_str(word);
            }
            None => rows = vec![word.to_owned()],
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(card: &QuestionCard, area: Rect) -> String {
        let mut buffer = Buffer::empty(area);
        card.draw(area, &mut buffer, &Theme::DARK);
        let rows = buffer.content.chunks(area.width.max(1).into());
        rows.map(|row| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
                + "\n"
        })
        .collect()
    }

    fn choices() -> Vec<String> {
        ["1 one", "2 two or more"].map(str::to_owned).to_vec()
    }

    fn card(choices: &[String]) -> QuestionCard<'_> {
        QuestionCard { question: "How many?", choices, chosen: Some(1), notes: &["a digit", "?"] }
    }

    #[test]
    fn choices_stand_in_boxes_where_there_is_room() {
        let choices = choices();
        assert_eq!(
            picture(&card(&choices), Rect::new(0, 0, 36, 9)),
            "
             How many?

    ╭───────╮  ╔═══════════════╗
    │ 1 one │  ║▶2 two or more ║
    ╰───────╯  ╚═══════════════╝

              a digit
                 ?
"
            .trim_start_matches('\n')
            .to_owned()
                + "\n"
        );
        let small = picture(&card(&choices), Rect::new(0, 0, 36, 3));
        assert_eq!(
            small,
            "             How many?\n       1 one   ▶2 two or more\n              a digit\n"
        );
        let narrow = picture(&card(&choices), Rect::new(0, 0, 26, 9));
        assert!(narrow.contains("  1 one   ▶2 two or more"), "{narrow}");
    }

    #[test]
    fn a_click_anywhere_in_a_box_finds_its_choice() {
        let choices = choices();
        let card = card(&choices);
        for (width, height) in [(36, 9), (36, 3), (26, 9), (60, 20)] {
            let area = Rect::new(3, 2, width, height);
            let found: std::collections::BTreeSet<_> =
                area.positions().filter_map(|at| card.choice_at(at, area)).collect();
            assert!(found.into_iter().eq(0..2), "{width}x{height}");
            assert_eq!(card.choice_at(Position::new(3, 2), area), None);
        }
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        let choices = choices();
        for width in 0..40 {
            for height in 0..14 {
                picture(&card(&choices), Rect::new(0, 0, width, height));
                picture(
                    &QuestionCard { choices: &[], ..card(&choices) },
                    Rect::new(0, 0, width, height),
                );
            }
        }
    }

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable word", 4), ["unbreakable", "word"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
