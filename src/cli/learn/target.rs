//! [`LearnTarget`]: what the argument of `wiretalk learn` names.

use std::path::Path;

use anyhow::{anyhow, bail};

use crate::cli::bounded_read;
use crate::cli::check::printable_path;
use crate::learn::{Bank, Catalog, CatalogItem, ExerciseKind, ItemKind, SECTIONS};
use crate::text::{did_you_mean, sanitize};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The thing to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LearnTarget {
    /// The list of everything.
    List,
    /// The questions and exercises of a section.
    Section(String),
    /// A lesson, an exercise or a question.
    Item(CatalogItem),
}

/// Returns the bank that is built in, with what the file called `name` has.
pub(super) fn bank(name: Option<&str>) -> anyhow::Result<Bank> {
    let mut bank = Bank::built_in();
    let Some(path) = name.filter(|name| is_file(name)).map(Path::new) else { return Ok(bank) };
    let shown = printable_path(path);
    let source = bounded_read::read_regular_file(path, MAX_BYTES)
        .and_then(bounded_read::utf8)
        .map_err(|error| anyhow!("could not read {shown}: {error}"))?;
    let (own, problems) = Bank::read(&source);
    if let Some(first) = problems.first() {
        let place = format!("{}:{}", first.position.line, first.position.column);
        bail!("{shown}:{place}: {}", first.message);
    }
    if let Some(taken) = bank.extend(own).first() {
        bail!("{shown}: `{taken}` is the name of something that is built in; choose another one");
    }
    Ok(bank)
}

fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

pub(super) fn find(
    name: Option<&str>,
    level: Option<u8>,
    catalog: &Catalog,
) -> anyhow::Result<LearnTarget> {
    let Some(name) = name.filter(|name| !is_file(name)) else { return Ok(LearnTarget::List) };
    if catalog.items.iter().any(|item| item.section == name) {
        return Ok(LearnTarget::Section(name.to_owned()));
    }
    let item = catalog.item(name);
    let kind = match item.map(|item| item.kind) {
        Some(ItemKind::Exercise(kind, _)) => Some(kind),
        Some(_) => None,
        None => Some(ExerciseKind::from_name(name).ok_or_else(|| unknown(name, catalog))?),
    };
    match (kind, level, item) {
        (_, None, Some(item)) => Ok(LearnTarget::Item(item.clone())),
        (None, Some(_), _) => bail!("--level is for exercises, and `{name}` isn't one"),
        (Some(kind), level, _) => of_level(kind, level.unwrap_or(1), catalog),
        (None, None, None) => Err(unknown(name, catalog)),
    }
}

/// Returns the exercise of a kind and a level.
fn of_level(kind: ExerciseKind, level: u8, catalog: &Catalog) -> anyhow::Result<LearnTarget> {
    let wanted = ItemKind::Exercise(kind, level);
    match catalog.items.iter().find(|item| item.kind == wanted) {
        Some(item) => Ok(LearnTarget::Item(item.clone())),
        None => bail!("{} has the levels 1 to {}, not {level}", kind.name(), kind.levels()),
    }
}

pub(super) fn unknown(name: &str, catalog: &Catalog) -> anyhow::Error {
    let mut known: Vec<&str> = catalog.items.iter().map(|item| item.name.as_str()).collect();
    known.extend(ExerciseKind::ALL.map(ExerciseKind::name));
    known.extend(SECTIONS.map(|(section, _)| section));
    let meant = did_you_mean(name, &known);
    anyhow!("unknown name `{}`{meant}; wiretalk learn --list shows all names", sanitize(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_names_its_exercise_of_the_level() {
        let catalog = Catalog::new(&[], &Bank::built_in());
        let found = |name: &str, level| match find(Some(name), level, &catalog).unwrap() {
            LearnTarget::Item(item) => item.name,
            other => format!("{other:?}"),
        };
        assert_eq!(found("read-frame", None), "read-frame-1");
        assert_eq!(found("read-frame", Some(3)), "read-frame-3");
        assert_eq!(found("read-frame-1", Some(3)), "read-frame-3");
        assert_eq!(found("unmask", None), "unmask");
        assert_eq!(found("frames", None), "Section(\"frames\")");
        assert_eq!(find(None, None, &catalog).unwrap(), LearnTarget::List);
        assert_eq!(find(Some("own.toml"), None, &catalog).unwrap(), LearnTarget::List);
        for (name, reason) in [
            ("read-frame", "has the levels 1 to 5, not 99"),
            ("unmask", "--level is for exercises"),
        ] {
            let error = find(Some(name), Some(99), &catalog).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        let error = find(Some("unmsk"), None, &catalog).unwrap_err().to_string();
        assert!(error.contains("did you mean `unmask`"), "{error}");
    }
}
