//! Enforces the architecture: imports point down, floor 0 is pure, files do not use each other in
//! circles, files and functions stay small, and names are the field's own.
//!
//! All of it is read from the sources.

mod binary;
mod errors;
mod imports;
mod names;
mod phrases;
mod rooms;
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use sources::Source;

/// The modules by floor, from 0. A new module is added here.
const FLOORS: [&[&str]; 5] = [
    &["text", "wire", "sockjs", "conformance", "sloppy", "deck", "learn", "measure"],
    &[
        "scope",
        "watch",
        "net",
        "servers",
        "clients",
        "progress",
        "proxy",
        "published_place",
        "capture",
        "inspect",
        "race",
        "feed",
        "conform",
        "lab",
        "repair",
        "sockjs_server",
    ],
    &["stage"],
    &["slide"],
    &["app", "cli", "export", "demos"],
];

/// The names that no file of a floor may use. Floor 0 knows no I/O. Engines know no terminal: they
/// neither print nor end the process, but may start others.
const FORBIDDEN: [&[&str]; 2] = [
    &[
        "tokio",
        "std::fs",
        "std::net",
        "std::io",
        "std::env",
        "std::process",
        "std::thread",
        "Instant",
        "SystemTime",
        "crossterm",
        "ratatui",
        "reqwest",
        "axum",
    ],
    &[
        "crossterm",
        "ratatui",
        "process::exit",
        "process::abort",
        "ExitCode",
        "io::stdout",
        "io::stdin",
        "io::stderr",
    ],
];

/// Returns the top module that a source belongs to; `None` for `lib.rs` and `main.rs`.
fn top(source: &Source) -> Option<&str> {
    source.module.first().map(String::as_str).filter(|name| *name != "main")
}

/// Returns the floor of a top module.
fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Returns the other top modules that `source` names through `crate::`.
fn imports(source: &Source) -> BTreeSet<&str> {
    let after = source.code.split("crate::").skip(1);
    let first = after
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""));
    first.filter(|name| floor(name).is_some() && Some(*name) != top(source)).collect()
}

#[test]
fn every_module_has_its_floor() {
    for source in sources::all() {
        let Some(module) = top(&source) else { continue };
        assert!(floor(module).is_some(), "{:?}: add `{module}` to FLOORS", source.path);
    }
}

#[test]
fn imports_point_down_and_siblings_of_the_top_floor_do_not_know_each_other() {
    for source in sources::all() {
        let Some(own) = top(&source).and_then(floor) else { continue };
        for import in imports(&source) {
            let other = floor(import).unwrap();
            // The pure modules and the engines may use each other within their floor.
            let allowed = other < own || (other == own && own < 2);
            assert!(allowed, "{:?} (floor {own}) imports `{import}` (floor {other})", source.path);
        }
    }
}

/// A demo gets what it may use from `stage::Services`, by type, so the stage names no engine.
#[test]
fn the_stage_names_no_engine() {
    let engines = FLOORS[1].iter().filter(|module| **module != "scope");
    let engines: BTreeSet<&str> = engines.copied().collect();
    let stage: Vec<_> =
        sources::all().into_iter().filter(|source| top(source) == Some("stage")).collect();
    assert!(stage.len() > 5, "the stage was not found");
    for source in stage {
        let named: Vec<_> = imports(&source).intersection(&engines).copied().collect();
        assert_eq!(named, [""; 0], "{:?} imports engines", source.path);
    }
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources::all() {
        let Some(module) = top(&source) else { continue };
        let own = edges.entry(module.to_owned()).or_default();
        own.extend(imports(&source).into_iter().map(str::to_owned));
    }
    // Removes modules that import nothing until none is left; what cannot be removed is a circle.
    while let Some(free) =
        edges.iter().find(|(_, needs)| needs.is_empty()).map(|(name, _)| name.clone())
    {
        edges.remove(&free);
        for needs in edges.values_mut() {
            needs.remove(&free);
        }
    }
    assert!(edges.is_empty(), "a circle among {edges:?}");
}

#[test]
fn floor_0_knows_no_io_and_engines_know_no_terminal() {
    for source in sources::all() {
        let Some(forbidden) = top(&source).and_then(floor).and_then(|floor| FORBIDDEN.get(floor))
        else {
            continue;
        };
        for name in *forbidden {
            // Only at the beginning of a word: `std::io` is not in `mystd::io`.
            let words = source.code.match_indices(name).filter(|(at, _)| {
                let before = source.code[..*at].chars().next_back();
                before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
            });
            assert_eq!(words.count(), 0, "{:?} names `{name}`", source.path);
        }
    }
}

#[test]
fn files_have_a_doc_comment_and_at_most_400_lines_before_their_tests() {
    let mut too_long = Vec::new();
    for source in sources::all() {
        assert!(source.text.starts_with("//!"), "{:?} has no doc comment", source.path);
        if source.lines > 400 {
            too_long.push(format!("{:?} has {} lines", source.path, source.lines));
        }
    }
    assert!(too_long.is_empty(), "before their tests, {}", too_long.join(", "));
}

#[test]
fn lines_outside_tests_have_at_most_100_columns() {
    let mut too_wide = Vec::new();
    for source in sources::all() {
        let lines = source.code.lines().zip(1..).filter(|(line, _)| line.chars().count() > 100);
        too_wide.extend(lines.map(|(_, number)| format!("{:?}:{number}", source.path)));
    }
    assert!(
        too_wide.is_empty(),
        "rustfmt leaves macros and strings alone: {}",
        too_wide.join(", ")
    );
}

#[test]
fn functions_stay_small() {
    let (mut lengths, mut too_long) = (Vec::new(), Vec::new());
    for source in sources::all() {
        let lines: Vec<&str> = source.code.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let declares =
                ["fn ", "pub fn ", "async fn ", "pub async fn ", "const fn ", "pub const fn "];
            let trimmed =
                line.trim_start().replace("pub(crate) ", "pub ").replace("pub(super) ", "pub ");
            if !declares.iter().any(|start| trimmed.starts_with(start)) || trimmed.ends_with(';') {
                continue;
            }
            // rustfmt puts the closing brace at the indentation of the declaration.
            let end = lines[start..].iter().position(|line| {
                line.trim_end() == format!("{}}}", " ".repeat(indent))
                    || line.trim_end().ends_with(';')
                        && line.len() - line.trim_start().len() == indent
            });
            let length = end.map_or(1, |end| end + 1);
            if length > 80 {
                too_long.push(format!("{:?}:{} ({length} lines)", source.path, start + 1));
            }
            lengths.push(length);
        }
    }
    assert!(too_long.is_empty(), "functions over 80 lines: {}", too_long.join(", "));
    lengths.sort_unstable();
    assert!(lengths.len() > 300, "the functions were not found");
    let p90 = lengths[lengths.len() * 9 / 10];
    assert!(p90 <= 40, "one in ten functions has more than {p90} lines, and the limit is 40");
}

/// Whether `doc`, the text of a whole doc comment, is a bare pronoun: `Which field.` does not say
/// what the item is.
fn is_bare_pronoun(doc: &str) -> bool {
    let pronouns = ["Who", "Whose", "Where", "What", "Which", "How"];
    doc.strip_suffix('.').is_some_and(|sentence| {
        let rest = pronouns.iter().find_map(|pronoun| sentence.strip_prefix(pronoun));
        // Up to 24 further characters hardly have room for a verb and an object; a longer question
        // can be a sentence.
        rest.is_some_and(|rest| {
            !rest.starts_with(char::is_alphanumeric) && rest.len() <= 24 && !rest.contains('.')
        })
    })
}

/// Returns the doc comments of one line in `text`, each with its line number.
fn one_line_docs(text: &str) -> Vec<(usize, &str)> {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let is_doc = |at: usize| lines.get(at).is_some_and(|line| line.starts_with("///"));
    let alone =
        |at: &usize| is_doc(*at) && !at.checked_sub(1).is_some_and(is_doc) && !is_doc(at + 1);
    (0..lines.len())
        .filter(alone)
        .map(|at| (at + 1, lines[at].trim_start_matches('/').trim()))
        .collect()
}

#[test]
fn bare_pronouns_are_recognized() {
    for doc in ["Who.", "Which field.", "What is wrong.", "How often it was asked."] {
        assert!(is_bare_pronoun(doc), "{doc}");
    }
    for doc in [
        "The field that this span covers.",
        "Whether it is masked.",
        "However long.",
        "What",
        "Whole.",
    ] {
        assert!(!is_bare_pronoun(doc), "{doc}");
    }
    let text = "    /// Who.\n    from: Side,\n/// Which\n/// side.\n";
    assert_eq!(one_line_docs(text), [(1, "Who.")]);
}

#[test]
fn no_doc_is_a_bare_pronoun() {
    let (mut docs, mut bare) = (0, Vec::new());
    for source in sources::all() {
        for (line, doc) in one_line_docs(&source.text) {
            docs += 1;
            if is_bare_pronoun(doc) {
                bare.push(format!("{:?}:{line} `{doc}`", source.path));
            }
        }
    }
    assert!(docs > 1000, "the docs were not found");
    assert!(bare.is_empty(), "these docs do not say what the item is: {}", bare.join(", "));
}
