//! What a terminal has for pictures and large text, by its own answers.

use ratatui::layout::Size;

/// The questions for graphics: the terminal's name and version (XTVERSION), and whether it has
/// kitty's protocol (a query that draws nothing). The name comes first, because it counts more. The
/// answers are such that they come as keys; those to DA1 and to `CSI 16 t` are swallowed where
/// crossterm reads the terminal.
pub(crate) const GRAPHICS_QUERY: &str = "\x1b[>q\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";

/// The beginning of the sequence that draws text over several rows.
pub(super) const SIZED_TEXT_START: &str = "\x1b]66;";

/// Whether the symbol of a cell is text over several rows.
pub(crate) fn is_sized_text(symbol: &str) -> bool {
    symbol.starts_with(SIZED_TEXT_START)
}

/// A way to draw a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureProtocol {
    /// Two coloured halves a cell, which every terminal has.
    #[default]
    HalfBlocks,
    /// The protocol of DEC's VT340.
    Sixel,
    /// That of kitty, by Unicode characters that stand for parts of a picture. They scroll and
    /// are covered like text.
    Kitty,
    /// That of iTerm2.
    ITerm2,
}

/// What a terminal says it has, in one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GraphicsAnswer {
    /// A way to draw pictures.
    pub protocol: Option<PictureProtocol>,
    /// Whether it draws text over several rows, by kitty's text sizing protocol.
    pub sizes_text: bool,
}

impl GraphicsAnswer {
    /// Returns what the terminal of this name (the answer to XTVERSION) has.
    pub(crate) fn of_name(name: &str) -> Self {
        let named = NAMED.iter().find(|(start, _)| name.starts_with(start));
        Self { protocol: named.map(|(_, protocol)| *protocol), sizes_text: sizes_text(name) }
    }
}

impl From<PictureProtocol> for GraphicsAnswer {
    fn from(protocol: PictureProtocol) -> Self {
        Self { protocol: Some(protocol), sizes_text: false }
    }
}

/// What a terminal has for pictures and large text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphicsSupport {
    /// The way to draw pictures.
    pub protocol: PictureProtocol,
    /// Whether it draws text over several rows.
    pub sizes_text: bool,
    /// The size of a cell in pixels.
    pub cell: Size,
}

impl Default for GraphicsSupport {
    fn default() -> Self {
        let cell = Size { width: 10, height: 20 };
        Self { protocol: PictureProtocol::HalfBlocks, sizes_text: false, cell }
    }
}

impl GraphicsSupport {
    /// Takes over the size of a cell, from the size of the screen in cells and in pixels.
    pub(crate) fn set_screen(&mut self, cells: Size, pixels: Size) {
        let cell = |pixels: u16, cells: u16| pixels.checked_div(cells).filter(|size| *size > 1);
        if let (Some(width), Some(height)) =
            (cell(pixels.width, cells.width), cell(pixels.height, cells.height))
        {
            self.cell = Size { width, height };
        }
    }

    /// Takes over what the terminal says it has. The first way to draw pictures counts: terminals
    /// that draw kitty's protocol badly confirm it all the same, and are known by their names.
    pub(crate) fn learn(&mut self, answer: GraphicsAnswer) {
        self.sizes_text |= answer.sizes_text;
        if self.protocol == PictureProtocol::HalfBlocks {
            self.protocol = answer.protocol.unwrap_or_default();
        }
    }
}

/// The terminals that have a protocol and say their name, by the beginning of it. Others that have
/// kitty's answer to its query; xterm has sixels only if it was started for that.
const NAMED: [(&str, PictureProtocol); 9] = [
    ("iTerm2 ", PictureProtocol::ITerm2),
    // These two confirm kitty's protocol, but do not draw it by Unicode characters.
    ("Konsole ", PictureProtocol::ITerm2),
    ("WezTerm ", PictureProtocol::ITerm2),
    ("foot(", PictureProtocol::Sixel),
    ("mlterm(", PictureProtocol::Sixel),
    ("contour ", PictureProtocol::Sixel),
    ("mintty ", PictureProtocol::ITerm2),
    ("kitty(", PictureProtocol::Kitty),
    ("ghostty ", PictureProtocol::Kitty),
];

/// The first version of kitty that draws text over several rows.
const KITTY_WITH_SIZES: [u32; 2] = [0, 40];

/// Whether the terminal of this name draws text over several rows. The protocol's own question
/// needs reports of the cursor's place, which crossterm keeps to itself.
fn sizes_text(name: &str) -> bool {
    let version = name.strip_prefix("kitty(").and_then(|rest| rest.strip_suffix(')'));
    let mut numbers = version.into_iter().flat_map(|it| it.split('.')).map(str::parse);
    matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor)))
        if [major, minor] >= KITTY_WITH_SIZES)
}

/// Whether the terminal may be asked for graphics: others print the question, or take it for a
/// title. `variable` looks up an environment variable.
pub fn may_be_asked(variable: impl Fn(&str) -> Option<String>) -> bool {
    let term = variable("TERM").unwrap_or_default();
    let multiplexed =
        variable("TMUX").is_some() || term.starts_with("tmux") || term.starts_with("screen");
    !multiplexed && crate::stage::shows_links(variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_measured_where_the_screen_says_its_pixels() {
        let mut support = GraphicsSupport::default();
        let usual = support.cell;
        support.set_screen(Size::new(80, 24), Size::ZERO);
        support.set_screen(Size::ZERO, Size::new(800, 480));
        assert_eq!(support.cell, usual);
        support.set_screen(Size::new(80, 24), Size::new(640, 384));
        assert_eq!(support.cell, Size::new(8, 16));
    }

    #[test]
    fn a_name_counts_more_than_the_answer_about_kitty() {
        let protocol_of = |name| GraphicsAnswer::of_name(name).protocol;
        assert_eq!(protocol_of("foot(1.16.2)"), Some(PictureProtocol::Sixel));
        assert_eq!(protocol_of("XTerm(379)"), None);
        let mut support = GraphicsSupport::default();
        support.learn(PictureProtocol::Kitty.into());
        assert_eq!(support.protocol, PictureProtocol::Kitty);
        let mut support = GraphicsSupport::default();
        support.learn(GraphicsAnswer::of_name("WezTerm 20240203-110809"));
        support.learn(PictureProtocol::Kitty.into());
        assert_eq!(support.protocol, PictureProtocol::ITerm2);
        let name = GRAPHICS_QUERY.find("[>q");
        assert!(name < GRAPHICS_QUERY.find("_G"), "the name is asked for first");
    }

    #[test]
    fn text_over_several_rows_is_kittys_from_0_40_on() {
        for name in ["kitty(0.40.0)", "kitty(0.41)", "kitty(1.0.0)", "kitty(0.100.2)"] {
            assert!(GraphicsAnswer::of_name(name).sizes_text, "{name}");
        }
        for name in [
            "kitty(0.39.1)",
            "kitty(0.40.0",
            "kitty(4)",
            "kitty(0.x.0)",
            "kitty(0.99999999999)",
            "kitty()",
            "foot(1.22.0)",
            "ghostty 1.2.0",
            "XTerm(400)",
        ] {
            assert!(!GraphicsAnswer::of_name(name).sizes_text, "{name}");
        }
        let mut support = GraphicsSupport::default();
        support.learn(GraphicsAnswer::of_name("kitty(0.42.1)"));
        support.learn(PictureProtocol::Kitty.into());
        assert!(support.sizes_text, "a later answer takes nothing back");
    }

    #[test]
    fn only_terminals_that_hide_the_question_are_asked() {
        let with = |term: &'static str, tmux: bool| {
            may_be_asked(move |name| match name {
                "TERM" => Some(term.to_owned()),
                "TMUX" if tmux => Some("/tmp/tmux".to_owned()),
                _ => None,
            })
        };
        assert!(with("xterm-256color", false) && with("xterm-kitty", false));
        assert!(!with("xterm-256color", true) && !with("tmux-256color", false));
        assert!(!with("screen-256color", false) && !with("linux", false));
    }
}
