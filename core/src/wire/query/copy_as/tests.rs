//! Reads copies back: hex, commands and programs must give the same bytes, and vectors must pass
//! their own checks.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::wire::vectors::{array, case_bytes, frames, frames_file, text, unhex};
use crate::wire::{AgreedExtensions, Transcript};

/// Compiled here, so that nobody is given a program that does not compile.
#[path = "tungstenite_client.rs.txt"]
#[expect(dead_code, reason = "it is compiled, not run")]
mod tungstenite_client;
#[path = "tungstenite_server.rs.txt"]
#[expect(dead_code, reason = "it is compiled, not run")]
#[expect(clippy::result_large_err, reason = "the library wants it so")]
#[expect(clippy::disallowed_methods, reason = "a program of its own")]
mod tungstenite_server;

const URL: &str = "ws://127.0.0.1:9/a?b='c'";

fn hello() -> Excerpt {
    let mut transcript = Transcript::new(Side::Client, AgreedExtensions::none());
    transcript.push(&unhex("818537fa213d7f9f4d515889800000000088"));
    Excerpt::from_frames(transcript.frames(), None).unwrap()
}

/// Returns the part of `text` between `before` and `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}")).1;
    rest.split(after).next().unwrap()
}

#[test]
fn frames_are_copied_as_hex_and_as_commands() {
    let hello = hello();
    assert_eq!(hello.hex(), "818537fa213d7f9f4d5158898000000000");
    assert_eq!(hello.spaced_hex(), "81 85 37 fa 21 3d 7f 9f 4d 51 58 89 80 00 00 00 00");
    assert_eq!(
        hello.inspect_command(URL).unwrap(),
        r"wiretalk inspect 'ws://127.0.0.1:9/a?b='\''c'\''' --send-hex 818537fa213d7f9f4d5158898000000000"
    );
    let deflated = Excerpt::new(
        Side::Server,
        Some("permessage-deflate; server_no_context_takeover"),
        vec![0xc1, 0],
    );
    assert_eq!(
        deflated.decode_command(),
        "wiretalk decode --from server --extensions 'permessage-deflate; \
         server_no_context_takeover' c100"
    );
    assert_eq!(Excerpt::from_frames(&[], None), None);
}

#[test]
fn what_no_argument_holds_goes_by_standard_input_or_in_pieces() {
    let many = Excerpt::new(Side::Server, None, (0..150_001_u32).map(|at| at as u8).collect());
    let command = many.decode_command();
    assert!(command.starts_with("wiretalk decode --from server - <<'HEX'\n0001"));
    assert_eq!(unhex(&between(&command, "HEX'\n", "\nHEX").replace('\n', "")), many.bytes());
    let command = many.inspect_command("ws://h").unwrap();
    let pieces: Vec<&str> = command.split(" --send-hex ").skip(1).collect();
    assert_eq!((pieces.len(), unhex(&pieces.concat())), (3, many.bytes().to_vec()));
    let too_long = Excerpt::new(Side::Server, None, vec![0; shell::MAX_COMMAND_LINE_BYTES + 1]);
    assert_eq!(too_long.inspect_command("ws://h"), None);
}

#[test]
fn programs_hold_the_bytes_the_address_and_the_extension() {
    for from in [Side::Client, Side::Server] {
        let copied = Excerpt::new(from, Some("permessage-deflate"), vec![0x81, 0x00, 0xff]);
        let (rust, python) = (copied.tungstenite_program(URL), copied.python_program(URL));
        assert_eq!(between(&rust, "FRAMES: &str = \"", "\""), "8100ff");
        assert_eq!(between(&rust, "EXTENSIONS: &str = \"", "\""), "permessage-deflate");
        assert_eq!(between(&python, "fromhex(\"", "\""), "8100ff");
        assert_eq!(between(&python, "EXTENSIONS = \"", "\""), "permessage-deflate");
        if from == Side::Client {
            assert_eq!(between(&rust, "URL: &str = \"", "\""), URL);
            assert_eq!(between(&python, "URL = \"", "\""), URL);
        }
    }
}

#[test]
fn each_vector_copied_as_a_vector_is_the_same_case() {
    let file = frames_file();
    for case in array(&file["cases"]) {
        let from = if case["direction"] == "client" { Side::Client } else { Side::Server };
        let bytes = case_bytes(case);
        let name = text(&case["name"]);
        let copied: Value = serde_json::from_str(
            &Excerpt::new(from, case["extensions"].as_str(), bytes.clone()).vector(name),
        )
        .unwrap();
        frames::check_case(&copied);
        assert_eq!(case_bytes(&copied), bytes);
        for field in ["name", "direction", "total_bytes"] {
            assert_eq!(copied[field], case[field], "{name}");
        }
        let (got, want) = (&copied["expect"], &case["expect"]);
        assert_eq!(
            got["frames"].as_array().unwrap().len(),
            want["frames"].as_array().unwrap().len(),
            "{name}"
        );
        assert_eq!(got["incomplete"], want["incomplete"], "{name}");
        assert_eq!(got["verdict"], want["verdict"], "{name}");
        assert_eq!(array(&got["violations"]).len(), array(&want["violations"]).len(), "{name}");
        assert_eq!(array(&got["messages"]).len(), array(&want["messages"]).len(), "{name}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_vector_that_holds(bytes in crate::wire::keep::transcript::tests::stream(), client: bool) {
        let from = if client { Side::Client } else { Side::Server };
        let copied = Excerpt::new(from, None, bytes).vector("any");
        frames::check_case(&serde_json::from_str(&copied).unwrap());
    }
}
