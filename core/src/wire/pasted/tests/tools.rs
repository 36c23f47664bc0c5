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
fn what_stands_before_and_above_a_dump_is_no_bytes() {
    use PastedForm::{Follow, Hex, Hexdump, Json, Wireshark, Xxd};
    let frame = "=".repeat(67);
    let follow = |mode: &str, line: &str| {
        format!(
            "\n{frame}\nFollow: tcp,{mode}\nFilter: tcp.stream eq 0\nNode 0: 192.0.2.10:50000\n\
             Node 1: 198.51.100.5:80\n{line}\n{frame}\n"
        )
    };
    let hex =
        follow("hex", "\t00000000  81 05 48 65 6c 6c 6f                              ..Hello");
    let raw = follow("raw", "\t8105\n\t48656c6c6f");
    for (form, text) in [
        (Follow, hex.as_str()),
        (Follow, raw.as_str()),
        (Json, "\"tcp.payload\": \"81:05:48:65:6c:6c:6f\","),
        (Json, "\"tcp.payload_raw\": [\n  \"810548656c6c6f\",\n  54,\n  7,\n  0,\n  30\n],"),
        (
            Wireshark,
            " Offset(h) 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F  Decoded text\n\n\
             00000000  81 05 48 65 6C 6C 6F                             ..Hello\n",
        ),
        (
            Xxd,
            "Offset: 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F \t\n\
             00000000: 81 05 48 65 6C 6C 6F                               ..Hello\n",
        ),
        (
            Wireshark,
            "- offset -   0 1  2 3  4 5  6 7  8 9  A B  C D  E F  0123456789ABCDEF\n\
             0x00000000  8105 4865 6c6c 6f                        ..Hello\n",
        ),
        (
            Xxd,
            "87654321  0011 2233 4455 6677 8899 aabb ccdd eeff  0123456789abcdef\n\
             00000000: 8105 4865 6c6c 6f                        ..Hello\n",
        ),
        (
            Xxd,
            "Length: 7 (0x7) bytes\n\
             0000:   81 05 48 65  6c 6c 6f                                ..Hello\n",
        ),
        (Hex, "[1] 81 05 48 65 6c 6c 6f\n"),
        (Hex, "[1] 81 05 48 65\n[5] 6c 6c 6f\n"),
        (Hex, "7-element Vector{UInt8}:\n 0x81\n 0x05\n 0x48\n 0x65\n 0x6c\n 0x6c\n 0x6f\n"),
        (Hex, "0x81 0x05 0x48 0x65 0x6c 0x6c 0x6f (contains \"Hello\")\n"),
        (Hex, "   *  0x81 0x05 0x48 0x65 0x6c 0x6c 0x6f (contains \"Hello\")\n"),
        (
            Hex,
            "  *  0x81 0x05 0x48 0x65 0x6c\n     0x6c 0x6f\n     (contains \"Hello\",\n      so)\n",
        ),
        (Hex, "81 05 48 65 6c 6c 6f (7 bytes)"),
        (Hex, "81 05 48 65 6c 6c 6f  |..Hello|\n"),
        (Xxd, "0000:   81 05 48 65  6c 6c 6f                                ..Hello\n"),
        (Hex, "db 081h, 005h, 048h, 065h, 06Ch, 06Ch, 06Fh\n"),
        (
            Xxd,
            "[2024/05/01 12:00:00:1234] N: \n\
             [2024/05/01 12:00:00:1234] N: 0000: 81 05 48 65 6C 6C 6F            ..Hello\n\
             [2024/05/01 12:00:00:1234] N: \n",
        ),
        (Hexdump, "I (3456) ws: 0x3ffb1234   81 05 48 65 6c 6c 6f            |..Hello|\n"),
        (Hex, "\u{1b}[0;32mI (3456) ws: 81 05 48 65 6c 6c 6f \u{1b}[0m\n"),
        (Xxd, "[   12.345678] ws: 00000000: 81 05 48 65 6c 6c 6f           ..Hello\n"),
        (Hex, "[Wed May  1 12:00:00 2024] ws: 81 05 48 65 6c 6c 6f\n"),
        (Xxd, "May  1 12:00:00 host kernel: [   12.345678] 00000000: 81 05 48 65 6c 6c 6f\n"),
        (
            Hex,
            "[00:00:01.000,000] <inf> ws: frame\n                           \
             81 05 48 65 6c 6c 6f                              |..Hello\n",
        ),
        (
            Xxd,
            "ssl_msg.c:2345: |4| dumping 'input record' (7 bytes)\n\
             ssl_msg.c:2345: |4| 0000:  81 05 48 65 6c 6c 6f                             ..Hello\n",
        ),
        (Hex, "09-13 12:00:00.000  1234  1250 D WebSocket: 81 05 48 65 6c 6c 6f\n"),
        (Hex, "D/WebSocket( 1234): 81 05 48 65 6c 6c 6f\n"),
    ] {
        assert_eq!(read(text), Ok((form, HELLO.to_vec())), "{text}");
    }
}

#[test]
fn the_sides_of_a_stream_of_tshark_are_told_apart() {
    let frame = "=".repeat(67);
    let text = format!(
        "{frame}\nFollow: tcp,hex\nFilter: tcp.stream eq 0\nNode 0: 192.0.2.1:5\nNode 1: 192.0.2.2:80\n\
         00000000  89 80 00 00 00 00                                 ......\n\
         \t00000000  8a 00                                             ..\n\
         00000006  8a 80 00 00 00 00                                 ......\n{frame}\n"
    );
    assert!(refusal(&text).starts_with("line 7, column 1: the text shows both directions"));
    let turns = parse_both_sides(&text).unwrap().unwrap();
    let turns: Vec<_> = turns.iter().map(|(second, pasted)| (*second, &pasted.bytes[..])).collect();
    assert_eq!(
        turns,
        [
            (false, &b"\x89\x80\0\0\0\0"[..]),
            (true, &b"\x8a\0"[..]),
            (false, &b"\x8a\x80\0\0\0\0"[..])
        ]
    );
    let hole = text.replace("00000006", "00000007");
    let error = parse_both_sides(&hole).unwrap().unwrap_err().to_string();
    assert!(error.starts_with("line 8, column 1: the dump has a hole"), "{error}");
    assert_eq!(parse_both_sides("81 05"), None);
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
        ("recv(7): 81 05 48", "line 1, column 1: \"recv(7):\" comes before the bytes"),
        ("[7]: 81 05 48", "this may be bytes too"),
        ("[12] 81 05 48", "this may be bytes too"),
        ("[12] b'Hello'", "this may be bytes too"),
        ("[12] \\x81", "this may be bytes too"),
        ("[129, 5] \"\\x81\"", "this may be bytes too"),
        ("[129, 5] {130, 5}", "a second list begins here"),
        ("81 05 \"\\x48\"", "this may be bytes too"),
        ("Read 7 bytes (0x7): 8105", "\"Read 7 bytes (0x7):\" comes before the bytes"),
        ("be ef: 81 05", "the digits before this colon look like an offset"),
        ("1: 81 05\n2: 48 65", "the digits before this colon look like an offset"),
        ("0: 12\n1: 13\n2: 14", "the digits before this colon look like an offset"),
        ("12:00:01 81 05 48", "\"12:00:01\" comes before the bytes"),
        ("12:34:56 81054865", "\"12:34:56\" comes before the bytes"),
        ("2024-05-01 81 05 48", "\"2024-05-01\" comes before the bytes"),
        ("81 05 48:65", "digits joined by ':' are next to others"),
        ("12:00:01\n810548", "digits joined by ':' are next to others"),
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
        ("00000000: 8105 4865\n00000004: 6c6c 6\n", "\"6\" after the bytes of this line"),
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
        (
            "00000000  81 05  ..\n    00000000  8a 00  ..\n",
            "line 2, column 5: the text shows both directions",
        ),
        ("81 05 48 \"Hello\"", "column 10: \"\\\"Hello\\\"\" comes after the bytes"),
        ("81 05 = Hello", "column 7: \"= Hello\" comes after the bytes"),
        ("\"websocket.payload\": \"48\"", "a field of tshark with the payload alone"),
        ("\"tcp.payload\": \"81\"\n\"tcp.payload\": \"05\"", "paste one \"tcp.payload\" at a time"),
        ("#1 81 05 48\n", "line 1, column 1: the text holds only comments"),
        ("; 81 05\n// 48\n", "the text holds only comments"),
        ("0x0 81 05", "\"0x0\" is next to bytes without 0x"),
        ("0x16fdff2a0 81 05", "\"0x16fdff2a0\" has an odd number"),
        ("0x00000000 8105 4865", "\"0x00000000\" is next to bytes without 0x"),
        ("\\x81 05 48 65", "without quotes, this blank or line end could be a byte"),
        ("U+810548656c6c6f", "if it is base64, use --format base64"),
        ("7f [7 0 0 0]", "this may be bytes too"),
        ("81 05 <Buffer 48 65>", "this may be bytes too"),
        ("\"8105\" \"4865\"", "a second string begins here"),
        ("nsWebSocket ProcessInput 7f [7 0 0 0]", "this looks like a log of Firefox"),
        ("{ opcode: 1, data: <Buffer 48 65> }", "this looks like a decoded frame"),
        ("{\"opcode\":1,\"data\":[72,101]}", "this looks like a decoded frame"),
        ("Frame(opcode=1, data=b'Hello')", "this looks like a decoded frame"),
        (
            "> hi\nDisconnected (code: 1006, reason: \"\")\nConnected (press CTRL+C to quit)",
            "wscat",
        ),
        ("81 05 (then 48 65)", "'(' isn't a hex digit"),
        ("81 05  |.x|", "\"|.x|\" comes after the bytes"),
        ("[1] 81 05\n[4] 48 65\n", "a second list begins here"),
        ("9-element Vector{UInt8}:\n 0x81\n 0x05\n", "the length in the text is 9, but it shows 2"),
        ("Length: 9 (0x9) bytes\n0000:   81 05     ..\n", "the length in the text is 9, but"),
        ("I (3456) ws: len 7\nI (3456) ws: 81 05\n", "this looks like a log of ESP-IDF"),
        ("I (3456) ws: 12\nI (3456) ws: 81 05\n", "this looks like a log of ESP-IDF"),
        ("[ 1.5] ws: 00000000: 48658105\n", "this looks like a log of the Linux kernel"),
        ("HeapByteBuffer@5e[p=0,l=7]={<<<\\x81\\x05>>>}", "a buffer as Jetty names it"),
        ("|8105 4865| ..He 00000000\n", "this looks like a dump of Rust's hexdump"),
        ("1000 0001  0000 0101  48 65", "binary digits in groups of four"),
        ("<?xml version=\"1.0\"?>\n<pdml>", "this looks like the PDML of tshark"),
        (
            "[{\"_source\":{\"layers\":{\"tcp.payload\":\"81:05\"}}}]",
            "this looks like the JSON of tshark",
        ),
        ("\"tcp.payload_raw\": [\"8105\", 54, 7, 0, 30]", "the length in the text is 7, but"),
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
    all.extend(logged(bytes));
    all.extend(titled(bytes));
    all
}

/// Returns `bytes` in the logs of many systems.
fn logged(bytes: &[u8]) -> Vec<String> {
    let row = |piece: &[u8]| format!("{:<47}", grouped(piece, 1));
    let shown = |piece: &[u8]| format!("{}  {}", row(piece), printable(piece));
    let halves = |piece: &[u8]| {
        let (left, right) = piece.split_at(piece.len().min(8));
        (
            format!("{:<23}  {:<23}", grouped(left, 1), grouped(right, 1)),
            format!("{} {}", printable(left), printable(right)),
        )
    };
    let esp = |at: usize| format!("I (345) ws: 0x{:08x}   ", 0x3ffb_1234 + at);
    let lws = |at: usize| format!("[2024/05/01 12:00:00:1234] N: {at:04X}: ");
    let mbedtls = "ssl_msg.c:2345: |4| ";
    let title = format!("{mbedtls}dumping 'output' ({} bytes)\n", bytes.len());
    let kernel = |at: usize| format!("[   12.345678] ws: {at:08x}: ");
    vec![
        dump(bytes, 16, esp, |piece| format!("{}  |{}|", halves(piece).0, printable(piece))),
        dump(bytes, 16, |_| "I (345) ws: ".to_owned(), |piece| grouped(piece, 1) + " "),
        dump(bytes, 16, lws, |piece| shown(piece).to_uppercase()),
        dump(bytes, 16, lws, shown),
        dump(bytes, 16, kernel, shown),
        dump(bytes, 16, kernel, |piece| grouped(piece, 1)),
        dump(bytes, 16, |_| "[   12.345678] ws: ".to_owned(), |piece| grouped(piece, 1)),
        title + &dump(bytes, 16, |at| format!("{mbedtls}{at:04x}:  "), shown),
        "[00:00:01.000,000] <inf> ws: frame\n".to_owned()
            + &dump(
                bytes,
                16,
                |_| " ".repeat(27),
                |piece| {
                    let (hex, chars) = halves(piece);
                    format!("{hex} |{chars}")
                },
            ),
        dump(bytes, 16, |_| "D/WebSocket( 1234): ".to_owned(), |piece| grouped(piece, 1)),
        dump(
            bytes,
            16,
            |_| "12-31 12:00:00.000  12  50 D ws: ".to_owned(),
            |piece| grouped(piece, 1),
        ),
    ]
}

/// Returns `bytes` below titles and rulers, and with notes beside them.
fn titled(bytes: &[u8]) -> Vec<String> {
    let (len, hex) = (bytes.len(), crate::wire::format::hex(bytes));
    let columns = joined((0..16).map(|column| format!("{column:02X}")), " ");
    let shown = |piece: &[u8]| format!("{:<47}  {}", grouped(piece, 1), printable(piece));
    let pairs = |piece: &[u8]| format!("{:<39}  {}", grouped(piece, 2), printable(piece));
    let quartets = |piece: &[u8]| {
        let quartets = joined(piece.chunks(4).map(|four| grouped(four, 1)), "  ");
        format!("{quartets:<50}   {}", printable(piece))
    };
    let frame = "=".repeat(67);
    let follow = |mode: &str, lines: String| {
        format!(
            "\n{frame}\nFollow: tcp,{mode}\nFilter: x\nNode 0: a:1\nNode 1: b:2\n{lines}{frame}\n"
        )
    };
    let prefixed = || bytes.iter().map(|byte| format!("0x{byte:02x}"));
    vec![
        format!(" Offset(h) {columns}\n\n") + &dump(bytes, 16, |at| format!("{at:08X}  "), shown),
        format!("Offset: {columns} \t\n") + &dump(bytes, 16, |at| format!("{at:08X}: "), shown),
        "- offset -   0 1  2 3  4 5  6 7  8 9  A B  C D  E F  0123456789ABCDEF\n".to_owned()
            + &dump(bytes, 16, |at| format!("0x{at:08x}  "), pairs),
        dump(bytes, 16, |at| format!("0x{at:08x}  "), pairs),
        "87654321  0011 2233 4455 6677 8899 aabb ccdd eeff  0123456789abcdef\n".to_owned()
            + &dump(bytes, 16, |at| format!("{at:08x}: "), pairs),
        format!("Length: {len} (0x{len:x}) bytes\n")
            + &dump(bytes, 16, |at| format!("{at:04x}:   "), quartets),
        dump(bytes, 16, |at| format!("{at:04x}:   "), quartets),
        dump(bytes, 20, |at| format!("{:>4} ", format!("[{}]", at + 1)), |piece| grouped(piece, 1)),
        dump(
            bytes,
            20,
            |at| format!("{:>4} ", format!("[{}]", at + 1)),
            |piece| joined(piece.iter().map(|byte| format!("{byte:3}")), " "),
        ),
        format!("{len}-element Vector{{UInt8}}:\n {}", joined(prefixed(), "\n ")),
        format!("{} (contains \"{}\")", joined(prefixed(), " "), printable(bytes)),
        format!("  *  {} (a ping)\n", joined(prefixed(), " ")),
        dump(
            bytes,
            16,
            |_| String::new(),
            |piece| format!("{:<47}  |{}|", grouped(piece, 1), printable(piece)),
        ),
        follow("hex", dump(bytes, 16, |at| format!("\t{at:08X}  "), shown)),
        follow("raw", dump(bytes, 16, |_| String::new(), crate::wire::format::hex)),
        format!("\"tcp.payload\": \"{}\",", grouped(bytes, 1).replace(' ', ":")),
        format!("\"tcp.payload_raw\": [\n  \"{hex}\",\n  54,\n  {len},\n  0,\n  30\n],"),
        format!("db {}", joined(bytes.iter().map(|byte| format!("0{byte:02X}h")), ",")),
    ]
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
