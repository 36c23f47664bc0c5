//! Carries out the commands of the inspector: opens connections, reads files, runs proxies.
//!
//! Each command is a task in a scope of the slide. Its results come back as messages with the
//! number of its run.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::capture_reading;
use super::connect_options::{ConnectOptions, RequestEdits};
use super::messages::{CommandSender, Msg, ProxyCommandSender};
use crate::capture::ByteStore;
use crate::clients::{self, HandshakeRequest, SessionEvent};
use crate::inspect::{
    BundledServer, InspectSource, Recording, RecordingError, RecordingOptions, SearchJob,
    TextScanJob,
};
use crate::net::Target;
use crate::scope::Scope;
use crate::servers::{EventLog, ServerBundle, ServerEvent, naive_proxy};
use crate::stage::{Mailbox, Services, Stage, WorkContext};
use crate::wire::{Offset, TraceRow};

/// The name of the work that a source is.
const SOURCE: &str = "source";

/// The name of the work that looks for the texts of a filter.
const SCAN: &str = "filter";

/// Starts a run of `source`. The previous run ends, and its messages are dropped.
pub(crate) fn open(
    stage: &Stage<Msg>,
    run: u64,
    source: InspectSource,
    connect_options: ConnectOptions,
) {
    let services = stage.services().clone();
    // A new scope of this name cancels the earlier one, and with it the previous run.
    let WorkContext { scope, mailbox } = stage.begin(SOURCE);
    let task = scope.clone();
    match source {
        InspectSource::Bundled(_) | InspectSource::Url(_) => {
            scope.spawn("inspect", async move {
                run_connection(run, source, connect_options, services, mailbox, task).await;
            });
        }
        InspectSource::Proxy(options) => {
            let recording = connect_options.recording;
            scope.spawn("proxy", async move {
                run_proxy(run, *options, recording, mailbox, task).await;
            });
        }
        InspectSource::File(path, options) => {
            let recording = connect_options.recording;
            capture_reading::read_file(&scope, run, path, options, recording, mailbox);
        }
    }
}

/// Runs our own connection to its end.
async fn run_connection(
    run: u64,
    source: InspectSource,
    connect_options: ConnectOptions,
    services: Services,
    mailbox: Mailbox<Msg>,
    scope: Scope,
) {
    let options = match client_options(source, &connect_options, &services, &mailbox, &scope).await
    {
        Ok(options) => options,
        Err(error) => {
            // Fails only if the slide was left.
            let _ = mailbox.send(Msg::Failed(error)).await;
            return;
        }
    };
    // Room for the initial commands, and for some keys while the server is slow to read.
    let (commands, inbox) = mpsc::channel(connect_options.initial_commands.len() + 8);
    for command in connect_options.initial_commands {
        commands.try_send(command).expect("a new queue has room");
    }
    // A full queue stops the session from reading its socket: a flood waits in the kernel.
    let (sender, mut events) = mpsc::channel(64);
    // The name of the connection, without the password that the URL may have.
    let url = Target::parse(&options.url).map_or_else(|error| error.url, |url| url.to_string());
    let (mut recording, notice) = record_run(connect_options.recording.as_ref(), run);
    let forward = async {
        if mailbox
            .send(Msg::Connecting(url, Instant::now(), CommandSender(commands)))
            .await
            .is_err()
        {
            return;
        }
        send_note(&mailbox, notice).await;
        while let Some(event) = events.recv().await {
            let recorded = recording.record(|recorder| recorder.record_session(&event));
            send_note(&mailbox, recorded.err().as_ref().map(not_kept)).await;
            if mailbox.send(Msg::Session(event)).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(clients::run_session(options, inbox, sender), forward);
}

/// Creates the file of a run, if one is to be recorded, and a notice for the user: where the run is
/// recorded, or why it is not.
fn record_run(options: Option<&RecordingOptions>, run: u64) -> (Recording, Option<String>) {
    match Recording::create(options, run) {
        Ok(recording) => {
            let notice = recording.path().map(|path| format!("recorded in {}", path.display()));
            (recording, notice)
        }
        Err(error) => (Recording::none(), Some(not_kept(&error))),
    }
}

fn not_kept(error: &RecordingError) -> String {
    match error {
        RecordingError::Create { .. } => format!("NOT RECORDED: {error}"),
        RecordingError::Write { .. } => format!("NOT RECORDED from here on: {error}"),
    }
}

/// Sends a notice for the user, if there is one.
async fn send_note(mailbox: &Mailbox<Msg>, text: Option<String>) {
    if let Some(text) = text {
        // Fails only if the slide was left.
        let _ = mailbox.send(Msg::Session(SessionEvent::Note(text))).await;
    }
}

/// Returns the options of a session: the URL, and the request with the edits of a lesson's step.
async fn client_options(
    source: InspectSource,
    connect_options: &ConnectOptions,
    services: &Services,
    mailbox: &Mailbox<Msg>,
    scope: &Scope,
) -> Result<clients::SessionOptions, String> {
    // A step of a lesson may have a server of its own.
    let source = connect_options.server.clone().map_or(source, InspectSource::Bundled);
    let mut options = match source {
        InspectSource::Url(options) => *options,
        InspectSource::Bundled(server) => clients::SessionOptions::new(
            bundled_server_url(&server, services, mailbox, scope).await?,
        ),
        InspectSource::File(..) | InspectSource::Proxy(_) => {
            return Err("a file or a proxy has no connection of its own".to_owned());
        }
    };
    let standard = HandshakeRequest::Standard(connect_options.request.clone());
    if connect_options.request_edits == RequestEdits::default() {
        options.request = standard;
        return Ok(options);
    }
    // Edits apply to the bytes of a good request, because options cannot describe a broken one.
    let target = Target::parse(&options.url).map_err(|error| error.to_string())?;
    // A new nonce for each connection (RFC 6455 section 4.1).
    let nonce = clients::nonce().map_err(|error| error.to_string())?;
    let good = standard.to_bytes(&target, nonce).map_err(|error| error.to_string())?;
    options.request = connect_options.request_edits.apply_to(good);
    Ok(options)
}

/// Returns the URL of a bundled server, once it listens. Starts the naive proxy, which is not part
/// of the bundle.
async fn bundled_server_url(
    server: &BundledServer,
    services: &Services,
    mailbox: &Mailbox<Msg>,
    scope: &Scope,
) -> Result<String, String> {
    let Some(bundle) = services.get::<Arc<ServerBundle>>() else {
        return Err("the bundled servers are not running".to_owned());
    };
    let address = bundle
        .server(server.kind.unwrap_or_default())
        .ready()
        .await
        .map_err(|error| error.to_string())?;
    if server.kind.is_some() {
        return Ok(format!("ws://{address}{}", server.path));
    }
    // The log is how the proxy reports that it took a frame for a request.
    let (log, mut events) = EventLog::new(64);
    let options = crate::servers::ServerOptions {
        log: Some(log),
        ..crate::servers::ServerOptions::default()
    };
    let (proxy, serving) =
        naive_proxy::bind(scope, options, address).map_err(|error| error.to_string())?;
    scope.spawn("naive proxy", serving);
    let mailbox = mailbox.clone();
    scope.spawn("naive proxy's log", async move {
        while let Some(event) = events.recv().await {
            if let ServerEvent::Parsed { host, path, .. } = event
                && mailbox.send(Msg::ParsedRequest(format!("GET {path} of {host}"))).await.is_err()
            {
                return;
            }
        }
    });
    Ok(format!("ws://{proxy}/"))
}

/// Runs a proxy between other clients and a server.
async fn run_proxy(
    run: u64,
    options: crate::proxy::ProxyOptions,
    recording: Option<RecordingOptions>,
    mailbox: Mailbox<Msg>,
    scope: Scope,
) {
    let (sender, commands) = mpsc::channel(64);
    // All connections share the queue. When it is full, the peers wait.
    let (event_sender, mut events) = mpsc::channel(256);
    match crate::proxy::bind(&scope, options, commands, event_sender).await {
        Err(error) => {
            let reason = format!("the proxy could not listen: {error}");
            // Fails only if the slide was left.
            let _ = mailbox.send(Msg::Failed(reason)).await;
        }
        Ok((address, serving)) => {
            scope.spawn("proxy's port", serving);
            let up = Msg::ProxyUp(address.to_string(), Instant::now(), ProxyCommandSender(sender));
            if mailbox.send(up).await.is_err() {
                return;
            }
            let (mut recording, notice) = record_run(recording.as_ref(), run);
            send_note(&mailbox, notice).await;
            while let Some(event) = events.recv().await {
                let recorded = recording.record(|recorder| recorder.record_proxy(address, &event));
                send_note(&mailbox, recorded.err().as_ref().map(not_kept)).await;
                if mailbox.send(Msg::Proxy(event)).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads frames of a file again, at most `max_bytes_per_frame` bytes of each. `wanted` has the
/// index of each row, the row, and its offset in the stream.
pub(crate) fn read_frames(
    stage: &Stage<Msg>,
    store: Arc<ByteStore>,
    wanted: Vec<(usize, TraceRow, Offset)>,
    max_bytes_per_frame: u64,
) {
    let mailbox = stage.mailbox_of(SOURCE);
    // On a thread: a file may be on a slow disk. A new read replaces the earlier one, whose frames
    // are out of sight.
    let reading = stage.scope("read").spawn_thread("capture bytes", move |_| async move {
        let read = |(row, frame, at): &(usize, TraceRow, Offset)| {
            let range = *at..*at + frame.len().min(max_bytes_per_frame.into());
            // A frame that cannot be read, because the file has changed, is left out.
            store.read(frame.from(), range).ok().map(|bytes| (*row, bytes))
        };
        let found = wanted.iter().filter_map(read).collect();
        // Fails only if the slide was left.
        let _ = mailbox.send(Msg::Read(found, max_bytes_per_frame)).await;
    });
    if let Err(error) = reading {
        let _ =
            stage.mailbox_of(SOURCE).try_send(Msg::Session(SessionEvent::Note(error.to_string())));
    }
}

/// Searches the frames of a connection.
pub(crate) fn search_frames(stage: &Stage<Msg>, job: SearchJob) {
    let mailbox = stage.mailbox_of(SOURCE);
    // On a thread: a search decodes everything. A new search replaces the earlier one, which stops
    // at its next frame.
    let searching = stage.scope("find").spawn_thread("search", move |scope| async move {
        let found = job.run(|| scope.is_cancelled());
        if !scope.is_cancelled() {
            // Fails only if the slide was left.
            let _ = mailbox.send(Msg::Found(job.number, found)).await;
        }
    });
    if let Err(error) = searching {
        let _ =
            stage.mailbox_of(SOURCE).try_send(Msg::Session(SessionEvent::Note(error.to_string())));
    }
}

/// Looks for the texts of a filter in the frames of a connection.
pub(crate) fn scan_texts(stage: &Stage<Msg>, job: TextScanJob) {
    let mailbox = stage.mailbox_of(SOURCE);
    // On a thread, as a search. A new job replaces the earlier one.
    let scanning = stage.scope(SCAN).spawn_thread("filter", move |scope| async move {
        if let Some(scan) = job.run(|| scope.is_cancelled()) {
            // Fails only if the slide was left.
            let _ = mailbox.send(Msg::Scanned(Box::new(scan))).await;
        }
    });
    if let Err(error) = scanning {
        let _ =
            stage.mailbox_of(SOURCE).try_send(Msg::Session(SessionEvent::Note(error.to_string())));
    }
}

/// Stops looking for texts.
pub(crate) fn stop_scan(stage: &Stage<Msg>) {
    stage.stop(SCAN);
}
