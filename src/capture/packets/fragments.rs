//! [`Defragmenter`]: puts the fragments of IP datagrams together (RFC 791 section 3.2, RFC 8200
//! section 4.5). Each byte keeps its place in the file.
//!
//! Memory is bounded: at most [`MAX_DATAGRAMS`] are awaited, with [`MAX_HELD_BYTES`] and for
//! [`MAX_AGE_NANOS`] of the capture's time. What is given up is read as far as it was captured.
//! Fragments of IPv4 may overlap (RFC 791 section 3.2); where they contradict each other, nobody
//! knows what the receiver read, and the datagram is dropped. In IPv6 any overlap costs the datagram,
//! because only an attacker sends it (RFC 5722).

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::iter;
use std::net::IpAddr;
use std::num::Saturating;
use std::ops::Range;

use crate::capture::packets::headers::{self, DatagramKey, IpFragment, ParsedPacket};
use crate::capture::packets::packet::{ByteRun, PacketBytes};
use crate::capture::packets::packet_comment::PacketComments;

/// The maximum number of datagrams that are remembered, whole ones included.
const MAX_DATAGRAMS: usize = 4096;
/// The maximum number of bytes of incomplete datagrams, with what their fragments take besides.
const MAX_HELD_BYTES: usize = 16 << 20;
/// The time after which a datagram is given up, in nanoseconds. It is the 30 seconds of Linux;
/// RFC 8200 allows 60 from the first fragment.
const MAX_AGE_NANOS: u64 = 30_000_000_000;
/// What a fragment takes in memory besides its bytes.
const FRAGMENT_OVERHEAD: usize = 128;

/// The datagrams of which not all fragments have been read.
#[derive(Debug, Default)]
pub(in crate::capture) struct Defragmenter {
    datagrams: HashMap<DatagramKey, PartialDatagram>,
    /// The datagrams in the order of their first fragments, with their numbers.
    order: VecDeque<(u64, DatagramKey)>,
    next_number: u64,
    held_bytes: usize,
    /// The number of datagrams that were given up because a fragment was missing.
    pub(in crate::capture) incomplete: Saturating<u64>,
    /// The number of datagrams that were dropped because fragments contradicted each other, or
    /// overlapped in IPv6.
    pub(in crate::capture) overlapping: Saturating<u64>,
}

/// A datagram as far as it was captured.
#[derive(Debug)]
pub(in crate::capture) struct Datagram {
    key: DatagramKey,
    /// When its last fragment was captured, in nanoseconds since 1970.
    pub(in crate::capture) captured_at: u64,
    /// Its payload. Bytes that were not captured are zeros, and in no run.
    bytes: Vec<u8>,
    runs: Vec<ByteRun>,
    headers: usize,
}

impl Datagram {
    /// Parses the headers in the payload.
    pub(in crate::capture) fn parse(&self) -> ParsedPacket<'_> {
        let payload = self.bytes.get(..self.bytes().prefix_len()).unwrap_or_default();
        headers::parse_datagram(&self.key, payload, self.bytes.len(), self.headers)
    }

    /// Returns the payload with the places of its bytes.
    pub(in crate::capture) fn bytes(&self) -> PacketBytes<'_> {
        PacketBytes { bytes: &self.bytes, runs: &self.runs, comments: PacketComments::NONE }
    }
}

#[derive(Debug)]
struct PartialDatagram {
    number: u64,
    /// When its first fragment was captured, in nanoseconds since 1970.
    started_at: u64,
    captured_at: u64,
    state: DatagramState,
    /// In the order of their positions, without overlap.
    fragments: Vec<HeldFragment>,
    /// The fragments as they came.
    seen: HashSet<FragmentIdentity>,
    /// The length of the payload, once the last fragment has been read.
    len: Option<usize>,
    /// The sum of the fragments' lengths.
    have: usize,
    headers: usize,
}

/// Whether fragments of a datagram are still awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DatagramState {
    Awaited,
    /// It was whole. Its fragments are remembered without their bytes, because a capture at two
    /// places has each of them twice.
    Whole,
    /// Its fragments contradicted each other, so further ones are dropped too (RFC 5722 section 4).
    Dropped,
}

/// The place of a fragment and a digest of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FragmentIdentity {
    start: usize,
    len: usize,
    digest: u64,
}

#[derive(Debug)]
struct HeldFragment {
    start: usize,
    /// The number of its bytes, of which fewer may have been captured.
    len: usize,
    bytes: Vec<u8>,
    /// The places of `bytes`.
    runs: Vec<ByteRun>,
}

impl HeldFragment {
    fn end(&self) -> usize {
        self.start.saturating_add(self.len)
    }

    /// Whether `fragment` has other bytes at the same place, as far as both were captured.
    fn contradicts(&self, fragment: &IpFragment<'_>) -> bool {
        let start = self.start.max(fragment.start);
        let own = self.bytes.get(start.saturating_sub(self.start)..).unwrap_or_default();
        let other = fragment.bytes.get(start.saturating_sub(fragment.start)..).unwrap_or_default();
        own.iter().zip(other).any(|(one, other)| one != other)
    }
}

/// What to do with a fragment of a known datagram.
enum Fit {
    /// It has these parts of the payload, and what other fragments have too.
    Fills(Vec<Range<usize>>),
    /// The same fragment was captured before.
    Repeated,
    /// It contradicts the other fragments.
    Conflict,
}

impl Defragmenter {
    /// Takes a fragment of `packet` that was captured at `captured_at`, in nanoseconds since 1970.
    /// Returns the datagram if it is whole now.
    pub(in crate::capture) fn add(
        &mut self,
        fragment: &IpFragment<'_>,
        packet: PacketBytes<'_>,
        captured_at: u64,
    ) -> Option<Datagram> {
        let identity = FragmentIdentity::new(fragment);
        let is_ipv6 = fragment.key.between.iter().any(IpAddr::is_ipv6);
        let number = self.next_number;
        let datagram = self.datagrams.entry(fragment.key).or_insert_with(|| {
            self.order.push_back((number, fragment.key));
            self.next_number = number.saturating_add(1);
            PartialDatagram::new(number, captured_at)
        });
        let parts = match datagram.fit(fragment, identity, is_ipv6) {
            Fit::Repeated => return None,
            // Identifications are used again, so this is the beginning of another datagram.
            Fit::Conflict if datagram.state == DatagramState::Whole => {
                self.order.push_back((self.next_number, fragment.key));
                *datagram = PartialDatagram::new(self.next_number, captured_at);
                self.next_number = self.next_number.saturating_add(1);
                let end = fragment.start.saturating_add(fragment.len);
                iter::once(fragment.start..end).collect()
            }
            Fit::Conflict => {
                if datagram.state == DatagramState::Awaited {
                    self.overlapping += 1;
                }
                self.held_bytes = self.held_bytes.saturating_sub(datagram.held_bytes());
                datagram.fragments.clear();
                datagram.seen.clear();
                datagram.state = DatagramState::Dropped;
                return None;
            }
            Fit::Fills(parts) => parts,
        };
        let before = datagram.held_bytes();
        datagram.seen.insert(identity);
        datagram.insert(parts, fragment, packet);
        datagram.captured_at = captured_at;
        let whole = (datagram.len == Some(datagram.have)).then(|| datagram.take(fragment.key));
        if whole.is_some() {
            datagram.state = DatagramState::Whole;
        }
        let after = datagram.held_bytes();
        self.held_bytes = self.held_bytes.saturating_sub(before).saturating_add(after);
        whole
    }

    /// Returns the oldest datagram if it has been awaited for too long at the time `now`, in
    /// nanoseconds since 1970, or if memory is short.
    pub(in crate::capture) fn give_up_old(&mut self, now: u64) -> Option<Datagram> {
        // Nearly all captures have no fragments, and this is asked for each packet.
        while let Some((_, key)) = self.order.front() {
            let age = self
                .datagrams
                .get(key)
                .map_or(u64::MAX, |oldest| now.saturating_sub(oldest.started_at));
            let crowded = self.order.len() > MAX_DATAGRAMS || self.held_bytes > MAX_HELD_BYTES;
            if age <= MAX_AGE_NANOS && !crowded {
                return None;
            }
            if let Some(datagram) = self.remove_oldest() {
                return Some(datagram);
            }
        }
        None
    }

    /// Returns the oldest datagram that is still awaited, because the capture has ended.
    pub(in crate::capture) fn give_up(&mut self) -> Option<Datagram> {
        while !self.order.is_empty() {
            if let Some(datagram) = self.remove_oldest() {
                return Some(datagram);
            }
        }
        None
    }

    /// Forgets the oldest datagram, and returns what there is of it if it was awaited.
    fn remove_oldest(&mut self) -> Option<Datagram> {
        let (number, key) = self.order.pop_front()?;
        // Another datagram with the same key may have taken its place.
        if self.datagrams.get(&key)?.number != number {
            return None;
        }
        let mut datagram = self.datagrams.remove(&key)?;
        self.held_bytes = self.held_bytes.saturating_sub(datagram.held_bytes());
        if datagram.state != DatagramState::Awaited {
            return None;
        }
        self.incomplete += 1;
        Some(datagram.take(key))
    }
}

impl PartialDatagram {
    fn new(number: u64, started_at: u64) -> Self {
        Self {
            number,
            started_at,
            captured_at: started_at,
            state: DatagramState::Awaited,
            fragments: Vec::new(),
            seen: HashSet::new(),
            len: None,
            have: 0,
            headers: 0,
        }
    }

    fn held_bytes(&self) -> usize {
        let bytes = self.fragments.iter().map(|fragment| fragment.bytes.len());
        let count = self.fragments.len().max(self.seen.len());
        bytes.fold(count.saturating_mul(FRAGMENT_OVERHEAD), usize::saturating_add)
    }

    fn fit(&self, fragment: &IpFragment<'_>, identity: FragmentIdentity, is_ipv6: bool) -> Fit {
        if self.seen.contains(&identity) {
            return Fit::Repeated;
        }
        let end = fragment.start.saturating_add(fragment.len);
        // There is one end, and nothing is behind it.
        let farthest = self.fragments.last().map_or(0, HeldFragment::end);
        let is_other_end = |whole| end > whole || !fragment.more && end < whole;
        let has_other_end = self.len.is_some_and(is_other_end) || !fragment.more && farthest > end;
        if has_other_end || self.state != DatagramState::Awaited {
            return Fit::Conflict;
        }
        let (mut free, mut start) = (Vec::new(), fragment.start);
        let first = self.fragments.partition_point(|held| held.end() <= start);
        let behind = self.fragments.get(first..).unwrap_or_default();
        for held in behind.iter().take_while(|held| held.start < end) {
            if is_ipv6 || held.contradicts(fragment) {
                return Fit::Conflict;
            }
            free.push(start..held.start);
            start = held.end();
        }
        free.push(start..end);
        free.retain(|part| !part.is_empty());
        Fit::Fills(free)
    }

    /// Inserts the `parts` of a fragment.
    fn insert(
        &mut self,
        parts: Vec<Range<usize>>,
        fragment: &IpFragment<'_>,
        packet: PacketBytes<'_>,
    ) {
        for Range { start, end } in parts {
            let skipped = start.saturating_sub(fragment.start);
            let len = end.saturating_sub(start);
            let captured = fragment.bytes.get(skipped..).unwrap_or_default();
            let bytes = captured.get(..len).unwrap_or(captured).to_vec();
            let pieces = packet.pieces(fragment.offset.saturating_add(skipped), bytes.len());
            let runs = pieces.map(|piece| piece.run()).collect();
            let index = self.fragments.partition_point(|held| held.start < start);
            let held = HeldFragment { start, len, bytes, runs };
            self.fragments.insert(index.min(self.fragments.len()), held);
            self.have = self.have.saturating_add(len);
        }
        if !fragment.more {
            self.len = Some(fragment.start.saturating_add(fragment.len));
        }
        self.headers = self.headers.max(fragment.headers);
    }

    /// Joins the fragments and forgets their bytes.
    fn take(&mut self, key: DatagramKey) -> Datagram {
        let farthest = self.fragments.last().map_or(0, HeldFragment::end);
        let mut bytes = vec![0; self.len.unwrap_or(farthest)];
        let mut runs = Vec::with_capacity(self.fragments.len());
        for fragment in &mut self.fragments {
            let target = bytes.get_mut(fragment.start..).unwrap_or_default();
            for (to, from) in target.iter_mut().zip(std::mem::take(&mut fragment.bytes)) {
                *to = from;
            }
            let of_fragment = std::mem::take(&mut fragment.runs).into_iter();
            runs.extend(
                of_fragment
                    .map(|run| ByteRun { start: run.start.saturating_add(fragment.start), ..run }),
            );
        }
        let (captured_at, headers) = (self.captured_at, self.headers);
        Datagram { key, captured_at, bytes, runs, headers }
    }
}

impl FragmentIdentity {
    fn new(fragment: &IpFragment<'_>) -> Self {
        let mut hasher = DefaultHasher::new();
        fragment.bytes.hash(&mut hasher);
        Self { start: fragment.start, len: fragment.len, digest: hasher.finish() }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;
    use crate::capture::packets::headers::NetworkId;
    use crate::wire::Offset;

    fn key(id: u32) -> DatagramKey {
        let between = [1, 2].map(|last| Ipv4Addr::new(192, 0, 2, last).into());
        DatagramKey { network: NetworkId::default(), between, id, protocol: 6 }
    }

    fn ipv6_key() -> DatagramKey {
        DatagramKey { between: [Ipv6Addr::LOCALHOST.into(); 2], ..key(1) }
    }

    /// A fragment of a datagram of 200 bytes, whose bytes are their positions. In the file, each is
    /// at ten times its position.
    #[derive(Clone, Copy, Debug)]
    struct Part {
        start: usize,
        len: usize,
        /// How many of them were captured.
        kept: usize,
    }

    const LEN: usize = 200;

    fn part(start: usize, len: usize) -> Part {
        Part { start, len, kept: len }
    }

    fn add(defragmenter: &mut Defragmenter, id: u32, part: Part, at: u64) -> Option<Datagram> {
        add_with_key(defragmenter, key(id), part, at, 0)
    }

    /// Adds a fragment whose bytes differ from their positions in the bits of `other`.
    fn add_with_key(
        defragmenter: &mut Defragmenter,
        key: DatagramKey,
        Part { start, len, kept }: Part,
        at: u64,
        other: u8,
    ) -> Option<Datagram> {
        let bytes: Vec<u8> = (start..start + kept).map(|at| at as u8 ^ other).collect();
        let file_offset = Offset::new(start as u64 * 10);
        let run = ByteRun { start: 0, len: bytes.len(), file_offset };
        let fragment = IpFragment {
            key,
            start,
            more: start + len < LEN,
            len,
            bytes: &bytes,
            offset: 0,
            headers: 3,
        };
        let packet = PacketBytes {
            bytes: &bytes,
            runs: std::slice::from_ref(&run),
            comments: PacketComments::NONE,
        };
        defragmenter.add(&fragment, packet, at)
    }

    /// Returns the captured positions in a datagram, after checking that bytes and places fit.
    fn positions(datagram: &Datagram) -> Vec<usize> {
        let mut all = Vec::new();
        for piece in datagram.bytes().pieces(0, usize::MAX) {
            all.extend(piece.start..piece.start + piece.bytes.len());
            assert!(
                piece
                    .bytes
                    .iter()
                    .enumerate()
                    .all(|(at, byte)| { usize::from(*byte) == piece.start + at })
            );
        }
        all
    }

    #[test]
    fn a_datagram_that_lacks_a_fragment_is_given_up_after_30_seconds_with_what_there_is() {
        let mut defragmenter = Defragmenter::default();
        let begin = 5_000_000_000;
        assert!(add(&mut defragmenter, 1, part(0, 80), begin).is_none());
        assert!(add(&mut defragmenter, 1, part(160, 40), begin + 7).is_none());
        assert!(defragmenter.give_up_old(begin + MAX_AGE_NANOS).is_none());
        let datagram = defragmenter.give_up_old(begin + MAX_AGE_NANOS + 1).unwrap();
        assert_eq!(positions(&datagram), (0..80).chain(160..200).collect::<Vec<_>>());
        assert_eq!((datagram.captured_at, datagram.bytes().prefix_len()), (begin + 7, 80));
        assert_eq!((defragmenter.incomplete.0, defragmenter.held_bytes), (1, 0));
        assert!(defragmenter.give_up().is_none());
    }

    #[test]
    fn in_ipv6_overlapping_fragments_cost_the_datagram_and_later_ones_too() {
        for second in [part(72, 48), part(0, 72), part(0, 88), part(40, 8), part(80, 48)] {
            let mut defragmenter = Defragmenter::default();
            let mut add = |part| add_with_key(&mut defragmenter, ipv6_key(), part, 0, 0);
            assert!(add(part(0, 80)).is_none());
            assert!(add(part(120, 80)).is_none());
            for part in [second, part(80, 40), part(0, 200)] {
                assert!(add(part).is_none(), "{second:?}");
            }
            assert_eq!((defragmenter.overlapping.0, defragmenter.held_bytes), (1, 0));
            assert!(defragmenter.give_up().is_none());
            assert_eq!(defragmenter.incomplete.0, 0);
        }
    }

    #[test]
    fn in_ipv4_fragments_overlap_with_the_same_bytes_and_come_again() {
        let [low, middle, high] = [part(0, 80), part(72, 48), part(112, 88)];
        for parts in
            [&[middle, low, high][..], &[high, part(40, 16), middle, low], &[middle, part(0, 200)]]
        {
            let mut defragmenter = Defragmenter::default();
            let all = parts.iter().chain(parts);
            let whole: Vec<_> =
                all.filter_map(|part| add(&mut defragmenter, 1, *part, 0)).collect();
            let [datagram] = &whole[..] else { panic!("{whole:?}") };
            assert_eq!(positions(datagram), (0..LEN).collect::<Vec<_>>());
            assert_eq!((defragmenter.overlapping.0, defragmenter.incomplete.0), (0, 0));
            assert!(defragmenter.give_up().is_none());
        }
    }

    #[test]
    fn in_ipv4_other_bytes_at_the_same_place_cost_the_datagram() {
        for second in [part(0, 80), part(72, 48), part(40, 8)] {
            let mut defragmenter = Defragmenter::default();
            assert!(add(&mut defragmenter, 1, part(0, 80), 0).is_none());
            assert!(add_with_key(&mut defragmenter, key(1), second, 0, 1).is_none());
            assert!(add(&mut defragmenter, 1, part(80, 120), 0).is_none());
            assert_eq!((defragmenter.overlapping.0, defragmenter.held_bytes), (1, 0));
        }
    }

    #[test]
    fn an_identification_is_used_again_for_another_datagram() {
        let mut defragmenter = Defragmenter::default();
        assert!(add(&mut defragmenter, 1, part(0, 80), 0).is_none());
        assert!(add(&mut defragmenter, 1, part(80, 120), 0).is_some());
        // The same datagram was captured at a second place.
        assert!(add(&mut defragmenter, 1, part(0, 80), 0).is_none());
        assert!(add(&mut defragmenter, 1, part(80, 120), 0).is_none());
        assert!(add(&mut defragmenter, 1, part(0, 40), 0).is_none());
        let datagram = add(&mut defragmenter, 1, part(40, 160), 0).unwrap();
        assert_eq!(positions(&datagram), (0..LEN).collect::<Vec<_>>());
        assert!(defragmenter.give_up().is_none());
        assert_eq!((defragmenter.overlapping.0, defragmenter.incomplete.0), (0, 0));
    }

    #[test]
    fn memory_is_bounded() {
        let mut defragmenter = Defragmenter::default();
        for id in 0..100_000 {
            assert!(add(&mut defragmenter, id, part(0, 80), 0).is_none());
            while defragmenter.give_up_old(0).is_some() {}
            assert!(defragmenter.order.len() <= MAX_DATAGRAMS);
            assert!(defragmenter.datagrams.len() <= MAX_DATAGRAMS);
        }
        assert_eq!(defragmenter.held_bytes, MAX_DATAGRAMS * (80 + FRAGMENT_OVERHEAD));
        // A single datagram with many fragments.
        let mut defragmenter = Defragmenter { held_bytes: MAX_HELD_BYTES, ..Default::default() };
        assert!(add(&mut defragmenter, 1, part(0, 80), 0).is_none());
        assert!(defragmenter.give_up_old(0).is_some());
    }

    proptest! {
        /// In any order, with repeated fragments, the datagram comes out once and whole.
        #[test]
        fn fragments_in_any_order_give_the_same_datagram(
            cuts in proptest::collection::btree_set(1_usize..25, 0..8), seed in any::<u32>(),
            repeated in any::<bool>(), snap in 1_usize..400,
        ) {
            let mut starts = vec![0];
            starts.extend(cuts.into_iter().map(|cut| cut * 8));
            let ends = starts.iter().skip(1).copied().chain([LEN]);
            let mut parts: Vec<Part> = starts.iter().zip(ends).map(|(start, end)| {
                Part { kept: (end - start).min(snap), ..part(*start, end - start) }
            }).collect();
            let expected: Vec<usize> =
                parts.iter().flat_map(|part| part.start..part.start + part.kept).collect();
            if parts.len() == 1 {
                return Ok(());
            }
            parts.sort_by_key(|part| (part.start as u32 + 1).wrapping_mul(seed | 1));
            if repeated {
                parts = parts.into_iter().flat_map(|part| [part, part]).collect();
            }
            let mut defragmenter = Defragmenter::default();
            let whole: Vec<Datagram> =
                parts.iter().filter_map(|part| add(&mut defragmenter, 1, *part, 0)).collect();
            prop_assert_eq!(whole.len(), 1);
            prop_assert_eq!(positions(&whole[0]), expected);
            prop_assert_eq!(defragmenter.overlapping.0, 0);
            prop_assert!(defragmenter.give_up().is_none());
        }
    }
}
