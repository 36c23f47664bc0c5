//! The links of a frame, which a terminal opens on a click (OSC 8).
//!
//! A cell has no room for an address. The link that it belongs to is kept in the colour of its
//! underline, which nothing else uses: so a link survives wrapping, scrolling and being covered in
//! part, and a cell that joins or leaves a link is drawn again.

use std::collections::HashMap;
use std::fmt::{Display, Formatter, Result as FmtResult};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use ratatui::buffer::Cell;
use ratatui::style::{Color, Style};

use crate::deck::{Block, Slide, TextRun};

/// The longest address that VTE and iTerm2 accept, in bytes.
const MAX_URL_LEN: usize = 2083;

/// The schemes whose addresses become links. Others may run programs.
const SCHEMES: [&str; 3] = ["http://", "https://", "mailto:"];

/// The identity of a link: a hash of its address, so that it is the same on every slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkId(u32);

impl LinkId {
    fn new(address: &str) -> Self {
        // FNV-1a, folded to the 24 bits of a colour.
        let hash = address
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self((hash ^ (hash >> 24)) & 0x00ff_ffff)
    }

    /// Returns the link that a cell belongs to.
    pub fn of(cell: &Cell) -> Option<Self> {
        match cell.underline_color {
            Color::Rgb(r, g, b) => Some(Self(u32::from_be_bytes([0, r, g, b]))),
            _ => None,
        }
    }
}

impl Display for LinkId {
    fn fmt(&self, f: &mut Formatter) -> FmtResult {
        write!(f, "{:06x}", self.0)
    }
}

/// Makes text of this style a link to `url`, if a terminal may open that.
pub fn link_style(style: Style, url: &str) -> Style {
    let Some(address) = address_of(url) else { return style };
    let [_, r, g, b] = LinkId::new(&address).0.to_be_bytes();
    style.underline_color(Color::Rgb(r, g, b))
}

/// Returns the address in the bytes 33 to 126, or `None` if no terminal should open it.
fn address_of(url: &str) -> Option<String> {
    const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');
    let starts_with =
        |scheme: &&str| url.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
    SCHEMES.iter().find(|scheme| starts_with(scheme))?;
    let address = utf8_percent_encode(url, ESCAPED).to_string();
    (address.len() <= MAX_URL_LEN).then_some(address)
}

/// The links of a slide with their addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameLinks(HashMap<LinkId, Option<String>>);

impl FrameLinks {
    /// Collects the links of a slide.
    pub fn of_slide(slide: &Slide) -> Self {
        let mut links = Self::default();
        for block in slide.all_blocks() {
            let texts: Vec<&Vec<TextRun>> = match block {
                Block::Heading { text, .. } | Block::Paragraph(text) => vec![text],
                Block::Table(table) => {
                    table.header.iter().chain(table.rows.iter().flatten()).collect()
                }
                _ => Vec::new(),
            };
            let urls = texts.into_iter().flatten().filter_map(|run| run.link.as_deref());
            urls.for_each(|url| links.insert(url));
        }
        links
    }

    fn insert(&mut self, url: &str) {
        let Some(address) = address_of(url) else { return };
        let known = self.0.entry(LinkId::new(&address)).or_insert_with(|| Some(address.clone()));
        // Two addresses with one hash: no link is better than a wrong one.
        if known.as_ref() != Some(&address) {
            *known = None;
        }
    }

    /// Returns the address of a link.
    pub fn address(&self, id: LinkId) -> Option<&str> {
        self.0.get(&id)?.as_deref()
    }
}

/// Whether a terminal shows the text of a link and not its address too. `variable` looks up an
/// environment variable.
pub fn shows_links(variable: impl Fn(&str) -> Option<String>) -> bool {
    let term = variable("TERM").unwrap_or_default();
    // These are hardware terminals, their emulations in kernels, and the one within Emacs, which
    // print what they do not know.
    let prints = ["linux", "vt", "cons", "ansi", "sun", "eterm", "screen.linux"]
        .iter()
        .any(|name| term.starts_with(name));
    // VTE before 0.50 showed rubbish.
    let old_vte = variable("VTE_VERSION")
        .and_then(|version| version.parse::<u32>().ok())
        .is_some_and(|version| version < 5000);
    !term.is_empty() && !prints && !old_vte
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(url: &str) -> Option<LinkId> {
        let mut cell = Cell::default();
        cell.set_style(link_style(Style::new(), url));
        LinkId::of(&cell)
    }

    #[test]
    fn every_link_of_a_slide_has_its_address() {
        let source = "[a](https://example.org/1)\n\n- x\n\n  > [b](http://example.org/ü)\n\n\
                      | [c](mailto:me@example.org) |\n| --- |\n| [d](https://example.org/4) |\n";
        let links = FrameLinks::of_slide(&crate::deck::parse(source).0.slides[0]);
        for (url, address) in [
            ("https://example.org/1", "https://example.org/1"),
            ("http://example.org/ü", "http://example.org/%C3%BC"),
            ("mailto:me@example.org", "mailto:me@example.org"),
            ("https://example.org/4", "https://example.org/4"),
        ] {
            assert_eq!(links.address(id(url).unwrap()), Some(address));
        }
        assert_eq!(links.address(id("https://example.org/5").unwrap()), None);
    }

    #[test]
    fn two_addresses_with_one_hash_are_no_links() {
        let mut links = FrameLinks::default();
        links.insert("https://example.org/1");
        let id = id("https://example.org/1").unwrap();
        links.0.insert(id, Some("https://example.org/other".to_owned()));
        links.insert("https://example.org/1");
        assert_eq!(links.address(id), None);
    }

    #[test]
    fn no_control_character_and_no_program_becomes_a_link() {
        for refused in
            ["javascript:alert(1)", "file:///etc/passwd", "#part", "a.md", "", "httpü", "x-a:ü"]
        {
            assert_eq!(id(refused), None, "{refused}");
        }
        assert_eq!(address_of(&format!("https://example.org/{}", "a".repeat(MAX_URL_LEN))), None);
        let address = address_of("HTTPS://example.org/\x1b\\ü\u{9c}\x07 b").unwrap();
        assert!(address.bytes().all(|byte| (33..=126).contains(&byte)), "{address}");
    }

    #[test]
    fn links_are_for_terminals_that_hide_the_address() {
        let with = |pairs: &[(&str, &str)]| {
            shows_links(|name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[("TERM", "xterm-256color")]) && with(&[("TERM", "tmux-256color")]));
        assert!(with(&[("TERM", "xterm-kitty"), ("VTE_VERSION", "7600")]));
        for term in ["linux", "vt100", "cons25", "", "eterm-color"] {
            assert!(!with(&[("TERM", term)]), "{term}");
        }
        assert!(!with(&[("TERM", "xterm"), ("VTE_VERSION", "4205")]));
    }
}
