//! Tests of the table: which rows and columns are drawn, and what keys and clicks do.

use std::net::SocketAddr;
use std::time::Duration;

use crossterm::event::KeyCode;

use crate::capture::{self, ConnectionEnd, PcapngWriter, ReadOptions};
use crate::demos::inspect::action::Tab;
use crate::demos::inspect::messages::{Cmd, LoadedCapture, Msg};
use crate::demos::inspect::state::Inspect;
use crate::demos::inspect::testing::{
    REQUEST, RESPONSE, assert_contains, opened, press, render_text,
};
use crate::inspect::{InspectConfig, InspectSource};
use crate::net::AddressPair;
use crate::stage::{Demo as _, DemoEvent};
use crate::wire::Side;

const GET: &[u8] = b"GET /app.js HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// The pieces that both sides of a connection send, in order.
type Sent<'a> = &'a [(Side, &'a [u8])];

const HTTP: Sent<'_> = &[(Side::Client, GET), (Side::Server, OK)];
const QUIET: Sent<'_> = &[(Side::Client, REQUEST), (Side::Server, RESPONSE)];
const BUSY: Sent<'_> =
    &[(Side::Client, REQUEST), (Side::Server, RESPONSE), (Side::Server, b"\x81\x01a\x81\x01b")];

/// Writes a capture of these connections and returns its file.
fn capture_file(connections: &[Sent<'_>]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
    let mut at = Duration::from_secs(1_700_000_000);
    for (port, sent) in (40_001..).zip(connections) {
        let [client, server]: [SocketAddr; 2] =
            [([10, 0, 0, 1], port).into(), ([192, 0, 2, 7], 8080).into()];
        let flow = writer.open_plain(AddressPair { client, server }, at).unwrap();
        for (from, bytes) in *sent {
            at += Duration::from_millis(1);
            writer.write_data(flow, *from, at, bytes).unwrap();
        }
        writer.close(flow, ConnectionEnd::Closed(Side::Server), at).unwrap();
    }
    std::fs::write(file.path(), writer.into_inner()).unwrap();
    file
}

/// Returns an inspector that shows the list of these connections.
fn listing(connections: &[Sent<'_>], config: impl FnOnce(&mut InspectConfig)) -> Inspect {
    let file = capture_file(connections);
    let options = ReadOptions::default();
    let capture = capture::open(file.path(), &options).unwrap();
    let mut inspect_config =
        InspectConfig::new(InspectSource::File(file.path().to_owned(), options));
    config(&mut inspect_config);
    let (mut inspect, commands) = Inspect::with_config(&inspect_config);
    assert!(matches!(commands[..], [Cmd::Open(1, ..)]));
    let loaded = LoadedCapture::new(capture, Vec::new());
    inspect.update(DemoEvent::Msg(Msg::Loaded(Box::new(loaded))));
    press(&mut inspect, KeyCode::Char('7'));
    assert_eq!(inspect.tab(), Tab::Connections);
    inspect
}

fn shown_number(inspect: &Inspect) -> usize {
    inspect.session.connection().number
}

#[test]
fn the_connection_with_most_to_say_is_opened_and_ordinary_http_is_only_counted() {
    let inspect = listing(&[HTTP, QUIET, HTTP, BUSY, HTTP], |_| {});
    assert_eq!(shown_number(&inspect), 4);
    let shown = render_text(&inspect, 100, 30);
    assert_contains(
        &shown,
        &["client", "path", "▶ 4  10.0.0.1:40004", "server FIN, no Close", "4 of 5 (7: list)"],
    );
    assert_contains(&shown, &["a lists 3 more: 3 with HTTP only (3 exchanges)"]);
    assert!(!shown.contains("10.0.0.1:40001"), "{shown}");
    let alone = listing(&[HTTP, BUSY, HTTP], |_| {});
    let shown = render_text(&alone, 80, 24);
    assert_contains(&shown, &["2 of 3 · "]);
    assert!(!shown.contains("7: list"), "there is nothing to choose from\n{shown}");
}

/// Types a line for the list and submits it.
fn find(inspect: &mut Inspect, text: &str) {
    press(inspect, KeyCode::Char('/'));
    for letter in text.chars() {
        press(inspect, KeyCode::Char(letter));
    }
    press(inspect, KeyCode::Enter);
}

#[test]
fn a_text_or_a_number_finds_connections() {
    let mut inspect = listing(&[QUIET, HTTP, BUSY, HTTP, BUSY], |_| {});
    find(&mut inspect, "/APP.js 40004");
    let shown = render_text(&inspect, 100, 30);
    assert_contains(&shown, &["▶ 4  10.0.0.1:40004", "1 of 5 have \"/APP.js 40004\""]);
    assert!(!shown.contains("10.0.0.1:40002"), "{shown}");
    // The line begins with the filter that is in use.
    press(&mut inspect, KeyCode::Char('/'));
    for _ in 0..20 {
        press(&mut inspect, KeyCode::Backspace);
    }
    press(&mut inspect, KeyCode::Enter);
    assert_contains(&render_text(&inspect, 100, 30), &["10.0.0.1:40001", "a lists 2 more"]);
    find(&mut inspect, "2");
    assert_eq!(inspect.session.connections.cursor(), 1, "ordinary HTTP is found by its number");
    find(&mut inspect, "nowhere");
    assert_contains(&render_text(&inspect, 100, 30), &["no connection has \"nowhere\""]);
    press(&mut inspect, KeyCode::Esc);
    find(&mut inspect, "6");
    assert_contains(&render_text(&inspect, 100, 30), &["there is no connection 6"]);
}

#[test]
fn an_end_that_does_not_fit_has_fewer_words() {
    let close: Sent<'_> =
        &[(Side::Client, REQUEST), (Side::Server, RESPONSE), (Side::Server, b"\x88\x02\x03\xe8")];
    let inspect = listing(&[close, BUSY], |_| {});
    assert_contains(&render_text(&inspect, 140, 30), &["server FIN, only server Close"]);
    assert_contains(&render_text(&inspect, 60, 24), &["server FIN, one Close"]);
}

#[test]
fn a_key_lists_ordinary_http_too() {
    let mut inspect = listing(&[HTTP, QUIET, HTTP], |_| {});
    press(&mut inspect, KeyCode::Char('a'));
    let shown = render_text(&inspect, 100, 30);
    assert_contains(&shown, &["10.0.0.1:40001", "/app.js", "HTTP 200, server FIN"]);
    press(&mut inspect, KeyCode::Up);
    assert_eq!(inspect.session.connections.cursor(), 0);
    press(&mut inspect, KeyCode::Char('a'));
    assert_eq!(inspect.session.connections.cursor(), 1, "the one before is no longer listed");
}

#[test]
fn keys_move_over_listed_connections_and_enter_opens_one() {
    let mut inspect = listing(&[QUIET, HTTP, BUSY, HTTP, BUSY], |_| {});
    assert_eq!(shown_number(&inspect), 3, "of equal ones the first");
    press(&mut inspect, KeyCode::Down);
    press(&mut inspect, KeyCode::Down);
    assert_eq!((inspect.session.connections.cursor(), shown_number(&inspect)), (4, 3));
    press(&mut inspect, KeyCode::Home);
    assert_eq!(inspect.session.connections.cursor(), 0);
    press(&mut inspect, KeyCode::Enter);
    assert_eq!((shown_number(&inspect), inspect.tab()), (1, Tab::Handshake), "it has no frames");
    press(&mut inspect, KeyCode::Char('7'));
    press(&mut inspect, KeyCode::End);
    press(&mut inspect, KeyCode::Enter);
    assert_eq!((shown_number(&inspect), inspect.tab()), (5, Tab::Frames));
    // The keys for the previous and the next connection pass over ordinary HTTP as well.
    press(&mut inspect, KeyCode::Char('<'));
    assert_eq!(shown_number(&inspect), 3);
    press(&mut inspect, KeyCode::Char('>'));
    press(&mut inspect, KeyCode::Char('>'));
    assert_eq!(shown_number(&inspect), 1);
}

#[test]
fn a_click_selects_a_connection_and_a_second_one_opens_it() {
    let mut inspect = listing(&[BUSY, BUSY, BUSY], |_| {});
    let area = ratatui::layout::Rect::new(0, 0, 100, 30);
    let click = |inspect: &mut Inspect| {
        // Two rows below the upper edge: titles, the first connection, the second one.
        inspect.update(DemoEvent::Click((10, 3).into(), area));
    };
    click(&mut inspect);
    assert_eq!((inspect.session.connections.cursor(), shown_number(&inspect)), (1, 1));
    click(&mut inspect);
    assert_eq!((shown_number(&inspect), inspect.tab()), (2, Tab::Frames));
}

#[test]
fn a_long_list_scrolls_with_the_cursor() {
    let mut inspect = listing(&[BUSY; 300], |_| {});
    let shown = render_text(&inspect, 80, 24);
    assert_contains(&shown, &["▶   1  ", " 20  ", "1/300"]);
    assert!(!shown.contains(" 21  "), "{shown}");
    inspect.update(DemoEvent::Wheel(100));
    let shown = render_text(&inspect, 80, 24);
    assert_contains(&shown, &["▶ 101  ", " 102  ", "101/300"]);
    press(&mut inspect, KeyCode::End);
    assert_contains(&render_text(&inspect, 80, 24), &["▶ 300  "]);
}

/// From 80 columns on the number of the connection is never cut, whatever the status says.
#[test]
fn the_status_says_which_connection_of_how_many_is_shown() {
    let mut inspect = listing(&[BUSY; 300], |_| {});
    for tab in Tab::ALL {
        inspect.show_tab(tab);
        assert_contains(&render_text(&inspect, 80, 24), &["1 of 300 (7: list) · "]);
    }
}

#[test]
fn columns_give_way_in_the_order_of_their_weight() {
    let inspect = listing(&[BUSY, QUIET], |_| {});
    let titles = |width| {
        let shown = render_text(&inspect, width, 20);
        let row = shown.lines().nth(1).unwrap().trim_matches(['║', ' ']).to_owned();
        row.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let all =
        ["#", "client", "server", "path", "subprotocol", "frames", "bytes", "problems", "end"];
    assert_eq!(titles(200), all);
    assert_eq!(titles(80), ["#", "client", "path", "frames", "bytes", "problems", "end"]);
    assert_eq!(titles(60), ["#", "path", "frames", "bytes", "problems", "end"]);
    assert_eq!(titles(12), ["#"]);
}

#[test]
fn the_number_and_the_filter_of_the_command_line_are_where_the_inspector_begins() {
    let begin = |number: usize, filter: &str| {
        let filter = crate::wire::query::filter::Filter::parse(filter).unwrap();
        listing(&[HTTP, BUSY, BUSY], |config| {
            config.connection = std::num::NonZeroUsize::new(number);
            config.filter = Some(filter);
        })
    };
    let mut inspect = begin(3, "n=1");
    assert_eq!(shown_number(&inspect), 3);
    inspect.show_tab(Tab::Frames);
    assert_contains(&render_text(&inspect, 100, 30), &["n=1: 1 of 2"]);
    assert_eq!(shown_number(&begin(1, "")), 1, "ordinary HTTP, if it is asked for");
    let mut beyond = begin(9, "");
    beyond.session.notice = None;
    assert_eq!(shown_number(&beyond), 2);
}

#[test]
fn a_number_that_does_not_exist_is_reported() {
    let file = capture_file(&[BUSY]);
    let options = ReadOptions::default();
    let capture = capture::open(file.path(), &options).unwrap();
    let mut config = InspectConfig::new(InspectSource::File(file.path().to_owned(), options));
    config.connection = std::num::NonZeroUsize::new(7);
    let (mut inspect, _) = Inspect::with_config(&config);
    let loaded = LoadedCapture::new(capture, Vec::new());
    inspect.update(DemoEvent::Msg(Msg::Loaded(Box::new(loaded))));
    let notice = inspect.session.notice.unwrap();
    assert_eq!(notice, "connection 7 does not exist: the file has 1");
}

#[test]
fn our_own_connection_is_a_list_of_one() {
    let (mut inspect, _inbox) = opened();
    inspect.show_tab(Tab::Connections);
    let shown = render_text(&inspect, 100, 30);
    assert_contains(&shown, &["▶ 1  ws://127.0.0.1:9001/", "open"]);
    press(&mut inspect, KeyCode::Enter);
    assert_eq!(inspect.tab(), Tab::Frames);
}
