//! The time line as pictures, what its keys do, and what is computed for it.

use super::link_summary::PingPong;
use super::link_summary::ping_pong_pairs;
use super::link_summary::summarize_link;
use super::rule_checks::RuleStatus;
use super::rule_checks::fragment_rules;
use super::*;
use crate::demos::inspect::action::Tab;
use crate::demos::inspect::overlays::mode::InputMode;
use crate::demos::inspect::state::Inspect;
use crate::demos::inspect::testing::{assert_contains, render_text};
use crate::demos::inspect::testing::{inspector_after, opened, press};
use crate::wire::frame::encode;
use crate::wire::{Header, MessageKind, Opcode, Side};
use proptest::prelude::*;
use std::time::Duration;

const KEY: Option<[u8; 4]> = Some([0xa1, 0xb2, 0xc3, 0xd4]);

/// A text in three fragments with a Ping in between, which is answered before the message ends.
fn fragmented() -> (Inspect, tokio::sync::mpsc::Receiver<crate::clients::SessionCommand>) {
    let mut keys = 1_u8..;
    let mut fresh = || keys.next().map(|key| [key, 7, 7, 7]);
    let text =
        encode::fragments(MessageKind::Text, &[b"D\xf0\x9f", b"\x98", b"\x80!!R"], &mut fresh);
    let ping = encode::single_frame(Opcode::Ping, b"beat", KEY);
    let pong = encode::single_frame(Opcode::Pong, b"beat", None);
    let (mut inspect, inbox) = inspector_after(&[
        (Side::Client, &text[0]),
        (Side::Client, &ping),
        (Side::Server, &pong),
        (Side::Client, &text[1]),
        (Side::Client, &text[2]),
    ]);
    inspect.show_tab(Tab::Timeline);
    (inspect, inbox)
}

#[test]
fn a_message_in_three_fragments_with_a_ping_in_between() {
    let (mut inspect, _inbox) = fragmented();
    inspect.session.select_row(3);
    press(&mut inspect, KeyCode::Char('o'));
    let shown = render_text(&inspect, 100, 30);
    assert_contains(
        &shown,
        &[
            "100 µs/div",
            "C→S TCP pieces",
            "□0",
            "■1",
            "m0 text, 3 fragments",
            "2 pong of 1, 150 µs",
            "▲ frame 3 C→S at 1.050 ms",
            "Message m0 · C→S · text · 3 fragments, 1 frame in between · 600 µs · 8 bytes",
            "44 f0 9f      \"D\" + 2 of 4 bytes",
            "not part of m0",
            "▶    3   0   0   0 continuation",
            "3 of 4 bytes",
            "complete ✓",
            "only the first fragment names the type",
            "→ \"D😀!!R\" valid ✓",
            "Frames 0, 3, 4 alone are not UTF-8",
            "✓ control frames may sit between fragments (1) but are never fragmented",
            "✓ no new text or binary frame while m0 is open",
            "RTT 150 µs (median of 1)",
            // 5 headers are 26 bytes, their payloads 16
            "overhead 162 %",
        ],
    );
}

#[test]
fn a_slide_shows_the_essential_parts() {
    let (mut inspect, _inbox) = fragmented();
    inspect.session.select_row(3);
    assert_contains(
        &render_text(&inspect, 80, 15),
        &["C→S frames", "m0 text, 3 fragments", "Message m0", "▶    3", "RTT 150 µs"],
    );
    assert_contains(
        &render_text(&inspect, 80, 24),
        &["pong of 1", "Message m0", "▶    3", "complete ✓", "Rules, live: 7 kept", "Reassembly"],
    );
    assert_contains(
        &render_text(&inspect, 200, 60),
        &["directions are independent: 1 frame came the other way", "7 kept"],
    );
}

#[test]
fn rules_about_messages_do_not_apply_to_a_control_frame() {
    let (mut inspect, _inbox) = opened();
    let close = encode::close_frame(1000, "", KEY);
    let rules = |inspect: &Inspect, row| {
        let rules =
            fragment_rules(&inspect.session, &SelectedMessage::from_row(&inspect.session, row));
        rules.into_iter().map(|rule| rule.text).collect::<Vec<_>>()
    };
    assert!(rules(&inspect, 0).iter().any(|rule| rule.contains("while m0 is open")));
    (inspect, _) = inspector_after(&[(Side::Client, &close)]);
    assert!(rules(&inspect, 0).iter().all(|rule| !rule.contains("is open")));
}

#[test]
fn the_status_of_rules_comes_from_the_faults_of_these_frames() {
    let open = encode::frame(
        &Header { fin: false, masking_key: KEY, ..Header::new(Opcode::Text, 1) },
        b"a",
    );
    let other = encode::single_frame(Opcode::Text, b"b", Some([9, 9, 9, 9]));
    let (mut inspect, _inbox) = inspector_after(&[(Side::Client, &open), (Side::Client, &other)]);
    inspect.show_tab(Tab::Timeline);
    inspect.session.select_row(0);
    let checks = fragment_rules(&inspect.session, &SelectedMessage::from_row(&inspect.session, 1));
    let broken: Vec<_> = checks.iter().filter(|check| check.status == RuleStatus::Broken).collect();
    assert_eq!(broken.len(), 1, "{checks:?}");
    assert!(broken[0].text.contains("no new text or binary frame"), "{broken:?}");
    inspect.session.select_row(1);
    assert_contains(
        &render_text(&inspect, 100, 30),
        &["✗ no new text or binary frame while m0 is open", "✗1"],
    );
}

#[test]
fn keys_move_between_frames_and_scales() {
    let (mut inspect, _inbox) = fragmented();
    assert_eq!(inspect.session.selected_row, None);
    press(&mut inspect, KeyCode::Left);
    assert_eq!(inspect.session.selected_row, Some(3));
    press(&mut inspect, KeyCode::Right);
    assert_eq!(inspect.session.selected_row, Some(4));
    let fits = current_scale(&inspect.tabs.timeline, &inspect.session);
    press(&mut inspect, KeyCode::Char('-'));
    let whole = TimeWindow::whole(&inspect.session, ASSUMED_COLUMNS).scale();
    assert!(current_scale(&inspect.tabs.timeline, &inspect.session) <= whole.max(fits + 1));
    for _ in 0..40 {
        press(&mut inspect, KeyCode::Char('-'));
    }
    assert_eq!(inspect.tabs.timeline.zoom, Zoom::Whole, "and not beyond");
    render_text(&inspect, 100, 30);
    for _ in 0..40 {
        press(&mut inspect, KeyCode::Char('+'));
    }
    assert_eq!(current_scale(&inspect.tabs.timeline, &inspect.session), 0);
    press(&mut inspect, KeyCode::Char('0'));
    assert_eq!(inspect.tabs.timeline.zoom, Zoom::Whole);
    press(&mut inspect, KeyCode::Char('0'));
    assert_eq!(inspect.tabs.timeline.zoom, Zoom::Message);
}

#[test]
fn o_shows_and_hides_the_tcp_pieces_at_every_size() {
    let (mut inspect, _inbox) = fragmented();
    for (width, height) in [(78, 15), (78, 18), (98, 24), (100, 30), (198, 55)] {
        for expected in [false, true, false] {
            let shown = render_text(&inspect, width, height);
            assert_eq!(shown.contains("C→S TCP"), expected, "{width}x{height}\n{shown}");
            press(&mut inspect, KeyCode::Char('o'));
        }
        press(&mut inspect, KeyCode::Char('o'));
    }
}

/// 0 shows the first and the last frame, however far they are apart.
#[test]
fn zero_shows_the_whole_connection() {
    let hello = encode::single_frame(Opcode::Text, b"a", KEY);
    let (mut inspect, _inbox) = inspector_after(&[(Side::Client, &hello)]);
    let start = inspect.session.connection().started_at.unwrap();
    let later = start + Duration::from_secs(90);
    inspect.session.connections.shown_mut().push(Side::Server, later, b"\x81\x01b");
    inspect.show_tab(Tab::Timeline);
    inspect.session.select_row(0);
    let both = |inspect: &Inspect| {
        let window = TimeWindow::for_row(&inspect.session, inspect.tabs.timeline.zoom, 0, 60);
        window.rows(inspect.session.connection().trace.rows())
    };
    assert_eq!(both(&inspect), 0..1, "its message alone");
    press(&mut inspect, KeyCode::Char('0'));
    assert_eq!(both(&inspect), 0..2);
    press(&mut inspect, KeyCode::Char('+'));
    assert_eq!(both(&inspect), 0..1);
}

#[test]
fn a_pong_answers_the_ping_with_the_same_payload() {
    let frame = |opcode, payload: &[u8], key| encode::single_frame(opcode, payload, key);
    let frames = [
        (Side::Client, frame(Opcode::Ping, b"a", KEY)),
        (Side::Client, frame(Opcode::Ping, b"b", KEY)),
        (Side::Server, frame(Opcode::Pong, b"b", None)),
        (Side::Server, frame(Opcode::Pong, b"c", None)),
        (Side::Server, frame(Opcode::Ping, b"a", None)),
        (Side::Client, frame(Opcode::Pong, b"a", KEY)),
    ];
    let frames: Vec<_> = frames.iter().map(|(from, frame)| (*from, &frame[..])).collect();
    let (mut inspect, _inbox) = inspector_after(&frames);
    assert_eq!(
        ping_pong_pairs(&inspect.session, 0..6),
        [PingPong { ping: 1, pong: 2 }, PingPong { ping: 4, pong: 5 }]
    );
    let micros = Duration::from_micros;
    let stats = summarize_link(&inspect.session);
    assert_eq!(stats.round_trips, [Some((micros(150), 1)), Some((micros(150), 1))]);
    assert_eq!(stats.overhead, Some(100.0 * f64::from(3 * 6 + 3 * 2) / 6.0));
    assert!((stats.frame_rate.unwrap().0 - 5.0 / 750e-6).abs() < 1.0);
    inspect.show_tab(Tab::Timeline);
    assert_contains(&render_text(&inspect, 200, 30), &["2 pong of 1, 150 µs"]);
}

#[test]
fn a_click_on_a_frame_selects_it() {
    let (mut inspect, _inbox) = opened();
    inspect.show_tab(Tab::Timeline);
    let area = Rect::new(0, 0, 100, 30);
    let shown = render_text(&inspect, 100, 30);
    let (y, line) =
        shown.lines().enumerate().find(|(_, line)| line.contains("S→C frames")).unwrap();
    let x = line.chars().position(|sign| sign == '■').unwrap();
    let at = (x as u16, y as u16).into();
    crate::stage::Demo::update(&mut inspect, crate::stage::DemoEvent::Click(at, area));
    assert_eq!(inspect.session.current_row(), Some(1));
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let frame = (any::<u8>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 0..20));
    let frame = frame.prop_map(|(first, masked, payload)| {
        let header = Header {
            fin: first & 0x80 != 0,
            masking_key: masked.then_some([first, 1, 2, 3]),
            ..Header::new(Opcode::from_bits(first), payload.len() as u64)
        };
        encode::frame(&header, &payload)
    });
    prop_oneof![6 => frame, 1 => proptest::collection::vec(any::<u8>(), 0..30)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_trace_is_drawn_at_any_size(
        sent in proptest::collection::vec((any::<bool>(), bytes()), 0..12),
        (width, height) in (0_u16..220, 0_u16..70),
        keys in proptest::collection::vec("[+0nafzkwtrpo\\[gb-]", 0..12),
    ) {
        let side = |client| if client { Side::Client } else { Side::Server };
        let sent: Vec<_> = sent.iter().map(|(client, bytes)| (side(*client), &bytes[..])).collect();
        let (mut inspect, _inbox) = inspector_after(&sent);
        for tab in [Tab::Mask, Tab::Timeline] {
            inspect.show_tab(tab);
            for key in &keys {
                inspect.show_tab(tab);
                press(&mut inspect, KeyCode::Char(key.chars().next().unwrap()));
                inspect.mode = InputMode::Browse;
                render_text(&inspect, width, height);
            }
            render_text(&inspect, width, height);
        }
    }
}
