//! Texts that show bytes in a form that isn't read, or no bytes at all: what they look like, and
//! what to do instead.

use crate::wire::pasted::comments::blank_comments;
use crate::wire::pasted::error::PasteProblem;

const REMOVE: &str = "paste only the bytes";
const NUMBERS: &str = "write the numbers as 0x81, 0x05";
const PRINT: &str = "print its bytes in hex";

const OPEN: &str = "open the capture itself, or print one side with tshark -q -z follow,tcp,raw,0";

/// What these logs are, and what to do: they show numbers and strings that are no frames.
const FIREFOX: (&str, &str) =
    ("a log of Firefox", "it shows no whole frames; capture the connection instead");
const WSCAT: (&str, &str) = ("a session of wscat", "open it with wiretalk inspect FILE");

/// What a text contains, what it is, and what to do instead. Only a text that can't be read
/// otherwise is looked up here.
const SIGNATURES: &[(&[&str], &str, &str)] = &[
    (
        &[" -> ", " [A"],
        "the output of ngrep",
        "remove the lines that name the hosts, and paste the bytes",
    ),
    (&["= Fin: "], "Wireshark's tree", "use Copy, as a Hex Dump"),
    (&["= Opcode: "], "Wireshark's tree", "use Copy, as a Hex Dump"),
    (&[": Flags ["], "the output of tcpdump without bytes in hex", "print them with tcpdump -X"),
    (&["ByteBuffer[pos="], "the name of a ByteBuffer", PRINT),
    (&["<memory at 0x"], "the name of a memoryview", PRINT),
    (&["[object "], "the name of an object", PRINT),
    (&["<<<", ">>>}"], "a buffer as Jetty names it", "print it with BufferUtil.toHexString"),
    (&["\"_source\"", "\"layers\""], "the JSON of tshark", OPEN),
    (
        &["\"websocket.payload"],
        "a field of tshark with the payload alone",
        "paste the field \"tcp.payload\"",
    ),
    (&["\"tcp.payload"], "fields of tshark", "paste one \"tcp.payload\" at a time"),
    (&["<pdml"], "the PDML of tshark", OPEN),
    (&["<psml"], "the PSML of tshark", OPEN),
    (&["peers:", "!!binary"], "the YAML of tshark", "use tshark -q -z follow,tcp,raw,0"),
    (&["burpVersion="], "an export of Burp", "it shows messages, not their frames"),
    (&["<?xml"], "XML", REMOVE),
    (
        &["Connected to ws"],
        "a session of Python's websockets",
        "it shows messages, not their frames",
    ),
    (&["⋮"], "a vector of Julia whose middle was left out", "print all of it"),
    (&["U+"], "code points of Unicode", NUMBERS),
    (&["[256 bytes of binary data]"], "an example of RFC 6455 without its bytes", REMOVE),
    (&["nsWebSocket"], FIREFOX.0, FIREFOX.1),
    (&["WebSocketChannel::"], FIREFOX.0, FIREFOX.1),
    (&["press CTRL+C to quit"], WSCAT.0, WSCAT.1),
    (&["TEXT '", " bytes]"], "a log of Python's websockets", "it shows messages, not their frames"),
    (&["“"], "text with typographic quotes", "write them as \""),
    (&["DEBUG:websockets:"], "a log of Python's websockets", "it shows messages, not their frames"),
    (&["&#"], "text with HTML entities", PRINT),
    (&["&H"], "numbers of BASIC", NUMBERS),
    (&["'h"], "a number of Verilog", PRINT),
    (&["&quot;"], "text with HTML entities", "paste it as it was before"),
    (&["int(", "=>"], "an array printed by PHP", "print it with bin2hex"),
    (&["Array\n(", "=>"], "an array printed by PHP", "print it with bin2hex"),
];

/// Returns the problem of a log whose lines aren't those of one dump.
pub(super) fn log(name: &'static str) -> PasteProblem {
    PasteProblem::Unread {
        found: name,
        instead: "remove what comes before the bytes, and the lines without bytes",
    }
}

/// Returns the problem of a text that shows bytes which are no frames: the payload of a frame that was
/// decoded, or what a browser logs.
pub(super) fn no_frames(text: &str) -> Option<PasteProblem> {
    let log = SIGNATURES.iter().find(|(signs, found, _)| {
        [FIREFOX.0, WSCAT.0].contains(found) && signs.iter().all(|sign| text.contains(sign))
    });
    if let Some((_, found, instead)) = log {
        return Some(PasteProblem::Unread { found, instead });
    }
    names_opcode(&blank_comments(text)).then_some(PasteProblem::Unread {
        found: "a decoded frame, whose bytes are only the payload",
        instead: "paste the bytes that were received",
    })
}

/// Whether a text without comments has a field `opcode`, outside of strings.
fn names_opcode(text: &str) -> bool {
    let mut rest = text;
    loop {
        let (outside, behind) =
            match rest.find(['"', '\'']).and_then(|at| rest.split_at_checked(at)) {
                Some((outside, quoted)) => (outside, Some(quoted)),
                None => (rest, None),
            };
        let field = |(at, name): (usize, &str)| {
            outside.get(at.saturating_add(name.len())..).is_some_and(is_value)
        };
        if outside.match_indices("opcode").any(field) {
            return true;
        }
        let Some(quoted) = behind else { return false };
        let quote = quoted.chars().next().unwrap_or('"');
        let inside = quoted.get(1..).unwrap_or_default();
        let mut escaped = false;
        let end = inside.find(|char: char| {
            let ends = !escaped && char == quote;
            escaped = !escaped && char == '\\';
            ends
        });
        let Some((content, behind)) = end.and_then(|end| inside.split_at_checked(end)) else {
            return false;
        };
        rest = behind.get(1..).unwrap_or_default();
        if content == "opcode" && is_value(rest) {
            return true;
        }
    }
}

/// Whether a value follows a name.
fn is_value(behind: &str) -> bool {
    behind.trim_start().starts_with([':', '='])
}

/// Returns what a text looks like that was refused.
pub(super) fn recognize(text: &str) -> Option<PasteProblem> {
    let known = SIGNATURES.iter().find(|(signs, ..)| signs.iter().all(|sign| text.contains(sign)));
    if let Some((_, found, instead)) = known {
        return Some(PasteProblem::Unread { found, instead });
    }
    let unread = |found, instead| Some(PasteProblem::Unread { found, instead });
    let words = || text.split([' ', ',', '\t', '\n']).filter(|word| !word.is_empty());
    let pair =
        |digits: &str| digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let count =
        |is: fn(&str) -> Option<&str>| words().filter_map(is).filter(|digits| pair(digits)).count();
    if count(|word| word.strip_prefix('$')) > 1 {
        return unread("numbers of Pascal", NUMBERS);
    }
    if count(|word| word.strip_suffix(['h', 'H'])) > 1 {
        return unread("numbers of an assembler", NUMBERS);
    }
    if text.matches('%').count() > 1
        && text.split('%').skip(1).all(|part| part.get(..2).is_some_and(pair))
    {
        return unread("percent-encoded text", "write \\x in place of each %, in quotes");
    }
    let separated = |char| text.matches(char).count() > 1 && text.trim().split(char).all(pair);
    if text.contains('\u{200b}') || ['.', '|', '_', ';', '–'].into_iter().any(separated) {
        return unread("hex with unusual separators", "put blanks between the bytes");
    }
    let bare = text.trim_end();
    if bare.ends_with("...") || bare.ends_with('…') {
        return Some(PasteProblem::Cut("...".to_owned()));
    }
    let mut bits = words()
        .take(2)
        .map(|word| word.len() == 4 && word.bytes().all(|digit| matches!(digit, b'0' | b'1')));
    if bits.next() == Some(true) && bits.next() == Some(true) {
        return unread("binary digits in groups of four", "write eight of them together");
    }
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    // `|81054865 6c6c6f  | ..Hello 00000000`
    let offset_at_end = |line: &str| {
        let word = line.rsplit(' ').next().unwrap_or_default();
        line.starts_with('|')
            && word.len() == 8
            && word.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    if lines().next().is_some_and(offset_at_end) {
        return unread("a dump of Rust's hexdump", "print it in one line with {:02x?}");
    }
    if lines().nth(1).is_some() && lines().all(|line| line.starts_with("- ")) {
        return unread("a list in YAML", REMOVE);
    }
    None
}
