//! Copies the connections of a capture into a pcapng file, so that opening it gives them again:
//! frames, texts, gaps, times and how each ended.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::capture::packets::packet_comment::{Beginning, Framing, PacketComment};
use crate::capture::write::pcapng_writer::plaintext_addresses;
use crate::capture::{
    Capture, CapturedStream, FlowId, Http2Role, PcapngWriter, ReplayData, ReplayEvent, StreamStart,
};
use crate::net::AddressPair;
use crate::text::units;
use crate::wire::decode::Resumption;
use crate::wire::{Arrival, Sides, Trace, TraceRow};

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
        copy.close_before(writer, Duration::MAX)?;
        Ok(copy.what_is_lacking())
    }
}

/// A copy in progress.
struct Copy<'a> {
    streams: &'a [CapturedStream<Trace>],
    /// The connections that are written.
    flows: BTreeMap<usize, CopiedFlow>,
    /// When each of them ends, the next one last.
    ends: Vec<(Duration, usize)>,
    /// The number of connections without bytes that can be written.
    left_out: usize,
}

/// A connection in the copy.
struct CopiedFlow {
    addresses: AddressPair,
    /// The connection in the file; `None` before its first event.
    flow: Option<FlowId>,
    /// The unit that begins with the next byte of a side, although nothing before it tells.
    resumed: Sides<Option<Resumption>>,
}

impl<'a> Copy<'a> {
    fn new(streams: &'a [CapturedStream<Trace>], only: Option<usize>) -> Self {
        let carriers = carriers(streams);
        let carrier = |index: usize| carriers.get(index).copied().flatten();
        let only = only.map(|only| carrier(only).unwrap_or(only));
        let mut left_out = 0_usize;
        let is_copied = |(index, stream): &(usize, &CapturedStream<Trace>)| {
            if only.is_some_and(|only| only != *index) || carrier(*index).is_some() {
                return false;
            }
            let has_content = !stream.store.is_empty() || stream.refusal.is_some();
            let is_written = has_content && !stream.is_unopened_http2();
            left_out = left_out.saturating_add(usize::from(!is_written));
            is_written
        };
        let copied: Vec<_> = streams.iter().enumerate().filter(is_copied).collect();
        let flows = copied_flows(&copied);
        let with_end = copied.into_iter().filter(|(_, stream)| stream.ending.is_some());
        let mut ends: Vec<_> = with_end.map(|(index, stream)| (end_of(stream), index)).collect();
        ends.sort_unstable_by(|one, other| other.cmp(one));
        Self { streams, flows, ends, left_out }
    }

    /// Writes what an event of the replay gives.
    fn add<W: io::Write>(
        &mut self,
        writer: &mut PcapngWriter<W>,
        event: &ReplayEvent<'_>,
    ) -> io::Result<()> {
        let Some(stream) = self.streams.get(event.stream) else { return Ok(()) };
        let (from, at) = (event.from, stream.started_at.saturating_add(event.at));
        self.close_before(writer, at)?;
        let Some(copied) = self.flows.get_mut(&event.stream) else { return Ok(()) };
        let (flow, data) = match (copied.flow, event.data) {
            (None, ReplayData::Start) => {
                let comments = comments_of(stream);
                let flow =
                    writer.open_copy(copied.addresses, at, beginning_of(stream), comments)?;
                copied.flow = Some(flow);
                return Ok(());
            }
            (None, _) => return Ok(()),
            (Some(flow), data) => (flow, data),
        };
        match data {
            ReplayData::Bytes(bytes) => {
                let framing = copied.resumed[from].take().map(Framing::Begins);
                writer.write_framed(flow, from, at, bytes, framing)
            }
            ReplayData::Unframed(bytes) => {
                writer.write_framed(flow, from, at, bytes, Some(Framing::Unframed))
            }
            ReplayData::Resumed(unit) => {
                copied.resumed[from] = Some(unit);
                Ok(())
            }
            ReplayData::Missing { bytes, .. } => writer.write_gap(flow, from, at, bytes),
            // A connection ends in the copy after as much silence as in the capture, which may be
            // earlier: data that was sent again is written once.
            ReplayData::End
            | ReplayData::Start
            | ReplayData::Http2Head(_)
            | ReplayData::Exchange(_)
            | ReplayData::SockJs(_)
            | ReplayData::Exhausted => Ok(()),
        }
    }

    /// Ends connections before an event at `at`.
    fn close_before<W: io::Write>(
        &mut self,
        writer: &mut PcapngWriter<W>,
        at: Duration,
    ) -> io::Result<()> {
        while let Some((end, index)) = self.ends.pop_if(|(end, _)| *end < at) {
            let ending = self.streams.get(index).and_then(|stream| stream.ending);
            let flow = self.flows.get(&index).and_then(|copied| copied.flow);
            if let (Some(flow), Some(ending)) = (flow, ending) {
                writer.close(flow, ending.into(), end)?;
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
fn copied_flows(copied: &[(usize, &CapturedStream<Trace>)]) -> BTreeMap<usize, CopiedFlow> {
    let mut unknown = 0_usize;
    let mut busy_until: HashMap<AddressPair, Duration> = HashMap::new();
    let mut addresses_of = |stream: &CapturedStream<Trace>| {
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
        addresses
    };
    let flow = |(index, stream): &(usize, &CapturedStream<Trace>)| {
        let (addresses, flow, resumed) = (addresses_of(stream), None, Sides::default());
        (*index, CopiedFlow { addresses, flow, resumed })
    };
    copied.iter().map(flow).collect()
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

/// Returns the comments of the first packet of a connection: that others say where frames begin, the
/// warnings, and what the copy does not show.
fn comments_of(stream: &CapturedStream<Trace>) -> Vec<PacketComment> {
    let mut notes = Vec::new();
    if let Some(tls) = stream.tls.description() {
        notes.push(format!("the connection was encrypted: {tls}"));
    }
    if let Some(websocket) = stream.http2_websocket() {
        let id = websocket.stream_id;
        notes.push(format!("the frames were sent on stream {id} of an HTTP/2 connection"));
    }
    notes.extend(stream.warnings.iter().cloned());
    let notes = notes.into_iter().map(PacketComment::Note);
    std::iter::once(PacketComment::FramesKnown).chain(notes).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::capture::damaged::{Known, damaged_capture, opened};
    use crate::capture::{ConnectionEnd, ReadOptions, StreamEnding};
    use crate::wire::frame::encode;
    use crate::wire::{ByteLen, Opcode, Side};

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
            let note = PacketComment::Note(format!("the connection at {start} s"));
            let flow = writer.open_copy(addresses, second(start), beginning, vec![note]).unwrap();
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

    /// Returns a file with comments on packets of the server, whose request is missing.
    fn with_framing(packets: &[(&[u8], Option<Framing>)]) -> Capture {
        let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
        let (beginning, known) = (Some(Beginning::Midway), vec![PacketComment::FramesKnown]);
        let mut at = Duration::from_secs(1);
        let flow = writer.open_copy(AddressPair::UNKNOWN, at, beginning, known).unwrap();
        for (bytes, framing) in packets {
            at += Duration::from_millis(1);
            writer.write_framed(flow, Side::Server, at, bytes, *framing).unwrap();
        }
        opened(&writer.into_inner()).unwrap()
    }

    fn lens(capture: &Capture) -> Vec<u64> {
        let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
        stream.trace.rows().iter().map(|row| row.len().get()).collect()
    }

    #[test]
    fn a_comment_decides_where_a_frame_begins() {
        let begins = Some(Framing::Begins(Resumption::Frame));
        // No search would take the Ping for a frame, nor pass over the text before it.
        let text = b"\x81\x05Hello\x81\x05World\x81\x05again";
        let capture = with_framing(&[(text, Some(Framing::Unframed)), (b"\x89\0", begins)]);
        let stream = &capture.streams()[0];
        assert_eq!(lens(&capture), [2], "{:?}", stream.gaps);
        assert_eq!((stream.gaps[0].unframed.get(), stream.warnings.len()), (21, 0));
    }

    #[test]
    fn a_comment_that_cannot_be_right_is_ignored_with_a_warning() {
        let begins = |unit| Some(Framing::Begins(unit));
        let hello = b"\x81\x05Hello";
        for (bytes, wrong) in [
            // The frame before it ends there, so these bytes are known to be frames.
            (&b"\x89\0"[..], Some(Framing::Unframed)),
            (b"\x89\0", begins(Resumption::Head)),
            (b"\x89\0", begins(Resumption::Frame)),
            // No packet of its own has the comment.
            (b"\x89\0", None),
        ] {
            let packets = [(&hello[..], begins(Resumption::Frame)), (bytes, wrong)];
            let capture = with_framing(&packets);
            let warnings = &capture.streams()[0].warnings;
            assert_eq!(lens(&capture), [7, 2], "{wrong:?}");
            assert_eq!(warnings.len(), usize::from(wrong.is_some()), "{wrong:?}: {warnings:?}");
            assert!(warnings.iter().all(|warning| warning.contains("is wrong")), "{warnings:?}");
        }
    }

    #[test]
    fn where_a_copy_itself_lacks_packets_frames_are_searched() {
        let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
        let at = Duration::from_secs(1);
        let known = vec![PacketComment::FramesKnown];
        let beginning = Some(Beginning::Frames(None));
        let flow = writer.open_copy(AddressPair::UNKNOWN, at, beginning, known).unwrap();
        for number in 0..9 {
            let at = at + Duration::from_millis(number);
            let text = format!("message {number} of the conversation");
            let frame = encode::single_frame(Opcode::Text, text.as_bytes(), None);
            let lost = if number == 3 { 12 } else { 0 };
            writer.skip_missing(flow, Side::Server, ByteLen::new(lost));
            writer.write_data(flow, Side::Server, at, &frame[lost as usize..]).unwrap();
        }
        let capture = opened(&writer.into_inner()).unwrap();
        let [gap] = capture.streams()[0].gaps[..] else {
            panic!("{:?}", capture.streams()[0].gaps)
        };
        assert_eq!((gap.missing.get(), gap.unframed.get()), (12, 19));
        assert_eq!(lens(&capture), vec![31; 8]);
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
            // The capture may have no byte of the connection.
            let is_empty = capture.streams().iter().any(|stream| stream.store.is_empty());
            prop_assert_eq!(lacking.is_some(), is_empty);
            let (again, _) = copied(&copy, None);
            prop_assert_eq!(all_known(&again), all_known(&copy));
            let (mut copy, mut original) = (all_known(&copy), all_known(&capture));
            // Packets that came after the FIN come before it in the copy.
            for known in copy.iter_mut().chain(&mut original) {
                let (at, silence) = (Duration::ZERO, Duration::ZERO);
                known.ending = known.ending.map(|end| StreamEnding { at, silence, ..end });
            }
            original.retain(|known| known.bytes != Sides::default());
            prop_assert_eq!(copy, original);
        }
    }
}
