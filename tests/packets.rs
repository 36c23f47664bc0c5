//! Captures as they are taken in practice: mirrored in tunnels, cut into IP fragments, compressed,
//! or piped into the program.

#[path = "vectors/encapsulations.rs"]
mod encapsulations;
#[path = "vectors/handshake.rs"]
mod handshake;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use wiretalk::capture::{self, Capture, PcapngWriter, ReadOptions};
use wiretalk::net::AddressPair;
use wiretalk::wire::{Offset, Side, format};

use encapsulations::{ethernet, ipv4, udp, vxlan};
use handshake::{REQUEST, RESPONSE};

const ETHERNET: u16 = 1;
const RAW: u16 = 101;

/// Returns the packets of a conversation as raw IP: the handshake, "Hello" of the client, a long
/// frame and a short one of the server.
fn conversation() -> Vec<Vec<u8>> {
    let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
    let peers = AddressPair {
        client: "198.51.100.1:50000".parse().unwrap(),
        server: "198.51.100.2:9001".parse().unwrap(),
    };
    let flow = writer.open_plain(peers, Duration::from_secs(1)).unwrap();
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let long = [&[0x82, 126, 4, 0][..], &[7; 1024]].concat();
    for (from, bytes) in [
        (Side::Client, REQUEST),
        (Side::Server, RESPONSE),
        (Side::Client, &hello[..]),
        (Side::Server, &long),
        (Side::Server, b"\x81\x05after"),
    ] {
        writer.write_data(flow, from, Duration::from_secs(1), bytes).unwrap();
    }
    let file = writer.into_inner();
    let (mut packets, mut rest) = (Vec::new(), &file[..]);
    while let Some(&[kind, len]) = rest.as_chunks::<4>().0.first_chunk::<2>() {
        let (block, behind) = rest.split_at(u32::from_le_bytes(len) as usize);
        // An Enhanced Packet Block has its captured length before the packet.
        if u32::from_le_bytes(kind) == 6 {
            let len = u32::from_le_bytes(block[20..24].try_into().unwrap()) as usize;
            packets.push(block[28..28 + len].to_vec());
        }
        rest = behind;
    }
    packets
}

const FRAMES: [&str; 3] = ["client Hello", "server 1024 bytes", "server after"];

/// Returns a pcap file with a packet each millisecond.
fn pcap(link: u16, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for field in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0x0004_0000, link.into()] {
        file.extend(field.to_le_bytes());
    }
    for (millis, packet) in (0_u32..).zip(packets) {
        let len = packet.len() as u32;
        for field in [millis / 1000, millis % 1000 * 1000, len, len] {
            file.extend(field.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

fn opened(bytes: &[u8]) -> Capture {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    capture::open(file.path(), &ReadOptions::default()).unwrap()
}

/// Returns a line for each frame of the only connection, with the bytes as they are read again.
fn frames(capture: &Capture) -> Vec<String> {
    let [stream] = capture.streams() else { panic!("{} streams", capture.streams().len()) };
    let frames = stream.trace.rows().iter().map(|row| {
        let start = stream.trace.stream_offset(row.from(), row.offset());
        let raw = stream.store.read(row.from(), start..start + row.len()).unwrap().bytes;
        let frame = stream.trace.frame(row, raw);
        let payload = frame.payload();
        let text = match payload.len() {
            0..100 => String::from_utf8_lossy(&payload).into_owned(),
            len => format!("{len} bytes"),
        };
        format!("{} {text}", row.from().name())
    });
    frames.collect()
}

/// Checks that nothing is missing or said to be wrong.
#[track_caller]
fn is_whole(capture: &Capture) {
    assert_eq!(frames(capture), FRAMES);
    let [stream] = capture.streams() else { unreachable!() };
    assert_eq!((capture.warnings(), stream.warnings.as_slice()), (&[][..], &[][..]));
    assert_eq!(stream.gaps, []);
}

fn in_vxlan(packet: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4(17, &udp(4789, &vxlan(&ethernet(0x0800, packet)))))
}

/// Cuts an IPv4 packet with 20 bytes of header into fragments of this size.
fn fragments(packet: &[u8], id: u16, size: usize) -> Vec<Vec<u8>> {
    let (header, payload) = packet.split_at(20);
    let last = payload.len().div_ceil(size) - 1;
    let cut = payload.chunks(size).enumerate().map(|(index, piece)| {
        let more = if index < last { 0x2000 } else { 0 };
        let mut fragment = header.to_vec();
        fragment[2..4].copy_from_slice(&(piece.len() as u16 + 20).to_be_bytes());
        fragment[4..6].copy_from_slice(&id.to_be_bytes());
        fragment[6..8].copy_from_slice(&(more | (index * size / 8) as u16).to_be_bytes());
        fragment.extend(piece);
        fragment
    });
    cut.collect()
}

/// All packets in fragments of 96 bytes.
fn fragmented() -> Vec<Vec<Vec<u8>>> {
    (1..).zip(conversation()).map(|(id, packet)| fragments(&packet, id, 96)).collect()
}

#[test]
fn a_mirror_that_has_each_packet_inside_and_outside_of_the_tunnel_gives_the_bytes_once() {
    let packets = conversation();
    let twice = packets.iter().flat_map(|packet| [ethernet(0x0800, packet), in_vxlan(packet)]);
    is_whole(&opened(&pcap(ETHERNET, &twice.collect::<Vec<_>>())));
    let inside: Vec<_> = packets.iter().map(|packet| in_vxlan(&in_vxlan(packet)[14..])).collect();
    is_whole(&opened(&pcap(ETHERNET, &inside)));
}

/// tshark needs to be told of some tunnels whose ports and contents it does not guess.
#[test]
fn tshark_finds_the_same_payload_in_every_encapsulation() {
    let count = encapsulations::all(b"").len();
    let case = |index: usize| {
        let payload = format!("the payload of case {index:02}");
        (encapsulations::all(payload.as_bytes()).swap_remove(index), payload)
    };
    // A section, then an interface and a packet for each case.
    let mut file = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let len = (body.len() + 12) as u32;
        for part in [&kind.to_le_bytes()[..], &len.to_le_bytes(), body, &len.to_le_bytes()] {
            file.extend(part);
        }
    };
    let header = [0x1a2b_3c4d_u32.to_le_bytes(), 1_u32.to_le_bytes(), [0xff; 4], [0xff; 4]];
    block(0x0a0d_0d0a, header.as_flattened());
    for index in 0..count {
        let link = u32::from(case(index).0.link).to_le_bytes();
        block(1, [link, [0; 4]].as_flattened());
    }
    for index in 0..count {
        let (encapsulated, payload) = case(index);
        let packet = encapsulated.packet;
        let fields =
            [index as u32, 0, index as u32 * 1000, packet.len() as u32, packet.len() as u32];
        let mut body: Vec<u8> = fields.into_iter().flat_map(u32::to_le_bytes).collect();
        body.extend(&packet);
        body.resize(body.len().next_multiple_of(4), 0);
        block(6, &body);
        // Alone, because all of them are the same segment of the same connection.
        let capture = opened(&pcap(encapsulated.link, &[packet]));
        let [stream] = capture.streams() else { panic!("{}", encapsulated.name) };
        let read = stream.store.read(Side::Client, Offset::START..Offset::MAX).unwrap().bytes;
        assert_eq!(read, payload.as_bytes(), "{}", encapsulated.name);
        assert!(capture.warnings().is_empty(), "{}: {:?}", encapsulated.name, capture.warnings());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.pcapng");
    std::fs::write(&path, file).unwrap();
    let output = Command::new("tshark")
        .args(["-r", path.to_str().unwrap(), "-T", "fields", "-e", "tcp.payload"])
        .args([
            "-d",
            "udp.port==8472,vxlan",
            "-d",
            "udp.port==4754,gre",
            "-d",
            "udp.port==37008,tzsp",
        ])
        .args(["-d", "udp.port==4790,vxlan_gpe"])
        .args(["-d", "mpls.label==48,pwethnocw", "-d", "mpls.label==64,pwethcw"])
        .output()
        .expect("install tshark (Debian: apt-get install tshark)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = String::from_utf8(output.stdout).unwrap();
    let seen: Vec<&str> = output.lines().collect();
    assert_eq!(seen.len(), count, "{output}");
    let differing: Vec<&str> = (0..count)
        .filter(|index| seen[*index] != format::hex(case(*index).1.as_bytes()))
        .map(|index| case(index).0.name)
        .collect();
    assert_eq!(differing, TSHARK_DIFFERS);
}

/// What tshark 4.0 does not read: GUE, and a link type that it does not know (219).
const TSHARK_DIFFERS: [&str; 3] = ["GUE", "GUE without a header", "MPLS without Ethernet"];

#[test]
fn ip_fragments_are_put_together_in_any_order_and_keep_their_places() {
    let in_order: Vec<Vec<u8>> = fragmented().concat();
    assert!(in_order.len() > 15);
    is_whole(&opened(&pcap(RAW, &in_order)));
    let reversed = fragmented().into_iter().flat_map(|packet| packet.into_iter().rev());
    is_whole(&opened(&pcap(RAW, &reversed.collect::<Vec<_>>())));
    // Captured at two places, once one after the other and once at the same time.
    let again = fragmented().into_iter().flat_map(|packet| [packet.clone(), packet].concat());
    is_whole(&opened(&pcap(RAW, &again.collect::<Vec<_>>())));
    let twice = in_order.iter().flat_map(|fragment| [fragment.clone(), fragment.clone()]);
    is_whole(&opened(&pcap(RAW, &twice.collect::<Vec<_>>())));
    // A tunnel whose packets no longer fit through the path, as usual, with fragments inside too.
    let tunnel = (1..)
        .zip(&in_order)
        .flat_map(|(id, fragment)| fragments(&in_vxlan(fragment)[14..], id, 64));
    is_whole(&opened(&pcap(RAW, &tunnel.collect::<Vec<_>>())));
}

#[test]
fn a_missing_fragment_is_told_on_its_connection_and_what_is_behind_it_is_read() {
    let mut all = fragmented();
    let long = all.iter().position(|packet| packet.len() > 5).unwrap();
    all[long].remove(4);
    let capture = opened(&pcap(RAW, &all.concat()));
    assert_eq!(
        capture.warnings(),
        ["IP datagrams of which a fragment is missing in the capture: 1"]
    );
    let stream = &capture.streams()[0];
    let kept = "the capture kept 932 of 1028 bytes of a segment of the server: it came in IP \
                fragments, and some of them are missing";
    assert!(stream.warnings.iter().any(|warning| warning == kept), "{:?}", stream.warnings);
    let missing: u64 = stream.gaps.iter().map(|gap| gap.missing.get()).sum();
    assert_eq!(missing, 96);
    assert_eq!(frames(&capture).last().unwrap(), "server after");
}

#[test]
fn contradictory_fragments_are_dropped_and_told() {
    let mut all = fragmented();
    let long = all.iter().position(|packet| packet.len() > 5).unwrap();
    let mut other = all[long][2].clone();
    *other.last_mut().unwrap() ^= 1;
    all[long].insert(3, other);
    let capture = opened(&pcap(RAW, &all.concat()));
    assert_eq!(
        capture.warnings(),
        [
            "IP datagrams that were dropped because their fragments contradict each other, or overlap \
          in IPv6 (RFC 5722): 1"
        ]
    );
    let missing: u64 = capture.streams()[0].gaps.iter().map(|gap| gap.missing.get()).sum();
    assert_eq!(missing, 1028);
}

#[test]
fn what_is_not_read_is_counted_by_name() {
    let mut packets: Vec<_> =
        conversation().iter().map(|packet| ethernet(0x0800, packet)).collect();
    packets.extend(vec![ethernet(0x0800, &ipv4(50, &[7; 40])); 1204]);
    packets.push(ethernet(0x88e5, &[7; 40]));
    packets.extend(vec![ethernet(0x0806, &[0; 28]); 3]);
    packets.extend(vec![ethernet(0x0800, &ipv4(17, &udp(53, &[0; 12]))); 7]);
    let capture = opened(&pcap(ETHERNET, &packets));
    assert_eq!(frames(&capture), FRAMES);
    assert_eq!(
        capture.warnings(),
        [
            "1,204 packets of ESP (IP protocol 50) were not read",
            "1 packet of MACsec (EtherType 0x88e5) was not read",
            "10 packets without TCP not read (DNS (UDP port 53): 7; ARP (EtherType 0x0806): 3)",
        ]
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn compressed_captures_are_read_by_their_content() {
    let plain = pcap(RAW, &conversation());
    let (first, second) = plain.split_at(100);
    let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    for compressed in [
        gzip(&plain),
        // Two members, as `cat one.gz two.gz` makes them.
        [gzip(first), gzip(second)].concat(),
        zstd(&plain),
        [zstd(first), skippable.clone(), zstd(second)].concat(),
        [skippable, zstd(&plain)].concat(),
    ] {
        is_whole(&opened(&compressed));
    }
    let text = format!("> {}\n< {}\n< 81 02 68 69\n", format::hex(REQUEST), format::hex(RESPONSE));
    assert_eq!(frames(&opened(&gzip(text.as_bytes()))), ["server hi"]);
}

#[test]
fn compressed_captures_that_are_damaged_give_what_is_before_the_damage() {
    let plain = pcap(RAW, &conversation());
    let compressed = gzip(&plain);
    let capture = opened(&compressed[..compressed.len() - 10]);
    assert_eq!(capture.streams().len(), 1);
    let warnings = capture.warnings().join("\n");
    assert!(warnings.contains("the gzip data is cut off: only the first "), "{warnings}");
    let mut wrong = compressed.clone();
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    let warnings = opened(&wrong).warnings().join("\n");
    assert!(warnings.contains("the gzip data is damaged: only the first "), "{warnings}");

    let file = tempfile::NamedTempFile::new().unwrap();
    for (bytes, expected) in [
        (gzip(&compressed), "is compressed twice: decompress it once first"),
        (gzip(b"\x04\x22\x4d\x18"), "is compressed with LZ4"),
        (gzip(b""), "is empty"),
        (gzip(b"\x7fELF"), "begins with 7f 45 4c 46"),
        (zstd(&plain)[..30].to_vec(), "the zstd data is cut off: only the first 0 B were read"),
    ] {
        std::fs::write(file.path(), bytes).unwrap();
        let error = capture::open(file.path(), &ReadOptions::default()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// The keys come after the handshake that they belong to, so the bytes are read a second time.
#[test]
fn a_compressed_capture_with_late_secrets_is_read_twice() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let whole = std::fs::read(fixtures.join("tls13-aes128.pcapng")).unwrap();
    // The first block is the section; the secrets move to the end.
    let (mut blocks, mut secrets, mut rest) = (Vec::new(), Vec::new(), &whole[..]);
    while let Some(len) = rest.get(4..8) {
        let (block, behind) = rest.split_at(u32::from_le_bytes(len.try_into().unwrap()) as usize);
        if block.starts_with(&[10, 0, 0, 0]) { &mut secrets } else { &mut blocks }
            .extend_from_slice(block);
        rest = behind;
    }
    assert!(!secrets.is_empty());
    let late = [blocks, secrets].concat();
    assert_eq!(frames(&opened(&gzip(&late))), frames(&opened(&whole)));
}

/// Runs `wiretalk inspect ARGUMENTS` with these bytes on its standard input.
fn inspect(arguments: &[&str], input: &[u8]) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wiretalk"))
        .arg("inspect")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The pipe breaks if the program does not read everything.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn standard_input_is_a_capture_of_any_form() {
    let plain = pcap(RAW, &conversation());
    let hex = format!(
        "> {}\n< {}\n> 818537fa213d7f9f4d5158\n",
        format::hex(REQUEST),
        format::hex(RESPONSE)
    );
    for input in [&plain, &gzip(&plain), &zstd(&plain), hex.as_bytes()] {
        let (code, output) = inspect(&["--json", "-"], input);
        assert!(output.contains("\"text\":\"Hello\""), "{output}");
        assert_eq!(code, Some(0));
    }
    let (_, recording) = inspect(&["--json", "-"], &plain);
    let (code, words) = inspect(&["-"], recording.as_bytes());
    assert!(words.contains("Hello"), "{words}");
    assert_eq!(code, Some(0));
    assert_eq!(inspect(&["-"], b"").0, Some(1));
}
