//! The lab with the bundled server as its only contestant, so that it needs no toolchain but a shell.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

/// The time after which a run counts as hung. No machine is that slow.
const HUNG: Duration = Duration::from_mins(5);

/// Prints the first line of a contestant for a bundled server, which does not end with its input: for
/// `ws` the strict one, for `sockjs` that of SockJS.
const SERVER: &str = r#"
case $2 in
    ws) options="--ws ${1##*:} --ws-server strict" ;;
    sockjs) options="--sockjs ${1##*:}" ;;
esac
"$WIRETALK" serve --http 0 $options </dev/null |
    while read -r kind url; do
        if [ "$kind" = "$2" ]; then echo "listening on $url"; fi
    done &
cat >/dev/null
kill 0
"#;

const LIST: &str = r#"
[[toolchain]]
id = "shell"
version = "1"
find = ["sh", "-c", "echo shell 1.0"]
install = "a shell"
network = "nothing"

[[toolchain]]
id = "cobol"
version = "85"
find = ["/no/such/cobc", "--version"]
install = "gnucobol"
network = "nothing"

[[contestant]]
id = "strict"
toolchain = "shell"
name = "the strict server"
language = "Rust"
library = "wiretalk"
package = "wiretalk"
version = "1.0"
released = 2026
licence = "MIT"
options = "default"
directory = "shell"
source = "shell/server.sh"
build = [["sh", "-c", "cp server.sh '{out}/'"]]
run = ["sh", "{out}/server.sh", "{address}", "ws"]
dependencies = ["sh", "-c", "pwd; echo one; echo two; echo one"]
documentation = []

[[contestant]]
id = "old"
toolchain = "cobol"
name = "old"
language = "COBOL"
library = "old"
package = "old"
version = "1.0"
released = 1985
licence = "MIT"
options = "default"
directory = "shell"
source = "shell/server.sh"
build = []
run = ["old", "{address}"]
dependencies = ["old"]
documentation = []

[[contestant]]
id = "sockjs"
suite = "sockjs"
toolchain = "shell"
name = "the SockJS server"
language = "Rust"
library = "wiretalk"
package = "wiretalk"
version = "1.0"
released = 2026
licence = "MIT"
options = "default"
directory = "shell"
source = "shell/server.sh"
build = [["sh", "-c", "cp server.sh '{out}/'"]]
run = ["sh", "{out}/server.sh", "{address}", "sockjs"]
documentation = []
"#;

fn libraries() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("shell")).unwrap();
    fs::write(folder.path().join("shell/server.sh"), SERVER).unwrap();
    fs::write(folder.path().join("contestants.toml"), LIST).unwrap();
    folder
}

/// Runs `wiretalk lab` with the contestants in `folder`.
async fn lab(folder: &Path, arguments: &[&str]) -> (String, String, Option<i32>) {
    let binary = env!("CARGO_BIN_EXE_wiretalk");
    let mut command = Command::new(binary);
    command.arg("lab").args(arguments).arg("--libraries").arg(folder).arg("--out");
    command.arg(folder.join("out")).env("WIRETALK", binary).kill_on_drop(true);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = timeout(HUNG, child.unwrap().wait_with_output()).await.expect("it hangs").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

#[tokio::test]
async fn verdicts_are_recorded_and_a_changed_one_is_a_difference() {
    let folder = libraries();
    let path = folder.path().join("recorded.json");
    let file = path.to_str().unwrap();
    let (out, err, _) = lab(folder.path(), &["--fast", "--judge-only", "--write", file]).await;
    assert!(err.contains("cobol is missing, so 1 contestant of it will not run"), "{err}");
    assert!(err.contains("install gnucobol"), "{err}");
    let mut record: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let contestants = record["contestants"].as_array().unwrap();
    assert_eq!(contestants.len(), 1, "{out}{err}");
    let strict = &contestants[0];
    assert_eq!((&strict["id"], &strict["packages"]), (&"strict".into(), &2.into()), "{strict}");
    assert_eq!(strict["source_lines"], SERVER.lines().count());
    assert!(strict["verdicts"]["counts"]["pass"].as_u64().unwrap() > 400, "{strict}");
    assert!(out.contains("\nstrict      1.0"), "{out}");

    // The record now says that a rule is broken which the server keeps.
    let case = "ping/ten";
    assert!(record["cases"].as_array().unwrap().contains(&case.into()), "{record}");
    let broken = serde_json::json!({"verdict": "fail", "reason": "did nothing"});
    record["contestants"][0]["verdicts"]["cases"][case] = broken;
    fs::write(&path, record.to_string()).unwrap();
    let arguments = ["strict", "--fast", "--judge-only", "--check", file];
    let (out, err, code) = lab(folder.path(), &arguments).await;
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("strict  ping/ten: pass, recorded fail: it passed\n"), "{out}");
}

#[tokio::test]
async fn sockjs_servers_are_contestants_of_a_suite_of_their_own() {
    let folder = libraries();
    let path = folder.path().join("recorded.json");
    let file = path.to_str().unwrap();
    let arguments = ["--suite", "sockjs", "--fast", "--write", file];
    let (out, err, code) = lab(folder.path(), &arguments).await;
    assert_eq!(code, Some(0), "{out}{err}");
    let record: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let contestants = record["contestants"].as_array().unwrap();
    assert_eq!((&record["suite"], contestants.len()), (&"sockjs".into(), 1), "{out}{err}");
    let verdicts = &contestants[0]["verdicts"];
    assert_eq!(verdicts["counts"]["pass"], 183, "{verdicts:#}");
    assert_eq!(verdicts["cases"], serde_json::json!({}), "ours keeps all of the rules");
    assert_eq!((&contestants[0]["load"], &contestants[0]["idle"]), (&Value::Null, &Value::Null));

    let arguments = ["--suite", "sockjs", "--fast", "--check", file];
    let (out, err, code) = lab(folder.path(), &arguments).await;
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains(": 0 differ"), "{out}");

    let (_, err, code) = lab(folder.path(), &["strict", "--fast", "--check", file]).await;
    assert_eq!(code, Some(1));
    assert!(err.ends_with("recorded.json is a record of --suite sockjs\n"), "{err}");
    let (_, err, code) = lab(folder.path(), &["sockjs"]).await;
    assert_eq!(code, Some(1));
    let expected = "wiretalk: `sockjs` is tested with another suite; add --suite sockjs\n";
    assert_eq!(err, expected);
}

#[tokio::test]
async fn the_list_says_what_is_missing_and_nothing_runs_without_it() {
    let folder = libraries();
    let (out, _, code) = lab(folder.path(), &["--list"]).await;
    assert_eq!(code, Some(0));
    let expected = "\
strict  wiretalk  1.0  shell
old     old       1.0  cobol, which is missing
sockjs  wiretalk  1.0  shell (--suite sockjs)

shell: shell 1.0
";
    assert!(out.starts_with(expected), "{out}");
    assert!(out.contains("\ncobol: missing: could not run /no/such/cobc: "), "{out}");
    assert!(out.contains("\n  install: gnucobol\n"), "{out}");
    let (out, err, code) = lab(folder.path(), &["old"]).await;
    assert_eq!((out.as_str(), code), ("", Some(1)));
    assert!(err.ends_with("no contestant can run: none of the toolchains is installed\n"), "{err}");
    let (_, err, code) = lab(folder.path(), &["odd"]).await;
    assert_eq!(code, Some(1));
    assert!(err.starts_with("wiretalk: unknown contestant `odd` (did you mean `old`?)"), "{err}");
    let (_, err, _) = lab(folder.path(), &["--check", "/no/such/file"]).await;
    assert!(err.starts_with("wiretalk: could not read /no/such/file: "), "{err}");
}

#[tokio::test]
async fn what_cannot_be_built_or_started_is_reported_with_its_reason() {
    for (from, to, expected) in [
        ("cp server.sh '{out}/'", "echo no compiler >&2; exit 3", "strict: build: sh -c "),
        ("\"sh\", \"{out}/server.sh\"", "\"false\"", "strict: start: it ended before it listened"),
    ] {
        let folder = libraries();
        assert!(LIST.contains(from));
        fs::write(folder.path().join("contestants.toml"), LIST.replace(from, to)).unwrap();
        let (out, err, code) = lab(folder.path(), &["shell", "--fast", "--judge-only"]).await;
        assert_eq!(code, Some(1), "{out}{err}");
        assert!(out.contains(expected), "{out}");
    }
}
