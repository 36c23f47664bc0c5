//! Reads bytes while they are typed: what a decoder makes of them, and whether they can still become
//! legal frames. They are never compared with those that the task asks for, or these could be found
//! by trying one byte after the other.

use crate::learn::exercise::{Answer, Exercise};
use crate::learn::exercises::write_frame::{parse, wanted};
use crate::learn::judgment::TypedSoFar;
use crate::wire::format::{byte_count, group_thousands};
use crate::wire::frame::MAX_HEADER_LEN;
use crate::wire::{AgreedExtensions, Header, LengthForm, Side, Transcript};

pub(crate) fn judge_so_far(exercise: &Exercise, answer: &Answer) -> Option<TypedSoFar> {
    let Answer::Bytes(text) = answer else { return None };
    Some(match parse(without_open_digit(text)) {
        Ok(raw) => read(wanted(exercise).from, &raw),
        Err(error) => {
            let problem = Some(error.to_string());
            TypedSoFar { reading: String::new(), problem, is_whole: false }
        }
    })
}

fn read(from: Side, raw: &[u8]) -> TypedSoFar {
    let mut transcript = Transcript::new(from, AgreedExtensions::none());
    transcript.push(raw);
    let partial = transcript.partial_header().map(|partial| partial.raw.to_vec());
    let frames = transcript.frames().len();
    let (number, reading, is_whole) = match (&partial, transcript.current_frame()) {
        (Some(start), _) => (frames + 1, partial_header(start), false),
        (None, Some(frame)) => {
            let there = frame.raw().len().saturating_sub(frame.header.len()) as u64;
            (frames + 1, unfinished(&frame.header, there), false)
        }
        (None, None) => match transcript.frames().last() {
            Some(frame) => (frames, whole_header(&frame.header), true),
            None => (0, String::new(), false),
        },
    };
    let number = if number > 1 { format!("frame {number}: ") } else { String::new() };
    // The rest of a header that breaks no rule of its own: what is found is in what was typed.
    transcript.push(&partial.map_or_else(Vec::new, |start| likely_rest(from, &start)));
    let len = raw.len();
    let is_typed = |offset: usize| offset < len;
    let fault = transcript
        .faults()
        .iter()
        .find(|fault| fault.is_fatal() && is_typed(fault.byte_offset.to_usize_saturating()));
    TypedSoFar {
        reading: format!("{number}{reading}"),
        problem: fault.map(|fault| fault.summary().to_owned()),
        is_whole,
    }
}

/// Returns bytes that complete a header with the longest length that its first bytes leave open.
fn likely_rest(from: Side, start: &[u8]) -> Vec<u8> {
    let second = if from == Side::Client { 0x80 } else { 0 };
    let mut header = start.to_vec();
    if header.len() == 1 {
        header.push(second);
    }
    header.resize(MAX_HEADER_LEN, 0xff);
    let len = Header::parse(&header).map_or(header.len(), |header| header.len());
    header.get(start.len()..len).unwrap_or_default().to_vec()
}

/// Returns what the first bytes of a header say.
fn partial_header(start: &[u8]) -> String {
    let mut padded = [0; MAX_HEADER_LEN];
    for (to, from) in padded.iter_mut().zip(start) {
        *to = *from;
    }
    let Ok(header) = Header::parse(&padded) else { return String::new() };
    let first = first_byte(&header);
    if start.len() < 2 {
        return first;
    }
    let mask = u8::from(header.masking_key.is_some());
    let end = header.length_form.header_len(false);
    if start.len() < end {
        let bytes = byte_count(header.length_form.extra_bytes() as u64);
        return format!("{first}, MASK {mask}; the length is in the next {bytes}");
    }
    let there = start.len().saturating_sub(end);
    format!("{}; {there} of the key's 4 bytes", with_length(&header))
}

fn unfinished(header: &Header, there: u64) -> String {
    let all = header.payload_len.get();
    let there = group_thousands(there);
    format!("{}; {there} of {} of payload", with_length(header), byte_count(all))
}

fn whole_header(header: &Header) -> String {
    format!("{}; the frame is complete", with_length(header))
}

fn with_length(header: &Header) -> String {
    let mask = u8::from(header.masking_key.is_some());
    let len = group_thousands(header.payload_len.get());
    let form = match header.length_form {
        LengthForm::Bits7 => "",
        LengthForm::Bits16 => " in two bytes",
        LengthForm::Bits64 => " in eight bytes",
    };
    format!("{}, MASK {mask}, length {len}{form}", first_byte(header))
}

fn first_byte(header: &Header) -> String {
    let opcode = header.opcode;
    format!("FIN {}, opcode 0x{:X} ({opcode})", u8::from(header.fin), opcode.bits())
}

/// Leaves out a last digit that has no second one yet, and a prefix without digits.
fn without_open_digit(text: &str) -> &str {
    let text = text.trim_end();
    let before = text.trim_end_matches(|char: char| char.is_ascii_hexdigit());
    let digits = text.len().saturating_sub(before.len());
    let settled = if digits.is_multiple_of(2) {
        text
    } else {
        text.get(..text.len().saturating_sub(1)).unwrap_or(text)
    };
    let prefixes = ["0x", "0X", "\\x"];
    prefixes.iter().find_map(|prefix| settled.strip_suffix(prefix)).unwrap_or(settled)
}
