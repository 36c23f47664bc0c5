use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;

mod packets;
mod tools;

use super::*;

fn read(text: &str) -> Result<(PastedForm, Vec<u8>), String> {
    parse(text).map(|pasted| (pasted.form, pasted.bytes)).map_err(|error| error.to_string())
}

fn refusal(text: &str) -> String {
    read(text).expect_err(text)
}

const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const LONG: &[u8] = b"\x81\x1dHello, dump world! 0123456789";

#[test]
fn every_form_of_one_frame_is_recognized() {
    use PastedForm::{Array, Base64, Buffer, Decimal, Hex, Json, String};
    for (form, text) in [
        (Hex, "818537fa213d7f9f4d5158"),
        (Hex, "0x818537fa213d7f9f4d5158"),
        (Hex, "81 85 37 FA 21 3d 7f 9f 4d 51 58\n"),
        (Hex, "\u{feff}81:85:37:fa:21:3d:7f:9f:4d:51:58"),
        (Hex, "81-85-37-FA-21-3D-7F-9F-4D-51-58"),
        (Hex, "0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,"),
        (Hex, "# a frame\n81 85 // FIN\n37fa 213d /* key */ 7f9f ; [payload]\n4d51 58"),
        (Array, "{ 0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58 }"),
        (Array, "[129 133 55 250 33 61 127 159 77 81 88]"),
        (Array, "[129,133,55,250,33,61,127,159,77,81,88]"),
        (Array, "unsigned char buf[] = {129,133,55,250,33,61,127,159,77,81,88,};"),
        (
            Array,
            "uint8_t buf[11] = {\n  129, 0x85, '7', 250, '!', 61, '\\x7f', 159, 77, 'Q', 88 };",
        ),
        (Array, "new byte[] {(byte)0x81, (byte) 0x85, 55, -6, 33, 61, 127, -97, 77, 81, 88}"),
        (Array, "[-127, -123, 55, -6, 33, 61, 127, -97, 77, 81, 88]"),
        (Array, "[]byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}"),
        (Array, "[81, 85, 37, fa, 21, 3d, 7f, 9f, 4d, 51, 58]"),
        (Array, "let x: &[u8] = &[0x81u8, 133, b'7', 250, b'!', 61, 127, 159, b'M', b'Q', 88];"),
        (Array, "bytes([129, 133, 55, 250, 33, 61, 127, 159, 77, 81, 88]) # Hello"),
        (Array, "bytearray((129, 133, 55, 250, 33, 61, 127, 159, 77, 81, 88))"),
        (Array, "Uint8Array(11) [\n 129, 133, 55, 250, 33,\n 61, 127, 159, 77, 81, 88\n]"),
        (Array, "Buffer.from([129, 133, 55, 250, 33, 61, 127, 159, 77, 81, 88])"),
        (Array, "<<129,133,55,250,33,61,127,159,\"MQX\">>"),
        (
            Array,
            "unsigned char a[] = { /* {1} */\n  0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f,\n  \
                 0x4d, 0x51, 0x58\n};\nunsigned int a_len = 11;",
        ),
        (Json, r#"{"type":"Buffer","data":[129,133,55,250,33,61,127,159,77,81,88]}"#),
        (
            Json,
            r#"{"0":129,"1":133,"2":55,"3":250,"4":33,"5":61,"6":127,"7":159,"8":77,"9":81,"10":88}"#,
        ),
        (String, r#""\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58""#),
        (String, r"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
        (String, "b'\\x81\\x857\\xfa!=\\x7f\\x9fMQX'"),
        (String, "data = bytearray(b'\\x81\\x857\\xfa!=\\x7f\\x9fMQX')"),
        (String, "\"\\x81\\x85\\x37\\xfa\" \\\n  \"!=\\177\\237MQX\""),
        (String, "bytes.fromhex('81 85 37 fa 21 3d 7f 9f 4d 51 58')"),
        (String, "Buffer.from(\"818537fa213d7f9f4d5158\", \"hex\")"),
        (String, "\"gYU3+iE9f59NUVg=\""),
        (Buffer, "<Buffer 81 85 37 fa 21 3d 7f 9f 4d 51 58>"),
        (Base64, "gYU3+iE9f59NUVg="),
        (Base64, "gYU3-iE9\nf59NUVg\n"),
        (Decimal, "129 133 55 250 33 61 127 159 77 81 88"),
        (Decimal, "-127, -123, 55, -6, 33, 61, 127, -97, 77, 81, 88"),
        (
            PastedForm::Gdb,
            "0x7ffe10:\t0x81\t0x85\t0x37\t0xfa\t0x21\t0x3d\t0x7f\t0x9f\n\
                           0x7ffe18 <buf+8>:\t0x4d\t0x51\t0x58\n",
        ),
    ] {
        assert_eq!(read(text), Ok((form, HELLO.to_vec())), "{text}");
    }
    assert_eq!(read(""), Ok((Hex, Vec::new())));
    // The line ends of a paste into a terminal in raw mode.
    assert_eq!(
        parse_hex("00000000: 8105 4865\r00000004: 6c6c 6f\r"),
        Ok(b"\x81\x05Hello".to_vec())
    );
    assert_eq!(read("81 5 48 65 6c 6c 6f"), Ok((Hex, b"\x81\x05Hello".to_vec())));
}

#[test]
fn offsets_and_characters_of_dumps_are_no_bytes() {
    use PastedForm::{Hexdump, Od, Tcpdump, Wireshark, Xxd};
    for (form, text) in [
        (
            Xxd,
            "00000000: 811d 4865 6c6c 6f2c 2064 756d 7020 776f  ..Hello, dump wo\n\
               00000010: 726c 6421 2030 3132 3334 3536 3738 39    rld! 0123456789\n",
        ),
        (
            Xxd,
            "00000000: 811d 4865 6c6c 6f2c 2064 756d 7020 776f\n\
               00000010: 726c 6421 2030 3132 3334 3536 3738 39  \n",
        ),
        // Blanks were lost, so that one stands before the characters.
        (
            Xxd,
            "$ xxd frame.bin\n00000000: 811d 4865 6c6c 6f2c 2064 756d 7020 776f ..Hello, dump wo\n\
               00000010: 726c 6421 2030 3132 3334 3536 3738 39 rld! 0123456789",
        ),
        (
            Xxd,
            "00000000: 811d4865 6c6c6f2c 2064756d 7020776f  ..Hello, dump wo\n\
               00000016: 726c6421 20303132 33343536 373839    rld! 0123456789\n",
        ),
        (
            Hexdump,
            "00000000  81 1d 48 65 6c 6c 6f 2c  20 64 75 6d 70 20 77 6f  |..Hello, dump wo|\n\
                   00000010  72 6c 64 21 20 30 31 32  33 34 35 36 37 38 39     |rld! 0123456789|\n\
                   0000001f\n",
        ),
        (
            Od,
            "000000 81 1d 48 65 6c 6c 6f 2c 20 64 75 6d 70 20 77 6f\n\
              000010 72 6c 64 21 20 30 31 32 33 34 35 36 37 38 39\n00001f\n",
        ),
        (
            Od,
            "0000000 81 1d 48 65 6c 6c 6f 2c 20 64 75 6d 70 20 77 6f\n\
              0000020 72 6c 64 21 20 30 31 32 33 34 35 36 37 38 39\n0000037\n",
        ),
        (
            Od,
            "0000000 81 1d 48 65 6c 6c 6f 2c 20 64 75 6d 70 20 77 6f  >..Hello, dump wo<\n\
              0000020 72 6c 64 21 20 30 31 32 33 34 35 36 37 38 39     >rld! 0123456789<\n0000037\n",
        ),
        (
            Tcpdump,
            "12:00:00.000000 IP 192.0.2.1.9001 > 192.0.2.2.50000: Flags [P.], length 31\n\
                   \t0x0000:  811d 4865 6c6c 6f2c 2064 756d 7020 776f  ..Hello,.dump.wo\n\
                   \t0x0010:  726c 6421 2030 3132 3334 3536 3738 39    rld!.0123456789\n",
        ),
        (
            Wireshark,
            "0000   81 1d 48 65 6c 6c 6f 2c 20 64 75 6d 70 20 77 6f   ..Hello, dump wo\n\
                     0010   72 6c 64 21 20 30 31 32 33 34 35 36 37 38 39      rld! 0123456789\n",
        ),
        (
            Wireshark,
            "0000  81 1d 48 65 6c 6c 6f 2c  20 64 75 6d 70 20 77 6f   ..Hello,  dump wo\n\
                     0010  72 6c 64 21 20 30 31 32  33 34 35 36 37 38 39      rld! 012 3456789\n",
        ),
    ] {
        assert_eq!(read(text), Ok((form, LONG.to_vec())), "{text}");
    }
    // Characters that look like hex.
    let text = "0000  81 08 66 61 63 65 20 62 65 65 66              ..face beef\n";
    assert_eq!(read(text), Ok((Wireshark, b"\x81\x08face beef".to_vec())));
    let text = "0000  61 62 63 64 20 65 66 67 68 69 6a 6b 6c 6d 6e 6f abcd efghijklmno\n\
                0010  62 65 65 66 beef\n";
    assert_eq!(read(text), Ok((Wireshark, b"abcd efghijklmnobeef".to_vec())));
}

#[test]
fn a_star_repeats_the_line_before_and_a_hole_is_refused() {
    let star = "00000000  82 7e 00 3c 61 61 61 61  61 61 61 61 61 61 61 61  |.~.<aaaaaaaaaaaa|\n\
                00000010  61 61 61 61 61 61 61 61  61 61 61 61 61 61 61 61  |aaaaaaaaaaaaaaaa|\n\
                *\n00000040\n";
    let mut expected = b"\x82\x7e\x00\x3c".to_vec();
    expected.resize(0x40, b'a');
    assert_eq!(read(star), Ok((PastedForm::Hexdump, expected)));
    let hole = "00000000: 811d 4865 6c6c 6f2c 2064 756d 7020 776f  ..Hello, dump wo\n\
                00000020: 726c  rl\n";
    assert_eq!(
        refusal(hole),
        "line 2, column 1: the dump has a hole: the line is at offset 0x20, but 0x10 is next"
    );
    let huge = star.replace("00000040", "7fffff00");
    assert!(refusal(&huge).contains("line 3, column 1: the text stands for more than 16 MiB"));
    assert!(refusal("00000000  81 05\n*\n").contains("no line with an offset follows"));
    assert!(refusal("*\n00000000  81 05\n00000002\n").contains("nothing is before it"));
}

#[test]
fn two_possible_forms_are_both_named() {
    for (text, one, other) in [
        ("12 9 29", "hex", "decimal"),
        ("8 1 0 5", "hex", "decimal"),
        ("89 80 12 34 56 78", "hex", "decimal"),
        ("[81, 85, 37]", "hex", "array"),
        ("0000 81 05", "hex", "wireshark"),
    ] {
        let error = refusal(text);
        assert!(error.contains(&format!("--format {one} or --format {other}")), "{text}: {error}");
        let form = one.parse().unwrap();
        assert!(parse_as(text, form).is_ok(), "{text} as {one}");
        assert!(parse_as(text, other.parse().unwrap()).is_ok(), "{text} as {other}");
        // Where hex is asked for, it is hex, but half a byte is none.
        let half = text.split(' ').any(|word| word.len() == 1);
        let read = parse_hex(text).ok();
        assert_eq!(read, (!half).then(|| parse_as(text, form).unwrap().bytes), "{text}");
    }
    assert_eq!(parse_as("12 9 29", PastedForm::Decimal).unwrap().bytes, [12, 9, 29]);
}

#[test]
fn mistakes_have_their_line_and_column() {
    for (text, error) in [
        ("81 00\n0z", "line 2, column 2: 'z' isn't a hex digit; expected hex such as 81 05 48 65"),
        ("81 81f", "line 1, column 4: \"81f\" has an odd number of hex digits"),
        ("81 05 4", "line 1, column 7: \"4\" has one hex digit where other bytes have two"),
        ("129 300 5", "line 1, column 5: \"300\" isn't a byte"),
        ("[129, 5,\n 256]", "line 2, column 2: \"256\" isn't a byte"),
        ("[129, -5]", "\"-5\" is negative, but the list also has numbers above 127"),
        ("{0201, 5}", "\"0201\" begins with 0, which means octal in C"),
        ("{0x8105, 5}", "\"0x8105\" is a number of several bytes"),
        ("0x8105 0x4865", "\"0x8105\" is a number of several bytes"),
        ("[129, 5", "'[' isn't closed"),
        ("[129]\n[5]", "line 2, column 2: a second list begins here"),
        (
            "<Buffer 81 85 37 ... 12 more bytes>",
            "column 18: the bytes were cut off here (\"... 12 more bytes\")",
        ),
        ("Uint8Array(200) [ 129, 5, ... 100 more items ]", "the bytes were cut off here"),
        ("b'\\x81\\q'", "column 7: \"\\\\q'\" isn't an escape"),
        ("\"\\x81\u{fffd}\"", "column 6: U+FFFD stands for a byte that was lost"),
        ("\"\\u0081\\u0005\"", "is a character, not a byte"),
        ("\"Hello world\"", "the string has no escapes"),
        ("\"\\x81", "'\"' isn't closed"),
        (r#"{"0":129,"2":5}"#, "the key \"2\" is out of order; expected 1"),
        ("0000000 201 005 110", "the octal bytes of od -b"),
        ("0000000 129   5  72", "the decimal bytes of od -t u1"),
        ("0000000 0581 6548 6c6c 006f\n0000007\n", "the two-byte words of hexdump or od -x"),
        ("0000000 002601 062510\n0000004\n", "the octal words of od"),
        ("0000000 201 005   H   e   l   l   o\n0000007\n", "the characters of od -c"),
        ("00000000: 10000001 00000101 01001000  ..H", "the binary digits of xxd -b"),
        ("00000000: 65480581 006f6c6c  ..Hello.", "the little-endian groups of xxd -e"),
        ("00000000: 8105 4865\nnothing\n", "line 2, column 1: this line has no offset"),
        ("00000000: 8105\n00000000: 8a00\n", "line 2, column 1: a second dump begins here"),
        (
            " 81 05\n*\n",
            "line 2, column 1: * repeats a line, but no line with an offset follows it",
        ),
        ("Document", "\"Document\" isn't hex; if it is base64, use --format base64"),
        ("gYU3+iE9f59NUVh=", "isn't a hex digit"),
    ] {
        let found = refusal(text);
        assert!(found.contains(error), "{text}\n{found}\n{error}");
    }
}

/// The packet of a server that sends a frame, as `tcpdump -X` and Wireshark show it.
#[test]
fn headers_of_ip_and_tcp_are_told_from_the_payload() {
    let mut packet = vec![0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
    packet.extend([0x23, 0x29, 0xc3, 0x50, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
    packet.extend(LONG);
    packet[3] = u8::try_from(packet.len()).unwrap();
    let ethernet = [&[2; 12][..], &[8, 0], &packet, &[0; 3]].concat();
    let vlan = [&[2; 12][..], &[0x81, 0, 0, 7, 8, 0], &packet].concat();
    let loopback = [&[2, 0, 0, 0][..], &packet].concat();
    for (bytes, tool) in [
        (&packet, PastedForm::Tcpdump),
        (&vlan, PastedForm::Tcpdump),
        (&loopback, PastedForm::Wireshark),
        (&ethernet, PastedForm::Tcpdump),
        (&ethernet, PastedForm::Wireshark),
    ] {
        let (_, text) = written(bytes).into_iter().find(|(form, _)| *form == tool).unwrap();
        let pasted = parse(&(text.clone() + &text)).unwrap();
        let stream = TcpStream { bytes: LONG.to_vec(), ..TcpStream::default() };
        assert_eq!(pasted.tcp_payloads(), Ok(Some(stream)), "sent again: {text}");
        let segment = pasted.segments().unwrap()[0];
        assert_eq!((segment.source.1, segment.destination.1), (9001, 50_000));
    }
    let mut back = packet.clone();
    back[12..20].rotate_left(4);
    let both: String = [&packet, &back].map(|bytes| written(bytes)[8].1.clone()).concat();
    assert_eq!(parse(&both).unwrap().tcp_payloads(), Err(SeveralDirections));
    let (_, frame) = written(LONG).swap_remove(8);
    assert_eq!(parse(&frame).unwrap().tcp_payloads(), Ok(None), "a frame is no packet");
}

#[test]
fn packets_begin_at_offset_0() {
    let text = "12:00 IP a > b\n\t0x0000:  8105 4865  ..He\n12:01 IP b > a\n\t0x0000:  8a00  ..\n";
    let pasted = parse(text).unwrap();
    assert_eq!(pasted.packets().collect::<Vec<_>>(), [&b"\x81\x05He"[..], &b"\x8a\x00"[..]]);
}

#[test]
fn only_the_frame_of_wireshark_s_sources_is_read() {
    let text = "Frame (6 bytes):\n0000  81 80 00 00 00 00                                 ......\n\
                Unmasked data (2 bytes):\n0000  68 69                                             hi\n\n\
                0000  8a 00                                             ..\n";
    let pasted = parse(text).unwrap();
    assert_eq!(pasted.packets().collect::<Vec<_>>(), [&b"\x81\x80\0\0\0\0"[..], &b"\x8a\x00"[..]]);
}

/// Returns a dump of `bytes` with `width` bytes a line and an offset of its own style.
fn dump(
    bytes: &[u8],
    width: usize,
    offset: impl Fn(usize) -> String,
    line: impl Fn(&[u8]) -> String,
) -> String {
    let mut text = String::new();
    for (number, piece) in bytes.chunks(width).enumerate() {
        writeln!(text, "{}{}", offset(number * width), line(piece)).unwrap();
    }
    text
}

fn printable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' })
        .collect()
}

fn grouped(bytes: &[u8], group: usize) -> String {
    let groups = bytes.chunks(group).map(crate::wire::format::hex);
    groups.collect::<Vec<_>>().join(" ")
}

fn joined<T: ToString>(bytes: impl IntoIterator<Item = T>, separator: &str) -> String {
    bytes.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(separator)
}

/// Returns the lines of `hexdump -C`, with `*` for repeated lines.
fn hexdump(bytes: &[u8]) -> String {
    let (mut text, mut last, mut stars) = (String::new(), None, false);
    for (number, piece) in bytes.chunks(16).enumerate() {
        if last == Some(piece) {
            if !stars {
                text.push_str("*\n");
            }
            stars = true;
            continue;
        }
        (last, stars) = (Some(piece), false);
        let (left, right) = piece.split_at(piece.len().min(8));
        let hex = format!("{:<23}  {:<23}", grouped(left, 1), grouped(right, 1));
        writeln!(text, "{:08x}  {hex}  |{}|", number * 16, printable(piece)).unwrap();
    }
    writeln!(text, "{:08x}", bytes.len()).unwrap();
    text
}

/// Returns `bytes` as each tool writes them, with the form that must be recognized.
fn written(bytes: &[u8]) -> Vec<(PastedForm, String)> {
    use PastedForm::{
        Array, Base64, Buffer, Decimal, Gdb, Hexdump, Json, Od, Tcpdump, Wireshark, Xxd,
    };
    let xxd = |group: usize| {
        let wide = 32 + 16 / group - 1;
        dump(
            bytes,
            16,
            |at| format!("{at:08x}: "),
            |piece| format!("{:<wide$}  {}", grouped(piece, group), printable(piece)),
        )
    };
    let signed = bytes.iter().map(|byte| byte.cast_signed());
    let escaped = joined(bytes.iter().map(|byte| format!("\\x{byte:02x}")), "");
    let python: String = bytes
        .iter()
        .map(|byte| match byte {
            b'\n' => "\\n".to_owned(),
            b'\\' | b'\'' => format!("\\{}", char::from(*byte)),
            b' '..=b'~' => char::from(*byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        })
        .collect();
    let mut all = vec![
        (PastedForm::Hex, crate::wire::format::hex(bytes)),
        (PastedForm::Hex, joined(bytes.iter().map(|byte| format!("0x{byte:x}")), ", ")),
        (PastedForm::Hex, joined(bytes.iter().map(|byte| format!("{byte:02X}")), "-")),
        (PastedForm::Hex, joined(bytes.iter().map(|byte| format!("{byte:02x}")), ":")),
        (Xxd, xxd(1)),
        (Xxd, xxd(2)),
        (Hexdump, hexdump(bytes)),
        (
            Od,
            dump(bytes, 16, |at| format!("{at:07o}"), |piece| format!(" {}", grouped(piece, 1)))
                + &format!("{:07o}\n", bytes.len()),
        ),
        (
            Tcpdump,
            dump(
                bytes,
                16,
                |at| format!("\t0x{at:04x}:  "),
                |piece| format!("{:<39}  {}", grouped(piece, 2), printable(piece)),
            ),
        ),
        (
            Wireshark,
            dump(
                bytes,
                16,
                |at| format!("{at:04x}   "),
                |piece| format!("{:<47}   {}", grouped(piece, 1), printable(piece)),
            ),
        ),
        (
            Gdb,
            dump(
                bytes,
                8,
                |at| format!("0x{:x}:\t", 0x7ffe_0000 + at),
                |piece| joined(piece.iter().map(|byte| format!("0x{byte:02x}")), "\t"),
            ),
        ),
        (Array, format!("let a = [{}];", joined(bytes, ", "))),
        (Array, format!("byte[] a = {{{}}};", joined(signed, ", "))),
        (Array, format!("char a[] = {{{},}};", joined(bytes, ","))),
        (Array, format!("<<{}>>", joined(bytes, ","))),
        (Json, format!("{{\"type\":\"Buffer\",\"data\":[{}]}}", joined(bytes, ","))),
        (PastedForm::String, format!("\"{escaped}\"")),
        (PastedForm::String, format!("b'{python}'")),
        (Buffer, format!("<Buffer {}>", grouped(bytes, 1))),
        (Base64, BASE64_STANDARD.encode(bytes)),
        (Base64, BASE64_URL_SAFE_NO_PAD.encode(bytes)),
    ];
    // A single number is hex.
    if bytes.len() > 1 {
        all.push((Decimal, joined(bytes, " ")));
    }
    all
}

/// The pieces that texts of the fuzz test are made of: what the forms are told apart by.
fn fragment() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "81",
        "05",
        "0x",
        "0000000",
        "00000010: ",
        "0x0000:",
        "*",
        "\n",
        " ",
        "  ",
        "|",
        "[",
        "]",
        "{",
        "}",
        "<Buffer ",
        ">",
        "<<",
        "(",
        ")",
        "(byte)",
        "'",
        "\"",
        "\\x",
        "\\",
        "b'",
        "#",
        "//",
        "/*",
        "*/",
        ";",
        "-",
        "...",
        "é",
        "\u{fffd}",
        "\u{feff}",
        ",",
        ":",
        "129",
        "=",
        "gQ",
        "\t",
    ]);
    prop_oneof![fixed.prop_map(str::to_owned), any::<char>().prop_map(String::from)]
}

#[test]
fn base64_may_begin_like_a_comment() {
    let pasted = parse("//8=").unwrap();
    assert_eq!((pasted.form, pasted.bytes), (PastedForm::Base64, vec![0xff, 0xff]));
    let error = parse("f39/f39/").unwrap_err();
    assert!(matches!(error.problem, PasteProblem::MaybeBase64(_)), "{error}");
}

proptest! {
    /// Bytes are read back from every form exactly as its writer wrote them. Where the form of a
    /// text isn't certain, it is refused, and read once the form is given.
    #[test]
    fn what_a_tool_writes_is_read_back(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 1..80),
            prop::collection::vec(prop::sample::select(b" 0a|<>'\"\\\x81".to_vec()), 1..80),
            (any::<u8>(), 1_usize..100).prop_map(|(byte, len)| vec![byte; len]),
        ],
    ) {
        for (form, text) in written(&bytes) {
            let given = parse_as(&text, form);
            prop_assert_eq!(
                given.map(|pasted| pasted.bytes), Ok(bytes.clone()), "{:?} as given:\n{}", form, text
            );
            // Base64 that consists of hex digits, and of dashes between them, is hex.
            let looks_like_hex = form == PastedForm::Base64 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
            match parse(&text) {
                Ok(pasted) if looks_like_hex => prop_assert_eq!(pasted.form, PastedForm::Hex),
                Ok(pasted) => {
                    prop_assert_eq!(&pasted.bytes, &bytes, "{:?} as {:?}:\n{}", form, pasted.form, text);
                }
                Err(error) => {
                    let uncertain = matches!(
                        error.problem, PasteProblem::Ambiguous(..) | PasteProblem::MaybeBase64(_)
                    );
                    // Two or three characters of base64 are no more than a word.
                    let short = form == PastedForm::Base64 && text.len() < 4;
                    prop_assert!(uncertain || looks_like_hex || short, "{}:\n{}", error, text);
                }
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(pieces in prop::collection::vec(fragment(), 0..40)) {
        let text = pieces.concat();
        let forms = PastedForm::ALL.into_iter().map(|form| parse_as(&text, form));
        for result in forms.chain([parse(&text)]) {
            match result {
                Ok(pasted) => {
                    let packets: usize = pasted.packets().map(<[u8]>::len).sum();
                    prop_assert_eq!(packets, pasted.bytes.len());
                    prop_assert!(pasted.bytes.len() <= MAX_PASTED_BYTES);
                }
                Err(error) => {
                    prop_assert!(!error.to_string().chars().any(char::is_control));
                    let text = markup::with_line_feeds(&text);
                    let lines = text.split('\n').count();
                    prop_assert!((1..=lines).contains(&error.at.line), "{}", error);
                    let line = text.split('\n').nth(error.at.line - 1).unwrap_or_default();
                    prop_assert!(error.at.column <= line.chars().count() + 1, "{}", error);
                }
            }
        }
    }

    /// Pieces of any size give the scanner the same bytes as the whole text.
    #[test]
    fn digits_are_never_joined_across_a_separator(groups in prop::collection::vec("[0-9a-f]{1,6}", 1..12)) {
        let text = groups.join(" ");
        if let Ok(pasted) = parse_as(&text, PastedForm::Hex) {
            let expected: Vec<u8> = groups
                .iter()
                .flat_map(|group| {
                    let padded = if group.len() == 1 { format!("0{group}") } else { group.clone() };
                    crate::wire::format::unhex(&padded).expect("an even number of digits")
                })
                .collect();
            prop_assert_eq!(pasted.bytes, expected);
        } else {
            prop_assert!(groups.iter().any(|group| group.len() % 2 == 1));
        }
    }
}
