//! Checks the decoder and the handshake with the vectors of `tests/vectors/`: whole, byte by byte,
//! in threes, and at the very byte after which each fault is certain. The `doc` in each file
//! explains the format.

pub(super) mod frames;
mod handshakes;

use serde_json::Value;

fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub(super) fn frames_file() -> Value {
    file(include_str!("../../../../tests/vectors/frames.json"))
}

fn handshakes_file() -> Value {
    file(include_str!("../../../../tests/vectors/handshakes.json"))
}

pub(super) fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

pub(super) fn case_bytes(case: &Value) -> Vec<u8> {
    let mut bytes = unhex(text(&case["hex"]));
    for unit in [&case["repeat"], &case["insert"]].into_iter().filter(|unit| !unit.is_null()) {
        bytes.extend(unhex(text(&unit["unit_hex"])).repeat(number(&unit["times"]) as usize));
    }
    bytes.extend(unhex(text(&case["hex_after"])));
    bytes
}

fn chunks(len: usize) -> Vec<usize> {
    if len < 5000 { vec![len.max(1), 1, 3] } else { vec![len, 4096] }
}
