//! Servers that keep memory of each violation, as the processes of a group of their own.

use std::process::Stdio;
use std::sync::Arc;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::{config, echo, outcome_of, server};
use crate::conform::process::ServerProcessId;
use crate::conform::{Case, CaseKind, Finding, Verdict, all_cases};
use crate::scope::Scope;

/// A group of processes.
struct Group {
    leader: Child,
    /// Each holds 8 MiB, and does not end because nobody reads them.
    holders: Vec<Child>,
}

impl Group {
    fn begin() -> Self {
        let mut leader = Command::new("sleep");
        let leader = leader.arg("1000").process_group(0).kill_on_drop(true).spawn().unwrap();
        Self { leader, holders: Vec::new() }
    }

    async fn grow(&mut self) {
        let group = self.leader.id().unwrap().cast_signed();
        let mut holder = Command::new("dd");
        holder.args(["if=/dev/zero", "bs=8M", "count=1"]).process_group(group);
        let holder = holder.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut holder = holder.spawn().unwrap();
        // It writes what it has read.
        holder.stdout.as_mut().unwrap().read_u8().await.unwrap();
        self.holders.push(holder);
    }
}

/// Returns the cases, with the number of violations.
fn cases() -> (Vec<Case>, usize) {
    let is_violation = |case: &Case| case.id.starts_with("opcodes/rsv2-");
    let is_told = |kind: &CaseKind| matches!(kind, CaseKind::Handshakes | CaseKind::Memory);
    let mut cases = all_cases(1);
    cases.retain(|case| is_violation(case) || is_told(&case.kind));
    let count = cases.iter().filter(|case| is_violation(case)).count();
    (cases, count)
}

/// Plays the cases against a server that keeps 8 MiB of each violation up to `most` of them. Returns
/// what is said of connections and of memory, and the number of violations that were kept.
async fn findings(most: usize, repeat: usize) -> (Finding, Finding, usize) {
    let group = Group::begin();
    let process = ServerProcessId::default();
    process.set(group.leader.id());
    let group = Arc::new(Mutex::new(group));
    let scope = Scope::new(|panic| panic!("{panic}"));
    let inner = group.clone();
    let address = server(&scope, move |mut stream| {
        let group = inner.clone();
        async move {
            // The next connection waits until it has grown.
            let mut group = group.lock().await;
            if echo(&mut stream).await && group.holders.len() < most {
                group.grow().await;
            }
        }
    });
    let mut config = config(&format!("ws://{address}/"));
    (config.max_at_once, config.repeat, config.process) = (1, repeat, Some(process));
    let (cases, _) = cases();
    let outcome = outcome_of(&config, &cases).await;
    let finding = |wanted: &CaseKind| {
        let index = cases.iter().position(|case| case.kind == *wanted).unwrap();
        outcome.cases[index].worst().unwrap().finding.clone()
    };
    let kept = group.lock().await.holders.len();
    for (case, result) in cases.iter().zip(&outcome.cases) {
        let is_played = case.kind == CaseKind::Steps;
        assert_eq!(result.exchanges.len(), if is_played { repeat } else { 1 }, "{}", case.id);
    }
    (finding(&CaseKind::Handshakes), finding(&CaseKind::Memory), kept)
}

#[tokio::test]
async fn a_server_that_keeps_memory_of_each_violation_fails() {
    let (_, count) = cases();
    for repeat in [1, 3] {
        let (handshakes, memory, kept) = findings(usize::MAX, repeat).await;
        assert_eq!(memory.verdict, Verdict::Fail, "{memory:?}");
        assert!(memory.reason.ends_with(" bytes after the same once again"), "{memory:?}");
        assert!(memory.expected.starts_with("has at most twice the memory"), "{memory:?}");
        // The last round is played twice, and counted once.
        assert_eq!(kept, (repeat + 1) * count);
        let all = format!("after each of {} violations", repeat * count);
        assert!(handshakes.reason.contains(&all), "{handshakes:?}");
    }
}

#[tokio::test]
async fn a_server_that_keeps_no_more_of_the_same_is_tolerated() {
    let (_, count) = cases();
    let (_, memory, kept) = findings(count, 1).await;
    assert_eq!((memory.verdict, kept), (Verdict::Tolerated, count), "{memory:?}");
    assert!(memory.reason.contains(" after the same once again: an allocator"), "{memory:?}");
    // One that does not grow is not asked again.
    let (_, memory, kept) = findings(0, 1).await;
    assert_eq!((memory.verdict, kept), (Verdict::Pass, 0), "{memory:?}");
}
