//! [`Question`]: a question with its right answers.

use crate::learn::judgment::{Judgment, Mark, UnfitAnswer, UnreadText};

/// A question of the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, which is the same in all versions: progress is kept under it.
    pub name: String,
    /// The section of the talk that it belongs to.
    pub section: String,
    /// From 1: recall, apply, reason.
    pub level: u8,
    /// The question.
    pub prompt: String,
    /// The bytes that it is about; they may be none.
    pub bytes: Vec<u8>,
    /// The right answer.
    pub answer: RightAnswer,
    /// A hint; it may be empty.
    pub hint: String,
    /// Why the right answer is right.
    pub explain: String,
    /// Sources by names that a learner can look up, such as `RFC 6455 §5.2`.
    pub refs: Vec<String>,
}

/// The right answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RightAnswer {
    /// One of the options.
    Choice {
        /// The options, at most nine.
        options: Vec<String>,
        /// The index of the right one.
        right: usize,
        /// Whether they keep their order.
        fixed: bool,
    },
    /// Some of the options.
    Several {
        /// The options, at most nine.
        options: Vec<String>,
        /// The indexes of all right ones, ascending.
        right: Vec<usize>,
    },
    /// A text that is typed.
    Input {
        /// The texts that are right; the first one is shown.
        right: Vec<String>,
        /// The comparison.
        compare: Compare,
    },
}

/// What is compared of a typed answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// A whole number, with or without separators.
    Integer,
    /// Bytes in hex: blanks, `0x` and case don't matter.
    Hex,
    /// Words: case and blanks around them don't matter.
    Text,
    /// Every character.
    Exact,
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// The indexes of the options that were chosen, in any order.
    Chosen(Vec<usize>),
    /// The typed text.
    Typed(String),
}

impl Question {
    /// Judges an answer.
    ///
    /// # Errors
    ///
    /// If it is of another form than the question asks for, or chooses what isn't there.
    pub fn judge(&self, response: &Response) -> Result<Judgment, UnfitAnswer> {
        self.check_form(response)?;
        let right = match (&self.answer, response) {
            (RightAnswer::Choice { right, .. }, Response::Chosen(chosen)) => chosen == &[*right],
            (RightAnswer::Several { right, .. }, Response::Chosen(chosen)) => {
                let mut chosen = chosen.clone();
                chosen.sort_unstable();
                chosen.dedup();
                chosen == *right
            }
            (RightAnswer::Input { right, compare }, Response::Typed(typed)) => {
                right.iter().any(|right| compare.is_same(right, typed))
            }
            _ => false,
        };
        Ok(Judgment {
            right,
            marks: self.marks(response),
            verdict: self.right_answer(),
            why: self.explain.clone(),
            source: self.refs.join(", "),
        })
    }

    /// Checks that a response is of the form that the question asks for.
    fn check_form(&self, response: &Response) -> Result<(), UnfitAnswer> {
        match (&self.answer, response) {
            (
                RightAnswer::Choice { options, .. } | RightAnswer::Several { options, .. },
                Response::Chosen(chosen),
            ) => {
                let count = options.len();
                let missing = chosen.iter().find(|number| **number >= count);
                missing.map_or(Ok(()), |number| {
                    Err(UnfitAnswer::Missing { what: "option", number: *number, count })
                })
            }
            (RightAnswer::Input { right, compare }, Response::Typed(typed)) => {
                compare.check(typed, right).map_err(UnfitAnswer::Unread)
            }
            (RightAnswer::Choice { .. }, _) => Err(UnfitAnswer::Question("one option")),
            (RightAnswer::Several { .. }, _) => Err(UnfitAnswer::Question("all right options")),
            (RightAnswer::Input { .. }, _) => Err(UnfitAnswer::Question("a typed answer")),
        }
    }

    /// Returns the right answer as a text.
    pub fn right_answer(&self) -> String {
        match &self.answer {
            RightAnswer::Choice { right, .. } => self.options_text(&[*right]),
            RightAnswer::Several { right, .. } => self.options_text(right),
            RightAnswer::Input { right, .. } => right.first().cloned().unwrap_or_default(),
        }
    }

    /// Returns an answer as a text.
    pub fn shown(&self, response: &Response) -> String {
        match response {
            Response::Chosen(chosen) => self.options_text(chosen),
            Response::Typed(typed) => typed.trim().to_owned(),
        }
    }

    /// Returns the texts of options.
    fn options_text(&self, chosen: &[usize]) -> String {
        let (RightAnswer::Choice { options, .. } | RightAnswer::Several { options, .. }) =
            &self.answer
        else {
            return String::new();
        };
        let texts = chosen.iter().filter_map(|index| options.get(*index)).map(String::as_str);
        texts.collect::<Vec<_>>().join(" · ")
    }

    /// Returns a mark for each option of a question with several right ones.
    fn marks(&self, response: &Response) -> Vec<Mark> {
        let (RightAnswer::Several { options, right }, Response::Chosen(chosen)) =
            (&self.answer, response)
        else {
            return Vec::new();
        };
        let mark = |(index, option): (usize, &String)| {
            let (is_right, was_chosen) = (right.contains(&index), chosen.contains(&index));
            let remark = match (is_right, was_chosen) {
                (true, false) => "you missed",
                (false, true) => "wrong",
                _ => "",
            };
            Mark {
                part: option.clone(),
                right: is_right == was_chosen,
                bytes: None,
                remark: remark.to_owned(),
            }
        };
        options.iter().enumerate().map(mark).collect()
    }
}

impl Compare {
    /// Whether what was typed means the same as `right`.
    pub fn is_same(self, right: &str, typed: &str) -> bool {
        match self {
            Self::Integer => integer(typed).is_some_and(|typed| integer(right) == Some(typed)),
            Self::Hex => hex_digits(typed) == hex_digits(right) && !hex_digits(typed).is_empty(),
            Self::Text => words(typed) == words(right),
            Self::Exact => typed.trim_end_matches(['\r', '\n']) == right,
        }
    }

    /// Checks that what was typed can be compared with `right`. The error says what to type.
    fn check(self, typed: &str, right: &[String]) -> Result<(), UnreadText> {
        let shown = typed.trim();
        match self {
            Self::Integer if integer(typed).is_none() => Err(UnreadText::alone(format!(
                "{shown:?} isn't a whole number; type its digits, such as 42"
            ))),
            // A right answer may be a digit, where half a byte is asked for.
            Self::Hex if !is_whole_hex(typed) && right.iter().all(|right| is_whole_hex(right)) => {
                Err(UnreadText::alone(format!(
                    "{shown:?} isn't bytes in hex; type two digits for each, such as 37 fa"
                )))
            }
            _ => Ok(()),
        }
    }
}

fn is_whole_hex(text: &str) -> bool {
    let digits = hex_digits(text);
    digits.len().is_multiple_of(2) && digits.chars().all(|digit| digit.is_ascii_hexdigit())
}

fn integer(text: &str) -> Option<i64> {
    let digits: String =
        text.trim().chars().filter(|c| !matches!(c, ',' | '\'' | '_' | ' ' | '\u{202f}')).collect();
    digits.parse().ok()
}

fn hex_digits(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    lower.split_whitespace().map(|word| word.strip_prefix("0x").unwrap_or(word)).collect()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_answers_are_compared_by_what_they_mean() {
        assert!(Compare::Integer.is_same("65536", " 65,536 "));
        assert!(!Compare::Integer.is_same("5", "5.0") && !Compare::Integer.is_same("5", ""));
        assert!(Compare::Hex.is_same("81 05", "0x81 0x05") && Compare::Hex.is_same("c1", "C1"));
        assert!(!Compare::Hex.is_same("", "") && !Compare::Hex.is_same("81 05", "8150"));
        assert!(Compare::Text.is_same("the server id", " The  Server ID"));
        assert!(Compare::Exact.is_same("Hi", "Hi\n") && !Compare::Exact.is_same("Hi", "hi"));
    }

    #[test]
    fn several_right_options_are_marked_one_by_one() {
        let question = Question {
            name: "q".to_owned(),
            section: "frames".to_owned(),
            level: 1,
            prompt: "Which?".to_owned(),
            bytes: Vec::new(),
            answer: RightAnswer::Several {
                options: ["a", "b", "c"].map(str::to_owned).to_vec(),
                right: vec![0, 2],
            },
            hint: String::new(),
            explain: "Because.".to_owned(),
            refs: vec!["RFC 6455 §5.2".to_owned()],
        };
        assert!(question.judge(&Response::Chosen(vec![2, 0])).unwrap().right);
        let judgment = question.judge(&Response::Chosen(vec![0, 1])).unwrap();
        let right: Vec<bool> = judgment.marks.iter().map(|mark| mark.right).collect();
        assert_eq!((judgment.right, right), (false, vec![true, false, false]));
        assert_eq!(judgment.verdict, "a · c");
        let remarks: Vec<_> = judgment.marks.iter().map(|mark| mark.remark.as_str()).collect();
        assert_eq!(remarks, ["", "wrong", "you missed"]);
        let unfit = |response: Response| question.judge(&response).unwrap_err().to_string();
        assert_eq!(
            unfit(Response::Typed("a".to_owned())),
            "the question asks for all right options"
        );
        assert_eq!(unfit(Response::Chosen(vec![0, 3])), "there is no option 3: the exercise has 3");
    }

    #[test]
    fn text_that_cannot_be_compared_is_refused() {
        let check = |compare: Compare, typed: &str| compare.check(typed, &["81".to_owned()]);
        assert!(check(Compare::Integer, "1o09").unwrap_err().problem.contains("such as 42"));
        assert!(
            check(Compare::Integer, " 65,536 ").is_ok() && check(Compare::Integer, "7").is_ok()
        );
        for odd in ["8", "81 0", "0g"] {
            assert!(
                check(Compare::Hex, odd).unwrap_err().problem.contains("two digits for each"),
                "{odd}"
            );
        }
        assert!(check(Compare::Hex, "0x81 05").is_ok() && check(Compare::Text, "8").is_ok());
        assert!(Compare::Hex.check("c", &["a".to_owned()]).is_ok(), "half a byte is asked for");
    }
}
