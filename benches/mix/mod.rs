//! The traffic that the figures are measured with: masked text frames, 80 % of 20 to 125 bytes, the
//! rest up to 1,000 and mostly short, and a few of 64 KiB. The same bytes on every run.

pub(crate) mod capture;
pub(crate) mod dice;

use dice::Dice;
use wiretalk::wire::Opcode;
use wiretalk::wire::frame::encode;

/// One in so many frames has 64 KiB.
const LARGE_EVERY: u64 = 16_384;

/// What people send: JSON, mostly ASCII.
const TEXT: &str = r#"{"id":41,"channel":"prices","symbol":"WIRE","bid":101.25,"ask":101.5,"at":"2017-08-18T10:30:00Z","note":"Zürich, 12 °C"} "#;

/// The frames one by one, without end.
pub(crate) fn frames(seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut dice = Dice(seed);
    std::iter::repeat_with(move || {
        let length = match dice.within(0, LARGE_EVERY - 1) {
            0 => 64 * 1024,
            roll if roll % 5 == 0 => (0..5).map(|_| dice.within(126, 1_000)).min().unwrap_or(126),
            _ => dice.within(20, 125),
        };
        let key = (dice.roll() as u32 | 1).to_be_bytes();
        encode::single_frame(Opcode::Text, text(length as usize, &mut dice).as_bytes(), Some(key))
    })
}

/// `length` bytes of text, cut at a character and filled up with blanks.
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
