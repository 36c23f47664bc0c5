//! What ends a slide besides `<!-- end_slide -->`.

/// The Markdown that ends a slide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deck) struct Dividers {
    /// Whether `---` ends a slide; else it draws a line.
    pub(in crate::deck) rules: bool,
    /// Whether `***` and `___` end a slide too.
    pub(in crate::deck) any_rule: bool,
    /// For each level of heading, whether one ends the slide before it.
    pub(in crate::deck) levels: [bool; 6],
    /// Whether a heading that is underlined ends the slide before it.
    pub(in crate::deck) underlined: bool,
}

impl Default for Dividers {
    fn default() -> Self {
        Self { rules: true, any_rule: false, levels: [false; 6], underlined: false }
    }
}

impl Dividers {
    /// Creates dividers that are headings of at most `level`, and no rules.
    pub(in crate::deck) fn headings(level: u8) -> Self {
        let levels = std::array::from_fn(|index| index < usize::from(level));
        Self { rules: false, levels, ..Self::default() }
    }

    /// Whether a rule that is written as `source` ends a slide.
    pub(super) fn is_rule(&self, source: &str) -> bool {
        let is_dashes = source.trim_start().starts_with('-');
        self.rules && (is_dashes || self.any_rule)
    }

    /// Whether a heading of `level` that is written as `source` ends the slide before it.
    pub(super) fn is_heading(&self, level: u8, source: &str) -> bool {
        let index = usize::from(level.saturating_sub(1));
        let by_level = self.levels.get(index).copied().unwrap_or(false);
        by_level || (self.underlined && !source.trim_start().starts_with('#'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_divide_down_to_their_level() {
        let dividers = Dividers::headings(2);
        let found: Vec<bool> = (1..=6).map(|level| dividers.is_heading(level, "# A")).collect();
        assert_eq!(found, [true, true, false, false, false, false]);
        assert!(!dividers.is_rule("---") && Dividers::default().is_rule(" - - -"));
    }

    #[test]
    fn a_title_is_known_by_the_line_below_it() {
        let dividers = Dividers { underlined: true, ..Dividers::default() };
        assert!(dividers.is_heading(1, "A\n===") && !dividers.is_heading(1, "# A"));
    }
}
