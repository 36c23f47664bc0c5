//! The server's side of the opening handshake for the servers that stand on `wire`: a head read, judged there, and answered.
//! The rules are `wire::handshake`'s; here they get a status line, a body in words and a limit in time.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::wire::Side;
use crate::wire::handshake::{Context, Found, HeadReader, Judgement, Opening, Outcome, Policy, Problem};

/// A head that has been read to its end, or turned out to be none.
#[derive(Debug)]
pub(super) struct Request {
    /// The head with its judgement.
    pub opening: Opening,
    /// What the client sent behind it: the beginning of its frames.
    pub rest: Vec<u8>,
}

/// Why there is no WebSocket, in words; the peer has been told if there was a way.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotOpened {
    #[error("{0}")]
    Refused(String),
    #[error("sent no complete request head within {} s", .0.as_secs_f32())]
    Stalled(Duration),
    #[error("hung up before its request head was complete")]
    HungUp,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Request {
    /// The path and query that were asked for.
    pub(super) fn path(&self) -> String {
        let head = self.opening.head.as_ref();
        head.map_or_else(String::new, |head| {
            let [_, target, _] = head.start_parts();
            String::from_utf8_lossy(&head.raw()[target]).into_owned()
        })
    }
}

/// Reads one head, for at most `patience`, and judges it by `policy`.
pub(super) async fn read<S>(stream: &mut S, policy: &Policy, patience: Duration) -> Result<Request, NotOpened>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let Ok(request) = timeout(patience, read_head(stream, policy)).await {
        return request;
    }
    let words = "the request head did not arrive in time";
    stream.write_all(answer(408, &[("Connection".to_owned(), "close".to_owned())], words).as_bytes()).await?;
    Err(NotOpened::Stalled(patience))
}

/// Answers a request as its judgement says: 101, or a status with every broken rule in words.
pub(super) async fn reply<S>(stream: &mut S, judgement: &Judgement) -> Result<(), NotOpened>
where
    S: AsyncWrite + Unpin,
{
    if judgement.outcome == Outcome::Accept {
        stream.write_all(head(101, &judgement.answer).as_bytes()).await?;
        return Ok(());
    }
    let fatal = || judgement.problems.iter().filter(|problem| problem.is_fatal());
    // To TLS there is no answer in words that the other side would read.
    if let Some(status) = judgement.status {
        let words: Vec<String> = fatal().map(in_words).collect();
        stream.write_all(answer(status, &judgement.answer, &words.join("\n\n")).as_bytes()).await?;
    }
    let first = fatal().next().map(|problem| problem.code.rule().what);
    Err(NotOpened::Refused(first.unwrap_or("this is no opening handshake").to_owned()))
}

/// The head of an answer, as it goes on the wire.
pub(super) fn head(status: u16, headers: &[(String, String)]) -> String {
    let mut head = format!("HTTP/1.1 {status} {}\r\n", phrase(status));
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head + "\r\n"
}

/// A whole answer with words as its body, and a line end behind them.
pub(super) fn answer(status: u16, headers: &[(String, String)], words: &str) -> String {
    let mut headers = headers.to_vec();
    headers.push(("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned()));
    headers.push(("Content-Length".to_owned(), (words.len() + 1).to_string()));
    format!("{}{words}\n", head(status, &headers))
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin), policy: &Policy) -> Result<Request, NotOpened> {
    let mut reader = HeadReader::new(Side::Client, policy.max_header_bytes);
    // On the heap: the future lives as long as the connection, the buffer only until here is a head.
    let mut buffer = vec![0; 4096];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Err(NotOpened::HungUp);
        }
        let taken = reader.push(&buffer[..count]);
        if reader.found() != Found::NeedsMore {
            let rest = buffer[taken..count].to_vec();
            let opening = Opening::new(&reader, &Context::Request(policy.clone()), !rest.is_empty());
            return Ok(Request { opening, rest });
        }
    }
}

fn in_words(problem: &Problem) -> String {
    let rule = problem.code.rule();
    format!("{} ({}): {}\n{}", rule.name, rule.section, rule.what, rule.why)
}

/// The phrases of RFC 9110 section 15 and RFC 6585 for what a handshake is answered with.
fn phrase(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        _ => "Bad Request",
    }
}
