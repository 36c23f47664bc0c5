//! A SockJS case as a script with curl, where each request has an answer that ends, or as a program in
//! Python over raw sockets.

use anyhow::bail;

use crate::cli::conform::reproduce::form::ReproduceForm;
use crate::cli::conform::reproduce::program::{literals, quoted};
use crate::conform::{
    Case, CaseKind, ConformConfig, Names, Notes, SockJsRequest, SockJsScript, SockJsStep,
};
use crate::text::shell_quote;
use crate::wire::Opcode;
use crate::wire::frame::encode;

const PYTHON: &str = include_str!("sockjs.py.txt");

/// The seconds for which an answer is awaited, and those for which nothing more must come.
const TIMES: &str = "5, 0.3";

/// The masking key of messages.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// How often a request is sent that waits for the server to notice something.
const MAX_RETRIES: usize = 20;

/// Returns the text that reproduces `case` against the server of `config`. Without a form it is the script
/// if the case can be one.
///
/// # Errors
///
/// If the form cannot express the case.
pub(in crate::cli::conform) fn reproduce_sockjs(
    case: &Case,
    config: &ConformConfig,
    form: Option<ReproduceForm>,
) -> anyhow::Result<String> {
    let CaseKind::SockJs(script) = &case.kind else { bail!("{} isn't a SockJS case", case.id) };
    let source = Source::new(case, script, config);
    match form {
        Some(ReproduceForm::Python) => Ok(source.python()),
        Some(ReproduceForm::Shell) if config.target.unix_socket.is_some() => {
            bail!("the script needs a host; use --as python")
        }
        Some(ReproduceForm::Shell) => match source.curl() {
            Some(text) => Ok(text),
            None => bail!(
                "{} has answers that go on, or several requests on one connection, which curl does not \
                 send; use --as python",
                case.id
            ),
        },
        Some(ReproduceForm::Inspect | ReproduceForm::Go) => {
            bail!("a SockJS case can only be reproduced --as shell or --as python")
        }
        None => Ok(source.curl().unwrap_or_else(|| source.python())),
    }
}

/// A case with what its requests are filled with.
struct Source<'c> {
    case: &'c Case,
    script: &'c SockJsScript,
    config: &'c ConformConfig,
    names: Names,
    notes: Notes,
}

impl<'c> Source<'c> {
    fn new(case: &'c Case, script: &'c SockJsScript, config: &'c ConformConfig) -> Self {
        let base = config.sockjs.as_ref().map(|paths| paths.of(script.endpoint).to_owned());
        let names = Names {
            authority: config.target.authority(),
            base: base.unwrap_or_default(),
            // Both are filled in when the program runs.
            session: "{session}".to_owned(),
            is_tls: config.target.tls,
            ..Names::example()
        };
        let notes = Notes { etag: Some("{etag}".to_owned()), entropy: None };
        Self { case, script, config, names, notes }
    }

    fn about(&self) -> String {
        let case = self.case;
        format!(
            "# {}: {}\n# {}\n# Written by wiretalk conform --sockjs --reproduce. Each run has a session of \
             its own.\n",
            case.id, case.title, case.rule
        )
    }

    /// Returns a script with curl; `None` if a request has no answer that ends, or needs more than curl.
    fn curl(&self) -> Option<String> {
        if self.config.target.unix_socket.is_some() {
            return None;
        }
        let mut text = format!(
            "#!/bin/sh\n{}session=$(date +%s)-$$\n\n# Sends a request as it is given, and nothing else.\n\
             ask() {{\n    curl -gsSi --http1.1 --path-as-is --max-time 5 -H User-Agent: -H Accept: \"$@\"\n    \
             echo\n}}\n",
            self.about()
        );
        let mut steps = self.script.steps.iter().peekable();
        while let Some(step) = steps.next() {
            match step {
                SockJsStep::Request(on, request) => {
                    let is_answered = |step: &&SockJsStep| {
                        let is_answer = matches!(step, SockJsStep::Head(..) | SockJsStep::Body(..));
                        is_answer && step.connection() == Some(*on)
                    };
                    let mut comments = String::new();
                    let mut has_body = false;
                    while let Some(answer) = steps.next_if(is_answered) {
                        has_body |= matches!(answer, SockJsStep::Body(..));
                        comments += &comment(answer);
                    }
                    let is_sent_again =
                        self.script.steps.iter().filter(|other| is_request_on(other, *on)).count()
                            > 1;
                    if !has_body || is_sent_again {
                        return None;
                    }
                    text += &format!("\n{}{comments}", self.curl_line(request)?);
                }
                SockJsStep::Poll(request, messages) => {
                    let line = self.curl_line(request)?;
                    text += &format!("\n{line}{}", comment(step));
                    if messages.len() > 1 {
                        text += "# Where some are missing, they come with the next.\n";
                    }
                }
                SockJsStep::Pause(time) => {
                    text += &format!("\nsleep {}\n", time.as_secs_f64());
                }
                _ => return None,
            }
        }
        Some(text)
    }

    fn curl_line(&self, request: &SockJsRequest) -> Option<String> {
        let is_plain =
            request.version == "HTTP/1.1" && !request.is_chunked && !request.is_upgrade();
        let uses_etag = request.fields.iter().any(|(_, value)| value.contains("{etag}"));
        if !is_plain || uses_etag {
            return None;
        }
        let mut words = vec![format!("ask -X {}", request.method)];
        let fields = request.all_fields(&self.names, &self.notes, &self.config.fields);
        for (name, value) in &fields {
            // curl sends a field without a value only in this form.
            let field =
                if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            words.push(format!("-H {}", shell_quote(&field)));
        }
        if let Some(body) = &request.body {
            let has_type = fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
            if !has_type {
                words.push("-H Content-Type:".to_owned());
            }
            words.push(format!("--data-binary {}", shell_quote(str::from_utf8(body).ok()?)));
        }
        let http = if self.names.is_tls { "https" } else { "http" };
        let url = format!(
            "{http}://{}{}",
            self.names.authority,
            request.target(&self.names, &self.notes)
        );
        let url = shell_quote(&url).replace("{session}", "'\"$session\"'");
        // A URL that needed no quotes has some now.
        let url = if url.starts_with('\'') { url } else { format!("'{url}'") };
        words.push(url);
        Some(words.join(" ") + "\n")
    }

    fn python(&self) -> String {
        let all = &self.script.steps;
        let next = all.iter().skip(1).map(Some).chain([None]);
        let is_read_again = |step: &SockJsStep, next: Option<&SockJsStep>| {
            next.is_some_and(|next| is_read(next) && next.connection() == step.connection())
        };
        // What is expected one after the other on a connection is read at once.
        let steps: String = all
            .iter()
            .zip(next)
            .map(|(step, next)| {
                if is_read(step) && is_read_again(step, next) {
                    comment(step)
                } else {
                    self.python_step(step)
                }
            })
            .collect();
        let target = &self.config.target;
        let address = match &target.unix_socket {
            Some(path) => quoted(&path.to_string_lossy()),
            None => format!("({}, {})", quoted(&target.host), target.port),
        };
        PYTHON
            .replace("{{ABOUT}}\n", &self.about())
            .replace("{{ADDRESS}}", &address)
            .replace("{{HOST}}", &quoted(&target.host))
            .replace("{{TLS}}", if target.tls { "True" } else { "False" })
            .replace("{{STEPS}}\n", &steps)
    }

    fn python_step(&self, step: &SockJsStep) -> String {
        let request = |request: &SockJsRequest| {
            python_bytes(&request.to_bytes(&self.names, &self.notes, &self.config.fields))
        };
        let demanded = comment(step);
        let read = |on: usize| format!("{demanded}read({on}, {TIMES})\n");
        match step {
            SockJsStep::Request(on, asked) => format!("send({on}, {})\n", request(asked)),
            SockJsStep::Send(on, bytes) => format!("send({on}, {})\n", python_bytes(bytes)),
            SockJsStep::Message(on, text) => {
                let frame = encode::single_frame(Opcode::Text, text.as_bytes(), Some(MASK));
                format!("send({on}, {})\n", python_bytes(&frame))
            }
            SockJsStep::HangUp(on) => format!("hang_up({on})\n"),
            SockJsStep::Pause(time) => format!("time.sleep({})\n", time.as_secs_f64()),
            SockJsStep::Silence(on, time) | SockJsStep::SlowStream(on, _, time) => {
                let seconds = time.as_secs_f64();
                format!("{demanded}read({on}, {seconds}, 0.3)\n")
            }
            SockJsStep::KeptOrEnded(on, asked) => {
                format!("send({on}, {})\n{}", request(asked), read(*on))
            }
            SockJsStep::Poll(asked, messages) => {
                ask_again(messages.len(), &request(asked), &demanded, "")
            }
            SockJsStep::Retry { request: asked, passing, .. } => {
                ask_again(MAX_RETRIES, &request(asked), &demanded, passing)
            }
            SockJsStep::Head(on, _)
            | SockJsStep::Body(on, _)
            | SockJsStep::Stream(on, _)
            | SockJsStep::StreamEnd(on)
            | SockJsStep::RawBytes(on, _)
            | SockJsStep::Frame(on, _)
            | SockJsStep::End(on) => read(*on),
        }
    }
}

/// Whether a step only reads what has been asked for.
fn is_read(step: &SockJsStep) -> bool {
    matches!(
        step,
        SockJsStep::Head(..)
            | SockJsStep::Body(..)
            | SockJsStep::Stream(..)
            | SockJsStep::StreamEnd(_)
            | SockJsStep::RawBytes(..)
            | SockJsStep::Frame(..)
            | SockJsStep::End(_)
    )
}

fn is_request_on(step: &SockJsStep, on: usize) -> bool {
    matches!(step, SockJsStep::Request(own, _) if *own == on)
}

fn comment(step: &SockJsStep) -> String {
    let text = step.expectation().unwrap_or_default();
    format!("# a server {}\n", crate::text::sanitize(&text).replace('\n', " "))
}

/// Returns a loop that asks until an answer has no `passing` in it, or so often.
fn ask_again(times: usize, request: &str, demanded: &str, passing: &str) -> String {
    let done = if passing.is_empty() {
        String::new()
    } else {
        format!("    if b{} not in answer:\n        break\n    time.sleep(0.05)\n", quoted(passing))
    };
    format!(
        "{demanded}for number in range(100, {}):\n    send(number, {request})\n    answer = read(number, \
         {TIMES})\n{done}",
        times.saturating_add(100)
    )
}

fn python_bytes(bytes: &[u8]) -> String {
    let lines: Vec<String> =
        literals(bytes, '"').iter().map(|text| format!("    b\"{text}\"")).collect();
    format!("(\n{}\n)", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::{SockJsPaths, sockjs_cases};
    use crate::net::Target;

    fn config() -> ConformConfig {
        let target = Target::parse("ws://127.0.0.1:8081/").unwrap();
        let sockjs = Some(SockJsPaths::below(&target.path));
        ConformConfig { sockjs, ..ConformConfig::new(target) }
    }

    fn case(id: &str) -> Case {
        sockjs_cases().into_iter().find(|case| case.id == id).unwrap()
    }

    #[test]
    fn cases_whose_answers_end_are_lines_of_curl() {
        let text = reproduce_sockjs(&case("xhr/receive"), &config(), None).unwrap();
        assert!(text.starts_with("#!/bin/sh\n# xhr/receive: "), "{text}");
        let send =
            "--data-binary '[\"x\"]' 'http://127.0.0.1:8081/echo/000/'\"$session\"'/xhr_send'";
        assert!(text.contains(send), "{text}");
        let stream =
            reproduce_sockjs(&case("streaming/echo"), &config(), Some(ReproduceForm::Shell));
        assert!(stream.unwrap_err().to_string().contains("--as python"));
    }

    #[test]
    fn the_script_sends_the_fields_of_the_case() {
        let fields = [("origin", "http://other"), ("content-TYPE", "text/x"), ("X-Empty", "")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let config = ConformConfig { fields, ..config() };
        let case = case("xhr/receive");
        let source = Source::new(&case, script_of(&case), &config);
        let request = SockJsRequest::post("/x", "[]").with("Origin", "test");
        let line = source.curl_line(&request).unwrap();
        let expected = "ask -X POST -H 'Origin: test' -H 'content-TYPE: text/x' -H 'X-Empty;' \
                        --data-binary '[]' 'http://127.0.0.1:8081/echo/x'\n";
        assert_eq!(line, expected);
    }

    fn script_of(case: &Case) -> &SockJsScript {
        match &case.kind {
            CaseKind::SockJs(script) => script,
            _ => panic!("{} has no script", case.id),
        }
    }

    #[test]
    fn every_case_is_a_program_in_python() {
        for case in sockjs_cases() {
            let form = Some(ReproduceForm::Python);
            let text = reproduce_sockjs(&case, &config(), form).unwrap();
            assert!(!text.contains("{{") && text.contains("127.0.0.1"), "{}", case.id);
            assert!(reproduce_sockjs(&case, &config(), None).is_ok());
        }
    }
}
