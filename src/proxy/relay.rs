//! One connection through the proxy: the client's socket and the server's, and an
//! [`InterceptQueue`] for each direction. Nothing is read that could not be kept: while a queue is
//! full, its peer really waits.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::net::{MaybeTlsStream, connect, lingering_close};
use crate::proxy::command::InterceptAction;
use crate::proxy::error::ProxyError;
use crate::proxy::event::{EventSender, ProxyEventKind};
use crate::proxy::intercept_queue::{InterceptQueue, Intervention};
use crate::proxy::options::ProxyOptions;
use crate::wire::{Side, Sides};

/// A direction that holds this much reads no further.
const MAX_BUFFERED_BYTES: usize = 256 * 1024;

/// Read at once at most.
const READ_SIZE: usize = 16 * 1024;

/// Serves one client to the end of its connection.
pub(super) async fn relay(
    client: TcpStream,
    peer: SocketAddr,
    options: ProxyOptions,
    actions: mpsc::Receiver<(Side, InterceptAction)>,
    events: EventSender,
) {
    events.send(ProxyEventKind::Opened { peer }).await;
    let result = match connect(&options.upstream, &options.tls, options.connect_timeout).await {
        Ok(server) => {
            let address = server.tcp().peer_addr().unwrap_or(options.listen);
            events
                .send(ProxyEventKind::Connected { server: address, tls: server.tls_summary() })
                .await;
            Relay::new(&options, events.clone()).run(client, server, actions).await
        }
        Err(error) => {
            let reason = format!("there is no server behind it: {error}");
            response(client, "502 Bad Gateway", &reason, &options, &events).await;
            Err(error.into())
        }
    };
    events.send(ProxyEventKind::Ended(result)).await;
}

/// An honest answer in the server's place.
async fn response(
    mut client: TcpStream,
    status: &str,
    reason: &str,
    options: &ProxyOptions,
    events: &EventSender,
) {
    let body = format!("wiretalk is a proxy here, and {reason}\n");
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: \
         {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    events
        .send(ProxyEventKind::Injected {
            from: Side::Server,
            at: Instant::now(),
            bytes: response.clone().into(),
        })
        .await;
    // a client that does not even take its refusal is left
    if let Ok(Ok(())) = timeout(options.write_timeout, client.write_all(response.as_bytes())).await
    {
        lingering_close(client).await;
    }
}

/// One direction.
struct RelayDirection {
    from: Side,
    queue: InterceptQueue,
    /// The sender's end of stream has come.
    read_closed: bool,
    /// The sender has sent anything at all.
    has_spoken: bool,
    /// The end of its stream was passed on.
    write_closed: bool,
    unflushed: bool,
    reported_held: (usize, usize),
    /// How long the receiver has taken nothing, while there was something for it.
    stalled: Duration,
}

impl RelayDirection {
    fn wants_read(&self) -> bool {
        !self.read_closed && self.queue.buffered_bytes() < MAX_BUFFERED_BYTES
    }

    fn next_step(&self) -> Option<WriteStep> {
        if !self.queue.pending().is_empty() {
            Some(WriteStep::Write)
        } else if self.unflushed {
            Some(WriteStep::Flush)
        } else {
            (self.read_closed && !self.write_closed && self.queue.buffered_bytes() == 0)
                .then_some(WriteStep::Shutdown)
        }
    }
}

/// What a direction does next on the receiver's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WriteStep {
    Write,
    Flush,
    Shutdown,
}

/// What happens next on a connection.
enum Turn {
    Act(Option<(Side, InterceptAction)>),
    Gone(Side, Option<WriteStep>, io::Result<usize>),
    Came(Side, io::Result<usize>),
    Late,
}

struct Relay {
    directions: Sides<RelayDirection>,
    events: EventSender,
    options: ProxyOptions,
    /// How long the client's head has been waited for.
    headless: Duration,
    /// How long nothing has come since one side ended its stream.
    half_closed: Duration,
}

/// Why it is over: the end of both streams, or of one that the other never followed; a reset that
/// is passed on; a client without a request.
enum RelayEnd {
    Closed,
    HalfClosed(ProxyError),
    Reset(ProxyError),
    Headless(ProxyError),
}

impl Relay {
    fn new(options: &ProxyOptions, events: EventSender) -> Self {
        let direction = |from| RelayDirection {
            from,
            queue: InterceptQueue::new(from, options.holds(from), options.hold_heads),
            read_closed: false,
            has_spoken: false,
            write_closed: false,
            unflushed: false,
            reported_held: (0, 0),
            stalled: Duration::ZERO,
        };
        Self {
            directions: Sides::each(direction),
            events,
            options: options.clone(),
            headless: Duration::ZERO,
            half_closed: Duration::ZERO,
        }
    }

    async fn run(
        mut self,
        mut client: TcpStream,
        mut server: MaybeTlsStream,
        mut actions: mpsc::Receiver<(Side, InterceptAction)>,
    ) -> Result<(), ProxyError> {
        let end = self.run_until_end(&mut client, &mut server, &mut actions).await;
        match end {
            RelayEnd::Closed => Ok(()),
            RelayEnd::HalfClosed(reason) => Err(reason),
            RelayEnd::Reset(reason) => {
                // Closing with this option resets: what one side meant, the other gets to know.
                for socket in [&client, server.tcp()] {
                    let _ = socket.set_zero_linger();
                }
                Err(reason)
            }
            RelayEnd::Headless(reason) => {
                response(
                    client,
                    "408 Request Timeout",
                    &reason.to_string(),
                    &self.options,
                    &self.events,
                )
                .await;
                Err(reason)
            }
        }
    }

    /// The time that is left before somebody has been waited for too long. Only time in which
    /// nothing else was to be done counts: while the reports are full, nobody here can read or
    /// write.
    fn left(&self) -> Duration {
        let head = (!self.directions.client.queue.is_past_head())
            .then(|| self.options.head_timeout.saturating_sub(self.headless));
        let end = self
            .is_half_closed()
            .then(|| self.options.half_closed_timeout.saturating_sub(self.half_closed));
        let stalled = self.directions.both().into_iter().filter(|lane| lane.next_step().is_some());
        let writes = stalled.map(|lane| self.options.write_timeout.saturating_sub(lane.stalled));
        head.into_iter().chain(end).chain(writes).min().unwrap_or(Duration::MAX)
    }

    /// One side has ended its stream, the other has got to know it, and nothing waits here for a
    /// hand.
    fn is_half_closed(&self) -> bool {
        let lanes = self.directions.both();
        lanes.iter().any(|lane| lane.write_closed)
            && lanes.iter().all(|lane| lane.queue.buffered_bytes() == 0)
    }

    /// So long nothing happened.
    fn waited(&mut self, time: Duration) {
        if !self.directions.client.queue.is_past_head() {
            self.headless = self.headless.saturating_add(time);
        }
        if self.is_half_closed() {
            self.half_closed = self.half_closed.saturating_add(time);
        }
        for lane in self.directions.both_mut() {
            lane.stalled = if lane.next_step().is_some() {
                lane.stalled.saturating_add(time)
            } else {
                Duration::ZERO
            };
        }
    }

    /// Somebody has been waited for too long: whom, and for what.
    fn too_late(&self) -> RelayEnd {
        let ProxyOptions { head_timeout, half_closed_timeout, write_timeout, .. } = self.options;
        if let Some(lane) = self
            .directions
            .both()
            .into_iter()
            .find(|lane| lane.next_step().is_some() && lane.stalled >= write_timeout)
        {
            let receiver = lane.from.peer();
            return RelayEnd::Reset(ProxyError::WriteTimeout { receiver, waited: write_timeout });
        }
        if self.is_half_closed() && self.half_closed >= half_closed_timeout {
            let ended =
                if self.directions.client.write_closed { Side::Client } else { Side::Server };
            return RelayEnd::HalfClosed(ProxyError::HalfClosed {
                ended,
                waited: half_closed_timeout,
            });
        }
        let reason = ProxyError::HeadTimeout(head_timeout);
        // where the server has spoken, an answer of ours would stand in the middle of its own
        if self.directions.server.has_spoken {
            RelayEnd::Reset(reason)
        } else {
            RelayEnd::Headless(reason)
        }
    }

    async fn run_until_end(
        &mut self,
        client: &mut TcpStream,
        server: &mut MaybeTlsStream,
        actions: &mut mpsc::Receiver<(Side, InterceptAction)>,
    ) -> RelayEnd {
        let (mut client_in, mut client_out) = tokio::io::split(client);
        let (mut server_in, mut server_out) = tokio::io::split(server);
        let (mut up, mut down) = (vec![0; READ_SIZE], vec![0; READ_SIZE]);
        let mut actions_open = true;
        loop {
            let Sides { client: client_to_server, server: server_to_client } = &self.directions;
            if client_to_server.write_closed && server_to_client.write_closed {
                return RelayEnd::Closed;
            }
            let (next_up, next_down) = (client_to_server.next_step(), server_to_client.next_step());
            let (reads_up, reads_down) =
                (client_to_server.wants_read(), server_to_client.wants_read());
            let (left, began) = (self.left(), Instant::now());
            let turn = tokio::select! {
                action = actions.recv(), if actions_open => Turn::Act(action),
                done = write_step(&mut server_out, next_up, client_to_server.queue.pending()), if next_up.is_some() => Turn::Gone(Side::Client, next_up, done),
                done = write_step(&mut client_out, next_down, server_to_client.queue.pending()), if next_down.is_some() => Turn::Gone(Side::Server, next_down, done),
                read = client_in.read(&mut up), if reads_up => Turn::Came(Side::Client, read),
                read = server_in.read(&mut down), if reads_down => Turn::Came(Side::Server, read),
                () = sleep(left), if left < Duration::MAX => Turn::Late,
            };
            // before what is told of it, which may have to wait for its reader
            self.waited(began.elapsed());
            let result = match turn {
                Turn::Act(action) => {
                    actions_open = action.is_some();
                    action.map_or(Ok(()), |(from, action)| self.apply(from, action))
                }
                Turn::Gone(from, next, done) => self.on_written(from, next, done),
                Turn::Came(from, read) => {
                    self.on_read(from, read, if from == Side::Client { &up } else { &down }).await
                }
                Turn::Late => return self.too_late(),
            };
            if let Err(reason) = result {
                return RelayEnd::Reset(reason);
            }
            self.report_changes().await;
        }
    }

    fn apply(&mut self, from: Side, action: InterceptAction) -> Result<(), ProxyError> {
        let queue = &mut self.directions[from].queue;
        match action {
            InterceptAction::Hold => queue.hold(),
            InterceptAction::Release => queue.release(),
            // that nothing waits, or that there are no frames, is seen by the lack of an event
            InterceptAction::Forward => drop(queue.forward_one()),
            InterceptAction::Drop => drop(queue.drop_one()),
            InterceptAction::Inject(bytes) => drop(queue.inject(bytes)),
            InterceptAction::Reset => return Err(ProxyError::Reset),
        }
        Ok(())
    }

    async fn on_read(
        &mut self,
        from: Side,
        read: io::Result<usize>,
        buffer: &[u8],
    ) -> Result<(), ProxyError> {
        let at = Instant::now();
        let count = match read {
            Ok(count) => count,
            // TLS without its own goodbye
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(source) => return Err(ProxyError::Broken { side: from, source }),
        };
        let bytes = buffer.get(..count).unwrap_or(buffer);
        self.events.send(ProxyEventKind::Bytes { from, at, bytes: bytes.to_vec() }).await;
        let index = &mut self.directions[from];
        index.queue.push(bytes);
        index.read_closed = count == 0;
        index.has_spoken |= count > 0;
        self.half_closed = Duration::ZERO;
        let Sides { client, server } = &mut self.directions;
        if server.queue.is_passthrough() && !client.queue.is_passthrough() {
            client.queue.set_passthrough();
        }
        Ok(())
    }

    fn on_written(
        &mut self,
        from: Side,
        step: Option<WriteStep>,
        done: io::Result<usize>,
    ) -> Result<(), ProxyError> {
        let lane = &mut self.directions[from];
        match (step, done) {
            (_, Err(source)) => return Err(ProxyError::Broken { side: lane.from.peer(), source }),
            (Some(WriteStep::Shutdown), Ok(_)) => lane.write_closed = true,
            (next, Ok(count)) => {
                lane.queue.advance(count);
                lane.stalled = Duration::ZERO;
                lane.unflushed = next == Some(WriteStep::Write);
            }
        }
        Ok(())
    }

    /// Tells what a peer cannot see: what was dropped and put in, and what waits.
    async fn report_changes(&mut self) {
        for direction in self.directions.both_mut() {
            let (from, at) = (direction.from, Instant::now());
            for intervention in direction.queue.take_interventions() {
                let kind = match intervention {
                    Intervention::Dropped(bytes) => ProxyEventKind::Dropped { from, at, bytes },
                    Intervention::Injected(bytes) => ProxyEventKind::Injected { from, at, bytes },
                };
                self.events.send(kind).await;
            }
            let held = direction.queue.held();
            if held != direction.reported_held {
                direction.reported_held = held;
                self.events
                    .send(ProxyEventKind::Held { from, frames: held.0, bytes: held.1 })
                    .await;
            }
        }
    }
}

async fn write_step(
    writer: &mut (impl AsyncWrite + Unpin),
    step: Option<WriteStep>,
    bytes: &[u8],
) -> io::Result<usize> {
    match step {
        Some(WriteStep::Write) => writer.write(bytes).await,
        Some(WriteStep::Flush) => writer.flush().await.map(|()| 0),
        Some(WriteStep::Shutdown) => writer.shutdown().await.map(|()| 0),
        None => Ok(0),
    }
}
