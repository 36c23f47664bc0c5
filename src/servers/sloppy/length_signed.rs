//! The echo of the path `length-signed`, which reads a length of 64 bits as a signed number, as
//! several servers did. It dies of a negative one, so it runs in a process of its own.

use std::io::{self, Read, Write};

use crate::wire::frame::encode;
use crate::wire::frame::mask;
use crate::wire::{Header, Opcode};

/// The largest message, in bytes. It is signed, like the lengths that are compared with it.
const MAX_MESSAGE: i64 = 64 << 10;

/// Echoes frames, without a handshake, until a Close, the end of `input`, or a frame that is too
/// large.
///
/// # Errors
/// Fails if `output` cannot be written.
///
/// # Panics
/// Panics at a length whose top bit is set: that is the misbehavior.
pub fn echo(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    while let Ok([first, second]) = read_array::<2>(&mut input) {
        let length = match second & 0x7f {
            126 => i64::from(u16::from_be_bytes(read_array(&mut input)?)),
            127 => i64::from_be_bytes(read_array(&mut input)?),
            short => i64::from(short),
        };
        // The limit is checked, and does not help: a negative number is below every limit.
        if length > MAX_MESSAGE {
            return Ok(());
        }
        let key = if second & 0x80 == 0 { None } else { Some(read_array(&mut input)?) };
        let length = usize::try_from(length).expect("a length is not negative");
        let mut payload = vec![0; length];
        input.read_exact(&mut payload)?;
        if let Some(key) = key {
            payload = mask::unmask(&payload, key);
        }
        let opcode = match Opcode::from_bits(first & 0x0f) {
            Opcode::Ping => Opcode::Pong,
            Opcode::Pong => continue,
            opcode => opcode,
        };
        let len = u64::try_from(length).unwrap_or(u64::MAX);
        let header = Header { fin: first & 0x80 != 0, ..Header::new(opcode, len) };
        output.write_all(&encode::frame(&header, &payload))?;
        output.flush()?;
        if opcode == Opcode::Close {
            return Ok(());
        }
    }
    Ok(())
}

fn read_array<const LEN: usize>(input: &mut impl Read) -> io::Result<[u8; LEN]> {
    let mut bytes = [0; LEN];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

    fn echoed(input: &[u8]) -> Vec<u8> {
        let mut output = Vec::new();
        echo(input, &mut output).unwrap();
        output
    }

    #[test]
    fn ordinary_frames_are_echoed_and_longer_ones_are_not() {
        assert_eq!(echoed(HELLO), b"\x81\x05Hello");
        assert_eq!(echoed(b"\x89\x80\x01\x02\x03\x04"), b"\x8a\x00");
        assert_eq!(echoed(b"\x88\x80\x01\x02\x03\x04\x81\x00"), b"\x88\x00", "nothing after Close");
        assert_eq!(echoed(b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x01"), b"");
    }

    #[test]
    fn the_top_bit_of_a_length_kills_it() {
        let frame = b"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x05\x0a\x0b\x0c\x0d";
        let died = catch_unwind(AssertUnwindSafe(|| echoed(frame)));
        assert!(died.is_err());
    }
}
