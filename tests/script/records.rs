//! What the talk says of libraries, held to the records that it quotes.

use wiretalk::conform::Verdict;
use wiretalk::lab::LabRecord;

use crate::{TALK, walk};

/// The figures on the slide about sockjs-go are those of the record.
#[test]
fn the_slide_about_sockjs_go_agrees_with_the_record() {
    let source = include_str!("../../demos/libraries/sockjs/protocol_test.json");
    let record: serde_json::Value = serde_json::from_str(source).unwrap();
    let server = |id: &str| {
        let servers = record["servers"].as_array().unwrap();
        servers.iter().find(|server| server["id"] == id).unwrap()
    };
    let passed = |id: &str| -> Vec<u64> {
        let runs = server(id)["passed"].as_array().unwrap();
        runs.iter().map(|run| run.as_u64().unwrap()).collect()
    };
    let slide = TALK.split("\n## ").find(|slide| slide.starts_with("42 of 68")).unwrap();
    assert_eq!((passed("sockjs-go").iter().max(), &record["tests"]), (Some(&42), &68.into()));
    assert_eq!(passed("sockjs-go-mux").iter().max(), Some(&40));
    let runs: Vec<String> = passed("sockjs-go").iter().map(u64::to_string).collect();
    assert!(slide.contains(&format!("five runs: {}", runs.join(" "))), "{runs:?}");
    let failed = server("sockjs-go")["failed"].as_object().unwrap();
    let (always, varying): (Vec<_>, Vec<_>) =
        failed.iter().partition(|(_, found)| !found["runs"].as_str().unwrap().contains('p'));
    assert_eq!(always.len(), 26);
    let named = [
        "HandlingClose.test_abort_xhr_polling",
        "HandlingClose.test_abort_xhr_streaming",
        "Protocol.test_closeSession",
        "RawWebsocket.test_close",
        "XhrPolling.test_content_types",
    ];
    assert!(varying.iter().all(|(test, _)| named.contains(&test.as_str())), "{varying:?}");
    let bar = |sign: char| slide.chars().filter(|found| *found == sign).count();
    assert_eq!([bar('█'), bar('▒'), bar('░')], [68 - 26 - named.len(), named.len(), 26]);
    let table = slide
        .lines()
        .filter_map(|row| row.split('|').nth(1)?.trim().trim_matches('*').parse::<usize>().ok());
    assert_eq!(table.sum::<usize>(), 26, "the rows of the table");
    assert!(slide.contains("29 Nov 2026") && record["date"] == "2026-11-29");
}

/// The libraries of a recorded table, in the order of its columns: as the slide names them, and their
/// contestants.
const LIBRARIES: [(&str, &str); 5] = [
    ("gorilla", "gorilla"),
    ("coder", "coder"),
    ("gobwas", "gobwas"),
    ("gws", "gws"),
    ("x/net", "xnet"),
];

/// The rows of the recorded tables: what is sent, its case, and what stands in a cell whose case passes.
const SEQUENCES: [(&str, &str, &str); 19] = [
    ("foreign Origin", "origin/foreign", "403"),
    ("unmasked frame", "masking/unmasked-text", "1002"),
    ("RSV1, none agreed", "opcodes/rsv1-text", "1002"),
    ("opcode 3", "opcodes/reserved-3-with-payload", "1002"),
    ("ping of 126 bytes", "lengths/ping-126", "1002"),
    ("ping with FIN = 0", "fragments/ping-without-fin", "1002"),
    ("text, not UTF-8", "utf8/invalid-ff", "1007"),
    ("orphan fragment", "fragments/orphan-final", "1002"),
    ("\"Hel\" ping \"lo\"", "fragments/ping-between", "one"),
    ("text in fragments", "fragments/interleaved-text-whole", "1002"),
    ("length 1 in 16 bit", "lengths/16-bit-1", "1002"),
    ("65,535 bytes", "lengths/text-65535", "echo"),
    ("Close 1000", "close/code-1000", "1000"),
    ("Close 1005", "close/code-1005", "1002"),
    ("reason, not UTF-8", "close/reason-ff", "1002"),
    ("Origin evil.example", "origin/foreign", "403"),
    ("no Origin", "origin/none", "101"),
    ("version 8", "handshake/version-8", "400 426"),
    ("key of 10 bytes", "handshake/key-10-bytes", "400"),
];

fn lab_record() -> LabRecord {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    LabRecord::read(&root.join("demos/libraries/recorded.json")).unwrap()
}

/// Returns the source of a slide from its title to its notes.
fn slide(title: &str) -> &'static str {
    let (_, after) = TALK.split_once(&format!("## {title}\n")).expect(title);
    after.split_once("<!-- speaker_note:").unwrap().0
}

/// Whether a cell says what the record has: `reason` is what the library did where the case does not
/// pass. A cross stands for a failed case.
fn fits(cell: &str, verdict: Verdict, reason: &str, passed: &str) -> bool {
    let (is_crossed, word) = match cell.split_once(' ') {
        Some((mark, word)) => (mark == "✗", word),
        None => (false, cell),
    };
    let says = match word {
        _ if verdict == Verdict::Pass => passed.split(' ').any(|passed| passed == word),
        "drop" => reason.starts_with("ended the connection"),
        "echo" => reason.starts_with("echoed it") || reason.contains("that is not UTF-8"),
        "pong" => reason.ends_with("answered a ping that came after it"),
        "two" => reason == "echoed 9 bytes instead of 18" || reason == "echoed it",
        "parts" => reason.starts_with("echoed ") && reason.contains(" bytes instead of "),
        // The message is whole; what is wrong with the pong is not what the row is about.
        "one" => return !is_crossed && reason.starts_with("sent a pong with"),
        "101" => reason.starts_with("opened the connection"),
        status if status.starts_with('4') => reason.starts_with(&format!("refused with {status}")),
        code => reason.starts_with(&format!("closed with {code}")),
    };
    says && is_crossed == verdict.is_failure()
}

/// What the slides say of libraries is what the lab has recorded, with its date and versions.
#[test]
fn recorded_tables_are_those_of_the_lab() {
    let record = lab_record();
    let mut compared = 0;
    for title in ["Who checks the door?", "18 sequences: frames", "18 sequences: doors"] {
        let rows = slide(title).lines().filter_map(|line| line.strip_prefix("| "));
        let mut rows = rows.map(|row| {
            let cells = row.trim_end_matches('|').split('|').map(|cell| cell.replace("**", ""));
            cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
        });
        assert_eq!(rows.next().unwrap()[1..], LIBRARIES.map(|(shown, _)| shown), "{title}");
        for row in rows.filter(|row| !row[0].starts_with(':')) {
            let (_, case, passed) = SEQUENCES.iter().find(|(sent, ..)| *sent == row[0]).unwrap();
            for (cell, (library, id)) in row[1..].iter().zip(LIBRARIES) {
                let verdicts = record.contestant(id).unwrap().verdicts.as_ref().unwrap();
                assert!(record.cases.iter().any(|known| known == case), "{case}");
                let reason = verdicts.cases.get(*case).map_or("", |found| &found.reason);
                let verdict = verdicts.verdict_of(case);
                let shown = format!("{}, {library}: {cell}", row[0]);
                assert!(fits(cell, verdict, reason, passed), "{shown}; {verdict}: {reason}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, SEQUENCES.len() * LIBRARIES.len());
    let refusing = LIBRARIES.iter().filter(|(_, id)| {
        let verdicts = record.contestant(id).unwrap().verdicts.as_ref().unwrap();
        let longer = record.cases.iter().filter(|case| case.starts_with("lengths/16-bit-"));
        let mut reasons = longer.map(|case| verdicts.cases.get(case).map_or("", |one| &one.reason));
        !reasons.all(|reason| reason.starts_with("echoed it") || reason.starts_with("went on"))
    });
    assert_eq!(refusing.count(), 0);
    assert!(slide("One length, three spellings").contains("Of five Go libraries: **none**"));
}

#[test]
fn recorded_tables_name_the_date_and_the_versions_of_the_lab() {
    let record = lab_record();
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let [year, month, day] = record.date.split('-').collect::<Vec<_>>()[..] else {
        panic!("{}", record.date)
    };
    let month = months[month.parse::<usize>().unwrap() - 1];
    let date = format!("**Recorded** {} {month} {year} · ", day.trim_start_matches('0'));
    let version = |(shown, id): (&str, &str)| {
        let version = &record.contestant(id).unwrap().version;
        format!("{shown} {}", version.trim_start_matches('v'))
    };
    let versions = LIBRARIES.map(version).join(" · ");
    for title in [
        "Who checks the door?",
        "One length, three spellings",
        "18 sequences: frames",
        "18 sequences: doors",
    ] {
        let source = slide(title);
        assert!(source.contains(&date), "{title}: {date}");
        assert!(source.contains(&format!("\n{versions}\n")), "{title}: {versions}");
        if title.starts_with("18") {
            let go = &record.toolchains["go"];
            let go = go.split(' ').find_map(|word| word.strip_prefix("go1")).unwrap();
            assert!(source.contains(&format!(" · Go 1{go}\\\n")), "{title}: Go 1{go}");
        }
    }
}

/// The bars of the slide are those of the record, at the size that has to do.
#[tokio::test]
async fn the_idle_connections_of_the_talk_are_those_of_the_lab() {
    let screens = walk(TALK, (100, 30));
    let shown = screens.iter().find(|screen| screen.contains("A million idle connections"));
    let shown = shown.expect("there is such a slide");
    let record = lab_record();
    for (library, id) in LIBRARIES {
        let idle = record.contestant(id).unwrap().idle.as_ref().unwrap();
        let bytes = idle.bytes_a_connection().unwrap() as f64;
        let row = shown.lines().find(|row| row.contains(&format!("  {library} "))).unwrap();
        assert!(row.contains(&format!("{:.1} KiB", bytes / 1024.0)), "{row}");
        assert!(row.contains(&format!("{:.1} GB", bytes / 1000.0)), "{row}");
    }
    assert!(shown.contains(&format!("recorded {}", record.date)), "{shown}");
}
