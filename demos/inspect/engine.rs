//! What the inspector has done for it: connections opened, files read, proxies run.
//!
//! Each is a task in a scope of the slide; what it finds comes back as messages with the number of its run.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::keeping::Keeping;
use super::scenario::Server;
use super::source::{Keep, Opening, Source};
use super::{Loaded, Msg, Orders, ProxyOrders};
use crate::capture::{self, Capture, ByteStore};
use crate::clients::{self, SessionEvent, HandshakeRequest};
use crate::net::Target;
use crate::scope::Scope;
use crate::servers::{ServerEvent, EventLog, naive_proxy};
use crate::stage::{House, Stage};
use crate::wire::search::Needle;
use crate::wire::{Offset, Trace, TraceRow, search};

/// Begins a run of the source; what ran before ends.
pub(super) fn open(stage: &Stage<Msg>, run: u64, source: Source, opening: Opening) {
    let (house, mail, scope) = (stage.house().clone(), stage.mail(), stage.begin("source"));
    let task = scope.clone();
    match source {
        Source::Bundled(_) | Source::Url(_) => {
            scope.spawn("inspect", async move { own(run, source, opening, house, mail, task).await });
        }
        Source::Proxy(options) => {
            let keep = opening.keep;
            scope.spawn("proxy", async move { proxy(run, *options, keep, mail, task).await });
        }
        Source::File(path, options) => file(&scope, run, path, options, opening.keep, mail),
    }
}

/// A connection of our own.
async fn own(
    run: u64,
    source: Source,
    opening: Opening,
    house: House,
    mail: mpsc::Sender<Msg>,
    scope: Scope,
) {
    let options = match options(run, source, &opening, &house, &mail, &scope).await {
        Ok(options) => options,
        Err(why) => {
            let _ = mail.send(Msg::Report(run, SessionEvent::Ended(Err(why)))).await;
            return;
        }
    };
    let (orders, inbox) = mpsc::channel(opening.first.len() + 8);
    for command in opening.first {
        orders.try_send(command).expect("a new queue has room");
    }
    let (post, mut reports) = mpsc::channel(64);
    let url = options.url.clone();
    let (mut keeping, kept) = Keeping::begin(opening.keep.as_ref(), run);
    let forward = async {
        if mail.send(Msg::Opening(run, url, Instant::now(), Orders(orders))).await.is_err() {
            return;
        }
        note(&mail, run, kept).await;
        while let Some(report) = reports.recv().await {
            note(&mail, run, keeping.tell(|recorder| recorder.record_session(&report))).await;
            if mail.send(Msg::Report(run, report)).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(clients::run_session(options, inbox, post), forward);
}

/// Tells what a reader should know, if there is anything.
async fn note(mail: &mpsc::Sender<Msg>, run: u64, told: Option<String>) {
    if let Some(told) = told {
        // who has left the slide need not know
        let _ = mail.send(Msg::Report(run, SessionEvent::Note(told))).await;
    }
}

/// Where to, and what is said first.
async fn options(
    run: u64,
    source: Source,
    opening: &Opening,
    house: &House,
    mail: &mpsc::Sender<Msg>,
    scope: &Scope,
) -> Result<clients::SessionOptions, String> {
    let source = opening.server.clone().map_or(source, Source::Bundled);
    let mut options = match source {
        Source::Url(options) => *options,
        Source::Bundled(server) => clients::SessionOptions::new(bundled(run, &server, house, mail, scope).await?),
        Source::File(..) | Source::Proxy(_) => {
            return Err("there is no connection of our own here".to_owned());
        }
    };
    let proper = HandshakeRequest::Standard(opening.wishes.clone());
    let target = Target::parse(&options.url)?;
    let good = proper.to_bytes(&target, clients::nonce()?)?;
    options.request = opening.edits.apply(good);
    Ok(options)
}

/// The URL of a bundled server, once it is up.
async fn bundled(
    run: u64,
    server: &Server,
    house: &House,
    mail: &mpsc::Sender<Msg>,
    scope: &Scope,
) -> Result<String, String> {
    let Some(bundle) = &house.servers else {
        return Err("the bundled servers were not started".to_owned());
    };
    let address = bundle.server(server.kind.unwrap_or_default()).ready().await?;
    if server.kind.is_some() {
        return Ok(format!("ws://{address}{}", server.path));
    }
    let (log, mut events) = EventLog::new(64);
    let options = crate::servers::ServerOptions { log: Some(log), ..crate::servers::ServerOptions::default() };
    let (proxy, serving) = naive_proxy::bind(scope, options, address).map_err(|error| error.to_string())?;
    scope.spawn("naive proxy", serving);
    let mail = mail.clone();
    scope.spawn("naive proxy's log", async move {
        while let Some(event) = events.recv().await {
            if let ServerEvent::Parsed { host, path, .. } = event
                && mail.send(Msg::Parsed(run, format!("GET {path} of {host}"))).await.is_err()
            {
                return;
            }
        }
    });
    Ok(format!("ws://{proxy}/"))
}

/// A proxy between others.
async fn proxy(
    run: u64,
    options: crate::proxy::ProxyOptions,
    keep: Option<Keep>,
    mail: mpsc::Sender<Msg>,
    scope: Scope,
) {
    let (orders, commands) = mpsc::channel(64);
    let (post, mut reports) = mpsc::channel(256);
    match crate::proxy::bind(&scope, options, commands, post).await {
        Err(error) => {
            let why = format!("the proxy cannot listen there: {error}");
            let _ = mail.send(Msg::Report(run, SessionEvent::Ended(Err(why)))).await;
        }
        Ok((address, serving)) => {
            scope.spawn("proxy's port", serving);
            let up = Msg::ProxyUp(run, address.to_string(), Instant::now(), ProxyOrders(orders));
            if mail.send(up).await.is_err() {
                return;
            }
            let (mut keeping, kept) = Keeping::begin(keep.as_ref(), run);
            note(&mail, run, kept).await;
            while let Some(report) = reports.recv().await {
                note(&mail, run, keeping.tell(|recorder| recorder.record_proxy(address, &report))).await;
                if mail.send(Msg::Proxy(run, report)).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// A file, read on a thread of its own.
fn file(
    scope: &Scope,
    run: u64,
    path: PathBuf,
    options: capture::ReadOptions,
    keep: Option<Keep>,
    mail: mpsc::Sender<Msg>,
) {
    let failed = mail.clone();
    let reading = scope.spawn_thread("capture", move |_| async move {
        let message = match capture::open(&path, &options) {
            Ok(capture) => {
                let kept = keep.map(|keep| copy(&capture, &path, &keep, run));
                let notes = kept.into_iter().chain(capture.warnings().iter().cloned()).collect();
                Msg::Loaded(run, Box::new(Loaded { streams: capture.into_streams(), notes }))
            }
            Err(error) => Msg::Report(run, SessionEvent::Ended(Err(error.to_string()))),
        };
        // who has left the slide needs no file
        let _ = mail.send(message).await;
    });
    if let Err(error) = reading {
        let _ = failed.try_send(Msg::Report(run, SessionEvent::Ended(Err(error.to_string()))));
    }
}

/// Writes what a file holds into another one, and says how that went.
fn copy(capture: &Capture, from: &Path, keep: &Keep, run: u64) -> String {
    let (path, created) = keep.create(run, |path, options| {
        if path.is_file() && same_file::is_same_file(path, from).unwrap_or(false) {
            return Err(io::Error::other("it is the file that is read"));
        }
        capture::PcapngWriter::create(path, options)
    });
    match created.and_then(|mut writer| capture.write(&mut writer)) {
        Ok(()) => format!("written to {}", path.display()),
        Err(error) => format!("NOT WRITTEN: {}: {error}", path.display()),
    }
}

/// Reads the bytes of frames out of a file, at most `most` of each.
pub(super) fn read(
    stage: &Stage<Msg>,
    run: u64,
    store: Arc<ByteStore>,
    wanted: Vec<(usize, TraceRow, Offset)>,
    most: u64,
) {
    let mail = stage.mail();
    let reading = stage.begin("read").spawn_thread("capture bytes", move |_| async move {
        let read = |(row, frame, at): &(usize, TraceRow, Offset)| {
            let range = *at..*at + frame.len().min(most.into());
            store.read(frame.from(), range).ok().map(|bytes| (*row, bytes))
        };
        let found = wanted.iter().filter_map(read).collect();
        let _ = mail.send(Msg::Read(run, found, most)).await;
    });
    if let Err(error) = reading {
        let _ = stage.mail().try_send(Msg::Report(run, SessionEvent::Note(error.to_string())));
    }
}

/// Looks for a needle in a file's frames, from one row on, round to it again.
pub(super) fn find(
    stage: &Stage<Msg>,
    run: u64,
    store: Arc<ByteStore>,
    trace: Arc<Trace>,
    from: usize,
    needle: Needle,
) {
    let mail = stage.mail();
    let _ = stage.begin("find").spawn_thread("capture search", move |_| async move {
        let rows = trace.rows().len();
        let hit = |row: &usize| {
            let frame = &trace.rows()[*row];
            let at = trace.stream_offset(frame.from(), frame.offset());
            let raw = store.read(frame.from(), at..at + frame.len());
            raw.is_ok_and(|raw| search::find(&trace.frame(frame, raw), &needle).is_some())
        };
        let found = (from..rows).chain(0..from.min(rows)).find(hit);
        let _ = mail.send(Msg::Found(run, found)).await;
    });
}
