//! The mask as pictures, and what its keys do.

use super::*;
use crate::demos::inspect::action::Tab;
use crate::demos::inspect::state::Inspect;
use crate::demos::inspect::testing::{assert_contains, render_text};
use crate::demos::inspect::testing::{inspector_after, opened, press};
use crate::stage::{Demo as _, DemoEvent};
use crate::wire::MessageKind;
use crate::wire::frame::encode;

fn hello() -> (Inspect, tokio::sync::mpsc::Receiver<crate::clients::SessionCommand>) {
    let (mut inspect, inbox) = opened();
    inspect.show_tab(Tab::Mask);
    (inspect, inbox)
}

fn type_keys(inspect: &mut Inspect, keys: &str) {
    for letter in keys.chars() {
        assert!(press(inspect, KeyCode::Char(letter)).is_empty());
    }
}

#[test]
fn section_5_7_hello_at_its_third_byte() {
    let (mut inspect, _inbox) = hello();
    type_keys(&mut inspect, "nn");
    inspect.session.cursor.bit = 2;
    assert_contains(
        &render_text(&inspect, 100, 30),
        &[
            "Frame 0 · C→S · 5 payload bytes",
            "i           0    1    2    3    4",
            "wire        7f   9f ┃ 4d ┃ 51   58",
            "⊕ key       37   fa ┃ 21 ┃ 3d   37",
            "            ──   ── ┗━━━━┛ ··   ··",
            "= plain     48   65   6c   ·    ·",
            "text        H    e    l    ·    ·",
            "UTF-8 so far: valid, nothing pending",
            "Step i = 2 of 0…4",
            "0 1 0 0 1 1 0 1",
            "key[2] of 37 fa [21] 3d",
            "0 1 1 0 1 1 0 0       = 'l'   U+006C",
            "f  flip wire bit 2         0x4d→0x6d   plain 0x6c→0x4c 'L'",
            "W_MASK_ZERO",
            "Why mask at all?",
        ],
    );
}

/// The key wraps around at the fifth byte, so the second turn is what there is to see.
#[test]
fn a_second_turn_of_the_key_is_in_sight_at_every_size() {
    let frame =
        encode::single_frame(crate::wire::Opcode::Text, b"twelve bytes", Some([1, 2, 3, 4]));
    let (mut inspect, _inbox) = inspector_after(&[(crate::wire::Side::Client, &frame)]);
    inspect.show_tab(Tab::Mask);
    for width in 76..=200 {
        for height in [13, 18, 24, 30, 60] {
            let shown = render_text(&inspect, width, height);
            let has_turn = shown.lines().any(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                words.windows(8).any(|words| words == ["0", "1", "2", "3", "4", "5", "6", "7"])
            });
            assert!(has_turn, "{width}x{height}\n{shown}");
        }
    }
}

#[test]
fn a_slide_shows_the_essential_parts() {
    let (mut inspect, _inbox) = hello();
    type_keys(&mut inspect, "nn");
    assert_contains(
        &render_text(&inspect, 78, 15),
        &["┃ 4d ┃", "0 1 1 0 1 1 0 0", "key[2] of 37 fa [21] 3d"],
    );
    assert_contains(
        &render_text(&inspect, 80, 24),
        &["┃ 4d ┃", "Step i = 2", "apply the key twice", "UTF-8 so far", "Why: a script"],
    );
}

#[test]
fn experiments_change_the_tab_and_nothing_else() {
    let (mut inspect, _inbox) = hello();
    type_keys(&mut inspect, "nnbbf");
    let shown = render_text(&inspect, 100, 30);
    assert_contains(&shown, &["6d≠", "= 'L'   U+004C", "r restores it"]);
    assert_eq!(inspect.session.frame(0).unwrap().payload(), b"Hello");
    type_keys(&mut inspect, "z");
    assert_contains(&render_text(&inspect, 100, 30), &["⊕ key       00   00 ┃ 00 ┃ 00   00"]);
    type_keys(&mut inspect, "rt");
    inspect.session.cursor.byte = 10;
    assert_contains(
        &render_text(&inspect, 100, 30),
        &["⊕ key       7f   9f   4d   51   58", "⊕ undoes itself"],
    );
    type_keys(&mut inspect, "rw");
    assert_contains(
        &render_text(&inspect, 100, 30),
        &["37 fa 21 3d 37 fa 21 3d", "= plain       48 65 6c 6c 6f", "5 of 8 bytes are left"],
    );
    let before = inspect.tabs.mask.key;
    type_keys(&mut inspect, "k");
    assert_ne!(inspect.tabs.mask.key, before);
    assert_eq!(
        Unmasking::from_current(&inspect.session, &inspect.tabs.mask).unwrap().plain_bytes,
        b"Hello",
        "a new key hides the same text"
    );
    assert_ne!(
        Unmasking::from_current(&inspect.session, &inspect.tabs.mask).unwrap().wire_bytes,
        Unmasking::from_current(&inspect.session, &inspect.tabs.mask).unwrap().original_wire_bytes
    );
}

#[test]
fn steps_stay_within_the_payload() {
    let (mut inspect, _inbox) = hello();
    for (code, byte) in [
        (KeyCode::Left, 6),
        (KeyCode::Right, 7),
        (KeyCode::End, 10),
        (KeyCode::Char('n'), 10),
        (KeyCode::Char('p'), 9),
        (KeyCode::Home, 6),
    ] {
        press(&mut inspect, code);
        assert_eq!(inspect.session.cursor.byte, byte, "{code:?}");
    }
    click(&mut inspect.tabs.mask, &mut inspect.session, 3);
    assert_eq!(inspect.session.cursor.byte, 9);
    assert_eq!(inspect.session.selected_row, Some(0), "the next frame does not pull it away");
}

#[test]
fn the_tab_needs_ticks_only_while_it_steps_automatically() {
    let (mut inspect, _inbox) = hello();
    assert_eq!(inspect.tick_interval(), None);
    type_keys(&mut inspect, "a9");
    assert_eq!(inspect.tab(), Tab::Mask, "a digit is the speed now");
    let pace = inspect.tick_interval().unwrap();
    assert_eq!(pace, Duration::from_secs(1) / 9);
    let start = Instant::now();
    inspect.update(DemoEvent::Tick(start));
    assert_eq!(inspect.session.cursor.byte, 7);
    inspect.update(DemoEvent::Tick(start + pace / 4));
    assert_eq!(inspect.session.cursor.byte, 7, "too early");
    for tick in 1..9 {
        inspect.update(DemoEvent::Tick(start + pace * tick));
    }
    assert_eq!(
        (inspect.session.cursor.byte, inspect.tick_interval()),
        (10, None),
        "it stops at the end"
    );
    type_keys(&mut inspect, "2");
    assert_eq!(inspect.tab(), Tab::Frames);
}

#[test]
fn a_server_frame_shows_why_there_is_nothing_to_undo() {
    let (mut inspect, _inbox) = hello();
    inspect.session.select_row(1);
    assert_contains(
        &render_text(&inspect, 100, 30),
        &["nothing to undo", "n  to frame 0, the nearest that is masked"],
    );
    press(&mut inspect, KeyCode::Char('n'));
    assert_eq!(inspect.session.current_row(), Some(0));
}

#[test]
fn a_character_that_began_in_the_frame_before_is_continued() {
    let frames =
        encode::fragments(MessageKind::Text, &[b"D\xf0\x9f", b"\x98\x80"], || Some([9, 8, 7, 6]));
    let (mut inspect, _inbox) =
        inspector_after(&[(Side::Client, &frames[0]), (Side::Client, &frames[1])]);
    inspect.show_tab(Tab::Mask);
    inspect.session.select_row(0);
    press(&mut inspect, KeyCode::End);
    assert_contains(&render_text(&inspect, 100, 30), &["UTF-8 so far: valid, 2 of 4 bytes"]);
    inspect.session.select_row(1);
    assert_contains(&render_text(&inspect, 100, 30), &["3 of 4 bytes · begun in the frame before"]);
    press(&mut inspect, KeyCode::End);
    assert_contains(&render_text(&inspect, 100, 30), &["U+1F600"]);
}
