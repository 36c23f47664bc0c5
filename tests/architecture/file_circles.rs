//! No circle of imports between the files of a room.
//!
//! Each path that a file names is followed to the file that defines it, through re-exports (`pub use`) too.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Source, sources};

/// The rooms, as module paths.
const ROOMS: [&str; 8] =
    ["app", "cli", "export", "stage", "demos::feed", "demos::grid", "demos::race", "demos::weigh"];

/// A module path such as `["demos", "race", "state"]`.
type Path = Vec<String>;

#[derive(Default)]
struct File {
    /// The paths that are named, as they are written.
    named: BTreeSet<Path>,
    /// What `pub use` offers: a name, and the path behind it.
    reexports: BTreeMap<String, Path>,
}

struct House(BTreeMap<Path, File>);

impl House {
    fn read(sources: &[Source]) -> Self {
        let paths: BTreeSet<Path> = sources.iter().map(module_path).collect();
        let files = sources.iter().map(|source| {
            let own = module_path(source);
            (
                own.clone(),
                File::read(&source.code, |child| paths.contains(&[&own[..], &[child.to_owned()]].concat())),
            )
        });
        Self(files.collect())
    }

    /// The file behind a path that the file `own` names; `None` if it is of no file here.
    fn resolve(&self, own: &Path, path: &[String], hops: usize) -> Option<Path> {
        let whole = self.absolute(own, path)?;
        let len = (1..=whole.len()).rev().find(|&len| self.0.contains_key(&whole[..len]))?;
        let (module, rest) = whole.split_at(len);
        let module = module.to_vec();
        let behind = rest.first().and_then(|name| self.0[&module].reexports.get(name));
        let behind = behind.filter(|_| hops < 4).and_then(|path| self.resolve(&module, path, hops + 1));
        Some(behind.unwrap_or(module))
    }

    fn absolute(&self, own: &Path, path: &[String]) -> Option<Path> {
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([own, &path[1..]].concat()),
            "super" => {
                let ups = path.iter().take_while(|segment| *segment == "super").count();
                Some([own.get(..own.len().checked_sub(ups)?)?, &path[ups..]].concat())
            }
            _ => Some([&own[..], path].concat())
                .filter(|_| self.0.contains_key(&[&own[..], &path[..1]].concat())),
        }
    }

    /// The files that are left when those are taken out, one after the other, that import none of what is left.
    fn circles(&self, room: &[String]) -> BTreeMap<Path, BTreeSet<Path>> {
        let inside = |path: &Path| path.starts_with(room);
        let imports = |(own, file): (&Path, &File)| {
            let found = file.named.iter().filter_map(|path| self.resolve(own, path, 0));
            (own.clone(), found.filter(|import| import != own && inside(import)).collect())
        };
        let mut edges: BTreeMap<Path, BTreeSet<Path>> =
            self.0.iter().filter(|(path, _)| inside(path)).map(imports).collect();
        while let Some(free) = edges.iter().find(|(_, needs)| needs.is_empty()).map(|(path, _)| path.clone())
        {
            edges.remove(&free);
            for needs in edges.values_mut() {
                needs.remove(&free);
            }
        }
        edges
    }
}

impl File {
    /// Reads the paths of a file; `is_child` says whether a name is a module of its own folder.
    fn read(code: &str, is_child: impl Fn(&str) -> bool) -> Self {
        let mut file = Self::default();
        let mut rest = String::new();
        for statement in code.split_inclusive(';') {
            let Some(at) = use_keyword(statement) else {
                rest += statement;
                continue;
            };
            let (before, tree) = statement.split_at(at);
            rest += before.rsplit_once('\n').map_or("", |(before, _)| before);
            let is_public =
                before.rsplit('\n').next().is_some_and(|line| line.trim_start().starts_with("pub"));
            for path in flatten(tree["use ".len()..].trim_end_matches(';')) {
                if let Some(name) = path.last().filter(|_| is_public) {
                    file.reexports.insert(name.clone(), path.clone());
                }
                file.named.insert(path);
            }
        }
        // `pub(in crate::cli)` says who may look, and imports nothing
        let rest = rest.replace("(in crate::", "(in ");
        let words = rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        for word in words.filter(|word| word.contains("::")) {
            let path: Path = word.split("::").map(str::to_owned).collect();
            if ["crate", "super", "self"].contains(&path[0].as_str()) || is_child(&path[0]) {
                file.named.insert(path);
            }
        }
        file
    }
}

/// Where the `use` of a statement stands, if it is one.
fn use_keyword(statement: &str) -> Option<usize> {
    let starts = statement.match_indices("use ").map(|(at, _)| at);
    starts.into_iter().find(|&at| {
        let line = statement[..at].rsplit('\n').next().unwrap_or_default().trim_start();
        line.is_empty() || line.starts_with("pub") && !line.contains('=')
    })
}

/// The paths of a `use` tree: `a::{b, c::d as e}` is `a::b` and `a::c::d`.
fn flatten(tree: &str) -> Vec<Path> {
    let Some((head, body)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split("::").map(|segment| segment.trim().to_owned()).collect()];
    };
    let body = body.rsplit_once('}').map_or(body, |(body, _)| body);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in body.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| flatten(&format!("{}{}", head.trim(), part.trim()))).collect()
}

fn module_path(source: &Source) -> Path {
    let whole = source.path.with_extension("");
    let mut path: Path = whole.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    path.retain(|part| part != "src" && part != "mod");
    path
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    let house = House::read(&sources());
    for room in ROOMS {
        let room: Path = room.split("::").map(str::to_owned).collect();
        let circles = house.circles(&room);
        assert!(circles.is_empty(), "a circle in {room:?}: {circles:#?}");
    }
}

#[test]
fn a_circle_is_found_through_a_re_export() {
    let source = |path: &str, code: &str| Source {
        path: path.into(),
        module: "demos".to_owned(),
        code: code.to_owned(),
        lines: 1,
        whole: String::new(),
    };
    let folder = [
        source(
            "demos/race/mod.rs",
            "mod state;\nmod view;\npub use state::{Race as Other, Race};\nfn f() { view::draw() }",
        ),
        source("demos/race/state.rs", "pub(in crate::demos) struct Race;"),
        source("demos/race/view.rs", "use super::{\n    Race,\n};"),
    ];
    let room = ["demos".to_owned(), "race".to_owned()];
    assert!(House::read(&folder).circles(&room).is_empty(), "the view imports the state alone");
    let [folder, state, view] = folder;
    let state = Source { code: state.code + "\nfn g() { super::view::draw() }", ..state };
    let circles = House::read(&[folder, state, view]).circles(&room);
    let in_circle: Vec<_> = circles.keys().map(|path| path.join("::")).collect();
    assert_eq!(in_circle, ["demos::race", "demos::race::state", "demos::race::view"]);
}
