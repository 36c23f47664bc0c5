//! [`ContestantList`]: the toolchains and contestants of `contestants.toml`.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::lab::libraries::command_line::{ADDRESS, CommandLine};
use crate::lab::libraries::suite::Suite;
use crate::text::{did_you_mean, named_enum};

/// The name of the list within its folder.
const FILE_NAME: &str = "contestants.toml";

/// The programs that build and run the contestants of a language.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolchain {
    /// The name.
    pub id: String,
    /// The oldest version that will do.
    pub version: String,
    /// The command that prints the version.
    pub find: CommandLine,
    /// The packages that it can be installed from, as a noun phrase.
    pub install: String,
    /// The source of what a build fetches, as a noun phrase.
    pub network: String,
}

/// The options with which a library is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Options {
    /// The smallest echo of its documentation.
    Default,
    /// The options that its documentation offers are set.
    Tuned,
}

named_enum!(Options, "options": Default = "default", Tuned = "tuned");

/// An echo server on a WebSocket or SockJS library.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contestant {
    /// The name in commands and records; that of a tuned one ends in `-tuned`.
    pub id: String,
    /// The suite that it is tested with.
    #[serde(default)]
    pub suite: Suite,
    /// The library's name.
    pub name: String,
    /// The programming language.
    pub language: String,
    /// The id of its toolchain.
    pub toolchain: String,
    /// The id that default and tuned have in common.
    pub library: String,
    /// The package in its registry.
    pub package: String,
    /// The version of the package.
    pub version: String,
    /// The year of that version.
    pub released: u16,
    /// The licence, as SPDX has it.
    pub licence: String,
    /// The options that are set.
    pub options: Options,
    /// The folder in which the commands run, relative to that of the list.
    pub directory: PathBuf,
    /// The file that is shown, relative to the folder of the list.
    pub source: PathBuf,
    /// The commands that build it, in this order.
    pub build: Vec<CommandLine>,
    /// The command that runs it.
    pub run: CommandLine,
    /// The command that prints the packages that it is built from, one a line; none where they cannot
    /// be told from those of another program.
    #[serde(default)]
    pub dependencies: Option<CommandLine>,
    /// The URLs of pages that document the echo, or what was tuned.
    pub documentation: Vec<String>,
    /// The options that were tuned.
    #[serde(default)]
    pub tuned: Vec<String>,
    /// A remark for whoever reads its verdicts.
    #[serde(default)]
    pub note: Option<String>,
}

/// The reason for which a list cannot be used.
#[derive(Debug, Error)]
pub enum ContestantListError {
    /// The file cannot be read.
    #[error("could not read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not TOML, or a field is missing, unknown or of the wrong type.
    #[error("{}: {source}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The error, with line and field.
        source: Box<toml::de::Error>,
    },
    /// The value of a field cannot be right.
    #[error("{}: {id}: `{field}` {problem}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The toolchain or contestant.
        id: String,
        /// The field.
        field: &'static str,
        /// The mistake, as the end of a sentence.
        problem: FieldProblem,
    },
    /// No contestant has this name.
    #[error(
        "unknown contestant `{name}`{}; expected one of: {}, or a toolchain: {}",
        did_you_mean(name, &refs(contestants)), contestants.join(", "), toolchains.join(", ")
    )]
    Unknown {
        /// The name.
        name: String,
        /// The names of all contestants.
        contestants: Vec<String>,
        /// The names of all toolchains.
        toolchains: Vec<String>,
    },
    /// The contestants of this name have another suite.
    #[error("`{name}` is tested with another suite; add --suite {suite}")]
    OtherSuite {
        /// The name.
        name: String,
        /// Their suite.
        suite: Suite,
    },
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// The mistake in the value of a field, as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FieldProblem {
    /// The name is not one.
    #[error("must consist of lower-case letters, digits and dashes")]
    Name,
    /// The name is given twice.
    #[error("is that of another entry; each needs a name of its own")]
    Duplicate,
    /// The name does not fit the options.
    #[error("must end in -tuned if, and only if, `options` is \"tuned\"")]
    TunedName,
    /// There is no such toolchain.
    #[error("names the toolchain `{0}`, which the file does not have")]
    UnknownToolchain(String),
    /// A command is empty.
    #[error("must have a program, as in [\"go\", \"version\"]")]
    EmptyCommand,
    /// A placeholder stands for nothing.
    #[error("has {0}, which stands for nothing; use {{out}}, {{address}} or {{wiretalk}}")]
    UnknownPlaceholder(String),
    /// The address to listen on is missing.
    #[error("must have {{address}}, the address to listen on")]
    NoAddress,
    /// The path leads out of the folder.
    #[error("must be a path within the folder of the file, without ..")]
    OutsidePath,
}

/// All toolchains and contestants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContestantList {
    /// The folder that the paths are relative to.
    pub folder: PathBuf,
    /// The toolchains, in the order of the file.
    pub toolchains: Vec<Toolchain>,
    /// The contestants, in the order of the file.
    pub contestants: Vec<Contestant>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    toolchain: Vec<Toolchain>,
    contestant: Vec<Contestant>,
}

impl ContestantList {
    /// Reads `contestants.toml` in `folder`.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or has a mistake.
    pub fn read(folder: &Path) -> Result<Self, ContestantListError> {
        let path = folder.join(FILE_NAME);
        let failed = |source| ContestantListError::Read { path: path.clone(), source };
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        Self::parse(&text, folder, &path)
    }

    /// Parses the text of a list. `path` stands in errors.
    fn parse(text: &str, folder: PathBuf, path: &Path) -> Result<Self, ContestantListError> {
        let file: ListFile = toml::from_str(text).map_err(|source| ContestantListError::Toml {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        let list = Self { folder, toolchains: file.toolchain, contestants: file.contestant };
        list.check().map_err(|(id, field, problem)| ContestantListError::Field {
            path: path.to_owned(),
            id,
            field,
            problem,
        })?;
        Ok(list)
    }

    /// Returns the entry, the field and what is wrong with it.
    fn check(&self) -> Result<(), (String, &'static str, FieldProblem)> {
        let mut ids = BTreeSet::new();
        for toolchain in &self.toolchains {
            let failed = |field, problem| (toolchain.id.clone(), field, problem);
            check_id(&toolchain.id, &mut ids).map_err(|problem| failed("id", problem))?;
            check_command(&toolchain.find).map_err(|problem| failed("find", problem))?;
        }
        let mut ids = BTreeSet::new();
        for contestant in &self.contestants {
            let failed = |(field, problem)| (contestant.id.clone(), field, problem);
            check_id(&contestant.id, &mut ids).map_err(|problem| failed(("id", problem)))?;
            self.check_contestant(contestant).map_err(failed)?;
        }
        Ok(())
    }

    fn check_contestant(
        &self,
        contestant: &Contestant,
    ) -> Result<(), (&'static str, FieldProblem)> {
        let is_tuned = contestant.options == Options::Tuned;
        if contestant.id.ends_with("-tuned") != is_tuned {
            return Err(("id", FieldProblem::TunedName));
        }
        if self.toolchain_of(contestant).is_none() {
            let problem = FieldProblem::UnknownToolchain(contestant.toolchain.clone());
            return Err(("toolchain", problem));
        }
        for (field, path) in [("directory", &contestant.directory), ("source", &contestant.source)]
        {
            if !path.components().all(|part| matches!(part, Component::Normal(_))) {
                return Err((field, FieldProblem::OutsidePath));
            }
        }
        for command in &contestant.build {
            check_command(command).map_err(|problem| ("build", problem))?;
        }
        check_command(&contestant.run).map_err(|problem| ("run", problem))?;
        if let Some(command) = &contestant.dependencies {
            check_command(command).map_err(|problem| ("dependencies", problem))?;
        }
        if !contestant.run.contains(ADDRESS) {
            return Err(("run", FieldProblem::NoAddress));
        }
        Ok(())
    }

    /// Returns the toolchain of a contestant.
    pub fn toolchain_of(&self, contestant: &Contestant) -> Option<&Toolchain> {
        self.toolchains.iter().find(|toolchain| toolchain.id == contestant.toolchain)
    }

    /// Returns the contestants of a suite that `names` select, in the order of the file; all of it
    /// without a name, and of all suites without a suite. A name is that of a contestant or of a
    /// toolchain.
    ///
    /// # Errors
    /// Fails at a name that is neither, and at a contestant of another suite.
    pub fn select(
        &self,
        suite: Option<Suite>,
        names: &[String],
    ) -> Result<Vec<&Contestant>, ContestantListError> {
        let has = |contestant: &Contestant, name: &String| {
            contestant.id == *name || contestant.toolchain == *name
        };
        let of_suite: Vec<&Contestant> = self
            .contestants
            .iter()
            .filter(|contestant| suite.is_none_or(|suite| contestant.suite == suite))
            .collect();
        for name in names {
            if of_suite.iter().any(|contestant| has(contestant, name)) {
                continue;
            }
            if let Some(other) = self.contestants.iter().find(|contestant| has(contestant, name)) {
                return Err(ContestantListError::OtherSuite {
                    name: name.clone(),
                    suite: other.suite,
                });
            }
            return Err(ContestantListError::Unknown {
                name: name.clone(),
                contestants: of_suite.iter().map(|one| one.id.clone()).collect(),
                toolchains: self.toolchains.iter().map(|one| one.id.clone()).collect(),
            });
        }
        let is_selected = |contestant: &&Contestant| {
            names.is_empty() || names.iter().any(|name| has(contestant, name))
        };
        Ok(of_suite.into_iter().filter(is_selected).collect())
    }
}

fn check_id<'i>(id: &'i str, ids: &mut BTreeSet<&'i str>) -> Result<(), FieldProblem> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(is_name) {
        return Err(FieldProblem::Name);
    }
    if ids.insert(id) { Ok(()) } else { Err(FieldProblem::Duplicate) }
}

fn check_command(command: &CommandLine) -> Result<(), FieldProblem> {
    if !command.has_program() {
        return Err(FieldProblem::EmptyCommand);
    }
    command.unknown_placeholder().map_or(Ok(()), |name| Err(FieldProblem::UnknownPlaceholder(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
        [[toolchain]]
        id = "go"
        version = "1.26"
        find = ["go", "version"]
        install = "golang-go of Debian"
        network = "the module proxy"

        [[contestant]]
        id = "gorilla"
        name = "gorilla/websocket"
        language = "Go"
        toolchain = "go"
        library = "gorilla"
        package = "github.com/gorilla/websocket"
        version = "v1.5.3"
        released = 2024
        licence = "BSD-2-Clause"
        options = "default"
        directory = "go"
        source = "go/gorilla/main.go"
        build = [["go", "build", "-o", "{out}/gorilla", "./gorilla"]]
        run = ["{out}/gorilla", "{address}"]
        dependencies = ["go", "list", "-f", "{{end}}", "./gorilla"]
        documentation = []
    "#;

    fn parse(text: &str) -> Result<ContestantList, ContestantListError> {
        ContestantList::parse(text, PathBuf::from("/libraries"), Path::new("list.toml"))
    }

    #[track_caller]
    fn error(from: &str, to: &str) -> String {
        assert!(LIST.contains(from), "{from}");
        parse(&LIST.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn a_list_gives_commands_with_their_values() {
        let list = parse(LIST).unwrap();
        let gorilla = &list.contestants[0];
        assert_eq!(list.toolchain_of(gorilla).unwrap().id, "go");
        let out = Path::new("/tmp/out");
        assert_eq!(gorilla.run.fill(out, "127.0.0.1:0"), ["/tmp/out/gorilla", "127.0.0.1:0"]);
        assert_eq!(gorilla.build[0].fill(out, "")[3], "/tmp/out/gorilla");
        let dependencies = gorilla.dependencies.as_ref().unwrap();
        assert_eq!(dependencies.fill(out, "")[3], "{{end}}", "braces of the program");
    }

    #[test]
    fn a_mistake_is_named_with_its_file_its_field_and_what_would_be_right() {
        let id = |problem: &str| format!("list.toml: gorilla: {problem}");
        assert!(error("released = 2024", "").contains("missing field `released`"));
        assert!(error("released = 2024", "released = \"2024\"").contains("list.toml: "));
        assert!(error("licence", "license").contains("unknown field `license`"));
        assert_eq!(
            error("toolchain = \"go\"", "toolchain = \"rust\""),
            id("`toolchain` names the toolchain `rust`, which the file does not have")
        );
        assert_eq!(
            error("\"{out}/gorilla\", \"{address}\"", "\"{out}/gorilla\""),
            id("`run` must have {address}, the address to listen on")
        );
        assert_eq!(
            error("[[\"go\", \"build\", \"-o\", \"{out}/gorilla\", \"./gorilla\"]]", "[[]]"),
            id("`build` must have a program, as in [\"go\", \"version\"]")
        );
        assert_eq!(
            error("\"-o\", \"{out}/gorilla\"", "\"-o\", \"{output}/gorilla\""),
            id(
                "`build` has {output}, which stands for nothing; use {out}, {address} or {wiretalk}"
            )
        );
        for (from, to) in [
            ("directory = \"go\"", "directory = \"../go\""),
            ("directory = \"go\"", "directory = \"/go\""),
            ("source = \"go/gorilla", "source = \"go/../../x"),
        ] {
            let problem = "must be a path within the folder of the file, without ..";
            assert!(error(from, to).ends_with(problem), "{to}");
        }
        assert!(
            error("options = \"default\"", "options = \"tuned\"").contains("-tuned if, and only")
        );
        assert!(error("id = \"gorilla\"", "id = \"Gorilla\"").contains("lower-case letters"));
        let (_, contestant) = LIST.split_once("[[contestant]]").unwrap();
        let twice = format!("{LIST}[[contestant]]{contestant}");
        assert!(parse(&twice).unwrap_err().to_string().contains("`id` is that of another entry"));
    }

    #[test]
    fn contestants_are_selected_by_name_or_toolchain() {
        let list = parse(LIST).unwrap();
        let ids = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            list.select(Some(Suite::WebSocket), &names)
                .map(|found| found.iter().map(|one| one.id.clone()).collect())
        };
        for names in [&[][..], &["gorilla"], &["go"], &["go", "gorilla"]] {
            let found: Vec<String> = ids(names).unwrap();
            assert_eq!(found, ["gorilla"], "{names:?}");
        }
        let error = ids(&["gorila"]).unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown contestant `gorila` (did you mean `gorilla`?); expected one of: gorilla, or a \
             toolchain: go"
        );
    }

    #[test]
    fn contestants_of_another_suite_are_selected_only_with_it() {
        let (_, contestant) = LIST.split_once("[[contestant]]").unwrap();
        let other = contestant
            .replace("id = \"gorilla\"", "id = \"sockjs-go\"\nsuite = \"sockjs\"")
            .replace("gorilla", "sockjs-go");
        let list = parse(&format!("{LIST}[[contestant]]{other}")).unwrap();
        let ids = |suite, names: &[&str]| -> Result<Vec<String>, String> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let found = list.select(suite, &names).map_err(|error| error.to_string())?;
            Ok(found.iter().map(|one| one.id.clone()).collect())
        };
        let both = ["gorilla".to_owned(), "sockjs-go".to_owned()];
        assert_eq!(ids(None, &[]).unwrap(), both);
        for names in [&[][..], &["go"]] {
            assert_eq!(ids(Some(Suite::WebSocket), names).unwrap(), both[..1], "{names:?}");
            assert_eq!(ids(Some(Suite::SockJs), names).unwrap(), both[1..], "{names:?}");
        }
        let expected = "`sockjs-go` is tested with another suite; add --suite sockjs";
        assert_eq!(ids(Some(Suite::WebSocket), &["sockjs-go"]).unwrap_err(), expected);
    }

    #[test]
    fn the_list_of_the_repository_has_no_mistake() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demos/libraries");
        let list = ContestantList::read(&folder).unwrap();
        assert!(list.contestants.len() > 20);
        for contestant in &list.contestants {
            assert!(folder.join(&contestant.source).is_file(), "{}", contestant.id);
            assert!(folder.join(&contestant.directory).is_dir(), "{}", contestant.id);
        }
        let strict = list.contestants.iter().find(|one| one.id == "strict").unwrap();
        assert_eq!(strict.version, env!("CARGO_PKG_VERSION"));
    }
}
