//! [`PcapngWriter`]: writes live connections as a pcapng file that any reader opens without a
//! complaint. The IP and TCP headers are made up, and the file says so; times, ports and bytes are
//! real.
//!
//! Every call writes complete blocks before it returns, so a crash loses nothing that was accepted.
//! The format: draft-ietf-opsawg-pcapng.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::capture::packets::headers::sequence;
use crate::capture::packets::packet_comment::{Beginning, Framing, PacketComment};
use crate::capture::write::block_buffer::{BlockBuffer, length, whole};
use crate::capture::write::connection_end::ConnectionEnd;
use crate::capture::write::fifo::check_reader;
use crate::capture::write::packet_builder::{self, TcpHeader};
use crate::net::AddressPair;
use crate::wire::{ByteLen, Side, Sides};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// The comment of a file.
const FILE_COMMENT: &str = "written by wiretalk: the IP and TCP headers are made up around the \
                            bytes of each connection; encrypted bytes are written as they were \
                            above TLS, with port 80 in place of 443";

/// The number of bytes after which the other side acknowledges although it has sent nothing, so
/// that its window never looks full.
const MAX_UNACKNOWLEDGED: u32 = 1 << 18;

/// The options for writing a file.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Whether to replace an existing file. Otherwise that is an error.
    pub replace: bool,
    /// The lines of a TLS key log for encrypted bytes in the file.
    pub secrets: Option<String>,
}

/// A connection in the file, as [`PcapngWriter::open`] returned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowId(usize);

/// A pcapng file that is being written.
#[derive(Debug)]
pub struct PcapngWriter<W: Write = File> {
    out: W,
    flows: Vec<FlowState>,
    blocks: BlockBuffer,
    packet: Vec<u8>,
    /// The comments of the next packet.
    comments: Vec<String>,
    /// The number of bytes that `out` has taken.
    written: u64,
    /// Truncates `out` to a length, if that is possible.
    cut: Option<Cut<W>>,
}

type Cut<W> = fn(&mut W, u64) -> io::Result<()>;

/// The state of one connection.
#[derive(Debug)]
struct FlowState {
    addresses: Sides<SocketAddr>,
    /// The sequence number of each side's next byte.
    next_seq: Sides<u32>,
    /// The sequence number that each side has acknowledged.
    acknowledged: Sides<u32>,
    closed: bool,
}

impl PcapngWriter<File> {
    /// Creates the file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be created, for example because it exists and may not be replaced.
    pub fn create(path: &Path, options: &WriteOptions) -> io::Result<Self> {
        let mut open = OpenOptions::new();
        open.write(true);
        let open =
            if options.replace { open.create(true).truncate(true) } else { open.create_new(true) };
        check_reader(path)?;
        let cut = |file: &mut File, len| {
            file.set_len(len)?;
            file.seek(SeekFrom::Start(len)).map(drop)
        };
        Self::begin(open.open(path)?, Some(cut), options.secrets.as_deref())
    }
}

impl<W: Write> PcapngWriter<W> {
    /// Starts a file in `out`, with the lines of a TLS key log if there are any.
    ///
    /// # Errors
    ///
    /// Fails if `out` cannot be written. The same holds for all other methods.
    pub fn new(out: W, secrets: Option<&str>) -> io::Result<Self> {
        Self::begin(out, None, secrets)
    }

    fn begin(out: W, cut: Option<Cut<W>>, secrets: Option<&str>) -> io::Result<Self> {
        let (flows, packet, comments) = (Vec::new(), Vec::new(), Vec::new());
        let blocks = BlockBuffer::default();
        let mut writer = Self { out, flows, blocks, packet, comments, written: 0, cut };
        writer.blocks.add_section(FILE_COMMENT);
        if let Some(lines) = secrets {
            writer.blocks.add_secrets(lines);
        }
        writer.blocks.add_interface("wiretalk");
        writer.flush()?;
        Ok(writer)
    }

    /// Like [`PcapngWriter::open`], for bytes that are plaintext here even if they were encrypted
    /// on the wire. Readers look for TLS on port 443, so the server gets the port of HTTP instead.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn open_plain(&mut self, addresses: AddressPair, at: Duration) -> io::Result<FlowId> {
        let AddressPair { client, server } = plaintext_addresses(addresses);
        self.open(client, server, at)
    }

    /// Begins a connection at these addresses as they are: with a TCP handshake, or as `beginning`
    /// says. `comments` are those of its first packet.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub(in crate::capture) fn open_copy(
        &mut self,
        addresses: AddressPair,
        at: Duration,
        beginning: Option<Beginning>,
        comments: Vec<PacketComment>,
    ) -> io::Result<FlowId> {
        let flow = self.add_flow(addresses);
        let first = beginning.map(PacketComment::Beginning).into_iter();
        self.comments = first.chain(comments).map(|comment| comment.to_string()).collect();
        if beginning.is_some() {
            self.write_segment(flow, Side::Client, at, ACK, b"");
        } else {
            self.write_tcp_handshake(flow, at);
        }
        self.flush()?;
        Ok(flow)
    }

    /// Begins a connection with a TCP handshake; `at` is the time since 1970.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn open(
        &mut self,
        client: SocketAddr,
        server: SocketAddr,
        at: Duration,
    ) -> io::Result<FlowId> {
        let flow = self.add_flow(AddressPair { client, server });
        self.write_tcp_handshake(flow, at);
        self.flush()?;
        Ok(flow)
    }

    fn add_flow(&mut self, addresses: AddressPair) -> FlowId {
        let AddressPair { client, server } = addresses;
        // A packet has one IP version, so a mixed pair is written as IPv6.
        let mapped = |address: SocketAddr| match address.ip() {
            IpAddr::V4(v4) if client.is_ipv6() || server.is_ipv6() => {
                SocketAddr::new(v4.to_ipv6_mapped().into(), address.port())
            }
            ip => SocketAddr::new(ip, address.port()),
        };
        let flow = FlowId(self.flows.len());
        // The initial numbers are arbitrary, but others for each connection: on the ports of an
        // earlier one, they tell a new connection from a repeated SYN.
        let number = sequence(u64::try_from(flow.0).unwrap_or_default()).wrapping_shl(16);
        self.flows.push(FlowState {
            addresses: Sides { client: mapped(client), server: mapped(server) },
            next_seq: Sides {
                client: 0x1000_0000_u32.wrapping_add(number),
                server: 0x2000_0000_u32.wrapping_add(number),
            },
            acknowledged: Sides::default(),
            closed: false,
        });
        flow
    }

    fn write_tcp_handshake(&mut self, flow: FlowId, at: Duration) {
        self.write_segment(flow, Side::Client, at, SYN, b"");
        self.write_segment(flow, Side::Server, at, SYN | ACK, b"");
        self.write_segment(flow, Side::Client, at, ACK, b"");
    }

    /// Adds any number of bytes that `from` sent. After the connection's end they are ignored.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn write_data(
        &mut self,
        flow: FlowId,
        from: Side,
        at: Duration,
        bytes: &[u8],
    ) -> io::Result<()> {
        self.write_framed(flow, from, at, bytes, None)
    }

    /// Like [`PcapngWriter::write_data`], with what is known of the bytes.
    pub(in crate::capture) fn write_framed(
        &mut self,
        flow: FlowId,
        from: Side,
        at: Duration,
        bytes: &[u8],
        mut framing: Option<Framing>,
    ) -> io::Result<()> {
        let Some(ends) = self.flows.get(flow.0).filter(|ends| !ends.closed) else { return Ok(()) };
        let largest = usize::from(packet_builder::max_segment_size(ends.addresses.client));
        let mut pieces = bytes.chunks(largest).peekable();
        while let Some(piece) = pieces.next() {
            let flags = if pieces.peek().is_none() { PSH | ACK } else { ACK };
            self.comments =
                framing.map(PacketComment::Framing).iter().map(ToString::to_string).collect();
            framing = framing.filter(|framing| *framing == Framing::Unframed);
            self.write_segment(flow, from, at, flags, piece);
            if self.unacknowledged(flow, from) > MAX_UNACKNOWLEDGED {
                self.write_segment(flow, from.peer(), at, ACK, b"");
                self.flush()?;
            }
        }
        self.flush()
    }

    /// Skips bytes that `from` sent and that are not available, so that what is written next has
    /// its correct position in the stream.
    pub fn skip_missing(&mut self, flow: FlowId, from: Side, bytes: ByteLen) {
        let Some(ends) = self.flows.get_mut(flow.0) else { return };
        ends.next_seq[from] = ends.next_seq[from].wrapping_add(sequence(bytes.get()));
    }

    /// Skips bytes that were not captured, 0 if nobody knows how many. A packet without data says so,
    /// because a later one would not show since when they are missing.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub(in crate::capture) fn write_gap(
        &mut self,
        flow: FlowId,
        from: Side,
        at: Duration,
        missing: ByteLen,
    ) -> io::Result<()> {
        self.skip_missing(flow, from, missing);
        self.comments = vec![PacketComment::Gap.to_string()];
        self.write_segment(flow, from, at, ACK, b"");
        self.flush()
    }

    /// Ends a connection.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn close(&mut self, flow: FlowId, ending: ConnectionEnd, at: Duration) -> io::Result<()> {
        let Some(ends) = self.flows.get_mut(flow.0).filter(|ends| !ends.closed) else {
            return Ok(());
        };
        ends.closed = true;
        match ending {
            ConnectionEnd::Closed(from) => {
                self.write_segment(flow, from, at, FIN | ACK, b"");
                self.write_segment(flow, from.peer(), at, FIN | ACK, b"");
                self.write_segment(flow, from, at, ACK, b"");
            }
            ConnectionEnd::ClosedThenReset(from) => {
                self.write_segment(flow, from, at, FIN | ACK, b"");
                self.write_segment(flow, from.peer(), at, RST | ACK, b"");
            }
            ConnectionEnd::Reset(from) => self.write_segment(flow, from, at, RST | ACK, b""),
        }
        self.flush()
    }

    /// Like [`PcapngWriter::close`], with a note about the end.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub(in crate::capture) fn close_with_note(
        &mut self,
        flow: FlowId,
        ending: ConnectionEnd,
        at: Duration,
        note: Option<String>,
    ) -> io::Result<()> {
        self.comments =
            note.map(|note| PacketComment::Note(note).to_string()).into_iter().collect();
        self.close(flow, ending, at)?;
        self.comments.clear();
        Ok(())
    }

    /// Returns the output.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn write_segment(&mut self, flow: FlowId, from: Side, at: Duration, flags: u8, payload: &[u8]) {
        let Some(ends) = self.flows.get_mut(flow.0) else { return };
        let (sender, receiver) = (ends.addresses[from], ends.addresses[from.peer()]);
        let ack = if flags & ACK == 0 { 0 } else { ends.next_seq[from.peer()] };
        let largest = (flags & SYN != 0).then(|| packet_builder::max_segment_size(sender));
        let header = TcpHeader { seq: ends.next_seq[from], ack, flags, max_segment_size: largest };
        self.packet.clear();
        packet_builder::write_packet(&mut self.packet, sender, receiver, header, payload);
        ends.acknowledged[from] = ack;
        // A SYN or a FIN consumes a sequence number (RFC 9293 section 3.4).
        let taken = length(payload).wrapping_add(u32::from(flags & (SYN | FIN) != 0));
        ends.next_seq[from] = ends.next_seq[from].wrapping_add(taken);
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        self.blocks.add_packet(nanos, &self.packet, &self.comments);
        self.comments.clear();
    }

    /// Returns the number of bytes that `from` has sent and the other side has not acknowledged.
    fn unacknowledged(&self, flow: FlowId, from: Side) -> u32 {
        let sent =
            |ends: &FlowState| ends.next_seq[from].wrapping_sub(ends.acknowledged[from.peer()]);
        self.flows.get(flow.0).map_or(0, sent)
    }

    /// Writes all blocks. If some of them do not fit, the file ends after the last one that does.
    fn flush(&mut self) -> io::Result<()> {
        let mut taken = 0;
        while taken < self.blocks.bytes().len() {
            match self.out.write(self.blocks.bytes().get(taken..).unwrap_or_default()) {
                Ok(count @ 1..) => taken = taken.saturating_add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                failed => {
                    let whole =
                        self.written.saturating_add(whole(self.blocks.bytes(), taken) as u64);
                    // The error is ignored: a pipe cannot be truncated, and the write error is
                    // returned anyway.
                    let _ = self.cut.map(|cut| cut(&mut self.out, whole));
                    return failed.and(Err(io::ErrorKind::WriteZero.into()));
                }
            }
        }
        self.written = self.written.saturating_add(taken as u64);
        self.blocks.clear();
        self.out.flush()
    }
}

/// Returns the addresses of plaintext: readers look for TLS on port 443, so the server has the port of
/// HTTP instead.
pub(in crate::capture) fn plaintext_addresses(addresses: AddressPair) -> AddressPair {
    let AddressPair { client, mut server } = addresses;
    if server.port() == 443 {
        server.set_port(80);
    }
    AddressPair { client, server }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that is full after a number of bytes. As real disks do, it takes the beginning of
    /// what does not fit.
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.room - self.bytes.len();
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let count = bytes.len().min(room);
            self.bytes.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn on_a_full_disk_the_last_packet_is_complete() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let cut = |disk: &mut Disk, len| {
            disk.bytes.truncate(len as usize);
            Ok(())
        };
        let mut blocks_seen = std::collections::BTreeSet::new();
        for room in 250..2000 {
            let Ok(mut writer) =
                PcapngWriter::begin(Disk { bytes: Vec::new(), room }, Some(cut), None)
            else {
                continue;
            };
            let write = |writer: &mut PcapngWriter<Disk>| {
                let flow = writer.open(address(1), address(2), Duration::ZERO)?;
                (0..9).try_for_each(|_| {
                    writer.write_data(flow, Side::Client, Duration::ZERO, &[7; 100])
                })
            };
            let written = write(&mut writer);
            let bytes = writer.into_inner().bytes;
            assert_eq!(
                written.is_err(),
                written.is_err_and(|error| error.kind() == io::ErrorKind::StorageFull)
            );
            assert_eq!(
                whole(&bytes, bytes.len()),
                bytes.len(),
                "{room}: the last block is incomplete"
            );
            assert!(
                bytes.len() <= room && bytes.len() + 180 > room.min(bytes.len() + 179),
                "{room}"
            );
            blocks_seen.insert(bytes.len());
        }
        assert!(blocks_seen.len() > 9, "it was full in the middle of many blocks");
    }
}
