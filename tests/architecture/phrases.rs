//! Phrases that were mended must not come back: in texts that people read, each phrase here has a
//! better one beside it.
//!
//! Read are the string literals of all sources, the help of the command line, slides, documents and
//! TOML files. A phrase is found across line breaks, in any case, at whole words.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sources;

/// Phrases, each with what to write instead.
const MENDED: &[(&str, &str)] = &[
    // The keyboard.
    ("a digit bets", "press 1-3 to bet"),
    ("gives them back", "Esc: back to the slides"),
    ("has the keys", "has the keyboard"),
    ("keys to feed", "Enter: control the demo"),
    ("keys to weigh", "Enter: control the demo"),
    ("the keys are given", "the demo has the keyboard"),
    // Bets and lessons.
    ("not so", "wrong, it was ..."),
    ("the answer has", "the server's echo has"),
    ("the answer echoes", "the server echoes"),
    ("you said", "you bet"),
    // The inspector.
    ("in your hand", "editing a copy of"),
    ("is there to send to", "there is no one to send to"),
    ("what I do now", "what the receiver must do"),
    ("with it where it stands", "at this point in the stream"),
    // The demos.
    ("a dial begins anew", "changing a setting restarts it"),
    ("as few headers as can be", "minimal headers"),
    ("beginning anew", "starting again, reconnecting"),
    ("bytes an exchange", "bytes per exchange"),
    ("dresses as a browser", "adds a browser's headers"),
    ("dresses it as a browser", "adds a browser's headers"),
    ("exchanges a second", "exchanges per second"),
    ("from edge to edge", "across"),
    ("http, awaited", "HTTP, in sequence"),
    ("how many times as long", "how many times longer than"),
    ("is counted apart", "is counted separately"),
    ("messages an exchange", "messages per exchange"),
    ("news arrive", "update received"),
    ("others had", "other programs used"),
    ("the client that falls back", "the fallback client"),
    ("while the room looks on", "live on the slide"),
    // Slides.
    ("a server that answers wrong", "a server that answers wrongly"),
    ("goes into the archive", "is archived"),
    ("hang up all the same", "hang up anyway"),
    ("it is no flaw", "that isn't a flaw"),
    ("knows it and keeps it off", "supports it but leaves it off"),
    ("leaves the room unharmed", "leaves this room intact"),
    ("one token of a list", "one token in a list"),
    ("shuffled slices", "time slices in random order"),
    ("tests of 68", "of 68 tests"),
    ("the right column", "the right-hand column"),
    ("then falls silent", "then stops"),
    ("two processes a lane", "two processes per lane"),
    ("which now says", "what it says now"),
    // Help.
    ("as a browser would tell it", "the Origin header to send"),
    ("contestants apart", "separate contestants"),
    ("leave out the largest messages", "skip the largest messages"),
    ("others in reach", "other machines"),
    ("sit in between", "no protection against a man in the middle"),
    ("tell what is odd", "report problems"),
    ("ten in a second", "ten per second"),
    ("the speaker too", "including the sender"),
    ("this often, to find out", "N times, to find"),
    ("to this file too; replaces it", "also write ... to this file, replacing it"),
    ("who reads too slowly", "slow readers"),
    // What something is not.
    ("are no browsers", "aren't browsers"),
    ("are no numbers", "aren't numbers"),
    ("are no recording", "aren't a recording"),
    ("is no address of", "isn't an ... address"),
    ("is no browser", "isn't a browser"),
    ("is no case of", "isn't a ... case"),
    ("is no Close", "isn't a Close"),
    ("is no colour", "isn't a colour"),
    ("is no escape of", "isn't a ... escape"),
    ("is no frame", "isn't a frame"),
    ("is no hex digit", "isn't a hex digit"),
    ("is no JSON", "isn't JSON"),
    ("is no kind of", "unknown kind of"),
    ("is no known format", "isn't a known format"),
    ("is no line of", "isn't a ... line"),
    ("is no origin", "isn't an origin"),
    ("is no ping", "isn't a ping"),
    ("is no path", "isn't a path"),
    ("is no percent escape", "isn't a percent escape"),
    ("is no port", "isn't a port"),
    ("is no response of", "isn't a ... response"),
    ("is no WebSocket URL", "isn't a WebSocket URL"),
    ("no lane is called", "unknown lane"),
    ("that are no frame", "that aren't a frame"),
    // Stands, goes, tells, is there.
    ("bytes may stand here", "this may be bytes"),
    ("goes into the fields", "belongs in the fields"),
    ("goes into the seven bits", "fits in the seven bits"),
    ("of the toolchains is there", "of the toolchains is installed"),
    ("should stand here", "is expected here"),
    ("stands behind the", "comes after the"),
    ("stands beside bytes", "is next to bytes"),
    ("stands in no column", "isn't in a column"),
    ("tell who ended", "say who ended"),
    ("that nobody reads; start", "nothing reads this ...; start"),
    ("there is nothing", "there's nothing, or nothing ..."),
    ("there is no such theme", "unknown theme"),
    ("toolchain is there", "toolchain is installed"),
    ("which tells which", "which shows which"),
    // Whose something is.
    ("a dump of xxd", "an xxd dump"),
    ("a flow file of mitmproxy", "a mitmproxy flow file"),
    ("a trace of curl", "a curl trace"),
    ("frame of HTTP/2", "HTTP/2 frame"),
    // Plural by count.
    ("1 events", "1 event"),
    ("1 messages", "1 message"),
    ("1 requests", "1 request"),
];

/// The folders and files of Markdown and TOML that are read.
const PLACES: &[&str] = &["slides", "docs", "demos", "src", "core/src"];

/// Programs of others' ecosystems, with their own manifests and lock files.
const CONTESTANTS: &str = "demos/libraries";

/// A text that people read.
struct Text {
    path: PathBuf,
    /// The line on which it begins, from 1.
    line: usize,
    content: String,
}

#[test]
fn no_phrase_that_was_mended_is_back() {
    let texts = texts();
    assert!(texts.len() > 4000, "the texts were not found");
    let found: Vec<String> = texts.iter().flat_map(phrases_in).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_phrase_is_found_across_lines_and_only_as_whole_words() {
    let found = |name: &str, text: &str| {
        let texts = if Path::new(name).extension().is_some_and(|ending| ending == "rs") {
            texts_of_source(Path::new(name), text)
        } else {
            vec![Text { path: name.into(), line: 1, content: text.to_owned() }]
        };
        texts.iter().flat_map(phrases_in).collect::<Vec<String>>()
    };
    let wrapped = "fn a() -> &'static str {\n    \"demo:\\n this \\\n     is\\n no\\\n     \
                   \x20frame\"\n}\n";
    assert_eq!(found("a.rs", wrapped), ["a.rs:3: `is no frame`; write: isn't a frame"]);
    assert_eq!(found("a.rs", "// this is no frame\nlet a = '\"'; // \"is no frame\n"), [""; 0]);
    let help = "src/cli/a.rs";
    assert_eq!(found(help, "#[derive(clap::Args)]\n/// This is no\n/// frame\n").len(), 1);
    assert_eq!(found(help, "/// This is no\n/// frame\n"), [""; 0]);
    assert_eq!(
        found("a.md", "> Feed HAS\n> the keys\n"),
        ["a.md:1: `has the keys`; write: has the keyboard"]
    );
    assert_eq!(found("a.toml", "# you\n#   said\nb = 1\n").len(), 1);
    assert_eq!(
        found("a.md", "answers wrongly, 11 events, thus no frame; there is no frame"),
        [""; 0]
    );
}

/// The questions that are built in name their sources so that a learner can look them up: the numbers
/// of `docs/sources.md` are for the speaker notes.
#[test]
fn questions_name_their_sources_and_not_their_numbers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bank = fs::read_to_string(root.join("core/src/learn/bank/built_in.toml")).unwrap();
    let lines = bank.lines().zip(1..).filter(|(line, _)| line.starts_with("refs = "));
    let refs: Vec<(&str, usize)> = lines
        .flat_map(|(line, number)| line.split('"').skip(1).step_by(2).map(move |it| (it, number)))
        .collect();
    assert!(refs.len() > 30, "the questions were not found");
    let is_number = |word: &str| {
        let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        !digits.is_empty()
            && digits.len() + 1 == word.len()
            && digits.bytes().all(|it| it.is_ascii_digit())
    };
    let numbers: Vec<String> = refs
        .iter()
        .filter(|(name, _)| is_number(name))
        .map(|(name, line)| format!("built_in.toml:{line}: {name}"))
        .collect();
    assert_eq!(numbers, [""; 0], "write the name of the source");
}

/// The figures in the questions about speed are those of the grid's record.
#[test]
fn figures_of_questions_are_those_of_the_grid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let (bank, record) =
        (read("core/src/learn/bank/built_in.toml"), read("demos/grid/recorded.json"));
    let recorded: Vec<f64> = record
        .split("\"ratio\":")
        .skip(1)
        .map(|rest| rest.split(',').next().unwrap().parse().unwrap())
        .collect();
    let mut figures = 0;
    for question in bank.split("[[question]]").filter(|it| it.contains("wiretalk race --matrix")) {
        let explain = question.lines().find(|line| line.starts_with("explain = ")).unwrap();
        let words = explain.split(|c: char| !c.is_ascii_digit() && c != '.');
        for word in words.map(|word| word.trim_matches('.')).filter(|word| word.contains('.')) {
            let Ok(figure) = word.parse::<f64>() else { continue };
            let digits = word.len() - word.find('.').unwrap() - 1;
            let unit = 10_f64.powi(-(digits as i32));
            let is_recorded = recorded.iter().any(|ratio| (ratio - figure).abs() <= unit / 2.0);
            assert!(is_recorded, "{word} is not in the grid's record: {explain}");
            figures += 1;
        }
    }
    assert!(figures >= 8, "{figures} figures were found");
}

/// Returns the phrases in `text`, each with its place and what to write instead.
fn phrases_in(text: &Text) -> Vec<String> {
    let (words, lines) = flattened(text);
    let mut found = Vec::new();
    for (phrase, instead) in MENDED {
        for (at, _) in words.match_indices(&phrase.to_lowercase()) {
            let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let before = words[..at].chars().next_back();
            let after = words[at + phrase.len()..].chars().next();
            // "There is no frame" is good English, and "this is no frame" is not.
            let is_of_there = phrase.contains(" no ") && words[..at].ends_with("there ");
            if !is_word(before) && !is_word(after) && !is_of_there {
                let line = lines.iter().rev().find(|(start, _)| *start <= at).map_or(0, |it| it.1);
                let path = text.path.display();
                found.push(format!("{path}:{line}: `{phrase}`; write: {instead}"));
            }
        }
    }
    found
}

/// Returns a text in lower case on one line, without the marks that begin its lines, and the offset
/// and number of each of its lines.
fn flattened(text: &Text) -> (String, Vec<(usize, usize)>) {
    let (mut words, mut lines) = (String::new(), Vec::new());
    for (line, number) in text.content.lines().zip(text.line..) {
        lines.push((words.len(), number));
        let line = line.trim_start().trim_start_matches(['/', '#', '>', '!']);
        for word in line.split_whitespace() {
            words.push_str(&word.to_lowercase());
            words.push(' ');
        }
    }
    (words, lines)
}

/// Returns all texts.
fn texts() -> Vec<Text> {
    let mut texts = Vec::new();
    for source in sources::all() {
        let code: String = source.text.split_inclusive('\n').take(source.lines).collect();
        texts.extend(texts_of_source(&source.path, &code));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for place in PLACES {
        collect(&root.join(place), &mut files);
    }
    files.retain(|path| !path.starts_with(root.join(CONTESTANTS)));
    assert!(files.len() > 10, "the documents were not found");
    texts.extend(files.iter().map(|path| Text {
        path: path.strip_prefix(root).unwrap().to_owned(),
        line: 1,
        content: fs::read_to_string(path).unwrap(),
    }));
    texts
}

/// Collects the Markdown and TOML files at or below `path`.
fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if let Ok(entries) = fs::read_dir(path) {
        for entry in entries {
            collect(&entry.unwrap().path(), files);
        }
    } else if path.extension().is_some_and(|extension| extension == "md" || extension == "toml") {
        files.push(path.to_owned());
    }
}

/// Returns the string literals of a source, and its doc comments where they are help.
fn texts_of_source(path: &Path, code: &str) -> Vec<Text> {
    let mut texts: Vec<Text> = sources::string_literals(code)
        .into_iter()
        .map(|(line, content)| Text { path: path.to_owned(), line, content })
        .collect();
    if path.starts_with("src/cli") && code.contains("clap::") {
        let doc = |line: &str| line.trim_start().starts_with("///");
        let lines: Vec<&str> = code.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let is_first = doc(line) && !index.checked_sub(1).is_some_and(|it| doc(lines[it]));
            if is_first {
                let text = lines[index..].iter().take_while(|line| doc(line));
                let text: Vec<&str> = text.copied().collect();
                texts.push(Text {
                    path: path.to_owned(),
                    line: index + 1,
                    content: text.join("\n"),
                });
            }
        }
    }
    texts
}
