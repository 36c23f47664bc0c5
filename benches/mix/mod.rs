//! The traffic of the benchmarks: masked text frames. 80 % have 20 to 125 bytes, most others are
//! short and have up to 1,000 bytes, and a few have 64 KiB. Every run has the same bytes.

pub(crate) mod capture;
pub(crate) mod dice;

use dice::Dice;
use wiretalk::wire::Opcode;
use wiretalk::wire::frame::encode;

/// One of this many frames has 64 KiB.
const LARGE_EVERY: u64 = 16_384;

/// The text that payloads are cut from: JSON, mostly ASCII.
const TEXT: &str = concat!(
    r#"{"id":41,"channel":"prices","symbol":"WIRE","bid":101.25,"ask":101.5,"#,
    r#""at":"2017-08-18T10:30:00Z","note":"Zürich, 12 °C"} "#,
);

/// Returns an endless iterator over the frames.
pub(crate) fn frames(seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut dice = Dice(seed);
    std::iter::repeat_with(move || {
        let length = match dice.within(0, LARGE_EVERY - 1) {
            0 => 64 * 1024,
            // The smallest of five numbers makes short lengths more likely.
            roll if roll % 5 == 0 => (0..5).map(|_| dice.within(126, 1_000)).min().unwrap_or(126),
            _ => dice.within(20, 125),
        };
        // Never zero, which would leave the payload unmasked.
        let key = (dice.roll() as u32 | 1).to_be_bytes();
        encode::single_frame(Opcode::Text, text(length as usize, &mut dice).as_bytes(), Some(key))
    })
}

/// Returns `length` bytes of text, cut between characters and padded with blanks.
fn text(length: usize, dice: &mut Dice) -> String {
    let start = dice.within(0, 20) as usize;
    let mut text = String::with_capacity(length + 4);
    for letter in TEXT.chars().cycle().skip(start) {
        if text.len() + letter.len_utf8() > length {
            break;
        }
        text.push(letter);
    }
    while text.len() < length {
        text.push(' ');
    }
    text
}
