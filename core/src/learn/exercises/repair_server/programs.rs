//! The servers in Go: each with its fault and without, complete and as they are run.

/// A file of the Go module that the servers are part of.
#[derive(Clone, Copy, Debug)]
pub struct GoFile {
    /// The path in the module.
    pub path: &'static str,
    /// The content.
    pub text: &'static str,
}

/// The files of the module besides the servers.
pub static GO_MODULE: [GoFile; 4] = [
    GoFile { path: "go.mod", text: include_str!("go/go.mod") },
    GoFile { path: "go.sum", text: include_str!("go/go.sum") },
    GoFile { path: "listen/go.mod", text: include_str!("go/listen/go.mod") },
    GoFile { path: "listen/listen.go", text: include_str!("go/listen/listen.go") },
];

/// The source of a server, with its fault and repaired.
#[derive(Clone, Copy, Debug)]
pub struct GoServer {
    /// The folder of both in the module, such as `origin_gorilla`.
    pub name: &'static str,
    /// `NAME/broken/main.go`.
    pub broken: &'static str,
    /// `NAME/repaired/main.go`.
    pub repaired: &'static str,
}

macro_rules! server {
    ($name:literal) => {
        GoServer {
            name: $name,
            broken: include_str!(concat!("go/", $name, "/broken/main.go")),
            repaired: include_str!(concat!("go/", $name, "/repaired/main.go")),
        }
    };
}

/// Pages of every site may connect, by gorilla/websocket.
pub(super) static ORIGIN_GORILLA: GoServer = server!("origin_gorilla");
/// Pages of every site may connect, by coder/websocket.
pub(super) static ORIGIN_CODER: GoServer = server!("origin_coder");
/// Pages of every site may connect, by x/net/websocket.
pub(super) static ORIGIN_XNET: GoServer = server!("origin_xnet");
/// A message may be of any size, by gorilla/websocket.
pub(super) static LIMIT_GORILLA: GoServer = server!("limit_gorilla");
/// A message may be of any size, by coder/websocket.
pub(super) static LIMIT_CODER: GoServer = server!("limit_coder");
/// Text comes back as binary, by gorilla/websocket.
pub(super) static TYPE_GORILLA: GoServer = server!("type_gorilla");
/// Binary data comes back as text, by coder/websocket.
pub(super) static TYPE_CODER: GoServer = server!("type_coder");
/// Nobody notices a client that is gone, by gorilla/websocket.
pub(super) static HEARTBEAT_GORILLA: GoServer = server!("heartbeat_gorilla");
/// Two goroutines write at once, by gorilla/websocket.
pub(super) static WRITERS_GORILLA: GoServer = server!("writers_gorilla");
/// The loop goes on after an error, by gorilla/websocket.
pub(super) static SPIN_GORILLA: GoServer = server!("spin_gorilla");
/// A long message comes back in pieces, by x/net/websocket.
pub(super) static PIECES_XNET: GoServer = server!("pieces_xnet");

/// The lines around what an exercise shows.
const BEGINS: &str = "// what the exercise shows begins here";
const ENDS: &str = "// what the exercise shows ends here";

/// Returns the lines of a source between its markers, tabs as four blanks.
pub(super) fn shown_lines(source: &str) -> Vec<String> {
    let behind = source.lines().skip_while(|line| *line != BEGINS).skip(1);
    let shown: Vec<&str> = behind.take_while(|line| *line != ENDS).collect();
    shown.join("\n").trim().lines().map(|line| line.replace('\t', "    ")).collect()
}

impl GoServer {
    /// Returns the lines that an exercise shows.
    pub(super) fn shown(&self) -> Vec<String> {
        shown_lines(self.broken)
    }

    /// Returns the lines of [`Self::shown`] that the repaired server has not: the fault.
    pub(super) fn faulty_lines(&self) -> std::ops::Range<usize> {
        let (broken, repaired) = (self.shown(), shown_lines(self.repaired));
        let same = |(a, b): &(&String, &String)| a == b;
        let before = broken.iter().zip(&repaired).take_while(same).count();
        let room = broken.len().min(repaired.len()).saturating_sub(before);
        let after = broken.iter().rev().zip(repaired.iter().rev()).take(room).take_while(same);
        before..broken.len().saturating_sub(after.count())
    }
}
