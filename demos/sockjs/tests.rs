//! Keys to commands as data, pictures of the views, and the clients on the real server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use tokio::sync::{mpsc, watch};

use super::server::{self, PREFIX, TransportFilter};
use super::state::{CLOSE_LINE, LINES, Phase};
use super::*;
use crate::clients::sockjs::{
    ByteSample, ByteTotals, Exchange, FallBackOptions, FallBackReport, FallBackStep,
    FallBackStepKind, LineCost, Purpose, SockJsCommand, SockJsOptions, SockJsReport, SockJsState,
    run_fall_back, run_sockjs,
};
use crate::net::Target;
use crate::scope::Scope;
use crate::sockjs::{Frame, SessionState, SessionTimer, Transport};
use crate::stage::Theme;

/// The time after which a wait counts as hung. No machine is that slow.
const HUNG: Duration = Duration::from_mins(1);

const CONFIG: SockJsConfig =
    SockJsConfig { heartbeat: Duration::from_secs(8), session_timeout: Duration::from_secs(5) };

fn press(demo: &mut SockJs, keys: &str) -> Vec<Cmd> {
    let mut commands = Vec::new();
    for key in keys.chars() {
        let code = match key {
            '⏎' => KeyCode::Enter,
            '⎋' => KeyCode::Esc,
            'v' => KeyCode::Down,
            '^' => KeyCode::Up,
            '⌫' => KeyCode::Backspace,
            letter => KeyCode::Char(letter),
        };
        commands.extend(demo.update(DemoEvent::Key(code.into())));
    }
    commands
}

fn handle() -> EngineHandle {
    let (orders, _) = mpsc::channel(1);
    EngineHandle { address: "127.0.0.1:40123".to_owned(), orders: Arc::new(orders) }
}

fn exchange(
    number: u64,
    purpose: Purpose,
    title: &str,
    sent: &[u8],
    received: &[u8],
) -> Arc<Exchange> {
    let sample = |bytes: &[u8]| ByteSample {
        total: bytes.len() as u64,
        first: bytes.to_vec(),
        last: [].into(),
    };
    let (sent, received) = (sample(sent), sample(received));
    Arc::new(Exchange { number, purpose, title: title.to_owned(), sent, received })
}

/// Returns a report of a session whose line has come back.
fn report(transport: Transport, at: Instant) -> SockJsReport {
    let bytes = |sent, received| ByteTotals { sent, received };
    let cost = |sent, received, requests, ms| LineCost {
        bytes: bytes(sent, received),
        requests,
        frames: 2,
        latency: Duration::from_millis(ms),
    };
    let line = if transport.is_websocket() { cost(38, 35, 0, 1) } else { cost(360, 640, 2, 2) };
    let exchanges = vec![
        exchange(
            1,
            Purpose::Receive,
            "POST /chat/123/abcdefgh/xhr_streaming",
            b"POST /chat/123/abcdefgh/xhr_streaming HTTP/1.1\r\nhost: a\r\n\r\n",
            &[b"HTTP/1.1 200 OK\r\n\r\n", &[b'h'; 600][..], b"\no\na[\"hi\"]\n"].concat(),
        ),
        exchange(2, Purpose::Send, "", b"\x81\x82\x01\x02\x03\x04\x5a\x5f", b"\x81\x01o"),
    ];
    SockJsReport {
        transport,
        session: "abcdefgh".to_owned(),
        state: SockJsState::Open,
        receiver: true,
        requests: 3,
        frames: 3,
        bytes: bytes(500, 900),
        opening: Some(cost(150, 2300, 1, 3)),
        line: Some(line),
        exchanges,
        latest: Some((at, Arc::new(Frame::message("hi")))),
        detached_at: None,
        second: None,
        reason: None,
    }
}

/// Returns a demo that runs, with a report of every transport.
fn running() -> SockJs {
    let mut demo = SockJs::new(CONFIG);
    assert_eq!(press(&mut demo, "3 "), [Cmd::Start(CONFIG, LINES[0].to_owned())]);
    demo.update(DemoEvent::Msg(Msg::Started(handle())));
    let now = Instant::now();
    for transport in Transport::OF_SESSIONS {
        demo.update(DemoEvent::Msg(Msg::Session(Box::new(report(transport, now)))));
    }
    let step = |ms, kind| FallBackStep { at: Duration::from_millis(ms), kind };
    let steps = [
        step(0, FallBackStepKind::Info(true, Duration::from_millis(1))),
        step(1, FallBackStepKind::Try(Transport::WebSocket, Duration::from_millis(602))),
        step(2, FallBackStepKind::Open(Transport::WebSocket)),
        step(9_000, FallBackStepKind::Lost(Transport::WebSocket, "1006".to_owned())),
        step(9_500, FallBackStepKind::Info(true, Duration::from_millis(1))),
        step(9_501, FallBackStepKind::Try(Transport::WebSocket, Duration::from_millis(602))),
        step(9_502, FallBackStepKind::Refused(Transport::WebSocket, "404 Not Found".to_owned())),
        step(9_502, FallBackStepKind::Try(Transport::XhrStreaming, Duration::from_millis(602))),
        step(9_504, FallBackStepKind::Open(Transport::XhrStreaming)),
    ];
    let open = Some(Transport::XhrStreaming);
    let fall_back = FallBackReport { steps: steps.into(), open, line: None };
    demo.update(DemoEvent::Msg(Msg::FallBack(Box::new(fall_back))));
    let timer = Some((SessionTimer::Heartbeat, Duration::from_secs(6)));
    let side =
        |transport| ServerSide { transport, state: SessionState::Open, receiver: true, timer };
    let sides = Transport::OF_SESSIONS.map(side).to_vec();
    demo.update(DemoEvent::Msg(Msg::ServerSides(sides)));
    demo
}

fn picture(demo: &SockJs, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    demo.view(area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
    let rows = buffer.content.chunks(width.max(1).into());
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n")
        .collect()
}

#[test]
fn a_click_places_the_bet_under_it() {
    let area = Rect::new(2, 1, 96, 24);
    let mut demo = SockJs::new(CONFIG);
    let mut placed = std::collections::BTreeSet::new();
    for at in area.positions().step_by(3) {
        demo.bet = None;
        demo.update(DemoEvent::Click(at, area));
        placed.extend(demo.bet);
    }
    assert!(placed.into_iter().eq(0..4));
}

#[test]
fn nothing_starts_by_looking_and_a_line_starts_everything() {
    let mut demo = SockJs::new(CONFIG);
    assert_eq!(press(&mut demo, "vv^x2dc"), []);
    assert_eq!(press(&mut demo, " "), [Cmd::Start(CONFIG, LINES[0].to_owned())]);
    assert_eq!(press(&mut demo, " "), [], "one start at a time");
    let handle = handle();
    demo.update(DemoEvent::Msg(Msg::Started(handle.clone())));
    let line = |line: &str| vec![Cmd::Give(handle.clone(), Order::Line(line.to_owned()))];
    assert_eq!(press(&mut demo, " "), line(LINES[1]), "the line that nobody took is not lost");
    assert_eq!(press(&mut demo, "thx⌫ey⏎"), line("hey"), "keys are letters while typing");
    assert_eq!(press(&mut demo, "ta⎋"), []);
    assert_eq!(press(&mut demo, "r"), [Cmd::Stop]);
    assert_eq!(demo.phase, Phase::Ready);
}

#[test]
fn keys_act_on_the_transport_under_the_cursor() {
    let mut demo = running();
    let Phase::Running(handle) = demo.phase.clone() else { panic!() };
    let give = |order| vec![Cmd::Give(handle.clone(), order)];
    let order = |command| give(Order::Session(Transport::XhrStreaming, command));
    assert_eq!(press(&mut demo, "vx"), give(Order::SetOffered(Transport::XhrStreaming, false)));
    assert_eq!(press(&mut demo, "x"), give(Order::SetOffered(Transport::XhrStreaming, true)));
    assert_eq!(press(&mut demo, "2"), order(SockJsCommand::OpenSecondReceiver));
    assert_eq!(press(&mut demo, "d"), order(SockJsCommand::Detach));
    assert_eq!(press(&mut demo, "c"), order(SockJsCommand::Send(CLOSE_LINE.to_owned())));
    let mut unheard = report(Transport::XhrStreaming, Instant::now());
    unheard.receiver = false;
    demo.update(DemoEvent::Msg(Msg::Session(Box::new(unheard))));
    assert_eq!(press(&mut demo, "d"), order(SockJsCommand::Attach));
    assert!(!demo.wants_escape());
    press(&mut demo, "⏎");
    assert!(demo.wants_escape(), "the bytes are open");
    press(&mut demo, "⎋");
    assert!(!demo.wants_escape());
}

#[test]
fn the_tables_at_80_columns() {
    let demo = running();
    assert_eq!(
        picture(&demo, 78, 17),
        "\
╔ sockjs · 127.0.0.1:40123 · heartbeat 8 s, timeout 5 s (usual 25, 5) ═══════╗
║ ✓ You bet on up to 20x; it is 13.7x, for jsonp-polling.                    ║
║                  requests frames   open   line  latency                    ║
║ ▶ websocket             3      3  2,450     73     1 ms  ● open            ║
║   xhr-streaming         3      3  2,450  1,000     2 ms  ● open            ║
║   eventsource           3      3  2,450  1,000     2 ms  ● open            ║
║   htmlfile              3      3  2,450  1,000     2 ms  ● open            ║
║   xhr-polling           3      3  2,450  1,000     2 ms  ● open            ║
║   jsonp-polling         3      3  2,450  1,000     2 ms  ● open            ║
║ ── session abcdefgh over websocket ─────────────────────────────────────── ║
║ connecting ─ ● OPEN ─ closing ─ closed ─ forgotten  receiver ◉             ║
║ heartbeat in █████████░░░  6 s   last frame: a[\"hi\"]                       ║
║ ── the fallback client: on xhr-streaming ───────────────────────────────── ║
║   0.0 s  /info 1 ms → websocket ● open, lost: 1006                         ║
║   9.5 s  /info 1 ms → websocket ✗ 404 → xhr-streaming ● open               ║
║ Space line  t type  ⏎ bytes  x take  2 second  d detach  c close  r  ?     ║
╚════════════════════════════════════════════════════════════════════════════╝
"
    );
}

#[test]
fn an_exchange_is_shown_as_it_went() {
    let mut demo = running();
    press(&mut demo, "v⏎^");
    let shown = picture(&demo, 78, 17);
    for expected in
        ["POST /chat/123/abcdefgh/xhr_streaming HTTP/1.1␍␊", "hh…(600 × h)␊", "a[\"hi\"]␊"]
    {
        assert!(shown.contains(expected), "{expected}:\n{shown}");
    }
    press(&mut demo, "v");
    let shown = picture(&demo, 78, 17);
    assert!(shown.contains("81 82 01 02 03 04 5a 5f   text \"[]\""), "{shown}");
}

#[test]
fn it_can_be_drawn_at_any_size() {
    let mut ready = SockJs::new(CONFIG);
    let mut demo = running();
    for keys in ["", "t„", "⎋⏎", "⎋?"] {
        press(&mut demo, keys);
        press(&mut ready, keys);
        for (width, height) in
            [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (78, 16), (100, 24), (200, 60)]
        {
            picture(&demo, width, height);
            picture(&ready, width, height);
        }
    }
}

/// A server of the demo with its filter.
fn serve(scope: &Scope, config: SockJsConfig) -> (Target, TransportFilter) {
    let filter = TransportFilter::default();
    let bound = server::bind(scope, config, filter.clone()).unwrap();
    scope.spawn("server", bound.serving);
    (Target::parse(&format!("ws://{}{PREFIX}", bound.address)).unwrap(), filter)
}

/// A session that runs, as a test sees it.
struct Running {
    commands: mpsc::Sender<SockJsCommand>,
    reports: watch::Receiver<Option<SockJsReport>>,
}

impl Running {
    fn start(scope: &Scope, target: &Target, transport: Transport, config: SockJsConfig) -> Self {
        let options = SockJsOptions::new(target.clone(), transport).unwrap();
        let options = SockJsOptions { session_timeout: config.session_timeout, ..options };
        let (commands, command_receiver) = mpsc::channel(16);
        let (sender, reports) = watch::channel(None);
        let session_scope = scope.child();
        scope.spawn("session", async move {
            let report = move |report| drop(sender.send_replace(Some(report)));
            run_sockjs(options, &session_scope, command_receiver, report).await;
        });
        Self { commands, reports }
    }

    async fn order(&self, command: SockJsCommand) {
        self.commands.send(command).await.unwrap();
    }

    async fn until(&mut self, is_wanted: impl Fn(&SockJsReport) -> bool) -> SockJsReport {
        let wanted = |report: &Option<SockJsReport>| report.as_ref().is_some_and(&is_wanted);
        wait_for(&mut self.reports, wanted).await.unwrap()
    }
}

/// Waits for a report that is as wanted.
async fn wait_for<T: Clone + std::fmt::Debug>(
    reports: &mut watch::Receiver<T>,
    is_wanted: impl FnMut(&T) -> bool,
) -> T {
    let found = tokio::time::timeout(HUNG, reports.wait_for(is_wanted)).await;
    let found = found.ok().and_then(|found| Some(found.ok()?.clone()));
    found.unwrap_or_else(|| panic!("it never came: {:?}", reports.borrow()))
}

#[tokio::test]
async fn a_line_comes_back_over_every_transport_and_every_byte_is_counted() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (target, _) = serve(&scope, CONFIG);
    let line = "„Zwölf Boxkämpfer“ % \u{2028} 🦊 \"'&<>\\";
    let mut costs = Vec::new();
    for transport in Transport::OF_SESSIONS {
        let mut session = Running::start(&scope, &target, transport, CONFIG);
        session.until(|report| report.state == SockJsState::Open).await;
        for _ in 0..2 {
            session.order(SockJsCommand::Send(line.to_owned())).await;
            let report = session.until(|report| report.line.is_some()).await;
            let Some((_, frame)) = &report.latest else { panic!("{report:?}") };
            assert_eq!(frame.messages(), [line], "{transport:?}");
            let cost = report.line.unwrap();
            assert!(cost.frames == 2 && cost.bytes.sent > 40 && cost.bytes.received > 40);
            let expected = match transport {
                Transport::WebSocket => 0,
                transport if transport.is_polling() => 2,
                _ => 1,
            };
            assert_eq!(cost.requests, expected, "{transport:?}");
            costs.push((transport, cost.bytes.both()));
            let sum = |side: fn(&Exchange) -> u64| {
                report.exchanges.iter().map(|exchange| side(exchange)).sum::<u64>()
            };
            assert_eq!(sum(|exchange| exchange.sent.total), report.bytes.sent, "{transport:?}");
            assert_eq!(sum(|exchange| exchange.received.total), report.bytes.received);
        }
    }
    let websocket = costs[0].1;
    assert!(costs[2..].iter().all(|(_, bytes)| *bytes > 3 * websocket), "{costs:?}");
    println!("{costs:?}");
}

#[tokio::test]
async fn a_second_receiver_is_turned_away_and_a_closed_session_is_forgotten() {
    let config = SockJsConfig { session_timeout: Duration::from_millis(300), ..CONFIG };
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (target, _) = serve(&scope, config);
    for transport in [Transport::XhrStreaming, Transport::XhrPolling, Transport::JsonpPolling] {
        let mut session = Running::start(&scope, &target, transport, config);
        session.until(|report| report.state == SockJsState::Open && report.receiver).await;
        session.order(SockJsCommand::OpenSecondReceiver).await;
        let report = session.until(|report| report.second.is_some()).await;
        let refused = Frame::close(2010, "Another connection still open");
        assert_eq!(report.second, Some(refused), "{transport:?}");
        session.order(SockJsCommand::Send(CLOSE_LINE.to_owned())).await;
        let report = session.until(|report| report.state == SockJsState::Closing).await;
        assert_eq!(report.reason.as_deref(), Some("3000 Go away!"), "{transport:?}");
        session.until(|report| report.state == SockJsState::Closed).await;
    }
    // Two WebSockets may bear one name.
    let mut session = Running::start(&scope, &target, Transport::WebSocket, config);
    session.until(|report| report.state == SockJsState::Open).await;
    session.order(SockJsCommand::OpenSecondReceiver).await;
    assert_eq!(session.until(|report| report.second.is_some()).await.second, Some(Frame::Open));
}

#[tokio::test]
async fn without_a_receiver_a_session_times_out_and_with_one_it_hears_heartbeats() {
    let ms = Duration::from_millis;
    let config = SockJsConfig { heartbeat: ms(200), session_timeout: ms(300) };
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (target, _) = serve(&scope, config);
    let mut session = Running::start(&scope, &target, Transport::XhrPolling, config);
    let beat = |report: &SockJsReport| {
        report.latest.as_ref().is_some_and(|(_, frame)| **frame == Frame::Heartbeat)
    };
    session.until(beat).await;
    session.order(SockJsCommand::Detach).await;
    session.until(|report| !report.receiver && report.detached_at.is_some()).await;
    let report = session.until(|report| report.state == SockJsState::Closed).await;
    assert!(report.reason.is_some_and(|reason| reason.starts_with("timed out")));
}

#[tokio::test]
async fn the_client_falls_back_as_transports_are_taken_away() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (target, filter) = serve(&scope, CONFIG);
    let (lines, line_receiver) = mpsc::channel(4);
    let (sender, mut reports) = watch::channel(FallBackReport::default());
    let transports = Transport::OF_SESSIONS.to_vec();
    let options = FallBackOptions { target, transports, pause: Duration::from_millis(20) };
    let client = scope.child();
    scope.spawn("fall-back", async move {
        let report = move |report| drop(sender.send_replace(report));
        run_fall_back(options, &client, line_receiver, report).await;
    });
    for (index, transport) in Transport::OF_SESSIONS.into_iter().enumerate() {
        let open = |report: &FallBackReport| report.open == Some(transport);
        wait_for(&mut reports, open).await;
        lines.send(format!("line {index}")).await.unwrap();
        let echoed = |report: &FallBackReport| report.line.is_some();
        wait_for(&mut reports, echoed).await;
        filter.set_offered(transport, false);
    }
    let over = |report: &FallBackReport| {
        report.steps.iter().any(|step| step.kind == FallBackStepKind::NothingLeft)
    };
    let report = wait_for(&mut reports, over).await;
    let refused = report.steps.iter().rev().find_map(|step| match &step.kind {
        FallBackStepKind::Refused(Transport::JsonpPolling, reason) => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(refused.as_deref(), Some("404 Not Found"), "{report:?}");
    filter.set_offered(Transport::HtmlFile, true);
    let back = |report: &FallBackReport| report.open == Some(Transport::HtmlFile);
    wait_for(&mut reports, back).await;
}
