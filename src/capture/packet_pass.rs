//! [`read_packets`]: reads a file of packets into connections, and counts what it could not read.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;
use std::num::Saturating;
use std::time::Duration;

use crate::capture::byte_store::Place;
use crate::capture::captured_file::{Capture, CaptureFormat, CaptureSpan, MAX_WARNINGS};
use crate::capture::error::InternalError;
use crate::capture::input::{CaptureInput, InputReader};
use crate::capture::packets::fragments::{Datagram, Defragmenter};
use crate::capture::packets::headers::{self, ParsedPacket, Unread};
use crate::capture::packets::packet::{
    ByteRun, CaptureItem, CapturedPacket, PacketBytes, PacketError,
};
use crate::capture::packets::packet_comment::PacketComments;
use crate::capture::packets::packet_reader::PacketReader;
use crate::capture::packets::time_index::{IndexedPacket, TimeIndex};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamStart};
use crate::capture::tcp::connection_table::ConnectionTable;
use crate::scope::catch_panic_sync;
use crate::text::units::{count as counted, group_thousands};

/// Reads packets, and reads them again if secrets came after the handshakes that they belong to, or in
/// the order of time if the file has another. Returns `None` if the file is shorter than its header.
pub(super) fn read_packets<S: StreamSink, M: FnMut(StreamStart) -> S>(
    input: &mut CaptureInput,
    shared: &mut ReadContext<M>,
) -> io::Result<Option<Capture<S>>> {
    let Some(pass) = PacketPass::run(input, shared)? else { return Ok(None) };
    let late =
        pass.connections.missing_secrets().any(|random| shared.key_log.has_secrets_for(&random));
    // What was read of a copy that grows must stay the beginning of what will be read later.
    let in_order = if pass.early_packets.0 == 0 || input.is_part() {
        None
    } else {
        PacketPass::run_in_order(input, shared)?
    };
    let pass = match in_order {
        Some(in_order) => Some(in_order),
        None if late => PacketPass::run(input, shared)?,
        None => Some(pass),
    };
    let Some(mut pass) = pass else { return Ok(None) };
    let (warnings, span) = (pass.all_warnings(), pass.span());
    let streams = pass.connections.finish(shared)?;
    let (format, packets) = (CaptureFormat::Packets, pass.packets.0);
    Ok(Some(Capture { format, packets, span, streams, warnings }))
}

/// One pass through a file of packets.
struct PacketPass<S> {
    connections: ConnectionTable<S>,
    defragmenter: Defragmenter,
    packets: Saturating<u64>,
    /// When the newest packet so far was captured, in nanoseconds since 1970.
    latest: u64,
    /// The number of packets that were captured before another one that precedes them in the file.
    early_packets: Saturating<u64>,
    /// Whether they are read in the order of time all the same.
    is_sorted: bool,
    /// When the first packet in the file was captured, in nanoseconds since 1970.
    first: Option<u64>,
    /// The number of packets that were lost while the file was captured, as it says itself.
    dropped: u64,
    unread: BTreeMap<Unread, Saturating<u64>>,
    warnings: Vec<String>,
    suppressed_warnings: Saturating<u64>,
}

impl<S: StreamSink> PacketPass<S> {
    fn run<M: FnMut(StreamStart) -> S>(
        input: &mut CaptureInput,
        shared: &mut ReadContext<M>,
    ) -> io::Result<Option<Self>> {
        let Some(mut packets) = PacketReader::new(input.reader()?)? else { return Ok(None) };
        let mut pass = Self::new();
        pass.guarded(|pass| pass.all(&mut packets, shared))?;
        Ok(Some(pass))
    }

    /// Reads the packets in the order of time; `None` if they are too many, or may not be moved.
    fn run_in_order<M: FnMut(StreamStart) -> S>(
        input: &mut CaptureInput,
        shared: &mut ReadContext<M>,
    ) -> io::Result<Option<Self>> {
        let Some(mut packets) = PacketReader::new(input.reader()?)? else { return Ok(None) };
        let (mut pass, mut index) = (Self::new(), TimeIndex::default());
        while let Some(item) = packets.next_item()? {
            match item {
                CaptureItem::Packet(packet) if !index.add(&packet) => return Ok(None),
                CaptureItem::Packet(packet) => pass.note_time(packet.captured_at),
                other => pass.add_item(other, shared)?,
            }
        }
        pass.dropped = packets.dropped_packets();
        pass.is_sorted = true;
        let sorted = index.sorted();
        pass.first = sorted.first().map(|packet| packet.captured_at);
        let (mut sorted, mut bytes) = (sorted.into_iter(), Vec::new());
        pass.guarded(|pass| {
            for packet in sorted.by_ref() {
                let IndexedPacket { captured_at, file_offset, len, link_type } = packet;
                bytes.clear();
                shared.backing.read(Place::File(file_offset), len, &mut bytes)?;
                let (bytes, comments) = (bytes.as_slice(), PacketComments::NONE);
                let packet =
                    CapturedPacket { link_type, captured_at, bytes, file_offset, comments };
                pass.add_packet(&packet, shared)?;
            }
            pass.finish_datagrams(shared)
        })?;
        Ok(Some(pass))
    }

    fn new() -> Self {
        Self {
            connections: ConnectionTable::default(),
            defragmenter: Defragmenter::default(),
            packets: Saturating(0),
            latest: 0,
            early_packets: Saturating(0),
            is_sorted: false,
            first: None,
            dropped: 0,
            unread: BTreeMap::new(),
            warnings: Vec::new(),
            suppressed_warnings: Saturating(0),
        }
    }

    /// Reads packets until none is left. After a panic it goes on with the next packet: only one
    /// connection has failed.
    fn guarded(&mut self, mut read: impl FnMut(&mut Self) -> io::Result<()>) -> io::Result<()> {
        loop {
            match catch_panic_sync(|| read(self)) {
                Ok(read) => return read,
                Err(panic) if self.connections.fail(&panic) => {}
                Err(panic) => return Err(io::Error::other(InternalError(panic))),
            }
        }
    }

    fn all<M: FnMut(StreamStart) -> S>(
        &mut self,
        packets: &mut PacketReader<InputReader<'_>>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        while let Some(item) = packets.next_item()? {
            self.add_item(item, shared)?;
        }
        self.dropped = packets.dropped_packets();
        self.finish_datagrams(shared)
    }

    /// Gives up the datagrams of which a fragment is missing, unless it may still come.
    fn finish_datagrams<M: FnMut(StreamStart) -> S>(
        &mut self,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        while !shared.may_grow
            && let Some(datagram) = self.defragmenter.give_up()
        {
            self.add_datagram(&datagram, shared)?;
        }
        Ok(())
    }

    fn note_time(&mut self, captured_at: u64) {
        if captured_at < self.latest {
            self.early_packets += 1;
        }
        self.latest = self.latest.max(captured_at);
        self.first.get_or_insert(captured_at);
    }

    fn add_item<M: FnMut(StreamStart) -> S>(
        &mut self,
        item: CaptureItem<'_>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        match item {
            CaptureItem::Packet(packet) => {
                self.note_time(packet.captured_at);
                self.add_packet(&packet, shared)?;
            }
            CaptureItem::Secrets(lines) => {
                shared.key_log.add_lines(lines);
            }
            // The rest of the packet is still to come.
            CaptureItem::Damaged(PacketError::Truncated { .. }) if shared.may_grow => {}
            CaptureItem::Damaged(what) => self.warn(what.to_string()),
            CaptureItem::Ignored => {}
        }
        Ok(())
    }

    fn add_packet<M: FnMut(StreamStart) -> S>(
        &mut self,
        packet: &CapturedPacket<'_>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        self.packets += 1;
        let CapturedPacket { bytes, file_offset, captured_at, link_type, comments } = *packet;
        while let Some(datagram) = self.defragmenter.give_up_old(captured_at) {
            self.add_datagram(&datagram, shared)?;
        }
        let run = ByteRun { start: 0, len: bytes.len(), file_offset };
        let places = PacketBytes { bytes, runs: std::slice::from_ref(&run), comments };
        self.add_parsed(headers::parse_packet(link_type, bytes), places, captured_at, shared)
    }

    /// Takes a datagram that came in fragments.
    fn add_datagram<M: FnMut(StreamStart) -> S>(
        &mut self,
        datagram: &Datagram,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        self.add_parsed(datagram.parse(), datagram.bytes(), datagram.captured_at, shared)
    }

    /// Takes what the headers of `packet` led to. Fragments within fragments recurse, but not
    /// deeper than a packet has headers.
    fn add_parsed<M: FnMut(StreamStart) -> S>(
        &mut self,
        parsed: ParsedPacket<'_>,
        packet: PacketBytes<'_>,
        captured_at: u64,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        match parsed {
            ParsedPacket::Segment(segment) => {
                self.connections.push(&segment, captured_at, packet, shared)?;
            }
            ParsedPacket::Fragment(fragment) => {
                if let Some(datagram) = self.defragmenter.add(&fragment, packet, captured_at) {
                    self.add_datagram(&datagram, shared)?;
                }
            }
            ParsedPacket::Unread(what) => *self.unread.entry(what).or_default() += 1,
        }
        Ok(())
    }

    fn warn(&mut self, what: String) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(what);
        } else {
            self.suppressed_warnings += 1;
        }
    }

    fn span(&self) -> Option<CaptureSpan> {
        let [start, end] = [self.first?, self.latest].map(Duration::from_nanos);
        Some(CaptureSpan { start, end })
    }

    fn all_warnings(&mut self) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        if self.suppressed_warnings.0 > 0 {
            warnings.push(format!("and {} more warnings", self.suppressed_warnings));
        }
        if self.early_packets.0 > 0 && !self.is_sorted {
            let packets = counted(self.early_packets.0, "packet");
            warnings.push(format!(
                "{packets} captured before another one that precedes it in the file"
            ));
        }
        warnings.extend(unread_warnings(&self.unread));
        warnings.extend(self.connections.failure_warnings());
        for (count, what) in [
            (
                self.defragmenter.incomplete,
                "IP datagrams of which a fragment is missing in the capture",
            ),
            (
                self.defragmenter.overlapping,
                "IP datagrams that were dropped because their fragments contradict each other, or \
                 overlap in IPv6 (RFC 5722)",
            ),
            (
                Saturating(self.dropped),
                "packets that were dropped while capturing, as the file says itself",
            ),
            (self.connections.ignored_segments, "segments of connections beyond the first 65,536"),
        ] {
            if count.0 > 0 {
                warnings.push(format!("{what}: {count}"));
            }
        }
        warnings
    }
}

/// The maximum number of protocols that have a warning of their own.
const MAX_UNREAD_WARNINGS: usize = 20;

/// Returns a warning for each kind of packet that may hide a connection, and one for all others.
fn unread_warnings(unread: &BTreeMap<Unread, Saturating<u64>>) -> Vec<String> {
    let mut kinds: Vec<_> = unread.iter().map(|(what, count)| (*what, *count)).collect();
    // The most frequent first.
    kinds.sort_by_key(|(what, count)| (Reverse(*count), *what));
    let (hiding, plain): (Vec<_>, Vec<_>) =
        kinds.into_iter().partition(|(what, _)| what.may_carry_tcp());
    let (named, others) = hiding.split_at(hiding.len().min(MAX_UNREAD_WARNINGS));
    let mut warnings: Vec<String> =
        named.iter().map(|(what, count)| unread_warning(*what, count.0)).collect();
    if !others.is_empty() {
        let packets = counted(total(others), "packet");
        warnings.push(format!("{packets} of {} more protocols not read", others.len()));
    }
    if !plain.is_empty() {
        let kinds: Vec<String> = plain
            .iter()
            .map(|(what, count)| format!("{what}: {}", group_thousands(count.0)))
            .collect();
        let packets = counted(total(&plain), "packet");
        warnings.push(format!("{packets} without TCP not read ({})", kinds.join("; ")));
    }
    warnings
}

fn unread_warning(what: Unread, count: u64) -> String {
    match what {
        Unread::LinkType(link) => format!(
            "packets of unsupported link type {link}: {count}; supported are Ethernet, Wi-Fi, \
             loopback, raw IP, PPP, Linux cooked, NFLOG and PKTAP"
        ),
        Unread::Truncated => {
            format!("packets that were captured without their complete headers: {count}")
        }
        _ if count == 1 => format!("1 packet of {what} was not read"),
        _ => format!("{} packets of {what} were not read", group_thousands(count)),
    }
}

fn total(kinds: &[(Unread, Saturating<u64>)]) -> u64 {
    kinds.iter().map(|(_, count)| *count).fold(Saturating(0), |sum, count| sum + count).0
}
