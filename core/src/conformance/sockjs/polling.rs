//! Evaluates one answer of several that are asked for until they are right.

use crate::conformance::sockjs::body_evaluation::{are_first_of, messages_of, script_frame};
use crate::conformance::sockjs::received::Received;
use crate::conformance::sockjs::rule::{Evaluation, MAX_SHOWN};
use crate::sockjs::JsString;
use crate::wire::format::quote;
use crate::wire::handshake::Head;

/// The callback of the scripts that are polled for.
const CALLBACK: &str = "x";

/// The meaning of one answer for the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// More of it has to come.
    Waiting,
    /// It is right so far: ask again.
    Again,
    /// It is the last.
    Done(Evaluation),
}

/// Evaluates an answer that has to go on with `expected` after the messages `so_far`.
pub fn evaluate_poll(
    expected: &[String],
    so_far: &mut Vec<JsString>,
    received: &Received,
) -> Polled {
    if let Some(broken) = broken(received) {
        return broken;
    }
    let response = &received.response;
    if !response.is_complete() {
        return Polled::Waiting;
    }
    if response.content() == b"h\n" {
        return Polled::Again;
    }
    let by_script = || messages_of(script_frame(response.content(), CALLBACK)?.as_bytes());
    let Some(messages) = messages_of(response.content()).or_else(by_script) else {
        return unexpected(response.content());
    };
    so_far.extend(messages);
    if !are_first_of(so_far, expected) {
        return unexpected(response.content());
    }
    if so_far.len() == expected.len() { Polled::Done(Evaluation::Kept) } else { Polled::Again }
}

/// Evaluates an answer whose first frame must be one of `accepted`, or begins with `passing`.
pub fn evaluate_retry(passing: &str, accepted: &[&str], received: &Received) -> Polled {
    if let Some(broken) = broken(received) {
        return broken;
    }
    let content = String::from_utf8_lossy(received.response.content());
    // The prelude of a stream is a line of `h`.
    let is_prelude =
        |line: &&str| line.len() > 2 && line.bytes().all(|byte| byte == b'h' || byte == b'\n');
    let mut lines = content.split_inclusive('\n').skip_while(is_prelude);
    let Some(frame) = lines.next().filter(|line| line.ends_with('\n')) else {
        let is_over = received.response.is_complete();
        return if is_over { unexpected(content.as_bytes()) } else { Polled::Waiting };
    };
    let frame = frame.trim_end();
    if accepted.contains(&frame) {
        Polled::Done(Evaluation::Kept)
    } else if frame.starts_with(passing) {
        Polled::Again
    } else {
        unexpected(frame.as_bytes())
    }
}

/// Returns why an answer is none, if it is none.
fn broken(received: &Received) -> Option<Polled> {
    let response = &received.response;
    let reason = if let Some(fault) = response.fault() {
        fault.to_owned()
    } else if let Some(status) =
        response.head().and_then(Head::status).filter(|status| *status != 200)
    {
        format!("answered with {status}")
    } else if received.has_ended() && !response.is_complete() {
        "ended the connection without a complete answer".to_owned()
    } else {
        return None;
    };
    Some(Polled::Done(Evaluation::Broken(reason)))
}

fn unexpected(bytes: &[u8]) -> Polled {
    Polled::Done(Evaluation::Broken(format!("sent {}", quote(bytes, MAX_SHOWN))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: &str) -> Received {
        let mut received = Received::new("POST");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        received.push(head.as_bytes());
        received.push(body.as_bytes());
        received
    }

    #[test]
    fn messages_are_collected_until_all_are_there() {
        let expected = ["a".to_owned(), "b".to_owned()];
        let mut so_far = Vec::new();
        assert_eq!(evaluate_poll(&expected, &mut so_far, &answered("a[\"a\"]\n")), Polled::Again);
        let last = evaluate_poll(&expected, &mut so_far, &answered("a[\"b\"]\n"));
        assert_eq!(last, Polled::Done(Evaluation::Kept));
        let twice = evaluate_poll(&expected, &mut so_far, &answered("a[\"b\"]\n"));
        assert!(matches!(twice, Polled::Done(Evaluation::Broken(_))));
    }

    #[test]
    fn a_frame_is_found_behind_its_prelude() {
        let evaluated = |body: &str| evaluate_retry("c[2010", &["o"], &answered(body));
        assert_eq!(evaluated("hhhh\no\n"), Polled::Done(Evaluation::Kept));
        assert_eq!(evaluated("c[2010,\"Another connection still open\"]\n"), Polled::Again);
        assert!(matches!(evaluated("a[\"x\"]\n"), Polled::Done(Evaluation::Broken(_))));
    }
}
