//! Carries out the commands of the demo: the server, a client for each transport, and the client that
//! falls back, as one piece of work.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::server::{self, BoundServer, FALL_BACK_PREFIX, PREFIX, TransportFilter};
use super::state::{EngineHandle, Msg, Order, ServerSide, SockJsConfig};
use crate::clients::sockjs::{
    FallBackOptions, SockJsCommand, SockJsOptions, SockJsReport, SockJsState, run_fall_back,
    run_sockjs,
};
use crate::net::Target;
use crate::scope::{ReportSender, Scope, report_channel};
use crate::sockjs::{SockJs, Transport};
use crate::stage::{Mailbox, Stage, WorkContext};

/// The name of the work.
const RUN: &str = "sockjs";

/// The number of orders that wait to be read, to the engine and to each lane.
const QUEUE: usize = 64;

/// The pause between two looks at the server's sessions.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// The pause of the fallback client, before it begins anew.
const PAUSE: Duration = Duration::from_millis(500);

/// The order in which it tries transports, that of sockjs-client without its iframes.
const FALL_BACK_ORDER: [Transport; 6] = Transport::OF_SESSIONS;

/// Starts the server and the clients, and sends a line over each. An earlier run ends.
pub(super) fn start(stage: &Stage<Msg>, config: SockJsConfig, line: String) {
    stage.start(RUN, move |WorkContext { scope, mailbox }| async move {
        if let Err(reason) = run(config, line, scope, mailbox.clone()).await {
            // Fails only if the slide was left.
            let _ = mailbox.send(Msg::Failed(reason)).await;
        }
    });
}

/// Ends the run.
pub(super) fn stop(stage: &Stage<Msg>) {
    stage.stop(RUN);
}

async fn run(
    config: SockJsConfig,
    line: String,
    scope: Scope,
    mailbox: Mailbox<Msg>,
) -> Result<(), String> {
    let filter = TransportFilter::default();
    let bound = server::bind(&scope, config, filter.clone());
    let BoundServer { address, service, serving } = bound.map_err(|error| error.to_string())?;
    scope.spawn("sockjs accept", serving);
    let url = |prefix| {
        Target::parse(&format!("ws://{address}{prefix}")).map_err(|error| error.to_string())
    };
    let target = url(PREFIX)?;
    let (orders, mut order_receiver) = mpsc::channel(QUEUE);
    let handle = EngineHandle { address: address.to_string(), orders: Arc::new(orders) };
    // Fails only if the slide was left.
    let _ = mailbox.send(Msg::Started(handle)).await;
    let lanes: Vec<_> = Transport::OF_SESSIONS
        .into_iter()
        .map(|transport| start_lane(transport, &target, config, &scope, &mailbox))
        .collect();
    let fall_back_lines = start_fall_back(url(FALL_BACK_PREFIX)?, &scope, &mailbox);
    start_watch(service, &scope, &mailbox);
    let give = |order: Order| match order {
        // A lane whose queue is full has more to do than it shows.
        Order::Line(line) => {
            for (_, lane) in &lanes {
                let _ = lane.try_send(SockJsCommand::Send(line.clone()));
            }
            let _ = fall_back_lines.try_send(line);
        }
        Order::Session(transport, command) => {
            if let Some((_, lane)) = lanes.iter().find(|(name, _)| *name == transport) {
                let _ = lane.try_send(command);
            }
        }
        Order::SetOffered(transport, is_offered) => filter.set_offered(transport, is_offered),
    };
    give(Order::Line(line));
    while let Some(order) = order_receiver.recv().await {
        give(order);
    }
    Ok(())
}

/// Starts the client of one transport. Returns it with the sender of its orders.
fn start_lane(
    transport: Transport,
    target: &Target,
    config: SockJsConfig,
    scope: &Scope,
    mailbox: &Mailbox<Msg>,
) -> (Transport, mpsc::Sender<SockJsCommand>) {
    let (orders, order_receiver) = mpsc::channel(QUEUE);
    let (sender, reports) = report_channel();
    let lane = LaneClient { transport, target: target.clone(), config, sender };
    let lane_scope = scope.child();
    scope.spawn("sockjs lane", async move { lane.run(&lane_scope, order_receiver).await });
    let mailbox = mailbox.clone();
    scope.spawn("sockjs lane reports", async move {
        mailbox.forward(reports, |report| Msg::Session(Box::new(report))).await;
    });
    (transport, orders)
}

/// Starts to look at the server's sessions, as often as the bars move.
fn start_watch(service: SockJs, scope: &Scope, mailbox: &Mailbox<Msg>) {
    let (sender, reports) = report_channel();
    scope.spawn("sockjs watch", async move {
        let mut pace = tokio::time::interval(WATCH_INTERVAL);
        let mut sent = Vec::new();
        loop {
            pace.tick().await;
            let sides: Vec<ServerSide> = service.sessions().iter().map(ServerSide::of).collect();
            // The timers of sessions move all the time. Without sessions nothing is drawn anew.
            if !sides.is_empty() || !sent.is_empty() {
                sent.clone_from(&sides);
                sender.send_latest(sides);
            }
        }
    });
    let mailbox = mailbox.clone();
    scope.spawn("sockjs watch reports", async move {
        mailbox.forward(reports, Msg::ServerSides).await;
    });
}

fn start_fall_back(target: Target, scope: &Scope, mailbox: &Mailbox<Msg>) -> mpsc::Sender<String> {
    let (lines, line_receiver) = mpsc::channel(QUEUE);
    let (sender, reports) = report_channel();
    let options = FallBackOptions { target, transports: FALL_BACK_ORDER.to_vec(), pause: PAUSE };
    let client_scope = scope.child();
    scope.spawn("sockjs fall-back", async move {
        let report = move |report| sender.send_latest(report);
        run_fall_back(options, &client_scope, line_receiver, report).await;
    });
    let mailbox = mailbox.clone();
    scope.spawn("sockjs fall-back reports", async move {
        mailbox.forward(reports, |report| Msg::FallBack(Box::new(report))).await;
    });
    lines
}

/// The client of one transport: one session at a time, the next one with the next line.
struct LaneClient {
    transport: Transport,
    target: Target,
    config: SockJsConfig,
    sender: ReportSender<SockJsReport>,
}

impl LaneClient {
    async fn run(self, scope: &Scope, mut orders: mpsc::Receiver<SockJsCommand>) {
        while let Some(order) = orders.recv().await {
            // Other orders are for a session that is over.
            if matches!(order, SockJsCommand::Send(_) | SockJsCommand::Attach) {
                self.run_session(order, scope, &mut orders).await;
            }
        }
    }

    /// Runs one session, from the order that it is opened for to its end.
    async fn run_session(
        &self,
        first: SockJsCommand,
        scope: &Scope,
        orders: &mut mpsc::Receiver<SockJsCommand>,
    ) {
        let Ok(options) = SockJsOptions::new(self.target.clone(), self.transport) else { return };
        let options = SockJsOptions { session_timeout: self.config.session_timeout, ..options };
        let (commands, command_receiver) = mpsc::channel(QUEUE);
        // sockjs-client refuses to send before the session is open, so the first line waits.
        let waiting =
            std::sync::Mutex::new(matches!(first, SockJsCommand::Send(_)).then_some(first));
        let report = |report: SockJsReport| {
            if report.state == SockJsState::Open
                && let Ok(mut waiting) = waiting.lock()
                && let Some(first) = waiting.take()
            {
                // It is the first one, so there is room.
                let _ = commands.try_send(first);
            }
            self.sender.send_latest(report);
        };
        let mut running = std::pin::pin!(run_sockjs(options, scope, command_receiver, report));
        loop {
            tokio::select! {
                () = &mut running => return,
                Some(order) = orders.recv() => drop(commands.try_send(order)),
            }
        }
    }
}
