//! [`Packets`]: the packets of a pcap or pcapng file, one after the other, whatever the byte order and clock.
//! What is in a packet is no question here.

use std::io::{self, Read};

use super::input::{Input, LONGEST};
use super::pcapng::Section;

/// The first four bytes of a pcap file, as a number in the file's own order: microseconds, nanoseconds.
const PCAP_MICROS: u32 = 0xa1b2_c3d4;
const PCAP_NANOS: u32 = 0xa1b2_3c4d;

/// How a number is put together from the file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Big,
    Little,
}

impl Order {
    /// The two bytes at `at`.
    ///
    /// # Panics
    ///
    /// If they are not there.
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let two = [bytes[at], bytes[at + 1]];
        if self == Self::Big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) }
    }

    /// The four bytes at `at`.
    ///
    /// # Panics
    ///
    /// If they are not there.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        if self == Self::Big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
    }
}

/// What comes next in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Packet(Packet<'a>),
    /// Lines of a TLS key log, from a Decryption Secrets Block.
    Secrets(&'a [u8]),
    /// A block that is of no interest, or only to what follows it.
    Nothing,
    /// Something is odd; reading goes on unless the file ends with it.
    Odd(String),
}

/// One captured packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// The link type (LINKTYPE_ value) of its interface.
    pub(super) link: u16,
    /// Nanoseconds since 1970.
    pub(super) at: u64,
    pub(super) bytes: &'a [u8],
    /// Where in the file its first byte stands.
    pub(super) place: u64,
}

/// The packets of one file.
#[derive(Debug)]
pub(super) struct Packets<R> {
    input: Input<R>,
    kind: Kind,
    over: bool,
}

#[derive(Debug)]
enum Kind {
    Pcap { order: Order, nanos: bool, link: u16 },
    Pcapng(Section),
}

/// A block that is whole, or what is odd about it.
enum Found {
    End,
    Whole { len: usize },
    Odd(String),
}

impl<R: Read> Packets<R> {
    /// Reads the file's first bytes; `None` if they are neither pcap nor pcapng.
    pub(super) fn new(source: R) -> io::Result<Option<Self>> {
        let mut input = Input::new(source);
        let head = input.peek(24)?;
        if head.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
            return Ok(Some(Self { input, kind: Kind::Pcapng(Section::default()), over: false }));
        }
        let Some(kind) = pcap(head) else { return Ok(None) };
        input.pass(24);
        Ok(Some(Self { input, kind, over: false }))
    }

    /// What comes next; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Item<'_>>> {
        if self.over {
            return Ok(None);
        }
        match self.kind {
            Kind::Pcap { order, nanos, link } => self.record(order, nanos, link),
            Kind::Pcapng(_) => self.block(),
        }
    }

    fn odd(&mut self, what: String) -> Item<'_> {
        self.over = true;
        Item::Odd(what)
    }

    fn record(&mut self, order: Order, nanos: bool, link: u16) -> io::Result<Option<Item<'_>>> {
        let at = self.input.at();
        let head = self.input.peek(16)?;
        if head.is_empty() {
            return Ok(None);
        }
        if head.len() < 16 {
            let what = cut_off("packet", at, 16, head.len());
            return Ok(Some(self.odd(what)));
        }
        let (seconds, fraction) = (order.u32(head, 0), order.u32(head, 4));
        let len = order.u32(head, 8) as usize;
        if len > LONGEST {
            return Ok(Some(self.odd(too_long("packet", at, len))));
        }
        let there = self.input.peek(16 + len)?.len();
        self.input.pass(16 + len);
        if there < 16 + len {
            let what = cut_off("packet", at, 16 + len, there);
            return Ok(Some(self.odd(what)));
        }
        let fraction = u64::from(fraction) * if nanos { 1 } else { 1_000 };
        let time = u64::from(seconds) * 1_000_000_000 + fraction;
        let bytes = self.input.passed(len);
        Ok(Some(Item::Packet(Packet { link, at: time, bytes, place: at + 16 })))
    }

    fn block(&mut self) -> io::Result<Option<Item<'_>>> {
        let at = self.input.at();
        let Kind::Pcapng(section) = &mut self.kind else { return Ok(None) };
        let len = match whole_block(&mut self.input, section, at)? {
            Found::End => return Ok(None),
            Found::Odd(what) => return Ok(Some(self.odd(what))),
            Found::Whole { len } => len,
        };
        self.input.pass(len);
        Ok(Some(section.read(self.input.passed(len), at)))
    }
}

/// The file header of a pcap file.
fn pcap(head: &[u8]) -> Option<Kind> {
    if head.len() < 24 {
        return None;
    }
    [Order::Big, Order::Little].into_iter().find_map(|order| {
        let nanos = match order.u32(head, 0) {
            PCAP_MICROS => false,
            PCAP_NANOS => true,
            _ => return None,
        };
        // the upper bits of the last field may hold the length of a frame check sequence
        let link = (order.u32(head, 20) & 0xffff) as u16;
        Some(Kind::Pcap { order, nanos, link })
    })
}

/// Sees to it that a whole block is in the buffer.
fn whole_block<R: Read>(input: &mut Input<R>, section: &mut Section, at: u64) -> io::Result<Found> {
    let head = input.peek(12)?;
    if head.is_empty() {
        return Ok(Found::End);
    }
    if head.len() < 12 {
        return Ok(Found::Odd(cut_off("block", at, 12, head.len())));
    }
    if let Err(what) = section.order_of(head, at) {
        return Ok(Found::Odd(what));
    }
    let len = section.order.u32(head, 4) as usize;
    if len < 12 || !len.is_multiple_of(4) {
        let what = format!(
            "the block at byte {at} claims a length of {len} bytes; right would be a multiple of 4, 12 at least: \
             nothing behind it can be read"
        );
        return Ok(Found::Odd(what));
    }
    if len > LONGEST {
        return Ok(Found::Odd(too_long("block", at, len)));
    }
    let there = input.peek(len)?.len();
    Ok(if there < len { Found::Odd(cut_off("block", at, len, there)) } else { Found::Whole { len } })
}

fn cut_off(what: &str, at: u64, len: usize, there: usize) -> String {
    format!("the file ends inside the {what} at byte {at}: {there} of its {len} bytes are there")
}

fn too_long(what: &str, at: u64, len: usize) -> String {
    format!(
        "the {what} at byte {at} claims {len} bytes, more than the {LONGEST} that are read: nothing behind it can be read"
    )
}
