//! Finds which file uses which: resolves every path in a file to the file that defines the item.
//!
//! A re-export is followed to the item, so using a facade like `wire/mod.rs` does not count as
//! using that file.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::Source;

/// A module path, without `crate`.
pub(crate) type Path = Vec<String>;

/// Maps each module to the modules that it uses.
pub(crate) type Edges = BTreeMap<Path, BTreeSet<Path>>;

/// The names in a file.
#[derive(Default)]
struct Names {
    /// The imports by local name: `use a::b as c;` maps `c` to `a::b`.
    uses: BTreeMap<String, Path>,
    /// The imports that are re-exported.
    public: BTreeSet<String>,
    /// The paths of glob imports.
    globs: Vec<Path>,
    /// The items that the file defines.
    items: BTreeSet<String>,
    /// Paths and single names in the code, as written.
    mentions: BTreeSet<Path>,
}

/// The names of all files, by module path.
struct Resolver<'a> {
    modules: BTreeMap<&'a [String], Names>,
}

/// Resolves all uses in `sources`.
pub(crate) fn edges(sources: &[Source]) -> Edges {
    let modules = sources.iter().map(|source| (source.module.as_slice(), names(source))).collect();
    let resolver = Resolver { modules };
    let used = |source: &Source| {
        let mut used = resolver.used_by(&source.module);
        used.remove(&source.module);
        (source.module.clone(), used)
    };
    // The binary uses the library as another crate.
    sources.iter().filter(|source| source.module != ["main"]).map(used).collect()
}

impl Resolver<'_> {
    /// Returns the modules whose items `module` uses.
    fn used_by(&self, module: &[String]) -> BTreeSet<Path> {
        let names = &self.modules[module];
        let imported = names
            .uses
            .iter()
            .filter(|(name, _)| !names.public.contains(*name))
            .map(|(_, path)| path);
        let resolve = |path: &Path| self.resolve(&self.absolute(module, path)?, 0);
        // An imported item counts as used. An imported module counts only if the code mentions
        // something in it.
        let imported =
            imported.filter_map(resolve).filter(|(_, is_item)| *is_item).map(|(module, _)| module);
        let mentioned = names.mentions.iter().filter_map(|path| {
            let first = &path[0];
            let known = path.len() > 1 || names.uses.contains_key(first);
            let (module, is_item) = resolve(path).filter(|_| known)?;
            is_item.then_some(module)
        });
        let globs = names.globs.iter().filter_map(resolve).map(|(module, _)| module);
        imported.chain(mentioned).chain(globs).collect()
    }

    /// Returns `path`, as `module` writes it, as a path from the root. Returns `None` if it leads
    /// into another crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Path> {
        let names = &self.modules[module];
        let child = |name: &String| {
            self.modules.contains_key([module, std::slice::from_ref(name)].concat().as_slice())
        };
        match path {
            [first, rest @ ..] if first == "crate" => Some(rest.to_vec()),
            // The modules of the core package count as modules of this one.
            [first, rest @ ..] if first == "wiretalk_core" => Some(rest.to_vec()),
            [first, rest @ ..] if first == "self" => Some([module, rest].concat()),
            [first, ..] if first == "super" => {
                let (mut outer, mut rest) = (module, path);
                while let [first, further @ ..] = rest
                    && first == "super"
                {
                    outer = outer.split_last()?.1;
                    rest = further;
                }
                Some([outer, rest].concat())
            }
            [first, rest @ ..] => match names.uses.get(first) {
                // An import may begin with its own local name, as `pub use decode::decode` does.
                // Following that would never end.
                Some(import) if import.first() != Some(first) => {
                    self.absolute(module, &[import, rest].concat())
                }
                Some(import) if import.len() > 1 && child(first) => {
                    Some([module, import, rest].concat())
                }
                _ => child(first).then(|| [module, path].concat()),
            },
            [] => None,
        }
    }

    /// Returns the module that defines the last name of `path`, and whether that name is an item
    /// rather than a module. `depth` counts the re-exports that were followed.
    fn resolve(&self, path: &[String], depth: usize) -> Option<(Path, bool)> {
        let mut module: Path = Vec::new();
        for (at, name) in path.iter().enumerate() {
            let inner = [module.as_slice(), std::slice::from_ref(name)].concat();
            if self.modules.contains_key(inner.as_slice()) {
                module = inner;
                continue;
            }
            let names = self.modules.get(module.as_slice())?;
            // The limit ends re-exports that lead to each other.
            if let Some(export) = names.uses.get(name).filter(|_| depth < 8) {
                let export = self.absolute(&module, export)?;
                return self.resolve(&[&export, &path[at + 1..]].concat(), depth + 1);
            }
            let globs = names.globs.iter().filter(|_| depth < 8 && !names.items.contains(name));
            let through = globs.filter_map(|glob| {
                let target = self.absolute(&module, glob)?;
                let (target, _) = self.resolve(&target, depth + 1)?;
                self.modules[target.as_slice()].items.contains(name).then_some(target)
            });
            let target = through.into_iter().next().unwrap_or(module);
            return Some((target, true));
        }
        Some((module, false))
    }
}

/// Collects the names in a file from its tokens.
fn names(source: &Source) -> Names {
    let mut names = Names::default();
    let tokens: Vec<&str> = source.tokens.iter().map(String::as_str).collect();
    let mut at = 0;
    while at < tokens.len() {
        let before = at.checked_sub(1).map_or("", |before| tokens[before]);
        match tokens[at] {
            "use" => {
                let end = at + tokens[at..].iter().position(|token| *token == ";").unwrap_or(0);
                let mut tree = &tokens[at + 1..end];
                // The `)` ends `pub(crate)`.
                names.add_use(&mut tree, &[], matches!(before, "pub" | ")"));
                at = end;
            }
            "struct" | "enum" | "trait" | "type" | "fn" | "const" | "static" | "union" => {
                names.items.insert((*tokens.get(at + 1).unwrap_or(&"")).to_owned());
            }
            // Not the rest of a path, nor a field or a method.
            word if before != "::" && before != "." && is_name(word) => {
                let mut path = vec![word.to_owned()];
                while let [Some(&"::"), Some(next)] = [tokens.get(at + 1), tokens.get(at + 2)]
                    && is_name(next)
                {
                    path.push((*next).to_owned());
                    at += 2;
                }
                names.mentions.insert(path);
            }
            _ => {}
        }
        at += 1;
    }
    names
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

impl Names {
    /// Takes a use tree, such as `a::{b, c as d}`, from the front of `tokens`.
    fn add_use(&mut self, tokens: &mut &[&str], prefix: &[String], public: bool) {
        let mut path = prefix.to_vec();
        while let [token, rest @ ..] = *tokens {
            match *token {
                "," | "}" => break,
                "::" => *tokens = rest,
                "*" => {
                    *tokens = rest;
                    return self.globs.push(path);
                }
                "{" => {
                    *tokens = rest;
                    while !matches!(*tokens, [] | ["}", ..]) {
                        self.add_use(tokens, &path, public);
                        *tokens = tokens.strip_prefix(&[","]).unwrap_or(tokens);
                    }
                    *tokens = tokens.strip_prefix(&["}"]).unwrap_or(tokens);
                    return;
                }
                "as" => {
                    *tokens = &rest[1..];
                    return self.insert(rest[0], path, public);
                }
                "self" if !path.is_empty() => *tokens = rest,
                name => {
                    *tokens = rest;
                    path.push(name.to_owned());
                }
            }
        }
        if let Some(name) = path.last().cloned() {
            self.insert(&name, path, public);
        }
    }

    fn insert(&mut self, name: &str, path: Path, public: bool) {
        if public {
            self.public.insert(name.to_owned());
        }
        self.uses.insert(name.to_owned(), path);
    }
}

/// Returns a shortest circle for each group of modules that use each other. The last module of a
/// circle uses the first.
pub(crate) fn circles(edges: &Edges) -> Vec<Vec<Path>> {
    let mut circles: Vec<Vec<Path>> = Vec::new();
    let mut known: BTreeSet<&Path> = BTreeSet::new();
    for start in edges.keys() {
        if known.contains(start) {
            continue;
        }
        let there = reachable(edges, start);
        if !there.contains_key(start) {
            continue;
        }
        let group = there.keys().filter(|module| reachable(edges, module).contains_key(start));
        known.extend(group);
        let mut circle = vec![start.clone()];
        let mut at = there[start];
        while at != start {
            circle.push(at.clone());
            at = there[at];
        }
        circle[1..].reverse();
        circles.push(circle);
    }
    circles
}

/// Returns all modules that `start` reaches, each with its predecessor on a shortest path.
fn reachable<'a>(edges: &'a Edges, start: &'a Path) -> BTreeMap<&'a Path, &'a Path> {
    let mut before = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(module) = queue.pop_front() {
        for next in edges.get(module).into_iter().flatten() {
            before.entry(next).or_insert_with(|| {
                queue.push_back(next);
                module
            });
        }
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    /// Returns the circles among files, which are given as module paths with their code.
    fn circles_among(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(module, code): &(&str, &str)| sources::of_code(module, code);
        let sources: Vec<Source> = [("", "")].iter().chain(files).map(file).collect();
        let name = |circle: &Vec<Path>| {
            circle.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" ")
        };
        circles(&edges(&sources)).iter().map(name).collect()
    }

    #[test]
    fn a_child_may_use_its_siblings_but_no_item_of_a_parent_that_uses_it() {
        let parent = ("a", "mod b; mod c; pub use c::C; use b::B; pub struct Own(B);");
        let leaf = ("a::c", "use std::fmt; pub struct C;");
        assert_eq!(
            circles_among(&[parent, leaf, ("a::b", "use super::c::C; pub struct B(C);")]),
            [""; 0]
        );
        assert_eq!(
            circles_among(&[parent, leaf, ("a::b", "use crate::a::C; pub struct B(C);")]),
            [""; 0]
        );
        for child in
            ["use super::Own;", "fn f() { super::Own::new() }", "use crate::{a::{Own, C}};"]
        {
            assert_eq!(circles_among(&[parent, leaf, ("a::b", child)]), ["a a::b"], "{child}");
        }
    }

    #[test]
    fn circles_of_siblings_are_found_and_tests_do_not_count() {
        let files = [
            ("a", "mod b; mod c;"),
            ("a::b", "use super::c::x;"),
            ("a::c", "use super::b; fn x() { b::y() }"),
        ];
        assert_eq!(circles_among(&files), ["a::b a::c"]);
        let tested = [
            ("a", "mod b;"),
            ("a::b", "fn y() {} #[cfg(test)] mod tests { use crate::c::z; }"),
            ("c", "use crate::a::b::y; fn z() {}"),
        ];
        assert_eq!(circles_among(&tested), [""; 0]);
    }
}
