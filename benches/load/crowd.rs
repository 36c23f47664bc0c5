//! Many clients in one thread, as cheap as possible: they compare what arrives with what they
//! expect, and count. Their frames are encoded once, and no library is between them and the socket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use wiretalk::measure::Histogram;

/// The timeout of every step; a server that needs longer has failed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum number of events from one call of epoll.
const EVENTS: usize = 1024;

/// A request with the key of RFC 6455 section 1.3.
const UPGRADE: &[u8] =
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The offer that Chromium sends.
const OFFER: &[u8] = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// The handshake of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// None: the connection is TCP.
    Raw,
    /// The opening handshake of WebSocket.
    WebSocket,
    /// The same with an offer of permessage-deflate, as browsers send it.
    Deflate,
}

/// Clients of one server.
pub(crate) struct Crowd {
    epoll: OwnedFd,
    members: Vec<Member>,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
}

struct Member {
    socket: TcpStream,
    /// The number of bytes of the expected answer that have arrived.
    got: usize,
    /// When it sent its last message.
    asked: Instant,
}

impl Crowd {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            members: Vec::new(),
            events: Vec::with_capacity(EVENTS),
            buffer: vec![0; 64 << 10],
        })
    }

    /// Opens connections until there are `count`.
    pub(crate) fn grow(
        &mut self,
        address: SocketAddr,
        opening: Opening,
        count: usize,
    ) -> anyhow::Result<()> {
        for number in self.members.len()..count {
            let socket = open(address, opening)
                .with_context(|| format!("connection {number} of {count}"))?;
            let data = epoll::EventData::new_u64(number as u64);
            epoll::add(&self.epoll, &socket, data, epoll::EventFlags::IN)?;
            self.members.push(Member { socket, got: 0, asked: Instant::now() });
        }
        Ok(())
    }

    /// Waits for `time`. Fails if a client receives something or is disconnected.
    pub(crate) fn idle(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            ensure!(self.wait(left)?.is_empty(), "something came to an idle connection");
        }
    }

    /// Lets the first client send. Returns the time until all have received `expected`.
    pub(crate) fn send_to_all(&mut self, sent: &[u8], expected: &[u8]) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.members[0].socket.write_all(sent)?;
        let mut left = self.members.len();
        while left > 0 {
            let woken = self.wait(TIMEOUT.saturating_sub(began.elapsed()))?;
            ensure!(
                !woken.is_empty(),
                "{left} clients have not received the message within {} s",
                TIMEOUT.as_secs()
            );
            for number in woken {
                left -= usize::from(self.read(number, expected)?);
            }
        }
        Ok(began.elapsed())
    }

    /// Lets every client send, and send again once it has the answer, for `time`. Returns the
    /// number of exchanges.
    pub(crate) fn exchange(
        &mut self,
        sent: &[u8],
        expected: &[u8],
        time: Duration,
        latencies: &mut Histogram,
    ) -> anyhow::Result<u64> {
        let until = Instant::now() + time;
        let (mut count, mut asking) = (0, self.members.len());
        self.members.iter_mut().try_for_each(|member| member.ask(sent))?;
        while asking > 0 {
            let woken = self.wait(TIMEOUT)?;
            ensure!(
                !woken.is_empty(),
                "{asking} clients have no answer after {} s",
                TIMEOUT.as_secs()
            );
            for number in woken {
                if !self.read(number, expected)? {
                    continue;
                }
                let member = &mut self.members[number];
                let now = Instant::now();
                // An exchange that ends after the slice does not count, and nobody sends again.
                if now < until {
                    latencies.record(now - member.asked);
                    count += 1;
                    member.ask(sent)?;
                } else {
                    asking -= 1;
                }
            }
        }
        Ok(count)
    }

    /// Returns the numbers of the clients that have something to read.
    fn wait(&mut self, time: Duration) -> anyhow::Result<Vec<usize>> {
        self.events.clear();
        let time = Timespec::try_from(time)?;
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&time)) {
            // After a signal there are no events; the caller waits again or fails.
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(err) => return Err(err.into()),
        }
        Ok(self.events.iter().map(|event| event.data.u64() as usize).collect())
    }

    /// Reads what has arrived for a client. Returns whether it now has the whole of `expected`.
    fn read(&mut self, number: usize, expected: &[u8]) -> anyhow::Result<bool> {
        let member = &mut self.members[number];
        let count = match member.socket.read(&mut self.buffer) {
            Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(false),
            count => count.with_context(|| format!("connection {number}"))?,
        };
        ensure!(count > 0, "the server has closed connection {number}");
        let so_far = expected.get(member.got..member.got + count);
        ensure!(
            so_far == Some(&self.buffer[..count]),
            "connection {number} received other bytes than expected"
        );
        member.got = (member.got + count) % expected.len();
        Ok(member.got == 0)
    }
}

impl Member {
    fn ask(&mut self, sent: &[u8]) -> anyhow::Result<()> {
        self.asked = Instant::now();
        // Does not block: only one message is in flight, and the socket has room for it.
        Ok(self.socket.write_all(sent)?)
    }
}

fn open(address: SocketAddr, opening: Opening) -> anyhow::Result<TcpStream> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    if opening != Opening::Raw {
        let offer = if opening == Opening::Deflate { OFFER } else { b"" };
        socket.write_all(&[&UPGRADE[..UPGRADE.len() - 2], offer, b"\r\n"].concat())?;
        let (mut head, mut piece) = (Vec::new(), [0; 1024]);
        while !head.ends_with(b"\r\n\r\n") {
            let count = socket.read(&mut piece)?;
            ensure!(count > 0, "the server has closed the connection during the handshake");
            head.extend_from_slice(&piece[..count]);
        }
        // No frame can follow the head yet: the servers speak only when spoken to.
        let head = String::from_utf8_lossy(&head);
        ensure!(head.starts_with("HTTP/1.1 101 "), "refused: {head}");
        ensure!(
            head.contains("permessage-deflate") == (opening == Opening::Deflate),
            "the server agreed to other extensions than expected: {head}"
        );
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
