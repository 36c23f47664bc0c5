//! The client and server of a lane as child processes of this program. They are killed on drop, and
//! exit by themselves if their parent is gone, because that ends their standard input.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::net::{NetnsPair, PeerRole};
use crate::race::error::WorkerError;
use crate::race::process::ipc::{
    LaneTarget, ServerCounters, SliceResult, TlsTrust, WorkerRequest, WorkerResponse, read_message,
    write_message,
};
use crate::race::{ExternalServersError, Lane, Placement, RaceConfig};
use crate::scope::current_program;

/// How long a process may take to start, or to answer a request that needs no time.
const WORKER_TIMEOUT: Duration = Duration::from_secs(10);

/// The program that runs the workers with its `racer` command: this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerProgram(pub PathBuf);

impl WorkerProgram {
    /// Returns the program that is running, even if its file has been replaced since.
    pub fn current() -> Self {
        Self(current_program())
    }
}

impl Default for WorkerProgram {
    fn default() -> Self {
        Self::current()
    }
}

/// One end of a lane as a child process.
struct Worker {
    role: PeerRole,
    process: Child,
    requests: ChildStdin,
    responses: BufReader<ChildStdout>,
}

impl Worker {
    fn start(program: &WorkerProgram, role: PeerRole, placement: Placement) -> io::Result<Self> {
        let mut command = Command::new(&program.0);
        command
            .args(["racer", role.name(), placement.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A process group of its own keeps Ctrl-C and Ctrl-Z for the program that owns the
        // terminal.
        #[cfg(unix)]
        command.process_group(0);
        let mut process = command.spawn()?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (requests, responses) = pipes.ok_or_else(|| io::Error::other("it has no pipes"))?;
        Ok(Self { role, process, requests, responses: BufReader::new(responses) })
    }

    async fn request(
        &mut self,
        request: &WorkerRequest,
        time_limit: Duration,
    ) -> Result<WorkerResponse, WorkerError> {
        let asking = async {
            write_message(&mut self.requests, request).await?;
            read_message::<WorkerResponse>(&mut self.responses).await
        };
        match timeout(time_limit, asking).await {
            Ok(Ok(Some(WorkerResponse::Failed(reason)))) => Err(WorkerError::Reported(reason)),
            Ok(Ok(Some(response))) => Ok(response),
            Ok(Ok(None) | Err(_)) => Err(self.exit_error().await),
            // The stream may now be in the middle of a message. The lane fails, so nobody reads on.
            Err(_) => Err(WorkerError::Timeout { role: self.role, limit: time_limit }),
        }
    }

    /// Returns why the process has ended or fallen silent, with what it wrote to standard error.
    async fn exit_error(&mut self) -> WorkerError {
        let ended = timeout(Duration::from_secs(1), self.process.wait()).await;
        let mut output = Vec::new();
        if let Some(stderr) = self.process.stderr.take() {
            // Only what has been written by now is of interest, and a grandchild could hold the
            // pipe open.
            let _ = timeout(Duration::from_millis(100), stderr.take(4096).read_to_end(&mut output))
                .await;
        }
        let (role, stderr) = (self.role, String::from_utf8_lossy(&output).trim().to_owned());
        match ended {
            Ok(Ok(status)) => WorkerError::Exited { role, status, stderr },
            _ => WorkerError::Silent { role, stderr },
        }
    }
}

/// Both ends of a lane, or only the client for an external server.
pub(in crate::race) struct LaneProcesses {
    server: Option<Worker>,
    client: Worker,
    /// Whether both ends run on the CPUs that their placement assigns.
    pub(in crate::race) pinned: bool,
}

impl LaneProcesses {
    /// Starts both ends and opens all connections.
    pub(in crate::race) async fn start(
        program: &WorkerProgram,
        lane: Lane,
        config: &RaceConfig,
        netns: Option<&NetnsPair>,
    ) -> Result<Self, WorkerError> {
        let (server, target, server_pinned) = if let Some(target) = external_target(lane, config)? {
            (None, target, true)
        } else {
            let (server, target, pinned) = start_server(program, lane, config, netns).await?;
            (Some(server), target, pinned)
        };
        let mut client = start_worker(program, PeerRole::Client, config.placement, netns)?;
        let request = WorkerRequest::Connect { lane, config: config.clone(), target };
        let connections = u32::try_from(config.connections).unwrap_or(u32::MAX);
        // The client opens its connections one after the other, and each may take the exchange
        // timeout.
        let time_limit = config
            .exchange_timeout()
            .saturating_mul(2)
            .saturating_mul(connections)
            .saturating_add(WORKER_TIMEOUT);
        match client.request(&request, time_limit).await? {
            WorkerResponse::Connected { cpu_pinned: pinned } => {
                Ok(Self { server, client, pinned: pinned && server_pinned })
            }
            _ => Err(WorkerError::NotConnected),
        }
    }

    /// Runs a slice. If `stall` resolves meanwhile, the server is asked to stall for that long.
    pub(in crate::race) async fn run_slice(
        &mut self,
        slice: Duration,
        max_exchanges: Option<u64>,
        exchange_timeout: Duration,
        stall: impl Future<Output = Duration>,
    ) -> Result<SliceResult, WorkerError> {
        let request = WorkerRequest::Run { slice_duration: slice, max_exchanges };
        let running = self.client.request(
            // The worker's own timeouts come first, so that its error says what happened.
            &request,
            slice.saturating_add(exchange_timeout.saturating_mul(4)).saturating_add(WORKER_TIMEOUT),
        );
        let stalling = async {
            let time = stall.await;
            if let Some(server) = &mut self.server {
                // The error is ignored: if the server is gone, its client is about to notice.
                let _ =
                    write_message(&mut server.requests, &WorkerRequest::Stall { duration: time })
                        .await;
            }
            // This branch must never end the `select!`; only the slice does.
            std::future::pending::<()>().await;
        };
        let response = tokio::select! {
            biased;
            response = running => response?,
            () = stalling => return Err(WorkerError::StalledForever),
        };
        match response {
            WorkerResponse::SliceDone(result) => Ok(result),
            _ => Err(WorkerError::UnexpectedResponse(PeerRole::Client)),
        }
    }

    /// Returns the server's counters so far; `None` for an external server.
    pub(in crate::race) async fn server_counters(
        &mut self,
    ) -> Result<Option<ServerCounters>, WorkerError> {
        let Some(server) = &mut self.server else { return Ok(None) };
        match server.request(&WorkerRequest::Count, WORKER_TIMEOUT).await? {
            WorkerResponse::Counted(counted) => Ok(Some(counted)),
            _ => Err(WorkerError::UnexpectedResponse(PeerRole::Server)),
        }
    }
}

async fn start_server(
    program: &WorkerProgram,
    lane: Lane,
    config: &RaceConfig,
    netns: Option<&NetnsPair>,
) -> Result<(Worker, LaneTarget, bool), WorkerError> {
    let mut server = start_worker(program, PeerRole::Server, config.placement, netns)?;
    let address = if netns.is_some() { NetnsPair::SERVER } else { Ipv4Addr::LOCALHOST };
    let request =
        WorkerRequest::Listen { lane, config: config.clone(), address: IpAddr::V4(address) };
    match server.request(&request, WORKER_TIMEOUT).await? {
        WorkerResponse::Listening { address, certificate, cpu_pinned: pinned } => {
            let trust = certificate.map_or(TlsTrust::NoTls, TlsTrust::Certificate);
            Ok((server, own_target(address, lane, trust), pinned))
        }
        _ => Err(WorkerError::NotListening),
    }
}

fn own_target(address: SocketAddr, lane: Lane, trust: TlsTrust) -> LaneTarget {
    let path = if lane.kind.is_websocket() { "/" } else { "/echo" };
    LaneTarget {
        host: address.ip().to_string(),
        port: address.port(),
        path: path.to_owned(),
        trust,
    }
}

/// Returns the lane's target on the external servers; `None` if its server is a bundled one.
fn external_target(
    lane: Lane,
    config: &RaceConfig,
) -> Result<Option<LaneTarget>, ExternalServersError> {
    let Some(external) = &config.external else { return Ok(None) };
    let target =
        if lane.kind.is_websocket() { Some(external.websocket()?) } else { external.http()? };
    let Some(target) = target else { return Ok(None) };
    let trust = if target.tls { TlsTrust::WebRoots } else { TlsTrust::NoTls };
    Ok(Some(LaneTarget { host: target.host, port: target.port, path: target.path, trust }))
}

fn start_worker(
    program: &WorkerProgram,
    role: PeerRole,
    placement: Placement,
    netns: Option<&NetnsPair>,
) -> Result<Worker, WorkerError> {
    let failed = |source| WorkerError::Start { role, source };
    let Some(netns) = netns else { return Worker::start(program, role, placement).map_err(failed) };
    let (program, runtime) = (program.clone(), tokio::runtime::Handle::current());
    // A child inherits the network namespace of the thread that starts it.
    let started = netns.run_in(role, move || {
        // tokio needs the runtime's context to register the pipes of the child.
        let _inside = runtime.enter();
        Worker::start(&program, role, placement)
    });
    started?.map_err(failed)
}
