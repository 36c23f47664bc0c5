//! Texts that show bytes in a form that isn't read, or no bytes at all: what they look like, and
//! what to do instead.

use crate::wire::pasted::error::PasteProblem;

const REMOVE: &str = "paste only the bytes";
const NUMBERS: &str = "write the numbers as 0x81, 0x05";
const PRINT: &str = "print its bytes in hex";

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
    (&["DEBUG:websockets:"], "a log of Python's websockets", "it shows messages, not their frames"),
    (&["&#"], "text with HTML entities", PRINT),
    (&["&H"], "numbers of BASIC", NUMBERS),
    (&["'h"], "a number of Verilog", PRINT),
    (&["&quot;"], "text with HTML entities", "paste it as it was before"),
    (&["int(", "=>"], "an array printed by PHP", "print it with bin2hex"),
    (&["Array\n(", "=>"], "an array printed by PHP", "print it with bin2hex"),
];

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
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().nth(1).is_some() && lines().all(|line| line.starts_with("- ")) {
        return unread("a list in YAML", REMOVE);
    }
    None
}
