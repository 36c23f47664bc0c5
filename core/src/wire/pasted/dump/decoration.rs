//! What tools draw around the lines of a dump: frames, rulers, titles. Lines stay where they are.

use std::borrow::Cow;

/// Returns `text` with the lines of a dump as offset, bytes and characters, and blank lines in place
/// of titles and borders.
pub(in crate::wire::pasted) fn remove(text: &str) -> Cow<'_, str> {
    if text.lines().all(|line| matches!(plain(line), Cow::Borrowed(_))) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(plain).collect::<Vec<_>>().join("\n"))
}

fn plain(line: &str) -> Cow<'_, str> {
    let blank = |char: char| !char.is_ascii() && char.is_whitespace();
    if line.contains(blank) {
        let spaced = line.replace(blank, " ");
        return Cow::Owned(plain(&spaced).into_owned());
    }
    let bare = line.trim();
    if is_border(bare) || is_ruler(bare) || is_title(bare) {
        return Cow::Owned(String::new());
    }
    let plain = framed(bare).or_else(|| dashed(line));
    plain.map_or(Cow::Borrowed(line), Cow::Owned)
}

/// Whether a line is drawn: `+---+---+`, `------ -----`, `┌───┬───┐`.
fn is_border(line: &str) -> bool {
    let drawn = |char: char| "+-| ".contains(char) || ('\u{2500}'..='\u{257f}').contains(&char);
    line.chars().all(drawn) && line.contains(['-', '\u{2500}']) && line.chars().count() > 8
}

/// Whether a line numbers the columns: `0 1 2 … f` or `00 01 02 … 0F`, perhaps with the same above
/// the characters.
fn is_ruler(line: &str) -> bool {
    const HEXL: [&str; 10] = [
        "87654321",
        "0011",
        "2233",
        "4455",
        "6677",
        "8899",
        "aabb",
        "ccdd",
        "eeff",
        "0123456789abcdef",
    ];
    if is_ruler_of_radare(line) || line.split_ascii_whitespace().eq(HEXL) {
        return true;
    }
    // HxD and 010 Editor name the column of the offsets; HxD writes decimal numbers too.
    let titled = ["Offset(h)", "Offset(d)", "Offset:", "Offset"]
        .iter()
        .find_map(|title| line.strip_prefix(title));
    let columns = titled.unwrap_or(line).trim_matches('|');
    let radix = if line.starts_with("Offset(d)") { 10 } else { 16 };
    let mut words = columns.split_ascii_whitespace().peekable();
    let mut count = 0_u32;
    while words
        .next_if(|word| word.len() <= 2 && u32::from_str_radix(word, radix).ok() == Some(count))
        .is_some()
    {
        count = count.saturating_add(1);
    }
    let behind = words.collect::<Vec<_>>().join(" ");
    let known = ["", "0123456789abcdef", "decoded text", "ansi ascii", "ascii"];
    (count == 16 || titled.is_some() && count >= 4)
        && known.contains(&behind.to_ascii_lowercase().as_str())
}

/// Whether a line numbers the columns as radare2's `px` does.
fn is_ruler_of_radare(line: &str) -> bool {
    line.trim_start().starts_with("- offset -")
}

/// Whether a text is what radare2's `px` prints: bytes in order, in pairs.
pub(super) fn is_of_radare(text: &str) -> bool {
    text.lines().find(|line| !line.trim().is_empty()).is_some_and(is_ruler_of_radare)
}

/// Whether a line is a title of PowerShell's Format-Hex, or opens or closes what Go's spew prints.
fn is_title(line: &str) -> bool {
    line.starts_with("Path: ")
        || line.starts_with("Label: ")
        || line.split_ascii_whitespace().eq(["Offset", "Bytes", "Ascii"])
        || line.contains(" (len=") && line.ends_with('{')
        || line == "}"
}

/// Returns a line of Netty or hexyl, `|00000000| 81 05 |..|`, as hexdump -C writes it.
fn framed(line: &str) -> Option<String> {
    let mut parts = line.strip_prefix(['|', '│'])?.split(['|', '│']);
    let offset = parts.next()?;
    let bytes = parts.next()?;
    if offset.trim() == "*" {
        return Some("*".to_owned());
    }
    let is_offset =
        (4..=16).contains(&offset.len()) && offset.chars().all(|char| char.is_ascii_hexdigit());
    if !is_offset {
        return None;
    }
    // A bar among the characters is one of them.
    let behind = line.char_indices().filter(|(_, char)| matches!(char, '|' | '│')).nth(2)?.0;
    let chars = line.get(behind..)?.replace('┊', "").replace('│', "|");
    let bytes = bytes.replace('┊', "");
    if bytes.trim().is_empty() {
        return Some(offset.to_owned());
    }
    Some(format!("{offset}  {} {chars}", bytes.trim()))
}

/// Returns a line of OpenSSL or `WinDbg` as others write it: `0000 - 81 05`, `0012fe40  48 65-6c`,
/// and an offset with a backtick in the middle.
fn dashed(line: &str) -> Option<String> {
    let text = line.trim_start();
    let indent = line.get(..line.len().saturating_sub(text.len()))?;
    let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let len = text.bytes().take_while(|byte| byte.is_ascii_hexdigit() || *byte == b'`').count();
    let (offset, behind) = text.split_at_checked(len)?;
    let offset = match offset.split_once('`') {
        Some((high, low)) if high.len() == 8 && low.len() == 8 && hex(high) && hex(low) => {
            format!("{high}{low}")
        }
        Some(_) => return None,
        None => offset.to_owned(),
    };
    if offset.len() < 4 {
        return None;
    }
    let behind = match behind.strip_prefix(" - ") {
        Some(bytes) => format!(":  {bytes}"),
        None => behind.to_owned(),
    };
    let body = behind.trim_start_matches([':', ' ']);
    let start = behind.len().saturating_sub(body.len());
    let dash = start.saturating_add(23);
    // Eight bytes are before the dash.
    let eight = behind.get(start..dash).is_some_and(|bytes| {
        bytes.split(' ').count() == 8 && bytes.split(' ').all(|byte| byte.len() == 2 && hex(byte))
    });
    let mut behind = behind;
    if eight && behind.as_bytes().get(dash) == Some(&b'-') {
        behind.replace_range(dash..=dash, " ");
    }
    let plain = format!("{indent}{offset}{behind}");
    (plain != line).then_some(plain)
}
