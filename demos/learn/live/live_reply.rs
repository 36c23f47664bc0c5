//! [`LiveReply`]: what the peer of a [`LiveCheck`] did.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::client_reply::{self, ClientReply};
use super::server_reply::{self, ServerReply};
use super::sloppy_reply::{self, SloppyReply};
use crate::learn::LiveCheck;
use crate::net::Target;
use crate::servers::{ServerBundle, ServerKind};

/// The longest that is waited for a peer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The reply of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demos::learn) enum LiveReply {
    /// Of the strict server, to frames or a request.
    Server(ServerReply),
    /// Of the strict server, to a request whose accept value was worked out.
    AcceptValue {
        /// The value that was typed.
        typed: String,
        /// The one in the response.
        sent: Option<String>,
    },
    /// Of a client, to a response.
    Client(ClientReply),
    /// Of the sloppy server, to what the exercise shows.
    Sloppy(SloppyReply),
}

impl LiveReply {
    /// Whether an answer that was judged to be right counts.
    pub(in crate::demos::learn) fn is_accepted(&self) -> bool {
        match self {
            Self::Server(reply) => reply.is_accepted(),
            Self::AcceptValue { typed, sent } => sent.as_ref() == Some(typed),
            // The client is stricter than the RFC with what a response may have besides.
            Self::Client(_) | Self::Sloppy(_) => true,
        }
    }

    /// Whether the peer did what the exercise is to come to.
    pub(in crate::demos::learn) fn is_good(&self) -> bool {
        match self {
            Self::Client(reply) => reply.opened.is_ok(),
            Self::Sloppy(reply) => reply.is_same(),
            _ => self.is_accepted(),
        }
    }

    /// Returns what happened, in a sentence.
    pub(in crate::demos::learn) fn describe(&self) -> String {
        match self {
            Self::Server(reply) => reply.describe(),
            Self::AcceptValue { sent: Some(value), .. } => {
                format!("The strict server answers this request with {value}.")
            }
            Self::AcceptValue { sent: None, .. } => {
                "The strict server's response has no accept value.".to_owned()
            }
            Self::Client(reply) => reply.describe(),
            Self::Sloppy(reply) => reply.describe(),
        }
    }

    /// Returns the frames that came back, as hex and in words.
    pub(in crate::demos::learn) fn frames(&self) -> &[(String, String)] {
        match self {
            Self::Server(reply) => &reply.frames,
            _ => &[],
        }
    }
}

/// Carries out a check with one of the bundled servers, or with a client.
///
/// # Errors
/// Fails if the peer can't be reached, or does not reply in time.
pub(in crate::demos::learn) async fn ask(
    bundle: Option<Arc<ServerBundle>>,
    check: LiveCheck,
) -> Result<LiveReply, String> {
    match check {
        LiveCheck::Frames(bytes) => {
            let strict = target(bundle, ServerKind::Strict).await?;
            within(server_reply::send_frames(&strict, &bytes)).await.map(LiveReply::Server)
        }
        LiveCheck::Request(bytes) => {
            let strict = target(bundle, ServerKind::Strict).await?;
            within(server_reply::send_request(&strict, &bytes)).await.map(LiveReply::Server)
        }
        LiveCheck::AcceptValue { request, value: typed } => {
            let strict = target(bundle, ServerKind::Strict).await?;
            let sent = within(server_reply::accept_value(&strict, &request)).await?;
            Ok(LiveReply::AcceptValue { typed, sent })
        }
        LiveCheck::Response { request, response } => {
            within(client_reply::open(&request, &response)).await.map(LiveReply::Client)
        }
        LiveCheck::SloppyVisit(visit) => {
            let sloppy = target(bundle, ServerKind::Sloppy).await?;
            within(sloppy_reply::visit(&sloppy, visit)).await.map(LiveReply::Sloppy)
        }
    }
}

/// Returns the address of a bundled server.
async fn target(bundle: Option<Arc<ServerBundle>>, kind: ServerKind) -> Result<Target, String> {
    let bundle = bundle.ok_or("the bundled servers are not running")?;
    let address = bundle.server(kind).ready().await.map_err(|error| error.to_string())?;
    Target::parse(&format!("ws://{address}/")).map_err(|error| error.to_string())
}

async fn within<T>(work: impl Future<Output = std::io::Result<T>>) -> Result<T, String> {
    match timeout(TIMEOUT, work).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no reply within {} s", TIMEOUT.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::{Answer, ExerciseKind, SloppyVisit};
    use crate::scope::Scope;
    use crate::servers::Ports;

    /// Asks a peer about the solution of an exercise.
    async fn asked(
        bundle: &Arc<ServerBundle>,
        level: u8,
        kind: ExerciseKind,
        seed: u64,
    ) -> LiveReply {
        let exercise = kind.exercise(level, seed);
        let check = exercise.live_check(&exercise.solution()).unwrap();
        ask(Some(Arc::clone(bundle)), check).await.unwrap()
    }

    #[tokio::test]
    async fn every_solution_of_a_handshake_is_accepted_by_its_peer() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let bundle = Arc::new(ServerBundle::start(&scope, Ports::default(), None));
        for level in 1..=ExerciseKind::ForgeHandshake.levels() {
            for seed in 0..20 {
                let reply = asked(&bundle, level, ExerciseKind::ForgeHandshake, seed).await;
                assert!(reply.is_accepted() && reply.is_good(), "{level} {seed}: {reply:?}");
            }
        }
        let exercise = ExerciseKind::ForgeHandshake.exercise(3, 1);
        let wrong = Answer::Fields([("accept".to_owned(), "AAAA".to_owned())].into());
        let reply = ask(Some(Arc::clone(&bundle)), exercise.live_check(&wrong).unwrap()).await;
        let reply = reply.unwrap();
        assert!(!reply.is_accepted(), "{reply:?}");
        let Answer::Fields(solution) = exercise.solution() else { panic!("{exercise:?}") };
        assert!(reply.describe().contains(&solution["accept"]), "{reply:?}");
    }

    #[tokio::test]
    async fn the_sloppy_server_sends_what_the_exercise_shows() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let bundle = Arc::new(ServerBundle::start(&scope, Ports::default(), None));
        let level = ExerciseKind::BrokenRule.levels();
        let mut paths = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let exercise = ExerciseKind::BrokenRule.exercise(level, seed);
            let visit = SloppyVisit::of(&exercise).unwrap();
            let reply = asked(&bundle, level, ExerciseKind::BrokenRule, seed).await;
            assert!(reply.is_good(), "{}: {reply:?}", visit.path);
            assert!(reply.describe().contains(&visit.path), "{reply:?}");
            paths.insert(visit.path);
        }
        assert!(paths.len() >= 20, "{paths:?}");
    }
}
