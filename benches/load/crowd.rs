//! Many clients in one thread that cost next to nothing: they know what must come, compare, and
//! count. Their frames are made once; no library stands between them and the socket.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use wiretalk::measure::Histogram;

/// Nothing may take longer; a server that needs more has failed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What epoll tells at once.
const EVENTS: usize = 1024;

/// The request of RFC 6455 section 1.3.
const UPGRADE: &[u8] =
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// What Chromium offers.
const OFFER: &[u8] = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// How a connection begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It is there once TCP says so.
    Raw,
    /// An opening handshake.
    WebSocket,
    /// One that offers permessage-deflate, as every browser does.
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
    /// Bytes of what is awaited that are here.
    got: usize,
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

    /// Makes it a crowd of `count`.
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

    /// Waits; nobody may get anything meanwhile, nor be hung up on.
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

    /// The first of them sends; how long it takes until all have got `expected`.
    pub(crate) fn send_to_all(&mut self, sent: &[u8], expected: &[u8]) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.members[0].socket.write_all(sent)?;
        let mut left = self.members.len();
        while left > 0 {
            let woken = self.wait(TIMEOUT.saturating_sub(began.elapsed()))?;
            ensure!(
                !woken.is_empty(),
                "{left} have not got the message within {} s",
                TIMEOUT.as_secs()
            );
            for number in woken {
                left -= usize::from(self.read(number, expected)?);
            }
        }
        Ok(began.elapsed())
    }

    /// Everybody sends, and sends again when it has the answer, for `time`; how many exchanges that
    /// are.
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
            ensure!(!woken.is_empty(), "{asking} have no answer after {} s", TIMEOUT.as_secs());
            for number in woken {
                if !self.read(number, expected)? {
                    continue;
                }
                let member = &mut self.members[number];
                let now = Instant::now();
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

    /// Those who have something to read.
    fn wait(&mut self, time: Duration) -> anyhow::Result<Vec<usize>> {
        self.events.clear();
        let time = Timespec::try_from(time)?;
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&time)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(err) => return Err(err.into()),
        }
        Ok(self.events.iter().map(|event| event.data.u64() as usize).collect())
    }

    /// Whether that one has all of what it expects now.
    fn read(&mut self, number: usize, expected: &[u8]) -> anyhow::Result<bool> {
        let member = &mut self.members[number];
        let count = match member.socket.read(&mut self.buffer) {
            Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(false),
            count => count.with_context(|| format!("connection {number}"))?,
        };
        ensure!(count > 0, "connection {number} has ended");
        let so_far = expected.get(member.got..member.got + count);
        ensure!(
            so_far == Some(&self.buffer[..count]),
            "connection {number} got something else than it expected"
        );
        member.got = (member.got + count) % expected.len();
        Ok(member.got == 0)
    }
}

impl Member {
    fn ask(&mut self, sent: &[u8]) -> anyhow::Result<()> {
        self.asked = Instant::now();
        // One message at a time is in flight, and any socket has room for it.
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
            ensure!(count > 0, "hung up on during the handshake");
            head.extend_from_slice(&piece[..count]);
        }
        let head = String::from_utf8_lossy(&head);
        ensure!(head.starts_with("HTTP/1.1 101 "), "refused: {head}");
        ensure!(
            head.contains("permessage-deflate") == (opening == Opening::Deflate),
            "not as agreed: {head}"
        );
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
