use std::net::Ipv4Addr;
use std::process::Stdio;

use tokio::process::Command;

use super::*;
use crate::conform::all_cases;
use crate::scope::Scope;
use crate::servers::{BundleOptions, ServerBundle, ServerKind};

fn case(id: &str) -> Case {
    all_cases(1).into_iter().find(|case| case.id == id).unwrap()
}

fn text(id: &str, url: &str, form: ReproduceForm) -> anyhow::Result<String> {
    reproduce(&case(id), &Target::parse(url).unwrap(), 1, form)
}

#[test]
fn the_command_line_has_the_headers_and_the_bytes_of_the_case() {
    let url = "ws://127.0.0.1:9001/";
    let line = text("opcodes/rsv1-text", url, ReproduceForm::Inspect);
    let line = line.unwrap_or_else(|error| panic!("{error}"));
    assert!(line.starts_with("wiretalk inspect ws://127.0.0.1:9001/ --send-hex c1"), "{line}");
    assert!(line.ends_with(" --for 5\n") && line.lines().count() == 1, "{line}");
    let deflate = text("deflate/offer-plain", url, ReproduceForm::Inspect).unwrap();
    assert!(
        deflate.contains("--header 'Sec-WebSocket-Extensions: permessage-deflate'"),
        "{deflate}"
    );
}

#[test]
fn what_a_form_cannot_do_is_refused_with_those_that_can() {
    let error = |id, form| text(id, "ws://127.0.0.1:9001/", form).unwrap_err().to_string();
    assert!(error("handshake/no-key", ReproduceForm::Inspect).contains("--as python"));
    assert!(error("timing/1-mib", ReproduceForm::Inspect).contains("too many for a command line"));
    let fin =
        all_cases(1).into_iter().find(|case| case.steps.contains(&crate::conform::Step::EndWrites));
    assert!(error(&fin.unwrap().id, ReproduceForm::Shell).contains("cannot send FIN"));
    let tls = text("handshake/no-key", "wss://127.0.0.1/", ReproduceForm::Shell).unwrap_err();
    assert!(tls.to_string().contains("TLS"), "{tls}");
}

#[test]
fn every_case_can_be_written_in_go_and_python() {
    let all = all_cases(1).into_iter();
    for case in all.filter(|case| case.kind == CaseKind::Steps) {
        let target = Target::parse("ws+unix:/run/a b.sock:/x").unwrap();
        for form in [ReproduceForm::Go, ReproduceForm::Python] {
            let program = reproduce(&case, &target, 1, form).unwrap();
            assert!(!program.contains("{{"), "{}", case.id);
            assert!(program.contains("\"/run/a b.sock\""), "{}", case.id);
        }
    }
}

/// Runs a program that an interpreter reads from standard input, and returns what it prints.
async fn output(interpreter: &str, arguments: &[&str], program: String) -> String {
    use tokio::io::AsyncWriteExt as _;
    let mut command = Command::new(interpreter);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(program.as_bytes()).await.unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.is_empty() && output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
#[cfg(unix)]
async fn the_programs_send_the_case_and_print_the_answer() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let options = BundleOptions { websocket: ServerKind::Strict, ..BundleOptions::default() };
    let bundle = ServerBundle::start_with(&scope, options, None);
    let address = bundle.ready().await.unwrap().websocket;
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
    let url = format!("ws://{address}/");
    for (interpreter, arguments, form) in
        [("python3", &["-"][..], ReproduceForm::Python), ("bash", &["-s"], ReproduceForm::Shell)]
    {
        let program = text("opcodes/rsv1-text", &url, form).unwrap();
        let printed = output(interpreter, arguments, program).await;
        assert!(printed.contains("HTTP/1.1 101"), "{interpreter}: {printed}");
        // A Close with 1002.
        assert!(printed.contains("88 ") && printed.contains("03 ea"), "{interpreter}: {printed}");
        let program = text("handshake/no-key", &url, form).unwrap();
        let printed = output(interpreter, arguments, program).await;
        assert!(printed.contains("HTTP/1.1 400"), "{interpreter}: {printed}");
        let program = text("lengths/binary-65536", &url, form).unwrap();
        let printed = output(interpreter, arguments, program).await;
        assert!(
            printed.contains("82 7f 00 00 00 00 00 01 00 00"),
            "{interpreter}: {printed:.2000}"
        );
    }
}
