//! Reads code that stands in a file of its own: presenterm's `file` fences.

use crate::deck::UnreadableFile;
use crate::deck::front_matter::{YamlValue, parse_mapping};
use crate::deck::reader::block_reader::BlockReader;
use crate::text::did_you_mean;

/// The keys of a `file` fence.
const KEYS: [&str; 4] = ["path", "language", "start_line", "end_line"];

/// Code from a file.
pub(super) struct FileSnippet {
    pub(super) language: String,
    pub(super) code: String,
}

/// The part of a file that a `file` fence asks for.
#[derive(Default)]
struct Request {
    path: String,
    language: String,
    start: Option<usize>,
    end: Option<usize>,
}

/// Why a `file` fence shows no code.
#[derive(Debug, thiserror::Error)]
enum SnippetError {
    #[error("this names no file; {FORM}")]
    NoPath,
    #[error("this names no file, as it is not YAML: {0}")]
    NoYaml(String),
    #[error("unknown key `{key}`{}; {FORM}", did_you_mean(key, &KEYS))]
    UnknownKey { key: String },
    #[error("`{key}` must be a line number")]
    NoLineNumber { key: String },
    #[error("could not read `{path}`: {error}")]
    Unreadable { path: String, error: UnreadableFile },
    #[error("`{path}` has {count} lines, none of them from line {first} {to}")]
    NoLines { path: String, count: usize, first: usize, to: String },
}

/// The form of a `file` fence's body.
const FORM: &str = "write `path: NAME`, and if need be `language`, `start_line` and `end_line`";

impl BlockReader<'_> {
    /// Reads the file that a fence's `body`, at `at`, asks for. If that fails, it is told.
    pub(super) fn file_snippet(&mut self, body: &str, at: usize) -> Option<FileSnippet> {
        let found = request(body).and_then(|request| self.requested(request));
        found.map_err(|error| self.warn(at, error.to_string())).ok()
    }

    fn requested(&self, request: Request) -> Result<FileSnippet, SnippetError> {
        let Request { path, language, start, end } = request;
        let text = match (self.setup.read_text)(&path) {
            Ok(text) => text,
            Err(error) => return Err(SnippetError::Unreadable { path, error }),
        };
        let count = text.lines().count();
        let (first, last) = (start.unwrap_or(1), end.unwrap_or(count).min(count));
        if first > last {
            let to = end.map_or_else(|| "on".to_owned(), |end| format!("to {end}"));
            return Err(SnippetError::NoLines { path, count, first, to });
        }
        let lines = text.lines().skip(first - 1).take(last - first + 1);
        let code = lines.collect::<Vec<_>>().join("\n");
        Ok(FileSnippet { language: language.to_lowercase(), code })
    }
}

fn request(body: &str) -> Result<Request, SnippetError> {
    let entries = match parse_mapping(body, 1) {
        Ok(Some(entries)) => entries,
        Ok(None) => return Err(SnippetError::NoPath),
        Err((_, reason)) => return Err(SnippetError::NoYaml(reason)),
    };
    let mut request = Request::default();
    for entry in &entries {
        let key = entry.key.as_str();
        let text = entry.value.text().map(|text| text.trim().to_owned());
        let number = || {
            let number = text.as_deref().and_then(|text| text.parse().ok());
            let no_number = || SnippetError::NoLineNumber { key: key.to_owned() };
            number.filter(|&line| line > 0).ok_or_else(no_number)
        };
        match (key, &entry.value) {
            (_, YamlValue::Null) => {}
            ("path", _) => request.path = text.unwrap_or_default(),
            ("language", _) => request.language = text.unwrap_or_default(),
            ("start_line", _) => request.start = Some(number()?),
            ("end_line", _) => request.end = Some(number()?),
            _ => return Err(SnippetError::UnknownKey { key: key.to_owned() }),
        }
    }
    if request.path.is_empty() {
        return Err(SnippetError::NoPath);
    }
    Ok(request)
}
