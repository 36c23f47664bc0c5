//! The strict WebSocket echo: `wire` judges the handshake and every frame, and each broken rule is answered with its close code.
//! It forgives nothing and explains everything; how it is told from the plain echo is what its peers do wrong.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{error::Elapsed, sleep, timeout};
use tokio_util::sync::WaitForCancellationFuture;

use crate::net::{in_words, linger};
use crate::scope::Scope;
use crate::servers::accept::{self, Socket};
use crate::servers::opening::{self, NotOpened};
use crate::servers::{Event, Limits, Options};
use crate::wire::handshake::Policy;
use crate::wire::{ByteLen, Endpoint, Incoming};

/// What one read takes at most: the piece in which the decoder unmasks.
const READ_BUFFER: usize = 16 << 10;

/// Answers that wait for more of the same read; beyond that they are sent at once.
const WAITING: usize = 64 << 10;

/// Listens on 127.0.0.1; the server lives as long as the future is run, and its panics go to `scope`.
/// `policy` says who is let in, and whether messages may be compressed.
///
/// # Errors
/// If the port is taken or may not be used.
pub async fn bind(
    scope: &Scope,
    options: Options,
    policy: Policy,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let (address, listener) = accept::listen(options.port).await?;
    let scope = scope.child();
    let own = options.clone();
    let connection = move |socket, peer| serve_connection(socket, peer, own.clone(), policy.clone());
    Ok((address, accept::serve("strict websocket connection", scope, listener, options, connection)))
}

async fn serve_connection(mut socket: Socket, peer: SocketAddr, options: Options, policy: Policy) {
    let opening = tokio::select! {
        opening = open(&mut socket, &policy, &options) => opening,
        () = options.shutdown.cancelled() => return,
    };
    match opening {
        Ok((endpoint, path, rest)) => {
            options.tell(Event::Opened { peer, path });
            let mut echo = Echo::new(&mut socket, endpoint, options.limits);
            let why = echo.run(&rest, pin!(options.shutdown.cancelled())).await;
            options.tell(echo.closed(peer, why));
        }
        Err(NotOpened::HungUp) => return,
        Err(why) => options.tell(Event::Refused { peer, why: why.to_string() }),
    }
    linger(socket).await;
}

async fn open(
    socket: &mut Socket,
    policy: &Policy,
    options: &Options,
) -> Result<(Endpoint, String, Vec<u8>), NotOpened> {
    let request = opening::read(socket, policy, options.limits.head).await?;
    let judgement = &request.opening.judgement;
    opening::reply(socket, judgement).await?;
    let endpoint = Endpoint::server(judgement.agreed, options.limits.message);
    Ok((endpoint, request.path(), request.rest))
}

/// Why an echo ended, where not by a closing handshake.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("{0}")]
    Failed(String),
    #[error("the stream ended without a Close frame")]
    WithoutClose,
    #[error("the server is going away")]
    GoingAway,
    #[error("it read nothing for {} s", .0.as_secs_f32())]
    Deaf(Duration),
    #[error("{}", in_words(.0))]
    Io(#[from] io::Error),
}

/// One WebSocket, from the handshake to its end.
struct Echo<'s> {
    socket: &'s mut Socket,
    endpoint: Endpoint,
    limits: Limits,
    opened: Instant,
    code: Option<u16>,
    received: u64,
    sent: u64,
}

/// What one wait brought.
enum Next {
    Read(usize),
    Stalled,
    Shutdown,
}

impl<'s> Echo<'s> {
    fn new(socket: &'s mut Socket, endpoint: Endpoint, limits: Limits) -> Self {
        Self { socket, endpoint, limits, opened: Instant::now(), code: None, received: 0, sent: 0 }
    }

    async fn run(
        &mut self,
        rest: &[u8],
        mut shutdown: Pin<&mut WaitForCancellationFuture<'_>>,
    ) -> Option<Ended> {
        let mut leaving = false;
        let result = async {
            self.take(rest).await?;
            let mut buffer = vec![0; READ_BUFFER];
            while !self.endpoint.is_over() {
                match self.next(&mut buffer, shutdown.as_mut(), leaving).await? {
                    Next::Read(0) => return Err(Ended::WithoutClose),
                    Next::Read(count) => self.take(&buffer[..count]).await?,
                    Next::Stalled => return self.stalled().await,
                    Next::Shutdown => {
                        leaving = true;
                        self.code.get_or_insert(1001);
                        self.endpoint.close(1001, &Ended::GoingAway.to_string());
                        self.flush().await?;
                    }
                }
            }
            if leaving { Err(Ended::GoingAway) } else { Ok(()) }
        };
        result.await.err()
    }

    /// The next bytes; a frame that has begun must go on in time.
    async fn next(
        &mut self,
        buffer: &mut [u8],
        shutdown: Pin<&mut WaitForCancellationFuture<'_>>,
        leaving: bool,
    ) -> Result<Next, Ended> {
        let inside = self.endpoint.needs().is_some();
        tokio::select! {
            biased;
            () = shutdown, if !leaving => Ok(Next::Shutdown),
            count = self.socket.read(buffer) => Ok(Next::Read(count?)),
            () = sleep(self.limits.frame), if inside => Ok(Next::Stalled),
        }
    }

    async fn take(&mut self, mut input: &[u8]) -> Result<(), Ended> {
        while let Some(incoming) = self.endpoint.receive(&mut input) {
            match incoming {
                Incoming::Message(kind, data) => {
                    self.received += 1;
                    self.sent += u64::from(self.endpoint.send(kind, &data));
                }
                Incoming::Closed(code, _) => self.code = self.code.or(code),
                Incoming::Failed(failure) => {
                    self.code.get_or_insert(failure.code);
                    self.flush().await?;
                    return Err(Ended::Failed(failure.reason));
                }
                Incoming::Ping(_) | Incoming::Pong(_) => {}
            }
            if self.endpoint.outbox().len() > WAITING {
                self.flush().await?;
            }
        }
        self.flush().await
    }

    async fn stalled(&mut self) -> Result<(), Ended> {
        let more = self.endpoint.needs().map_or(ByteLen::ZERO, |needs| needs.more);
        let patience = self.limits.frame.as_secs_f32();
        let reason = format!("a frame stood still for {patience} s, at least {more} bytes before its end");
        let failure = self.endpoint.fail(1008, &reason);
        self.code.get_or_insert(failure.code);
        self.flush().await?;
        Err(Ended::Failed(failure.reason))
    }

    /// Sends what waits. A peer may read slowly, but not stop reading.
    async fn flush(&mut self) -> Result<(), Ended> {
        let outbox = self.endpoint.take_outbox();
        let mut left = outbox.as_slice();
        while !left.is_empty() {
            let write = timeout(self.limits.write, self.socket.write(left)).await;
            let count = write.map_err(|_: Elapsed| Ended::Deaf(self.limits.write))??;
            left = &left[count..];
        }
        Ok(())
    }

    fn closed(self, peer: SocketAddr, why: Option<Ended>) -> Event {
        let Self { code, received, sent, .. } = self;
        let why = why.map(|why| why.to_string());
        Event::Closed { peer, code, why, received, sent, took: self.opened.elapsed() }
    }
}
