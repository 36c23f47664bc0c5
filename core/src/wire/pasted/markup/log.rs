//! What a logger writes before each line of a dump: a level, a time, a file, a name. The digits in
//! it are no bytes, so only what a known logger writes is removed.

use crate::wire::pasted::markup::pattern::{is_byte, skip};
use crate::wire::pasted::markup::title;

/// A logger.
#[derive(Clone, Copy, Debug)]
struct Logger {
    name: &'static str,
    /// What stands before a line, in the notation of [`skip`].
    patterns: &'static [&'static str],
    /// Whether a word that ends with a colon may follow.
    names: bool,
}

const LOGGERS: [Logger; 6] = [
    Logger {
        name: "a log of ESP-IDF",
        patterns: &["A (#) % ", "A (0#:00:00.000) % "],
        names: false,
    },
    Logger {
        name: "a log of libwebsockets",
        patterns: &["[0000/00/00 00:00:00:0000] A: "],
        names: false,
    },
    Logger { name: "a debug log of mbedTLS", patterns: &["% |0| "], names: false },
    Logger {
        name: "a log of the Linux kernel",
        patterns: &[
            "[_#.#] ",
            "[@ @ # 00:00:00 0000] ",
            "@ # 00:00:00 $ kernel: [_#.#] ",
            "@ # 00:00:00 $ kernel: ",
        ],
        names: true,
    },
    Logger { name: "a log of syslog", patterns: &["@ # 00:00:00 $ % "], names: false },
    Logger {
        name: "a log of Android",
        patterns: &[
            "00-00 00:00:00.000 # # A % ",
            "00-00 00:00:00.000 # # A $ : ",
            "A/@(_#): ",
            "A/@: ",
        ],
        names: false,
    },
];

impl Logger {
    /// Returns what is behind that which the logger writes before a line.
    fn strip<'a>(&self, line: &'a str) -> Option<&'a str> {
        let Some(rest) = self.skip(line) else {
            // The blank at its end is easily lost from a line without more.
            let padded = format!("{line} ");
            return self.skip(&padded).is_some_and(str::is_empty).then_some("");
        };
        Some(skip(rest, "% ").filter(|_| self.names).unwrap_or(rest))
    }

    fn skip<'a>(&self, line: &'a str) -> Option<&'a str> {
        self.patterns.iter().find_map(|pattern| skip(line, pattern))
    }
}

/// Returns `text` with blanks in place of what a logger wrote before each of its lines, if bytes
/// follow there in lines of a dump. A title is a line too.
pub(super) fn without_prefixes(text: &str) -> Option<String> {
    if let Some(text) = without_header(text) {
        return Some(text);
    }
    let logger = logger_of(text)?;
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let mut rests = Vec::new();
    for line in lines() {
        let rest = logger.strip(line)?;
        let is_first = rests.is_empty();
        if !(rest.trim().is_empty() || is_first && title::is_title(rest)) {
            rests.push(rest);
        }
    }
    if !are_rows(&rests) {
        return None;
    }
    let blank = |line: &str| {
        let rest = logger.strip(line).unwrap_or_default();
        let prefix = line.strip_suffix(rest).unwrap_or_default();
        " ".repeat(prefix.chars().count()) + rest
    };
    Some(text.split('\n').map(blank).collect::<Vec<_>>().join("\n"))
}

/// Returns the name of the log that a text begins like.
pub(in crate::wire::pasted) fn name_of(text: &str) -> Option<&'static str> {
    if text.lines().any(|line| skip(line.trim_start(), HEADER).is_some()) {
        return Some("a log of Zephyr");
    }
    logger_of(text).map(|logger| logger.name)
}

fn logger_of(text: &str) -> Option<&'static Logger> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    LOGGERS.iter().find(|logger| logger.strip(first).is_some())
}

/// The line that Zephyr writes before a dump, in the notation of [`skip`].
const HEADER: &str = "[00:00:00.000,000] <@> ";

/// Returns the lines behind the header of Zephyr, which are indented and show their bytes as
/// characters.
fn without_header(text: &str) -> Option<String> {
    let start = text.find(|char: char| !char.is_whitespace())?;
    let rest = text.get(start..)?;
    let (header, rows) = rest.split_once('\n')?;
    skip(header, HEADER)?;
    let mut lines = rows.lines().filter(|line| !line.trim().is_empty()).peekable();
    lines.peek()?;
    lines.all(|line| line.starts_with([' ', '\t']) && line.contains('|')).then(|| {
        let blanks: String = text
            .get(..start)
            .unwrap_or_default()
            .chars()
            .chain(header.chars().map(|_| ' '))
            .collect();
        blanks + "\n" + rows
    })
}

/// Whether lines are those of one dump: with offsets, or of single bytes in rows. A number alone may
/// be a length.
fn are_rows(lines: &[&str]) -> bool {
    let Some((last, before)) = lines.split_last() else { return false };
    let offsets = lines.iter().all(|line| has_offset(line));
    let counts = || before.iter().map(|line| bytes_of(line));
    let full = counts().next().is_some_and(|first| {
        first > 1 && first.is_multiple_of(8) && counts().all(|count| count == first)
    });
    offsets || counts().all(|count| count > 1) && (bytes_of(last) > 1 || full && bytes_of(last) > 0)
}

/// Whether a line has an offset, and bytes one by one behind it.
fn has_offset(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    let Some(first) = words.next() else { return false };
    let digits = first.strip_suffix(':').unwrap_or(first);
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let is_offset = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_offset && words.next().is_some_and(is_byte)
}

/// Returns the number of bytes that a line begins with.
fn bytes_of(line: &str) -> usize {
    line.split_ascii_whitespace().take_while(|word| is_byte(word)).count()
}
