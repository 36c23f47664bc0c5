//! Writes the traffic as a capture of one connection: the handshake, frames of the client, and both
//! Closes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use wiretalk::capture::{ConnectionEnd, PcapngWriter};
use wiretalk::wire::Side;

use super::dice::Dice;

/// The number of frames, without the Closes, for a file of 41 MB.
pub(crate) const FRAMES: u64 = 209_000;

const REQUEST: &[u8] =
    b"GET /feed HTTP/1.1\r\nHost: 192.0.2.2:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const RESPONSE: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Writes `frames` frames as pcapng.
pub(crate) fn write(file: File, frames: u64) -> io::Result<()> {
    let mut writer = PcapngWriter::new(Lazy(BufWriter::with_capacity(1 << 20, file)), None)?;
    let mut dice = Dice(0x5749_5245);
    let mut at = Duration::from_secs(1_700_000_000);
    let flow = writer.open(([192, 0, 2, 1], 50_123).into(), ([192, 0, 2, 2], 9_001).into(), at)?;
    writer.write_data(flow, Side::Client, at, REQUEST)?;
    writer.write_data(flow, Side::Server, at, RESPONSE)?;
    for frame in super::frames(1).take(usize::try_from(frames).unwrap_or(usize::MAX)) {
        // Between 1 and 200 µs apart.
        at += Duration::from_nanos(dice.within(1_000, 200_000));
        writer.write_data(flow, Side::Client, at, &frame)?;
    }
    // A masked Close with code 1000 (03 e8), and the unmasked answer.
    writer.write_data(flow, Side::Client, at, &[0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2])?;
    writer.write_data(flow, Side::Server, at, &[0x88, 0x02, 0x03, 0xe8])?;
    writer.close(flow, ConnectionEnd::Closed(Side::Server), at)?;
    writer.into_inner().0.flush()
}

/// A buffer that ignores `flush`. The writer flushes every block, so that a crash loses none; that
/// would be a system call for each of a million frames.
struct Lazy(BufWriter<File>);

impl Write for Lazy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
