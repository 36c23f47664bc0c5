//! Measures the memory of idle connections.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use futures_util::stream;
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use wiretalk_core::conformance::Request;

use crate::clients::{RandomError, nonce};
use crate::conform::ServerAddress;
use crate::lab::process::RunningContestant;
use crate::lab::record::IdleRecord;
use crate::net::{connect_host, describe_io_error};
use crate::wire::frame::encode::single_frame;
use crate::wire::{Header, Opcode};

/// The most connections that are being opened at once.
const MAX_OPENING: usize = 64;

/// The files that this process and the contestant need besides the connections.
#[cfg(unix)]
const RESERVED_FILES: usize = 256;

/// The time that a connection may take to open.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest response head in bytes.
const MAX_HEAD: usize = 16 << 10;

/// The most bytes of a frame that a server may send to an idle client.
const MAX_FRAME: usize = 4 << 10;

/// The time after which pings are answered while connections are being opened.
const ATTEND_INTERVAL: Duration = Duration::from_secs(2);

/// The time between two readings of the memory, and the most readings until it no longer grows.
const READ_INTERVAL: Duration = Duration::from_millis(250);
const MAX_READINGS: usize = 20;

/// The reason for which there is no figure.
#[derive(Debug, Error)]
pub(super) enum IdleError {
    /// The system does not tell how much memory a process has.
    #[error("the memory of a process is not known on this system, or it has ended")]
    NoMemory,
    /// No connection could be opened.
    #[error("no connection could be opened: {0}")]
    NotOpened(#[source] OpenError),
}

/// The reason for which a connection was not opened.
#[derive(Debug, Error)]
pub(super) enum OpenError {
    /// There are no random numbers for a key.
    #[error("no random numbers: {0}")]
    Random(#[from] RandomError),
    /// A socket failed.
    #[error("{}", describe_io_error(.0))]
    Io(#[from] io::Error),
    /// The server did not answer in time.
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The server did not open the connection.
    #[error("the server answered {0:?}, expected 101")]
    Refused(String),
}

/// Allows this process, and those that it starts from now on, enough open files for `wanted`
/// connections, as far as the system lets it. Returns how many connections are possible.
#[cfg(unix)]
pub(super) fn allow_files(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let needed = wanted.saturating_add(RESERVED_FILES);
    let limit = getrlimit(Resource::Nofile);
    let unlimited = u64::MAX;
    let (now, most) = (limit.current.unwrap_or(unlimited), limit.maximum.unwrap_or(unlimited));
    let raised = u64::try_from(needed).unwrap_or(unlimited).min(most);
    let mut allowed = now;
    if raised > now {
        let wider = Rlimit { current: Some(raised), maximum: limit.maximum };
        if setrlimit(Resource::Nofile, wider).is_ok() {
            allowed = raised;
        }
    }
    usize::try_from(allowed).unwrap_or(usize::MAX).saturating_sub(RESERVED_FILES).min(wanted)
}

/// Returns how many connections are possible: this system has no such limit.
#[cfg(not(unix))]
pub(super) fn allow_files(wanted: usize) -> usize {
    wanted
}

/// Opens `possible` of `wanted` connections and leaves them idle. `on_progress` gets the number of
/// those that are open.
///
/// # Errors
/// Fails if not even one can be opened, or if the memory of the contestant is not known.
pub(super) async fn measure(
    contestant: &RunningContestant,
    needs_origin: bool,
    wanted: usize,
    possible: usize,
    mut on_progress: impl FnMut(usize),
) -> Result<IdleRecord, IdleError> {
    let before_bytes = settled_memory(contestant, &mut []).await.ok_or(IdleError::NoMemory)?;
    let mut fewer_because = Vec::new();
    if possible < wanted {
        fewer_because
            .push(format!("RLIMIT_NOFILE allows {possible} connections besides other files"));
    }
    let mut open: Vec<IdleConnection> = Vec::new();
    let mut attended = Instant::now();
    let opening = (0..possible).map(|_| open_connection(contestant, needs_origin));
    let mut opening = stream::iter(opening).buffer_unordered(MAX_OPENING);
    while let Some(opened) = opening.next().await {
        match opened {
            Ok(stream) => open.push(IdleConnection::new(stream)),
            Err(error) if open.is_empty() => return Err(IdleError::NotOpened(error)),
            Err(error) => {
                fewer_because.push(error.to_string());
                break;
            }
        }
        on_progress(open.len());
        if attended.elapsed() >= ATTEND_INTERVAL {
            open.iter_mut().for_each(IdleConnection::attend);
            attended = Instant::now();
        }
    }
    drop(opening);
    let open_bytes = settled_memory(contestant, &mut open).await.ok_or(IdleError::NoMemory)?;
    let connections = open.iter().filter(|connection| connection.is_open).count();
    let ended = open.len().saturating_sub(connections);
    if ended > 0 {
        fewer_because.push(format!("the server has ended {ended} of {}", open.len()));
    }
    let fewer_because = (!fewer_because.is_empty()).then(|| fewer_because.join("; "));
    Ok(IdleRecord { wanted, connections, fewer_because, before_bytes, open_bytes })
}

/// Reads the memory until it no longer grows, and answers pings meanwhile.
async fn settled_memory(
    contestant: &RunningContestant,
    open: &mut [IdleConnection],
) -> Option<u64> {
    let mut memory = contestant.memory()?;
    for _ in 0..MAX_READINGS {
        sleep(READ_INTERVAL).await;
        open.iter_mut().for_each(IdleConnection::attend);
        let now = contestant.memory()?;
        if now <= memory {
            return Some(now);
        }
        memory = now;
    }
    Some(memory)
}

async fn open_connection(
    contestant: &RunningContestant,
    needs_origin: bool,
) -> Result<TcpStream, OpenError> {
    let target = &contestant.target;
    let server = ServerAddress { authority: target.authority(), target: target.path.clone() };
    let mut request = Request::standard();
    if needs_origin {
        request = request.and("Origin", "http://{host}");
    }
    let bytes = request.to_bytes(&server, &STANDARD.encode(nonce()?));
    let opening = async {
        let mut stream = connect_host(&target.host, target.port).await?;
        stream.write_all(&bytes).await?;
        let head = read_head(&mut stream).await?;
        if head.starts_with("HTTP/1.1 101") {
            return Ok(stream);
        }
        Err(OpenError::Refused(head.lines().next().unwrap_or_default().to_owned()))
    };
    timeout(OPEN_TIMEOUT, opening).await.unwrap_or(Err(OpenError::Timeout(OPEN_TIMEOUT)))
}

/// Reads up to the blank line after a response head, or to the end of the stream.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    // A buffer of the connection would be memory for as long as it is open.
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < MAX_HEAD {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            break;
        }
        head.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// An open connection on which nothing is sent but pongs.
struct IdleConnection {
    stream: TcpStream,
    /// The beginning of a frame.
    received: Vec<u8>,
    /// Whether the server has neither closed nor ended it.
    is_open: bool,
}

impl IdleConnection {
    fn new(stream: TcpStream) -> Self {
        Self { stream, received: Vec::new(), is_open: true }
    }

    /// Reads what has arrived and answers pings (RFC 6455 section 5.5.2), without which some servers
    /// end a connection that is idle.
    fn attend(&mut self) {
        let mut buffer = [0; 1024];
        while self.is_open {
            match self.stream.try_read(&mut buffer) {
                Ok(0) => self.is_open = false,
                Ok(count) => {
                    self.received.extend_from_slice(buffer.get(..count).unwrap_or_default());
                    self.is_open = self.answer();
                }
                Err(error) => {
                    self.is_open = error.kind() == io::ErrorKind::WouldBlock;
                    return;
                }
            }
        }
    }

    /// Answers the pings among the frames that are complete. Returns whether the connection is still
    /// open.
    fn answer(&mut self) -> bool {
        while let Ok(header) = Header::parse(&self.received) {
            let len = header.frame_len().to_usize_saturating();
            if len > MAX_FRAME || header.opcode == Opcode::Close {
                return false;
            }
            if self.received.len() < len {
                return true;
            }
            let frame: Vec<u8> = self.received.drain(..len).collect();
            if header.opcode == Opcode::Ping {
                let payload = frame.get(header.len()..).unwrap_or_default();
                let Ok([a, b, c, d, ..]) = nonce() else { return false };
                let pong = single_frame(Opcode::Pong, payload, Some([a, b, c, d]));
                // The socket's buffer is empty, so it takes all of it.
                if self.stream.try_write(&pong).is_err() {
                    return false;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use super::*;

    #[cfg(unix)]
    #[test]
    fn files_are_allowed_as_far_as_the_system_lets() {
        assert_eq!(allow_files(1), 1);
        assert_eq!(allow_files(0), 0);
        let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
        if let Some(most) = most.and_then(|most| usize::try_from(most).ok()) {
            assert_eq!(allow_files(most), most.saturating_sub(RESERVED_FILES));
        }
    }

    #[cfg(target_os = "linux")]
    mod with_a_server {
        use super::*;
        use crate::lab::process::testing::{launch, start};
        use crate::scope::Scope;
        use crate::servers::{Ports, ServerBundle, ServerKind};

        #[tokio::test]
        async fn connections_are_opened_and_stay_open() {
            let scope = Scope::new(|panic| panic!("{panic}"));
            let contestant = start(&scope, &launch(), ServerKind::Strict).await;
            let mut progress = Vec::new();
            let measured =
                measure(&contestant, true, 300, 300, |opened| progress.push(opened)).await.unwrap();
            assert_eq!((measured.wanted, measured.connections), (300, 300));
            assert_eq!(measured.fewer_because, None);
            assert!(measured.before_bytes > 0 && measured.open_bytes > 0);
            assert_eq!(progress, (1..=300).collect::<Vec<_>>());
        }

        #[tokio::test]
        async fn pings_are_answered_until_the_server_closes() {
            let listener = crate::net::listen(([127, 0, 0, 1], 0)).unwrap();
            let address = listener.local_addr().unwrap();
            let (ours, theirs) =
                tokio::join!(connect_host("127.0.0.1", address.port()), listener.accept());
            let (mut server, _) = theirs.unwrap();
            let mut idle = IdleConnection::new(ours.unwrap());
            // The second ping comes in two pieces.
            server.write_all(&[0x81, 1, b'x', 0x89, 2, b'h', b'i', 0x89, 1]).await.unwrap();
            idle.stream.readable().await.unwrap();
            idle.attend();
            server.write_all(b"!").await.unwrap();
            while !idle.received.is_empty() {
                idle.stream.readable().await.unwrap();
                idle.attend();
            }
            let mut pongs = [0; 15];
            server.read_exact(&mut pongs).await.unwrap();
            let payload = |pong: &[u8]| {
                let header = Header::parse(pong).unwrap();
                assert_eq!(header.opcode, Opcode::Pong);
                crate::wire::frame::mask::unmask(&pong[header.len()..], header.masking_key.unwrap())
            };
            assert_eq!(
                (payload(&pongs[..8]), payload(&pongs[8..])),
                (b"hi".to_vec(), b"!".to_vec())
            );
            assert!(idle.is_open);
            server.write_all(&[0x88, 0]).await.unwrap();
            while idle.is_open {
                idle.stream.readable().await.unwrap();
                idle.attend();
            }
        }

        #[tokio::test]
        async fn fewer_connections_have_a_reason() {
            let scope = Scope::new(|panic| panic!("{panic}"));
            let contestant = start(&scope, &launch(), ServerKind::Plain).await;
            let measured = measure(&contestant, false, 300, 20, |_| {}).await.unwrap();
            assert_eq!((measured.wanted, measured.connections), (300, 20));
            let reason = measured.fewer_because.unwrap();
            assert!(reason.starts_with("RLIMIT_NOFILE allows 20 connections"), "{reason}");
        }

        #[tokio::test]
        async fn a_server_that_opens_nothing_is_an_error() {
            let scope = Scope::new(|panic| panic!("{panic}"));
            let servers = ServerBundle::start(&scope, Ports::default(), None);
            let address = servers.ready().await.unwrap().http.to_string();
            let contestant = RunningContestant::start(&scope, &launch(), &address).await.unwrap();
            let error = measure(&contestant, false, 10, 10, |_| {}).await.unwrap_err().to_string();
            let expected = "no connection could be opened: the server answered \"HTTP/1.1 200 OK\", \
                            expected 101";
            assert_eq!(error, expected);
        }
    }
}
