//! A client of HTTP/1.1 that hides nothing.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::{TestServer, soon};

/// A response with its whole body, chunks put together.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Answer {
    /// Returns the value of a header field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// A response whose body is read chunk by chunk.
pub(super) struct Streaming {
    pub(super) socket: TcpStream,
    pub(super) head: String,
}

impl Streaming {
    /// Returns the next chunk, empty at the end.
    pub(super) async fn chunk(&mut self) -> String {
        let mut line = String::new();
        while !line.ends_with("\r\n") {
            line.push(char::from(soon(self.socket.read_u8()).await.expect("the stream broke off")));
        }
        let length = usize::from_str_radix(line.trim(), 16).expect("a chunk has a length");
        let mut chunk = vec![0; length + 2];
        soon(self.socket.read_exact(&mut chunk)).await.expect("a chunk is whole");
        chunk.truncate(length);
        String::from_utf8(chunk).unwrap()
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

/// Writes a request. `fields` are whole lines.
pub(super) fn request(method: &str, path: &str, fields: &[&str], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    for line in fields {
        text += &format!("{line}\r\n");
    }
    if method == "POST" {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

impl TestServer {
    pub(super) async fn get(&self, path: &str, fields: &[&str]) -> Answer {
        self.ask("GET", path, fields, "").await
    }

    pub(super) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[], body).await
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        fields: &[&str],
        body: &str,
    ) -> Answer {
        let fields = [fields, &["Connection: close"]].concat();
        let socket = TcpStream::connect(self.address).await.unwrap();
        ask_on(socket, &request(method, path, &fields, body)).await
    }

    /// Asks from another address of loopback.
    pub(super) async fn ask_from(&self, from: [u8; 4], request: &str) -> Answer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        ask_on(socket.connect(self.address).await.unwrap(), request).await
    }

    /// Sends a request and reads the head of the response.
    pub(super) async fn stream(&self, method: &str, path: &str, fields: &[&str]) -> Streaming {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        soon(socket.write_all(request(method, path, fields, "").as_bytes())).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(socket.read_u8()).await.expect("the head is whole"));
        }
        Streaming { socket, head: String::from_utf8(head).unwrap() }
    }
}

async fn ask_on(mut socket: TcpStream, request: &str) -> Answer {
    soon(socket.write_all(request.as_bytes())).await.unwrap();
    let mut bytes = Vec::new();
    soon(socket.read_to_end(&mut bytes)).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("there is a head");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let chunked = field(head, "transfer-encoding").is_some_and(|value| value == "chunked");
    let body = if chunked { unchunk(body) } else { body.to_owned() };
    Answer { status, head: head.to_owned(), body }
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        out += &rest[..length];
        body = &rest[length + 2..];
    }
    out
}
