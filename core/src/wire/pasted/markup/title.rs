//! Titles that give the number of bytes, and the numbers of R before its lines: no bytes either.

use crate::wire::pasted::markup::pattern;

/// The title of a text: the byte that its line starts at, and the number of bytes that it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire::pasted) struct Title {
    pub(in crate::wire::pasted) at: usize,
    pub(in crate::wire::pasted) count: usize,
}

/// Whether a line is a title.
pub(super) fn is_title(line: &str) -> bool {
    count_in(line).is_some()
}

/// Returns the number of bytes that a title gives.
fn count_in(line: &str) -> Option<usize> {
    let line = line.trim();
    // pretty-hex of Rust.
    if let Some(rest) = pattern::skip(line, "Length: # (0x") {
        let known = rest.trim_start_matches(|char: char| char.is_ascii_hexdigit()) == ") bytes";
        return number(line.strip_prefix("Length: ")?).filter(|_| known);
    }
    // Julia.
    if let Some(kind) = pattern::skip(line, "#-element ") {
        let known = matches!(kind, "Vector{UInt8}:" | "Array{UInt8,1}:");
        return number(line).filter(|_| known);
    }
    // mbedTLS.
    let (_, rest) = line.strip_prefix("dumping '")?.rsplit_once("' (")?;
    number(rest).filter(|_| rest.ends_with(" bytes)"))
}

/// Returns the number that `text` begins with.
fn number(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..digits)?.parse().ok()
}

/// Returns the title of a text, and the text with blanks in place of it.
pub(super) fn without_title(text: &str) -> Option<(Title, String)> {
    let at = text.find(|char: char| !char.is_whitespace() && char != '\u{feff}')?;
    let rest = text.get(at..)?;
    let (line, rows) = rest.split_once('\n')?;
    let count = count_in(line)?;
    let blanks: String = line.chars().map(|_| ' ').collect();
    let before = text.get(..at).unwrap_or_default();
    Some((Title { at, count }, format!("{before}{blanks}\n{rows}")))
}

/// Returns lines of pretty-hex without the second blank behind each four bytes. Three blanks end the
/// bytes. `None` unless each line is one.
pub(super) fn without_gaps(text: &str) -> Option<String> {
    let close = |line: &str| {
        if line.trim().is_empty() {
            return Some(line.to_owned());
        }
        let (offset, rest) = line.split_once(":   ")?;
        let (bytes, chars) = rest.split_once("   ").unwrap_or((rest, ""));
        let four = |part: &str, last: bool| {
            let count = part.split(' ').filter(|word| pattern::is_byte(word)).count();
            count == part.split(' ').count() && (count == 4 || last && count < 4)
        };
        let count = bytes.split("  ").count();
        let fits =
            (1_usize..).zip(bytes.split("  ")).all(|(index, part)| four(part, index == count));
        fits.then(|| format!("{offset}: {}   {chars}", bytes.replace("  ", " ")))
    };
    let lines: Option<Vec<String>> = text.split('\n').map(close).collect();
    lines.map(|lines| lines.join("\n")).filter(|plain| plain != text)
}

/// Returns what R prints of a vector without the number of the first element before each line. The
/// numbers must fit.
pub(super) fn without_indexes(text: &str) -> Option<String> {
    let mut next = 1_usize;
    let mut out = Vec::new();
    for line in text.split('\n') {
        if line.trim().is_empty() {
            out.push(line.to_owned());
            continue;
        }
        let rest = pattern::skip(line, "[#] ")?;
        let open = line.find('[')?;
        let index = number(line.get(open.saturating_add(1)..)?)?;
        let is_element = |word: &str| {
            word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        };
        let mut words = rest.split_ascii_whitespace();
        if index != next || !words.clone().all(is_element) || words.next().is_none() {
            return None;
        }
        next = next.saturating_add(words.count()).saturating_add(1);
        out.push(" ".repeat(line.len().saturating_sub(rest.len())) + rest);
    }
    (next > 2).then(|| out.join("\n"))
}
