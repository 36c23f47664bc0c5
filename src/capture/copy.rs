//! Copies the connections of a capture into a pcapng file, so that opening it gives them again:
//! frames, texts, gaps, times and how each ended.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::capture::packets::packet_comment::Beginning;
use crate::capture::write::pcapng_writer::plaintext_addresses;
use crate::capture::{
    Capture, CapturedStream, FlowId, Http2Role, PcapngWriter, ReplayData, ReplayEvent, StreamStart,
};
use crate::net::AddressPair;
use crate::text::units;
use crate::wire::{Arrival, ByteLen, Side, Trace, TraceRow};

/// The first dynamic port (RFC 6335 section 6). All have the same upper two bits.
const FIRST_DYNAMIC_PORT: u16 = 0xc000;

impl Capture {
    /// Writes connections to another file, decrypted where that was possible: all of them, or the one
    /// with the index `only`. A WebSocket over HTTP/2 comes with its connection, whose bytes carry it.
    ///
    /// Returns what the other file lacks, as a sentence; `None` if it lacks nothing. Bytes that were
    /// passed over, such as a header of the PROXY protocol, are replaced by the note about them.
    ///
    /// # Errors
    ///
    /// Fails if this file can no longer be read, or if the other cannot be written.
    pub fn write<W: io::Write>(
        &self,
        writer: &mut PcapngWriter<W>,
        only: Option<usize>,
    ) -> io::Result<Option<String>> {
        let mut copy = Copy::new(self.streams(), only);
        self.replay(|event| copy.add(writer, &event))?;
        copy.write_begun(writer)?;
        copy.pass_moments(writer, Duration::MAX)?;
        Ok(copy.what_is_lacking())
    }
}

/// A moment at which a connection begins or ends. Beginnings come before ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MomentKind {
    Begin,
    End,
}

/// A copy in progress.
struct Copy<'a> {
    streams: &'a [CapturedStream<Trace>],
    flows: Vec<CopiedFlow>,
    /// The moments that are still to come, the next one last.
    moments: Vec<(Duration, MomentKind, usize)>,
    /// Bytes of unknown frames, which may be the beginning of a segment.
    begun: Option<BegunSegment>,
    /// The number of connections without bytes that can be written.
    left_out: usize,
}

/// The beginning of a segment: where frames begin is found by where segments do, so that they are
/// written as they were.
struct BegunSegment {
    flow: FlowId,
    from: Side,
    at: Duration,
    bytes: Vec<u8>,
}

/// A connection in the copy.
struct CopiedFlow {
    /// Its addresses in the copy; `None` if it is not written on its own.
    addresses: Option<AddressPair>,
    flow: Option<FlowId>,
}

impl<'a> Copy<'a> {
    fn new(streams: &'a [CapturedStream<Trace>], only: Option<usize>) -> Self {
        let carriers = carriers(streams);
        let carrier = |index: usize| carriers.get(index).copied().flatten();
        let only = only.map(|only| carrier(only).unwrap_or(only));
        let mut left_out = 0_usize;
        let is_copied = |(index, stream): (usize, &CapturedStream<Trace>)| {
            if only.is_some_and(|only| only != index) || carrier(index).is_some() {
                return false;
            }
            let has_content = !stream.store.is_empty() || stream.refusal.is_some();
            let is_written = has_content && !stream.is_unopened_http2();
            left_out = left_out.saturating_add(usize::from(!is_written));
            is_written
        };
        let copied: Vec<bool> = streams.iter().enumerate().map(is_copied).collect();
        let flows = copied_flows(streams, &copied);
        let mut moments = Vec::new();
        for (index, stream) in streams.iter().enumerate() {
            if copied.get(index) == Some(&true) {
                moments.push((stream.started_at, MomentKind::Begin, index));
                if stream.ending.is_some() {
                    moments.push((end_of(stream), MomentKind::End, index));
                }
            }
        }
        moments.sort_unstable_by(|one, other| other.cmp(one));
        Self { streams, flows, moments, begun: None, left_out }
    }

    /// Writes what an event of the replay gives.
    fn add<W: io::Write>(
        &mut self,
        writer: &mut PcapngWriter<W>,
        event: &ReplayEvent<'_>,
    ) -> io::Result<()> {
        let Some(stream) = self.streams.get(event.stream) else { return Ok(()) };
        // The copy has its own beginnings and ends, because not every connection is written.
        if matches!(
            event.data,
            ReplayData::Start | ReplayData::Exchange(_) | ReplayData::Exhausted | ReplayData::End
        ) {
            return Ok(());
        }
        let at = stream.started_at.saturating_add(event.at);
        let known = self.flows.get(event.stream).and_then(|copied| copied.flow);
        if let (Some(begun), ReplayData::Bytes(rest)) = (&mut self.begun, event.data)
            && (Some(begun.flow), begun.from, begun.at) == (known, event.from, at)
        {
            begun.bytes.extend_from_slice(rest);
            return self.write_begun(writer);
        }
        self.write_begun(writer)?;
        self.pass_moments(writer, at)?;
        let Some(flow) = self.flows.get(event.stream).and_then(|copied| copied.flow) else {
            return Ok(());
        };
        match event.data {
            ReplayData::Bytes(bytes) => writer.write_data(flow, event.from, at, bytes),
            ReplayData::Unframed(bytes) => {
                let (from, bytes) = (event.from, bytes.to_vec());
                self.begun = Some(BegunSegment { flow, from, at, bytes });
                Ok(())
            }
            ReplayData::Missing { bytes, .. } if bytes > ByteLen::ZERO => {
                writer.write_gap(flow, event.from, at, bytes)
            }
            // What nobody knows has no number.
            _ => Ok(()),
        }
    }

    fn write_begun<W: io::Write>(&mut self, writer: &mut PcapngWriter<W>) -> io::Result<()> {
        let Some(BegunSegment { flow, from, at, bytes }) = self.begun.take() else { return Ok(()) };
        writer.write_data(flow, from, at, &bytes)
    }

    /// Begins and ends connections until an event at `at`, which belongs to one that has not ended.
    fn pass_moments<W: io::Write>(
        &mut self,
        writer: &mut PcapngWriter<W>,
        at: Duration,
    ) -> io::Result<()> {
        let is_due = |moment: &mut (Duration, MomentKind, usize)| {
            moment.0 < at || moment.0 == at && moment.1 == MomentKind::Begin
        };
        while let Some((moment, kind, index)) = self.moments.pop_if(is_due) {
            let Some((stream, copied)) = self.streams.get(index).zip(self.flows.get_mut(index))
            else {
                continue;
            };
            match (kind, copied.flow, copied.addresses) {
                (MomentKind::Begin, None, Some(addresses)) => {
                    let (beginning, notes) = (beginning_of(stream), notes_of(stream));
                    copied.flow = Some(writer.open_copy(addresses, moment, beginning, &notes)?);
                }
                (MomentKind::End, Some(flow), _) => {
                    if let Some(ending) = stream.ending {
                        writer.close(flow, ending.into(), moment)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn what_is_lacking(&self) -> Option<String> {
        let count = units::count(u64::try_from(self.left_out).unwrap_or(u64::MAX), "connection");
        let verb = if self.left_out == 1 { "was" } else { "were" };
        (self.left_out > 0).then(|| {
            format!(
                "{count} without bytes that can be read, such as TLS without secrets, {verb} not \
                 written"
            )
        })
    }
}

/// Returns for each WebSocket over HTTP/2 the index of the connection among whose bytes its own are.
/// A recording has only the bytes of the WebSocket.
fn carriers(streams: &[CapturedStream<Trace>]) -> Vec<Option<usize>> {
    let mut connection = None;
    let carrier = |(index, stream): (usize, &CapturedStream<Trace>)| match stream.http2 {
        Some(Http2Role::Connection) => {
            connection = (!stream.store.is_empty()).then_some(index);
            None
        }
        Some(Http2Role::WebSocket(_)) => connection,
        None => {
            connection = None;
            None
        }
    };
    streams.iter().enumerate().map(carrier).collect()
}

/// Chooses the addresses of the connections that are copied. No two of them are the same at the same
/// time.
fn copied_flows(streams: &[CapturedStream<Trace>], copied: &[bool]) -> Vec<CopiedFlow> {
    let mut unknown = 0_usize;
    let mut busy_until: HashMap<AddressPair, Duration> = HashMap::new();
    let addresses_of = |(stream, copied): (&CapturedStream<Trace>, &bool)| {
        if !copied {
            return None;
        }
        let mut addresses = stream.addresses.map_or_else(
            || {
                unknown = unknown.saturating_add(1);
                made_up_addresses(unknown.saturating_sub(1))
            },
            plaintext_addresses,
        );
        let is_busy = |addresses: &AddressPair| {
            busy_until.get(addresses).is_some_and(|until| *until >= stream.started_at)
        };
        // After a whole round, all ports are busy, which no file holds.
        for _ in 0..u16::MAX {
            if !is_busy(&addresses) {
                break;
            }
            let port = addresses.client.port().checked_add(1).unwrap_or(FIRST_DYNAMIC_PORT);
            addresses.client.set_port(port);
        }
        busy_until.insert(addresses, end_of(stream));
        Some(addresses)
    };
    let addresses = streams.iter().zip(copied).map(addresses_of);
    addresses.map(|addresses| CopiedFlow { addresses, flow: None }).collect()
}

/// Returns addresses for the connection `number`, from 0, of a file without addresses.
fn made_up_addresses(number: usize) -> AddressPair {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let mut addresses = AddressPair::UNKNOWN;
    let [.., high, low] = number.to_be_bytes();
    addresses.client.set_port(FIRST_DYNAMIC_PORT | u16::from_be_bytes([high, low]));
    // After all dynamic ports comes the next loopback address.
    let loopback = u32::from(Ipv4Addr::LOCALHOST).saturating_add(number >> 14);
    addresses.client.set_ip(IpAddr::V4(Ipv4Addr::from(loopback)));
    addresses
}

/// Returns when a connection ended, or when its last bytes were captured, since 1970.
fn end_of(stream: &CapturedStream<Trace>) -> Duration {
    let arrivals = stream.trace.arrivals();
    let is_captured = |arrival: &&Arrival| {
        !stream.gaps.iter().any(|gap| {
            gap.from == arrival.from()
                && gap.offset <= arrival.offset()
                && arrival.end() <= gap.offset + gap.filled
        })
    };
    let last_data = arrivals.all().iter().rev().find(is_captured).map(Arrival::time);
    let silence = stream.ending.map_or(Duration::ZERO, |ending| ending.silence);
    let end = last_data.unwrap_or_default().saturating_add(silence);
    // Nothing comes after the end. Arrivals are bounded, so the last frame may be later than the last
    // of them.
    let last = arrivals.all().last().map(Arrival::time);
    let row = stream.trace.rows().last().map(TraceRow::completed_at);
    stream.started_at.saturating_add(last.max(row).unwrap_or_default().max(end))
}

/// Returns how a connection begins in the copy; `None` for a TCP handshake.
fn beginning_of(stream: &CapturedStream<Trace>) -> Option<Beginning> {
    match stream.start {
        StreamStart::Frames(_) | StreamStart::Http2(_) => {
            let agreed = stream.trace.agreed();
            Some(Beginning::Frames(agreed.deflate.is_some().then_some(agreed)))
        }
        StreamStart::Midway => Some(Beginning::Midway),
        StreamStart::Head => (!stream.is_whole).then_some(Beginning::Midway),
    }
}

/// Returns the warnings about a connection, and what the copy does not show of it.
fn notes_of(stream: &CapturedStream<Trace>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(tls) = stream.tls.description() {
        notes.push(format!("the connection was encrypted: {tls}"));
    }
    if let Some(websocket) = stream.http2_websocket() {
        let id = websocket.stream_id;
        notes.push(format!("the frames were sent on stream {id} of an HTTP/2 connection"));
    }
    notes.extend(stream.warnings.iter().cloned());
    notes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::capture::damaged::{Known, damaged_capture, opened};
    use crate::capture::{ConnectionEnd, ReadOptions, StreamEnding};

    fn copied(capture: &Capture, only: Option<usize>) -> (Capture, Option<String>) {
        let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
        let lacking = capture.write(&mut writer, only).unwrap();
        (opened(&writer.into_inner()).unwrap(), lacking)
    }

    fn all_known(capture: &Capture) -> Vec<Known> {
        capture.streams().iter().map(Known::of).collect()
    }

    fn pasted(text: &str) -> Capture {
        opened(text.as_bytes()).unwrap()
    }

    #[test]
    fn frames_without_a_handshake_stay_frames_of_their_sides() {
        // A Ping of the server, which no search would take for a frame, and a masked text.
        let capture = pasted("< 89 00\n> 81 85 37 fa 21 3d 7f 9f 4d 51 58\n< 81 02 68 69\n");
        let (copy, _) = copied(&capture, None);
        let rows = |capture: &Capture| Known::of(&capture.streams()[0]).rows;
        assert_eq!((rows(&copy).len(), rows(&copy)), (3, rows(&capture)));
        let (again, _) = copied(&copy, None);
        assert_eq!(all_known(&again), all_known(&copy));
    }

    #[test]
    fn connections_on_the_same_ports_stay_apart_with_their_ends_and_notes() {
        let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
        let second = Duration::from_secs;
        let note = |text: &str| vec![text.to_owned()];
        for (start, beginning, end) in [
            (1, Some(Beginning::Midway), Some(ConnectionEnd::Reset(Side::Server))),
            (20, None, Some(ConnectionEnd::ClosedThenReset(Side::Client))),
            (40, Some(Beginning::Frames(None)), Some(ConnectionEnd::Closed(Side::Server))),
            (60, None, None),
        ] {
            let addresses = AddressPair::UNKNOWN;
            let notes = note(&format!("the connection at {start} s"));
            let flow = writer.open_copy(addresses, second(start), beginning, &notes).unwrap();
            for at in 1..4 {
                let at = second(start + at);
                writer.write_data(flow, Side::Server, at, b"\x81\x0212\x89\0").unwrap();
            }
            writer.write_gap(flow, Side::Server, second(start + 3), ByteLen::new(7)).unwrap();
            if let Some(end) = end {
                writer.close(flow, end, second(start + 9)).unwrap();
            }
        }
        let capture = opened(&writer.into_inner()).unwrap();
        let ends: Vec<_> = capture.streams().iter().map(|stream| stream.ending).collect();
        let end = |by, is_reset, is_reset_after| {
            let silence = second(6);
            let at = second(9);
            Some(StreamEnding { at, by, is_reset, is_reset_after, silence, http2_code: None })
        };
        let (client, server) = (Side::Client, Side::Server);
        assert_eq!(
            ends,
            [end(server, true, false), end(client, false, true), end(server, false, false), None]
        );
        for (stream, start) in capture.streams().iter().zip([1, 20, 40, 60]) {
            assert_eq!(stream.warnings, note(&format!("the connection at {start} s")));
            assert_eq!(stream.started_at, second(start));
            assert_eq!(stream.gaps.len(), 1);
        }
        let (copy, lacking) = copied(&capture, None);
        assert_eq!((all_known(&copy), lacking), (all_known(&capture), None));
        let (third, lacking) = copied(&capture, Some(2));
        assert_eq!(lacking, None);
        assert_eq!(all_known(&third), [Known::of(&capture.streams()[2])]);
    }

    #[test]
    fn a_websocket_over_http2_comes_with_its_connection() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in ["http2-plain.pcap", "http2-gap.pcap"] {
            let path = path.join("tests/captures").join(file);
            let capture = crate::capture::open(&path, &ReadOptions::default()).unwrap();
            let (copy, lacking) = copied(&capture, None);
            assert_eq!((all_known(&copy), lacking), (all_known(&capture), None), "{file}");
            let (one, _) = copied(&capture, Some(2));
            assert_eq!(all_known(&one), all_known(&capture), "{file}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            // By chance, other bytes look like frames, so the cases are always the same.
            rng_seed: proptest::test_runner::RngSeed::Fixed(5102), ..Default::default()
        })]

        #[test]
        fn a_copy_of_a_damaged_capture_is_the_same_capture(damaged in damaged_capture()) {
            let capture = opened(&damaged.file(&damaged.sent())).unwrap();
            let (copy, lacking) = copied(&capture, None);
            prop_assert_eq!(lacking, None);
            let (mut copy, mut original) = (all_known(&copy), all_known(&capture));
            // Packets that came after the FIN come before it in the copy.
            for known in copy.iter_mut().chain(&mut original) {
                let (at, silence) = (Duration::ZERO, Duration::ZERO);
                known.ending = known.ending.map(|end| StreamEnding { at, silence, ..end });
            }
            // Where the beginning of a frame is searched, segments of the same time count as one.
            let is_searched = |known: &Known| known.gaps.iter().any(|gap| gap.unframed > ByteLen::ZERO);
            if copy.iter().chain(&original).any(is_searched) {
                for known in copy.iter_mut().chain(&mut original) {
                    known.rows.clear();
                    known.gaps.clear();
                }
            }
            prop_assert_eq!(copy, original);
        }
    }
}
