//! The house as it was drawn: imports point down, floor 0 is pure, files and functions stay small.
//!
//! All of it is read from the sources; nothing is taken on trust.

mod file_circles;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules by floor; whoever adds one says here where it stands.
const FLOORS: [&[&str]; 4] = [
    &["text", "wire", "deck", "measure"],
    &["scope", "net", "servers", "clients", "proxy", "capture", "race", "feed"],
    &["stage"],
    &["app", "cli", "export", "demos"],
];

/// What no file of a floor may name: floor 0 knows no I/O, and engines know no terminal: they neither
/// print nor end the process, but may start others.
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

struct Source {
    path: PathBuf,
    module: String,
    /// Everything before the tests, comments taken out.
    code: String,
    lines: usize,
    whole: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "demos"] {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    assert!(files.len() > 40, "the sources are not where they should be");
    files.into_iter().map(|path| read(root, &path)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> Source {
    let whole = fs::read_to_string(path).unwrap();
    let before_tests: Vec<&str> = whole.lines().take_while(|line| *line != "#[cfg(test)]").collect();
    let code =
        before_tests.iter().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let relative = path.strip_prefix(root).unwrap().to_path_buf();
    let mut parts = relative.iter().map(|part| part.to_str().unwrap().trim_end_matches(".rs"));
    let module = match (parts.next(), parts.next()) {
        (Some("demos"), _) => "demos".to_owned(),
        (_, Some(name)) => name.to_owned(),
        _ => panic!("{} stands in no module", relative.display()),
    };
    Source { path: relative, module, code, lines: before_tests.len(), whole }
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The modules that `source` names through `crate::`.
fn imports(source: &Source) -> BTreeSet<&str> {
    let after = source.code.split("crate::").skip(1);
    let first = after.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""));
    first.filter(|name| floor(name).is_some() && *name != source.module).collect()
}

#[test]
fn every_module_has_its_floor() {
    for source in sources() {
        let known = floor(&source.module).is_some() || matches!(source.module.as_str(), "lib" | "main");
        assert!(known, "{:?}: say in FLOORS where `{}` stands", source.path, source.module);
    }
}

#[test]
fn imports_point_down_and_siblings_of_the_top_floor_do_not_know_each_other() {
    for source in sources() {
        let Some(own) = floor(&source.module) else { continue };
        for import in imports(&source) {
            let other = floor(import).unwrap();
            let allowed = other < own || (other == own && own < 2);
            assert!(allowed, "{:?} (floor {own}) imports `{import}` (floor {other})", source.path);
        }
    }
}

/// What a demo may use of the world reaches it by type through `stage::Services`: the stage names none of it.
#[test]
fn the_stage_names_no_engine() {
    let engines = FLOORS[1].iter().filter(|module| **module != "scope");
    let engines: BTreeSet<&str> = engines.copied().collect();
    let stage: Vec<_> = sources().into_iter().filter(|source| source.module == "stage").collect();
    assert!(stage.len() > 5, "the stage was not found");
    for source in stage {
        let named: Vec<_> = imports(&source).intersection(&engines).copied().collect();
        assert_eq!(named, [""; 0], "{:?} imports engines", source.path);
    }
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources().iter().filter(|source| floor(&source.module).is_some()) {
        let own = edges.entry(source.module.clone()).or_default();
        own.extend(imports(source).into_iter().map(str::to_owned));
    }
    while let Some(free) = edges.iter().find(|(_, needs)| needs.is_empty()).map(|(name, _)| name.clone()) {
        edges.remove(&free);
        for needs in edges.values_mut() {
            needs.remove(&free);
        }
    }
    assert!(edges.is_empty(), "a circle among {edges:?}");
}

#[test]
fn floor_0_knows_no_io_and_engines_know_no_terminal() {
    for source in sources() {
        let Some(forbidden) = floor(&source.module).and_then(|floor| FORBIDDEN.get(floor)) else { continue };
        for name in *forbidden {
            let words = source.code.match_indices(name).filter(|(at, _)| {
                let before = source.code[..*at].chars().next_back();
                before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
            });
            assert_eq!(words.count(), 0, "{:?} names `{name}`", source.path);
        }
    }
}

#[test]
fn files_say_what_they_are_for_and_stay_under_400_lines_before_their_tests() {
    for source in sources() {
        assert!(source.whole.starts_with("//!"), "{:?} does not say what it is for", source.path);
        assert!(source.lines <= 400, "{:?} has {} lines before its tests", source.path, source.lines);
    }
}

#[test]
fn functions_stay_small() {
    let mut lengths = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.code.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let declares = ["fn ", "pub fn ", "async fn ", "pub async fn ", "const fn ", "pub const fn "];
            let trimmed = line.trim_start().replace("pub(crate) ", "pub ").replace("pub(super) ", "pub ");
            if !declares.iter().any(|start| trimmed.starts_with(start)) || trimmed.ends_with(';') {
                continue;
            }
            let end = lines[start..].iter().position(|line| {
                line.trim_end() == format!("{}}}", " ".repeat(indent))
                    || line.trim_end().ends_with(';') && line.len() - line.trim_start().len() == indent
            });
            let length = end.map_or(1, |end| end + 1);
            assert!(length <= 80, "{:?}:{}: a function of {length} lines", source.path, start + 1);
            lengths.push(length);
        }
    }
    lengths.sort_unstable();
    assert!(lengths.len() > 300, "the functions were not found");
    let p90 = lengths[lengths.len() * 9 / 10];
    assert!(p90 <= 40, "nine of ten functions have at most {p90} lines, more than 40");
}
