//! Parses the text of a filter into a tree, by recursive descent. An error has its byte offset and
//! says what was expected.
//! `token` splits the text, `value` parses the values, and `fields` lists the names.

use super::error::FilterError;
use super::fields::{self, FieldType, FilterField, FlagField, NumberField};
use super::predicate::{Comparison, Node, Predicate};
use super::token::{Token, tokenize};
use super::value;
use crate::text::suggest;
use crate::wire::decode::fault::FaultCode;
use crate::wire::query::search::Needle;
use crate::wire::query::text_matcher::TextSet;

/// The maximum nesting depth of parentheses and negations. Each level costs stack, and no useful
/// filter needs more.
const MAX_DEPTH: usize = 64;

/// Parses a filter into a tree, `None` for an empty text, and the texts that it looks for.
pub(super) fn parse(text: &str) -> Result<(Option<Node>, Vec<Needle>), FilterError> {
    let (tokens, texts) = (tokenize(text)?, Vec::new());
    let mut parser = Parser { tokens, next: 0, end: text.len(), deeper: MAX_DEPTH, texts };
    if parser.tokens.is_empty() {
        return Ok((None, Vec::new()));
    }
    // Precedence from low to high: `||`, `&&`, `!`.
    let root = parser.parse_or()?;
    match parser.peek() {
        None => Ok((Some(root), parser.texts)),
        Some(Token::Close) => Err(parser.error(
            "this parenthesis has no partner".to_owned(),
            "a ( before it, or nothing".to_owned(),
        )),
        Some(_) => Err(parser.error(
            "an operator is missing between two comparisons".to_owned(),
            "&& (both hold) or || (one of them holds)".to_owned(),
        )),
    }
}

struct Parser<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    next: usize,
    end: usize,
    /// The number of further nesting levels that are allowed.
    deeper: usize,
    /// The texts that the filter looks for.
    texts: Vec<Needle>,
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

    /// Returns the byte offset of the next token.
    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn error(&self, reason: String, expected: String) -> FilterError {
        FilterError { offset: self.at(), reason, expected }
    }

    /// Creates an error about the token that was just taken.
    fn error_before(&self, reason: String, expected: String) -> FilterError {
        let at = self.tokens.get(self.next.saturating_sub(1)).map_or(self.end, |(at, _)| *at);
        FilterError { offset: at, reason, expected }
    }

    fn parse_or(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.parse_and()?];
        while self.take(Token::Or) {
            nodes.push(self.parse_and()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes) })
    }

    fn parse_and(&mut self) -> Result<Node, FilterError> {
        let mut nodes = vec![self.parse_unary()?];
        while self.take(Token::And) {
            nodes.push(self.parse_unary()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::All(nodes) })
    }

    fn parse_unary(&mut self) -> Result<Node, FilterError> {
        // Every recursion passes through here, so this bounds the stack for any input.
        let Some(deeper) = self.deeper.checked_sub(1) else {
            let reason = format!("more than {MAX_DEPTH} nested parentheses and negations");
            return Err(self.error(reason, "fewer levels".to_owned()));
        };
        let here = std::mem::replace(&mut self.deeper, deeper);
        let node = self.parse_primary();
        self.deeper = here;
        node
    }

    fn parse_primary(&mut self) -> Result<Node, FilterError> {
        if self.take(Token::Not) {
            return Ok(Node::Not(Box::new(self.parse_unary()?)));
        }
        if self.take(Token::Open) {
            let node = self.parse_or()?;
            if !self.take(Token::Close) {
                let reason = "a parenthesis is not closed".to_owned();
                return Err(self.error(reason, "a ) before this".to_owned()));
            }
            return Ok(node);
        }
        let Some(word) = self.take_word() else {
            let reason = if self.peek().is_some() {
                "a name is missing before this"
            } else {
                "a name is missing at the end"
            };
            return Err(
                self.error(reason.to_owned(), "a comparison, for example op=close".to_owned())
            );
        };
        match (fields::find_field(word), self.peek()) {
            (Some(name), Some(Token::Compare(compare))) => {
                self.pass();
                self.parse_comparison(name, compare).map(Node::Test)
            }
            (Some(name), Some(Token::Contains)) => {
                if name.field_type != FieldType::Text {
                    let reason = format!("{} isn't a text that contains something", name.name);
                    return Err(self.error(reason, format!("for example {}", name.example)));
                }
                self.pass();
                self.parse_texts(name).map(Node::Test)
            }
            (Some(name), _) => self.parse_bare_field(name).map(Node::Test),
            (None, next) => {
                self.parse_bare_value(word, matches!(next, Some(Token::Compare(_)))).map(Node::Test)
            }
        }
    }

    /// Parses a value that stands alone: `close` for `op=close`, `server` for `dir=server`.
    fn parse_bare_value(
        &mut self,
        word: &str,
        is_compared: bool,
    ) -> Result<Predicate, FilterError> {
        // A bare number is more likely a mistake than an opcode.
        let is_opcode = word.starts_with(|first: char| first.is_ascii_alphabetic());
        match (value::opcodes(word).filter(|_| is_opcode), value::side(word)) {
            (Some(set), _) if !is_compared => Ok(Predicate::Opcode(set)),
            (_, Some(side)) if !is_compared => Ok(Predicate::Sender(side)),
            _ => {
                let known: Vec<&str> = fields::FIELDS
                    .iter()
                    .flat_map(|name| [&[name.name], name.aliases].concat())
                    .collect();
                let meant = suggest(&word.to_ascii_lowercase(), &known);
                let names: Vec<&str> = fields::FIELDS.iter().map(|name| name.name).collect();
                let expected = format!("{}one of {}", did_you_mean(meant), names.join(", "));
                Err(self.error_before(format!("unknown name {word:?}"), expected))
            }
        }
    }

    fn parse_bare_field(&mut self, name: &FilterField) -> Result<Predicate, FilterError> {
        Ok(Predicate::Flag(
            match name.field_type {
                FieldType::Flag(flag) => flag,
                FieldType::Fault => FlagField::AnyFault,
                FieldType::Key => FlagField::Mask,
                FieldType::Number(NumberField::Message) => FlagField::InMessage,
                // The name of an opcode, too.
                FieldType::Text => {
                    return Ok(Predicate::Opcode(value::opcodes(name.name).unwrap_or_default()));
                }
                FieldType::Opcode | FieldType::Direction | FieldType::Number(_) => {
                    let reason = format!("{} is compared with nothing", name.name);
                    return Err(
                        self.error(reason, format!("a comparison, for example {}", name.example))
                    );
                }
            },
            true,
        ))
    }

    fn parse_comparison(
        &mut self,
        name: &FilterField,
        compare: Comparison,
    ) -> Result<Predicate, FilterError> {
        if name.field_type == FieldType::Text {
            let reason = format!("{} is not compared with {}", name.name, compare.symbol());
            return Err(self.error_before(reason, format!("contains, as in {}", name.example)));
        }
        let equal = match compare {
            // Only numbers have an order. For them `<` and its like take a single value, `=` and
            // `!=` take several.
            Comparison::Equal => true,
            Comparison::Unequal => false,
            _ => {
                let FieldType::Number(of) = name.field_type else {
                    let reason = format!(
                        "{} isn't a number, so it can't be compared with {}",
                        name.name,
                        compare.symbol()
                    );
                    return Err(
                        self.error_before(reason, format!("= or !=, for example {}", name.example))
                    );
                };
                let value = self.parse_value(name, &|word| parse_number(of, word))?;
                return Ok(Predicate::Number(of, compare, vec![value]));
            }
        };
        Ok(match name.field_type {
            FieldType::Number(of) => Predicate::Number(
                of,
                compare,
                self.parse_values(name, &|word| parse_number(of, word))?,
            ),
            FieldType::Opcode => {
                let set = self
                    .parse_values(name, &value::opcodes)?
                    .into_iter()
                    .fold(0, |all, set| all | set);
                // There are exactly 16 opcodes, so the complement of the set is the negation.
                Predicate::Opcode(if equal { set } else { !set })
            }
            FieldType::Direction => {
                let side = self.parse_value(name, &value::side)?;
                Predicate::Sender(if equal { side } else { side.peer() })
            }
            FieldType::Flag(flag) => {
                Predicate::Flag(flag, self.parse_value(name, &value::boolean)? == equal)
            }
            FieldType::Key => Predicate::Key(equal, self.parse_values(name, &value::key)?),
            FieldType::Fault => self.parse_fault(name, equal)?,
            FieldType::Text => self.parse_texts(name)?,
        })
    }

    fn parse_fault(&mut self, name: &FilterField, equal: bool) -> Result<Predicate, FilterError> {
        // `fault=0` and `fault=1` ask whether there is any fault.
        if let Some(Token::Word(word)) = self.peek()
            && let Some(yes) = value::boolean(word)
        {
            self.pass();
            return Ok(Predicate::Flag(FlagField::AnyFault, yes == equal));
        }
        let rules = self.parse_values(name, &|word| {
            Some((value::fault_set(word)?, word.to_ascii_uppercase()))
        })?;
        let set = rules.iter().fold(0, |all, (set, _)| all | set);
        Ok(Predicate::Fault(equal, set, rules.into_iter().map(|(_, word)| word).collect()))
    }

    /// Parses the texts after `contains`: one in quotes or one word, or several separated by `|`.
    fn parse_texts(&mut self, name: &FilterField) -> Result<Predicate, FilterError> {
        let mut texts = Vec::new();
        loop {
            let text = match self.peek() {
                Some(Token::Word(word)) => word.to_owned(),
                Some(Token::Quoted(raw)) => value::unquote(raw),
                _ => {
                    let reason = "the text to look for is missing".to_owned();
                    return Err(self.error(reason, expected_value(name.field_type, "")));
                }
            };
            let needle = Needle::text(&text).map_err(|_| {
                let reason = "every text contains an empty one".to_owned();
                self.error(reason, expected_value(name.field_type, ""))
            })?;
            if self.texts.len() >= TextSet::MAX_TEXTS {
                let reason = format!("more than {} texts to look for", TextSet::MAX_TEXTS);
                return Err(self.error(reason, "fewer of them".to_owned()));
            }
            texts.push((self.texts.len(), text));
            self.texts.push(needle);
            self.pass();
            if !self.take(Token::Bar) {
                return Ok(Predicate::Text(texts));
            }
        }
    }

    /// Parses one value, or several separated by `|`.
    fn parse_values<T>(
        &mut self,
        name: &FilterField,
        read: &dyn Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, FilterError> {
        let mut values = vec![self.parse_value(name, read)?];
        while self.take(Token::Bar) {
            values.push(self.parse_value(name, read)?);
        }
        Ok(values)
    }

    fn parse_value<T>(
        &mut self,
        name: &FilterField,
        read: &dyn Fn(&str) -> Option<T>,
    ) -> Result<T, FilterError> {
        let Some(word) = self.take_word() else {
            if let Some(Token::Quoted(text)) = self.peek() {
                let reason = format!("{} is compared with a text in quotes", name.name);
                return Err(self.error(reason, format!("the word without quotes: {text}")));
            }
            let reason = format!("{} is compared with nothing", name.name);
            return Err(self.error(reason, expected_value(name.field_type, "")));
        };
        read(word).ok_or_else(|| {
            let reason = format!("{word:?} isn't a valid value for {}", name.name);
            self.error_before(reason, expected_value(name.field_type, word))
        })
    }
}

fn parse_number(of: NumberField, word: &str) -> Option<u64> {
    match of {
        NumberField::Time => value::time(word),
        NumberField::Len | NumberField::Size => value::size(word),
        NumberField::Row | NumberField::Message => value::count(word),
    }
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!("{meant} (the closest match), or "))
}

fn expected_value(subject: FieldType, word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    match subject {
        FieldType::Opcode => {
            let listed = value::OPCODE_NAMES[..9].join(", ");
            format!(
                "{}{listed}, or a number from 0 to 15",
                did_you_mean(suggest(&lower, &value::OPCODE_NAMES))
            )
        }
        FieldType::Direction => {
            format!(
                "{}client, server, c2s or s2c",
                did_you_mean(suggest(&lower, &value::SIDE_NAMES))
            )
        }
        FieldType::Flag(_) => "0 or 1, or the name alone".to_owned(),
        FieldType::Number(NumberField::Time) => {
            "a time such as 250ms, 1.5s or 20us; the default unit is ms".to_owned()
        }
        FieldType::Number(NumberField::Len | NumberField::Size) => {
            "a number of bytes such as 126, 0x7e or 64KiB".to_owned()
        }
        FieldType::Number(_) => "a whole number, from 0".to_owned(),
        FieldType::Text => "a text in quotes, such as \"hello\"".to_owned(),
        FieldType::Key => "eight hex digits such as 37fa213d".to_owned(),
        FieldType::Fault => {
            let names: Vec<&str> = FaultCode::ALL.iter().map(|code| code.name()).collect();
            let meant = suggest(&word.to_ascii_uppercase(), &names);
            format!(
                "{}one of {}, or a prefix with *, such as E_CLOSE_*",
                did_you_mean(meant),
                names.join(", ")
            )
        }
    }
}
