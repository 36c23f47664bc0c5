//! What stands above the slides in dialects without YAML: lines that begin with `%`, TOML.

use crate::deck::dialect::kind::Dialect;

/// The lines above the slides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::deck) struct TitleBlock {
    pub(in crate::deck) title: Option<String>,
    pub(in crate::deck) authors: Vec<String>,
    pub(in crate::deck) date: Option<String>,
    /// The byte of the body behind the block.
    pub(super) end: usize,
    /// Whether it is TOML.
    pub(super) is_toml: bool,
}

impl TitleBlock {
    /// Reads the title block at the top of a body; nothing if there is none.
    pub(super) fn read(dialect: Dialect, body: &str) -> Self {
        match dialect {
            Dialect::Mdp => Self::read_fields(body),
            Dialect::Pandoc | Dialect::Patat => Self::read_lines(body),
            _ => Self::default(),
        }
    }

    /// Reads `%title: A`, `%author: B`, `%date: C`.
    fn read_fields(body: &str) -> Self {
        let mut block = Self::default();
        for line in body.split_inclusive('\n') {
            let Some((key, value)) = line.strip_prefix('%').and_then(|rest| rest.split_once(':'))
            else {
                break;
            };
            block.set(key.trim(), value);
            block.end += line.len();
        }
        block
    }

    /// Reads Pandoc's block: the title, the authors between semicolons, the date, each after `%`.
    fn read_lines(body: &str) -> Self {
        let mut block = Self::default();
        let keys = ["title", "authors", "date"];
        let mut index: usize = 0;
        for line in body.split_inclusive('\n') {
            if let Some(value) = line.strip_prefix('%') {
                let Some(&key) = keys.get(index) else { break };
                block.set(key, value);
                index += 1;
            } else if index > 0 && line.starts_with([' ', '\t']) && !line.trim().is_empty() {
                // A line that is indented goes on with the one above it.
                block.extend(keys[index - 1], line.trim());
            } else {
                break;
            }
            block.end += line.len();
        }
        block
    }

    /// Reads TOML between two lines `+++` at the top of a body; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it is no TOML: the byte of the body, and a message.
    pub(super) fn read_toml(body: &str) -> Option<Result<Self, (usize, String)>> {
        let (toml, end) = toml_block(body)?;
        let table: toml::Table = match toml::from_str(toml) {
            Ok(table) => table,
            Err(error) => {
                let start = body.find('\n').map_or(0, |line| line + 1);
                let at = start.saturating_add(error.span().map_or(0, |span| span.start));
                let reason = error.message();
                let message =
                    format!("the front matter is not valid TOML, so it is shown: {reason}");
                return Some(Err((at, message)));
            }
        };
        let mut block = Self { end, is_toml: true, ..Self::default() };
        for (key, value) in &table {
            match value {
                toml::Value::String(text) => block.set(key, text),
                toml::Value::Datetime(date) => block.set(key, &date.to_string()),
                toml::Value::Array(values) if key == "authors" => {
                    block.authors = values
                        .iter()
                        .filter_map(|value| value.as_str().map(str::to_owned))
                        .collect();
                }
                _ => {}
            }
        }
        Some(Ok(block))
    }

    fn set(&mut self, key: &str, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        match key {
            "title" => self.title = Some(value.to_owned()),
            "date" => self.date = Some(value.to_owned()),
            "author" => self.authors = vec![value.to_owned()],
            "authors" => {
                self.authors = value.split(';').map(|author| author.trim().to_owned()).collect();
            }
            _ => {}
        }
    }

    fn extend(&mut self, key: &str, more: &str) {
        match (key, &mut self.title) {
            ("title", Some(title)) => *title = format!("{title} {more}"),
            ("authors", _) => self.authors.push(more.to_owned()),
            _ => {}
        }
    }
}

/// Returns the TOML between two lines `+++` at the top of a body, and the byte behind the second.
fn toml_block(body: &str) -> Option<(&str, usize)> {
    let mut end = 0;
    let mut start = None;
    for line in body.split_inclusive('\n') {
        let before = end;
        end += line.len();
        match start {
            None if line.trim_end() == "+++" => start = Some(end),
            None => return None,
            Some(start) if line.trim_end() == "+++" => return Some((&body[start..before], end)),
            Some(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(title: &str, authors: &[&str], date: &str) -> TitleBlock {
        TitleBlock {
            title: Some(title.to_owned()),
            authors: authors.iter().map(|&author| author.to_owned()).collect(),
            date: Some(date.to_owned()),
            ..TitleBlock::default()
        }
    }

    #[test]
    fn every_form_gives_title_authors_and_date() {
        let cases = [
            (Dialect::Mdp, "%title: A: b\n%author: C\n%date: 2017\n\n# D\n", &["C"][..]),
            (Dialect::Pandoc, "% A:\n  b\n% C; D\n% 2017\n\n# D\n", &["C", "D"]),
            (
                Dialect::Toml,
                "+++\ntitle = \"A: b\"\nauthors = [\"C\", \"D\"]\ndate = \"2017\"\n+++\n\n# D\n",
                &["C", "D"],
            ),
        ];
        for (dialect, body, authors) in cases {
            let found = match dialect {
                Dialect::Toml => TitleBlock::read_toml(body).unwrap().unwrap(),
                dialect => TitleBlock::read(dialect, body),
            };
            assert_eq!(&body[found.end..], "\n# D\n");
            let found = TitleBlock { end: 0, is_toml: false, ..found };
            assert_eq!(found, block("A: b", authors, "2017"));
        }
    }

    #[test]
    fn what_is_no_block_stays() {
        for (dialect, body) in [(Dialect::Mdp, "# A\n%title: b\n"), (Dialect::Pandoc, "a % b\n")] {
            assert_eq!(TitleBlock::read(dialect, body), TitleBlock::default(), "{body}");
        }
        assert_eq!(TitleBlock::read_toml("+++\ntitle = \"a\"\n"), None);
        let (at, message) =
            TitleBlock::read_toml("+++\na = 1\ntitle = \"a\n+++\n").unwrap().unwrap_err();
        assert!(at > 10 && message.contains("is not valid TOML"), "{at}: {message}");
    }
}
