//! From the text of a filter to its tree, or to the byte where it cannot be read and what would be right there.
//! What the values look like stands in `value`, which names there are in `names`.

use super::names::{self, Flag, Name, Number, Subject};
use super::value;
use super::{Compare, Error, Node, Test};
use crate::text::likely;
use crate::wire::fault::Code;

/// Parentheses and negations inside each other; nobody means more, and each costs stack.
const DEEPEST: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Compare(Compare),
    And,
    Or,
    Bar,
    Not,
    Open,
    Close,
}

/// The tree; none for an empty text.
pub(super) fn parse(text: &str) -> Result<Option<Node>, Error> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, end: text.len(), deeper: DEEPEST };
    if parser.tokens.is_empty() {
        return Ok(None);
    }
    let root = parser.any()?;
    match parser.peek() {
        None => Ok(Some(root)),
        Some(Token::Close) => Err(parser
            .error("this parenthesis closes none".to_owned(), "a ( before it, or nothing here".to_owned())),
        Some(_) => Err(parser.error(
            "something is missing between two comparisons".to_owned(),
            "&& (both hold) or || (one of them holds)".to_owned(),
        )),
    }
}

/// Each token with the byte where it begins.
fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, Error> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(char) = rest.chars().next() {
        let at = text.len().saturating_sub(rest.len());
        let (len, token) = match sign(rest) {
            Some(found) => found,
            None if in_word(char) => word(rest),
            None => return Err(stray(at, char)),
        };
        tokens.push((at, token));
        rest = rest.get(len..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn sign(rest: &str) -> Option<(usize, Token<'static>)> {
    let signs = [
        ("&&", Token::And),
        ("||", Token::Or),
        ("==", Token::Compare(Compare::Equal)),
        ("!=", Token::Compare(Compare::Unequal)),
        ("<=", Token::Compare(Compare::AtMost)),
        (">=", Token::Compare(Compare::AtLeast)),
        ("=", Token::Compare(Compare::Equal)),
        ("<", Token::Compare(Compare::Less)),
        (">", Token::Compare(Compare::More)),
        ("|", Token::Bar),
        ("!", Token::Not),
        ("(", Token::Open),
        (")", Token::Close),
    ];
    signs.into_iter().find(|(sign, _)| rest.starts_with(sign)).map(|(sign, token)| (sign.len(), token))
}

fn in_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '-' | '.' | '*' | '+')
}

fn word(rest: &str) -> (usize, Token<'_>) {
    let word = rest.split(|char| !in_word(char)).next().unwrap_or(rest);
    let token = match word.to_ascii_lowercase().as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        _ => Token::Word(word),
    };
    (word.len(), token)
}

fn stray(at: usize, char: char) -> Error {
    let right = match char {
        '&' => "two of them: &&",
        '"' | '\'' => "the word without quotes: op=close",
        '~' | '/' => "a comparison with =; what stands in a payload is found by searching",
        _ => "names, values, = != < <= > >= && || ! and parentheses",
    };
    Error { at, what: format!("{char:?} means nothing here"), right: right.to_owned() }
}

struct Parser<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    next: usize,
    end: usize,
    /// How many more parentheses and negations may be inside.
    deeper: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next).map(|(_, token)| *token)
    }

    fn take(&mut self, wanted: Token<'_>) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.pass();
        }
        found
    }

    fn take_word(&mut self) -> Option<&'a str> {
        let Some(Token::Word(word)) = self.peek() else { return None };
        self.pass();
        Some(word)
    }

    fn pass(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    /// Where the next token begins.
    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn error(&self, what: String, right: String) -> Error {
        Error { at: self.at(), what, right }
    }

    /// An error about the token that was just taken.
    fn error_before(&self, what: String, right: String) -> Error {
        let at = self.tokens.get(self.next.saturating_sub(1)).map_or(self.end, |(at, _)| *at);
        Error { at, what, right }
    }

    fn any(&mut self) -> Result<Node, Error> {
        let mut nodes = vec![self.all()?];
        while self.take(Token::Or) {
            nodes.push(self.all()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes) })
    }

    fn all(&mut self) -> Result<Node, Error> {
        let mut nodes = vec![self.one()?];
        while self.take(Token::And) {
            nodes.push(self.one()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::All(nodes) })
    }

    fn one(&mut self) -> Result<Node, Error> {
        let Some(deeper) = self.deeper.checked_sub(1) else {
            let what = format!("more than {DEEPEST} parentheses and negations inside each other");
            return Err(self.error(what, "fewer of them".to_owned()));
        };
        let here = std::mem::replace(&mut self.deeper, deeper);
        let node = self.one_inside();
        self.deeper = here;
        node
    }

    fn one_inside(&mut self) -> Result<Node, Error> {
        if self.take(Token::Not) {
            return Ok(Node::Not(Box::new(self.one()?)));
        }
        if self.take(Token::Open) {
            let node = self.any()?;
            if !self.take(Token::Close) {
                let what = "a parenthesis is not closed".to_owned();
                return Err(self.error(what, "a ) before this place".to_owned()));
            }
            return Ok(node);
        }
        let Some(word) = self.take_word() else {
            let what = if self.peek().is_some() {
                "a name is missing before this"
            } else {
                "a name is missing at the end"
            };
            return Err(self.error(what.to_owned(), "a comparison, for example op=close".to_owned()));
        };
        match (names::find(word), self.peek()) {
            (Some(name), Some(Token::Compare(compare))) => {
                self.pass();
                self.compared(name, compare).map(Node::Test)
            }
            (Some(name), _) => self.alone(name).map(Node::Test),
            (None, next) => self.unnamed(word, matches!(next, Some(Token::Compare(_)))).map(Node::Test),
        }
    }

    /// `close` for `op=close`, `server` for `dir=server`.
    fn unnamed(&mut self, word: &str, is_compared: bool) -> Result<Test, Error> {
        // a number may be an opcode, but not where nobody says so
        let is_opcode = word.starts_with(|first: char| first.is_ascii_alphabetic());
        match (value::opcodes(word).filter(|_| is_opcode), value::side(word)) {
            (Some(set), _) if !is_compared => Ok(Test::Op(set)),
            (_, Some(side)) if !is_compared => Ok(Test::From(side)),
            _ => {
                let known: Vec<&str> =
                    names::NAMES.iter().flat_map(|name| [&[name.name], name.also].concat()).collect();
                let meant = likely(&word.to_ascii_lowercase(), &known);
                let names: Vec<&str> = names::NAMES.iter().map(|name| name.name).collect();
                let right = format!("{}one of {}", did_you_mean(meant), names.join(", "));
                Err(self.error_before(format!("there is nothing called {word:?}"), right))
            }
        }
    }

    fn alone(&mut self, name: &Name) -> Result<Test, Error> {
        Ok(Test::Flag(
            match name.subject {
                Subject::Flag(flag) => flag,
                Subject::Fault => Flag::AnyFault,
                Subject::Key => Flag::Mask,
                Subject::Number(Number::Message) => Flag::InMessage,
                Subject::Op | Subject::Direction | Subject::Number(_) => {
                    let what = format!("{} is compared with nothing", name.name);
                    return Err(self.error(what, format!("a comparison, for example {}", name.example)));
                }
            },
            true,
        ))
    }

    fn compared(&mut self, name: &Name, compare: Compare) -> Result<Test, Error> {
        let equal = match compare {
            Compare::Equal => true,
            Compare::Unequal => false,
            _ => {
                let Subject::Number(of) = name.subject else {
                    let what =
                        format!("{} is no number, so {} says nothing of it", name.name, compare.sign());
                    return Err(self.error_before(what, format!("= or !=, for example {}", name.example)));
                };
                let value = self.value(name, &|word| number(of, word))?;
                return Ok(Test::Number(of, compare, vec![value]));
            }
        };
        Ok(match name.subject {
            Subject::Number(of) => Test::Number(of, compare, self.values(name, &|word| number(of, word))?),
            Subject::Op => {
                let set = self.values(name, &value::opcodes)?.into_iter().fold(0, |all, set| all | set);
                Test::Op(if equal { set } else { !set })
            }
            Subject::Direction => {
                let side = self.value(name, &value::side)?;
                Test::From(if equal { side } else { side.peer() })
            }
            Subject::Flag(flag) => Test::Flag(flag, self.value(name, &value::yes_or_no)? == equal),
            Subject::Key => Test::Key(equal, self.values(name, &value::key)?),
            Subject::Fault => self.fault(name, equal)?,
        })
    }

    fn fault(&mut self, name: &Name, equal: bool) -> Result<Test, Error> {
        if let Some(Token::Word(word)) = self.peek()
            && let Some(yes) = value::yes_or_no(word)
        {
            self.pass();
            return Ok(Test::Flag(Flag::AnyFault, yes == equal));
        }
        let rules = self.values(name, &|word| Some((value::rules(word)?, word.to_ascii_uppercase())))?;
        let set = rules.iter().fold(0, |all, (set, _)| all | set);
        Ok(Test::Fault(equal, set, rules.into_iter().map(|(_, word)| word).collect()))
    }

    /// One value or several with `|` between them.
    fn values<T>(&mut self, name: &Name, read: &dyn Fn(&str) -> Option<T>) -> Result<Vec<T>, Error> {
        let mut values = vec![self.value(name, read)?];
        while self.take(Token::Bar) {
            values.push(self.value(name, read)?);
        }
        Ok(values)
    }

    fn value<T>(&mut self, name: &Name, read: &dyn Fn(&str) -> Option<T>) -> Result<T, Error> {
        let Some(word) = self.take_word() else {
            let what = format!("{} is compared with nothing", name.name);
            return Err(self.error(what, right_value(name.subject, "")));
        };
        read(word).ok_or_else(|| {
            let what = format!("{word:?} is nothing that {} can be", name.name);
            self.error_before(what, right_value(name.subject, word))
        })
    }
}

fn number(of: Number, word: &str) -> Option<u64> {
    match of {
        Number::Time => value::time(word),
        Number::Len | Number::Size => value::size(word),
        Number::Row | Number::Message => value::count(word),
    }
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!("{meant}, if that was meant, or "))
}

fn right_value(subject: Subject, word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    match subject {
        Subject::Op => {
            let listed = value::OPCODES[..9].join(", ");
            format!("{}{listed}, or a number from 0 to 15", did_you_mean(likely(&lower, &value::OPCODES)))
        }
        Subject::Direction => {
            format!("{}client, server, c2s or s2c", did_you_mean(likely(&lower, &value::SIDES)))
        }
        Subject::Flag(_) => "0 or 1, or the name alone".to_owned(),
        Subject::Number(Number::Time) => {
            "a time: 250ms, 1.5s, 20us; without a unit it is milliseconds".to_owned()
        }
        Subject::Number(Number::Len | Number::Size) => "a number of bytes: 126, 0x7e, 64KiB".to_owned(),
        Subject::Number(_) => "a whole number, counted from 0".to_owned(),
        Subject::Key => "eight hex digits: 37fa213d".to_owned(),
        Subject::Fault => {
            let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
            let meant = likely(&word.to_ascii_uppercase(), &names);
            format!("{}one of {}, or a beginning with *: E_CLOSE_*", did_you_mean(meant), names.join(", "))
        }
    }
}
