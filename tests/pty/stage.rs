//! The talk on stage: it starts, follows the keys and fits the window.

use memchr::memmem;

use crate::file;
use crate::terminal::{CTRL_D, END, ESC, RIGHT, TRUE_COLOR, Terminal, rows};

const TALK: &str = "slides/talk.md";
const BYLINE: &str = "the wiretalk authors";

#[test]
fn the_talk_starts_with_the_first_slide() {
    let mut terminal = Terminal::open(&[TALK]);
    terminal.shows(&[BYLINE, " 1/82"]);
    assert!(terminal.rows()[29].ends_with(" 1/82"), "the footer is the last row");
    assert!(terminal.is_raw_mode());
}

#[test]
fn without_a_deck_the_built_in_talk_is_shown() {
    let mut given = Terminal::open(&[TALK]);
    let mut built_in = Terminal::open(&[]);
    for terminal in [&mut given, &mut built_in] {
        terminal.shows(&[BYLINE, " 1/82", "● http  ● ws"]);
    }
    assert_eq!(given.rows(), built_in.rows());
}

#[test]
fn a_terminal_is_asked_before_the_first_frame_which_covers_a_question_that_it_prints() {
    let deck = file("asked_first.md", "# Big letters\n");
    for (variables, asked) in [(TRUE_COLOR, true), ([("TERM", "tmux-256color"); 2], false)] {
        let mut terminal = Terminal::with(&variables, &[deck.to_str().unwrap()]);
        terminal.shows(&["● http  ● ws"]);
        let all = |sequence: &str| memmem::find_iter(terminal.raw(), sequence).collect::<Vec<_>>();
        let (questions, clears) = (all("\x1b[>q\x1b_G"), all("\x1b[2J"));
        assert_eq!((questions.len(), clears.len()), (asked.into(), 1), "{variables:?}");
        assert!(questions.iter().all(|question| *question < clears[0]));
        assert!(clears[0] < all("1/1")[0]);
    }
}

#[test]
fn keys_come_from_the_terminal_even_if_standard_input_does_not() {
    let mut terminal = Terminal::with_shell("\"$0\" slides/talk.md </dev/null");
    terminal.shows(&[" 1/82"]);
    terminal.keys(RIGHT);
    terminal.shows(&["2/82"]);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    terminal.assert_restored();
}

#[test]
fn the_servers_are_up_soon_after_the_first_frame() {
    let mut terminal = Terminal::open(&[TALK]);
    terminal.shows(&["● http  ● ws"]);
}

#[test]
fn keys_move_through_the_talk() {
    let mut terminal = Terminal::open(&[TALK]);
    terminal.shows(&[" 1/82"]);
    terminal.keys(RIGHT);
    terminal.shows(&["Thirty seconds", " 2/82"]);
    terminal.keys(RIGHT);
    terminal.shows(&["Three claims", "·3/82"]);
    terminal.keys(END);
    terminal.shows(&["Three verdicts", "82/82"]);
    terminal.keys("g21");
    terminal.shows(&["go to slide 21"]);
    terminal.keys("\r");
    terminal.shows(&["Enter: control the demo", " 21/82"]);
}

#[test]
fn keys_that_come_at_once_share_frames() {
    let slides: Vec<String> = (1..=40).map(|number| format!("# Slide {number}\n")).collect();
    let deck = file("burst.md", slides.join("\n---\n\n"));
    let mut terminal = Terminal::open(&[deck.to_str().unwrap()]);
    terminal.shows(&[" 1/40", "● http  ● ws"]);
    let before = terminal.raw().len();
    terminal.keys(&RIGHT.repeat(20));
    terminal.shows(&["21/40"]);
    let begins = terminal.raw()[before..].windows(8).filter(|bytes| *bytes == b"\x1b[?2026h");
    // One, unless the kernel passes them on in pieces.
    let frames = begins.count();
    assert!((1..10).contains(&frames), "{frames} frames for 20 keys");
}

#[test]
fn the_notes_follow_the_talk_from_another_terminal() {
    let deck = "# One\n\n<!-- speaker_note: Core, 2 min. Say hello. -->\n\n---\n\n# Two\n\n\
                <!-- speaker_note: Point at it. -->\n\n<!-- pause -->\n\nend\n";
    let deck = file("noted.md", deck);
    let folder = deck.with_extension("runtime");
    let variables = [("XDG_RUNTIME_DIR", folder.to_str().unwrap())];
    let mut notes = Terminal::with(&variables, &["notes", deck.to_str().unwrap()]);
    notes.shows(&["isn't being shown yet"]);
    let mut talk = Terminal::with(&variables, &[deck.to_str().unwrap()]);
    talk.shows(&[" 1/2"]);
    notes.shows(&["1/2  One", "Say hello.", "next  Two", "· on time"]);
    talk.keys(RIGHT);
    notes.shows(&["2/2  Two", "Point at it.", "next  step 2 of 2, then the end"]);
    talk.keys(RIGHT);
    notes.shows(&["next  the end"]);
    talk.keys("\x03");
    talk.end();
    notes.shows(&["isn't being shown yet"]);
    notes.keys("\x03");
    notes.end();
}

/// What is typed before all of it is read counts as if it had been.
#[test]
fn a_long_deck_is_whole_for_the_first_key() {
    let words = "words ".repeat(40);
    let slide = |number: usize| format!("# Slide {number}\n\n{words}\n");
    let slides: Vec<String> = (1..=3_000).map(slide).collect();
    let deck = file("long.md", slides.join("\n---\n\n"));
    let mut terminal = Terminal::open(&[deck.to_str().unwrap()]);
    terminal.keys("2900G");
    terminal.shows(&["2900/3000"]);
    terminal.keys("\x1b[D");
    terminal.shows(&["2899/3000"]);
}

#[test]
fn the_inspector_sends_typed_text_and_closes() {
    let mut terminal = Terminal::open(&[TALK]);
    terminal.shows(&[" 1/82"]);
    terminal.keys("g21\r");
    terminal.shows(&["Enter: control the demo", "Frames(2)", "● open"]);
    terminal.keys("\r");
    terminal.shows(&["inspect has the keyboard"]);
    terminal.keys("Gopher\r");
    terminal.shows(&["Frames(4)", "Frame 2 · client to server", "81 86", "\"Gopher\""]);
    terminal.keys("]");
    terminal.shows(&["Frame 3 · server to client", "81 06 47 6f 70 68 65 72"]);
    terminal.keys(CTRL_D);
    terminal.shows(&[
        "C→S   1   close",
        "S→C   1   close",
        "Frame 4 · client to server",
        "88 86",
        "closed by us, answered by the server",
    ]);
    terminal.keys("]");
    terminal.shows(&["Frame 5 · server to client", "88 06 03 e8"]);
    terminal.keys(ESC);
    terminal.shows(&["Enter: control the demo"]);
    terminal.keys("p");
    terminal.shows(&[" 20/82"]);
}

#[test]
fn a_capture_opens_standalone_and_has_the_keyboard() {
    let mut terminal = Terminal::open(&["inspect", "tests/captures/tls13-aes128.pcapng"]);
    terminal.shows(&["Frames(6)", "\"Hello\"", "h all keys", "Ctrl-C leaves"]);
    assert!(
        terminal.rows()[0].starts_with('╔'),
        "there is no slide around it: {:?}",
        terminal.rows()[0]
    );
    terminal.keys("ffrom=server\r");
    terminal.shows(&["from=server: 3 of 6"]);
    terminal.keys("f\u{15}\r?");
    terminal.shows(&["The RFC", "Why"]);
    terminal.keys(ESC);
    terminal.until("the page closed", |screen| !screen.contents().contains("The RFC "));
    // With nothing open, Esc does nothing, because nothing else could have the keyboard. Waiting
    // for the new size keeps Esc apart from the next key: together they would be Alt and that key.
    terminal.keys(ESC);
    terminal.resize(100, 31);
    terminal.until("the new size", |screen| {
        let shown = crate::terminal::rows(screen);
        shown.len() == 31 && shown.last().is_some_and(|row| row.contains("Ctrl-C leaves"))
    });
    terminal.keys("/gr\r");
    terminal.shows(&["\"gr\" found in frame 1"]);
    terminal.keys("\u{3}");
    assert_eq!(terminal.end().code(), Some(0));
    terminal.assert_restored();
}

#[test]
fn a_focused_demo_gets_q_and_returns_the_keyboard_on_escape() {
    let mut terminal = Terminal::open(&[TALK]);
    terminal.shows(&[" 1/82"]);
    terminal.keys("g21\r\r");
    terminal.shows(&["inspect has the keyboard"]);
    terminal.keys("q?");
    terminal.shows(&["send ▸ q?"]);
    terminal.keys(ESC);
    terminal.until("the prompt closed", |screen| !screen.contents().contains("send ▸"));
    terminal.keys(ESC);
    terminal
        .until("the keyboard given back", |screen| !screen.contents().contains("has the keyboard"));
    terminal.keys("q");
    terminal.shows(&["end the talk?"]);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
}

#[test]
fn the_talk_fills_a_new_size() {
    let mut terminal = Terminal::open(&[TALK]);
    terminal.shows(&[BYLINE, " 1/82"]);
    for (columns, rows) in [(80, 24), (200, 60), (100, 30)] {
        terminal.resize(columns, rows);
        terminal.until(&format!("{columns}x{rows}"), |screen| {
            let shown = crate::terminal::rows(screen);
            let footer = shown.last().is_some_and(|row| {
                // One blank separates the count from the window's edge.
                row.ends_with("1/82") && row.chars().count() == usize::from(columns) - 1
            });
            footer
                && shown.iter().filter(|row| row.contains(" 1/82")).count() == 1
                && shown.iter().any(|row| row.contains(BYLINE))
        });
    }
}

#[test]
fn the_laser_pointer_is_drawn_where_the_terminal_reports_the_mouse() {
    let mut terminal = Terminal::open(&[TALK]);
    terminal.shows(&[" 1/82"]);
    assert!(!terminal.raw().windows(8).any(|bytes| bytes == b"\x1b[?1003h"));
    terminal.keys("L");
    // Motion without a button, column 31 and row 11, counted from 1 (SGR).
    terminal.answer("\x1b[?1003h", "\x1b[<35;31;11M");
    terminal.until("the spot", |screen| {
        let ground = |column| screen.cell(10, column).map(vt100::Cell::bgcolor);
        ground(30) != ground(40) && ground(30) == ground(29)
    });
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    terminal.assert_restored();
    let raw = String::from_utf8_lossy(terminal.raw()).into_owned();
    assert!(raw.rfind("\x1b[?1003l") > raw.rfind("\x1b[?1003h"), "moves are reported to the shell");
}

/// Neither the key nor the new size may be lost when both wake the program at once. One try in a
/// hundred or so does.
#[test]
fn a_key_that_comes_with_a_new_size_is_read_at_once() {
    let mut terminal = Terminal::open(&[TALK]);
    terminal.shows(&[" 1/82"]);
    for (columns, key, slide) in [(90, RIGHT, " 2/82"), (100, "\x1b[D", " 1/82")].repeat(200) {
        terminal.resize(columns, 30);
        terminal.keys(key);
        terminal.until(&format!("{slide} at {columns} columns"), |screen| {
            let footer = &rows(screen)[29];
            footer.ends_with(slide) && (footer.chars().count() > 90) == (columns > 90)
        });
    }
}

/// Beyond 1000x500 cells a terminal stays blank, so that no size takes unbounded memory.
#[test]
fn a_terminal_of_any_size_is_drawn_up_to_a_bound_and_restored() {
    for (columns, rows) in [(65_535, 65_535), (1, 65_535), (65_535, 1), (0, 0)] {
        for claimed_from_the_start in [true, false] {
            let mut terminal = if claimed_from_the_start {
                Terminal::of_size(columns, rows, &[TALK])
            } else {
                let mut terminal = Terminal::open(&[TALK]);
                terminal.shows(&[" 1/82"]);
                terminal.keys(RIGHT);
                terminal.shows(&[" 2/82"]);
                terminal.claim(columns, rows);
                terminal
            };
            // A terminal without cells gets no frame.
            terminal.sends("\x1b[?25l");
            terminal.keys(RIGHT);
            terminal.keys("q");
            assert_eq!(terminal.end().code(), Some(0), "{columns}x{rows}");
            if (columns, rows) == (0, 0) {
                terminal.sends("\x1b[?1049l");
            } else {
                terminal.assert_restored();
            }
            let raw = String::from_utf8_lossy(terminal.raw()).into_owned();
            assert!(!raw.contains("\x1b[501;") && !raw.contains(";1001H"), "{columns}x{rows}");
        }
    }
}
