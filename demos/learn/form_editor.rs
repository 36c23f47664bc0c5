//! [`FormEditor`]: the answer while it is being made.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::text_line::TextLine;
use crate::learn::{Answer, AnswerForm, Exercise, Exhibit, Question, Response, RightAnswer};

/// The most lines of a head.
const MAX_HEAD_LINES: usize = 40;

/// An answer that is being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FormEditor {
    /// A line for each field, and the one with the cursor; which fields take any text.
    Fields { names: Vec<String>, lines: Vec<TextLine>, cursor: usize, texts: Vec<bool> },
    /// Bytes in hex.
    Bytes(TextLine),
    /// The lines of a head.
    Head { lines: Vec<TextLine>, cursor: usize },
    /// A place of the exhibit, and a rule. A place is a byte, or a line of a head; each is answered by
    /// its first byte.
    ByteAndRule { place: usize, places: Vec<usize>, rule: Option<usize>, rules: usize },
    /// Events in an order, which is no answer until it was changed. The one at the cursor may be held,
    /// and then moves with it.
    Order { order: Vec<usize>, cursor: usize, is_held: bool, is_changed: bool },
    /// A line of code, and a remedy.
    LineAndRemedy { line: usize, lines: usize, remedy: Option<usize>, remedies: usize },
    /// One option, by its place in `order`.
    Choice { chosen: Option<usize>, order: Vec<usize> },
    /// Any number of options, by their places in `order`.
    Several { chosen: Vec<bool>, order: Vec<usize> },
    /// A typed answer to a question.
    Input(TextLine),
}

/// The meaning of a key to a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormKey {
    /// It changed the answer.
    Changed,
    /// The answer is to be judged.
    Check,
    /// The form doesn't use it.
    Unused,
}

impl FormEditor {
    /// Returns an empty answer to an exercise.
    pub(super) fn of_exercise(exercise: &Exercise) -> Self {
        match &exercise.form {
            AnswerForm::Fields(fields) => Self::Fields {
                names: fields.iter().map(|field| field.name.clone()).collect(),
                lines: vec![TextLine::default(); fields.len()],
                cursor: 0,
                texts: fields.iter().map(|field| field.is_text).collect(),
            },
            AnswerForm::Bytes => Self::Bytes(TextLine::default()),
            AnswerForm::Head(head) => {
                Self::Head { lines: head.lines().map(TextLine::new).collect(), cursor: 0 }
            }
            AnswerForm::ByteAndRule(rules) => {
                let places = places(&exercise.exhibit);
                Self::ByteAndRule { place: 0, places, rule: None, rules: rules.len() }
            }
            AnswerForm::Order(events) => {
                let order = (0..events.len()).collect();
                Self::Order { order, cursor: 0, is_held: false, is_changed: false }
            }
            AnswerForm::LineAndRemedy(remedies) => {
                let lines = match &exercise.exhibit {
                    Exhibit::Code(lines) => lines.len(),
                    _ => 0,
                };
                Self::LineAndRemedy { line: 0, lines, remedy: None, remedies: remedies.len() }
            }
        }
    }

    /// Returns an empty answer to a question whose options stand in this order.
    pub(super) fn of_question(question: &Question, order: Vec<usize>) -> Self {
        match &question.answer {
            RightAnswer::Choice { .. } => Self::Choice { chosen: None, order },
            RightAnswer::Several { .. } => {
                Self::Several { chosen: vec![false; order.len()], order }
            }
            RightAnswer::Input { .. } => Self::Input(TextLine::default()),
        }
    }

    /// Whether letters are a part of the answer, so that they can't be commands. A field for a number
    /// or hex begins with none that is one.
    pub(super) fn takes_letters(&self) -> bool {
        match self {
            Self::Fields { lines, cursor, texts, .. } => {
                let is_begun = lines.get(*cursor).is_some_and(|line| !line.text.is_empty());
                is_begun || texts.get(*cursor) == Some(&true)
            }
            Self::Head { .. } | Self::Input(_) => true,
            _ => false,
        }
    }

    /// Whether Enter goes to the next field, instead of checking the answer.
    pub(super) fn goes_on(&self) -> bool {
        matches!(self, Self::Fields { lines, cursor, .. } if *cursor + 1 < lines.len())
    }

    /// Whether there is something that can be judged.
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Fields { lines, .. } => lines.iter().any(|line| !line.text.trim().is_empty()),
            Self::Bytes(line) | Self::Input(line) => !line.text.trim().is_empty(),
            Self::Head { .. } => true,
            Self::Order { is_changed, .. } => *is_changed,
            Self::ByteAndRule { rule, .. } => rule.is_some(),
            Self::LineAndRemedy { remedy, .. } => remedy.is_some(),
            Self::Choice { chosen, .. } => chosen.is_some(),
            Self::Several { chosen, .. } => chosen.contains(&true),
        }
    }

    /// Returns the answer to an exercise; `None` if this is one to a question.
    pub(super) fn answer(&self) -> Option<Answer> {
        Some(match self {
            Self::Fields { names, lines, .. } => {
                let values = lines.iter().map(|line| line.text.clone());
                Answer::Fields(names.iter().cloned().zip(values).collect())
            }
            Self::Bytes(line) => Answer::Bytes(line.text.clone()),
            Self::Head { lines, .. } => {
                Answer::Head(lines.iter().map(|line| line.text.clone() + "\n").collect())
            }
            Self::ByteAndRule { place, places, rule, .. } => {
                Answer::ByteAndRule { byte: *places.get(*place)?, rule: (*rule)? }
            }
            Self::Order { order, .. } => Answer::Order(order.clone()),
            Self::LineAndRemedy { line, remedy, .. } => {
                Answer::LineAndRemedy { line: *line, remedy: (*remedy)? }
            }
            Self::Choice { .. } | Self::Several { .. } | Self::Input(_) => return None,
        })
    }

    /// Returns the answer to a question; `None` if this is one to an exercise.
    pub(super) fn response(&self) -> Option<Response> {
        Some(match self {
            Self::Choice { chosen, order } => {
                Response::Chosen(chosen.and_then(|at| order.get(at).copied()).into_iter().collect())
            }
            Self::Several { chosen, order } => {
                let pairs = chosen.iter().zip(order).filter(|(chosen, _)| **chosen);
                Response::Chosen(pairs.map(|(_, option)| *option).collect())
            }
            Self::Input(line) => Response::Typed(line.text.clone()),
            _ => return None,
        })
    }

    /// Returns the number of options, rules or remedies that digits choose among.
    pub(super) fn choices(&self) -> usize {
        match self {
            Self::ByteAndRule { rules, .. } => *rules,
            Self::LineAndRemedy { remedies, .. } => *remedies,
            Self::Choice { order, .. } | Self::Several { order, .. } => order.len(),
            _ => 0,
        }
    }

    /// Handles a key.
    pub(super) fn handle_key(&mut self, key: KeyEvent) -> FormKey {
        match self {
            Self::Fields { lines, cursor, .. } => return fields_key(lines, cursor, key),
            Self::Head { lines, cursor } => return head_key(lines, cursor, key),
            _ => {}
        }
        if key.code == KeyCode::Enter {
            return FormKey::Check;
        }
        let used = match self {
            Self::Bytes(line) => {
                // The hint has this letter, which no byte has.
                key.code != KeyCode::Char('h') && line.handle_key(key)
            }
            Self::Input(line) => line.handle_key(key),
            Self::ByteAndRule { place, places, rule, rules } => {
                moved(place, places.len(), key.code) || digit(rule, *rules, key.code)
            }
            Self::LineAndRemedy { line, lines, remedy, remedies } => {
                moved(line, *lines, key.code) || digit(remedy, *remedies, key.code)
            }
            Self::Order { order, cursor, is_held, is_changed } => {
                let before = order.clone();
                let used = order_key(order, cursor, is_held, key.code);
                *is_changed |= *order != before;
                used
            }
            Self::Choice { chosen, order } => {
                digit(chosen, order.len(), key.code) || stepped(chosen, order.len(), key.code)
            }
            Self::Several { chosen, .. } => toggled(chosen, key.code),
            Self::Fields { .. } | Self::Head { .. } => false,
        };
        if used { FormKey::Changed } else { FormKey::Unused }
    }

    /// Inserts pasted text.
    pub(super) fn paste(&mut self, text: &str) {
        match self {
            Self::Fields { lines, cursor, .. } => {
                if let Some(line) = lines.get_mut(*cursor) {
                    line.insert(text);
                }
            }
            Self::Bytes(line) | Self::Input(line) => line.insert(&text.replace(['\r', '\n'], " ")),
            Self::Head { lines, cursor } => {
                for (number, part) in text.lines().enumerate() {
                    if number > 0 {
                        new_line(lines, cursor);
                    }
                    if let Some(line) = lines.get_mut(*cursor) {
                        line.insert(part);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns the first byte of each place of an exhibit that can be pointed at.
fn places(exhibit: &Exhibit) -> Vec<usize> {
    match exhibit {
        Exhibit::Bytes { bytes, .. } => (0..bytes.len()).collect(),
        Exhibit::Response { head, .. } => {
            let ends = head.match_indices('\n').map(|(end, _)| end + 1);
            std::iter::once(0).chain(ends).filter(|start| *start < head.len()).collect()
        }
        _ => Vec::new(),
    }
}

fn fields_key(lines: &mut [TextLine], cursor: &mut usize, key: KeyEvent) -> FormKey {
    let last = lines.len().saturating_sub(1);
    match key.code {
        KeyCode::Enter if *cursor >= last => return FormKey::Check,
        KeyCode::Enter | KeyCode::Down | KeyCode::Tab => *cursor = (*cursor + 1).min(last),
        KeyCode::Up | KeyCode::BackTab => *cursor = cursor.saturating_sub(1),
        _ => {
            let used = lines.get_mut(*cursor).is_some_and(|line| line.handle_key(key));
            return if used { FormKey::Changed } else { FormKey::Unused };
        }
    }
    FormKey::Changed
}

fn head_key(lines: &mut Vec<TextLine>, cursor: &mut usize, key: KeyEvent) -> FormKey {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('s') if ctrl => return FormKey::Check,
        KeyCode::Enter => new_line(lines, cursor),
        KeyCode::Up => *cursor = cursor.saturating_sub(1),
        KeyCode::Down => *cursor = (*cursor + 1).min(lines.len().saturating_sub(1)),
        KeyCode::Char('k') if ctrl && lines.len() > 1 => {
            lines.remove(*cursor);
            *cursor = (*cursor).min(lines.len() - 1);
        }
        KeyCode::Backspace if *cursor > 0 && lines.get(*cursor).is_some_and(|l| l.cursor == 0) => {
            let rest = lines.remove(*cursor);
            *cursor -= 1;
            let end = lines[*cursor].text.len();
            lines[*cursor].cursor = end;
            lines[*cursor].insert(&rest.text);
            lines[*cursor].cursor = end;
        }
        _ => {
            let used = lines.get_mut(*cursor).is_some_and(|line| line.handle_key(key));
            return if used { FormKey::Changed } else { FormKey::Unused };
        }
    }
    FormKey::Changed
}

/// Breaks the line at its cursor.
fn new_line(lines: &mut Vec<TextLine>, cursor: &mut usize) {
    if lines.len() >= MAX_HEAD_LINES {
        return;
    }
    let rest = lines.get_mut(*cursor).map(|line| line.text.split_off(line.cursor));
    *cursor = (*cursor + 1).min(lines.len());
    lines.insert(*cursor, TextLine { text: rest.unwrap_or_default(), cursor: 0 });
}

/// Moves an index by the arrows.
fn moved(index: &mut usize, count: usize, code: KeyCode) -> bool {
    let last = count.saturating_sub(1);
    *index = match code {
        KeyCode::Left | KeyCode::Up => index.saturating_sub(1),
        KeyCode::Right | KeyCode::Down => (*index + 1).min(last),
        KeyCode::Home => 0,
        KeyCode::End => last,
        _ => return false,
    };
    true
}

/// Chooses by a digit.
fn digit(chosen: &mut Option<usize>, count: usize, code: KeyCode) -> bool {
    let KeyCode::Char(digit @ '1'..='9') = code else { return false };
    let index = digit as usize - '1' as usize;
    if index < count {
        *chosen = Some(index);
    }
    index < count
}

/// Chooses the option before or after.
fn stepped(chosen: &mut Option<usize>, count: usize, code: KeyCode) -> bool {
    let mut at = chosen.unwrap_or(count);
    match code {
        KeyCode::Down if at >= count => at = 0,
        KeyCode::Up | KeyCode::Down => {
            moved(&mut at, count, code);
        }
        _ => return false,
    }
    *chosen = Some(at.min(count.saturating_sub(1)));
    true
}

fn toggled(chosen: &mut [bool], code: KeyCode) -> bool {
    let KeyCode::Char(digit @ '1'..='9') = code else { return false };
    let Some(chosen) = chosen.get_mut(digit as usize - '1' as usize) else { return false };
    *chosen = !*chosen;
    true
}

fn order_key(order: &mut [usize], cursor: &mut usize, is_held: &mut bool, code: KeyCode) -> bool {
    let before = *cursor;
    match code {
        KeyCode::Char(' ') => *is_held = !*is_held,
        KeyCode::Char('K' | 'J') | KeyCode::Up | KeyCode::Down => {
            let is_up = matches!(code, KeyCode::Char('K') | KeyCode::Up);
            moved(cursor, order.len(), if is_up { KeyCode::Up } else { KeyCode::Down });
            if *is_held || matches!(code, KeyCode::Char(_)) {
                order.swap(before, *cursor);
            }
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(form: &mut FormEditor, codes: &[KeyCode]) -> FormKey {
        codes.iter().fold(FormKey::Unused, |_, code| form.handle_key((*code).into()))
    }

    #[test]
    fn enter_goes_through_the_fields_and_checks_at_the_last() {
        let mut form = FormEditor::Fields {
            names: vec!["fin".to_owned(), "opcode".to_owned()],
            lines: vec![TextLine::default(); 2],
            cursor: 0,
            texts: vec![false, true],
        };
        assert!(!form.is_complete());
        assert_eq!(press(&mut form, &[KeyCode::Char('1'), KeyCode::Enter]), FormKey::Changed);
        assert_eq!(press(&mut form, &[KeyCode::Char('2'), KeyCode::Enter]), FormKey::Check);
        let Some(Answer::Fields(fields)) = form.answer() else { panic!("{form:?}") };
        assert_eq!((fields["fin"].as_str(), fields["opcode"].as_str()), ("1", "2"));
    }

    #[test]
    fn an_event_is_picked_up_and_moves_with_the_cursor() {
        let mut form = FormEditor::Order {
            order: vec![0, 1, 2],
            cursor: 0,
            is_held: false,
            is_changed: false,
        };
        assert!(!form.is_complete());
        press(&mut form, &[KeyCode::Char(' '), KeyCode::Down, KeyCode::Char(' '), KeyCode::Down]);
        assert_eq!(form.answer(), Some(Answer::Order(vec![1, 0, 2])));
        press(&mut form, &[KeyCode::Char('K'), KeyCode::Up, KeyCode::Up, KeyCode::Up]);
        assert_eq!(form.answer(), Some(Answer::Order(vec![1, 2, 0])));
    }

    #[test]
    fn a_line_is_added_to_a_head_and_taken_away_again() {
        let mut form = FormEditor::Head {
            lines: vec![TextLine::new("GET / HTTP/1.1"), TextLine::new("Host: a")],
            cursor: 0,
        };
        press(&mut form, &[KeyCode::Enter, KeyCode::Char('X')]);
        assert_eq!(form.answer(), Some(Answer::Head("GET / HTTP/1.1\nX\nHost: a\n".to_owned())));
        press(&mut form, &[KeyCode::Home, KeyCode::Backspace]);
        assert_eq!(form.answer(), Some(Answer::Head("GET / HTTP/1.1X\nHost: a\n".to_owned())));
        let check = KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL);
        assert_eq!(form.handle_key(check), FormKey::Check);
        form.paste("a\r\nb");
        let Some(Answer::Head(head)) = form.answer() else { panic!("{form:?}") };
        assert_eq!(head.lines().count(), 3);
    }

    #[test]
    fn options_are_chosen_by_their_place_and_answered_by_their_index() {
        let mut form = FormEditor::Choice { chosen: None, order: vec![2, 0, 1] };
        press(&mut form, &[KeyCode::Char('9')]);
        assert!(!form.is_complete());
        press(&mut form, &[KeyCode::Down]);
        assert_eq!(form.response(), Some(Response::Chosen(vec![2])));
        assert_eq!(press(&mut form, &[KeyCode::Char('3'), KeyCode::Enter]), FormKey::Check);
        assert_eq!(form.response(), Some(Response::Chosen(vec![1])));
        let mut form = FormEditor::Several { chosen: vec![false; 3], order: vec![2, 0, 1] };
        press(&mut form, &[KeyCode::Char('1'), KeyCode::Char('2'), KeyCode::Char('1')]);
        assert_eq!(form.response(), Some(Response::Chosen(vec![0])));
    }
}
