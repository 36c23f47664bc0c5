//! What tools, programs and pages make of bytes: each text gives exactly these bytes, or is refused.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::*;
use super::{dump, grouped, joined, printable, read, refusal};

const HELLO: &[u8] = b"\x81\x05Hello";

#[test]
fn what_tools_dump_is_read() {
    use PastedForm::{Curl, Gdb, Hexdump, Openssl, Socat, Wireshark, Xxd};
    for (form, text) in [
        (Xxd, "00: 81 05 48 65 6c 6c 6f\n"),
        (
            Xxd,
            "     0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f    0123456789abcdef\n\
             00: 81 05 48 65 6c 6c 6f                               ?.Hello\n",
        ),
        (Gdb, "0x0:\t0x81\t0x05\t0x48\t0x65\n0x4:\t0x6c\t0x6c\t0x6f\n"),
        (Gdb, "0x00: 0x81 0x05 0x48 0x65 0x6c 0x6c 0x6f"),
        (Gdb, "0x16fdff2a0: 81 05 48 65 6c 6c 6f  ..Hello\n"),
        (Wireshark, "000000fa`e75ff0b8  81 05 48 65 6c 6c 6f  ..Hello\n"),
        (Xxd, "0000 - 81 05 48 65 6c 6c 6f      ..Hello\n"),
        (
            Wireshark,
            "           Path: C:\\frame.bin\n\n           00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D \
             0E 0F\n\n00000000   81 05 48 65 6C 6C 6F                             ..Hello\n",
        ),
        (
            Wireshark,
            "   Label: Byte[] (System.Byte[]) <5C0F7D5A>\n\n          Offset Bytes   Ascii\n     \
             00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n          ------ ----------- -----\n\
             0000000000000000 81 05 48 65 6C 6C 6F ..Hello\n",
        ),
        (
            Hexdump,
            "         +-------------------------------------------------+\n         \
             |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n\
             +--------+-------------------------------------------------+----------------+\n\
             |00000000| 81 05 48 65 6c 6c 6f                            |..Hello         |\n\
             +--------+-------------------------------------------------+----------------+\n",
        ),
        (
            Hexdump,
            "┌────────┬─────────────────────────┬─────────────────────────┬────────┬────────┐\n\
             │00000000│ 81 05 48 65 6c 6c 6f    ┊                         │×•Hello ┊        │\n\
             └────────┴─────────────────────────┴─────────────────────────┴────────┴────────┘\n",
        ),
        (Hexdump, "([]uint8) (len=7 cap=8) {\n 00000000  81 05 48 65 6c 6c 6f  |..Hello|\n}\n"),
        (
            Curl,
            "== Info: connected\n<= Recv data, 7 bytes (0x7)\n0000: 81 05 48 65 6c 6c 6f  ..Hello\n",
        ),
        (
            Curl,
            "12:00:00.1 <= Recv data, 2 bytes (0x2)\n0000: 81 05 ..\n<= Recv data, 5 bytes (0x5)\n\
             0000: 48 65 6c 6c 6f  Hello\n",
        ),
        (
            Openssl,
            "read from 0x55 [0x56] (7 bytes => 7 (0x7))\n0000 - 81 05 48 65 6c 6c 6f   ..Hello\n",
        ),
        (Socat, "> 2024/05/01 12:00:00.123456  length=7 from=0 to=6\n 81 05 48 65 6c 6c 6f\n"),
    ] {
        assert_eq!(read(text), Ok((form, HELLO.to_vec())), "{text}");
    }
}

#[test]
fn what_programs_and_pages_show_is_read() {
    use PastedForm::{Array, Base64, Buffer, Hex, Json, String, Xxd};
    for (form, text) in [
        (Buffer, "<81054865 6c6c6f>"),
        (Buffer, "{length = 7, bytes = 0x810548656c6c6f}"),
        (Buffer, "[hex=810548656c6c6f]"),
        (Buffer, "Response{[size=7 hex=810548656c6c6f]}"),
        (Buffer, "ArrayBuffer {\n  [Uint8Contents]: <81 05 48 65 6c 6c 6f>,\n  byteLength: 7\n}"),
        (Array, "[81, 5, 48, 65, 6c, 6c, 6f]"),
        (Array, "byteArrayOf(0x81.toByte(), 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f)"),
        (Array, "[|129uy; 5uy; 72uy; 101uy; 108uy; 108uy; 111uy|]"),
        (Array, "<<16#81,16#05,16#48,16#65,16#6c,\"lo\">>"),
        (Array, "['0x81', '0x5', '0x48', '0x65', '0x6c', '0x6c', '0x6f']"),
        (Array, "[\"0x81\",\"0x05\",\"0x48\",\"0x65\",\"0x6c\",\"0x6c\",\"0x6f\"]"),
        (
            Array,
            "Uint8Array(7) [129, 5, 72, 101, 108, 108, 111, buffer: ArrayBuffer(7), byteLength: 7, \
             Symbol(Symbol.toStringTag): 'Uint8Array']",
        ),
        (Array, "2024/05/01 12:00:01 main.go:42: frame [129 5 72 101 108 108 111] len 7\n"),
        (Array, "unsigned char a[7] = {0x81, 5, 72, 101, 108, 108, 111};\nunsigned a_len = 7;"),
        (Json, "{\"frames\":[[129,5,72,101,108,108,111]]}"),
        (String, "string(14) \"810548656c6c6f\""),
        (String, "b'\\x81\\x05Hello' (7 bytes)"),
        (String, "write(3, \"\\201\\5Hello\", 7) = 7"),
        (String, "recvfrom(5, \"\\x81\\x05Hello\", 4096, 0, NULL, NULL) = 7"),
        (String, "[\"810548656c6c6f\"].pack(\"H*\")"),
        (String, "pack(\"H*\", \"810548656c6c6f\")"),
        (String, "Buffer.from('\\x81\\x05Hello', 'latin1')"),
        (String, "Buffer.from('gQVIZWxsbw==', 'base64')"),
        (String, "\"\\x{81}\\x{05}Hello\""),
        (
            String,
            "const char a[] =\n  \"\\x81\\x05\"  /* it's */\n  \"Hel\"  // \"x\"\n  \"lo\";\n",
        ),
        (String, "\"\\x81\\x05\\\nHello\""),
        (Base64, "data:application/octet-stream;base64,gQVIZWxsbw=="),
        (Base64, "-----BEGIN DATA-----\ngQVI\nZWxsbw==\n-----END DATA-----\n"),
        (Hex, "```hex\n81 05 48 65 6c 6c 6f\n```\n"),
        (Hex, "`81 05 48 65 6c 6c 6f`"),
        (Hex, "> 81 05 48 65\n> 6c 6c 6f\n"),
        (Hex, "\u{1b}[32m81 05\u{1b}[0m 48 65 6c 6c 6f"),
        (Hex, "81:05:48:65:\n6c:6c:6f"),
        (Hex, "8105:4865:6c6c:6f"),
        (Xxd, "> 00000000:\u{a0}8105 4865 6c6c 6f  ..Hello\n"),
    ] {
        assert_eq!(read(text), Ok((form, HELLO.to_vec())), "{text}");
    }
    let spaced: Vec<u8> = "81 05".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(decode_text(&spaced).as_deref(), Some("81 05"));
    let spaced: Vec<u8> = "81 05".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(decode_text(&spaced).as_deref(), Some("81 05"));
}

#[test]
fn digits_that_are_no_bytes_are_refused() {
    for (text, error) in [
        ("recv(7): 81 05 48", "line 1, column 1: \"recv(7):\" stands before the bytes"),
        ("[7]: 81 05 48", "bytes may stand here too"),
        ("[12] 81 05 48", "bytes may stand here too"),
        ("[12] b'Hello'", "bytes may stand here too"),
        ("[12] \\x81", "bytes may stand here too"),
        ("[129, 5] \"\\x81\"", "bytes may stand here too"),
        ("[129, 5] {130, 5}", "a second list begins here"),
        ("81 05 \"\\x48\"", "bytes may stand here too"),
        ("Read 7 bytes (0x7): 8105", "\"Read 7 bytes (0x7):\" stands before the bytes"),
        ("be ef: 81 05", "the digits before this colon look like an offset"),
        ("1: 81 05\n2: 48 65", "the digits before this colon look like an offset"),
        ("0: 12\n1: 13\n2: 14", "the digits before this colon look like an offset"),
        ("12:00:01 81 05 48", "\"12:00:01\" stands before the bytes"),
        ("12:34:56 81054865", "\"12:34:56\" stands before the bytes"),
        ("2024-05-01 81 05 48", "\"2024-05-01\" stands before the bytes"),
        ("81 05 48:65", "digits joined by ':' stand beside others"),
        ("12:00:01\n810548", "digits joined by ':' stand beside others"),
        ("2024 81 05 48 65", "--format hex or --format wireshark"),
        ("\\x810548656c6c6f", "--format hex or --format string"),
        ("10000001 00000101", "--format hex or --format binary"),
        (" 0581 6548 6c6c\n", "the words of od -A n -t x2"),
        ("[12, 9, 29]", "--format hex or --format array"),
        ("\"\\129\\005\"", "is decimal in Lua"),
        ("\\x81Hello \n", "could be a byte; put the string in quotes"),
        ("\u{1b}[1m\"\\x81\"\u{1b}[0m", "the text has escape sequences of a terminal"),
        ("0x0:\t129\t5\t72\n", "the decimal, octal or character units of gdb"),
        ("0x0:\t0x48658105\n", "the words of gdb's x/xh, x/xw or x/xg"),
        ("0000000 \u{20} 1.5e-3\n0000010\n", "this line of the dump shows no bytes in hex"),
        ("00000000: 8105 4865\n00000004: 6c6c 6\n", "\"6\" behind the bytes of this line"),
        ("{length = 9, bytes = 0x8105}", "the length in the text is 9, but it shows 2 bytes"),
        (
            "<= Recv data, 7 bytes (0x7)\n0000: 81 05\n",
            "the length in the text is 7, but it shows 2 bytes",
        ),
        (
            "=> Send data, 1 bytes (0x1)\n0000: 81\n<= Recv data, 1 bytes (0x1)\n0000: 81\n",
            "line 3, column 1: the text shows both directions",
        ),
        ("read(5, \"\\201\\5\"..., 4096) = 132", "the bytes were cut off here"),
        ("write(3, \"\\201\\5Hello\", 7) = 2", "the length in the text is 2, but it shows 7 bytes"),
        ("81 05 48 ...", "the bytes were cut off here"),
        ("    .... 0001 = Opcode: Text (1)\n", "this looks like Wireshark's tree"),
        ("{\"payload\":\"8105\"}", "this looks like JSON with named fields"),
    ] {
        let found = refusal(text);
        assert!(found.contains(error), "{text}\n{found}\n{error}");
    }
}

/// Returns `bytes` as a string of C, with as few octal digits as possible. The first byte has an
/// escape: a string without one is hex or base64.
fn octal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        let digit_follows = bytes.get(index + 1).is_some_and(u8::is_ascii_digit);
        match byte {
            _ if index == 0 => write!(text, "\\{byte:03o}"),
            b'"' | b'\\' => write!(text, "\\{}", char::from(*byte)),
            b' '..=b'~' => write!(text, "{}", char::from(*byte)),
            _ if digit_follows => write!(text, "\\{byte:03o}"),
            _ => write!(text, "\\{byte:o}"),
        }
        .unwrap();
    }
    text
}

/// Returns lines of sixteen bytes with a dash in the middle, as OpenSSL and `WinDbg` print them.
fn with_dash(piece: &[u8]) -> String {
    let (left, right) = piece.split_at(piece.len().min(8));
    let dash = if right.is_empty() { "" } else { "-" };
    format!("{}{dash}{}", grouped(left, 1), grouped(right, 1))
}

/// Returns `bytes` in the forms of many tools, with their options.
fn printed(bytes: &[u8]) -> Vec<String> {
    let hex = crate::wire::format::hex(bytes);
    let spaced = grouped(bytes, 1);
    let len = bytes.len();
    let mut all = vec![
        hex.clone(),
        hex.to_uppercase(),
        spaced.clone(),
        spaced.to_uppercase(),
        spaced.replace(' ', ":"),
        spaced.replace(' ', "-"),
        spaced.replace(' ', ", "),
        grouped(bytes, 2),
        grouped(bytes, 2).replace(' ', ":"),
        grouped(bytes, 4),
        format!("\\x{hex}"),
        joined(bytes.iter().map(|byte| format!("{byte:x}")), " "),
        format!("[{}]", joined(bytes.iter().map(|byte| format!("{byte:x}")), ", ")),
        format!("[{}]", joined(bytes.iter().map(|byte| format!("{byte:02x}")), ", ")),
        format!("[{}]", joined(bytes.iter().map(|byte| format!("'{byte:#x}'")), ", ")),
        format!("[{}]", joined(bytes.iter().map(|byte| format!("\"0x{byte:02x}\"")), ",")),
        format!("[{}]", joined(bytes, " ")),
        format!("Uint8Array({len}) [{}]", joined(bytes, ", ")),
        format!("[|{}|]", joined(bytes.iter().map(|byte| format!("{byte}uy")), "; ")),
        format!("<<{}>>", joined(bytes.iter().map(|byte| format!("16#{byte:02X}")), ",")),
        format!(
            "byteArrayOf({})",
            joined(bytes.iter().map(|byte| format!("0x{byte:02x}.toByte()")), ", ")
        ),
        format!("unsigned char a[{len}] = {{{}}};\nint a_len = {len};", joined(bytes, ", ")),
        format!("({})", joined(bytes, ", ")),
        format!("<{}>", grouped(bytes, 4)),
        format!("{{length = {len}, bytes = 0x{hex}}}"),
        format!("[size={len} hex={hex}]"),
        format!("\"{}\"", octal(bytes)),
        octal(bytes),
        format!("write(3, \"{}\", {len}) = {len}", octal(bytes)),
        format!("read(3, \"{}\", 4096) = {len}", octal(bytes)),
        format!("\"{}\"", joined(bytes.iter().map(|byte| format!("\\x{{{byte:02x}}}")), "")),
        joined(bytes.iter().map(|byte| format!("\\x{byte:02x}")), ""),
        format!("pack(\"H*\", \"{hex}\")"),
        format!("string({}) \"{hex}\"", 2 * len),
        format!("> 2024/05/01 12:00:00.1  length={len} from=0 to={}\n {spaced}\n", len - 1),
    ];
    // One word alone is hex.
    if len > 1 {
        all.push(joined(bytes.iter().map(|byte| format!("{byte:08b}")), " "));
    }
    all.extend(dumped(bytes));
    all
}

/// Returns `bytes` as dumps of many tools, with their options.
fn dumped(bytes: &[u8]) -> Vec<String> {
    let (len, mut all) = (bytes.len(), Vec::new());
    for width in [4_usize, 8, 16] {
        let title = format!("read from 0x55 [0x56] ({len} bytes => {len} (0x{len:x}))\n");
        let openssl = dump(
            bytes,
            16,
            |at| format!("{at:04x} - "),
            |piece| format!("{:<50}{}", with_dash(piece), printable(piece)),
        );
        all.extend([
            dump(bytes, width, |at| format!("{at:02x}: "), |piece| grouped(piece, 1)),
            dump(
                bytes,
                width,
                |at| format!("0x{at:x}:\t"),
                |piece| joined(piece.iter().map(|byte| format!("0x{byte:02x}")), "\t"),
            ),
            dump(bytes, width, |at| format!("0x{at:x}:\t"), |piece| joined(piece, "\t")),
            dump(
                bytes,
                width,
                |at| format!("0x{:x}: ", at + 0x1000),
                |piece| format!("{:<48} {}", grouped(piece, 1), printable(piece)),
            ),
            dump(
                bytes,
                width,
                |at| format!("{at:08x}: "),
                |piece| format!("{:<50} {}", grouped(piece, 4), printable(piece)),
            ),
            dump(bytes, width, |at| format!("{at:07}"), |piece| format!(" {}", grouped(piece, 1)))
                + &format!("{len:07}\n"),
            dump(bytes, width, |_| String::new(), |piece| format!(" {}", grouped(piece, 1))),
            dump(
                bytes,
                16,
                |at| format!("{at:08X}   "),
                |piece| format!("{:<47}  {}", grouped(piece, 1).to_uppercase(), printable(piece)),
            ),
            dump(
                bytes,
                16,
                |at| format!("{:08x}`{:08x}  ", 5, at),
                |piece| format!("{:<50}{}", with_dash(piece), printable(piece)),
            ),
            dump(
                bytes,
                16,
                |at| format!("|{at:08x}| "),
                |piece| format!("{:<48}|{:<16}|", grouped(piece, 1), printable(piece)),
            ),
            format!("{title}{openssl}"),
            openssl,
            format!("=> Send data, {len} bytes (0x{len:x})\n")
                + &dump(
                    bytes,
                    16,
                    |at| format!("{at:04x}: "),
                    |piece| format!("{:<48}{}", grouped(piece, 1), printable(piece)),
                ),
        ]);
    }
    all
}

/// Returns the bytes in words of `size` as od and xxd -e write them on most machines.
fn in_words(bytes: &[u8], size: usize) -> Vec<String> {
    let word = |piece: &[u8]| {
        let mut word = piece.to_vec();
        word.resize(size, 0);
        word.reverse();
        crate::wire::format::hex(&word)
    };
    let line = |piece: &[u8]| joined(piece.chunks(size).map(word), " ");
    let with_chars = |piece: &[u8]| {
        let words = joined(
            piece.chunks(size).map(|bytes| {
                let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
                format!("{:>1$}", crate::wire::format::hex(&reversed), 2 * size)
            }),
            " ",
        );
        format!("{words:<40}  {}", printable(piece))
    };
    let mut all = vec![
        dump(bytes, 16, |_| " ".to_owned(), line),
        dump(bytes, 16, |at| format!("{at:07o} "), line) + &format!("{:07o}\n", bytes.len()),
    ];
    // xxd -e -g 2 prints what xxd prints of other bytes.
    if size > 2 {
        all.push(dump(bytes, 16, |at| format!("{at:08x}: "), with_chars));
    }
    all
}

/// Returns `text` as pages, chats, terminals and logs show it.
fn wrapped(text: &str) -> Vec<String> {
    let quoted = format!("> {}\n", text.trim_end_matches('\n').replace('\n', "\n> "));
    vec![
        text.to_owned(),
        format!("```\n{}\n```\n", text.trim_end_matches('\n')),
        format!("`{text}`"),
        quoted,
        format!("\u{1b}[1;32m{text}\u{1b}[0m"),
        text.replace(' ', "\u{a0}"),
        text.replace('\n', "\r\n"),
        format!("{text} \n\n"),
        format!("12:00:01 {text}"),
        format!("12:34:56.789 {text}"),
        format!("2024-05-01 {text}"),
        format!("recv(7): {text}"),
        format!("[7]: {text}"),
        format!("be ef: {text}"),
        format!("Read 7 bytes (0x7): {text}"),
    ]
}

proptest! {
    // Each case is a thousand texts.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever prints the bytes, and whatever stands around them, they come back or are refused.
    #[test]
    fn bytes_come_back_as_they_were_or_are_refused(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 1..40),
            prop::collection::vec(prop::sample::select(b" 0a8|<>'\"\\\x81\x12\x99".to_vec()), 1..40),
            (any::<u8>(), 1_usize..50).prop_map(|(byte, len)| vec![byte; len]),
        ],
    ) {
        for text in printed(&bytes) {
            for text in wrapped(&text) {
                if let Ok(pasted) = parse(&text) {
                    prop_assert_eq!(&pasted.bytes, &bytes, "{:?}:\n{}", pasted.form, text);
                }
            }
        }
        for text in [2, 4].into_iter().flat_map(|size| in_words(&bytes, size)) {
            if let Ok(pasted) = parse(&text) {
                prop_assert_eq!(&pasted.bytes, &bytes, "{:?}:\n{}", pasted.form, text);
            }
        }
    }
}

#[test]
fn what_is_in_no_encoding_is_replaced() {
    let text = |bytes: &[u8]| {
        let (text, is_exact) = decode_text_lossy(bytes);
        (text.into_owned(), is_exact)
    };
    assert_eq!(text(b"\xef\xbb\xbfa\xff"), ("a\u{fffd}".to_owned(), false));
    assert_eq!(text("\u{fffd}".as_bytes()), ("\u{fffd}".to_owned(), true));
    // Half a surrogate pair, then half a code unit.
    assert_eq!(text(b"\xff\xfea\0\x3d\xd8b\0c"), ("a\u{fffd}b".to_owned(), false));
    assert!(is_utf16(b"\xfe\xff\0a") && is_utf16(b"a\0b\0") && !is_utf16(b"ab"));
}
