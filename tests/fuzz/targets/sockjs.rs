//! SockJS: frames, bodies, messages of clients, addresses, and a session with any course of events.

use std::time::Duration;

use wiretalk::sockjs::hixie76::HixieReader;
use wiretalk::sockjs::{
    Action, Attached, BodyContent, BodyItem, BodyReader, CloseCause, Detached, Escaping, Frame,
    JsString, NextFrame, ReceiverKind, SessionClose, SessionLimits, SessionMachine, Target,
    Transport, payload, read_callback,
};

use super::{cut, pieces};

/// The bytes of a part that a reader keeps.
const LIMIT: usize = 1 << 20;

pub(crate) fn check(data: &[u8]) {
    let (how, input) = cut(data);
    frame(input);
    let transports = Transport::OF_SESSIONS;
    body(transports[usize::from(how) % transports.len()], input, how);
    messages(input);
    let text = String::from_utf8_lossy(input);
    address(&text);
    session(input);
    hixie(input, how);
}

fn frame(input: &[u8]) {
    match Frame::parse(input) {
        Ok(frame) => {
            let text = frame.encode();
            assert_eq!(Frame::parse(&text).as_ref(), Ok(&frame), "{text}");
            assert!(
                !text
                    .chars()
                    .any(|char| char != '"' && char != '\\' && Escaping::Server.escapes(char))
            );
            assert_eq!(text.chars().next(), Some(frame.letter()));
            for transport in Transport::OF_SESSIONS {
                let body = transport.prelude("cb") + &transport.wrap(&text, "cb");
                let mut items = read(transport, [body.as_bytes()].into_iter());
                items.retain(|item| item.content != BodyContent::Prelude);
                let last = items.pop().expect("there is a frame").content;
                assert_eq!(last, BodyContent::Frame(frame.clone()), "{}", transport.name());
            }
        }
        Err(error) => assert!(error.at <= input.len(), "{error}"),
    }
}

fn read<'b>(transport: Transport, pieces: impl Iterator<Item = &'b [u8]>) -> Vec<BodyItem> {
    let mut reader = BodyReader::new(transport, LIMIT);
    let mut items = Vec::new();
    for piece in pieces {
        reader.push(piece);
        items.extend(std::iter::from_fn(|| reader.next_item()));
    }
    reader.finish();
    items.extend(std::iter::from_fn(|| reader.next_item()));
    items
}

/// A body is read the same in pieces of any size.
fn body(transport: Transport, input: &[u8], how: u8) {
    let whole = read(transport, [input].into_iter());
    let items = read(transport, pieces(input, how));
    let mut end = 0;
    for item in &items {
        assert!(item.bytes.start == end && item.bytes.end > end, "{item:?}");
        end = item.bytes.end;
    }
    assert_eq!(items, whole);
}

fn messages(input: &[u8]) {
    let array = payload::read_array(input);
    if let Ok(messages) = &array {
        let text = payload::write_array(messages);
        assert_eq!(payload::read_array(text.as_bytes()).as_ref(), Ok(messages));
        assert_eq!(payload::read_message(text.as_bytes()).as_ref(), Ok(messages));
    }
    // A single string is a message of a WebSocket; an array is one everywhere.
    if let Ok(messages) = payload::read_message(input) {
        assert!(array.is_ok() || messages.len() <= 1, "{messages:?}");
    }
    let form = Some("application/x-www-form-urlencoded");
    let _ = payload::read_form(form, input);
    assert_eq!(payload::read_form(None, input), array);
}

fn address(text: &str) {
    if let Some(Target::Session { server, session, request }) = Target::parse(text) {
        for part in [&server, &session] {
            assert!(!part.is_empty() && !part.contains('.'), "{text:?}");
        }
        assert!(text.ends_with(request.path_part()));
        assert_eq!(text.matches('/').count(), 3, "{text:?}");
    }
    if let Ok(callback) = read_callback(Some(text)) {
        let legal = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
        assert!(!callback.is_empty() && callback.chars().all(legal), "{callback:?}");
    }
}

/// Each byte is an event. Messages arrive once and in order, and the end is told once.
fn session(input: &[u8]) {
    let limits = SessionLimits { queued_messages: 4, queued_bytes: 64, ..SessionLimits::default() };
    let mut now = Duration::ZERO;
    let mut session = SessionMachine::new(limits, now);
    let (mut receiver, mut closes, mut forgets) = (None, 0, 0);
    let (mut sent, mut taken) = (Vec::new(), Vec::<JsString>::new());
    for byte in input.iter().take(256) {
        match byte % 8 {
            0 => now += Duration::from_secs(u64::from(byte / 8)),
            1 | 2 => {
                let kinds = [
                    ReceiverKind::Polling,
                    ReceiverKind::Streaming,
                    ReceiverKind::WebSocket,
                    ReceiverKind::RawWebSocket,
                ];
                let kind = kinds[usize::from(byte / 8 % 4)];
                if let Attached::Receiver(id) = session.attach(now, kind) {
                    receiver = Some(id);
                }
            }
            3 | 4 => {
                if let Some(NextFrame::More(frame) | NextFrame::Last(frame)) =
                    receiver.map(|id| session.next_frame(now, id))
                {
                    taken.extend_from_slice(frame.messages());
                }
            }
            5 => {
                let message =
                    JsString::from(format!("{}{}", sent.len(), "x".repeat(usize::from(byte / 8))));
                match session.send(now, message.clone()) {
                    Ok(()) => sent.push(message),
                    Err(refused) => assert_eq!(refused.message, message, "it is given back"),
                }
            }
            6 => {
                let how = if *byte > 200 { Detached::Interrupted } else { Detached::Complete };
                if let Some(id) = receiver {
                    session.detach(now, id, how);
                }
            }
            _ if *byte > 230 => {
                session.close(now, SessionClose::new(CloseCause::Application, 3000, ""));
            }
            _ => session.tick(now),
        }
        let (messages, bytes) = session.queued();
        assert!(messages <= 4 && (bytes <= 64 || messages == 1));
        while let Some(action) = session.take_action() {
            closes += u32::from(matches!(action, Action::Closed(_)));
            forgets += u32::from(action == Action::Forget);
        }
    }
    assert!(sent.starts_with(&taken));
    assert!(closes <= 1 && forgets <= 1 && forgets <= closes);
}

fn hixie(input: &[u8], how: u8) {
    let events = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reader = HixieReader::new(LIMIT);
        let mut events = Vec::new();
        for piece in pieces {
            reader.push(piece);
            loop {
                match reader.next_event() {
                    Ok(Some(event)) => events.push(event),
                    Ok(None) => break,
                    Err(_) => return events,
                }
            }
        }
        events
    };
    let whole = events(&mut [input].into_iter());
    let parts = events(&mut pieces(input, how));
    assert!(parts.starts_with(&whole) || whole.starts_with(&parts));
}
