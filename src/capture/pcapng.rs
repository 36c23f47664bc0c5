//! [`Section`]: what a pcapng block means, given the blocks of its section before it.
//! Where blocks begin and end is the business of [`super::packets`].
//!
//! The format: draft-ietf-opsawg-pcapng.

use super::packets::{Item, Order, Packet, length};
use crate::wire::Offset;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
const SECRETS: u32 = 10;

/// "TLSK": the secrets are lines of a TLS key log.
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// No capture has more interfaces; what claims to is not believed.
const MOST_INTERFACES: usize = 4096;

/// The section that is being read.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) order: Order,
    interfaces: Vec<Interface>,
    /// The time of the last packet, for those that have none.
    last: u64,
}

impl Default for Section {
    fn default() -> Self {
        Self { order: Order::Little, interfaces: Vec::new(), last: 0 }
    }
}

/// What an Interface Description Block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interface {
    link: u16,
    snap: u32,
    clock: Clock,
    /// Seconds that are added to every time.
    offset: i64,
}

/// Units of a second: `if_tsresol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    Decimal(u8),
    Binary(u8),
}

impl Section {
    /// The length of a block that begins with these three fields. A section header tells the byte order, in its own body,
    /// before that can be read.
    pub(super) fn block_len(&mut self, head: &[[u8; 4]; 3], at: Offset) -> Result<usize, String> {
        let [kind, len, magic] = head;
        // the type of a section header is the same in both orders
        if u32::from_be_bytes(*kind) == SECTION_HEADER {
            self.order = match magic {
                [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
                [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
                _ => {
                    return Err(format!(
                        "the section at byte {at} has no byte-order magic; right would be 1a 2b 3c 4d or 4d 3c 2b 1a"
                    ));
                }
            };
            self.interfaces.clear();
        }
        Ok(self.order.u32s(len).map_or(0, |([len], _)| length(len)))
    }

    /// What a whole block says. `at` is its place in the file.
    pub(super) fn read<'a>(&mut self, block: &'a [u8], at: Offset) -> Item<'a> {
        let short = || Item::Odd(format!("the block at byte {at} is shorter than its fields"));
        // its length stands before and behind its body
        let Some(([kind, _], body)) = self.order.u32s(block) else { return short() };
        let Some((body, _)) = body.split_last_chunk::<4>() else { return short() };
        let packet = match kind {
            INTERFACE => return self.interface(body, at).map_or(Item::Nothing, Item::Odd),
            ENHANCED_PACKET | OLD_PACKET => self.timed(kind, body, at),
            SIMPLE_PACKET => self.simple(body, at),
            SECRETS => return secrets(self.order, body, at).unwrap_or_else(short),
            _ => return Item::Nothing,
        };
        packet.map_or_else(short, |packet| packet.map_or_else(Item::Odd, Item::Packet))
    }

    /// Something odd, or nothing.
    fn interface(&mut self, body: &[u8], at: Offset) -> Option<String> {
        let fields = self.order.u16s(body).and_then(|([link, _], rest)| Some((link, self.order.u32s(rest)?)));
        let Some((link, ([snap], mut options))) = fields else {
            return Some(format!("the interface at byte {at} is shorter than its fields"));
        };
        if self.interfaces.len() >= MOST_INTERFACES {
            return Some(format!("the interface at byte {at} is one too many: {MOST_INTERFACES} are read"));
        }
        let mut interface = Interface { link, snap, clock: Clock::Decimal(6), offset: 0 };
        while let Some(([code, len], rest)) = self.order.u16s(options) {
            let len = usize::from(len);
            let Some(value) = rest.get(..len) else { break };
            match (code, value) {
                (0, _) => break,
                (9, [bits]) if bits & 0x80 == 0 => interface.clock = Clock::Decimal(*bits),
                (9, [bits]) => interface.clock = Clock::Binary(bits & 0x7f),
                (14, value) if value.len() == 8 => interface.offset = self.seconds(value),
                _ => {}
            }
            options = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        self.interfaces.push(interface);
        None
    }

    fn seconds(&self, value: &[u8]) -> i64 {
        let Some(([first, second], _)) = self.order.u32s(value) else { return 0 };
        let (high, low) = if self.order == Order::Big { (first, second) } else { (second, first) };
        stamp(high, low).cast_signed()
    }

    /// A packet with an interface and a time, in a block of either kind; none where the block is too short for that.
    fn timed<'a>(&mut self, kind: u32, body: &'a [u8], at: Offset) -> Option<Result<Packet<'a>, String>> {
        let ([id, high, low, claimed, _], data) = self.order.u32s(body)?;
        let id =
            if kind == OLD_PACKET { self.order.u16s(body).map(|([id], _)| id.into())? } else { length(id) };
        let Some(interface) = self.interfaces.get(id) else { return Some(Err(unknown_interface(id, at))) };
        let Some(bytes) = data.get(..length(claimed)) else {
            let there = data.len();
            return Some(Err(format!(
                "the packet at byte {at} claims {claimed} bytes, more than its block of {there} holds"
            )));
        };
        self.last = interface.nanos(stamp(high, low));
        Some(Ok(Packet { link: interface.link, at: self.last, bytes, place: at + 28 }))
    }

    /// A packet without either; none where the block is too short.
    fn simple<'a>(&self, body: &'a [u8], at: Offset) -> Option<Result<Packet<'a>, String>> {
        let ([len], data) = self.order.u32s(body)?;
        let Some(interface) = self.interfaces.first() else { return Some(Err(unknown_interface(0, at))) };
        let snap = if interface.snap == 0 { usize::MAX } else { length(interface.snap) };
        let (bytes, _) = data.split_at(length(len).min(snap).min(data.len()));
        Some(Ok(Packet { link: interface.link, at: self.last, bytes, place: at + 12 }))
    }
}

/// A number of 64 bits that stands in two halves.
fn stamp(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

impl Interface {
    /// Nanoseconds since 1970.
    fn nanos(&self, stamp: u64) -> u64 {
        let stamp = u128::from(stamp);
        let nanos = match self.clock {
            Clock::Decimal(digits) => match 9_u32.checked_sub(digits.into()) {
                Some(fewer) => stamp.saturating_mul(10_u128.saturating_pow(fewer)),
                // more digits than a stamp has leave nothing of it
                None => stamp
                    .checked_div(10_u128.saturating_pow(u32::from(digits).saturating_sub(9)))
                    .unwrap_or_default(),
            },
            Clock::Binary(bits) => {
                stamp.saturating_mul(1_000_000_000).checked_shr(bits.into()).unwrap_or_default()
            }
        };
        let offset = i128::from(self.offset).saturating_mul(1_000_000_000);
        let nanos = i128::try_from(nanos).unwrap_or(i128::MAX).saturating_add(offset);
        u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)
    }
}

/// Lines of a key log, or something odd; none where the block is too short for its fields.
fn secrets(order: Order, body: &[u8], at: Offset) -> Option<Item<'_>> {
    let ([kind, len], data) = order.u32s(body)?;
    if kind != TLS_KEY_LOG {
        return Some(Item::Nothing);
    }
    let short =
        || Item::Odd(format!("the secrets at byte {at} claim {len} bytes, more than their block holds"));
    Some(data.get(..length(len)).map_or_else(short, Item::Secrets))
}

fn unknown_interface(id: usize, at: Offset) -> String {
    format!("the packet at byte {at} names interface {id}, which the file has not described")
}
