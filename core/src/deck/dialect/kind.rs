//! The ways of writing slides in Markdown that a deck can have.

use std::fmt;

use crate::deck::position::Position;

/// The tool whose way of writing slides a deck follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Our own: `---`, `<!-- pause -->`, demos.
    #[default]
    Wiretalk,
    /// presenterm: comment commands.
    Presenterm,
    /// patat: `. . .`, comments as notes, division by headings.
    Patat,
    /// lookatme: `<!-- stop -->`, division by headings.
    Lookatme,
    /// Marp: directives in comments, `headingDivider`, other comments as notes.
    Marp,
    /// Slidev: front matter for each slide, `<v-click>`.
    Slidev,
    /// reveal-md: `Note:`, `.slide` and `.element` comments.
    RevealMd,
    /// mdp: `%title:`, `^`, `->centred<-`.
    Mdp,
    /// deckhand: `--` for deeper slides, `???` for notes.
    Deckhand,
    /// remark: properties above a slide, `--`, `???`.
    Remark,
    /// Deckset: `[.build-lists: true]`, `^ note`.
    Deckset,
    /// Pandoc: a title block of `%` lines.
    Pandoc,
    /// maaslalani/slides: `paging` in the front matter.
    Slides,
    /// Front matter in TOML between `+++`, as ratride and Hugo have it.
    Toml,
    /// Markdown that no divider divides: its headings do.
    Headings,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 15] = [
        Self::Wiretalk,
        Self::Presenterm,
        Self::Patat,
        Self::Lookatme,
        Self::Marp,
        Self::Slidev,
        Self::RevealMd,
        Self::Mdp,
        Self::Deckhand,
        Self::Remark,
        Self::Deckset,
        Self::Pandoc,
        Self::Slides,
        Self::Toml,
        Self::Headings,
    ];

    /// Returns the dialect's name as its tool writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wiretalk => "wiretalk",
            Self::Presenterm => "presenterm",
            Self::Patat => "patat",
            Self::Lookatme => "lookatme",
            Self::Marp => "Marp",
            Self::Slidev => "Slidev",
            Self::RevealMd => "reveal-md",
            Self::Mdp => "mdp",
            Self::Deckhand => "deckhand",
            Self::Remark => "remark",
            Self::Deckset => "Deckset",
            Self::Pandoc => "Pandoc",
            Self::Slides => "slides",
            Self::Toml => "Markdown with TOML front matter",
            Self::Headings => "Markdown divided by headings",
        }
    }

    /// Whether a line `---` divides slides even right below a line of text, where Markdown takes it
    /// for the underline of a heading: these tools divide before they read Markdown.
    pub(super) const fn divides_by_line(self) -> bool {
        matches!(self, Self::Slidev | Self::RevealMd | Self::Deckhand | Self::Remark | Self::Slides)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The line that shows which dialect a deck is written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectEvidence {
    /// The place in the deck at which it stands.
    pub position: Position,
    /// The line, as written.
    pub text: String,
}
