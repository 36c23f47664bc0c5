//! One proxied connection: the client's socket, the server's socket, and a [`RelayDirection`] with
//! its intercept queue each way. Bytes are read only while there is room for them, so while a queue
//! is full its peer is slowed by TCP's flow control.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::net::{MaybeTlsStream, WriteStep, connect, lingering_close, write_step};
use crate::proxy::command::InterceptAction;
use crate::proxy::error::ProxyError;
use crate::proxy::event::{EventSender, ProxyEventKind};
use crate::proxy::options::ProxyOptions;
use crate::proxy::relay_direction::RelayDirection;
use crate::wire::{Side, Sides};

/// The maximum number of bytes read at once.
const READ_SIZE: usize = 16 * 1024;

/// Relays one client's connection to its end.
pub(super) async fn relay(
    client: TcpStream,
    peer: SocketAddr,
    options: ProxyOptions,
    actions: mpsc::Receiver<(Side, InterceptAction)>,
    events: EventSender,
) {
    events.send(ProxyEventKind::Opened { peer }).await;
    let (result, answered) =
        match connect(&options.upstream, &options.tls, options.connect_timeout).await {
            Ok(server) => {
                let address = server.socket().peer_address().unwrap_or(options.listen);
                events
                    .send(ProxyEventKind::Connected { server: address, tls: server.tls_summary() })
                    .await;
                Relay::new(&options, events.clone()).run(client, server, actions).await
            }
            Err(error) => {
                let reason = format!("the server behind it cannot be reached: {error}");
                let client = receive_request(client, &options, &events).await;
                let client = respond(client, "502 Bad Gateway", &reason, &options, &events).await;
                (Err(error.into()), client)
            }
        };
    events.send(ProxyEventKind::Ended(result)).await;
    // How long the client keeps its end open is no part of what happened.
    if let Some(client) = answered {
        lingering_close(client).await;
    }
}

/// Reads a request that no server gets, so that it is reported. A client that sends none in time is
/// answered all the same.
async fn receive_request(
    mut client: TcpStream,
    options: &ProxyOptions,
    events: &EventSender,
) -> TcpStream {
    let mut direction = RelayDirection::new(Side::Client, options);
    let mut buffer = vec![0; READ_SIZE];
    let receiving = async {
        while !direction.queue.is_past_head() && direction.wants_read() {
            let Ok(count) = client.read(&mut buffer).await else { return };
            let bytes = buffer.get(..count).unwrap_or_default().to_vec();
            direction.on_read(&bytes);
            events
                .send(ProxyEventKind::Bytes { from: Side::Client, at: Instant::now(), bytes })
                .await;
        }
    };
    // The result is ignored: a client that sends no request gets a response to none.
    let _ = timeout(options.head_timeout, receiving).await;
    client
}

/// Sends a response in the server's place. Returns the client if it took the response.
async fn respond(
    mut client: TcpStream,
    status: &str,
    reason: &str,
    options: &ProxyOptions,
    events: &EventSender,
) -> Option<TcpStream> {
    let body = format!("wiretalk is a proxy here, and {reason}\n");
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: \
         {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    events
        .send(ProxyEventKind::Answered { at: Instant::now(), bytes: response.clone().into() })
        .await;
    // A client that does not even read the refusal is dropped.
    let written = timeout(options.write_timeout, client.write_all(response.as_bytes())).await;
    written.is_ok_and(|written| written.is_ok()).then_some(client)
}

/// What happened next on a connection.
enum Turn {
    Action(Option<(Side, InterceptAction)>),
    Written(Side, Option<WriteStep>, io::Result<usize>),
    Read(Side, io::Result<usize>),
    TimedOut,
}

struct Relay {
    directions: Sides<RelayDirection>,
    events: EventSender,
    options: ProxyOptions,
    /// How long the client's head has been awaited.
    headless: Duration,
    /// How long nothing has arrived since one side ended its stream.
    half_closed: Duration,
}

/// Why a connection is over: both streams have ended; one has, and the other side never followed; a
/// reset is to be passed on; the client sent no request.
enum RelayEnd {
    Closed,
    HalfClosed(ProxyError),
    Reset(ProxyError),
    Headless(ProxyError),
}

impl Relay {
    fn new(options: &ProxyOptions, events: EventSender) -> Self {
        Self {
            directions: Sides::each(|from| RelayDirection::new(from, options)),
            events,
            options: options.clone(),
            headless: Duration::ZERO,
            half_closed: Duration::ZERO,
        }
    }

    /// Relays until the end. Returns why it ended, and the client if it was sent a response in the
    /// server's place.
    async fn run(
        mut self,
        mut client: TcpStream,
        mut server: MaybeTlsStream,
        mut actions: mpsc::Receiver<(Side, InterceptAction)>,
    ) -> (Result<(), ProxyError>, Option<TcpStream>) {
        let end = self.run_until_end(&mut client, &mut server, &mut actions).await;
        match end {
            RelayEnd::Closed => (Ok(()), None),
            RelayEnd::HalfClosed(reason) => (Err(reason), None),
            RelayEnd::Reset(reason) => {
                // With a linger time of 0, closing sends a reset, so that the other side sees one
                // as well.
                // The error is ignored: the socket is closed in any case.
                for socket in [Some(&client), server.socket().tcp()].into_iter().flatten() {
                    let _ = socket.set_zero_linger();
                }
                (Err(reason), None)
            }
            RelayEnd::Headless(reason) => {
                let (status, text) = ("408 Request Timeout", reason.to_string());
                let client = respond(client, status, &text, &self.options, &self.events).await;
                (Err(reason), client)
            }
        }
    }

    /// Returns the time until the next timeout. Only time in which there was nothing else to do
    /// counts: while the event channel is full, the relay can neither read nor write.
    fn left(&self) -> Duration {
        let head = (!self.directions.client.queue.is_past_head())
            .then(|| self.options.head_timeout.saturating_sub(self.headless));
        let end = self
            .is_half_closed()
            .then(|| self.options.half_closed_timeout.saturating_sub(self.half_closed));
        let stalled =
            self.directions.both().into_iter().filter(|direction| direction.next_step().is_some());
        let writes =
            stalled.map(|direction| self.options.write_timeout.saturating_sub(direction.stalled));
        head.into_iter().chain(end).chain(writes).min().unwrap_or(Duration::MAX)
    }

    /// Whether one side has ended its stream, the other side has been told, and nothing is held.
    fn is_half_closed(&self) -> bool {
        let directions = self.directions.both();
        directions.iter().any(|direction| direction.write_closed)
            && directions.iter().all(|direction| direction.queue.buffered_bytes() == 0)
    }

    /// Records that nothing happened for `time`.
    fn waited(&mut self, time: Duration) {
        if !self.directions.client.queue.is_past_head() {
            self.headless = self.headless.saturating_add(time);
        }
        if self.is_half_closed() {
            self.half_closed = self.half_closed.saturating_add(time);
        }
        for direction in self.directions.both_mut() {
            direction.waited(time);
        }
    }

    /// Returns the end that the timeout which has passed leads to.
    fn too_late(&self) -> RelayEnd {
        let ProxyOptions { head_timeout, half_closed_timeout, write_timeout, .. } = self.options;
        if let Some(direction) =
            self.directions.both().into_iter().find(|direction| {
                direction.next_step().is_some() && direction.stalled >= write_timeout
            })
        {
            let receiver = direction.from.peer();
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
        // Once the server has sent something, a response of ours would end up in the middle of its
        // own.
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
            // Every branch is cancellation-safe: `recv`, `read`, `write`, `flush` and `shutdown`
            // lose nothing when they are dropped.
            let turn = tokio::select! {
                action = actions.recv(), if actions_open => Turn::Action(action),
                done = write_step(&mut server_out, next_up, client_to_server.queue.pending()),
                    if next_up.is_some() => Turn::Written(Side::Client, next_up, done),
                done = write_step(&mut client_out, next_down, server_to_client.queue.pending()),
                    if next_down.is_some() => Turn::Written(Side::Server, next_down, done),
                read = client_in.read(&mut up), if reads_up => Turn::Read(Side::Client, read),
                read = server_in.read(&mut down), if reads_down => Turn::Read(Side::Server, read),
                () = sleep(left), if left < Duration::MAX => Turn::TimedOut,
            };
            // Counted before events are sent, because sending may have to wait for their reader.
            self.waited(began.elapsed());
            let result = match turn {
                Turn::Action(action) => {
                    actions_open = action.is_some();
                    action.map_or(Ok(()), |(from, action)| self.apply(from, action))
                }
                Turn::Written(from, next, done) => self.directions[from].on_written(next, done),
                Turn::Read(from, read) => {
                    self.on_read(from, read, if from == Side::Client { &up } else { &down }).await
                }
                Turn::TimedOut => return self.too_late(),
            };
            if let Err(reason) = result {
                return RelayEnd::Reset(reason);
            }
            for direction in self.directions.both_mut() {
                direction.report_changes(&self.events).await;
            }
        }
    }

    fn apply(&mut self, from: Side, action: InterceptAction) -> Result<(), ProxyError> {
        let queue = &mut self.directions[from].queue;
        match action {
            InterceptAction::Hold => queue.hold(),
            InterceptAction::Release => queue.release(),
            // The results are ignored: that nothing was held, or that there are no frames, shows in
            // the absence of an event.
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
            // TLS ended without a close_notify alert.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(source) => return Err(ProxyError::Broken { side: from, source }),
        };
        let bytes = buffer.get(..count).unwrap_or(buffer);
        self.events.send(ProxyEventKind::Bytes { from, at, bytes: bytes.to_vec() }).await;
        self.directions[from].on_read(bytes);
        self.half_closed = Duration::ZERO;
        self.pass_heads_on(from);
        Ok(())
    }

    /// Tells each direction what it must know of the other's heads: which request a response
    /// answers, and whether frames follow.
    fn pass_heads_on(&mut self, from: Side) {
        let Sides { client, server } = &mut self.directions;
        let sender = if from == Side::Client { &mut *client } else { &mut *server };
        for head in sender.queue.take_heads() {
            match (from, head.status()) {
                (Side::Client, _) => server.queue.expect_response_to(&head),
                // An interim response decides nothing, and after a 101 there are frames.
                (Side::Server, Some(100..=199)) => {}
                // A refusal by the server means that the client sends no frames either.
                (Side::Server, _) => client.queue.resume_http(),
            }
        }
        if server.queue.is_passthrough() && !client.queue.is_passthrough() {
            client.queue.set_passthrough();
        }
    }
}
