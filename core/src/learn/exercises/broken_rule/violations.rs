//! [`Violation`]: a way to break exactly one rule, with fresh bytes each time. They are those that
//! the sloppy server shows, and those of clients.

use crate::learn::exercises::broken_rule::sender::Sender;
use crate::wire::deflate::deflater::Deflater;
use crate::wire::{ByteLen, DeflateParams, FaultCode, Header, LengthForm, Opcode, Side};

/// A way to break a rule.
#[derive(Debug)]
pub(super) struct Violation {
    /// The rule.
    pub(super) code: FaultCode,
    /// The level of the exercise.
    pub(super) level: u8,
    /// The side that can break it; `None` if both can.
    pub(super) from: Option<Side>,
    /// Whether permessage-deflate was agreed on.
    pub(super) deflate: bool,
    /// Whether legal frames may follow.
    pub(super) goes_on: bool,
    /// Sends the frames that break it.
    pub(super) send: fn(&mut Sender),
}

const fn violation(code: FaultCode, level: u8, send: fn(&mut Sender)) -> Violation {
    Violation { code, level, from: None, deflate: false, goes_on: true, send }
}

impl Violation {
    const fn of(self, side: Side) -> Self {
        Self { from: Some(side), ..self }
    }

    const fn ends(self) -> Self {
        Self { goes_on: false, ..self }
    }

    const fn compressed(self) -> Self {
        Self { deflate: true, ..self }
    }
}

/// All violations. Two that break the same rule differ in what has to be noticed.
pub(super) static VIOLATIONS: &[Violation] = &[
    violation(FaultCode::MaskedServer, 1, mask_as_a_server).of(Side::Server),
    violation(FaultCode::UnmaskedClient, 1, forget_the_mask).of(Side::Client),
    violation(FaultCode::RsvNonzero, 1, set_a_reserved_bit),
    violation(FaultCode::OpcodeReserved, 1, use_a_reserved_opcode),
    violation(FaultCode::CtrlFragmented, 1, fragment_a_control_frame),
    violation(FaultCode::CtrlTooLong, 2, send_a_long_control_frame),
    violation(FaultCode::LenNotMinimal, 2, write_a_length_too_long),
    violation(FaultCode::LenMsbSet, 2, set_the_top_bit_of_a_length).ends(),
    violation(FaultCode::CloseLen1, 2, send_half_a_code).ends(),
    violation(FaultCode::CloseCodeInvalid, 2, send_a_code_that_is_never_sent).ends(),
    violation(FaultCode::CloseReasonUtf8, 2, send_a_reason_in_latin_1).ends(),
    violation(FaultCode::ContWithoutStart, 3, continue_nothing),
    violation(FaultCode::ContWithoutStart, 3, continue_after_the_end),
    violation(FaultCode::NewDataInFragmented, 3, begin_within_a_message),
    violation(FaultCode::Utf8, 3, send_text_in_latin_1),
    violation(FaultCode::Utf8, 3, break_a_character_between_fragments),
    violation(FaultCode::DataAfterClose, 3, send_data_after_a_close).ends(),
    violation(FaultCode::MaskReused, 3, use_a_key_twice).of(Side::Client),
    violation(FaultCode::Rsv1OnContinuation, 3, mark_every_fragment).compressed(),
    violation(FaultCode::Rsv1OnControl, 3, mark_a_ping).compressed(),
];

/// Sends a whole message as its side does not: a server with a mask, a client without.
fn mask_as_a_server(sender: &mut Sender) {
    let (opcode, plain) = message(sender);
    let key = sender.fresh_key();
    let header = Header { masking_key: Some(key), ..Header::new(opcode, ByteLen::of(&plain)) };
    sender.send_unchanged(&header, &plain);
}

fn forget_the_mask(sender: &mut Sender) {
    let (opcode, plain) = message(sender);
    sender.send_unchanged(&Header::new(opcode, ByteLen::of(&plain)), &plain);
}

fn set_a_reserved_bit(sender: &mut Sender) {
    let (opcode, plain) = message(sender);
    let bit = sender.draws.below(3);
    let header = Header::new(opcode, ByteLen::of(&plain));
    sender.send(Header { rsv1: bit == 0, rsv2: bit == 1, rsv3: bit == 2, ..header }, &plain);
}

fn use_a_reserved_opcode(sender: &mut Sender) {
    let reserved = [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf];
    let opcode = sender.draws.pick(&reserved).copied().unwrap_or(3);
    let data = sender.data(5);
    sender.send_whole(Opcode::Reserved(opcode), &data);
}

fn fragment_a_control_frame(sender: &mut Sender) {
    let data = sender.data(4);
    let opcode = sender.draws.pick(&[Opcode::Ping, Opcode::Pong]).copied();
    sender.send_open(opcode.unwrap_or(Opcode::Ping), &data);
}

fn send_a_long_control_frame(sender: &mut Sender) {
    let opcode = sender.draws.pick(&[Opcode::Ping, Opcode::Pong]).copied();
    let len = sender.draws.below(8).saturating_add(126);
    let letter = b'a'.saturating_add(u8::try_from(sender.draws.below(26)).unwrap_or_default());
    sender.send_whole(opcode.unwrap_or(Opcode::Ping), &vec![letter; len]);
}

fn write_a_length_too_long(sender: &mut Sender) {
    let (opcode, plain) = message(sender);
    let forms = [LengthForm::Bits16, LengthForm::Bits64];
    let length_form = sender.draws.pick(&forms).copied().unwrap_or(LengthForm::Bits16);
    sender.send(Header { length_form, ..Header::new(opcode, ByteLen::of(&plain)) }, &plain);
}

fn set_the_top_bit_of_a_length(sender: &mut Sender) {
    let (opcode, plain) = message(sender);
    let claimed = 1 << 63 | plain.len() as u64;
    sender.send(Header::new(opcode, claimed), &plain);
}

fn send_half_a_code(sender: &mut Sender) {
    let byte = sender.draws.pick(&[3, 0x10, 0x0f]).copied().unwrap_or(3);
    sender.send_whole(Opcode::Close, &[byte]);
}

fn send_a_code_that_is_never_sent(sender: &mut Sender) {
    let codes = [1005, 1006, 1015, 1004, 999, 100, 1016, 2000, 2999, 0];
    let code = sender.draws.pick(&codes).copied().unwrap_or(1005);
    let reason = sender.draws.pick(&["", "", "bye", "lost"]).copied().unwrap_or_default();
    sender.send_close(code, reason.as_bytes());
}

fn send_a_reason_in_latin_1(sender: &mut Sender) {
    let reasons: [&[u8]; 4] = [b"adi\xf3s!", b"fini, d\xe9sol\xe9", b"f\xfcr heute", b"\xa1hola!"];
    let reason = sender.draws.pick(&reasons).copied().unwrap_or_default();
    let code = sender.draws.pick(&[1000, 1001, 4000]).copied().unwrap_or(1000);
    sender.send_close(code, reason);
}

/// Sends a continuation where no message has begun.
fn continue_nothing(sender: &mut Sender) {
    let text = sender.text();
    if sender.draws.chance(1, 2) {
        sender.send_whole(Opcode::Continuation, text.as_bytes());
    } else {
        sender.send_open(Opcode::Continuation, text.as_bytes());
    }
}

/// Sends a message in fragments, and one fragment more.
fn continue_after_the_end(sender: &mut Sender) {
    sender.send_fragments();
    continue_nothing(sender);
}

fn begin_within_a_message(sender: &mut Sender) {
    let (first, second) = (sender.text(), sender.text());
    sender.send_open(Opcode::Text, first.as_bytes());
    if sender.draws.chance(1, 2) {
        let data = sender.data(3);
        sender.send_whole(Opcode::Ping, &data);
    }
    let (opcode, plain) = message(sender);
    sender.send_whole(opcode, &plain);
    sender.send_whole(Opcode::Continuation, second.as_bytes());
}

fn send_text_in_latin_1(sender: &mut Sender) {
    let texts: [&[u8]; 8] = [
        b"caf\xe9!",
        b"na\xefve",
        b"M\xfcnchen",
        b"10 \x80",
        b"a\xc0\xafb",
        b"x\xed\xa0\x80y",
        b"ol\xe9",
        b"\xff\xfeh\x00",
    ];
    let text = sender.draws.pick(&texts).copied().unwrap_or_default();
    sender.send_whole(Opcode::Text, text);
}

/// Sends the beginning of a character, and in the next fragment something else.
fn break_a_character_between_fragments(sender: &mut Sender) {
    let begun: [&[u8]; 4] = [b"caf\xc3", b"1 \xe2\x82", b"hi \xf0\x9f", b"\xe6\x97"];
    let first = sender.draws.pick(&begun).copied().unwrap_or_default();
    sender.send_open(Opcode::Text, first);
    if sender.draws.chance(1, 3) {
        let data = sender.data(3);
        sender.send_whole(Opcode::Ping, &data);
    }
    let next = sender.draws.pick(&["ok", " fin", "Hello", "été"]).copied().unwrap_or_default();
    sender.send_whole(Opcode::Continuation, next.as_bytes());
}

fn send_data_after_a_close(sender: &mut Sender) {
    let code = sender.draws.pick(&[1000, 1001, 4001]).copied().unwrap_or(1000);
    sender.send_close(code, b"");
    let (opcode, plain) = message(sender);
    sender.send_whole(opcode, &plain);
}

fn use_a_key_twice(sender: &mut Sender) {
    let key = Some(sender.fresh_key());
    for _ in 0..2 {
        let (opcode, plain) = message(sender);
        let header = Header { masking_key: key, ..Header::new(opcode, ByteLen::of(&plain)) };
        sender.send_unchanged(&header, &plain);
    }
}

/// Sends a compressed text in two fragments, both of which say that it is compressed.
fn mark_every_fragment(sender: &mut Sender) {
    let text = sender.text().repeat(2);
    let compressed = compress(sender, &text);
    let middle = compressed.len().saturating_div(2);
    let (first, second) = compressed.split_at(middle);
    let open = Header { fin: false, rsv1: true, ..Header::new(Opcode::Text, ByteLen::of(first)) };
    sender.send(open, first);
    let marked = Header { rsv1: true, ..Header::new(Opcode::Continuation, ByteLen::of(second)) };
    sender.send(marked, second);
}

/// Sends a compressed text, and a ping that says that it is compressed too.
fn mark_a_ping(sender: &mut Sender) {
    let text = sender.text().repeat(2);
    let compressed = compress(sender, &text);
    let len = ByteLen::of(&compressed);
    sender.send(Header { rsv1: true, ..Header::new(Opcode::Text, len) }, &compressed);
    let data = sender.data(4);
    sender.send(Header { rsv1: true, ..Header::new(Opcode::Ping, ByteLen::of(&data)) }, &data);
}

fn compress(sender: &Sender, text: &str) -> Vec<u8> {
    Deflater::new(DeflateParams::default(), sender.from).compress_message(text.as_bytes())
}

/// Returns a whole message.
fn message(sender: &mut Sender) -> (Opcode, Vec<u8>) {
    if sender.draws.chance(2, 3) {
        (Opcode::Text, sender.text().as_bytes().to_vec())
    } else {
        (Opcode::Binary, sender.data(6))
    }
}
