//! Enforces the layers within folders, and that files do not use each other in circles.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::imports::{self, Path};
use crate::sources;

/// Folders and their parts, in layers from top to bottom. A part uses parts of lower layers only,
/// so the parts of a layer do not know each other. `mod` is the folder's own file.
const ROOMS: &[(&str, &[&[&str]])] = &[
    (
        "wire",
        &[
            &["query"],
            &["keep"],
            &["explain", "sockjs"],
            &["decode"],
            &["deflate"],
            &["handshake"],
            &["frame"],
            &["pasted"],
            &["format"],
            &["size"],
        ],
    ),
    (
        "wire/pasted",
        &[
            &["mod"],
            &["recognize"],
            &["transfers", "printed"],
            &["source", "dump", "unread", "markup"],
            &["digits"],
            &["bytes", "comments", "error"],
            &["tcp_stream"],
            &["form", "packet"],
        ],
    ),
    (
        "conformance",
        &[
            &["mod"],
            &["run"],
            &["client_cases"],
            &["cases", "sockjs_cases"],
            &["broken_rule", "whole_run"],
            &["case_builder"],
            &["case"],
            &["group", "http2_rule", "key_quality", "response", "sockjs"],
            &["masking_keys", "request", "verdict"],
        ],
    ),
    (
        "conform",
        &[
            &["mod"],
            &["clients", "runner"],
            &["limits", "outcome", "restart", "survival"],
            &["annotation", "probe"],
            &["play"],
            &["sockjs"],
            &["exchange"],
            &["config"],
            &["process"],
        ],
    ),
    (
        "cli/conform",
        &[
            &["mod"],
            &["case_list", "clients", "expected", "report", "reproduce", "selection"],
            &["progress", "sockjs_steps", "twins"],
            &["testing"],
        ],
    ),
    (
        "lab",
        &[
            &["mod"],
            &["live", "runner"],
            &["build", "idle", "load", "toolchain", "verdicts"],
            &["comparison", "process"],
            &["command", "record"],
            &["libraries"],
        ],
    ),
    ("repair", &[&["mod"], &["record"], &["run"], &["checks"], &["finding"]]),
    ("lab/libraries", &[&["mod"], &["contestants", "inside"], &["command_line", "suite"]]),
    ("cli/lab", &[&["mod"], &["availability", "inside_page", "outcome_table", "progress"]]),
    (
        "app/overlay",
        &[
            &["mod"],
            &["open_overlay"],
            &["overview", "slide_list"],
            &["outcome"],
            &["deck_search", "help"],
        ],
    ),
    (
        "app/steering",
        &[
            &["mod"],
            &["dispatch", "focus", "mouse", "navigation", "on_overlays"],
            &["steering_state"],
            &["jump_history", "keys", "route"],
        ],
    ),
    (
        "app/steering/keys",
        &[&["mod"], &["keys_file"], &["key_table", "typing_guard"], &["key_press"]],
    ),
    (
        "cli/present",
        &[
            &["mod"],
            &["notes_args"],
            &["talk_memory"],
            &["keys_source", "resume_file"],
            &["deck_source", "live_reload", "present_args", "user_folder"],
        ],
    ),
    (
        "demos/inspect",
        &[
            &["mod"],
            &["keys", "chrome", "engine"],
            &["capture_reading", "tab_bar"],
            &["state", "settings"],
            &["tabs", "overlays", "lesson"],
            &["session", "parts"],
            &["action", "messages"],
            &["connect_options"],
        ],
    ),
    (
        "demos/inspect/tabs",
        &[
            &["mod"],
            &[
                "handshake",
                "frames",
                "mask",
                "timeline",
                "problems",
                "deflate",
                "connections",
                "sockjs",
            ],
            &["field_page", "no_frames"],
        ],
    ),
    (
        "demos/inspect/session",
        &[
            &["mod"],
            &["copy", "loaded", "reports", "search", "selection", "send", "payload_text"],
            &["state"],
            &["query"],
            &["connections", "frame_draft", "mask_key"],
        ],
    ),
    (
        "net",
        &[
            &["mod"],
            &["connect", "link"],
            &["observe", "timed", "accept", "listen", "lingering_close", "websocket"],
            &[
                "time",
                "http2_stream",
                "address_pair",
                "error_close_code",
                "error_text",
                "event_stream",
                "write_step",
            ],
            &["tls_alert"],
        ],
    ),
    ("net/link", &[&["delayed_stream"], &["link_emulator", "netns"], &["link_model", "stall"]]),
    (
        "clients",
        &[
            &["mod"],
            &["session", "sockjs"],
            &["driver"],
            &["event"],
            &["error", "options", "raw_client"],
            &["command", "connect_without_tls", "random", "request"],
        ],
    ),
    (
        "clients/sockjs",
        &[
            &["mod"],
            &["fall_back"],
            &["session"],
            &["websocket"],
            &["book", "sender"],
            &["receiver"],
            &["link", "report"],
            &["error", "options", "wire_log"],
        ],
    ),
    (
        "proxy",
        &[
            &["listener"],
            &["relay"],
            &["relay_direction"],
            &["event"],
            &["command", "error", "intercept_queue", "options"],
        ],
    ),
    (
        "servers",
        &[
            &["bundle"],
            &["recorded", "server_kind", "sockjs"],
            &["http", "hub", "naive_proxy", "sloppy", "strict", "websocket"],
            &["connection"],
            &["browser_headers", "closing", "options"],
        ],
    ),
    ("servers/connection", &[&["http2", "inbox"], &["end", "handshake", "serve"]]),
    (
        "capture",
        &[
            &["mod"],
            &["growing"],
            &["open"],
            &["copy"],
            &["packet_pass", "replay", "text"],
            &["captured_file", "tcp", "write"],
            &["stream"],
            &["http2", "input"],
            &["plaintext"],
            &["byte_store", "error", "packets", "sink", "tls", "warnings"],
            &["shared_file"],
        ],
    ),
    ("capture/plaintext", &[&["mod"], &["plaintext_sink"], &["resync"], &["gap", "piece"]]),
    (
        "capture/stream",
        &[
            &["recorded"],
            &["builder"],
            &["layer"],
            &["layer_context", "live_ending"],
            &["layer_output"],
            &["captured_stream", "detect", "tunnel"],
            &["proxies"],
        ],
    ),
    (
        "capture/stream/proxies",
        &[&["mod"], &["proxy_header", "socks4", "socks5"], &["negotiation"]],
    ),
    (
        "capture/http2",
        &[
            &["session"],
            &["streams"],
            &["exchange", "websocket"],
            &["frame_reader", "header_block"],
            &["error_code", "field_decoder", "frame", "message_head"],
        ],
    ),
    (
        "feed",
        &[
            &["runner"],
            &["client"],
            &["server"],
            &["source"],
            &["metrics"],
            &["error"],
            &["config", "tick"],
        ],
    ),
    (
        "race",
        &[
            &["warm_up"],
            &["client", "formats", "runner", "server"],
            &["connector", "foreign_load", "result"],
            &["process"],
            &["error", "grid"],
            &["bare_http", "config", "executor"],
        ],
    ),
    (
        "race/config",
        &[
            &["validate"],
            &["estimate", "load_budget"],
            &["race_config"],
            &["external_servers"],
            &["lane", "placement"],
        ],
    ),
    (
        "slide",
        &[
            &["mod"],
            &["drawing", "fit", "overflow"],
            &["scrolling"],
            &["layout"],
            &["heading", "body"],
            &["speaker_notes", "style", "warning_corner"],
            &["listing", "text"],
        ],
    ),
    (
        "slide/body",
        &[&["mod"], &["code", "containers", "table"], &["placing"], &["builder"], &["qr", "rows"]],
    ),
    (
        "race/client",
        &[
            &["mod"],
            &["timed_exchanges"],
            &["lane_client"],
            &["bare_http", "hyper", "reqwest", "sse", "tcp", "websocket"],
            &["reply", "setup"],
        ],
    ),
];

/// The names that no file of a folder may use.
const FORBIDDEN_IN_ROOMS: &[(&str, &[&str])] = &[
    ("demos/inspect/session", &["ratatui", "crossterm"]),
    ("demos/inspect/parts", &["crossterm"]),
];

/// Folders whose files may still use each other in circles.
const CIRCULAR: &[&str] = &[];

#[test]
fn no_files_use_each_other_in_a_circle() {
    let circles = imports::circles(&imports::edges(&sources::all()));
    let found: Vec<String> = circles
        .iter()
        .filter(|circle| !CIRCULAR.iter().any(|folder| circle[0].join("::").starts_with(folder)))
        .map(|circle| {
            circle.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" -> ")
        })
        .collect();
    assert!(found.is_empty(), "files that use each other:\n{}", found.join("\n"));
}

#[test]
fn parts_of_a_room_use_parts_of_lower_layers_only() {
    let edges = imports::edges(&sources::all());
    for (room, layers) in ROOMS {
        let room: Path = room.split('/').map(str::to_owned).collect();
        let part = |module: &Path| {
            let below = module.strip_prefix(room.as_slice())?;
            Some(below.first().map_or("mod", String::as_str).to_owned())
        };
        let layer = |part: &str| layers.iter().position(|layer| layer.contains(&part));
        for (module, used) in &edges {
            let Some(user) = part(module) else { continue };
            for used in used {
                let Some(used_part) = part(used).filter(|used| *used != user) else { continue };
                let above =
                    layer(&user).zip(layer(&used_part)).is_some_and(|(user, used)| user < used);
                assert!(
                    above,
                    "{} uses {}, which ROOMS does not allow",
                    module.join("::"),
                    used.join("::")
                );
            }
        }
    }
}

/// `net` has the only functions that open and accept connections, because they set the options that
/// every socket of ours needs.
#[test]
fn sockets_are_opened_and_accepted_in_net_alone() {
    for source in
        sources::all().iter().filter(|source| !source.module.starts_with(&["net".to_owned()]))
    {
        for call in ["TcpStream::connect(", "listener.accept("] {
            assert!(
                !source.code.contains(call),
                "{:?} has {call}: use the functions of net",
                source.path
            );
        }
    }
}

#[test]
fn rooms_do_not_use_forbidden_names() {
    let sources = sources::all();
    for (folder, forbidden) in FORBIDDEN_IN_ROOMS {
        let files: Vec<_> =
            sources.iter().filter(|source| source.path.starts_with(folder)).collect();
        assert!(!files.is_empty(), "there is no folder {folder}");
        for (source, name) in
            files.iter().flat_map(|source| forbidden.iter().map(move |name| (source, name)))
        {
            assert!(
                !source.tokens.iter().any(|token| token == name),
                "{:?} names `{name}`",
                source.path
            );
        }
    }
}

#[test]
fn a_folder_has_at_most_twelve_files() {
    let mut folders: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for source in sources::all() {
        *folders.entry(source.path.parent().unwrap().to_owned()).or_default() += 1;
    }
    for (folder, files) in folders {
        assert!(files <= 12, "{} has {files} files: divide it", folder.display());
    }
}
