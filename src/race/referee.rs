//! The race as it is run: warm-up, rounds of slices in shuffled order, reports on the way, and whether it counts.
//!
//! It measures nothing itself: a lane's two ends are processes of their own, and the referee sleeps while they run.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::measure::{Drift, SplitMix64};
use crate::net::{End, Planet};
use crate::race::against::LoadBudget;
use crate::race::machine::{Busy, ListenDrops};
use crate::race::order::Used;
use crate::race::outcome::{self, Outcome, Slice};
use crate::race::team::{Program, Team};
use crate::race::track::Track;
use crate::race::validity::Conditions;
use crate::race::{Course, Figures, Lane, LaneRatio, Machine};
use crate::scope::Scope;

/// The race while it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Live {
    /// The rounds that are complete.
    pub round: usize,
    /// The lane that runs just now; `None` while warming up.
    pub running: Option<Lane>,
    /// The lanes in the order of the course.
    pub lanes: Vec<Figures>,
    /// The ratios of the rounds that are complete.
    pub ratios: Vec<LaneRatio>,
}

/// What a race tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// Where it stands; some are left out if the reader is slow.
    Live(Live),
    /// How it ended; always sent, always last.
    End(Box<Outcome>),
}

/// What may be asked of a race while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The server of the lane that runs is to stand still that long.
    Stall(Duration),
}

/// Runs the race to its end and reports on the way. Dropping the future ends it and all its processes at once.
///
/// A lane that fails takes no further part; the others go on, and the outcome says why the run does not count.
pub async fn run(
    scope: &Scope,
    program: &Program,
    course: Course,
    reports: mpsc::Sender<Report>,
    wishes: mpsc::Receiver<Wish>,
) {
    let mut race = Race::new(course, reports, wishes);
    let failure = race.run(scope, program).await.err();
    let outcome = race.outcome(failure);
    // the reader is gone only if nobody wants the outcome
    let _ = race.reports.send(Report::End(Box::new(outcome))).await;
}

struct Race {
    course: Course,
    tracks: Vec<Track>,
    rounds: usize,
    ratios: Vec<LaneRatio>,
    slices: Vec<Slice>,
    pinned: bool,
    began: Option<Began>,
    foreign: Option<f64>,
    lost: Option<ListenDrops>,
    /// What may still be asked of others' servers; none without a bound.
    budget: Option<LoadBudget>,
    reports: mpsc::Sender<Report>,
    wishes: mpsc::Receiver<Wish>,
}

/// How things stood before the first round.
struct Began {
    at: Instant,
    busy: Option<Busy>,
    own: Used,
    cpus: Vec<usize>,
}

impl Race {
    fn new(course: Course, reports: mpsc::Sender<Report>, wishes: mpsc::Receiver<Wish>) -> Self {
        Self {
            course,
            tracks: Vec::new(),
            rounds: 0,
            ratios: Vec::new(),
            slices: Vec::new(),
            pinned: false,
            began: None,
            foreign: None,
            lost: None,
            budget: None,
            reports,
            wishes,
        }
    }

    async fn run(&mut self, scope: &Scope, program: &Program) -> Result<(), String> {
        self.course.check().map_err(|error| error.to_string())?;
        let far = self.course.real_net;
        let planet = if far { Some(Planet::start(scope, self.course.distance)?) } else { None };
        let bound = self.course.against.as_ref().and_then(|against| against.bound);
        self.budget = bound.map(|bound| LoadBudget::new(bound, &self.course));
        self.start(program, planet.as_ref()).await;
        self.warm_up().await;
        self.begin();
        let before = listen_drops(planet.as_ref());
        let mut rng = SplitMix64::new(self.course.seed);
        let mut order: Vec<usize> = (0..self.tracks.len()).collect();
        for round in 0..self.course.pairs {
            rng.shuffle(&mut order);
            if !self.round(round, &order).await {
                break;
            }
            self.rounds = round.saturating_add(1);
            self.ratios = outcome::ratios(&self.course, &self.figures());
            self.report(None);
        }
        self.foreign = self.foreign();
        self.lost = lost(before, planet.as_ref());
        Ok(())
    }

    /// One slice of every lane that does not count. Where a bound leaves nothing for it, the first round is the warm-up.
    async fn warm_up(&mut self) {
        let most = self.budget.map(|budget| budget.warm_up(&self.course, &self.running()));
        if most == Some(0) {
            return;
        }
        for index in 0..self.tracks.len() {
            self.slice(index, None, most).await;
        }
    }

    /// One slice of every lane, in this order; `false` if there is to be no further one.
    async fn round(&mut self, round: usize, order: &[usize]) -> bool {
        let lanes = self.running();
        let to_come = self.course.pairs.saturating_sub(round);
        let most = self.budget.map(|budget| budget.round(&self.course, &lanes, to_come));
        // a bound that leaves no round
        if lanes.is_empty() || most == Some(None) {
            return false;
        }
        for (place, &index) in order.iter().enumerate() {
            if self.is_out_of_time() || self.running().is_empty() {
                return false;
            }
            self.slice(index, Some((round, place)), most.flatten()).await;
        }
        true
    }

    /// The lanes that still take part.
    fn running(&self) -> Vec<Lane> {
        self.tracks.iter().filter(|track| track.team.is_some()).map(|track| track.lane).collect()
    }

    async fn start(&mut self, program: &Program, planet: Option<&Planet>) {
        let course = &self.course;
        let starting =
            course.lanes.iter().map(async |&lane| (lane, Team::start(program, lane, course, planet).await));
        let started = join_all(starting).await;
        self.tracks = started.into_iter().map(|(lane, team)| Track::new(lane, team)).collect();
        self.pinned = self.tracks.iter().filter_map(|track| track.team.as_ref()).all(|team| team.pinned);
        self.report(None);
    }

    fn begin(&mut self) {
        let cpus = if self.pinned { self.course.placement.cpus() } else { Vec::new() };
        self.began = Some(Began { at: Instant::now(), busy: Busy::now(&cpus), own: Used::now(), cpus });
    }

    /// One slice of a lane, of at most so many exchanges; without a round and a place in it a warm-up, which does not
    /// count.
    async fn slice(&mut self, index: usize, at: Option<(usize, usize)>, most: Option<u64>) {
        let Some(lane) = self.tracks.get(index).filter(|track| track.team.is_some()).map(|track| track.lane)
        else {
            return;
        };
        self.report(at.map(|_| lane));
        let ran = self.try_slice(index, at, most).await;
        if let (Some(budget), Some(most)) = (&mut self.budget, most) {
            // of a slice that broke off nobody knows what was asked for: all that it was allowed
            let done = ran.as_ref().map_or(most, |done| *done);
            budget.spend(done, &self.course, lane);
        }
        if let (Some(track), Err(why)) = (self.tracks.get_mut(index), ran) {
            track.fail(why);
        }
    }

    /// How many exchanges were done.
    async fn try_slice(
        &mut self,
        index: usize,
        at: Option<(usize, usize)>,
        most: Option<u64>,
    ) -> Result<u64, String> {
        let patience = self.course.patience();
        let length = if at.is_some() { self.course.slice } else { self.course.warm_up };
        let stall = next_stall(&mut self.wishes);
        let Some(track) = self.tracks.get_mut(index) else { return Ok(0) };
        let Some(team) = &mut track.team else { return Ok(0) };
        let before = team.count().await?;
        let ran = team.run(length, most, patience, stall).await?;
        let after = team.count().await?;
        let (error, done) =
            (ran.error.clone(), ran.times.iter().fold(0, |sum: u64, (_, count)| sum.saturating_add(*count)));
        if let Some(at) = at {
            self.slices.push(track.add(at, ran, before.zip(after)));
        }
        error.map_or(Ok(done), Err)
    }

    /// The time that a bound allows is over.
    fn is_out_of_time(&self) -> bool {
        let bound = self.course.against.as_ref().and_then(|against| against.bound);
        let over = |began: &Began| bound.is_some_and(|bound| began.at.elapsed() >= bound.time);
        self.began.as_ref().is_some_and(over)
    }

    fn figures(&self) -> Vec<Figures> {
        self.tracks.iter().map(Track::figures).collect()
    }

    /// Reports where the race stands.
    fn report(&mut self, running: Option<Lane>) {
        let live = Live { round: self.rounds, running, lanes: self.figures(), ratios: self.ratios.clone() };
        // a slow reader misses a report, but never slows the race
        let _ = self.reports.try_send(Report::Live(live));
    }

    /// The share of the CPUs that others have had since the race began.
    fn foreign(&self) -> Option<f64> {
        let Began { at, busy, own, cpus } = self.began.as_ref()?;
        let now = Busy::now(cpus)?;
        let racers = self.tracks.iter().map(Track::cpu).fold(Duration::ZERO, Duration::saturating_add);
        let ours = racers.saturating_add(Used::now().since(*own).cpu.unwrap_or_default());
        let count = if cpus.is_empty() { Machine::here().cpus } else { cpus.len() };
        Some(now.foreign_since((*busy)?, ours, at.elapsed(), count))
    }

    fn outcome(&self, failure: Option<String>) -> Outcome {
        let lanes = self.figures();
        let floor = lanes.iter().find(|figures| figures.lane == self.course.floor());
        let series: Vec<f64> =
            floor.map(|floor| floor.medians.iter().copied().flatten().collect()).unwrap_or_default();
        let drift = Drift::of(&series, self.course.seed);
        let conditions = Conditions {
            failure,
            lanes: &lanes,
            foreign: self.foreign,
            floor: self.course.floor(),
            drift,
            lost: self.lost,
            rounds: self.rounds,
        };
        let invalid_because = conditions.objections();
        Outcome {
            course: self.course.clone(),
            machine: Machine::here(),
            pinned: self.pinned,
            lanes,
            ratios: self.ratios.clone(),
            slices: self.slices.clone(),
            foreign: self.foreign,
            lost: self.lost,
            drift,
            invalid_because,
        }
    }
}

/// What the kernel has lost so far where the servers are.
fn listen_drops(planet: Option<&Planet>) -> Option<ListenDrops> {
    match planet {
        Some(planet) => planet.run_in(End::Server, ListenDrops::now).ok()?,
        None => ListenDrops::now(),
    }
}

fn lost(before: Option<ListenDrops>, planet: Option<&Planet>) -> Option<ListenDrops> {
    Some(listen_drops(planet)?.since(before?))
}

/// How long the server is to stand still, once somebody wishes it.
async fn next_stall(wishes: &mut mpsc::Receiver<Wish>) -> Duration {
    match wishes.recv().await {
        Some(Wish::Stall(time)) => time,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_race_during_which_the_kernel_lost_connections_does_not_count() {
        let (reports, _inbox) = mpsc::channel(1);
        let (_wishes, wished) = mpsc::channel(1);
        let mut race = Race::new(Course::default(), reports, wished);
        race.rounds = 1;
        assert!(race.outcome(None).valid());
        race.lost = Some(ListenDrops { overflows: 0, drops: 0 });
        assert!(race.outcome(None).valid());
        race.lost = Some(ListenDrops { overflows: 515, drops: 520 });
        let outcome = race.outcome(None);
        assert_eq!((outcome.valid(), outcome.lost), (false, race.lost));
        let sentence = outcome.sentence();
        assert!(sentence.starts_with("This run does not count: the kernel lost connections"), "{sentence}");
        let json = crate::race::record::json(&outcome);
        assert_eq!((&json["listen_overflows"], &json["listen_drops"]), (&515.into(), &520.into()));
    }
}
