//! The comparison as it is run: the server on a thread of its own, then the clients, then the source, reports on the way.
//!
//! It belongs on a thread and runtime of its own; nothing in it waits for whoever reads the reports.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::feed::board::Board;
use crate::feed::client::Client;
use crate::feed::server::Door;
use crate::feed::source::{News, Walk, happen};
use crate::feed::{Clock, Course, Live, Way};
use crate::net::Traffic;
use crate::scope::Scope;

/// The shortest time between two reports.
const REPORT: Duration = Duration::from_millis(33);
/// How long the clients may take to get ready, beyond four round trips, before something happens all the same.
const READY: Duration = Duration::from_secs(3);

/// What a comparison tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// Where it stands; some are left out if the reader is slow.
    Live(Box<Live>),
    /// How it ended; always sent, always last.
    End(Result<Box<Live>, String>),
}

/// Runs the comparison to its end and reports on the way. Ending `scope`, which owns the server's thread and the clients,
/// ends it at once; so does dropping the future.
///
/// Nothing happens while `flowing` is false.
pub async fn run(
    course: Course,
    scope: Scope,
    flowing: watch::Receiver<bool>,
    reports: mpsc::Sender<Report>,
) {
    // a scope of its own: the caller may stand in the one it gave
    let work = scope.child();
    let end = compare(&course, &work, flowing, &reports).await;
    work.cancel();
    // the reader is gone only if nobody wants the outcome
    let _ = reports.send(Report::End(end)).await;
}

async fn compare(
    course: &Course,
    scope: &Scope,
    flowing: watch::Receiver<bool>,
    reports: &mpsc::Sender<Report>,
) -> Result<Box<Live>, String> {
    let (gates, doors) = open(course, scope).await?;
    let ways: Vec<_> = doors.iter().map(|door| (door.way, door.traffic.clone())).collect();
    let board = Arc::new(Mutex::new(Board::new(&ways)));
    let clock = Clock::start();
    for Entrance { way, address, .. } in doors {
        let client = Client { way, address, pause: course.pause, clock, board: board.clone() };
        scope.spawn("feed client", client.run());
    }
    let ready = async {
        while !look(&board, Board::all_begun) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    // one that is not ready by then is late, and its ages will say so
    let _ = timeout(READY.saturating_add(course.rtt.saturating_mul(4)), ready).await;
    let source = Source { walk: Walk::new(course.seed, course.gap), clock, board: board.clone(), flowing };
    gates.send(source).map_err(|_| "the feed's server has ended".to_owned())?;

    let mut reporting = interval(REPORT);
    reporting.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        reporting.tick().await;
        let live = Box::new(look(&board, |board| board.live(clock.now())));
        if live.elapsed >= course.length {
            return Ok(live);
        }
        // a slow reader misses a report, but never slows the feed
        let _ = reports.try_send(Report::Live(live));
    }
}

fn look<T>(board: &Mutex<Board>, at: impl FnOnce(&Board) -> T) -> T {
    at(&board.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What the server's thread needs to let things happen.
struct Source {
    walk: Walk,
    clock: Clock,
    board: Arc<Mutex<Board>>,
    flowing: watch::Receiver<bool>,
}

/// Where a way's server is to be found.
struct Entrance {
    way: Way,
    address: SocketAddr,
    traffic: Arc<Traffic>,
}

/// Starts the server, on a thread of `scope`; things happen once it is sent a source.
async fn open(course: &Course, scope: &Scope) -> Result<(oneshot::Sender<Source>, Vec<Entrance>), String> {
    let (tell, told) = oneshot::channel();
    let (gates, source) = oneshot::channel();
    let (ways, rtt) = (course.ways.clone(), course.rtt);
    let started = scope.spawn_thread("feed server", move |scope| async move {
        let news = News::new();
        let (doors, entrances) = match doors(&ways, rtt) {
            Ok(opened) => opened,
            Err(error) => return drop(tell.send(Err(error))),
        };
        for door in doors {
            scope.spawn("feed door", door.serve(news.clone(), scope.child()));
        }
        let _ = tell.send(Ok(entrances));
        // the other end is gone only if the comparison is
        let Ok(Source { walk, clock, board, flowing }) = source.await else { return };
        happen(walk, clock, board, news, flowing).await;
    });
    let could_not = |error: io::Error| format!("could not start the feed's server: {error}");
    started.map_err(could_not)?;
    match told.await {
        Ok(entrances) => Ok((gates, entrances.map_err(could_not)?)),
        Err(_) => Err("the feed's server has ended".to_owned()),
    }
}

fn doors(ways: &[Way], rtt: Duration) -> io::Result<(Vec<Door>, Vec<Entrance>)> {
    let mut doors = Vec::new();
    for way in ways {
        doors.push(Door::open(*way, rtt)?);
    }
    let entrance = |(way, door): (&Way, &Door)| {
        Ok(Entrance { way: *way, address: door.address()?, traffic: door.traffic() })
    };
    let entrances = ways.iter().zip(&doors).map(entrance).collect::<io::Result<_>>()?;
    Ok((doors, entrances))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::feed::Standing;
    use crate::feed::server::{options, serve_connection};
    use crate::net::paused::PausedClock;
    use crate::net::{self, Clock as _, Distance, Line, Stall, Tap};

    /// How long a test on real sockets may take before it is called hung.
    const HUNG: Duration = Duration::from_mins(1);

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn scope() -> Scope {
        Scope::new(|panic| panic!("{panic}"))
    }

    fn near() -> Course {
        Course { gap: ms(40), pause: ms(100), rtt: ms(0), length: ms(1_500), ..Course::default() }
    }

    /// A comparison in a time that passes only while all wait: the same servers, clients and source, with pipes for
    /// sockets.
    struct Paced {
        board: Arc<Mutex<Board>>,
        clock: Clock,
        switch: watch::Sender<bool>,
        _scope: Scope,
    }

    impl Paced {
        async fn start(course: &Course) -> Self {
            let (scope, news, clock) = (scope(), News::new(), Clock::start());
            let ways: Vec<_> = course.ways.iter().map(|way| (*way, Arc::<Traffic>::default())).collect();
            let board = Arc::new(Mutex::new(Board::new(&ways)));
            let distance = Distance { rtt: course.rtt, ..Distance::default() };
            for (way, traffic) in ways {
                let (near, far) = duplex(64 << 10);
                let (now, tap) = (PausedClock::now(), Tap::new(far, traffic.connection()));
                let line = Line::<_, PausedClock>::with_clock(tap, distance, now, Stall::since(now), 0).unwrap();
                let address = ([127, 0, 0, 1], 9).into();
                scope.spawn(
                    "server",
                    serve_connection(way, line, address, news.clone(), options(Arc::default())),
                );
                let client = Client { way, address, pause: course.pause, clock, board: board.clone() };
                scope.spawn("client", async move { client.over(near).await.unwrap() });
            }
            while !look(&board, Board::all_begun) {
                sleep(ms(1)).await;
            }
            let switch = watch::Sender::new(true);
            let walk = Walk::new(course.seed, course.gap);
            scope.spawn("source", happen(walk, clock, board.clone(), news, switch.subscribe()));
            Self { board, clock, switch, _scope: scope }
        }

        /// Where it stands when `span` has passed.
        async fn after(&self, span: Duration) -> Live {
            sleep(span).await;
            look(&self.board, |board| board.live(self.clock.now()))
        }
    }

    fn way(live: &Live, way: Way) -> &Standing {
        live.ways.iter().find(|standing| standing.way == way).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_told_is_fresher_than_who_asks_and_asks_once() {
        let live = Paced::start(&near()).await.after(ms(1_500)).await;
        assert!(live.events > 15, "{live:?}");
        for standing in &live.ways {
            assert_eq!(standing.failed, None, "{:?}", standing.way);
            assert!(standing.ages.count >= live.events - 8, "{:?}: {:?}", standing.way, standing.ages);
            assert!(standing.bytes.0 > 0 && standing.bytes.1 > 40 * live.events / 4, "{:?}", standing.bytes);
        }
        let poll = way(&live, Way::Poll);
        assert!((15..=16).contains(&poll.requests), "{} in 1.5 s, one each 100 ms", poll.requests);
        assert!(poll.mean > ms(30), "{:?}, half of the pause in theory", poll.mean);
        // one that is out, and one for each event but those that happened while it was on its way
        let long = way(&live, Way::LongPoll).requests;
        assert!((10..=live.events + 2).contains(&long), "{long}");
        for push in [Way::WebSocket, Way::Sse] {
            assert_eq!(way(&live, push).requests, 1, "{push:?}");
            assert!(
                way(&live, push).mean < Duration::from_micros(1),
                "{push:?}: {:?}",
                way(&live, push).mean
            );
        }
        let bytes = |one: Way| way(&live, one).bytes.1;
        assert!(
            bytes(Way::WebSocket) < bytes(Way::Sse) && bytes(Way::Sse) < bytes(Way::LongPoll),
            "framing is little"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn over_a_distance_push_takes_half_a_round_trip_and_polling_the_pause_as_well() {
        let course = Course { gap: ms(60), rtt: ms(60), pause: ms(200), ..near() };
        let live = Paced::start(&course).await.after(ms(30_000)).await;
        for push in [Way::WebSocket, Way::Sse] {
            // the histogram keeps three digits
            let mean = way(&live, push).mean;
            assert!((ms(30)..ms(30) + ms(1) / 10).contains(&mean), "{push:?}: {mean:?}");
        }
        let long = way(&live, Way::LongPoll).mean;
        assert!(course.expected(Way::LongPoll).contains(&long), "{long:?}, theory says 30 to 90 ms");
        let poll = way(&live, Way::Poll).mean;
        assert!((ms(150)..ms(170)).contains(&poll), "{poll:?}, theory says {:?}", course.expected(Way::Poll));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_costs_push_nothing_and_polling_goes_on_asking() {
        let running = Paced::start(&near()).await;
        running.after(ms(500)).await;
        running.switch.send_replace(false);
        // what was under way has arrived
        let silent = running.after(ms(300)).await;
        let live = running.after(ms(700)).await;
        assert!(silent.events > 0 && silent.events == live.events);
        for push in [Way::WebSocket, Way::Sse, Way::LongPoll] {
            assert_eq!(way(&silent, push).bytes, way(&live, push).bytes, "{push:?}");
        }
        let poll = |live: &Live| (way(live, Way::Poll).requests, way(live, Way::Poll).bytes.0);
        assert_eq!(poll(&live).0, poll(&silent).0 + 7);
        assert!(poll(&live).1 > poll(&silent).1 + 7 * 50);
        assert!(live.ways.iter().all(|standing| standing.behind.is_zero()), "what is known is not old");
    }

    /// Runs it on real sockets, until `enough` or to its end; what was told last, and whether that was the end.
    async fn play(course: Course, mut enough: impl FnMut(&Live) -> bool) -> (Live, bool) {
        let (reports, mut inbox) = mpsc::channel(8);
        let switch = watch::Sender::new(true);
        let around = scope();
        around.spawn("feed", run(course, around.child(), switch.subscribe(), reports));
        let reading = async {
            loop {
                match inbox.recv().await.expect("the end is always told") {
                    Report::Live(live) if enough(&live) => return (*live, false),
                    Report::Live(_) => {}
                    Report::End(end) => return (*end.unwrap(), true),
                }
            }
        };
        timeout(HUNG, reading).await.expect("it hung")
    }

    #[tokio::test]
    async fn on_real_sockets_each_way_hears_and_nothing_is_known_before_it_has_come() {
        let course = Course { rtt: ms(20), length: Duration::from_hours(1), ..near() };
        let enough = |live: &Live| live.ways.iter().all(|standing| standing.ages.count > 5);
        let (live, _) = play(course, enough).await;
        for standing in &live.ways {
            assert_eq!(standing.failed, None, "{:?}", standing.way);
            assert!(
                standing.mean >= ms(10),
                "{:?}: {:?} over half a round trip",
                standing.way,
                standing.mean
            );
            assert!(standing.bytes.0 > 0 && standing.bytes.1 > 0, "{:?}", standing.bytes);
        }
        for push in [Way::WebSocket, Way::Sse] {
            assert_eq!(way(&live, push).requests, 1);
        }
    }

    #[tokio::test]
    async fn it_ends_after_its_length() {
        let (live, ended) = play(Course { length: ms(200), ..near() }, |_| false).await;
        assert!(ended && live.elapsed >= ms(200), "{live:?}");
    }

    #[tokio::test]
    async fn a_way_whose_server_dies_or_talks_nonsense_says_so_and_the_others_go_on() {
        let course = Course { ways: vec![Way::WebSocket], ..near() };
        let nonsense = net::listen(([127, 0, 0, 1], 0)).unwrap();
        let ways =
            [(Way::WebSocket, Arc::default()), (Way::Poll, Arc::default()), (Way::Sse, Arc::default())];
        let board = Arc::new(Mutex::new(Board::new(&ways)));
        let around = scope();
        let server = around.child();
        let (gates, entrances) = open(&course, &server).await.unwrap();
        let clock = Clock::start();
        let client = |way, address| {
            let client = Client { way, address, pause: ms(10), clock, board: board.clone() };
            around.spawn("client", client.run());
        };
        client(Way::WebSocket, entrances[0].address);
        client(Way::Poll, nonsense.local_addr().unwrap());
        client(Way::Sse, nonsense.local_addr().unwrap());
        for _ in 0..2 {
            let (mut peer, _) = nonsense.accept().await.unwrap();
            let count = peer.read(&mut [0; 512]).await.unwrap();
            assert!(count > 0);
            peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\ndata: <html>\n\n\n").await.unwrap();
        }
        let flowing = watch::Sender::new(true);
        let walk = Walk::new(1, ms(10));
        let source = Source { walk, clock, board: board.clone(), flowing: flowing.subscribe() };
        assert!(gates.send(source).is_ok());
        let failed = |way| look(&board, |board| self::way(&board.live(ms(0)), way).failed.clone());
        until(|| failed(Way::Poll).is_some() && failed(Way::Sse).is_some()).await;
        for way in [Way::Poll, Way::Sse] {
            assert!(failed(way).unwrap().starts_with("this is no price: "), "{:?}", failed(way));
        }
        until(|| look(&board, |board| board.live(ms(0)).ways[0].ages.count > 3)).await;
        assert_eq!(failed(Way::WebSocket), None, "it goes on");
        server.cancel();
        until(|| failed(Way::WebSocket).is_some()).await;
    }

    async fn until(mut holds: impl FnMut() -> bool) {
        let holding = async {
            while !holds() {
                sleep(ms(10)).await;
            }
        };
        timeout(HUNG, holding).await.expect("it never held");
    }
}
