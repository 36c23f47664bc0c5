//! [`BlockBuffer`]: pcapng blocks in memory, in little-endian order, until the file takes them.

use crate::capture::packets::packet_comment::COMMENT_OPTION;
use crate::wire::ByteLen;

/// `LINKTYPE_RAW`: packets begin with the IP header.
const RAW_IP: u16 = 101;

const END_OF_OPTIONS: u16 = 0;
const SHB_USER_APPLICATION: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TIME_RESOLUTION: u16 = 9;

/// Whole blocks that are still to be written.
#[derive(Debug, Default)]
pub(super) struct BlockBuffer {
    blocks: Vec<u8>,
}

impl BlockBuffer {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.blocks
    }

    pub(super) fn clear(&mut self) {
        self.blocks.clear();
    }

    /// Adds the header of a section with a comment.
    pub(super) fn add_section(&mut self, comment: &str) {
        self.add(0x0a0d_0d0a, |body| {
            body.extend_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
            body.extend_from_slice(&[1, 0, 0, 0]);
            // The section length is unknown (all bits set), because the section is still growing.
            body.extend_from_slice(&[0xff; 8]);
            add_option(body, COMMENT_OPTION, comment.as_bytes());
            let program = concat!("wiretalk ", env!("CARGO_PKG_VERSION"));
            add_option(body, SHB_USER_APPLICATION, program.as_bytes());
            add_option(body, END_OF_OPTIONS, b"");
        });
    }

    /// Adds the lines of a TLS key log.
    pub(super) fn add_secrets(&mut self, lines: &str) {
        self.add(10, |body| {
            body.extend_from_slice(&0x544c_534b_u32.to_le_bytes());
            body.extend_from_slice(&length(lines.as_bytes()).to_le_bytes());
            body.extend_from_slice(lines.as_bytes());
            pad(body);
        });
    }

    /// Adds an interface of packets of raw IP, with times in nanoseconds.
    pub(super) fn add_interface(&mut self, name: &str) {
        self.add(1, |body| {
            body.extend_from_slice(&RAW_IP.to_le_bytes());
            body.extend_from_slice(&[0; 6]);
            add_option(body, IF_NAME, name.as_bytes());
            add_option(body, IF_TIME_RESOLUTION, &[9]);
            add_option(body, END_OF_OPTIONS, b"");
        });
    }

    /// Adds a packet of the first interface; `nanos` counts since 1970.
    pub(super) fn add_packet(&mut self, nanos: u64, packet: &[u8], comments: &[String]) {
        // The upper half comes first, and each half is in the file's byte order.
        let [low, high] = halves(nanos);
        let len = length(packet).to_le_bytes();
        self.add(6, |body| {
            body.extend_from_slice(&[0; 4]);
            body.extend_from_slice(&high);
            body.extend_from_slice(&low);
            body.extend_from_slice(&len);
            body.extend_from_slice(&len);
            body.extend_from_slice(packet);
            pad(body);
            for comment in comments {
                add_option(body, COMMENT_OPTION, comment.as_bytes());
            }
            if !comments.is_empty() {
                add_option(body, END_OF_OPTIONS, b"");
            }
        });
    }

    /// Adds a block, whose length comes before and after its body.
    fn add(&mut self, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
        let start = self.blocks.len();
        self.blocks.extend_from_slice(&kind.to_le_bytes());
        self.blocks.extend_from_slice(&[0; 4]);
        body(&mut self.blocks);
        let block = self.blocks.get_mut(start..).unwrap_or_default();
        let len = length(block).saturating_add(4).to_le_bytes();
        for (place, byte) in block.iter_mut().skip(4).zip(len) {
            *place = byte;
        }
        self.blocks.extend_from_slice(&len);
    }
}

/// Converts a length for the format. Nothing that is written here exceeds 32 bits.
pub(super) fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// Returns the lower and the upper half of a number, each in little-endian order.
fn halves(number: u64) -> [[u8; 4]; 2] {
    let [a, b, c, d, high @ ..] = number.to_le_bytes();
    [[a, b, c, d], high]
}

/// Returns the total length of the blocks that are complete within the first `taken` bytes.
pub(super) fn whole(blocks: &[u8], taken: usize) -> usize {
    let mut end: usize = 0;
    // A block's length follows its type.
    while let Some(len) = blocks.get(end.saturating_add(4)..).and_then(|rest| rest.first_chunk()) {
        let next =
            end.saturating_add(ByteLen::new(u32::from_le_bytes(*len).into()).to_usize_saturating());
        if next > taken || next == end {
            break;
        }
        end = next;
    }
    end
}

/// Pads to a multiple of 32 bits, at which every block and option begins.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

/// Adds an option. A value beyond 64 KiB loses its end.
fn add_option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&len.to_le_bytes());
    body.extend_from_slice(value.get(..len.into()).unwrap_or(value));
    pad(body);
}
