//! The pixels of one letter: its shape in the font, and the marks above and below it.

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, MISC_FONTS, UnicodeFonts as _};
use icu_normalizer::DecomposingNormalizerBorrowed;

use super::letters::{drawn_letter, lookalike};
use super::marks::{Mark, stacked};

/// The rows above a letter for what stands on it.
const ROWS_ABOVE: usize = 2;
/// The first row of letters that have no ascender.
const LOW_TOP: usize = 2;

const ACUTE: char = '\u{301}';
const CARON: char = '\u{30c}';

/// The pixels of a letter, row by row. The lowest bit of a row is its leftmost pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    /// The rows above those that every letter has.
    pub(super) above: [u8; ROWS_ABOVE],
    pub(super) rows: [u8; 8],
}

impl Glyph {
    /// Returns the shape of a grapheme cluster. `None` if the font lacks its letter, or if its
    /// marks have no room.
    pub(super) fn of(cluster: &str) -> Option<Self> {
        let mut parts = DecomposingNormalizerBorrowed::new_nfd().normalize_iter(cluster.chars());
        let letter = parts.next()?;
        let marks = parts.map(Mark::of).collect::<Option<Vec<Mark>>>()?;
        let own = Self { above: [0; ROWS_ABOVE], rows: bitmap(letter)? };
        if marks.is_empty() {
            return Some(own);
        }
        if letter.is_whitespace() {
            return None;
        }
        own.with_marks(letter, &marks)
    }

    /// Whether it needs the rows above those that every letter has.
    pub(super) fn is_tall(self) -> bool {
        self.above != [0; ROWS_ABOVE]
    }

    fn with_marks(mut self, letter: char, marks: &[Mark]) -> Option<Self> {
        let is_below = |mark: &Mark| matches!(mark, Mark::Cedilla | Mark::Ogonek);
        let (mut below, mut above): (Vec<Mark>, Vec<Mark>) =
            marks.iter().partition(|mark| is_below(mark));
        if letter == 'g' && below == [Mark::Cedilla] {
            // The Latvian letter has it above, because it has no room below.
            below.clear();
            above.extend(Mark::of(ACUTE));
        }
        match below[..] {
            [] => {}
            [mark] => self.set_below(mark),
            _ => return None,
        }
        let is_caron = above.len() == 1 && above.first().copied() == Mark::of(CARON);
        if is_caron && matches!(letter, 'd' | 't' | 'l' | 'L') {
            // It has the shape of an apostrophe there.
            let top = if letter == 'L' { &mut self.rows[..2] } else { &mut self.above[..] };
            top[0] |= 0b1100_0000;
            top[1] |= 0b0100_0000;
            return Some(self);
        }
        self.set_above(letter, &above)?;
        Some(self)
    }

    fn set_below(&mut self, mark: Mark) {
        let used = self.rows[6];
        let right = 7_u32.saturating_sub(used.leading_zeros());
        let left = if mark == Mark::Ogonek {
            right.saturating_sub(1)
        } else {
            u32::midpoint(used.trailing_zeros(), right)
        };
        self.rows[7] |= 0b11 << left.min(6);
    }

    fn set_above(&mut self, letter: char, marks: &[Mark]) -> Option<()> {
        let shape = stacked(marks)?;
        if shape.is_empty() {
            return Some(());
        }
        if matches!(letter, 'i' | 'j' | 'і' | 'ј') {
            self.rows[..LOW_TOP].fill(0);
        }
        let used = self.rows.iter().fold(0, |all, row| all | row);
        // The row that stays free between the letter and its mark.
        let gap = if self.rows[..LOW_TOP].iter().all(|row| *row == 0) {
            LOW_TOP - 1
        } else {
            self.rows = pressed(self.rows);
            0
        };
        // A ring or an arch over a breathing takes the gap of a capital, too.
        let end = (ROWS_ABOVE + gap).max(shape.len());
        let right = 8_u32.saturating_sub(used.leading_zeros());
        let middle = u32::midpoint(used.trailing_zeros(), right);
        let mut all = [0; ROWS_ABOVE + 8];
        all[..ROWS_ABOVE].copy_from_slice(&self.above);
        all[ROWS_ABOVE..].copy_from_slice(&self.rows);
        for (row, mark) in all[..end].iter_mut().rev().zip(shape.iter().rev()) {
            // The middle of a mark is its third column's right edge.
            *row |= mark << middle.saturating_sub(3).min(2);
        }
        self.above.copy_from_slice(&all[..ROWS_ABOVE]);
        self.rows.copy_from_slice(&all[ROWS_ABOVE..]);
        Some(())
    }
}

/// Returns a tall letter one row less high, which leaves its first row free.
fn pressed(rows: [u8; 8]) -> [u8; 8] {
    let twice = (1..6).find(|row| rows[*row] == rows[row + 1]).unwrap_or(2);
    let mut lower = rows;
    lower[0] = 0;
    lower[1..=twice].copy_from_slice(&rows[..twice]);
    lower
}

/// Returns the shape of a letter without marks.
fn bitmap(letter: char) -> Option<[u8; 8]> {
    // The fonts lack typographic punctuation, which titles often have.
    let letter = match letter {
        '’' | '‘' => '\'',
        '“' | '”' => '"',
        '–' | '—' | '‑' => '-',
        other => lookalike(other),
    };
    let bitmap = drawn_letter(letter)
        .or_else(|| BASIC_FONTS.get(letter))
        .or_else(|| LATIN_FONTS.get(letter))
        .or_else(|| GREEK_FONTS.get(letter))
        .or_else(|| MISC_FONTS.get(letter));
    // What the fonts leave empty they do not have.
    bitmap.filter(|rows| letter.is_whitespace() || rows.iter().any(|row| *row != 0))
}

#[cfg(test)]
mod tests {
    use icu_normalizer::DecomposingNormalizerBorrowed;
    use unicode_segmentation::UnicodeSegmentation as _;

    use super::*;

    const ALPHABETS: [(&str, &str); 12] = [
        ("Polish", "aąbcćdeęfghijklłmnńoópqrsśtuvwxyzźż"),
        ("Czech and Slovak", "aáäbcčdďeéěfghiíjklĺľmnňoóôpqrŕřsštťuúůvwxyýzž"),
        ("Hungarian", "aábcdeéfghiíjklmnoóöőpqrstuúüűvwxyz"),
        ("Romanian", "aăâbcdefghiîjklmnopqrsștțuvwxyz"),
        ("Latvian and Lithuanian", "aāąbcčdeēęėfgģhiīįyjkķlļmnņoprsštuūųvzž"),
        ("Scandinavian", "abcdefghijklmnopqrstuvwxyzæøåäöðþ"),
        ("Spanish, Portuguese and French", "aáàâãbcçdeéèêëfghiíïîjklmnñoóôõpqrstuúùûüvwxyzœ"),
        ("Russian", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
        ("Ukrainian and Belarusian", "абвгґдеєёжзиіїйклмнопрстуўфхцчшщыьэюя"),
        ("Serbian and Macedonian", "абвгдђѓежзѕијклљмнњопрстћќуфхцчџш"),
        ("Greek", "αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ"),
        ("classical Greek", "ἀἁἂἃἄἅἆἇᾀᾳὰάᾶᾷἠἡἤἥἦἧῃὴήῆἰἱἴἵἶἷὶίῒῖὐὑὔὕὖὗὠὡὤὥὦὧῳῥ"),
    ];

    fn assert_distinct(alphabet: &str, letters: &str) {
        let letters: Vec<char> = letters.chars().collect();
        for (index, one) in letters.iter().enumerate() {
            let shape = Glyph::of(&one.to_string());
            assert!(shape.is_some(), "{alphabet}: {one} has no shape");
            for other in &letters[index + 1..] {
                assert_ne!(shape, Glyph::of(&other.to_string()), "{alphabet}: {one} and {other}");
            }
        }
    }

    #[test]
    fn all_letters_of_an_alphabet_differ() {
        for (alphabet, lower) in ALPHABETS {
            assert_distinct(alphabet, lower);
            // What has no capital of its own, such as ΐ, becomes several letters.
            let capital = |letter: char| Some(letter.to_uppercase()).filter(|all| all.len() == 1);
            let mut upper: Vec<char> = lower.chars().filter_map(capital).flatten().collect();
            // Both forms of sigma have one capital.
            upper.dedup();
            assert_distinct(alphabet, &upper.into_iter().collect::<String>());
        }
        for letters in ["aàáâãāăȧäåa̋ǎaąça̧", "abcçdefgğhıijklmnoöprsştuüvyz", "€₴₽₺„‚…→←"]
        {
            let clusters: Vec<&str> = letters.graphemes(true).collect();
            assert!(clusters.iter().all(|one| Glyph::of(one).is_some()), "{letters}");
        }
        assert_distinct("Turkish", "abcçdefgğhıijklmnoöprsştuüvyzABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZ");
    }

    #[test]
    fn a_letter_looks_the_same_whether_its_mark_is_a_character_of_its_own() {
        let decompose = DecomposingNormalizerBorrowed::new_nfd();
        for letter in ALPHABETS.iter().flat_map(|(_, letters)| letters.chars()) {
            let apart: String = decompose.normalize_iter([letter].into_iter()).collect();
            assert_eq!(Glyph::of(&apart), Glyph::of(&letter.to_string()), "{letter}");
        }
    }

    #[test]
    fn what_has_no_shape_or_no_room_for_its_marks_is_refused() {
        for cluster in
            ["日", "한", "🦀", "é\u{200d}", "ạ", "a\u{301}\u{301}\u{301}", " \u{301}", ""]
        {
            assert_eq!(Glyph::of(cluster), None, "{cluster:?}");
        }
    }
}
