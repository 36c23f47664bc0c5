//! Writes a large capture for measurements: one connection, masked text frames of ordinary sizes, the same ones each time.
//!
//! `cargo run --release --example capture -- capture.pcapng` writes 209,000 frames (41 MB);
//! `... --example capture -- large.pcapng 5200000` writes about 1 GB. A file that is there already is not overwritten.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use wiretalk::capture::{Ending, Writer};
use wiretalk::wire::Side;

const FRAMES: u64 = 209_000;

const WORDS: &[u8] = "the frame that you read says: grüße, 42, and so on; ".as_bytes();

const REQUEST: &[u8] =
    b"GET /feed HTTP/1.1\r\nHost: 192.0.2.2:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next().map(PathBuf::from) else { bail!("usage: capture FILE [FRAMES]") };
    let frames = match arguments.next() {
        Some(count) => count.parse().context("FRAMES is a number")?,
        None => FRAMES,
    };
    let file =
        std::fs::File::create_new(&path).with_context(|| format!("could not create {}", path.display()))?;
    write(Lazy(BufWriter::with_capacity(1 << 20, file)), frames)
}

/// The writer hands on every block at once, which would be a system call for each of a million frames. Here a crash may
/// lose all.
struct Lazy(BufWriter<std::fs::File>);

impl std::io::Write for Lazy {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn write(out: Lazy, frames: u64) -> anyhow::Result<()> {
    let mut writer = Writer::new(out, None)?;
    let mut dice = Dice(0x5749_5245);
    let mut at = Duration::from_secs(1_700_000_000);
    let flow = writer.open("192.0.2.1:50123".parse()?, "192.0.2.2:9001".parse()?, at)?;
    writer.data(flow, Side::Client, at, REQUEST)?;
    writer.data(flow, Side::Server, at, RESPONSE)?;
    let mut bytes = Vec::new();
    for index in 0..frames {
        at += Duration::from_nanos(1_000 + dice.below(200_000));
        bytes.clear();
        frame(&mut bytes, dice.len(index), &mut dice);
        writer.data(flow, Side::Client, at, &bytes)?;
    }
    writer.data(flow, Side::Client, at, &[0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2])?;
    writer.data(flow, Side::Server, at, &[0x88, 0x02, 0x03, 0xe8])?;
    writer.close(flow, Ending::Closed(Side::Server), at)?;
    writer.into_inner().0.flush()?;
    Ok(())
}

/// A masked text frame of words.
fn frame(out: &mut Vec<u8>, len: usize, dice: &mut Dice) {
    out.push(0x81);
    match len {
        0..=125 => out.push(0x80 | len as u8),
        126..=0xffff => {
            out.push(0xfe);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out.push(0xff);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    let key = (dice.next() as u32 | 1).to_be_bytes();
    out.extend_from_slice(&key);
    let begins = out.len();
    // a word's letters may not be cut in two: the text ends with blanks where the next round would not fit
    let rounds = len / WORDS.len();
    (0..rounds).for_each(|_| out.extend_from_slice(WORDS));
    out.resize(begins + len, b' ');
    out[begins..].iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
}

/// `SplitMix64`: numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// 80 % of 20 to 125 bytes, the rest up to 1,000 and mostly short, one in 16,384 of 64 KiB.
    fn len(&mut self, index: u64) -> usize {
        if index % 16_384 == 16_383 {
            return 1 << 16;
        }
        if self.below(10) < 8 {
            return 20 + self.below(106) as usize;
        }
        let shortest = (0..5).map(|_| self.below(875)).min().unwrap_or(0);
        126 + shortest as usize
    }
}
