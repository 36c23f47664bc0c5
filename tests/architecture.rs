//! The house as it was drawn: imports point down, floor 0 is pure, files and functions stay small.
//!
//! All of it is read from the sources; nothing is taken on trust.

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

/// The rooms of a folder, from the top layer to the bottom. A room may use those of lower layers, and no other room of its own.
/// A name is a file or a folder; whoever adds one says here where it stands.
const ROOMS: &[(&str, &[&[&str]])] = &[
    (
        "demos/inspect",
        &[
            &["mod"],
            &["keys", "chrome", "engine"],
            &["state", "settings", "recorder"],
            &["tabs", "overlays", "lesson"],
            &["session", "parts"],
            &["action", "messages"],
            &["source"],
        ],
    ),
    (
        "demos/inspect/tabs",
        &[
            &["mod"],
            &["handshake", "frames", "mask", "timeline", "problems", "deflate"],
            &["field_page", "no_frames"],
        ],
    ),
    (
        "demos/inspect/session",
        &[
            &["mod"],
            &["copy", "reports", "search", "selection", "payload_text"],
            &["state"],
            &["connections", "draft", "mask_key", "query"],
        ],
    ),
];

/// What no file of a room may name.
const FORBIDDEN_IN_ROOMS: &[(&str, &[&str])] =
    &[("demos/inspect/session", &["ratatui", "crossterm"]), ("demos/inspect/parts", &["crossterm"])];

/// The most files in a folder that has rooms, or is one.
const MAX_FILES_IN_ROOM: usize = 12;

/// Folders whose files still import each other in circles; of a path with `.rs` only that file.
const CIRCLES_TO_MEND: &[&str] = &[
    "src/capture",
    "src/cli",
    "src/clients",
    "src/deck",
    "src/feed",
    "src/measure",
    "src/net",
    "src/proxy",
    "src/race",
    "src/servers",
    "src/stage",
    "src/wire",
    "demos/mod.rs",
    "demos/feed",
    "demos/grid",
    "demos/race",
    "demos/weigh",
];

/// The files of the library by module (`crate::wire::frame`), and what each of them imports.
struct FileGraph {
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl FileGraph {
    /// `files`: a path such as `src/wire/mod.rs`, and its code without comments and tests.
    fn new<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let files: BTreeMap<String, &str> = files.map(|(path, code)| (module_path(path), code)).collect();
        let edges = files.iter().map(|(module, code)| {
            let paths = used_paths(code).into_iter();
            let found = paths.filter_map(|path| resolve(&path, module, &files)).filter(|to| to != module);
            (module.clone(), found.collect())
        });
        Self { edges: edges.collect() }
    }

    fn of_this_house(sources: &[Source]) -> Self {
        let code = |source: &Source| lines_without_comments(&source.whole);
        let files: Vec<_> = sources
            .iter()
            .filter(|source| source.path != Path::new("src/main.rs"))
            .map(|source| (source.path.to_str().unwrap().to_owned(), code(source)))
            .collect();
        Self::new(files.iter().map(|(path, code)| (path.as_str(), code.as_str())))
    }

    /// All modules that can be come to from `start`.
    fn reachable(&self, start: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            for next in self.edges.get(at).into_iter().flatten() {
                if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        seen
    }

    /// The circles: sets of files each of which imports all others of its set, directly or through them.
    fn circles(&self) -> Vec<BTreeSet<&str>> {
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            self.edges.keys().map(|module| (module.as_str(), self.reachable(module))).collect();
        let mut found: Vec<BTreeSet<&str>> = Vec::new();
        for (module, targets) in &reach {
            if targets.contains(module) && !found.iter().any(|circle| circle.contains(module)) {
                found.push(targets.iter().copied().filter(|other| reach[other].contains(module)).collect());
            }
        }
        found
    }
}

/// The lines of a source but for the items that only tests have: a module in the file, a `mod name;`, a `use`.
fn lines_without_tests(whole: &str) -> Vec<&str> {
    let mut lines = whole.lines();
    let mut kept = Vec::new();
    while let Some(line) = lines.next() {
        if line != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        // rustfmt ends an item that begins in the first column with `}` or `;` there, or with `;` in its first line
        let first = lines.next().unwrap_or("");
        if !first.ends_with([';', '}']) {
            lines.by_ref().find(|line| line.starts_with('}') || line.starts_with(')'));
        }
    }
    kept
}

fn lines_without_comments(whole: &str) -> String {
    let lines = lines_without_tests(whole).into_iter();
    lines.map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// `crate::wire::frame` for `src/wire/frame.rs` and for `src/wire/frame/mod.rs`.
fn module_path(path: &str) -> String {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let path = path.strip_prefix("src/").unwrap_or(path);
    if path == "lib" { "crate".to_owned() } else { format!("crate::{}", path.replace('/', "::")) }
}

/// Every path that a source names, cut into its segments: those of `use`, those within expressions and types, and the modules
/// that it declares.
fn used_paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut statements = code.split_inclusive(';');
    for statement in statements.by_ref() {
        let line = statement.trim_end_matches(';').rsplit(['{', '}']).next().unwrap_or("");
        if let Some(name) = line.split_whitespace().last().filter(|_| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.len() >= 2 && words[words.len() - 2] == "mod"
        }) {
            paths.push(vec!["self".to_owned(), name.to_owned()]);
        }
    }
    for (at, _) in code.match_indices("use ") {
        let begins = code[..at].ends_with(['\n', ' ', ')']) || at == 0;
        if let Some(end) = code[at..].find(';').filter(|_| begins) {
            expand_use(&[], &code[at + 4..at + end], &mut paths);
        }
    }
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    paths.extend(
        code.split(|c: char| !is_name(c))
            // what ends with `::` is a tree of `use`, or has type arguments behind it
            .filter(|word| word.contains("::") && !word.ends_with("::"))
            .map(|word| word.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect()),
    );
    paths
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn expand_use(prefix: &[String], tree: &str, paths: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let (head, inner) = match tree.find('{') {
        Some(open) => (&tree[..open], tree[open + 1..].strip_suffix('}')),
        None => (tree.split(" as ").next().unwrap_or(tree), None),
    };
    let mut path = prefix.to_vec();
    path.extend(head.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
    let Some(inner) = inner else { return paths.push(path) };
    let (mut depth, mut start) = (0_i32, 0);
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[start..at].trim().is_empty() {
                    expand_use(&path, &inner[start..at], paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The module of the file that a path leads to; none where it leads out of the crate.
fn resolve(path: &[String], from: &str, files: &BTreeMap<String, &str>) -> Option<String> {
    let mut rest = path;
    let mut at = match rest.first()?.as_str() {
        "crate" => "crate".to_owned(),
        "self" | "super" => from.to_owned(),
        // a child that is named without `self`
        name if files.contains_key(&format!("{from}::{name}")) => from.to_owned(),
        _ => return None,
    };
    while let Some(first) = rest.first() {
        match first.as_str() {
            "crate" | "self" => {}
            "super" => at.truncate(at.rfind("::")?),
            _ => break,
        }
        rest = &rest[1..];
    }
    for name in rest {
        let next = format!("{at}::{name}");
        if !files.contains_key(&next) {
            break;
        }
        at = next;
    }
    files.contains_key(&at).then_some(at)
}

#[test]
fn rooms_import_from_lower_layers_only() {
    let sources = sources();
    let graph = FileGraph::of_this_house(&sources);
    for (folder, layers) in ROOMS {
        let folder_module = module_path(folder);
        let room = |module: &str| -> Option<String> {
            let below = module.strip_prefix(&folder_module)?;
            let below = if below.is_empty() { "mod" } else { below.strip_prefix("::")? };
            Some(below.split("::").next().unwrap_or(below).to_owned())
        };
        let layer = |name: &str| layers.iter().position(|layer| layer.contains(&name));
        for (module, imports) in &graph.edges {
            // what only tests have stands beside the rooms
            let is_test = module.ends_with("::tests") || module.ends_with("::testing");
            let Some(own) = room(module).filter(|_| !is_test) else { continue };
            let own_layer = layer(&own).unwrap_or_else(|| panic!("say in ROOMS where {module} stands"));
            for (import, other) in imports.iter().filter_map(|import| Some((import, room(import)?))) {
                let other_layer =
                    layer(&other).unwrap_or_else(|| panic!("say in ROOMS where {import} stands"));
                let allowed = other == own || other_layer > own_layer;
                assert!(allowed, "{module} imports {import}: `{other}` is no lower room than `{own}`");
            }
        }
    }
}

#[test]
fn rooms_name_nothing_that_is_not_theirs_and_have_few_files() {
    let sources = sources();
    for (folder, forbidden) in FORBIDDEN_IN_ROOMS {
        for source in sources.iter().filter(|source| source.path.starts_with(folder)) {
            let code = lines_without_comments(&source.whole);
            for name in *forbidden {
                assert!(!code.contains(name), "{:?} names `{name}`", source.path);
            }
        }
    }
    for (folder, _) in ROOMS {
        let mut files: BTreeMap<&Path, usize> = BTreeMap::new();
        for source in sources.iter().filter(|source| source.path.starts_with(folder)) {
            *files.entry(source.path.parent().unwrap()).or_default() += 1;
        }
        assert!(!files.is_empty(), "there is no folder {folder}");
        for (folder, count) in files {
            assert!(count <= MAX_FILES_IN_ROOM, "{folder:?} has {count} files: give it rooms");
        }
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources = sources();
    let graph = FileGraph::of_this_house(&sources);
    let within = |module: &str, place: &str| {
        let folder = module_path(place);
        let is_file = Path::new(place).extension().is_some();
        module == folder || !is_file && module.starts_with(&format!("{folder}::"))
    };
    let is_known = |module: &str| CIRCLES_TO_MEND.iter().any(|place| within(module, place));
    let circles = graph.circles();
    let new: Vec<_> = circles.iter().filter(|circle| !circle.iter().all(|module| is_known(module))).collect();
    assert!(new.is_empty(), "files import each other in a circle: {new:#?}");
    for place in CIRCLES_TO_MEND {
        let used = circles.iter().flatten().any(|module| within(module, place));
        assert!(used, "{place} has no circle any more: take it out of CIRCLES_TO_MEND");
    }
}

#[test]
fn circles_are_found_between_siblings_and_between_parent_and_child() {
    let circles = |files: &[(&str, &str)]| -> Vec<Vec<String>> {
        let graph = FileGraph::new(files.iter().copied());
        graph.circles().iter().map(|circle| circle.iter().map(ToString::to_string).collect()).collect()
    };
    let room = ("src/a/mod.rs", "mod b;\npub(crate) mod c;\nuse b::B;");
    let leaf = ("src/a/c.rs", "use std::fmt;\nstruct C;");
    assert!(circles(&[room, ("src/a/b.rs", "use super::c::C;"), leaf]).is_empty());
    for child in
        ["use super::B;", "use crate::a::{c::C, B};", "fn f() { super::g(); }", "use super::{c, B as D};"]
    {
        assert_eq!(circles(&[room, ("src/a/b.rs", child), leaf]), [["crate::a", "crate::a::b"]], "{child}");
    }
    let back = ("src/a/c.rs", "type C = Vec<crate::a::b::B>;");
    let found = circles(&[room, ("src/a/b.rs", "use super::{\n    c::{C, D},\n};"), back]);
    assert_eq!(found, [["crate::a::b", "crate::a::c"]]);
}
