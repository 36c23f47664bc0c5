//! [`Section`]: what a pcapng block means, given the blocks of its section before it.
//! Where blocks begin and end is the business of [`super::packets`].
//!
//! The format: draft-ietf-opsawg-pcapng.

use super::packets::{Item, Order, Packet};

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
    /// A section header tells the byte order, in its own body, before its length can be read.
    pub(super) fn order_of(&mut self, head: &[u8], at: u64) -> Result<(), String> {
        if self.order.u32(head, 0) != SECTION_HEADER {
            return Ok(());
        }
        self.order = match head[8..12] {
            [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
            [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
            _ => {
                return Err(format!(
                    "the section at byte {at} has no byte-order magic; right would be 1a 2b 3c 4d or 4d 3c 2b 1a"
                ));
            }
        };
        self.interfaces.clear();
        Ok(())
    }

    /// What a whole block says. `at` is its place in the file.
    pub(super) fn read<'a>(&mut self, block: &'a [u8], at: u64) -> Item<'a> {
        let order = self.order;
        let body = &block[8..block.len() - 4];
        let packet = match order.u32(block, 0) {
            INTERFACE => return self.interface(body, at).map_or(Item::Nothing, Item::Odd),
            ENHANCED_PACKET if body.len() >= 20 => {
                let id = order.u32(body, 0) as usize;
                self.timed(id, body, at)
            }
            OLD_PACKET if body.len() >= 20 => {
                let id = usize::from(order.u16(body, 0));
                self.timed(id, body, at)
            }
            SIMPLE_PACKET if body.len() >= 4 => self.simple(body, at),
            SECRETS if body.len() >= 8 => return secrets(order, body, at),
            OLD_PACKET | SIMPLE_PACKET | ENHANCED_PACKET | SECRETS => {
                Err(format!("the block at byte {at} is shorter than its fields"))
            }
            _ => return Item::Nothing,
        };
        packet.map_or_else(Item::Odd, Item::Packet)
    }

    /// Something odd, or nothing.
    fn interface(&mut self, body: &[u8], at: u64) -> Option<String> {
        if body.len() < 8 {
            return Some(format!("the interface at byte {at} is shorter than its fields"));
        }
        if self.interfaces.len() >= MOST_INTERFACES {
            return Some(format!("the interface at byte {at} is one too many: {MOST_INTERFACES} are read"));
        }
        let mut interface = Interface {
            link: self.order.u16(body, 0),
            snap: self.order.u32(body, 4),
            clock: Clock::Decimal(6),
            offset: 0,
        };
        let mut options = &body[8..];
        while options.len() >= 4 {
            let (code, len) = (self.order.u16(options, 0), usize::from(self.order.u16(options, 2)));
            let Some(value) = options.get(4..4 + len) else { break };
            match (code, value) {
                (0, _) => break,
                (9, [bits]) if bits & 0x80 == 0 => interface.clock = Clock::Decimal(*bits),
                (9, [bits]) => interface.clock = Clock::Binary(bits & 0x7f),
                (14, value) if value.len() == 8 => interface.offset = self.seconds(value),
                _ => {}
            }
            options = options.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        }
        self.interfaces.push(interface);
        None
    }

    fn seconds(&self, value: &[u8]) -> i64 {
        let (first, second) = (self.order.u32(value, 0), self.order.u32(value, 4));
        let (high, low) = if self.order == Order::Big { (first, second) } else { (second, first) };
        (u64::from(high) << 32 | u64::from(low)) as i64
    }

    fn timed<'a>(&mut self, id: usize, body: &'a [u8], at: u64) -> Result<Packet<'a>, String> {
        let interface = self.interfaces.get(id).ok_or_else(|| unknown_interface(id, at))?;
        let stamp = u64::from(self.order.u32(body, 4)) << 32 | u64::from(self.order.u32(body, 8));
        let len = self.order.u32(body, 12) as usize;
        let bytes = body.get(20..).and_then(|rest| rest.get(..len)).ok_or_else(|| {
            format!(
                "the packet at byte {at} claims {len} bytes, more than its block of {} holds",
                body.len() - 20
            )
        })?;
        self.last = interface.nanos(stamp);
        Ok(Packet { link: interface.link, at: self.last, bytes, place: at + 28 })
    }

    fn simple<'a>(&self, body: &'a [u8], at: u64) -> Result<Packet<'a>, String> {
        let interface = self.interfaces.first().ok_or_else(|| unknown_interface(0, at))?;
        let mut len = (self.order.u32(body, 0) as usize).min(body.len() - 4);
        if interface.snap != 0 {
            len = len.min(interface.snap as usize);
        }
        Ok(Packet { link: interface.link, at: self.last, bytes: &body[4..4 + len], place: at + 12 })
    }
}

impl Interface {
    /// Nanoseconds since 1970.
    fn nanos(&self, stamp: u64) -> u64 {
        let stamp = u128::from(stamp);
        let nanos = match self.clock {
            Clock::Decimal(digits @ 0..=9) => stamp * 10_u128.pow(9 - u32::from(digits)),
            Clock::Decimal(digits) => stamp / 10_u128.pow(u32::from(digits - 9).min(30)),
            Clock::Binary(bits) => (stamp * 1_000_000_000).checked_shr(u32::from(bits)).unwrap_or(0),
        };
        let offset = i128::from(self.offset) * 1_000_000_000;
        u64::try_from(i128::try_from(nanos).unwrap_or(i128::MAX).saturating_add(offset).max(0))
            .unwrap_or(u64::MAX)
    }
}

fn secrets(order: Order, body: &[u8], at: u64) -> Item<'_> {
    let (kind, len) = (order.u32(body, 0), order.u32(body, 4) as usize);
    if kind != TLS_KEY_LOG {
        return Item::Nothing;
    }
    let short =
        || Item::Odd(format!("the secrets at byte {at} claim {len} bytes, more than their block holds"));
    body[8..].get(..len).map_or_else(short, Item::Secrets)
}

fn unknown_interface(id: usize, at: u64) -> String {
    format!("the packet at byte {at} names interface {id}, which the file has not described")
}
