//! [`play_script`]: the steps of a case, one after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::{Instant, sleep, sleep_until};
use wiretalk_core::conformance::sockjs::{
    Evaluation, HeadRule, Names, Notes, Polled, Received, ServiceEndpoint, SockJsRequest,
    SockJsScript, SockJsStep, evaluate, evaluate_poll, evaluate_retry, late,
};

use crate::conform::exchange::Exchange;
use crate::conform::sockjs::connection::{Connection, Record};
use crate::conform::{Case, ConformConfig, Finding, ServerTraits, Verdict};
use crate::net::ConnectError;
use crate::wire::format::hex;
use crate::wire::frame::encode;
use crate::wire::{MaskingKey, Opcode};

/// How long a server may take to notice that a request has broken off.
const MAX_UNNOTICED: Duration = Duration::from_secs(2);

/// The time between two requests that ask for the same.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// The answers that a case may take the whole time for, beside its own pauses.
const MAX_SLOW_ANSWERS: u32 = 4;

/// A case that is over before its last step.
enum Stop {
    /// It has its finding.
    Done(Finding),
    /// A connection could not be opened.
    NotOpened(ConnectError),
}

/// Plays a case. `random` makes its session and its keys its own.
///
/// # Errors
///
/// Fails if its first connection cannot be opened.
pub(in crate::conform) async fn play_script(
    config: &ConformConfig,
    case: &Case,
    script: &SockJsScript,
    random: [u8; 16],
    traits: ServerTraits,
) -> Result<Exchange, ConnectError> {
    if let Some(finding) = unplayable(case, script, traits) {
        return Ok(Exchange::without_bytes(finding));
    }
    let mut player = Player::new(config, script, random);
    let finding = match player.play().await {
        Ok(finding) | Err(Stop::Done(finding)) => finding,
        Err(Stop::NotOpened(error)) if player.record.exchange.connections.is_empty() => {
            return Err(error);
        }
        Err(Stop::NotOpened(error)) => {
            Finding::new(Verdict::Fail, format!("accepted no further connection ({error})"))
        }
    };
    let expected = player.names.fill(&finding.expected, &player.notes);
    let Record { mut exchange, began } = player.record;
    exchange.finding = Finding { expected, ..finding };
    exchange.took = began.elapsed();
    Ok(exchange)
}

/// Returns why a case cannot be played, if it cannot.
fn unplayable(case: &Case, script: &SockJsScript, traits: ServerTraits) -> Option<Finding> {
    let offers = traits.sockjs.unwrap_or_default();
    let missing = |what: String| Some(Finding::new(Verdict::NotOffered, what));
    if !offers.has_endpoint(script.endpoint) {
        return missing(format!("has no endpoint {}", script.endpoint));
    }
    if let Some(transport) = script.transport.filter(|one| !offers.has_transport(*one)) {
        return missing(format!("does not offer {}: it answers with 404", transport.name()));
    }
    (case.needs_echo && !traits.has_echo)
        .then(|| Finding::new(Verdict::NotApplicable, "does not echo"))
}

/// Returns the names of a case at an endpoint.
pub(super) fn names_of(
    config: &ConformConfig,
    endpoint: ServiceEndpoint,
    random: [u8; 16],
) -> Names {
    Names {
        authority: config.target.authority(),
        base: config.sockjs.as_ref().map(|paths| paths.of(endpoint).to_owned()).unwrap_or_default(),
        session: hex(&random),
        key: STANDARD.encode(random),
        is_tls: config.target.tls,
    }
}

/// A case that is being played.
pub(super) struct Player<'c> {
    config: &'c ConformConfig,
    script: &'c SockJsScript,
    pub(super) names: Names,
    notes: Notes,
    connections: BTreeMap<usize, Connection>,
    pub(super) record: Record,
    /// When the case is over whatever comes.
    ends_by: Instant,
    mask: MaskingKey,
    tolerated: Option<String>,
}

impl<'c> Player<'c> {
    fn new(config: &'c ConformConfig, script: &'c SockJsScript, random: [u8; 16]) -> Self {
        let began = Instant::now();
        let slow = config.limits.answer.saturating_mul(MAX_SLOW_ANSWERS);
        let most = slow.saturating_add(script.waiting_time());
        let [a, b, c, d, ..] = random;
        Self {
            config,
            script,
            names: names_of(config, script.endpoint, random),
            notes: Notes::default(),
            connections: BTreeMap::new(),
            record: Record {
                exchange: Exchange::without_bytes(Finding::new(Verdict::NoAnswer, "")),
                began,
            },
            ends_by: began.checked_add(most).unwrap_or(began),
            mask: [a | 1, b, c, d],
            tolerated: None,
        }
    }

    async fn play(&mut self) -> Result<Finding, Stop> {
        for (index, step) in self.script.steps.iter().enumerate() {
            self.play_step(step).await?;
            let rest = self.script.steps.get(index.saturating_add(1)..).unwrap_or_default();
            let is_needed = |on| rest.iter().any(|later| later.connection() == Some(on));
            if let SockJsStep::Body(on, _) = step
                && !is_needed(*on)
            {
                self.connections.remove(on);
            }
        }
        let expected = self.script.expectations().last().cloned().unwrap_or_default();
        Ok(match self.tolerated.take() {
            Some(reason) => Finding { expected, ..Finding::new(Verdict::Tolerated, reason) },
            None => {
                Finding { expected, ..Finding::new(Verdict::Pass, "answered as the protocol says") }
            }
        })
    }

    async fn play_step(&mut self, step: &SockJsStep) -> Result<(), Stop> {
        let answer = self.config.limits.answer;
        match step {
            SockJsStep::Request(on, request) => self.send_request(*on, request).await,
            SockJsStep::Send(on, bytes) => {
                self.send(*on, bytes).await;
                Ok(())
            }
            SockJsStep::Message(on, text) => {
                let frame = encode::single_frame(Opcode::Text, text.as_bytes(), Some(self.mask));
                self.send(*on, &frame).await;
                Ok(())
            }
            SockJsStep::HangUp(on) => {
                self.connections.remove(on);
                Ok(())
            }
            SockJsStep::Pause(time) => {
                sleep(*time).await;
                Ok(())
            }
            SockJsStep::Silence(on, time) | SockJsStep::SlowStream(on, _, time) => {
                self.await_step(step, *on, *time).await
            }
            SockJsStep::Poll(request, messages) => self.poll(step, request, messages).await,
            SockJsStep::Retry { request, passing, accepted } => {
                self.retry(step, request, passing, accepted).await
            }
            SockJsStep::KeptOrEnded(on, request) => self.kept_or_ended(*on, request).await,
            SockJsStep::Head(on, _)
            | SockJsStep::Body(on, _)
            | SockJsStep::Stream(on, _)
            | SockJsStep::StreamEnd(on)
            | SockJsStep::RawBytes(on, _)
            | SockJsStep::Frame(on, _)
            | SockJsStep::End(on) => self.await_step(step, *on, answer).await,
        }
    }

    async fn open(&mut self, method: &'static str) -> Result<Connection, Stop> {
        // Somebody else's server gets no more than so many connections in a time.
        if !self.config.interval.is_zero() && !self.record.exchange.connections.is_empty() {
            let before = Instant::now();
            sleep(self.config.interval).await;
            // The server is not to blame for that.
            self.ends_by = self.ends_by.checked_add(before.elapsed()).unwrap_or(self.ends_by);
        }
        let opened = Connection::open(self.config, &mut self.record, method).await;
        opened.map_err(Stop::NotOpened)
    }

    fn request_bytes(&self, request: &SockJsRequest) -> Vec<u8> {
        request.to_bytes(&self.names, &self.notes, &self.config.fields)
    }

    async fn send_request(&mut self, on: usize, request: &SockJsRequest) -> Result<(), Stop> {
        let bytes = self.request_bytes(request);
        let mut connection = match self.connections.remove(&on) {
            Some(mut used) => {
                used.received.next_response(request.method);
                used
            }
            None => self.open(request.method).await?,
        };
        connection.send(&mut self.record, &bytes).await;
        self.connections.insert(on, connection);
        Ok(())
    }

    async fn send(&mut self, on: usize, bytes: &[u8]) {
        if let Some(connection) = self.connections.get_mut(&on) {
            connection.send(&mut self.record, bytes).await;
        }
    }

    /// Reads on a connection until a step is read or its time is over.
    async fn await_step(
        &mut self,
        step: &SockJsStep,
        on: usize,
        limit: Duration,
    ) -> Result<(), Stop> {
        let since = Instant::now();
        let deadline = self.deadline(limit);
        let Some(connection) = self.connections.get_mut(&on) else { return Ok(()) };
        loop {
            match evaluate(step, &mut connection.received, &self.names, &mut self.notes) {
                Evaluation::Kept => return Ok(()),
                Evaluation::Tolerated(reason) => {
                    self.tolerated.get_or_insert(reason);
                    return Ok(());
                }
                Evaluation::Broken(reason) => {
                    let rule = broken_rule(step, connection, &self.names, &self.notes);
                    return Err(broken(rule.as_ref().unwrap_or(step), reason));
                }
                Evaluation::Waiting => {}
            }
            if !connection.read(&mut self.record, deadline).await {
                if matches!(step, SockJsStep::Silence(..)) {
                    return Ok(());
                }
                let waited = time_between(since, deadline);
                return Err(stop(step, late(step, &connection.received, waited)));
            }
        }
    }

    fn deadline(&self, limit: Duration) -> Instant {
        let now = Instant::now();
        now.checked_add(limit).unwrap_or(now).min(self.ends_by)
    }

    /// Polls until all messages have come.
    async fn poll(
        &mut self,
        step: &SockJsStep,
        request: &SockJsRequest,
        messages: &[String],
    ) -> Result<(), Stop> {
        let mut so_far = Vec::new();
        let limit = self.config.limits.answer;
        self.ask(step, request, limit, |received| evaluate_poll(messages, &mut so_far, received))
            .await
    }

    /// Asks until the server has noticed that a request has broken off.
    async fn retry(
        &mut self,
        step: &SockJsStep,
        request: &SockJsRequest,
        passing: &str,
        accepted: &[&str],
    ) -> Result<(), Stop> {
        let limit = self.config.limits.answer.min(MAX_UNNOTICED);
        self.ask(step, request, limit, |received| evaluate_retry(passing, accepted, received)).await
    }

    async fn ask(
        &mut self,
        step: &SockJsStep,
        request: &SockJsRequest,
        limit: Duration,
        mut evaluate_answer: impl FnMut(&Received) -> Polled,
    ) -> Result<(), Stop> {
        let began = Instant::now();
        let mut deadline = self.deadline(limit);
        let mut last_answer: Option<String> = None;
        loop {
            let bytes = self.request_bytes(request);
            let ended_by = self.ends_by;
            let mut connection = self.open(request.method).await?;
            let paused = self.ends_by.saturating_duration_since(ended_by);
            deadline = deadline.checked_add(paused).unwrap_or(deadline);
            let since = Instant::now();
            connection.send(&mut self.record, &bytes).await;
            let polled = loop {
                let polled = evaluate_answer(&connection.received);
                if polled != Polled::Waiting {
                    break polled;
                }
                if !connection.read(&mut self.record, deadline).await {
                    // Only the last request may have too little time left for an answer.
                    let given = deadline.saturating_duration_since(since);
                    let is_fair = given.saturating_mul(2) >= limit;
                    if let Some(last) = last_answer.filter(|_| !is_fair) {
                        return Err(broken(step, sent_for(&last, began, deadline)));
                    }
                    let waited = time_between(since, deadline);
                    return Err(stop(step, late(step, &connection.received, waited)));
                }
            };
            match polled {
                Polled::Done(Evaluation::Broken(reason)) => return Err(broken(step, reason)),
                Polled::Done(_) => return Ok(()),
                Polled::Again | Polled::Waiting => {}
            }
            let content = String::from_utf8_lossy(connection.received.response.content());
            let last = content.lines().last().unwrap_or_default();
            if Instant::now() >= deadline {
                return Err(broken(step, sent_for(last, began, deadline)));
            }
            last_answer = Some(last.to_owned());
            sleep_until(self.deadline(RETRY_INTERVAL)).await;
        }
    }

    /// Uses the connection again if the response says that it is kept, else waits for its end.
    async fn kept_or_ended(&mut self, on: usize, request: &SockJsRequest) -> Result<(), Stop> {
        let head =
            self.connections.get(&on).and_then(|connection| connection.received.response.head());
        let is_kept = head.is_some_and(|head| {
            let connection = head.joined_value("Connection").unwrap_or_default();
            connection.eq_ignore_ascii_case("keep-alive")
                && head.joined_value("Content-Length").is_some()
        });
        let limit = self.config.limits.answer;
        if !is_kept {
            return self.await_step(&SockJsStep::End(on), on, limit).await;
        }
        self.send_request(on, request).await?;
        let rules = vec![HeadRule::Status(&[200])];
        self.await_step(&SockJsStep::Head(on, rules), on, limit).await
    }
}

/// Returns the time between two instants, to a hundredth of a second.
fn time_between(since: Instant, until: Instant) -> Duration {
    let seconds = until.saturating_duration_since(since).as_secs_f64();
    Duration::try_from_secs_f64((seconds * 100.0).round() / 100.0).unwrap_or_default()
}

/// Returns the reason of a server that answered the same for too long.
fn sent_for(last: &str, began: Instant, deadline: Instant) -> String {
    let seconds = time_between(began, deadline).as_secs_f64();
    format!("sent {last} for {seconds:.1} s")
}

/// Returns the step with the one rule that a head breaks.
fn broken_rule(
    step: &SockJsStep,
    connection: &mut Connection,
    names: &Names,
    notes: &Notes,
) -> Option<SockJsStep> {
    let SockJsStep::Head(on, rules) = step else { return None };
    let alone = rules.iter().map(|rule| SockJsStep::Head(*on, vec![rule.clone()]));
    let mut is_broken = |step: &SockJsStep| {
        let evaluation = evaluate(step, &mut connection.received, names, &mut notes.clone());
        matches!(evaluation, Evaluation::Broken(_))
    };
    alone.into_iter().find(|step| is_broken(step))
}

fn broken(step: &SockJsStep, reason: String) -> Stop {
    stop(step, Finding::new(Verdict::Fail, reason))
}

fn stop(step: &SockJsStep, finding: Finding) -> Stop {
    Stop::Done(Finding { expected: step.expectation().unwrap_or_default(), ..finding })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::conform::{CaseKind, sockjs_cases};
    use crate::net::{Target, listen};

    /// Answers one request after `time`, and none that comes later.
    async fn answer_once(listener: TcpListener, time: Duration) {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            if open.is_empty() {
                sleep(time).await;
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nc[2010,\"\"]\n";
                stream.write_all(answer).await.unwrap();
            }
            open.push(stream);
        }
    }

    async fn finding_after(time: Duration) -> Finding {
        let is_wanted = |case: &Case| case.id == "ending/abort-polling";
        let case = sockjs_cases().into_iter().find(is_wanted).unwrap();
        let CaseKind::SockJs(mut script) = case.kind.clone() else { panic!("no script") };
        script.steps.retain(|step| matches!(step, SockJsStep::Retry { .. }));
        let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let config = ConformConfig::new(Target::parse(&url).unwrap());
        let mut player = Player::new(&config, &script, [7; 16]);
        let played = tokio::select! {
            played = player.play() => played,
            () = answer_once(listener, time) => panic!("the server ended"),
        };
        match played {
            Ok(finding) | Err(Stop::Done(finding)) => finding,
            Err(Stop::NotOpened(error)) => panic!("{error}"),
        }
    }

    /// The first answer takes so much of the time that the next request gets less than half of it.
    #[tokio::test]
    async fn a_request_that_gets_what_is_left_of_the_time_is_no_silence() {
        let (slow, silent) = tokio::join!(
            finding_after(MAX_UNNOTICED.mul_f32(0.55)),
            finding_after(Duration::ZERO),
        );
        assert_eq!((slow.verdict, &*slow.reason), (Verdict::Fail, "sent c[2010,\"\"] for 2.0 s"));
        assert_eq!(silent.verdict, Verdict::NoAnswer, "{silent:?}");
        assert!(silent.reason.starts_with("did not answer within 1."), "{silent:?}");
    }
}
