//! Carries out the commands: seeds, the progress file, the strict server, and the inspector over
//! the list.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::messages::{Cmd, Msg, Reply};
use super::server_reply;
use super::server_trial::ServerTrial;
use crate::conformance::{EXAMPLE_KEY, Request, Response, ServerAddress};
use crate::demos::inspect::{self, Inspect, open_lesson};
use crate::learn::Exercise;
use crate::net::{Target, Transfer};
use crate::progress::ProgressStore;
use crate::servers::{ServerBundle, ServerKind};
use crate::stage::{Mailbox, Stage, StandaloneDemo, WorkContext};
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
        Cmd::Inspect(from, bytes, deflate) => {
            let open = move || open_inspector(from, &bytes, deflate);
            stage.open_overlay(StandaloneDemo::new(open));
        }
        Cmd::Send(number, bytes, is_request) => send(stage, number, bytes, is_request),
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
    let time = || {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| u64::from(since.subsec_nanos()))
    };
    let seed = getrandom::u64().unwrap_or_else(|_| time());
    let _ = mailbox.try_send(message(seed));
}

fn send(stage: &Stage<Msg>, number: u64, bytes: Vec<u8>, is_request: bool) {
    let bundle = stage.services().get::<Arc<ServerBundle>>().cloned();
    stage.start("send", move |WorkContext { mailbox, .. }| async move {
        let reply = reply(bundle, &bytes, is_request).await.map(Reply);
        let _ = mailbox.send(Msg::Reply(number, reply)).await;
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
    let target = Target::parse(&format!("ws://{address}/")).map_err(|error| error.to_string())?;
    if is_request {
        server_reply::send_request(&target, bytes).await
    } else {
        server_reply::send_frames(&target, bytes).await
    }
}

/// Opens an inspector that holds bytes of a side behind a handshake, with permessage-deflate or without.
fn open_inspector(from: Side, bytes: &[u8], deflate: bool) -> (Inspect, Vec<inspect::Cmd>) {
    const EXTENSION: (&str, &str) = ("Sec-WebSocket-Extensions", "permessage-deflate");
    let server = ServerAddress { authority: "example.com".to_owned(), target: "/".to_owned() };
    let mut request = Request::standard();
    let mut response = Response::standard();
    if deflate {
        let (name, value) = EXTENSION;
        (request, response) = (request.and(name, value), response.and(name, value));
    }
    let request = request.to_bytes(&server, EXAMPLE_KEY);
    let response = response.to_bytes(EXAMPLE_KEY);
    let at = Instant::now();
    let transfer = if from == Side::Client { Transfer::Sent } else { Transfer::Received };
    let pieces = [
        (Transfer::Sent, &request[..], at),
        (Transfer::Received, &response[..], at),
        (transfer, bytes, at),
    ];
    inspect::open_ended("the exercise", &pieces, None)
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::{Buffer, Cell};
    use ratatui::layout::Rect;

    use super::*;
    use crate::stage::{Demo as _, Theme, ViewContext};

    #[test]
    fn an_exercise_opens_in_the_inspector_without_a_connection() {
        // "Hello", compressed (RFC 7692 section 7.2.3.1).
        let compressed = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
        for deflate in [false, true] {
            let (inspect, commands) = open_inspector(Side::Server, compressed, deflate);
            let opens = |cmd: &inspect::Cmd| matches!(cmd, inspect::Cmd::Open(..));
            assert!(!commands.iter().any(opens), "{commands:?}");
            // RSV1 is a fault only where no extension was agreed on.
            let area = Rect::new(0, 0, 100, 30);
            let mut buffer = Buffer::empty(area);
            let context = ViewContext { theme: &Theme::DARK, focused: true };
            inspect.view(area, &mut buffer, &context);
            let shown: String = buffer.content.iter().map(Cell::symbol).collect();
            assert_eq!(shown.contains("E_RSV_NONZERO"), !deflate, "{shown}");
        }
    }
}
