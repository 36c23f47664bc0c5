//! Recognizes output that doesn't show bytes one by one in hex.

use super::line::{DumpLine, Group, shows};

impl DumpLine<'_> {
    /// Returns the name of output that doesn't show bytes one by one in hex, and the command to use
    /// instead.
    pub(super) fn other_unit(&self) -> Option<(&'static str, &'static str)> {
        const OD: &str = "od -A x -t x1";
        if self.prefixed && self.colon && !self.is_of_tcpdump() {
            return self.other_unit_of_gdb().map(|found| (found, "x/16xb"));
        }
        if self.colon || self.prefixed {
            return self.other_unit_of_xxd().map(|found| (found, "xxd -g 1"));
        }
        let digits = |word: &&str| word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let words = || self.body.split_ascii_whitespace();
        let first = words().next()?;
        let octal = |word: &str| word.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
        let spelled = |word: &str| {
            word.starts_with('\\') || word.len() == 1 && !word.starts_with(char::is_numeric)
        };
        // od and hexdump write offsets of six or seven digits, and no characters beside these units.
        let od = matches!(self.offset_text.len(), 6 | 7) && !self.body.contains(['|', '>']);
        Some(match first.len() {
            _ if od && words().any(spelled) => ("the characters of od -c or hexdump -c", OD),
            3 if words().take_while(digits).all(|word| word.len() == 3 && octal(word)) => {
                ("the octal bytes of od -b or hexdump -b", OD)
            }
            _ if first.starts_with('-') => ("the decimal bytes of od -t u1 or -t d1", OD),
            1 | 3 => ("the decimal bytes of od -t u1 or -t d1", OD),
            2 if od && words().take_while(digits).any(|word| word.len() % 2 == 1) => {
                ("the decimal bytes of od -t u1 or -t d1", OD)
            }
            4 => ("the two-byte words of hexdump or od -x", "hexdump -C or od -A x -t x1"),
            5 if digits(&first) => ("the decimal words of od -d or hexdump -d", OD),
            6 if octal(first) => ("the octal words of od", OD),
            8 | 16 if digits(&first) => ("the words of od -t x4 or -t x8", OD),
            _ => return None,
        })
    }

    /// gdb writes `0x` before bytes in hex; lldb doesn't, but has one blank before them.
    fn other_unit_of_gdb(&self) -> Option<&'static str> {
        let mut words = self.body.split_ascii_whitespace();
        let first = words.next()?;
        match first.strip_prefix("0x") {
            Some(digits) if digits.len() == 2 => None,
            Some(_) => Some("the words of gdb's x/xh, x/xw or x/xg"),
            None if self.gap == 1 && self.count() > 0 && !self.has_tab => None,
            None => Some("the decimal, octal or character units of gdb"),
        }
    }

    /// Whether the first group stands to the right of its column, as incomplete ones of xxd -e do.
    pub(super) fn is_aligned_right(&self) -> bool {
        self.colon && !self.prefixed && !self.has_tab && self.gap > 2 && !self.is_empty()
    }

    /// Whether the characters show the bytes in the order of the groups, or the order is clear
    /// because each group is the same both ways. `None` if no character tells.
    pub(super) fn has_order(&self) -> Option<bool> {
        let wide = |group: Group<'_>| matches!(group.digits.len(), 8 | 16);
        let (forward, reversed) = self.both_orders()?;
        if !self.groups().any(wide) || forward == reversed {
            return None;
        }
        let chars = self.characters();
        Some(shows(chars, &forward) && !shows(chars, &reversed))
    }

    fn other_unit_of_xxd(&self) -> Option<&'static str> {
        let binary = |group: Group<'_>| {
            group.digits.len() == 8
                && group.digits.bytes().all(|digit| matches!(digit, b'0' | b'1'))
        };
        if self.groups().next().is_some() && self.groups().all(binary) {
            return Some("the binary digits of xxd -b");
        }
        let (forward, reversed) = self.both_orders()?;
        let chars = self.characters();
        let swapped = !chars.trim().is_empty() && !shows(chars, &forward);
        (swapped && shows(chars, &reversed)).then_some("the little-endian groups of xxd -e")
    }

    /// Returns the bytes in the order of the text, and with those of each group reversed.
    fn both_orders(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (mut forward, mut reversed) = (Vec::new(), Vec::new());
        self.push_bytes(self.count(), &mut forward);
        let mut rest = forward.as_slice();
        for group in self.groups() {
            let (word, after) = rest.split_at_checked(group.digits.len() / 2)?;
            reversed.extend(word.iter().rev());
            rest = after;
        }
        Some((forward, reversed))
    }
}
