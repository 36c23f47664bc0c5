//! Evaluates the frames of a WebSocket, and the end of a connection.

use crate::conformance::sockjs::body_evaluation::{are_first_of, messages_of};
use crate::conformance::sockjs::received::Received;
use crate::conformance::sockjs::rule::{Evaluation, FrameRule, MAX_SHOWN};
use crate::wire::Opcode;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::format::{quote, spaced_hex};

/// The code of a session that its server closes.
const CLOSED: u16 = 3000;

/// Evaluates the next frame, or for several messages the next frames.
pub(super) fn frame(rule: &FrameRule, received: &mut Received) -> Evaluation {
    while let Some(frame) = received.next_frame() {
        if frame.non_frame.is_some() {
            return Evaluation::Broken("sent bytes that aren't a frame".to_owned());
        }
        if let Some(fault) = frame.faults.iter().find(|fault| fault.is_fatal()) {
            return Evaluation::Broken(format!("sent a frame with {}", fault.code.name()));
        }
        match opcode(&frame) {
            Some(Opcode::Ping) => {}
            Some(Opcode::Pong) => {
                if matches!(rule, FrameRule::Pong(data) if *data == frame.payload) {
                    return Evaluation::Kept;
                }
            }
            Some(Opcode::Close) => return close(rule, &frame),
            _ => {
                let Some(message) = &frame.message else { continue };
                match text(rule, &message.data, received) {
                    Evaluation::Waiting => {}
                    other => return other,
                }
            }
        }
    }
    Evaluation::Waiting
}

fn opcode(frame: &AssembledFrame) -> Option<Opcode> {
    Some(frame.start?.header.opcode)
}

fn text(rule: &FrameRule, data: &[u8], received: &mut Received) -> Evaluation {
    let sent = || format!("sent the message {}", quote(data, MAX_SHOWN));
    match rule {
        FrameRule::Text(expected) => Evaluation::kept_if(data == expected.as_bytes(), sent),
        FrameRule::Messages(expected) => {
            let Some(messages) = messages_of(data) else { return Evaluation::Broken(sent()) };
            received.messages.extend(messages);
            if !are_first_of(&received.messages, expected) {
                return Evaluation::Broken(sent());
            }
            if received.messages.len() < expected.len() {
                return Evaluation::Waiting;
            }
            // The next rule has messages of its own.
            received.messages.clear();
            Evaluation::Kept
        }
        FrameRule::Close(_) | FrameRule::Pong(_) => Evaluation::Broken(sent()),
    }
}

fn close(rule: &FrameRule, frame: &AssembledFrame) -> Evaluation {
    let (code, reason) = match frame.payload.split_first_chunk::<2>() {
        Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
        None => (None, &[][..]),
    };
    let sent = || {
        let code = code.map_or_else(|| "no code".to_owned(), |code| code.to_string());
        format!("sent a Close with {code} and the reason {}", quote(reason, MAX_SHOWN))
    };
    match rule {
        FrameRule::Close(expected) if reason == expected.as_bytes() => match code {
            Some(CLOSED) => Evaluation::Kept,
            _ => Evaluation::Tolerated(sent()),
        },
        _ => Evaluation::Broken(sent()),
    }
}

/// Evaluates the first bytes behind the head of a response with the status 101.
pub(super) fn raw(expected: &[u8], received: &Received) -> Evaluation {
    let bytes = received.behind_head();
    if bytes.starts_with(expected) {
        Evaluation::Kept
    } else if expected.starts_with(bytes) {
        Evaluation::Waiting
    } else {
        Evaluation::Broken(format!("sent {}", spaced_hex(bytes, expected.len())))
    }
}

/// Evaluates the end of a connection. On a WebSocket a `c` frame and a Close may come before.
pub(super) fn end(received: &mut Received) -> Evaluation {
    while let Some(frame) = received.next_frame() {
        let is_data = matches!(opcode(&frame), Some(Opcode::Text | Opcode::Binary));
        let message = frame.message.as_ref().map(|message| message.data.as_slice());
        if is_data && message.is_some_and(<[u8]>::is_empty) {
            received.remark = Some("sent an empty message before the end".to_owned());
        } else if is_data && !message.is_some_and(|data| data.starts_with(b"c[")) {
            let what = quote(message.unwrap_or(&frame.payload), MAX_SHOWN);
            return Evaluation::Broken(format!("sent {what} instead of the end"));
        }
    }
    // Over HTTP the end of a response that was waited for is another step.
    if !received.has_ended() && !received.has_closed() {
        return Evaluation::Waiting;
    }
    received.remark.take().map_or(Evaluation::Kept, Evaluation::Tolerated)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::conformance::sockjs::received::MAX_FRAMES;
    use crate::conformance::sockjs::{Names, Notes, SockJsStep, evaluate};
    use crate::wire::frame::encode;

    fn open(frames: &[Vec<u8>]) -> Received {
        let mut received = Received::new("GET");
        received.push(b"HTTP/1.1 101 X\r\n\r\n");
        received.push(&frames.concat());
        received
    }

    fn message(text: &str) -> Vec<u8> {
        encode::single_frame(Opcode::Text, text.as_bytes(), None)
    }

    #[test]
    fn messages_may_come_in_several_frames() {
        let rule = FrameRule::Messages(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(frame(&rule, &mut open(&[message("a[\"a\",\"b\"]")])), Evaluation::Kept);
        let two = [
            message("a[\"a\"]"),
            encode::single_frame(Opcode::Ping, b"", None),
            message("a[\"b\"]"),
        ];
        assert_eq!(frame(&rule, &mut open(&two)), Evaluation::Kept);
        assert_eq!(frame(&rule, &mut open(&two[..1])), Evaluation::Waiting);
        assert!(matches!(frame(&rule, &mut open(&two[2..])), Evaluation::Broken(_)));
    }

    #[test]
    fn each_rule_has_messages_of_its_own() {
        let rule = |text: &str| FrameRule::Messages(vec![text.to_owned()]);
        let mut received = open(&[message("a[\"a\"]"), message("a[\"b\"]")]);
        assert_eq!(frame(&rule("a"), &mut received), Evaluation::Kept);
        assert_eq!(frame(&rule("b"), &mut received), Evaluation::Kept);
    }

    #[test]
    fn a_ping_is_silence_and_a_message_is_not() {
        let step = SockJsStep::Silence(1, Duration::from_millis(100));
        let silence = |frames: &[Vec<u8>]| {
            evaluate(&step, &mut open(frames), &Names::default(), &mut Notes::default())
        };
        let ping = encode::single_frame(Opcode::Ping, b"", None);
        assert_eq!(silence(std::slice::from_ref(&ping)), Evaluation::Waiting);
        for other in [message("h"), encode::close_frame(1000, "", None)] {
            assert!(matches!(silence(&[ping.clone(), other]), Evaluation::Broken(_)));
        }
    }

    #[test]
    fn more_frames_than_are_kept_are_a_fault() {
        let ping = encode::single_frame(Opcode::Ping, b"", None);
        let step = SockJsStep::Frame(1, FrameRule::Text("o".to_owned()));
        let evaluated = |count| {
            let frames = [vec![ping.clone(); count], vec![message("o")]].concat();
            evaluate(&step, &mut open(&frames), &Names::default(), &mut Notes::default())
        };
        assert_eq!(evaluated(MAX_FRAMES - 1), Evaluation::Kept);
        let Evaluation::Broken(reason) = evaluated(MAX_FRAMES) else { panic!("it is kept") };
        assert!(reason.starts_with("sent more than 256 frames"), "{reason}");
    }

    #[test]
    fn an_end_may_have_a_close_before_it_and_no_data() {
        assert_eq!(end(&mut open(&[encode::close_frame(1002, "", None)])), Evaluation::Kept);
        assert!(matches!(end(&mut open(&[message("a[\"a\"]")])), Evaluation::Broken(_)));
        assert_eq!(end(&mut open(&[])), Evaluation::Waiting);
        let close = FrameRule::Close("Go away!");
        let right = open(&[encode::close_frame(3000, "Go away!", None)]);
        assert_eq!(frame(&close, &mut right.clone()), Evaluation::Kept);
        assert!(matches!(
            frame(&FrameRule::Close("other"), &mut right.clone()),
            Evaluation::Broken(_)
        ));
    }
}
