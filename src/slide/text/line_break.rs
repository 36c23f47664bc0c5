//! The places within a run of letters where a line may end: between ideographs, which are written
//! without blanks (UAX #14, class ID), but not before a closing sign or behind an opening one.

/// Signs that no line begins with (UAX #14, classes CL, CP, EX, IS, NS), and quotation marks, which
/// may be either.
const NOT_FIRST: &str = "、。，．・：；？！）］｝〕〉》」』】〙〗〟ーゝゞ々…‥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ.,:;!?)]}%\"'”’»";
/// Signs that no line ends with (UAX #14, class OP), and quotation marks.
const NOT_LAST: &str = "（［｛〔〈《「『【〘〖〝([{\"'“‘«";

/// Whether a line may end between two neighbours that no blank parts.
pub(super) fn may_break(before: char, after: char) -> bool {
    (is_ideographic(before) || is_ideographic(after))
        && !NOT_FIRST.contains(after)
        && !NOT_LAST.contains(before)
}

/// Whether `letter` belongs to a script without blanks between words: Han, kana, and their signs.
/// Hangul is written with blanks.
fn is_ideographic(letter: char) -> bool {
    matches!(letter,
        '\u{2e80}'..='\u{2fff}' | '\u{3001}'..='\u{312f}' | '\u{3190}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff01}'..='\u{ff60}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Returns the parts of `text` that no line break divides, without the blanks between them.
pub(super) fn unbreakable_parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\n']).flat_map(|word| {
        let ends =
            word.char_indices().zip(word.chars().skip(1)).filter_map(|((at, before), after)| {
                may_break(before, after).then_some(at + before.len_utf8())
            });
        let ends: Vec<usize> = ends.chain([word.len()]).collect();
        ends.into_iter().scan(0, move |start, end| {
            let part = &word[*start..end];
            *start = end;
            Some(part)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_end_between_ideographs_but_not_at_their_signs() {
        for (text, parts) in [
            ("日本語。次", vec!["日", "本", "語。", "次"]),
            ("「引用」です", vec!["「引", "用」", "で", "す"]),
            ("HTTP/2と日本", vec!["HTTP/2", "と", "日", "本"]),
            ("two words", vec!["two", "words"]),
            ("한국어 문장", vec!["한국어", "문장"]),
            ("キャッシュ", vec!["キャッ", "シュ"]),
        ] {
            assert_eq!(unbreakable_parts(text).collect::<Vec<_>>(), parts);
        }
    }
}
