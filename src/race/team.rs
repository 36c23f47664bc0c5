//! A lane's two ends as child processes of this program. They end when they are dropped, and by themselves when
//! whoever started them is gone, for their standard input ends then.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::net::{End, Planet};
use crate::race::order::{Answer, Counted, Goal, Order, Ran, Trust, hear, tell};
use crate::race::{Course, Lane, Placement};

/// How long an end may take to come up, or to answer what takes no time.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program whose `racer` command is an end of a race: this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program(pub PathBuf);

impl Program {
    /// The program that runs now, even if its file has been replaced meanwhile.
    pub fn current() -> Self {
        let link = PathBuf::from("/proc/self/exe");
        let path = if link.exists() { Ok(link) } else { std::env::current_exe() };
        // without either there is still the search path
        Self(path.unwrap_or_else(|_| PathBuf::from("wiretalk")))
    }
}

impl Default for Program {
    fn default() -> Self {
        Self::current()
    }
}

/// One end, as a process.
struct Racer {
    end: End,
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Racer {
    fn start(program: &Program, end: End, placement: Placement) -> io::Result<Self> {
        let mut command = Command::new(&program.0);
        command
            .args(["racer", end.name(), placement.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // Ctrl-C and Ctrl-Z are for whoever holds the terminal
        #[cfg(unix)]
        command.process_group(0);
        let mut process = command.spawn()?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (orders, answers) = pipes.ok_or_else(|| io::Error::other("it has no pipes"))?;
        Ok(Self { end, process, orders, answers: BufReader::new(answers) })
    }

    async fn ask(&mut self, order: &Order, patience: Duration) -> Result<Answer, String> {
        let asking = async {
            tell(&mut self.orders, order).await?;
            hear::<Answer>(&mut self.answers).await
        };
        match timeout(patience, asking).await {
            Ok(Ok(Some(Answer::Failed(why)))) => Err(why),
            Ok(Ok(Some(answer))) => Ok(answer),
            Ok(Ok(None) | Err(_)) => Err(self.last_words().await),
            Err(_) => Err(format!("the {} did not answer within {} s", self.end.name(), patience.as_secs())),
        }
    }

    /// Why the process is no more.
    async fn last_words(&mut self) -> String {
        let ended = timeout(Duration::from_secs(1), self.process.wait()).await;
        let how = match ended {
            Ok(Ok(status)) => format!("the {}'s process has ended ({status})", self.end.name()),
            _ => format!("the {}'s process does not answer any more", self.end.name()),
        };
        let mut said = Vec::new();
        if let Some(stderr) = self.process.stderr.take() {
            // what is not there by now is not waited for
            let _ = timeout(Duration::from_millis(100), stderr.take(4096).read_to_end(&mut said)).await;
        }
        let said = String::from_utf8_lossy(&said);
        match said.trim() {
            "" => how,
            said => format!("{how}: {said}"),
        }
    }
}

/// Both ends of a lane; against others' servers only the client.
pub(super) struct Team {
    server: Option<Racer>,
    client: Racer,
    /// Both ends are where their placement puts them.
    pub(super) pinned: bool,
}

impl Team {
    /// Both ends with all connections open.
    pub(super) async fn start(
        program: &Program,
        lane: Lane,
        course: &Course,
        planet: Option<&Planet>,
    ) -> Result<Self, String> {
        let (server, goal, served) = if let Some(goal) = goal_elsewhere(lane, course)? {
            (None, goal, true)
        } else {
            let (server, goal, pinned) = host(program, lane, course, planet).await?;
            (Some(server), goal, pinned)
        };
        let mut client = start(program, End::Client, course.placement, planet)?;
        let order = Order::Open { lane, course: course.clone(), goal };
        let connections = u32::try_from(course.connections).unwrap_or(u32::MAX);
        let patience =
            course.patience().saturating_mul(2).saturating_mul(connections).saturating_add(PATIENCE);
        match client.ask(&order, patience).await? {
            Answer::Opened { pinned } => Ok(Self { server, client, pinned: pinned && served }),
            _ => Err("the client did not open its connections".to_owned()),
        }
    }

    /// Exchanges for that long. An order to stall reaches the server meanwhile.
    pub(super) async fn run(
        &mut self,
        slice: Duration,
        most: Option<u64>,
        patience: Duration,
        stall: impl Future<Output = Duration>,
    ) -> Result<Ran, String> {
        let order = Order::Run { slice, most };
        let running = self
            .client
            .ask(&order, slice.saturating_add(patience.saturating_mul(4)).saturating_add(PATIENCE));
        let stalling = async {
            let time = stall.await;
            if let Some(server) = &mut self.server {
                // a server that is gone is about to be noticed by its client
                let _ = tell(&mut server.orders, &Order::Stall { time }).await;
            }
            std::future::pending::<()>().await;
        };
        let answer = tokio::select! {
            biased;
            answer = running => answer?,
            () = stalling => return Err("the server stalled for ever".to_owned()),
        };
        match answer {
            Answer::Ran(ran) => Ok(ran),
            _ => Err("the client answered something else".to_owned()),
        }
    }

    /// What the server has counted so far; `None` where it is not ours.
    pub(super) async fn count(&mut self) -> Result<Option<Counted>, String> {
        let Some(server) = &mut self.server else { return Ok(None) };
        match server.ask(&Order::Count, PATIENCE).await? {
            Answer::Counted(counted) => Ok(Some(counted)),
            _ => Err("the server answered something else".to_owned()),
        }
    }
}

async fn host(
    program: &Program,
    lane: Lane,
    course: &Course,
    planet: Option<&Planet>,
) -> Result<(Racer, Goal, bool), String> {
    let mut server = start(program, End::Server, course.placement, planet)?;
    let on = if planet.is_some() { Planet::SERVER } else { Ipv4Addr::LOCALHOST };
    let order = Order::Host { lane, course: course.clone(), on: IpAddr::V4(on) };
    match server.ask(&order, PATIENCE).await? {
        Answer::Hosting { address, certificate, pinned } => {
            let trust = certificate.map_or(Trust::Plain, Trust::Certificate);
            Ok((server, goal(address, lane, trust), pinned))
        }
        _ => Err("the server did not come up".to_owned()),
    }
}

fn goal(address: SocketAddr, lane: Lane, trust: Trust) -> Goal {
    let path = if lane.kind.is_websocket() { "/" } else { "/echo" };
    Goal { host: address.ip().to_string(), port: address.port(), path: path.to_owned(), trust }
}

/// Where the lane goes if the servers are not ours.
fn goal_elsewhere(lane: Lane, course: &Course) -> Result<Option<Goal>, String> {
    let Some(against) = &course.against else { return Ok(None) };
    let target = if lane.kind.is_websocket() { against.websocket() } else { against.http() }?;
    let trust = if target.tls { Trust::Web } else { Trust::Plain };
    Ok(Some(Goal { host: target.host, port: target.port, path: target.path, trust }))
}

fn start(
    program: &Program,
    end: End,
    placement: Placement,
    planet: Option<&Planet>,
) -> Result<Racer, String> {
    let failed = |error: io::Error| format!("could not start the {}'s process: {error}", end.name());
    let Some(planet) = planet else { return Racer::start(program, end, placement).map_err(failed) };
    let (program, runtime) = (program.clone(), tokio::runtime::Handle::current());
    let started = planet.run_in(end, move || {
        let _inside = runtime.enter();
        Racer::start(&program, end, placement)
    });
    started?.map_err(failed)
}
