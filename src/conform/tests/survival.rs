//! Servers that keep memory of violations, or die of them, as the processes of a group of their own.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::{accepting_head, config, echo, outcome_of, server};
use crate::conform::process::ServerProcessId;
use crate::conform::{Case, CaseKind, Finding, Verdict, all_cases};
use crate::scope::Scope;

/// What a violation does to a server.
enum Effect {
    None,
    /// It keeps 8 MiB.
    Growth,
    /// It dies, and another that has kept nothing takes its place.
    Death,
    /// It opens connections, and answers nothing on them.
    Muteness,
}

/// A server as a group of processes.
struct Group {
    leader: Child,
    /// Each holds 8 MiB, and does not end because nobody reads them.
    holders: Vec<Child>,
    /// The violations so far.
    violations: usize,
    /// The number of connections on which the server is still not there.
    down: usize,
    /// The number of connections since it is mute, with the one that made it so.
    mute: usize,
}

impl Group {
    fn begin() -> Self {
        let mut leader = Command::new("sleep");
        let leader = leader.arg("1000").process_group(0).kill_on_drop(true).spawn().unwrap();
        Self { leader, holders: Vec::new(), violations: 0, down: 0, mute: 0 }
    }

    async fn suffer(&mut self, effect: Effect) {
        self.violations += 1;
        match effect {
            Effect::None => {}
            Effect::Growth => self.grow().await,
            Effect::Death => {
                for mut holder in self.holders.drain(..) {
                    holder.kill().await.unwrap();
                }
                self.down = 3;
            }
            Effect::Muteness => self.mute = 1,
        }
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

/// Returns the violations whose names begin like this and the cases about all of them, with the number
/// of violations.
fn cases(beginning: &str) -> (Vec<Case>, usize) {
    let is_violation = |case: &Case| case.id.starts_with(beginning) && case.is_violation();
    let is_told = |kind: &CaseKind| matches!(kind, CaseKind::Handshakes | CaseKind::Memory);
    let mut cases = all_cases(1);
    cases.retain(|case| is_violation(case) || is_told(&case.kind));
    let count = cases.iter().filter(|case| is_violation(case)).count();
    (cases, count)
}

/// What came of a run.
struct Outcome {
    handshakes: Finding,
    memory: Finding,
    group: Group,
}

/// Plays cases against a server. `effect` returns what a violation does, by the number of those before it
/// and that of those whose memory is kept.
async fn play(
    cases: &[Case],
    repeat: usize,
    effect: impl Fn(usize, usize) -> Effect + Send + Sync + 'static,
) -> Outcome {
    let group = Group::begin();
    let process = ServerProcessId::default();
    process.set(group.leader.id());
    let group = Arc::new(Mutex::new(group));
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (inner, effect) = (group.clone(), Arc::new(effect));
    let address = server(&scope, move |mut stream| {
        let (group, effect) = (inner.clone(), effect.clone());
        async move {
            // The next connection waits until it has grown.
            let mut group = group.lock().await;
            if group.down > 0 {
                group.down -= 1;
            } else if group.mute > 0 {
                group.mute += 1;
                drop(group);
                let Some(head) = accepting_head(&mut stream).await else { return };
                let _ = stream.write_all(&head).await;
                // Until the client hangs up.
                let _ = stream.read_to_end(&mut Vec::new()).await;
            } else if echo(&mut stream).await {
                let effect = effect(group.violations, group.holders.len());
                group.suffer(effect).await;
            }
        }
    });
    let mut config = config(&format!("ws://{address}/"));
    (config.max_at_once, config.repeat, config.process) = (1, repeat, Some(process));
    config.limits.answer = Duration::from_millis(500);
    let outcome = outcome_of(&config, cases).await;
    let finding = |wanted: &CaseKind| {
        let index = cases.iter().position(|case| case.kind == *wanted).unwrap();
        outcome.cases[index].worst().unwrap().finding.clone()
    };
    for (case, result) in cases.iter().zip(&outcome.cases) {
        let is_played = case.kind == CaseKind::Steps;
        assert_eq!(result.exchanges.len(), if is_played { repeat } else { 1 }, "{}", case.id);
    }
    let (handshakes, memory) = (finding(&CaseKind::Handshakes), finding(&CaseKind::Memory));
    drop(scope);
    let mut group = group.lock().await;
    Outcome { handshakes, memory, group: std::mem::replace(&mut *group, Group::begin()) }
}

/// Returns a server that keeps memory of violations up to `most` of them.
fn growing(most: usize) -> impl Fn(usize, usize) -> Effect + Send + Sync {
    move |_, kept| if kept < most { Effect::Growth } else { Effect::None }
}

/// The most connections to a server that is mute: for 16 cases, twice as many to ask whether it is
/// alive, and some to ask whether it answers at all.
const MAX_MUTE: usize = 40;

/// Violations, few enough that a server can keep 8 MiB of each.
const FEW: &str = "opcodes/rsv2-";

#[tokio::test]
async fn a_server_that_keeps_memory_of_each_violation_fails() {
    let (cases, count) = cases(FEW);
    for repeat in [1, 3] {
        let Outcome { handshakes, memory, group } = play(&cases, repeat, growing(usize::MAX)).await;
        assert_eq!(memory.verdict, Verdict::Fail, "{memory:?}");
        assert!(memory.reason.ends_with(" bytes after the same once again"), "{memory:?}");
        assert!(memory.expected.starts_with("has at most twice the memory"), "{memory:?}");
        // The last round is played twice, and counted once.
        assert_eq!(group.holders.len(), (repeat + 1) * count);
        let all = format!("after each of {} violations", repeat * count);
        assert!(handshakes.reason.contains(&all), "{handshakes:?}");
    }
}

#[tokio::test]
async fn a_server_that_keeps_no_more_of_the_same_is_tolerated() {
    let (cases, count) = cases(FEW);
    let Outcome { memory, group, .. } = play(&cases, 1, growing(count)).await;
    assert_eq!((memory.verdict, group.holders.len()), (Verdict::Tolerated, count), "{memory:?}");
    assert!(memory.reason.contains(" after the same once again: an allocator"), "{memory:?}");
    assert_eq!(group.violations, 2 * count);
    // One that does not grow is not asked again.
    let Outcome { memory, group, .. } = play(&cases, 1, growing(0)).await;
    assert_eq!((memory.verdict, group.violations), (Verdict::Pass, count), "{memory:?}");
}

#[tokio::test]
async fn a_server_that_dies_in_the_replay_fails() {
    let (cases, count) = cases(FEW);
    let dying = move |number: usize, _: usize| {
        if number == count { Effect::Death } else { Effect::Growth }
    };
    let Outcome { handshakes, memory, group } = play(&cases, 1, dying).await;
    assert_eq!(group.violations, count + 1);
    assert_eq!(memory.verdict, Verdict::NoAnswer, "{memory:?}");
    assert!(memory.reason.ends_with(", and it did not survive the same once again"), "{memory:?}");
    let reason = format!("opened no connection after 1 of {} violations", count + 1);
    assert_eq!((handshakes.verdict, handshakes.reason), (Verdict::Fail, reason));
}

/// It dies in the middle of the round, and once more when that case is played alone. Its successor grows
/// to a limit that it reaches only with the next round.
#[tokio::test]
async fn of_a_server_that_died_within_the_round_whole_rounds_are_compared() {
    let (cases, count) = cases(FEW);
    let (middle, most) = (count / 2, count - 1);
    let dying = move |number: usize, kept: usize| {
        if number == middle || number == middle + 1 {
            Effect::Death
        } else {
            growing(most)(number, kept)
        }
    };
    let Outcome { memory, group, .. } = play(&cases, 1, dying).await;
    assert_eq!((memory.verdict, group.holders.len()), (Verdict::Tolerated, most), "{memory:?}");
    assert!(memory.reason.contains("no more after the same once again"), "{memory:?}");
    // The case that it died of is played twice in the round, and not again.
    assert_eq!(group.violations, count + 1 + 2 * most);
}

#[tokio::test]
async fn a_replay_against_a_server_that_has_fallen_mute_is_given_up() {
    let (cases, count) = cases("opcodes/");
    assert!(count > MAX_MUTE, "{count}");
    let falling_mute = move |number: usize, kept: usize| {
        if number == count - 1 { Effect::Muteness } else { growing(4)(number, kept) }
    };
    let Outcome { memory, group, .. } = play(&cases, 1, falling_mute).await;
    assert_eq!(memory.verdict, Verdict::NoAnswer, "{memory:?}");
    assert!(memory.reason.ends_with(", and the same could not be played once again"), "{memory:?}");
    assert!(group.mute <= MAX_MUTE, "{} connections for {count} violations", group.mute);
}
