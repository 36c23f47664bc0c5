//! A toy caching proxy, as naive as those that made masking necessary: it takes what looks like a
//! request for a request. It is written for one slide and is not meant to resemble any proxy of
//! today.
//!
//! In 2010, caches were found that passed on the opening handshake like any GET, did not understand
//! what followed, and went on looking for requests in it (Huang, Chen, Barth, Rescorla, Jackson:
//! "Talking to Yourself for Fun and Profit"). A page could thereby put a file of its choice into
//! the cache under another site's name. A random key for each frame prevents that: nobody can
//! choose the bytes on the wire (RFC 6455 section 10.3).

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::net::{Timed, connect_tcp, describe_io_error, lingering_close};
use crate::scope::Scope;
use crate::servers::connection::serve::{CountedSocket, listen_on_loopback, serve_connections};
use crate::servers::{ServerEvent, ServerOptions};

/// The maximum size in bytes of a head, and below of a response, that the proxy recognizes.
const MAX_HEAD_BYTES: usize = 8 << 10;
const MAX_RESPONSE_BYTES: usize = 64 << 10;

/// The maximum number of cached responses, and of requests that wait for their response.
const MAX_CACHED_RESPONSES: usize = 64;

/// Listens on 127.0.0.1 and relays everything to `upstream` and back, byte for byte. What it
/// believes to see is reported as [`ServerEvent::Parsed`], [`ServerEvent::Cached`] and
/// [`ServerEvent::Served`]. The cache lives as long as the future.
///
/// # Errors
/// Fails if the port is in use or not permitted.
pub fn bind(
    scope: &Scope,
    options: ServerOptions,
    upstream: SocketAddr,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    let (address, listener) = listen_on_loopback(options.port)?;
    let scope = scope.child();
    let own = options.clone();
    let cache = Cache::default();
    let connection = move |socket, peer| {
        let proxy = NaiveConnection { peer, options: own.clone(), cache: cache.clone() };
        async move {
            let shutdown = proxy.options.shutdown.clone();
            tokio::select! {
                () = proxy.serve(Timed::new(socket, proxy.options.limits), upstream) => {}
                () = shutdown.cancelled() => {}
            }
        }
    };
    Ok((address, serve_connections("naive proxy connection", scope, listener, options, connection)))
}

/// The host and path of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CacheKey {
    host: String,
    path: String,
}

type Cache = Arc<Mutex<HashMap<CacheKey, Vec<u8>>>>;

/// The connection to a client.
type Client = Timed<CountedSocket>;

struct NaiveConnection {
    peer: SocketAddr,
    options: ServerOptions,
    cache: Cache,
}

impl NaiveConnection {
    async fn serve(&self, mut client: Client, upstream: SocketAddr) {
        let head = match timeout(self.options.limits.head_timeout, read_head(&mut client)).await {
            Ok(Ok(head)) => head,
            Ok(Err(err)) => return self.log_refused(&describe_io_error(&err)),
            Err(_) => return self.log_refused("the request head did not arrive in time"),
        };
        let cached =
            CacheKey::from_head(&head).and_then(|key| Some((self.cached_response(&key)?, key)));
        if let Some((answer, CacheKey { host, path })) = cached {
            let peer = self.peer;
            self.options.record(ServerEvent::Served {
                peer,
                host,
                path,
                bytes: answer.len() as u64,
            });
            if client.write_all(&answer).await.is_ok() {
                lingering_close(client).await;
            }
            return;
        }
        if let Err(err) = self.relay(&mut client, upstream, &head).await {
            self.log_refused(&describe_io_error(&err));
        }
    }

    /// Relays both directions until both have ended, and scans what passes. Either peer must read
    /// within the write timeout.
    async fn relay(
        &self,
        client: &mut Client,
        upstream: SocketAddr,
        head: &[u8],
    ) -> io::Result<()> {
        let mut server = Timed::new(connect_tcp(upstream).await?, self.options.limits);
        server.write_all(head).await?;
        let (mut from_client, mut to_client) = tokio::io::split(client);
        let (mut from_server, mut to_server) = tokio::io::split(&mut server);
        let pending = Mutex::new(VecDeque::new());
        let (mut requests, mut responses) = (Scanner::new(b"GET "), Scanner::new(b"HTTP/1.1 200"));
        let up = copy_and_scan(&mut from_client, &mut to_server, |bytes| {
            requests.push(bytes);
            while let Some(key) = requests.find(scan_request) {
                self.log_parsed(&key);
                with_queue(&pending, |queue| {
                    queue.truncate(MAX_CACHED_RESPONSES - 1);
                    queue.push_back(key);
                });
            }
        });
        let down = copy_and_scan(&mut from_server, &mut to_client, |bytes| {
            responses.push(bytes);
            while let Some(response) = responses.find(scan_response) {
                // The naive assumption: the next thing that looks like a response answers the
                // oldest request.
                if let Some(key) = with_queue(&pending, VecDeque::pop_front) {
                    self.cache_response(key, response);
                }
            }
        });
        both(up, down, self.options.limits.drain_timeout).await
    }

    fn log_parsed(&self, key: &CacheKey) {
        let CacheKey { host, path } = key.clone();
        self.options.record(ServerEvent::Parsed { peer: self.peer, host, path });
    }

    fn cache_response(&self, key: CacheKey, response: Vec<u8>) {
        let CacheKey { host, path } = key.clone();
        self.options.record(ServerEvent::Cached {
            peer: self.peer,
            host,
            path,
            bytes: response.len() as u64,
        });
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        // A full cache keeps its old entries.
        if cache.len() < MAX_CACHED_RESPONSES {
            cache.insert(key, response);
        }
    }

    fn cached_response(&self, key: &CacheKey) -> Option<Vec<u8>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn log_refused(&self, reason: &str) {
        self.options.record(ServerEvent::Refused { peer: self.peer, reason: reason.to_owned() });
    }
}

fn with_queue<T>(
    waiting: &Mutex<VecDeque<CacheKey>>,
    work: impl FnOnce(&mut VecDeque<CacheKey>) -> T,
) -> T {
    // Both directions run in one task, so the lock is never contended.
    work(&mut waiting.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Runs both directions to their ends. Once the server has ended its stream, the client gets
/// `drain` for the rest of its own, so that a useless connection does not stay open for as long as
/// the client likes.
async fn both(
    up: impl Future<Output = io::Result<()>>,
    down: impl Future<Output = io::Result<()>>,
    drain: Duration,
) -> io::Result<()> {
    let (mut up, mut down) = (pin!(up), pin!(down));
    tokio::select! {
        ended = up.as_mut() => {
            ended?;
            down.await
        }
        ended = down.as_mut() => {
            ended?;
            // A timeout is not an error: the server is gone, so the client's bytes have no
            // destination.
            timeout(drain, up).await.unwrap_or(Ok(()))
        }
    }
}

async fn read_head(client: &mut Client) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(1024);
    while head_of(&head).is_none() {
        if head.len() > MAX_HEAD_BYTES {
            return Err(io::Error::other("the request head is too long"));
        }
        if client.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

async fn copy_and_scan(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut scan: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        let bytes = buffer.get(..count).unwrap_or_default();
        scan(bytes);
        to.write_all(bytes).await?;
    }
}

/// Searches a stream for something that begins with `start`, at any position.
struct Scanner {
    start: &'static [u8],
    bytes: Vec<u8>,
}

/// The result of examining a possible beginning.
enum ScanResult<T> {
    /// It is there, and ends before this byte.
    Found(T, usize),
    NeedsMore,
    /// It only looked like a beginning, and no other begins in the next so many bytes. They are
    /// dropped at once, so that a flood of beginnings costs no more time than any other bytes.
    NotHere(usize),
}

impl Scanner {
    fn new(start: &'static [u8]) -> Self {
        Self { start, bytes: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn find<T>(&mut self, read: impl Fn(&[u8]) -> ScanResult<T>) -> Option<T> {
        loop {
            let Some(at) = find(&self.bytes, self.start) else {
                // The last bytes may be the first part of `start`.
                let keep = self.bytes.len().min(self.start.len().saturating_sub(1));
                self.bytes.drain(..self.bytes.len().saturating_sub(keep));
                return None;
            };
            self.bytes.drain(..at);
            match read(&self.bytes) {
                ScanResult::Found(found, end) => {
                    self.bytes.drain(..end);
                    return Some(found);
                }
                ScanResult::NeedsMore if self.bytes.len() < MAX_HEAD_BYTES + MAX_RESPONSE_BYTES => {
                    return None;
                }
                // Too long to be what it looks like: the search goes on after this beginning.
                ScanResult::NeedsMore => drop(self.bytes.drain(..self.start.len())),
                ScanResult::NotHere(count) => drop(self.bytes.drain(..count)),
            }
        }
    }
}

fn scan_request(bytes: &[u8]) -> ScanResult<CacheKey> {
    let Some(line) = before(bytes, b"\r\n") else {
        return scan_unfinished(bytes);
    };
    // If one line contains several beginnings, only the last can be followed by a path and a
    // version.
    let last = line.windows(4).rposition(|window| window == b"GET ").unwrap_or(0);
    if last > 0 {
        return ScanResult::NotHere(last);
    }
    if request_path(line).is_none() {
        return ScanResult::NotHere(line.len().saturating_add(2));
    }
    match head_of(bytes) {
        Some(head) => match CacheKey::from_head(head) {
            Some(key) => ScanResult::Found(key, head.len()),
            None => ScanResult::NotHere(head.len()),
        },
        None => scan_unfinished(bytes),
    }
}

/// Scans a complete response with a length: head and body as they will be served.
fn scan_response(bytes: &[u8]) -> ScanResult<Vec<u8>> {
    let Some(head) = head_of(bytes) else {
        return scan_unfinished(bytes);
    };
    let length = header_value(head, "content-length").and_then(|value| value.parse::<usize>().ok());
    let Some(length) = length.filter(|length| *length <= MAX_RESPONSE_BYTES) else {
        return ScanResult::NotHere(head.len());
    };
    let end = head.len().saturating_add(length);
    bytes.get(..end).map_or(ScanResult::NeedsMore, |whole| ScanResult::Found(whole.to_vec(), end))
}

/// Returns the result for a head without an end. Once it is too long it isn't a head, and neither
/// is any that begins before its last [`MAX_HEAD_BYTES`] bytes.
fn scan_unfinished<T>(bytes: &[u8]) -> ScanResult<T> {
    match bytes.len().checked_sub(MAX_HEAD_BYTES - 1) {
        None | Some(0) => ScanResult::NeedsMore,
        Some(over) => ScanResult::NotHere(over),
    }
}

impl CacheKey {
    fn from_head(head: &[u8]) -> Option<Self> {
        let (path, host) = (request_path(before(head, b"\r\n")?)?, header_value(head, "host")?);
        Some(Self { host, path })
    }
}

/// Returns the path in a request line.
fn request_path(line: &[u8]) -> Option<String> {
    let mut words = str::from_utf8(line).ok()?.split(' ');
    let (Some("GET"), Some(path), Some(version)) = (words.next(), words.next(), words.next())
    else {
        return None;
    };
    version.starts_with("HTTP/1.").then(|| path.to_owned())
}

fn header_value(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let value = |line: &str| {
        let (have, value) = line.split_once(':')?;
        have.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    };
    text.lines().find_map(value)
}

/// Returns a head including the empty line that ends it.
fn head_of(bytes: &[u8]) -> Option<&[u8]> {
    const END: &[u8] = b"\r\n\r\n";
    bytes.get(..find(bytes, END)?.saturating_add(END.len()))
}

/// Returns the bytes before the first `key`.
fn before<'b>(bytes: &'b [u8], key: &[u8]) -> Option<&'b [u8]> {
    bytes.get(..find(bytes, key)?)
}

fn find(bytes: &[u8], key: &[u8]) -> Option<usize> {
    bytes.windows(key.len()).position(|window| window == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(pieces: &[&[u8]]) -> Vec<String> {
        let mut scanner = Scanner::new(b"GET ");
        let mut found = Vec::new();
        for piece in pieces {
            scanner.push(piece);
            found.extend(
                std::iter::from_fn(|| scanner.find(scan_request)).map(|key| key.host + &key.path),
            );
        }
        found
    }

    #[test]
    fn a_request_is_found_at_any_position_and_in_any_pieces() {
        let bytes =
            b"\x81\xae\0\0\0\0GET GET /script.js HTTP/1.1\r\nHost: victim.example\r\n\r\n\x81";
        assert_eq!(
            requests(&[bytes]),
            ["victim.example/script.js"],
            "a GET too many is passed over"
        );
        let bytes = b"\x81\xae\0\0\0\0GET /script.js HTTP/1.1\r\nHost: victim.example\r\n\r\n\x81";
        assert_eq!(requests(&[bytes]), ["victim.example/script.js"]);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(requests(&single), ["victim.example/script.js"]);
        let twice = [bytes.as_slice(), bytes].concat();
        assert_eq!(requests(&[&twice]).len(), 2);
    }

    #[test]
    fn false_beginnings_take_bounded_memory() {
        let mut scanner = Scanner::new(b"GET ");
        for _ in 0..1000 {
            scanner.push(&b"GET GET ".repeat(1000));
            assert_eq!(scanner.find(scan_request), None);
            assert!(scanner.bytes.len() <= MAX_HEAD_BYTES + 8000);
        }
        let mut scanner = Scanner::new(b"HTTP/1.1 200");
        scanner.push(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
        assert_eq!(scanner.find(scan_response), None);
        assert!(scanner.bytes.len() < 12);
    }

    #[test]
    fn countless_beginnings_are_skipped_up_to_the_request_after_them() {
        let lines = b"GET \r\n".repeat(500);
        let broken = b"GET / HTTP/1.1\r\nNo-Host: here\r\n\r\n".repeat(50);
        let good = b"GET GET /a HTTP/1.1\r\nHost: b\r\n\r\n";
        assert_eq!(requests(&[&lines, &broken, &b"GET ".repeat(9000), good]), ["b/a"]);
    }

    #[test]
    fn a_response_is_cached_once_its_body_is_complete() {
        let mut scanner = Scanner::new(b"HTTP/1.1 200");
        scanner.push(b"\x81\x30HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nal");
        assert_eq!(scanner.find(scan_response), None);
        scanner.push(b"erted");
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\naler";
        assert_eq!(scanner.find(scan_response).as_deref(), Some(&whole[..]));
    }
}
