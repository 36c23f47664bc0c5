//! Heads of requests and responses: the same result for any chunks, every byte accounted for, and
//! no head without problems that another parser refuses.

use std::time::Duration;

use wiretalk::wire::handshake::extension::{AgreedExtensions, parse_extensions};
use wiretalk::wire::handshake::{
    ClientOffer, HandshakeOutcome, HeadContext, HeadReader, HeadScan, ServerPolicy, ValidatedHead,
};
use wiretalk::wire::{Side, Trace};

use super::{cut, pieces};

pub(crate) fn check(data: &[u8]) {
    let (how, input) = cut(data);
    let context = context(how);
    let limit = if how & 2 == 0 { 65_536 } else { 200 };
    let (whole, opening) = opened(&context, limit, [input]);
    let (cut, again) = opened(&context, limit, pieces(input, how));
    assert_eq!((whole.scan(), whole.bytes()), (cut.scan(), cut.bytes()));
    assert_eq!(opening.validation, again.validation);
    assert_eq!(opening.head, again.head);
    assert!(whole.bytes().len() <= limit, "no more is kept than the limit allows");
    placed(&opening);
    if opening.validation.outcome == HandshakeOutcome::Accept
        && opening.validation.problems.is_empty()
    {
        understood(&context, whole.bytes());
    }
    connected(input, how);
    let text = String::from_utf8_lossy(input);
    let _ = (AgreedExtensions::parse(&text), parse_extensions(input, 0));
}

fn context(how: u8) -> HeadContext {
    if how & 1 == 0 {
        let protocols = vec!["chat".to_owned(), "superchat".to_owned()];
        let origins =
            if how & 4 == 0 { Vec::new() } else { vec!["https://example.com".to_owned()] };
        return HeadContext::Request(ServerPolicy {
            subprotocols: protocols,
            origins,
            deflate: how & 8 == 0,
            ..ServerPolicy::default()
        });
    }
    let extensions = if how & 8 == 0 {
        parse_extensions(b"permessage-deflate; client_max_window_bits", 0)
    } else {
        Vec::new()
    };
    let key = (how & 4 == 0).then(|| "dGhlIHNhbXBsZSBub25jZQ==".to_owned());
    HeadContext::Response(Some(ClientOffer {
        key,
        subprotocols: vec!["chat".to_owned()],
        extensions,
    }))
}

fn opened<'a>(
    context: &HeadContext,
    limit: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (HeadReader, ValidatedHead) {
    let mut reader = HeadReader::new(context.sender(), limit);
    let mut rest = Vec::new();
    for piece in pieces {
        rest.extend_from_slice(&piece[reader.push(piece)..]);
    }
    let opening = ValidatedHead::with_bytes_after(&reader, context, &rest);
    (reader, opening)
}

/// Checks that the parts cover the head without a gap, and that every problem points into it.
fn placed(opening: &ValidatedHead) {
    let Some(head) = &opening.head else {
        assert!(!matches!(opening.scan, HeadScan::Complete(_)));
        return;
    };
    let mut at = 0;
    for part in head.parts() {
        assert_eq!(part.bytes.start, at);
        at = part.bytes.end;
    }
    assert_eq!(at, head.raw().len());
    let spans = opening.validation.problems.iter().filter_map(|problem| problem.span.as_ref());
    assert!(spans.clone().all(|span| span.start <= span.end && span.end <= head.raw().len()));
    opening.checks();
}

/// Checks that httparse reads every head without problems, with the same end.
fn understood(context: &HeadContext, head: &[u8]) {
    let mut fields = vec![httparse::EMPTY_HEADER; 1024];
    let read = match context {
        HeadContext::Request(_) => httparse::Request::new(&mut fields).parse(head),
        HeadContext::Response(_) => httparse::Response::new(&mut fields).parse(head),
    };
    match read {
        Ok(end) => assert_eq!(end, httparse::Status::Complete(head.len())),
        Err(error) => panic!("httparse objects: {error}"),
    }
}

/// Checks both heads of a connection, in any chunks.
fn connected(input: &[u8], how: u8) {
    let (request, response) = input.split_at(input.len() * usize::from(how) / 256);
    let (mut whole, mut cut) = (Trace::new(), Trace::new());
    for (from, bytes) in [(Side::Client, request), (Side::Server, response)] {
        whole.push(from, Duration::ZERO, bytes);
        for piece in pieces(bytes, how) {
            cut.push(from, Duration::ZERO, piece);
        }
    }
    assert_eq!(whole.is_open(), cut.is_open());
    assert_eq!(whole.rows(), cut.rows());
    for from in [Side::Client, Side::Server] {
        assert_eq!(
            (whole.head_bytes(from), whole.leftover(from)),
            (cut.head_bytes(from), cut.leftover(from))
        );
        assert_eq!(whole.faults(from), cut.faults(from));
        assert_eq!(whole.partial_frame(from), cut.partial_frame(from));
    }
}
