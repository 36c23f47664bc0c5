//! The race with its real child processes: its output, and what it leaves behind when something
//! goes wrong.
//!
//! Whether a run counts depends on the machine. These tests check what must hold on any.

#![expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]

use std::collections::HashMap;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use wiretalk::race::{
    self, ExternalServers, ExternalWebSocket, Lane, LaneKind, RaceConfig, RaceControl, RaceEvent,
    WorkerProgram,
};
use wiretalk::scope::{Scope, report_channel};
use wiretalk::servers::{Ports, ServerBundle};

/// The time after which a race, or a wait for one, counts as hung. No machine is that slow.
const HUNG: Duration = Duration::from_mins(3);

/// Runs `wiretalk race ARGUMENTS`. It is killed if it outlives its test.
fn wiretalk_race(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretalk"));
    command.arg("race").args(arguments).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

async fn ended(child: Child) -> (String, String, Option<i32>) {
    let output = timeout(HUNG, child.wait_with_output()).await.expect("it hangs").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

async fn json(arguments: &[&str]) -> Value {
    let (out, err, code) = ended(wiretalk_race(&[arguments, &["--json"]].concat())).await;
    let json: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!(
        code,
        Some(i32::from(json["valid"] != true)),
        "the exit status says whether it counts: {out}"
    );
    assert_eq!(json["valid"] == true, json["invalid_because"].as_array().unwrap().is_empty());
    json
}

fn lane<'a>(json: &'a Value, name: &str) -> &'a Value {
    let lanes = json["lanes"].as_array().unwrap();
    lanes.iter().find(|lane| lane["name"] == name).unwrap_or_else(|| panic!("no {name} in {json}"))
}

fn ratio(json: &Value, name: &str) -> f64 {
    let ratios = json["ratios"].as_array().unwrap();
    let of = ratios
        .iter()
        .find(|of| of["lane"] == name)
        .unwrap_or_else(|| panic!("no {name} in {json:#}"));
    of["ratio"].as_f64().unwrap()
}

/// Returns the process ids of a process's children whose command line contains `word`.
fn children(pid: u32, word: &str) -> Vec<u32> {
    let all = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let pids = all.split_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter(|pid| {
        fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains(word))
    })
    .collect()
}

/// Waits until a race has this number of children.
async fn with_children(race: &Child, word: &str, count: usize) -> Vec<u32> {
    let pid = race.id().expect("it runs");
    let limit = Instant::now() + HUNG;
    loop {
        let found = children(pid, word);
        if found.len() >= count {
            return found;
        }
        assert!(Instant::now() < limit, "only {} of {count} {word}s came up", found.len());
        sleep(Duration::from_millis(10)).await;
    }
}

async fn kill(pid: u32) {
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().await.unwrap();
    assert!(killed.success());
}

async fn gone(pids: &[u32]) {
    let limit = Instant::now() + HUNG;
    // A zombie that was not waited for yet has ended too.
    let lives = |pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
    };
    while pids.iter().any(lives) {
        assert!(Instant::now() < limit, "some of {pids:?} live on");
        sleep(Duration::from_millis(10)).await;
    }
}

const ALL: &str =
    "tcp,http-bare,http-hyper,http-reqwest,http-new,http2,sse-post,ws,ws-pipelined,ws-new";

#[tokio::test]
async fn every_lane_runs_with_and_without_tls() {
    for tls in [false, true] {
        let names: Vec<String> =
            ALL.split(',').map(|name| format!("{name}{}", if tls { "+tls" } else { "" })).collect();
        let json = json(&[
            "--lanes",
            &names.join(","),
            "--pairs",
            "1",
            "--burst",
            "2",
            "--headers",
            "browser",
        ])
        .await;
        for name in &names {
            let lane = lane(&json, name);
            assert_eq!(lane["failure"], Value::Null, "{lane}");
            assert!(lane["exchanges"].as_u64().unwrap() >= 2, "{lane}");
            assert!(lane["cpu_us"].as_f64().unwrap() > 0.0, "{lane}");
            let rest =
                lane["bytes_up"].as_f64().unwrap() + lane["bytes_down"].as_f64().unwrap() - 128.0;
            assert!(if name.contains("http") { rest > 100.0 } else { rest > 15.0 }, "{lane}");
            assert!(ratio(&json, name) > 0.0);
        }
        assert_eq!(json["ratios"].as_array().unwrap().len(), names.len());
    }
}

#[tokio::test]
async fn an_exchange_may_have_no_payload() {
    let json = json(&["--lanes", ALL, "--pairs", "1", "--payload", "0"]).await;
    for name in ALL.split(',') {
        assert_eq!(lane(&json, name)["failure"], Value::Null, "{json:#}");
        assert!(lane(&json, name)["exchanges"].as_u64().unwrap() >= 2, "{json:#}");
    }
}

#[tokio::test]
async fn the_json_describes_the_conditions_of_the_run() {
    let file = std::env::temp_dir().join(format!("wiretalk-race-{}.hlog", std::process::id()));
    let json = json(&["--pairs", "2", "--seed", "7", "--hdr", file.to_str().unwrap()]).await;
    assert_eq!((json["schema"].as_u64(), json["seed"].as_u64()), (Some(1), Some(7)));
    for name in ["cpu", "kernel", "congestion_control"] {
        assert!(json["machine"][name].is_string(), "{name}");
    }
    assert!(json["crates"]["tokio-tungstenite"].is_string());
    assert!(
        json["command"]
            .as_str()
            .unwrap()
            .starts_with("wiretalk race --lanes tcp,http-bare,http-hyper,")
    );
    assert_eq!(
        (json["order"].as_array().unwrap().len(), json["slices"].as_array().unwrap().len()),
        (2, 10)
    );
    let names: Vec<_> = json["lanes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lane| lane["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["tcp", "http-bare", "http-hyper", "http-reqwest", "ws"]);
    let ws = lane(&json, "ws");
    assert_eq!((ws["bytes_up"].as_f64(), ws["bytes_down"].as_f64()), (Some(38.0), Some(34.0)));
    let log = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    assert_eq!(log.lines().filter(|line| line.starts_with("Tag=")).count(), 10, "{log}");
}

#[tokio::test]
async fn an_existing_log_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.hlog");
    fs::write(&file, "of yesterday").unwrap();
    let (out, err, code) =
        ended(wiretalk_race(&["--pairs", "1", "--hdr", file.to_str().unwrap()])).await;
    assert!(err.contains("is not empty") && out.is_empty() && code == Some(1), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "of yesterday");
}

#[tokio::test]
async fn table_and_csv_show_the_same_figures() {
    let (table, _, _) = ended(wiretalk_race(&["--pairs", "1", "--lanes", "http-reqwest,ws"])).await;
    assert!(
        table.starts_with("lane ") && table.contains("\nhttp-reqwest ") && table.contains("\nws "),
        "{table}"
    );
    let (csv, _, _) =
        ended(wiretalk_race(&["--pairs", "1", "--lanes", "http-reqwest,ws", "--csv"])).await;
    assert!(csv.starts_with("round,place,lane,took_ms,exchanges,p50_us"), "{csv}");
    assert_eq!(csv.lines().count(), 3, "{csv}");
}

/// Checks that no exchange is faster than its round trips. How much slower it is depends on the
/// machine. That it has no more of them is tested in paused time, in `race::client::trips`.
#[track_caller]
fn assert_charged(json: &Value, lanes: &[(&str, f64)], rtt_ms: f64) {
    for (name, trips) in lanes {
        let lane = lane(json, name);
        assert_eq!(lane["failure"], Value::Null, "{lane}");
        let (took, least) = (lane["p50_us"].as_f64().unwrap(), trips * rtt_ms * 1000.0);
        // The histogram keeps three digits.
        assert!(took >= least * 0.998, "{name}: {took} us, not {trips} round trips");
    }
}

/// A new connection with its first exchange costs 2 round trips for TCP, 3 for TLS 1.3, 3 for ws
/// and 4 for wss. Ten messages awaited one by one cost ten.
#[tokio::test]
async fn a_modelled_distance_costs_at_least_its_round_trips() {
    let lanes = [
        ("http-hyper", 1.0),
        ("http-new", 2.0),
        ("http-new+tls", 3.0),
        ("ws-new", 3.0),
        ("ws-new+tls", 4.0),
        ("ws", 1.0),
    ];
    let names = lanes.map(|(name, _)| name).join(",");
    let far = json(&["--rtt", "60ms", "--pairs", "1", "--lanes", &names]).await;
    assert_eq!(far["conditions"]["distance"], "modelled");
    assert_charged(&far, &lanes, 60.0);
    let burst =
        json(&["--rtt", "30ms", "--pairs", "1", "--lanes", "http-hyper,http2,ws-pipelined"]).await;
    assert_charged(&burst, &[("http-hyper", 10.0), ("http2", 1.0), ("ws-pipelined", 1.0)], 30.0);
}

/// Needs root for namespaces and TUN devices.
#[tokio::test]
async fn a_real_network_costs_at_least_the_same_round_trips() {
    let lanes = [("http-hyper", 1.0), ("http-new", 2.0), ("ws-new", 3.0), ("ws", 1.0)];
    let names = lanes.map(|(name, _)| name).join(",");
    let real = json(&["--rtt", "60ms", "--pairs", "1", "--real-net", "--lanes", &names]).await;
    assert_eq!(real["conditions"]["distance"], "real", "{real:#}");
    assert_charged(&real, &lanes, 60.0);
}

#[tokio::test]
async fn at_a_fixed_rate_a_time_counts_from_when_it_was_due() {
    let json = json(&["--rate", "100", "--pairs", "2", "--lanes", "tcp,ws"]).await;
    let ws = lane(&json, "ws");
    // At 100 a second, 15 exchanges fit into a slice of 150 ms.
    assert!((20..=40).contains(&ws["exchanges"].as_u64().unwrap()), "{ws}");
    assert!(ws["p99_us"].as_f64().unwrap() >= ws["naive"]["p99_us"].as_f64().unwrap(), "{ws}");
}

/// A stall reaches the server's process. Its effect on the two clocks is tested in paused time, in
/// `race::client::slice`.
#[tokio::test]
async fn a_stall_is_measured_in_its_lane() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let program = WorkerProgram(env!("CARGO_BIN_EXE_wiretalk").into());
    let config = RaceConfig {
        lanes: vec![Lane::plain(LaneKind::Ws)],
        rate: Some(200),
        rounds: 500,
        ..RaceConfig::default()
    };
    let (events, mut inbox) = report_channel();
    let (control_sender, controls) = mpsc::channel(1);
    let inner = scope.child();
    scope.spawn("race", async move { race::run(&inner, &program, config, events, controls).await });
    let felt = async {
        loop {
            let live = match inbox.recv().await.expect("a race reports its end") {
                RaceEvent::Progress(live) => live,
                RaceEvent::Finished(outcome) => panic!("it was never felt: {outcome:?}"),
            };
            let times = live.lanes[0].times;
            if times.max > Duration::from_millis(350) {
                assert!(live.lanes[0].service_times.is_some(), "a fixed rate has both clocks");
                return;
            }
            if live.running.is_some() {
                // A stall between two slices may be over before the next one.
                let _ = control_sender.try_send(RaceControl::Stall(Duration::from_millis(500)));
            }
        }
    };
    timeout(HUNG, felt).await.expect("it hung");
}

/// The WebSocket server is in this process, and raw TCP has its bundled one.
#[tokio::test]
async fn an_external_websocket_server_is_compared_with_raw_tcp() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let servers = ServerBundle::start(&scope, Ports::default(), None);
    let url = servers.ready().await.unwrap().websocket_url();
    let program = WorkerProgram(env!("CARGO_BIN_EXE_wiretalk").into());
    let websocket_options = ExternalWebSocket {
        origin: Some("http://127.0.0.1".to_owned()),
        sends_text: true,
        process: Some(std::process::id()),
    };
    let external = ExternalServers { websocket_options, ..ExternalServers::websocket_only(&url) };
    let config = RaceConfig {
        lanes: vec![Lane::plain(LaneKind::Tcp), Lane::plain(LaneKind::Ws)],
        connections: 4,
        rounds: 2,
        external: Some(external),
        ..RaceConfig::default()
    };
    let (events, mut inbox) = report_channel();
    let (_control_sender, controls) = mpsc::channel(1);
    let inner = scope.child();
    scope.spawn("race", async move { race::run(&inner, &program, config, events, controls).await });
    let outcome = async {
        loop {
            if let RaceEvent::Finished(outcome) =
                inbox.recv().await.expect("a race reports its end")
            {
                return outcome;
            }
        }
    };
    let outcome = timeout(HUNG, outcome).await.expect("it hung");
    for lane in &outcome.lanes {
        assert_eq!(lane.failure, None);
        let ran = lane.round_medians.iter().flatten().count();
        assert_eq!((ran, lane.times.count > 0), (2, true), "{}", lane.lane);
        let is_external = lane.lane.kind == LaneKind::Ws;
        assert_eq!(lane.bytes.is_none(), is_external, "bytes are counted in a bundled server only");
    }
}

#[tokio::test]
async fn a_killed_server_fails_its_lane_and_the_others_go_on() {
    let race = wiretalk_race(&["--pairs", "20", "--lanes", "tcp,http-hyper,ws", "--json"]);
    let servers = with_children(&race, "server", 3).await;
    with_children(&race, "client", 3).await;
    sleep(Duration::from_millis(700)).await;
    kill(servers[1]).await;
    let (out, _, code) = ended(race).await;
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(1));
    let failed: Vec<&Value> = json["lanes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|lane| !lane["failure"].is_null())
        .collect();
    assert_eq!(failed.len(), 1, "{json:#}");
    let name = failed[0]["name"].as_str().unwrap();
    assert!(
        json["invalid_because"][0].as_str().unwrap().starts_with(&format!("{name}: ")),
        "{json:#}"
    );
    for lane in json["lanes"].as_array().unwrap().iter().filter(|lane| lane["failure"].is_null()) {
        let slices = json["slices"].as_array().unwrap();
        let ran = slices.iter().filter(|slice| slice["lane"] == lane["name"]).count();
        assert_eq!(ran, 20, "{} ran on", lane["name"]);
    }
    gone(&servers).await;
}

#[tokio::test]
async fn no_process_is_left_when_the_race_is_killed() {
    let mut race = wiretalk_race(&["--pairs", "100"]);
    let racers =
        [with_children(&race, "server", 5).await, with_children(&race, "client", 5).await].concat();
    sleep(Duration::from_millis(500)).await;
    race.start_kill().unwrap();
    race.wait().await.unwrap();
    gone(&racers).await;
}

#[tokio::test]
async fn external_servers_that_refuse_or_answer_nonsense_fail_their_lanes() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let ours = ServerBundle::start(&scope, Ports::default(), None).ready().await.unwrap();
    // Answers every request with something else.
    let nonsense = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nonsense.local_addr().unwrap();
    scope.spawn("nonsense", async move {
        loop {
            let Ok((mut stream, _)) = nonsense.accept().await else { return };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nno!\n").await;
        }
    });
    let urls = format!("http://{address}/echo,{}", ours.websocket_url());
    let json = json(&["--pairs", "2", "--lanes", "http-bare,ws", "--against", &urls]).await;
    assert_eq!(json["valid"], false);
    assert!(
        lane(&json, "http-bare")["failure"].as_str().unwrap().contains("not what was sent"),
        "{json:#}"
    );
    assert!(
        lane(&json, "ws")["exchanges"].as_u64().unwrap() > 4
            && lane(&json, "ws")["failure"].is_null()
    );
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = closed.local_addr().unwrap();
    drop(closed);
    let urls = format!("{},ws://{refusing}/", ours.http_url());
    let json = self::json(&["--pairs", "2", "--against", &urls]).await;
    assert!(
        lane(&json, "ws")["failure"].as_str().unwrap().contains("could not connect"),
        "{json:#}"
    );
    assert!(
        lane(&json, "http-hyper")["failure"].is_null()
            && lane(&json, "http-reqwest")["failure"].is_null()
    );
}

#[tokio::test]
async fn load_on_external_servers_stays_within_its_bound() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let bundle = ServerBundle::start(&scope, Ports::default(), None);
    let ours = bundle.ready().await.unwrap();
    let urls = format!("{},{}", ours.http_url(), ours.websocket_url());
    let json = json(&[
        "--lanes",
        "http-hyper,ws",
        "--against",
        &urls,
        "--max-requests",
        "100",
        "--max-time",
        "10s",
    ])
    .await;
    let done: u64 = ["http-hyper", "ws"]
        .iter()
        .map(|name| lane(&json, name)["exchanges"].as_u64().unwrap())
        .sum();
    assert!(done <= 100, "{done}");
}

#[tokio::test]
async fn an_impossible_race_is_refused() {
    for (arguments, expected) in [
        (&["--lanes", "wz"][..], "unknown lane `wz` (did you mean `ws`?)"),
        (
            &["--payload", "1048577"],
            "the payload in bytes is 1048577; it must be from 0 to 1048576",
        ),
        (&["--rtt", "80"], "write for example 80ms"),
        (
            &["--against", "http://192.0.2.1/,ws://192.0.2.1/"],
            "--max-requests 10000 --max-time 30s",
        ),
        (&["--placement", "here"], "own-cpus, one-cpu, unpinned, unpinned-threads"),
    ] {
        let (out, err, code) = ended(wiretalk_race(arguments)).await;
        assert!(
            err.contains(expected) && out.is_empty() && code != Some(0),
            "{arguments:?}: {err}"
        );
    }
}

/// The bytes per exchange are those that a packet capture counts as TCP payload. Needs tshark, and
/// root to capture.
#[tokio::test]
async fn bytes_are_those_of_a_packet_capture() {
    const PAYLOAD: usize = 777;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("race.pcapng");
    let mut capture = Command::new("tshark")
        .args(["-q", "-i", "lo", "-f", "tcp", "-B", "256", "-w", file.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("tshark must be installed: apt-get install tshark");
    captured(&file, b"the capture has begun", "tshark does not capture on lo").await;
    let payload = PAYLOAD.to_string();
    let json = json(&[
        "--lanes",
        "tcp,http-hyper,ws",
        "--payload",
        &payload,
        "--pairs",
        "1",
        "--rate",
        "200",
    ])
    .await;
    captured(&file, b"the race is over", "the end is not in the capture").await;
    let pid = capture.id().unwrap().to_string();
    Command::new("kill").args(["-INT", &pid]).status().await.unwrap();
    timeout(HUNG, capture.wait()).await.unwrap().unwrap();
    let streams = payloads(file.to_str().unwrap()).await;
    let length = format!("content-length: {PAYLOAD}\r\n");
    for (name, of) in [
        ("tcp", find(&streams, &[0, 0, 3, 9])),
        (
            "http-hyper",
            streams
                .values()
                .find(|of| contains(&of.0, length.as_bytes()) && contains(&of.0, b"POST")),
        ),
        (
            "ws",
            streams
                .values()
                .find(|of| of.0.starts_with(b"GET ") && contains(&of.0, &[0x82, 0xfe, 3, 9])),
        ),
    ] {
        let (up, down) = of.unwrap_or_else(|| panic!("no stream of {name} in the capture"));
        let lane = lane(&json, name);
        let per_exchange = |end: &str| lane[end].as_f64().unwrap();
        // The opening handshake is not part of an exchange.
        let opening = |bytes: &[u8]| {
            if name == "ws" { memchr::memmem::find(bytes, b"\r\n\r\n").unwrap() + 4 } else { 0 }
        };
        for (bytes, end) in [(up, "bytes_up"), (down, "bytes_down")] {
            let all = (bytes.len() - opening(bytes)) as f64;
            let exchanges = all / per_exchange(end);
            assert!(
                (exchanges - exchanges.round()).abs() < 1e-9,
                "{name}: {all} bytes, {end} {}",
                per_exchange(end)
            );
            assert!(exchanges >= lane["exchanges"].as_f64().unwrap(), "{name}");
        }
    }
}

/// Sends `mark` over loopback until it is in the capture. All that was sent before is there by
/// then.
async fn captured(file: &Path, mark: &[u8], why: &str) {
    let limit = Instant::now() + HUNG;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (mut near, (mut far, _)) =
        tokio::try_join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept())
            .unwrap();
    let (mut seen, mut fresh) = (0, Vec::new());
    loop {
        if let Ok(mut file) = fs::File::open(file) {
            file.seek(SeekFrom::Start(seen)).unwrap();
            fresh.clear();
            // A mark that is only partly written is complete the next time.
            seen += (file.read_to_end(&mut fresh).unwrap()).saturating_sub(mark.len()) as u64;
        }
        if contains(&fresh, mark) {
            return;
        }
        assert!(Instant::now() < limit, "{why}");
        near.write_all(mark).await.unwrap();
        far.read_exact(&mut vec![0; mark.len()]).await.unwrap();
        sleep(Duration::from_millis(50)).await;
    }
}

type Streams = HashMap<String, (Vec<u8>, Vec<u8>)>;

/// Returns the TCP payload of each stream in both directions.
async fn payloads(file: &str) -> Streams {
    let fields = ["tcp.stream", "tcp.srcport", "tcp.payload"];
    let mut command = Command::new("tshark");
    command.args(["-r", file, "-Y", "tcp.len > 0 && !tcp.analysis.retransmission", "-T", "fields"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().await.unwrap();
    let (mut streams, mut clients) = (Streams::new(), HashMap::new());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let [stream, port, payload] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        let client = clients.entry(stream.to_owned()).or_insert_with(|| port.to_owned());
        let (up, down) = streams.entry(stream.to_owned()).or_default();
        let bytes = (0..payload.len() / 2)
            .map(|at| u8::from_str_radix(&payload[2 * at..2 * at + 2], 16).unwrap());
        if client == port { up.extend(bytes) } else { down.extend(bytes) }
    }
    streams
}

fn find<'a>(streams: &'a Streams, start: &[u8]) -> Option<&'a (Vec<u8>, Vec<u8>)> {
    streams.values().find(|of| of.0.starts_with(start))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}
