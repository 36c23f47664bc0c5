//! Carries out the commands: seeds, the progress file, real peers, and the inspector over the list.

use std::sync::Arc;
use std::time::SystemTime;

use super::live::{self, ServerTrial};
use super::messages::{Cmd, Msg, Reply};
use crate::demos::inspect::open_lesson;
use crate::learn::{Exercise, LiveCheck};
use crate::progress::ProgressStore;
use crate::servers::ServerBundle;
use crate::stage::{Mailbox, Stage, StandaloneDemo, WorkContext};

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
        Cmd::Inspect(inspected) => {
            stage.open_overlay(StandaloneDemo::new(move || inspected.open()));
        }
        Cmd::Ask(number, check) => ask(stage, number, *check),
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

fn ask(stage: &Stage<Msg>, number: u64, check: LiveCheck) {
    let bundle = stage.services().get::<Arc<ServerBundle>>().cloned();
    stage.start("ask", move |WorkContext { mailbox, .. }| async move {
        let reply = live::ask(bundle, check).await.map(Reply);
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
