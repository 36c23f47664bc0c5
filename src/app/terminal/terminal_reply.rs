//! Filters the terminal's answer to the background query (OSC 11) out of the keys.
//!
//! The talk draws its first frame before it asks, so a terminal that never answers delays nothing.
//! crossterm does not parse the answer and reports it as keys: Alt+], then `11;rgb:...`, then Alt+\
//! or Ctrl-G. This filter removes those keys and passes everything else on unchanged.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use crate::stage::Brightness;

/// The query for the background colour (OSC 11).
pub const BACKGROUND_QUERY: &str = "\x1b]11;?\x1b\\";

/// An upper bound for the length of an answer in characters. The longest is `11;rgba:` with four
/// channels of four digits.
const MAX_REPLY_LEN: usize = 40;

/// The output of the filter for one event.
#[derive(Clone, Debug, PartialEq)]
pub enum FilteredInput {
    /// The terminal's background is dark or light.
    Background(Brightness),
    /// Not an answer: these events, in the order in which they came.
    Events(Vec<Event>),
    /// The start of what may be an answer; nothing to handle yet.
    Pending,
}

/// Recognizes the answer in the input.
#[derive(Debug, Default)]
pub struct TerminalReplyFilter {
    buffered: Vec<Event>,
    text: String,
}

impl TerminalReplyFilter {
    /// Filters one input event.
    pub fn filter(&mut self, event: Event) -> FilteredInput {
        let Event::Key(key) = &event else { return self.release(event) };
        let letter = match key {
            KeyEvent { code: KeyCode::Char(letter), modifiers, .. } => Some((*letter, *modifiers)),
            _ => None,
        };
        match letter {
            Some((']', KeyModifiers::ALT)) if self.buffered.is_empty() => {
                self.buffered.push(event);
                FilteredInput::Pending
            }
            _ if self.buffered.is_empty() => FilteredInput::Events(vec![event]),
            // An OSC sequence ends with ST (ESC \) or BEL (Ctrl-G). Ctrl-\ is accepted too;
            // crossterm calls it Ctrl-4.
            Some(('\\', KeyModifiers::ALT) | ('g' | '4', KeyModifiers::CONTROL)) => {
                self.finish(event)
            }
            Some((letter, modifiers))
                if modifiers - KeyModifiers::SHIFT == KeyModifiers::NONE
                    && self.can_continue_with(letter) =>
            {
                self.text.push(letter);
                self.buffered.push(event);
                FilteredInput::Pending
            }
            _ => self.release(event),
        }
    }

    fn can_continue_with(&self, letter: char) -> bool {
        const START: &str = "11;rgb";
        let index = self.text.len();
        index < MAX_REPLY_LEN
            && START
                .chars()
                .nth(index)
                .map_or("a:/".contains(letter) || letter.is_ascii_hexdigit(), |c| c == letter)
    }

    fn finish(&mut self, event: Event) -> FilteredInput {
        match parse_background(&self.text) {
            Some(theme) => {
                self.buffered.clear();
                self.text.clear();
                FilteredInput::Background(theme)
            }
            None => self.release(event),
        }
    }

    fn release(&mut self, event: Event) -> FilteredInput {
        let mut events = std::mem::take(&mut self.buffered);
        self.text.clear();
        events.push(event);
        FilteredInput::Events(events)
    }
}

/// Parses `11;rgb:RRRR/GGGG/BBBB`, each channel with one to four hex digits.
fn parse_background(answer: &str) -> Option<Brightness> {
    let channels = answer.strip_prefix("11;rgb:").or_else(|| answer.strip_prefix("11;rgba:"))?;
    let mut levels = channels.split('/').map(|digits| {
        let top = (1_u32 << (4 * digits.len().min(4))) - 1;
        u32::from_str_radix(digits, 16)
            .ok()
            .filter(|level| *level <= top)
            .map(|level| level as f32 / top as f32)
    });
    let (red, green, blue) = (levels.next()??, levels.next()??, levels.next()??);
    // The luma weights of ITU-R BT.601 are good enough to tell dark from light.
    let brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
    Some(if brightness > 0.5 { Brightness::Light } else { Brightness::Dark })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(letter: char, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(letter), modifiers))
    }

    fn feed(text: &str, end: Event) -> Vec<FilteredInput> {
        let mut answers = TerminalReplyFilter::default();
        let mut out = vec![answers.filter(key(']', KeyModifiers::ALT))];
        out.extend(text.chars().map(|letter| answers.filter(key(letter, KeyModifiers::NONE))));
        out.push(answers.filter(end));
        out
    }

    #[test]
    fn an_answer_is_read_and_leaves_no_key_behind() {
        for (text, theme) in
            [("11;rgb:1e1e/1e1e/2e2e", Brightness::Dark), ("11;rgb:ff/fa/f0", Brightness::Light)]
        {
            for end in [key('\\', KeyModifiers::ALT), key('g', KeyModifiers::CONTROL)] {
                let out = feed(text, end);
                assert_eq!(out.last(), Some(&FilteredInput::Background(theme)));
                assert!(
                    out[..out.len() - 1].iter().all(|answer| *answer == FilteredInput::Pending)
                );
            }
        }
    }

    #[test]
    fn input_that_is_no_answer_is_passed_on_unchanged() {
        let mut answers = TerminalReplyFilter::default();
        let quit = key('q', KeyModifiers::NONE);
        assert_eq!(answers.filter(quit.clone()), FilteredInput::Events(vec![quit.clone()]));
        let bracket = key(']', KeyModifiers::ALT);
        assert_eq!(answers.filter(bracket.clone()), FilteredInput::Pending);
        assert_eq!(answers.filter(quit.clone()), FilteredInput::Events(vec![bracket, quit]));
        let out = feed("11;rgb:zz", key('x', KeyModifiers::NONE));
        assert!(out.iter().any(|answer| matches!(answer, FilteredInput::Events(_))));
    }
}
