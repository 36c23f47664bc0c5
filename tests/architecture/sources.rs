//! Reads the sources: each file with its module path, its code without comments, strings and tests,
//! and the tokens of that code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of sources, each with the module path of its root.
const PLACES: [(&str, &[&str]); 3] = [("src", &[]), ("core/src", &[]), ("demos", &["demos"])];

/// The module of the root package that has the name of one in `core/`, whose items it re-exports, and
/// the name by which the tests here know it.
const NAMED_TWICE: (&str, &str) = ("sockjs", "sockjs_server");

/// Programs of their own, in a workspace of their own: no modules of ours.
const CONTESTANTS: &str = "demos/libraries";

/// A source file.
pub(crate) struct Source {
    /// The path, relative to the repository.
    pub(crate) path: PathBuf,
    /// The module path: `["wire", "frame", "mask"]` for `wire/frame/mask.rs`, `["wire"]` for
    /// `wire/mod.rs`, empty for `lib.rs`.
    pub(crate) module: Vec<String>,
    /// The whole file.
    pub(crate) text: String,
    /// The code without comments, the contents of strings, and items that only tests have. The line
    /// numbers are those of the file.
    pub(crate) code: String,
    /// The tokens of `code`.
    pub(crate) tokens: Vec<String>,
    /// The number of lines before the unit tests, which come last; comments count.
    pub(crate) lines: usize,
}

/// Returns all sources except the files of tests, sorted by path.
pub(crate) fn all() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for (place, prefix) in PLACES {
        let mut files = Vec::new();
        collect(&root.join(place), &mut files);
        files.retain(|path| !path.starts_with(root.join(CONTESTANTS)));
        sources.extend(files.iter().map(|path| read(root, &root.join(place), prefix, path)));
    }
    let tests: Vec<Vec<String>> = sources.iter().flat_map(test_modules).collect();
    sources.retain(|source| !tests.iter().any(|module| source.module.starts_with(module)));
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    // Otherwise every test of this folder would pass without sources.
    assert!(sources.len() > 40, "the sources were not found");
    sources
}

/// Returns the identifiers of every Rust file of the repository, with its tests, benches and
/// examples, but without comments and strings.
pub(crate) fn identifiers_everywhere() -> Vec<(PathBuf, BTreeSet<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "core/src", "demos", "tests", "benches", "examples"] {
        collect(&root.join(folder), &mut files);
    }
    let read = |path: &PathBuf| {
        let code = without_comments_and_strings(&fs::read_to_string(path).unwrap());
        (path.strip_prefix(root).unwrap().to_owned(), tokens(&code).into_iter().collect())
    };
    files.iter().map(read).collect()
}

/// Returns the modules that `source` declares for tests only.
fn test_modules(source: &Source) -> Vec<Vec<String>> {
    let declared = source.text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
        let line = rest.lines().next()?.trim();
        let name = line.strip_suffix(';')?.rsplit_once("mod ")?.1;
        Some([source.module.as_slice(), &[name.to_owned()]].concat())
    });
    declared.collect()
}

/// Collects the Rust files in a folder and its subfolders.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn read(root: &Path, place: &Path, prefix: &[&str], path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let mut code = without_tests(&without_comments_and_strings(&text));
    let below = path.strip_prefix(place).unwrap().with_extension("");
    let names = below.iter().map(|name| name.to_str().unwrap().to_owned());
    let mut module: Vec<String> =
        prefix.iter().map(|name| (*name).to_owned()).chain(names).collect();
    // `mod.rs` is the module of its folder, and `lib.rs` the root.
    module.pop_if(|last| matches!(last.as_str(), "mod" | "lib"));
    if !place.ends_with("core/src") {
        let (name, known_as) = NAMED_TWICE;
        code = code.replace(&format!("crate::{name}::"), &format!("crate::{known_as}::"));
        for first in module.iter_mut().take(1).filter(|first| *first == name) {
            known_as.clone_into(first);
        }
    }
    let lines = code.trim_end().lines().count();
    Source {
        path: path.strip_prefix(root).unwrap().to_owned(),
        module,
        tokens: tokens(&code),
        code,
        text,
        lines,
    }
}

/// Returns a source that is not in a file, for the tests of these modules.
#[cfg(test)]
pub(crate) fn of_code(module: &str, code: &str) -> Source {
    let names = module.split("::").filter(|name| !name.is_empty()).map(str::to_owned);
    let code = without_tests(&without_comments_and_strings(code));
    let (path, text) = (PathBuf::from(module), String::new());
    Source {
        path,
        module: names.collect(),
        tokens: tokens(&code),
        text,
        lines: code.lines().count(),
        code,
    }
}

/// Removes comments and the contents of strings. Keeps line breaks, so that line numbers stay
/// right.
fn without_comments_and_strings(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let len = comment(rest).or_else(|| literal(rest));
        let Some(len) = len else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        if !rest.starts_with('/') {
            out.push_str("\"\"");
        }
        out.extend(rest[..len].matches('\n'));
        rest = &rest[len..];
    }
    out
}

/// Returns the length of the comment that `rest` begins with.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

/// Returns the length of the string or character literal that `rest` begins with.
fn literal(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let raw = rest.strip_prefix('b').unwrap_or(rest);
    if let Some(hashes) =
        raw.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len())
        && raw[1 + hashes..].starts_with('"')
    {
        let close = format!("\"{}", "#".repeat(hashes));
        let open = rest.len() - raw.len() + 2 + hashes;
        return Some(rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len()));
    }
    // Not raw: a backslash escapes the next character.
    let quote = match bytes {
        [b'"' | b'\'', ..] => bytes[0],
        [b'b', quote @ (b'"' | b'\''), ..] => *quote,
        _ => return None,
    };
    let open = if bytes[0] == b'b' { 2 } else { 1 };
    // `'a` is a lifetime.
    if quote == b'\'' && bytes[0] != b'b' && !is_character(&rest[1..]) {
        return None;
    }
    let mut at = open;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    Some((at + 1).min(rest.len()))
}

/// Whether `rest`, after a single quote, continues a character literal and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut chars = rest.chars();
    matches!((chars.next(), chars.next()), (Some('\\'), _) | (Some(_), Some('\'')))
}

/// Returns the string literals of `text` outside comments, each with its line and what it holds: a
/// line that goes on after a backslash goes on, and an escape that breaks the line is a line break.
/// Line breaks within a literal keep their number, so that lines after them can be counted.
pub(crate) fn string_literals(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut rest, mut line) = (Vec::new(), text, 1);
    while let Some(first) = rest.chars().next() {
        let string = literal(rest);
        let len = comment(rest).or(string).unwrap_or(first.len_utf8());
        let part = &rest[..len];
        if string.is_some() && comment(rest).is_none() && part.contains('"') {
            let part = part.trim_start_matches(['b', 'r', '#']).trim_end_matches('#');
            let inside = part.strip_prefix('"').and_then(|part| part.strip_suffix('"'));
            let inside = inside.unwrap_or_default().replace("\\n", " ").replace("\\\"", "\"");
            found.push((line, inside.replace("\\\n", "\n")));
        }
        line += part.matches('\n').count();
        rest = &rest[len..];
    }
    found
}

/// Removes every item with `#[cfg(test)]`. Keeps line breaks.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        let item = &rest[at..];
        let len = item_len(item);
        out.extend(item[..len].matches('\n'));
        rest = &item[len..];
    }
    out + rest
}

/// Returns the length of the item up to its `;` or closing brace.
fn item_len(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, char) in item.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            // Inside of braces, it ends a statement and not the item.
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

/// Splits code into identifiers, `::`, and single other characters, without blanks.
fn tokens(code: &str) -> Vec<String> {
    let (mut tokens, mut rest) = (Vec::new(), code.trim_start());
    while let Some(first) = rest.chars().next() {
        let is_word = |char: char| char.is_alphanumeric() || char == '_';
        let len = if is_word(first) {
            rest.find(|char| !is_word(char)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(rest[..len].to_owned());
        rest = rest[len..].trim_start();
    }
    tokens
}
