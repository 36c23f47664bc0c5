//! Filters the terminal's answers out of the keys: to the background query (OSC 11), and to those
//! for graphics.
//!
//! The talk draws its first frame before it asks, so a terminal that never answers delays nothing.
//! The answers come as keys: Alt+], then `11;rgb:...`, then Alt+\ or Ctrl-G. crossterm does not parse
//! them, and `input_parser` must not wait for their end after an Alt+] that somebody pressed. This
//! filter removes those keys and passes everything else on unchanged.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use crate::app::pictures::{GRAPHICS_QUERY, GraphicsAnswer, PictureProtocol};
use crate::stage::Brightness;

/// The query for the background colour (OSC 11).
const BACKGROUND_QUERY: &str = "\x1b]11;?\x1b\\";

/// Returns what a terminal is asked before the first frame: for its background, and for what it has
/// for pictures and large text. The answers are waited for only after that frame.
pub fn terminal_questions(background: bool, graphics: bool) -> String {
    let questions = [(background, BACKGROUND_QUERY), (graphics, GRAPHICS_QUERY)];
    questions.into_iter().filter(|(asked, _)| *asked).map(|(_, question)| question).collect()
}

/// The output of the filter for one event.
#[derive(Clone, Debug, PartialEq)]
pub enum FilteredInput {
    /// The terminal's background is dark or light.
    Background(Brightness),
    /// The terminal has this for pictures and large text.
    Graphics(GraphicsAnswer),
    /// Not an answer: these events, in the order in which they came.
    Events(Vec<Event>),
    /// The start of what may be an answer, or the end of one that says nothing; nothing to handle.
    Pending,
}

/// The kinds of answers, by the sequence that they come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReplyKind {
    /// OSC 11: the background.
    Background,
    /// DCS: the terminal's name and version (XTVERSION).
    Version,
    /// APC: kitty's graphics.
    Graphics,
}

impl ReplyKind {
    /// Returns the kind of answer that begins with this key together with Alt.
    fn beginning_with(letter: char) -> Option<Self> {
        match letter {
            ']' => Some(Self::Background),
            'P' => Some(Self::Version),
            '_' => Some(Self::Graphics),
            _ => None,
        }
    }

    /// Returns how every answer of this kind begins, and an upper bound for its length in
    /// characters.
    const fn form(self) -> (&'static str, usize) {
        match self {
            // The longest is `11;rgba:` with four channels of four digits.
            Self::Background => ("11;rgb", 40),
            Self::Version => (">|", 100),
            Self::Graphics => ("Gi=31;", 100),
        }
    }

    /// Whether `text` of an answer of this kind may go on with `letter`.
    fn continues(self, text: &str, letter: char) -> bool {
        let (start, max_len) = self.form();
        let index = text.len();
        index < max_len
            && start.chars().nth(index).map_or_else(
                || match self {
                    Self::Background => "a:/".contains(letter) || letter.is_ascii_hexdigit(),
                    Self::Version | Self::Graphics => matches!(letter, ' '..='~'),
                },
                |c| c == letter,
            )
    }

    /// Returns what a whole answer says; `None` if it is none.
    fn read(self, text: &str) -> Option<FilteredInput> {
        let (start, _) = self.form();
        let rest = text.strip_prefix(start)?;
        let answer = match self {
            Self::Background => return parse_background(text).map(FilteredInput::Background),
            Self::Version => GraphicsAnswer::of_name(rest),
            Self::Graphics if rest == "OK" => PictureProtocol::Kitty.into(),
            Self::Graphics => GraphicsAnswer::default(),
        };
        let says_nothing = answer == GraphicsAnswer::default();
        Some(if says_nothing { FilteredInput::Pending } else { FilteredInput::Graphics(answer) })
    }
}

/// Recognizes the answers in the input.
#[derive(Debug, Default)]
pub struct TerminalReplyFilter {
    kind: Option<ReplyKind>,
    buffered: Vec<Event>,
    text: String,
}

impl TerminalReplyFilter {
    /// Filters one input event.
    pub fn filter(&mut self, event: Event) -> FilteredInput {
        let Event::Key(KeyEvent { code: KeyCode::Char(letter), modifiers, .. }) = event else {
            return self.release(event);
        };
        // crossterm adds Shift to capital letters.
        let modifiers = modifiers - KeyModifiers::SHIFT;
        let Some(kind) = self.kind else {
            let kind = ReplyKind::beginning_with(letter);
            self.kind = kind.filter(|_| modifiers == KeyModifiers::ALT);
            return if self.kind.is_some() {
                self.buffered.push(event);
                FilteredInput::Pending
            } else {
                FilteredInput::Events(vec![event])
            };
        };
        match (letter, modifiers) {
            // The sequences end with ST (ESC \), and OSC with BEL (Ctrl-G) too. Ctrl-\ is accepted
            // as well; crossterm calls it Ctrl-4.
            ('\\', KeyModifiers::ALT) | ('g' | '4', KeyModifiers::CONTROL) => {
                self.finish(kind, event)
            }
            (letter, KeyModifiers::NONE) if kind.continues(&self.text, letter) => {
                self.text.push(letter);
                self.buffered.push(event);
                FilteredInput::Pending
            }
            _ => self.release(event),
        }
    }

    fn finish(&mut self, kind: ReplyKind, event: Event) -> FilteredInput {
        match kind.read(&self.text) {
            Some(found) => {
                self.kind = None;
                self.buffered.clear();
                self.text.clear();
                found
            }
            None => self.release(event),
        }
    }

    fn release(&mut self, event: Event) -> FilteredInput {
        let mut events = std::mem::take(&mut self.buffered);
        self.kind = None;
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
        feed_after(']', text, end)
    }

    fn feed_after(start: char, text: &str, end: Event) -> Vec<FilteredInput> {
        let mut answers = TerminalReplyFilter::default();
        let mut out = vec![answers.filter(key(start, KeyModifiers::ALT))];
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
    fn what_a_terminal_has_for_pictures_is_read_too() {
        use FilteredInput::{Graphics, Pending};
        let protocol = Some(PictureProtocol::Kitty);
        let new_kitty = GraphicsAnswer { protocol, sizes_text: true };
        for (start, text, expected) in [
            ('_', "Gi=31;OK", Graphics(PictureProtocol::Kitty.into())),
            ('_', "Gi=31;ENOTSUPPORTED:no", Pending),
            ('P', ">|foot(1.16.2)", Graphics(PictureProtocol::Sixel.into())),
            ('P', ">|iTerm2 3.5.2", Graphics(PictureProtocol::ITerm2.into())),
            ('P', ">|kitty(0.40.1)", Graphics(new_kitty)),
            ('P', ">|XTerm(379)", Pending),
        ] {
            let out = feed_after(start, text, key('\\', KeyModifiers::ALT));
            assert_eq!(out.last(), Some(&expected), "{text}");
            assert!(out[..out.len() - 1].iter().all(|it| *it == Pending), "{text}");
        }
        // A capital letter comes with Shift.
        let mut answers = TerminalReplyFilter::default();
        let shifted = key('P', KeyModifiers::ALT | KeyModifiers::SHIFT);
        assert_eq!(answers.filter(shifted.clone()), Pending);
        let other = key('x', KeyModifiers::NONE);
        assert_eq!(
            answers.filter(other.clone()),
            FilteredInput::Events(vec![shifted, other]),
            "whoever pressed these keys did mean them"
        );
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
