//! Which dialect a deck is written in, judged by what only that dialect has.

use crate::deck::dialect::kind::Dialect;
use crate::deck::dialect::outline::is_rule;
use crate::deck::dialect::pieces::{Piece, PieceKind};

/// A sign of a dialect.
#[derive(Clone, Copy, Debug)]
struct Sign {
    dialect: Dialect,
    weight: u32,
    /// The byte of the source at which it stands.
    at: usize,
    /// Whether our own decks have it too.
    is_shared: bool,
}

/// The signs of all dialects that a deck has.
#[derive(Debug, Default)]
struct Signs(Vec<Sign>);

/// How often a sign can count in all: a deck full of one notation isn't surer than that.
const MAX_SIGNS: usize = 4;

/// Keys of the front matter, with the dialect that has them and how sure they make it.
const KEYS: &[(Dialect, u32, &[&str])] = &[
    (Dialect::Presenterm, 4, &["sub_title", "event", "location", "options"]),
    (Dialect::Presenterm, 1, &["authors"]),
    (Dialect::Patat, 12, &["patat"]),
    (Dialect::Lookatme, 6, &["styles", "extensions"]),
    (Dialect::Marp, 12, &["marp"]),
    (Dialect::Marp, 6, &["headingDivider", "_class", "_paginate"]),
    (Dialect::Marp, 2, &["paginate", "backgroundColor", "backgroundImage", "math"]),
    (
        Dialect::Slidev,
        4,
        &[
            "highlighter",
            "drawings",
            "mdc",
            "routerMode",
            "colorSchema",
            "lineNumbers",
            "themeConfig",
            "canvasWidth",
            "aspectRatio",
            "layout",
        ],
    ),
    (Dialect::Slidev, 1, &["info", "fonts", "background", "transition"]),
    (
        Dialect::RevealMd,
        8,
        &["revealOptions", "verticalSeparator", "highlightTheme", "notesSeparator"],
    ),
    (Dialect::RevealMd, 2, &["scripts", "css", "separator", "preprocessor"]),
    (Dialect::Slides, 8, &["paging"]),
];

/// The comment commands that are presenterm's alone.
const PRESENTERM_COMMANDS: [&str; 16] = [
    "column_layout",
    "column",
    "reset_layout",
    "jump_to_middle",
    "new_line",
    "new_lines",
    "newline",
    "newlines",
    "incremental_lists",
    "incremental_tables",
    "list_item_newlines",
    "no_footer",
    "font_size",
    "alignment",
    "skip_slide",
    "snippet_output",
];

/// What our own decks are written with too, as `README.md` says.
const SHARED: [&str; 9] = [
    "column_layout",
    "column",
    "reset_layout",
    "incremental_lists",
    "incremental_tables",
    "sub_title",
    "event",
    "location",
    "authors",
];

/// The directives of Marp; each can also begin with `_`, for a single slide.
pub(super) const MARP_DIRECTIVES: [&str; 14] = [
    "class",
    "paginate",
    "header",
    "footer",
    "backgroundColor",
    "backgroundImage",
    "backgroundPosition",
    "backgroundRepeat",
    "backgroundSize",
    "color",
    "theme",
    "style",
    "headingDivider",
    "size",
];

/// Returns the dialect of a deck with the byte of the source that shows it, if our own decks don't
/// have that too or if the dialect ends slides in another way. `head` is the front
/// matter, from the first byte of the source; `pieces` are of the body behind it.
pub(super) fn detect(head: &str, pieces: &[Piece]) -> (Dialect, Option<usize>) {
    let mut signs = Signs::default();
    signs.read_head(head);
    let mut is_slide_start = true;
    let has_commands = pieces.iter().any(is_shared_command);
    for (index, piece) in pieces.iter().enumerate() {
        let at = head.len().saturating_add(piece.start);
        match piece.kind {
            PieceKind::Comment(text) => signs.read_comment(text, at),
            PieceKind::Code(info) => signs.read_code(info, at),
            PieceKind::Line(line) => {
                signs.read_line(line, at);
                if is_slide_start {
                    signs.read_first_line(line, at);
                }
                // Prose can begin like that, and ends a deck once rather than twice.
                if !has_commands && begins_notes(pieces, index) {
                    signs.add(Dialect::RevealMd, 1, at);
                }
                if is_rule(line) {
                    signs.read_rule(line, pieces.get(index + 1), at);
                }
                if index < 3 && line.starts_with('%') {
                    signs.read_title_block(line, at);
                }
            }
        }
        let is_divider = piece.line().is_some_and(is_rule);
        is_slide_start = is_divider || (is_slide_start && piece.is_blank());
    }
    // Where this ends the slides, a rule is a line in presenterm.
    let ends = |piece: &Piece| matches!(piece.kind, PieceKind::Comment(text) if text.trim() == "end_slide");
    signs.strongest(pieces.iter().any(ends))
}

impl Signs {
    fn add(&mut self, dialect: Dialect, weight: u32, at: usize) {
        self.add_sign(Sign { dialect, weight, at, is_shared: false });
    }

    fn add_sign(&mut self, new: Sign) {
        let same = |sign: &Sign| sign.dialect == new.dialect && sign.weight == new.weight;
        let count = self.0.iter().filter(|sign| same(sign)).count();
        // One of them that our own decks don't have is kept for what it shows.
        let shows = |sign: &Sign| same(sign) && !sign.is_shared;
        if count < MAX_SIGNS {
            self.0.push(new);
        } else if !new.is_shared
            && !self.0.iter().any(shows)
            && let Some(last) = self.0.iter_mut().rfind(|sign| same(sign))
        {
            *last = new;
        }
    }

    /// Returns the dialect with the most weight and the heaviest of its signs: one that our decks
    /// don't have, unless `any_shows` it.
    fn strongest(&self, any_shows: bool) -> (Dialect, Option<usize>) {
        let weight = |dialect: Dialect| -> u32 {
            self.0.iter().filter(|sign| sign.dialect == dialect).map(|sign| sign.weight).sum()
        };
        let mut found = (Dialect::Wiretalk, 1);
        for dialect in Dialect::ALL {
            if weight(dialect) > found.1 {
                found = (dialect, weight(dialect));
            }
        }
        let shows = |sign: &&Sign| sign.dialect == found.0 && (any_shows || !sign.is_shared);
        let of_it = self.0.iter().filter(shows);
        // Of signs that weigh the same, the first.
        let best = of_it.max_by_key(|sign| (sign.weight, std::cmp::Reverse(sign.at)));
        (found.0, best.map(|sign| sign.at))
    }

    fn read_head(&mut self, head: &str) {
        let mut at = 0;
        for line in head.split_inclusive('\n') {
            let key = line.split_once(':').map_or("", |(key, _)| key);
            for &(dialect, weight, keys) in KEYS {
                if keys.contains(&key) {
                    self.add_sign(Sign { dialect, weight, at, is_shared: SHARED.contains(&key) });
                }
            }
            at += line.len();
        }
    }

    fn read_comment(&mut self, comment: &str, at: usize) {
        let text = comment.trim();
        let name = text.split(':').next().unwrap_or("").trim();
        match name {
            "section" | "depth" => self.add(Dialect::Wiretalk, 5, at),
            "stop" => self.add(Dialect::Lookatme, 6, at),
            "config" => self.add(Dialect::Patat, 6, at),
            ".slide" | ".element" => self.add(Dialect::RevealMd, 8, at),
            _ if PRESENTERM_COMMANDS.contains(&name) => {
                let is_shared = SHARED.contains(&name);
                self.add_sign(Sign { dialect: Dialect::Presenterm, weight: 4, at, is_shared });
            }
            _ if is_marp_directive(text) => {
                let weight = if name.starts_with('_') { 6 } else { 4 };
                self.add(Dialect::Marp, weight, at);
            }
            _ => {}
        }
    }

    fn read_code(&mut self, info: &str, at: usize) {
        let word = info.split([' ', '{']).next().unwrap_or("");
        let attributes = ["+exec", "+render", "+line_numbers", "+no_background", "+pty", "+image"];
        match word {
            "demo" => self.add(Dialect::Wiretalk, 8, at),
            "row" | "theme" => self.add(Dialect::Deckhand, 4, at),
            "terminal" if info.contains("rows=") => self.add(Dialect::Deckhand, 4, at),
            _ if word.starts_with("terminal") => self.add(Dialect::Lookatme, 3, at),
            _ if attributes.iter().any(|attribute| info.contains(attribute)) => {
                self.add(Dialect::Presenterm, 4, at);
            }
            _ => {}
        }
    }

    fn read_line(&mut self, line: &str, at: usize) {
        let text = line.trim();
        // Most lines are prose, and a long deck has many.
        if !text.starts_with(['.', '?', '-', '^', ':', '[', '#', '!']) && !text.contains('<') {
            return;
        }
        let start = text.trim_start_matches('#').trim_start();
        match text {
            ". . ." => self.add(Dialect::Patat, 4, at),
            "???" => {
                self.add(Dialect::Remark, 3, at);
                self.add(Dialect::Deckhand, 2, at);
            }
            "--" => {
                self.add(Dialect::Deckhand, 3, at);
                self.add(Dialect::Remark, 1, at);
            }
            "^" => self.add(Dialect::Mdp, 3, at),
            "----" if line.starts_with('-') => self.add(Dialect::RevealMd, 2, at),
            "::: notes" | ":::notes" => self.add(Dialect::Patat, 2, at),
            _ if text.starts_with("->") && text.ends_with("<-") => self.add(Dialect::Mdp, 3, at),
            _ if text.starts_with("^ ") => self.add(Dialect::Deckset, 3, at),
            _ if text.starts_with("[.") && text.ends_with(']') => self.add(Dialect::Deckset, 6, at),
            _ if start.starts_with("[fit]") => self.add(Dialect::Deckset, 4, at),
            _ if text.starts_with("![bg") || start.starts_with("<!-- fit -->") => {
                self.add(Dialect::Marp, 5, at);
            }
            _ if text.contains("<v-click") || text.contains(" v-click>") => {
                self.add(Dialect::Slidev, 6, at);
            }
            "::right::" | "::left::" => self.add(Dialect::Slidev, 6, at),
            _ if text.contains("<!-- .element:") || text.contains("<!-- .slide:") => {
                self.add(Dialect::RevealMd, 8, at);
            }
            _ if text.starts_with(".left-column[") || text.starts_with(".right-column[") => {
                self.add(Dialect::Remark, 4, at);
            }
            _ => {}
        }
    }

    /// Reads the first line of a slide, where remark and Deckset have properties.
    fn read_first_line(&mut self, line: &str, at: usize) {
        let key = line.split_once(": ").map_or("", |(key, _)| key);
        match key {
            "class" | "name" | "template" | "layout" | "count" | "background-image" => {
                self.add(Dialect::Remark, 4, at);
            }
            "footer" | "slidenumbers" | "autoscale" | "build-lists" => {
                self.add(Dialect::Deckset, 6, at);
            }
            _ => {}
        }
    }

    /// Reads a rule: in Slidev, front matter of the slide can follow on the very next line.
    fn read_rule(&mut self, line: &str, next: Option<&Piece>, at: usize) {
        let next = next.and_then(Piece::line).unwrap_or("");
        let key = next.split_once(':').map_or("", |(key, _)| key);
        if line.trim_end() == "---" && SLIDEV_KEYS.contains(&key) {
            self.add(Dialect::Slidev, 5, at.saturating_add(line.len() + 1));
        }
    }

    fn read_title_block(&mut self, line: &str, at: usize) {
        let is_mdp = ["%title:", "%author:", "%date:"].iter().any(|key| line.starts_with(key));
        if is_mdp {
            self.add(Dialect::Mdp, 12, at);
        } else if line.starts_with("% ") {
            self.add(Dialect::Pandoc, 6, at);
        }
    }
}

/// Whether the piece is a command that we and presenterm have, and none that reveal.js knows.
fn is_shared_command(piece: &Piece) -> bool {
    let PieceKind::Comment(text) = piece.kind else { return false };
    let name = text.split(':').next().unwrap_or("").trim();
    matches!(name, "pause" | "end_slide" | "speaker_note")
}

/// Whether `text` begins the notes of a slide for reveal.js.
pub(super) fn starts_notes(text: &str) -> bool {
    let mut words = text.splitn(2, ':');
    let word = words.next().unwrap_or("");
    words.next().is_some()
        && (word.eq_ignore_ascii_case("note") || word.eq_ignore_ascii_case("notes"))
}

/// Whether the piece at `index` begins the notes of a slide, and no remark for the room: nothing
/// stands beside it, or nothing but its own paragraph follows on the slide.
pub(super) fn begins_notes(pieces: &[Piece], index: usize) -> bool {
    let text = pieces.get(index).and_then(Piece::line).unwrap_or("").trim();
    let before = index.checked_sub(1).and_then(|before| pieces.get(before));
    if !starts_notes(text) || !before.is_none_or(Piece::is_blank) {
        return false;
    }
    let is_end = |piece: &&Piece| piece.line().is_some_and(is_rule);
    let rest = pieces.iter().skip(index).take_while(|piece| !is_end(piece));
    let mut behind = rest.skip_while(|piece| !piece.is_blank());
    text.ends_with(':') || behind.all(Piece::is_blank)
}

/// Whether each line of a comment sets a directive of Marp.
pub(super) fn is_marp_directive(comment: &str) -> bool {
    let mut lines = comment.trim().lines().filter(|line| !line.starts_with([' ', '\t']));
    let mut first = lines.clone();
    first.next().is_some()
        && lines.all(|line| {
            let key = line.split_once(':').map_or("", |(key, _)| key);
            let key = key.strip_prefix('_').unwrap_or(key);
            MARP_DIRECTIVES.contains(&key) || matches!(key, "marp" | "math" | "title")
        })
}

/// The keys of a slide's own front matter in Slidev.
pub(super) const SLIDEV_KEYS: [&str; 19] = [
    "layout",
    "transition",
    "class",
    "background",
    "level",
    "clicks",
    "hide",
    "disabled",
    "hideInToc",
    "src",
    "title",
    "routeAlias",
    "dragPos",
    "image",
    "zoom",
    "preload",
    "theme",
    "mdc",
    "layoutClass",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::dialect::pieces::cut;
    use crate::deck::options::DeckOptions;

    fn found(head: &str, body: &str) -> (Dialect, Option<String>) {
        let (dialect, at) = detect(head, &cut(body, &DeckOptions::default()));
        let source = format!("{head}{body}");
        let line = at.map(|at| source[at..].lines().next().unwrap_or("").to_owned());
        (dialect, line)
    }

    #[test]
    fn a_paragraph_that_begins_with_note_makes_no_other_tool_of_a_deck() {
        let ours = (Dialect::Wiretalk, None);
        assert_eq!(found("", "# A\n\nNote: once\n"), ours);
        let twice = "\n---\n\n# B\n\nNote: one\n\n---\n\n# C\n\nNote: two\n";
        assert_eq!(found("", &format!("# A\n{twice}")).0, Dialect::RevealMd);
        for command in ["pause", "end_slide", "speaker_note: hi"] {
            assert_eq!(found("", &format!("# A\n\n<!-- {command} -->\n{twice}")), ours);
        }
    }

    #[test]
    fn each_dialect_is_known_by_what_it_alone_has() {
        let cases = [
            ("", "# A\n\n```demo grid\n```\n", Dialect::Wiretalk, "```demo grid"),
            ("---\nevent: b\noptions: {}\n---\n", "", Dialect::Presenterm, "options: {}"),
            (
                "",
                "# A\n\n<!-- jump_to_middle -->\n",
                Dialect::Presenterm,
                "<!-- jump_to_middle -->",
            ),
            ("", "# A\n\n. . .\n\nb\n", Dialect::Patat, ". . ."),
            ("", "# A\n\n<!-- stop -->\n\nb\n", Dialect::Lookatme, "<!-- stop -->"),
            ("---\nmarp: true\n---\n", "# A\n", Dialect::Marp, "marp: true"),
            ("", "<!-- _class: lead -->\n# A\n", Dialect::Marp, "<!-- _class: lead -->"),
            ("", "# A\n\n---\nlayout: center\n---\n\n# B\n", Dialect::Slidev, "layout: center"),
            ("", "# A\n\n<v-click>\n\nb\n\n</v-click>\n", Dialect::Slidev, "<v-click>"),
            ("", "# A\n\n- b <!-- .element: class=\"fragment\" -->\n", Dialect::RevealMd, "- b"),
            (
                "",
                "# A\n\nNotes: say it\n\n---\n\n# B\n\nNote: and that\n",
                Dialect::RevealMd,
                "Notes: say it",
            ),
            ("", "%title: A\n%author: B\n\n# A\n", Dialect::Mdp, "%title: A"),
            ("", "# A\n\n--\n\n## B\n\n???\nc\n", Dialect::Deckhand, "--"),
            ("", "class: center\n\n# A\n\n--\n\nb\n\n???\nc\n", Dialect::Remark, "class: center"),
            ("", "# A\n\n[.build-lists: true]\n\n- b\n", Dialect::Deckset, "[.build-lists: true]"),
            ("", "% A\n% B\n\n# A\n", Dialect::Pandoc, "% A"),
            ("---\npaging: x\n---\n", "# A\n", Dialect::Slides, "paging: x"),
        ];
        for (head, body, dialect, line) in cases {
            let (is, shows) = found(head, body);
            assert_eq!(is, dialect, "{head}{body}");
            assert!(shows.unwrap().starts_with(line), "{head}{body}");
        }
    }

    #[test]
    fn what_our_own_decks_have_too_names_no_other_tool() {
        let head = "---\ntitle: a\nevent: b\nauthors: [c]\n---\n";
        let body = "<!-- column_layout: [1, 1] -->\n\n<!-- column: 0 -->\n\na\n\n\
                    <!-- reset_layout -->\n\n<!-- incremental_lists: true -->\n\n- b\n";
        let presenterm = |line: Option<&str>| (Dialect::Presenterm, line.map(str::to_owned));
        assert_eq!(found(head, body), presenterm(None));
        let more = format!("{body}\n<!-- no_footer -->\n");
        assert_eq!(found(head, &more), presenterm(Some("<!-- no_footer -->")));
        // A rule ends no slide of this one, which its author should know.
        let ended = format!("{body}\n<!-- end_slide -->\n");
        assert_eq!(found(head, &ended), presenterm(Some("event: b")));
    }

    #[test]
    fn what_every_tool_has_shows_nothing() {
        let body = "# A\n\n- b\n\n<!-- pause -->\n\nNote the order: first b\n\n---\n\n# C\n\n\
                    NOTE: this stands within the slide\n\n```sh\n. . .\n???\n^ x\n```\n\n\
                    <!-- a remark: of mine -->\n";
        assert_eq!(found("---\ntitle: A\nauthor: B\n---\n", body), (Dialect::Wiretalk, None));
    }
}
