//! Failures: one line on standard error, and the exit code.

use crate::file;
use crate::pipe::run;
use crate::terminal::Terminal;

#[track_caller]
fn refuses(arguments: &[&str], code: i32, words: &[&str]) {
    let run = run(arguments);
    assert_eq!(run.code, Some(code), "{run:?}");
    assert_eq!(run.stdout, "");
    for word in words {
        assert!(run.stderr.contains(word), "{word:?} is not in {:?}", run.stderr);
    }
    assert!(!run.stderr.contains('\x1b'), "{:?}", run.stderr);
    if code == 1 {
        assert!(run.stderr.starts_with("wiretalk: "), "{:?}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{:?}", run.stderr);
    }
}

#[test]
fn standard_output_that_is_not_a_terminal() {
    refuses(&["slides/talk.md"], 1, &["standard output is not a terminal"]);
    refuses(&[], 1, &["standard output is not a terminal"]);
}

#[test]
fn a_deck_that_does_not_exist() {
    refuses(&["no-such-deck.md"], 1, &["no-such-deck.md", "no such file"]);
}

#[test]
fn a_deck_that_is_not_utf_8() {
    let deck = file("not-utf-8.md", b"# Caf\xe9\n");
    refuses(&[deck.to_str().unwrap()], 1, &["not-utf-8.md:1:", "not valid UTF-8"]);
}

#[test]
fn with_a_missing_deck_the_terminal_is_never_touched() {
    let mut terminal = Terminal::open(&["no-such-deck.md"]);
    assert_eq!(terminal.end().code(), Some(1));
    let raw = String::from_utf8(terminal.raw().to_vec()).unwrap();
    assert!(raw.starts_with("wiretalk: ") && !raw.contains('\x1b'), "{raw:?}");
}

#[test]
fn options_that_belong_to_another_server() {
    refuses(&["serve", "--ws-no-deflate"], 1, &["--ws-server strict"]);
}

#[test]
fn wrong_usage() {
    refuses(&["--no-such-option"], 2, &["--no-such-option", "Usage: wiretalk"]);
    refuses(&["--theme", "pink"], 2, &["pink", "dark, light"]);
    refuses(&["serve", "--http", "70000"], 2, &["70000"]);
    refuses(&["chek", "x"], 2, &["wiretalk: unknown command `chek` (did you mean `check`?)"]);
}

/// Runs a command with this file as standard output.
#[cfg(target_os = "linux")]
fn onto(stdout: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let stdout = std::fs::File::options().write(true).open(stdout).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wiretalk"));
    let output =
        command.args(arguments).stdin(std::process::Stdio::null()).stdout(stdout).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_is_full() {
    for arguments in [
        &["completions", "bash"][..],
        &["completions", "fish"],
        &["demos"],
        &["demos", "--json"],
        &["check", "slides/talk.md"],
        &["decode", "8100"],
        &["decode", "--json", "8100"],
        &["inspect", "tests/captures/tls13-aes128.pcapng"],
        &["inspect", "--json", "tests/captures/tls13-aes128.pcapng"],
        &["race", "--pairs", "1", "--lanes", "ws"],
        &["serve"],
        &["--help"],
        &["--version"],
        &["race", "--help"],
    ] {
        let (code, stderr) = onto("/dev/full", arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
        let silent = arguments.iter().any(|argument| ["--help", "--version"].contains(argument));
        assert!(
            silent || stderr.to_lowercase().contains("no space left on device"),
            "{arguments:?}: {stderr}"
        );
    }
}

/// Checks that a capture cannot be written to this path.
#[track_caller]
fn does_not_write(path: &str, more: &[&str], words: &[&str], not: &[&str]) {
    let capture = "tests/captures/tls13-aes128.pcapng";
    let run = run(&[&["inspect", capture, "--write", path], more].concat());
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(words.iter().all(|word| run.stderr.contains(word)), "{words:?} in {}", run.stderr);
    assert!(!not.iter().any(|word| run.stderr.contains(word)), "{not:?} in {}", run.stderr);
}

#[test]
fn a_capture_that_cannot_be_written() {
    let there = file("there.pcapng", "something");
    let there = there.to_str().unwrap();
    does_not_write(there, &[], &["could not create", "--replace overwrites it"], &[]);
    let link = format!("{there}.link");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink("nowhere.pcapng", &link).unwrap();
    let expected = ["it is a symbolic link to nowhere.pcapng, which does not exist: name that \
                     file, or remove the link"];
    does_not_write(&link, &[], &expected, &["--replace"]);
    let fifo = format!("{there}.fifo");
    let _ = std::fs::remove_file(&fifo);
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    does_not_write(
        &fifo,
        &["--replace"],
        &["nothing reads this FIFO; start its reader first"],
        &[],
    );
    refuses(&["inspect", &fifo], 1, &["isn't a regular file"]);
    #[cfg(target_os = "linux")]
    does_not_write("/dev/full", &["--replace"], &["No space left on device"], &["--replace"]);
}

#[cfg(target_os = "linux")]
#[test]
fn endless_input_is_read_up_to_a_bound() {
    refuses(
        &["decode", "--raw", "/dev/zero"],
        2,
        &["it is larger than the limit of 16,777,216 bytes"],
    );
    refuses(&["/dev/zero"], 1, &["it is larger than the limit of 16,777,216 bytes"]);
}

#[test]
fn a_terminal_that_can_only_print() {
    for arguments in [&["slides/talk.md"][..], &["inspect", "tests/captures/tls13-aes128.pcapng"]] {
        let mut terminal = Terminal::with(&[("TERM", "dumb")], arguments);
        assert_eq!(terminal.end().code(), Some(1));
        let raw = String::from_utf8(terminal.raw().to_vec()).unwrap();
        assert!(raw.contains("TERM=dumb") && raw.contains("wiretalk inspect --json"), "{raw}");
        assert!(!raw.contains('\x1b'), "{raw:?}");
    }
}

#[test]
fn a_notice_about_a_locale_that_is_not_utf_8_stays_until_the_first_key() {
    let terminal = |locale: &[(&str, &str)]| {
        Terminal::with(
            &[&[("TERM", "xterm-256color"), ("LC_ALL", "")], locale].concat(),
            &["slides/talk.md"],
        )
    };
    for (locale, expected) in
        [(("LANG", "C"), "with LANG=C"), (("LC_ALL", "POSIX"), "with LC_ALL=POSIX")]
    {
        let mut terminal = terminal(&[locale]);
        terminal.shows(&[
            " 1/82",
            &format!("drawn in UTF-8; {expected} this terminal may not support it"),
        ]);
        terminal.keys("\x1b[C");
        terminal.shows(&[" 2/82"]);
        terminal.until("no notice", |screen| !screen.contents().contains("drawn in UTF-8"));
    }
    let mut terminal = terminal(&[("LANG", "C"), ("LC_CTYPE", "de_DE.utf8")]);
    terminal.shows(&[" 1/82"]);
    assert!(!terminal.screen().contents().contains("drawn in UTF-8"));
}
