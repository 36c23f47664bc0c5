//! The shapes of accents, and how several of them share the room above a letter.

use super::letters::pixels;

/// The rows from one that stands high down to the one next to the letter. Each is six columns wide.
pub(super) type MarkRows = &'static [&'static str];

/// Where a mark of a letter is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Above the letter.
    Above(MarkRows),
    /// Left of an accent or within an arch above the letter: the breathings of Greek.
    Breathing(MarkRows),
    /// Under the middle of the letter.
    Cedilla,
    /// Under its right end.
    Ogonek,
}

const GRAVE: MarkRows = &[".##...", "..##.."];
const ACUTE: MarkRows = &["...##.", "..##.."];
const ARCH: MarkRows = &[".####.", "##..##"];

impl Mark {
    /// Returns the mark that a combining character stands for, if it is one of those that European
    /// alphabets have above or below their letters.
    pub(super) fn of(combining: char) -> Option<Self> {
        Some(match combining {
            '\u{300}' => Self::Above(GRAVE),
            '\u{301}' => Self::Above(ACUTE),
            '\u{302}' | '\u{342}' => Self::Above(ARCH),
            '\u{303}' => Self::Above(&[".###..#", "#..###."]),
            '\u{304}' => Self::Above(&["######"]),
            '\u{306}' => Self::Above(&["##..##", ".####."]),
            '\u{307}' => Self::Above(&["..##.."]),
            '\u{308}' => Self::Above(&["##..##"]),
            '\u{30a}' => Self::Above(&["..##..", ".#..#.", "..##.."]),
            '\u{30b}' => Self::Above(&["..##.##", ".##.##."]),
            '\u{30c}' => Self::Above(&["##..##", "..##.."]),
            '\u{313}' => Self::Breathing(&["..##..", "...#.."]),
            '\u{314}' => Self::Breathing(&["..##..", "..#..."]),
            '\u{326}' | '\u{327}' | '\u{345}' => Self::Cedilla,
            '\u{328}' => Self::Ogonek,
            _ => return None,
        })
    }
}

/// Returns the pixels of all marks `above` a letter, from the highest row down. `None` if they need
/// more than three rows.
pub(super) fn stacked(above: &[Mark]) -> Option<Vec<u8>> {
    let rows = |rows: MarkRows| rows.iter().map(|row| pixels(row)).collect::<Vec<u8>>();
    let all = match above {
        [] => Vec::new(),
        [Mark::Above(mark) | Mark::Breathing(mark)] => rows(mark),
        // The first mark is the one next to the letter.
        [Mark::Above(low), Mark::Above(high)] => [rows(high), rows(low)].concat(),
        [Mark::Breathing(mark), Mark::Above(accent)] if *accent == ARCH => {
            let [upper, lower] = rows(mark)[..] else { return None };
            let [arch, feet] = rows(ARCH)[..] else { return None };
            vec![arch, feet | upper, lower]
        }
        [Mark::Breathing(mark), Mark::Above(accent)] => {
            // Both have their pixels in the middle, from where they make room for each other.
            let (left, right) = (rows(mark), rows(accent));
            left.iter().zip(&right).map(|(left, right)| left >> 2 | right << 2).collect()
        }
        _ => return None,
    };
    (all.len() <= 3).then_some(all)
}
