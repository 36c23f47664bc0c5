//! [`bind`]: the proxy's listener, its numbered connections, and the dispatch of commands to them.
//! `relay` handles a connection.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::net::{self, Accepted, Acceptor};
use crate::proxy::command::{ConnectionSelector, InterceptAction, ProxyCommand};
use crate::proxy::error::ProxyError;
use crate::proxy::event::{EventSender, MAX_CONNECTIONS, ProxyEvent, ProxyEventKind};
use crate::proxy::options::ProxyOptions;
use crate::proxy::relay;
use crate::scope::{Scope, catch_panic};
use crate::wire::Side;

/// The maximum number of commands that wait for one connection. Further ones are discarded.
const COMMAND_QUEUE_CAPACITY: usize = 64;

/// Listens on the address in `options`. The proxy runs while the returned future is polled, or
/// until `scope` ends, which owns its connections' tasks. It goes on after `commands` is closed.
///
/// # Errors
/// Fails if the address is not loopback and [`ProxyOptions::allow_remote`] is not set, if the port
/// is in use, or if the address is not permitted.
pub async fn bind(
    scope: &Scope,
    options: ProxyOptions,
    commands: mpsc::Receiver<ProxyCommand>,
    events: mpsc::Sender<ProxyEvent>,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    if !options.listen.ip().is_loopback() && !options.allow_remote {
        let reason = format!(
            "{} is not loopback, so anyone who can reach it could use the proxy; use 127.0.0.1",
            options.listen.ip()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    let listener = net::listen(options.listen)?;
    let address = listener.local_addr()?;
    let proxy = Proxy {
        scope: scope.child(),
        options,
        events,
        connections: HashMap::new(),
        last_number: 0,
    };
    Ok((address, proxy.run(listener, commands)))
}

struct Proxy {
    scope: Scope,
    options: ProxyOptions,
    events: mpsc::Sender<ProxyEvent>,
    connections: HashMap<usize, mpsc::Sender<(Side, InterceptAction)>>,
    last_number: usize,
}

impl Proxy {
    async fn run(mut self, listener: TcpListener, mut commands: mpsc::Receiver<ProxyCommand>) {
        let mut acceptor = Acceptor::new(&listener, MAX_CONNECTIONS);
        let mut commands_open = true;
        loop {
            tokio::select! {
                command = commands.recv(), if commands_open => match command {
                    Some(command) => self.dispatch(&command),
                    None => commands_open = false,
                },
                accepted = acceptor.next() => match accepted {
                    Accepted::Connection { stream, peer, place } => {
                        self.start_connection(stream, peer, place);
                    }
                    Accepted::Full => self.send(ProxyEvent::Full).await,
                    Accepted::Room => self.send(ProxyEvent::Room).await,
                },
            }
        }
    }

    async fn send(&self, report: ProxyEvent) {
        // The error is ignored: without a receiver nobody needs events.
        let _ = self.events.send(report).await;
    }

    fn start_connection(
        &mut self,
        client: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) {
        // Connections that have ended are forgotten here, so that the map stays small.
        self.connections.retain(|_, sender| !sender.is_closed());
        self.last_number = self.last_number.saturating_add(1);
        let (senders, receiver) = mpsc::channel(COMMAND_QUEUE_CAPACITY);
        self.connections.insert(self.last_number, senders);
        let events = EventSender { connection: self.last_number, events: self.events.clone() };
        let relaying = relay::relay(client, peer, self.options.clone(), receiver, events.clone());
        self.serve(relaying, events, permit);
    }

    /// Runs a connection to its end. A panic ends this connection and no other.
    fn serve(
        &self,
        passing: impl Future<Output = ()> + Send + 'static,
        events: EventSender,
        permit: OwnedSemaphorePermit,
    ) {
        self.scope.spawn("proxy connection", async move {
            if let Err(panic) = catch_panic(passing).await {
                events.send(ProxyEventKind::Ended(Err(ProxyError::Panic(panic)))).await;
            }
            drop(permit);
        });
    }

    fn dispatch(&mut self, command: &ProxyCommand) {
        let all = command.selector == ConnectionSelector::All;
        // A hold or release of all connections also applies to those that are still to come.
        let hold = match command.from {
            Side::Client => &mut self.options.hold_client,
            Side::Server => &mut self.options.hold_server,
        };
        match command.action {
            InterceptAction::Hold if all => *hold = true,
            InterceptAction::Release if all => *hold = false,
            _ => {}
        }
        for (number, sender) in &self.connections {
            if all || command.selector == ConnectionSelector::One(*number) {
                // The error is ignored: the connection has ended, or its queue is full because it
                // does not get to its commands.
                let _ = sender.try_send((command.from, command.action.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::net::Target;

    struct Rig {
        address: SocketAddr,
        behind: TcpListener,
        reports: mpsc::Receiver<ProxyEvent>,
        _command_sender: mpsc::Sender<ProxyCommand>,
        _scope: Scope,
    }

    async fn rig() -> Rig {
        rig_with(|options| options).await
    }

    async fn rig_with(change: impl FnOnce(ProxyOptions) -> ProxyOptions) -> Rig {
        let behind = crate::net::listen(([127, 0, 0, 1], 0)).unwrap();
        let upstream = Target::parse(&format!("ws://{}/", behind.local_addr().unwrap())).unwrap();
        let scope = Scope::new(|panic| panic!("{panic}"));
        let (commands, inbox) = mpsc::channel(1);
        let (post, reports) = mpsc::channel(4096);
        let options = change(ProxyOptions::new("127.0.0.1:0".parse().unwrap(), upstream));
        let (address, proxy) = bind(&scope, options, inbox, post).await.unwrap();
        scope.spawn("proxy", proxy);
        Rig { address, behind, reports, _command_sender: commands, _scope: scope }
    }

    /// Returns the next event that is not about bytes.
    async fn next(rig: &mut Rig) -> ProxyEvent {
        loop {
            let report = rig.reports.recv().await.unwrap();
            let bytes = matches!(
                &report,
                ProxyEvent::Connection(
                    _,
                    ProxyEventKind::Bytes { .. } | ProxyEventKind::Connected { .. }
                )
            );
            if !bytes {
                return report;
            }
        }
    }

    #[tokio::test]
    async fn full_and_room_are_reported() {
        let mut rig = rig().await;
        let (mut clients, mut servers, mut full) = (Vec::new(), Vec::new(), 0);
        for number in 1..=MAX_CONNECTIONS {
            clients.push(TcpStream::connect(rig.address).await.unwrap());
            loop {
                let report = next(&mut rig).await;
                if matches!(report, ProxyEvent::Connection(opened, ProxyEventKind::Opened { .. }) if opened == number)
                {
                    break;
                }
                assert!(
                    matches!(report, ProxyEvent::Full) && number == MAX_CONNECTIONS,
                    "{number}: {report:?}"
                );
                full += 1;
            }
            // The upstream takes the connection and sends nothing.
            servers.push(rig.behind.accept().await.unwrap().0);
        }
        if full == 0 {
            assert!(matches!(next(&mut rig).await, ProxyEvent::Full));
        }
        let mut waiting = TcpStream::connect(rig.address).await.unwrap();
        drop((clients.pop(), servers.pop()));
        let mut seen = Vec::new();
        while seen.len() < 2 {
            seen.push(next(&mut rig).await);
        }
        assert!(
            matches!(seen[0], ProxyEvent::Connection(256, ProxyEventKind::Ended(_))),
            "{seen:?}"
        );
        assert!(
            matches!(seen[1], ProxyEvent::Connection(257, ProxyEventKind::Opened { .. })),
            "who waits comes first: {seen:?}"
        );
        waiting.write_all(b"x").await.unwrap();
        drop((clients.pop(), servers.pop()));
        assert!(matches!(
            next(&mut rig).await,
            ProxyEvent::Connection(255, ProxyEventKind::Ended(_))
        ));
        assert!(matches!(next(&mut rig).await, ProxyEvent::Room));
        drop(waiting);
    }

    #[tokio::test]
    async fn a_panic_ends_only_its_own_connection() {
        let (post, mut reports) = mpsc::channel(8);
        let scope = Scope::new(|panic| panic!("it went further: {panic}"));
        let upstream = Target::parse("ws://127.0.0.1:1/").unwrap();
        let options = ProxyOptions::new("127.0.0.1:0".parse().unwrap(), upstream);
        let proxy = Proxy {
            scope: scope.child(),
            options,
            events: post.clone(),
            connections: HashMap::new(),
            last_number: 0,
        };
        let places = Arc::new(Semaphore::new(2));
        let serve = |number, passing: futures_util::future::BoxFuture<'static, ()>| {
            let permit = places.clone().try_acquire_owned().unwrap();
            proxy.serve(passing, EventSender { connection: number, events: post.clone() }, permit);
        };
        let (go_on, waits) = tokio::sync::oneshot::channel::<()>();
        serve(1, Box::pin(async move { drop(waits.await) }));
        serve(2, Box::pin(async { panic!("injected") }));
        let Some(ProxyEvent::Connection(2, ProxyEventKind::Ended(Err(why)))) = reports.recv().await
        else {
            panic!()
        };
        assert!(matches!(&why, ProxyError::Panic(panic) if panic.message == "injected"), "{why:?}");
        let sentence = why.to_string();
        assert!(sentence.starts_with("panicked at src/proxy/listener.rs:"), "{sentence}");
        assert!(sentence.ends_with(": injected; this is a bug in wiretalk"), "{sentence}");
        go_on.send(()).expect("the other connection lives on");
        scope.closed().await;
        assert_eq!(places.available_permits(), 2, "its place is free again");
    }

    #[tokio::test]
    async fn a_client_without_a_request_does_not_keep_its_place() {
        let mut rig =
            rig_with(|options| ProxyOptions { head_timeout: Duration::from_millis(50), ..options })
                .await;
        let mut silent = TcpStream::connect(rig.address).await.unwrap();
        let mut slow = TcpStream::connect(rig.address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: ").await.unwrap();
        let mut answer = String::new();
        for client in [&mut silent, &mut slow] {
            answer.clear();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        }
        let mut ended = 0;
        while ended < 2 {
            if let ProxyEvent::Connection(_, ProxyEventKind::Ended(why)) = next(&mut rig).await {
                let limit = Duration::from_millis(50);
                assert!(matches!(why, Err(ProxyError::HeadTimeout(waited)) if waited == limit));
                ended += 1;
            }
        }
    }

    #[tokio::test]
    async fn a_half_closed_connection_does_not_keep_its_place() {
        let quickly =
            |options| ProxyOptions { half_closed_timeout: Duration::from_millis(50), ..options };
        for server_ends in [true, false] {
            let mut rig = rig_with(quickly).await;
            let mut client = TcpStream::connect(rig.address).await.unwrap();
            let (mut server, _) = rig.behind.accept().await.unwrap();
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            let ends = if server_ends { &mut server } else { &mut client };
            ends.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.unwrap();
            ends.shutdown().await.unwrap();
            let why = loop {
                if let ProxyEvent::Connection(_, ProxyEventKind::Ended(why)) = next(&mut rig).await
                {
                    break why.unwrap_err();
                }
            };
            let side = if server_ends { Side::Server } else { Side::Client };
            let half_closed =
                matches!(&why, ProxyError::HalfClosed { ended, .. } if *ended == side);
            assert!(half_closed, "{why:?}");
        }
    }

    #[tokio::test]
    async fn a_side_that_reads_nothing_is_disconnected_after_the_timeout() {
        let mut rig = rig_with(|options| ProxyOptions {
            write_timeout: Duration::from_millis(100),
            ..options
        })
        .await;
        let mut client = TcpStream::connect(rig.address).await.unwrap();
        let (_reads_nothing, _) = rig.behind.accept().await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let flood = vec![0; 1 << 20];
        // Finally the connection is reset.
        while client.write_all(&flood).await.is_ok() {}
        let why = loop {
            if let ProxyEvent::Connection(_, ProxyEventKind::Ended(why)) = next(&mut rig).await {
                break why.unwrap_err();
            }
        };
        let stalled = matches!(why, ProxyError::WriteTimeout { receiver: Side::Server, .. });
        assert!(stalled, "{why:?}");
    }
}
