//! A row of keys with what they do, as many as fit.

use crate::text;

/// Joins keys, two blanks apart. Without room some are left out, never a part of one: they stand in
/// the order of their importance, except for the last, which stays.
pub(crate) fn fit(hints: &[&str], cells: usize) -> String {
    let Some((last, others)) = hints.split_last() else { return String::new() };
    let with = |count: usize| [&others[..count], &[*last]].concat().join("  ");
    let rows = (0..=others.len()).rev().map(with);
    rows.into_iter().find(|row| text::width(row) <= cells).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_room_whole_keys_are_left_out() {
        let hints = ["[ ] frame", "x flip", "⏎ type and send", "h keys"];
        for (cells, row) in [
            (99, "[ ] frame  x flip  ⏎ type and send  h keys"),
            (42, "[ ] frame  x flip  ⏎ type and send  h keys"),
            (41, "[ ] frame  x flip  h keys"),
            (24, "[ ] frame  h keys"),
            (16, "h keys"),
            (5, ""),
        ] {
            assert_eq!(fit(&hints, cells), row, "{cells}");
        }
        assert_eq!(fit(&[], 9), "");
    }
}
