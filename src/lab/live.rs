//! [`play_live`]: builds and starts one contestant and plays the cases of a fast run against it, with
//! every exchange. It measures and records nothing.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::conform::{Case, ConformEvent, ConformOutcome};
use crate::lab::build::{BuildError, Builder};
use crate::lab::libraries::{ContestantList, ContestantListError};
use crate::lab::process::{ANY_PORT, Launch, RunningContestant, StartError};
use crate::lab::toolchain::toolchain_version;
use crate::lab::verdicts::{NotPlayed, TestedContestant};
use crate::scope::Scope;

/// The contestant to play against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveConfig {
    /// The folder of the contestants.
    pub folder: PathBuf,
    /// The id of the contestant.
    pub contestant: String,
}

/// A step of a contestant that is played against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveEvent {
    /// It is being built.
    Building,
    /// It is being started.
    Starting,
    /// A change during the run of the cases.
    Case(ConformEvent),
}

/// The reason for which a contestant could not be played against.
#[derive(Debug, Error)]
pub enum LiveError {
    /// The list of the contestants is not there, or lacks the contestant.
    #[error(transparent)]
    List(#[from] ContestantListError),
    /// The toolchain is missing.
    #[error("{toolchain} isn't installed: {reason}; install {install}")]
    Toolchain {
        /// The id of the toolchain.
        toolchain: String,
        /// The error of the command that looks for it.
        reason: String,
        /// The packages that it can be installed from.
        install: String,
    },
    /// It could not be built.
    #[error("could not build it: {0}")]
    Build(String),
    /// It could not be started.
    #[error("could not start it: {0}")]
    Start(String),
    /// The cases could not be played.
    #[error("could not play the cases: {0}")]
    Play(String),
}

impl From<BuildError> for LiveError {
    fn from(error: BuildError) -> Self {
        Self::Build(error.to_string())
    }
}

impl From<StartError> for LiveError {
    fn from(error: StartError) -> Self {
        Self::Start(error.to_string())
    }
}

impl From<NotPlayed> for LiveError {
    fn from(error: NotPlayed) -> Self {
        Self::Play(error.to_string())
    }
}

/// Builds and starts a contestant, and plays each of `cases` once. It ends before the outcome is
/// returned, and is killed if the future is dropped.
///
/// # Errors
/// Fails if the toolchain is missing, or the contestant cannot be built, started or tested.
pub async fn play_live(
    scope: &Scope,
    config: &LiveConfig,
    cases: &[Case],
    mut on_event: impl FnMut(LiveEvent),
) -> Result<ConformOutcome, LiveError> {
    let list = ContestantList::read(&config.folder)?;
    let chosen = list.select(None, std::slice::from_ref(&config.contestant))?;
    let Some(contestant) = chosen.first() else {
        return Err(LiveError::Build(format!("there is no contestant {}", config.contestant)));
    };
    on_event(LiveEvent::Building);
    if let Some(toolchain) = list.toolchain_of(contestant) {
        let found = toolchain_version(&list, toolchain).await;
        found.map_err(|error| LiveError::Toolchain {
            toolchain: toolchain.id.clone(),
            reason: error.to_string(),
            install: toolchain.install.clone(),
        })?;
    }
    let out = build_folder(&list.folder);
    Builder::new(&list, &out).build(contestant).await?;
    on_event(LiveEvent::Starting);
    let directory = list.folder.join(&contestant.directory);
    let launch = Launch::new(contestant.run.clone(), directory, out);
    let running = RunningContestant::start(scope, &launch, ANY_PORT).await?;
    let suite = contestant.suite;
    let mut tested = TestedContestant { scope, launch: &launch, running, suite, is_fast: true };
    let played = tested.play_each(cases, 1, |event| on_event(LiveEvent::Case(event.clone()))).await;
    tested.running.stop().await;
    Ok(played?)
}

/// Returns the folder for what is built: `target/lab` in the workspace that has the folder of the
/// contestants.
pub fn build_folder(folder: &Path) -> PathBuf {
    folder.ancestors().nth(2).unwrap_or(folder).join("target/lab")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::conform::{Group, Verdict, all_cases};
    use crate::servers::{Ports, ServerBundle, ServerKind};

    fn scope() -> Scope {
        Scope::new(|panic| panic!("{panic}"))
    }

    /// Writes a list whose only contestant is a shell that prints the URL of another server. `find`
    /// is the command that looks for its toolchain.
    fn write_list(root: &Path, find: &str, server: &str) -> PathBuf {
        let folder = root.join("demos/libraries");
        std::fs::create_dir_all(folder.join("shell")).unwrap();
        let list = format!(
            r#"
            [[toolchain]]
            id = "sh"
            version = "1"
            find = ["{find}"]
            install = "Debian's dash"
            network = "nothing"

            [[contestant]]
            id = "echo"
            name = "echo"
            language = "shell"
            toolchain = "sh"
            library = "echo"
            package = "echo"
            version = "1"
            released = 2026
            licence = "MIT"
            options = "default"
            directory = "shell"
            source = "shell/echo.sh"
            build = [["touch", "{{out}}/built"]]
            run = ["sh", "-c", "echo listening on ws://{server}/; cat >/dev/null", "{{address}}"]
            documentation = []
            "#
        );
        std::fs::write(folder.join("contestants.toml"), list).unwrap();
        folder
    }

    #[tokio::test]
    async fn a_contestant_is_built_started_and_tested_with_every_exchange() {
        let (scope, root) = (scope(), tempfile::tempdir().unwrap());
        let servers = ServerBundle::start(&scope, Ports::default(), None);
        let strict = servers.server(ServerKind::Strict).ready().await.unwrap().to_string();
        let folder = write_list(root.path(), "true", &strict);
        let mut cases = all_cases(1);
        cases.retain(|case| case.group == Group::Ping);
        let mut events = Vec::new();
        let config = LiveConfig { folder, contestant: "echo".to_owned() };
        let outcome = play_live(&scope, &config, &cases, |event| events.push(event)).await.unwrap();
        assert_eq!(events[..2], [LiveEvent::Building, LiveEvent::Starting]);
        let is_played = |event: &&LiveEvent| {
            matches!(event, LiveEvent::Case(ConformEvent::Played { verdict: Verdict::Pass, .. }))
        };
        assert_eq!(events.iter().filter(is_played).count(), cases.len());
        for (case, result) in cases.iter().zip(&outcome.cases) {
            let exchange = result.worst().unwrap();
            let has_bytes = exchange.has_sent() && exchange.has_received();
            assert!(has_bytes && exchange.finding.verdict == Verdict::Pass, "{}", case.id);
        }
        assert!(root.path().join("target/lab/built").exists(), "it was built");
    }

    #[tokio::test]
    async fn a_missing_toolchain_is_named_with_its_source() {
        let (scope, root) = (scope(), tempfile::tempdir().unwrap());
        let folder = write_list(root.path(), "/no/such/program", "127.0.0.1:7");
        let config = LiveConfig { folder, contestant: "echo".to_owned() };
        let error = play_live(&scope, &config, &[], |_| {}).await.unwrap_err().to_string();
        assert!(error.starts_with("sh isn't installed: could not run /no/such/program"), "{error}");
        assert!(error.ends_with("; install Debian's dash"), "{error}");
        let elsewhere = LiveConfig { folder: root.path().to_owned(), ..config };
        let error = play_live(&scope, &elsewhere, &[], |_| {}).await.unwrap_err();
        assert!(matches!(error, LiveError::List(_)), "{error}");
    }
}
