//! Colours that fit the terminal, and no control sequences from a deck.

use vt100::{Color, Screen};

use crate::file;
use crate::terminal::{CTRL_C, RIGHT, TRUE_COLOR, Terminal};

const ASK_GROUND: &str = "\x1b]11;?";
const LIGHT_GROUND: &str = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\";
const DARK_GROUND: &str = "\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\";
const PLAIN: &str = "# One\n\ntext\n\n---\n\n# Two\n\ntext\n\n---\n\n# Three\n";

#[test]
fn a_deck_without_a_theme_is_light_on_a_light_terminal() {
    let deck = file("light.md", PLAIN);
    let mut terminal = Terminal::open(&[deck.to_str().unwrap()]);
    terminal.until("a dark first frame", |screen| brightness(screen) < 0.3);
    terminal.answer(ASK_GROUND, LIGHT_GROUND);
    terminal.until("a light ground", |screen| brightness(screen) > 0.9);
    stands_on_the_first_slide_and_knows_its_keys(&mut terminal);
    assert!(brightness(terminal.screen()) > 0.9);
}

#[test]
fn a_deck_without_a_theme_is_dark_on_a_dark_terminal() {
    let deck = file("dark.md", PLAIN);
    let mut terminal = Terminal::open(&[deck.to_str().unwrap()]);
    terminal.answer(ASK_GROUND, DARK_GROUND);
    stands_on_the_first_slide_and_knows_its_keys(&mut terminal);
    assert!(brightness(terminal.screen()) < 0.3);
}

#[test]
fn a_requested_theme_stays() {
    let deck = file("asked.md", PLAIN);
    let mut terminal = Terminal::open(&["--theme", "dark", deck.to_str().unwrap()]);
    terminal.shows(&["1/3"]);
    terminal.keys(LIGHT_GROUND);
    stands_on_the_first_slide_and_knows_its_keys(&mut terminal);
    assert!(brightness(terminal.screen()) < 0.3);

    let mut terminal = Terminal::open(&["--theme", "light", deck.to_str().unwrap()]);
    terminal.until("a light first frame", |screen| brightness(screen) > 0.9);
}

/// Checks the first slide and its keys. Input is handled in order, so once a key has had its
/// effect, so has the answer before it.
fn stands_on_the_first_slide_and_knows_its_keys(terminal: &mut Terminal) {
    terminal.shows(&["1/3"]);
    terminal.keys(RIGHT);
    terminal.shows(&["Two", "2/3", "→ next"]);
}

#[test]
fn no_color_disables_all_colours() {
    let variables = [TRUE_COLOR[0], TRUE_COLOR[1], ("NO_COLOR", "1")];
    let raw = code_slides(&variables);
    let colors: Vec<_> = sgr(&raw).into_iter().filter(|code| is_color(&code[..])).collect();
    assert_eq!(colors, Vec::<Vec<u16>>::new());
    assert!(sgr(&raw).iter().any(|code| code.contains(&1)), "bold is not a colour");
}

#[test]
fn the_keyboard_owner_is_visible_without_colours() {
    let mut terminal = Terminal::with(&[TRUE_COLOR[0], ("NO_COLOR", "1")], &["slides/talk.md"]);
    terminal.shows(&[" 1/82"]);
    terminal.keys("g21\r\r");
    terminal.shows(&["inspect has the keyboard"]);
    let footer = terminal.rows().pop().unwrap();
    let at = footer.chars().count() - footer.split("inspect has").last().unwrap().chars().count();
    let inverse = |column: usize| terminal.screen().cell(29, column as u16).unwrap().inverse();
    assert!(inverse(at - 1));
    assert!(!inverse(0));
}

#[test]
fn a_terminal_with_256_colours_gets_only_these() {
    let raw = code_slides(&[("TERM", "xterm-256color")]);
    let kinds =
        |kind| move |code: &Vec<u16>| matches!(code[..], [38 | 48, found, ..] if found == kind);
    assert!(!sgr(&raw).iter().any(kinds(2)), "24-bit colours");
    assert!(sgr(&raw).iter().any(kinds(5)));
    assert!(sgr(&code_slides(&TRUE_COLOR)).iter().any(kinds(2)), "else the test would see nothing");
}

#[test]
fn a_terminal_with_16_colours_gets_their_codes_and_a_painted_ground() {
    let raw = code_slides(&[("TERM", "xterm")]);
    let codes: Vec<u16> = sgr(&raw).into_iter().flatten().collect();
    let plain = |code: &u16| matches!(code, 0..=9 | 30..=37 | 39..=47 | 49 | 90..=97 | 100..=107);
    assert!(codes.iter().all(plain), "{codes:?}");
    assert!(codes.contains(&97) && codes.contains(&40), "white on black");

    let deck = file("sixteen.md", PLAIN);
    let mut terminal = Terminal::with(&[("TERM", "linux")], &[deck.to_str().unwrap()]);
    terminal.shows(&["1/3"]);
    for (row, column) in [(0, 0), (15, 50), (29, 99)] {
        assert_eq!(terminal.screen().cell(row, column).unwrap().bgcolor(), Color::Idx(0));
    }
    let mut light =
        Terminal::with(&[("TERM", "xterm")], &["--theme", "light", deck.to_str().unwrap()]);
    light.shows(&["1/3"]);
    let ground = light.screen().cell(0, 0).unwrap().bgcolor();
    assert_eq!(ground, Color::Idx(15));
}

/// Returns everything that is written for a title, a demo and highlighted code.
fn code_slides(variables: &[(&str, &str)]) -> Vec<u8> {
    let mut terminal = Terminal::with(variables, &["slides/talk.md"]);
    terminal.shows(&[" 1/82"]);
    terminal.keys("g21\r");
    terminal.shows(&["Frames(2)"]);
    terminal.keys("\r");
    terminal.shows(&["inspect has the keyboard"]);
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end().code(), Some(0));
    terminal.raw().to_vec()
}

#[test]
fn escape_sequences_in_a_deck_are_shown_and_not_sent() {
    let evil = "\x1b]0;owned\x07\x1b[5;31m\x1b[c\x08";
    let deck = file("evil\x1b[2J.md", deck_with(evil, evil));
    let mut terminal = Terminal::open(&["--rehearse", deck.to_str().unwrap()]);
    for (at, text) in
        ["Opening", "bold", "let evil", "cell", "evil␛[2J.md:"].into_iter().enumerate()
    {
        terminal.shows(&[text, &format!("{}/5", at + 1), "␛]0;owned␇␛[5;31m␛[c␈"]);
        terminal.keys("s");
        terminal.shows(&["note ␛]0;owned␇"]);
        terminal.keys("s");
        terminal.keys(RIGHT);
    }
    assert_never_sent(terminal, &["\x1b]0", "\x07", "\x1b[5;31m", "\x1b[c", "\x08"]);
}

/// The emulator omits U+FFFD, which replaces these characters, so the test only waits for slides.
#[test]
fn c1_controls_and_bidi_overrides_in_a_deck_are_not_sent() {
    let evil = "\u{9b}5n\u{9d}0;owned\u{9c}\u{202e}desrever\u{2066}";
    let deck = file("c1.md", deck_with(evil, "plain"));
    let mut terminal = Terminal::open(&[deck.to_str().unwrap()]);
    for at in 1..=5 {
        terminal.shows(&[&format!("{at}/5"), "desrever"]);
        terminal.keys(RIGHT);
    }
    assert_never_sent(terminal, &["\u{9b}", "\u{9c}", "\u{9d}", "\u{202e}", "\u{2066}"]);
}

/// Returns a deck with `evil` in every place for text.
fn deck_with(evil: &str, section: &str) -> String {
    let note = format!("<!-- speaker_note: note {evil} -->");
    let slides = [
        format!("<!-- section: {section} -->\n\n## Opening {evil}\n\n{note}\n"),
        format!(
            "Text **bold {evil}** `code {evil}` [link {evil}](http://a/)\n\n- item \
             {evil}\n\n{note}\n"
        ),
        format!("```rust\nlet evil = \"{evil}\";\n```\n\n```text\nart {evil}\n```\n\n{note}\n"),
        format!(
            "| head {evil} |\n| --- |\n| cell {evil} |\n\n> [!NOTE]\n> quote {evil}\n\n{note}\n"
        ),
        format!("```demo {evil}\ntext = \"{evil}\"\n```\n\n{note}\n"),
    ];
    slides.join("\n---\n\n")
}

#[track_caller]
fn assert_never_sent(mut terminal: Terminal, orders: &[&str]) {
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    let raw = String::from_utf8(terminal.raw().to_vec()).unwrap();
    for order in orders {
        assert!(!raw.contains(order), "{order:?} reached the terminal");
    }
    terminal.assert_restored();
}

/// Returns the brightness of the background in the first cell of the screen, from 0 to 1.
fn brightness(screen: &Screen) -> f32 {
    match screen.cell(0, 0).unwrap().bgcolor() {
        Color::Rgb(red, green, blue) => {
            [red, green, blue].into_iter().map(f32::from).sum::<f32>() / 765.0
        }
        other => panic!("{other:?} is not a 24-bit colour"),
    }
}

/// Returns the parameters of every Select Graphic Rendition (`CSI ... m`).
fn sgr(raw: &[u8]) -> Vec<Vec<u16>> {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| ('@'..='~').contains(&c))?;
        (rest[end..].starts_with('m')).then(|| rest[..end].to_owned())
    });
    sequences
        .map(|numbers| numbers.split([';', ':']).map(|n| n.parse().unwrap_or(0)).collect())
        .collect()
}

/// Whether a colour is set. 39 and 49 reset to the terminal's own colours.
fn is_color(code: &[u16]) -> bool {
    code.iter().any(|n| matches!(n, 30..=38 | 40..=48 | 90..=97 | 100..=107))
}
