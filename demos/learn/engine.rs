//! Carries out the commands: seeds, the progress file, the strict server, and the inspector over
//! the list.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::messages::{Cmd, Msg, Reply};
use super::server_reply;
use super::server_trial::ServerTrial;
use crate::clients::{SessionEnd, SessionEvent};
use crate::demos::inspect::{self, CommandSender, Inspect, open_lesson};
use crate::inspect::{BundledServer, InspectConfig, InspectSource};
use crate::learn::Exercise;
use crate::net::{Chunk, Transfer};
use crate::progress::ProgressStore;
use crate::servers::{ServerBundle, ServerKind};
use crate::stage::{Demo as _, DemoEvent, Mailbox, Stage, StandaloneDemo, WorkContext};
use crate::wire::Side;

pub(super) fn perform(cmd: Cmd, stage: &Stage<Msg>) {
    match cmd {
        Cmd::Load => keep(stage, ProgressStore::reload),
        Cmd::Record(name, right) => keep(stage, move |store| store.record(&name, right)),
        Cmd::Reset(names) => keep(stage, move |store| {
            for name in &names {
                store.reset(name);
            }
        }),
        Cmd::Draw(name) => draw(&stage.mailbox(), |seed| Msg::Seed(name, seed)),
        Cmd::DrawSeries(section) => draw(&stage.mailbox(), |seed| Msg::SeriesSeed(section, seed)),
        Cmd::OpenLesson(name) => {
            stage.open_overlay(StandaloneDemo::new(move || open_lesson(&name)));
        }
        Cmd::Inspect(from, bytes) => {
            stage.open_overlay(StandaloneDemo::new(move || open_inspector(from, &bytes)));
        }
        Cmd::Send(bytes, is_request) => send(stage, bytes, is_request),
        Cmd::TryServers(exercise) => try_servers(stage, *exercise),
    }
}

/// Does something with the progress on a thread, because its file may be on a slow disk, and
/// reports the progress. Pieces of work follow each other, so that no answer is dropped.
fn keep(stage: &Stage<Msg>, work: impl FnOnce(&ProgressStore) + Send + 'static) {
    let Some(store) = stage.services().get::<ProgressStore>().cloned() else { return };
    let mailbox = stage.mailbox();
    store.submit(move |store| {
        work(store);
        let report = Msg::Progress(store.progress(), store.now(), store.take_notice());
        // Fails only if the slide was left.
        let _ = mailbox.try_send(report);
    });
}

fn draw(mailbox: &Mailbox<Msg>, message: impl FnOnce(u64) -> Msg) {
    // Without random numbers the time is as good: nothing here is a secret.
    let seed = getrandom::u64().unwrap_or_else(|_| Instant::now().elapsed().as_nanos() as u64);
    let _ = mailbox.try_send(message(seed));
}

fn send(stage: &Stage<Msg>, bytes: Vec<u8>, is_request: bool) {
    let bundle = stage.services().get::<Arc<ServerBundle>>().cloned();
    stage.start("send", move |WorkContext { mailbox, .. }| async move {
        let reply = reply(bundle, &bytes, is_request).await.map(Reply);
        let _ = mailbox.send(Msg::Reply(reply)).await;
    });
}

fn try_servers(stage: &Stage<Msg>, exercise: Exercise) {
    stage.start("servers", move |WorkContext { scope, mailbox }| async move {
        let steps = mailbox.clone();
        let trial = ServerTrial::run(&scope, &exercise, |step| {
            // A step that finds the mailbox full is not missed: the findings come at the end.
            let _ = steps.try_send(Msg::Servers(step));
        });
        let _ = mailbox.send(Msg::Servers(trial.await)).await;
    });
}

async fn reply(
    bundle: Option<Arc<ServerBundle>>,
    bytes: &[u8],
    is_request: bool,
) -> Result<server_reply::ServerReply, String> {
    let bundle = bundle.ok_or("the bundled servers are not running")?;
    let server = bundle.server(ServerKind::Strict);
    let address = server.ready().await.map_err(|error| error.to_string())?;
    if is_request {
        server_reply::send_request(address, bytes).await
    } else {
        server_reply::send_frames(address, bytes).await
    }
}

/// Returns an inspector that holds bytes of a side behind a handshake.
fn open_inspector(from: Side, bytes: &[u8]) -> (Inspect, Vec<inspect::Cmd>) {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    let server = BundledServer { kind: Some(ServerKind::Strict), path: "/".to_owned() };
    let (mut inspect, _) =
        Inspect::with_config(&InspectConfig::new(InspectSource::Bundled(server)));
    // Nothing is sent any more, so the queue has no receiver.
    let (commands, _) = mpsc::channel(1);
    let at = Instant::now();
    let transfer = if from == Side::Client { Transfer::Sent } else { Transfer::Received };
    let pieces = [(Transfer::Sent, REQUEST), (Transfer::Received, RESPONSE), (transfer, bytes)];
    let opened = inspect::Msg::Connecting("the exercise".to_owned(), at, CommandSender(commands));
    let chunks = pieces.into_iter().map(|(transfer, bytes)| {
        let chunk = Chunk { at, transfer, bytes: bytes.to_vec() };
        inspect::Msg::Session(SessionEvent::Bytes(chunk))
    });
    let ended = inspect::Msg::Session(SessionEvent::Ended(Ok(SessionEnd::HungUp)));
    let messages = std::iter::once(opened).chain(chunks).chain([ended]);
    let followed = messages.flat_map(|message| inspect.update(DemoEvent::Msg(message))).collect();
    (inspect, followed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exercise_opens_in_the_inspector_without_a_connection() {
        let (_, commands) = open_inspector(Side::Server, b"\x81\x02Hi");
        assert!(!commands.iter().any(|cmd| matches!(cmd, inspect::Cmd::Open(..))), "{commands:?}");
    }
}
