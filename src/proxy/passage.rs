//! One connection through the proxy: the client's socket and the server's, and a [`Gate`] for each direction.
//! Nothing is read that could not be kept: while a gate is full, its peer really waits.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::net::{Stream, connect, in_words, linger};
use crate::proxy::Told;
use crate::proxy::gate::{Done, Gate};
use crate::proxy::listen::{Options, Teller};
use crate::wire::Side;

/// A direction that holds this much reads no further.
const FULL: usize = 256 * 1024;

/// Read at once at most.
const READ: usize = 16 * 1024;

/// What is to be done with one direction of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Whole frames wait from now on; the peer waits too, once 256 KiB do.
    Hold,
    /// Let the first frame that waits pass, and only that.
    Step,
    /// Let everything pass again.
    Release,
    /// Throw away the first frame that waits.
    Drop,
    /// Put these bytes before the next frame.
    Inject(Vec<u8>),
    /// Reset the connection on both sides.
    Cut,
}

/// Serves one client to the end, which is told in words.
pub(super) async fn pass(
    client: TcpStream,
    peer: SocketAddr,
    options: Options,
    acts: mpsc::Receiver<(Side, Act)>,
    teller: Teller,
) {
    teller.tell(Told::Opened { peer }).await;
    let ended = match connect(&options.upstream, &options.tls, options.patience).await {
        Ok(server) => {
            let address = server.tcp().peer_addr().unwrap_or(options.listen);
            teller.tell(Told::Connected { server: address, how: server.secured() }).await;
            Passage::new(&options, teller.clone()).run(client, server, acts).await
        }
        Err(why) => {
            let told = format!("there is no server behind it: {why}");
            answer(client, "502 Bad Gateway", &told, &options, &teller).await;
            Err(why)
        }
    };
    teller.tell(Told::Ended(ended)).await;
}

/// An honest answer in the server's place.
async fn answer(mut client: TcpStream, status: &str, why: &str, options: &Options, teller: &Teller) {
    let body = format!("wiretalk is a proxy here, and {why}\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    teller
        .tell(Told::Injected { from: Side::Server, at: Instant::now(), bytes: answer.clone().into() })
        .await;
    // a client that does not even take its refusal is left
    if let Ok(Ok(())) = timeout(options.write_timeout, client.write_all(answer.as_bytes())).await {
        linger(client).await;
    }
}

/// One direction.
struct Lane {
    from: Side,
    gate: Gate,
    /// The sender's end of stream has come.
    ended: bool,
    /// The sender has sent anything at all.
    has_spoken: bool,
    /// The end of its stream was passed on.
    told: bool,
    unflushed: bool,
    waits: (usize, usize),
    /// How long the receiver has taken nothing, while there was something for it.
    stalled: Duration,
}

impl Lane {
    fn reads(&self) -> bool {
        !self.ended && self.gate.len() < FULL
    }

    fn next(&self) -> Option<Next> {
        if !self.gate.out().is_empty() {
            Some(Next::Write)
        } else if self.unflushed {
            Some(Next::Flush)
        } else {
            (self.ended && !self.told && self.gate.len() == 0).then_some(Next::Fin)
        }
    }
}

/// What a direction does next on the receiver's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Write,
    Flush,
    Fin,
}

/// What happens next on a connection.
enum Turn {
    Act(Option<(Side, Act)>),
    Gone(Side, Option<Next>, io::Result<usize>),
    Came(Side, io::Result<usize>),
    Late,
}

struct Passage {
    lanes: [Lane; 2],
    teller: Teller,
    options: Options,
    /// How long the client's head has been waited for.
    headless: Duration,
}

/// Why it is over: the end of both streams, a reset that is passed on, or a client without a request.
enum Over {
    Ends,
    Reset(String),
    Headless(String),
}

impl Passage {
    fn new(options: &Options, teller: Teller) -> Self {
        let lane = |from, hold| Lane {
            from,
            gate: Gate::new(from, hold, options.hold_heads),
            ended: false,
            has_spoken: false,
            told: false,
            unflushed: false,
            waits: (0, 0),
            stalled: Duration::ZERO,
        };
        Self {
            lanes: [lane(Side::Client, options.hold_client), lane(Side::Server, options.hold_server)],
            teller,
            options: options.clone(),
            headless: Duration::ZERO,
        }
    }

    async fn run(
        mut self,
        mut client: TcpStream,
        mut server: Stream,
        mut acts: mpsc::Receiver<(Side, Act)>,
    ) -> Result<String, String> {
        // an error of this leaves the answers a little later
        let _ = client.set_nodelay(true);
        let over = self.play(&mut client, &mut server, &mut acts).await;
        match over {
            Over::Ends => Ok("both sides have ended their streams".to_owned()),
            Over::Reset(why) => {
                // Closing with this option resets: what one side meant, the other gets to know.
                for socket in [&client, server.tcp()] {
                    let _ = socket.set_zero_linger();
                }
                Err(why)
            }
            Over::Headless(why) => {
                answer(client, "408 Request Timeout", &why, &self.options, &self.teller).await;
                Err(why)
            }
        }
    }

    /// The time that is left before somebody has been waited for too long. Only time in which nothing else was to be done
    /// counts: while the reports are full, nobody here can read or write.
    fn left(&self) -> Duration {
        let head = (!self.lanes[0].gate.is_past_head())
            .then(|| self.options.head_timeout.saturating_sub(self.headless));
        let stalled = self.lanes.iter().filter(|lane| lane.next().is_some());
        let writes = stalled.map(|lane| self.options.write_timeout.saturating_sub(lane.stalled));
        head.into_iter().chain(writes).min().unwrap_or(Duration::MAX)
    }

    /// So long nothing happened.
    fn waited(&mut self, time: Duration) {
        if !self.lanes[0].gate.is_past_head() {
            self.headless = self.headless.saturating_add(time);
        }
        for lane in &mut self.lanes {
            lane.stalled =
                if lane.next().is_some() { lane.stalled.saturating_add(time) } else { Duration::ZERO };
        }
    }

    /// Somebody has been waited for too long: whom, and for what.
    fn too_late(&self) -> Over {
        let Options { head_timeout, write_timeout, .. } = self.options;
        if let Some(lane) =
            self.lanes.iter().find(|lane| lane.next().is_some() && lane.stalled >= write_timeout)
        {
            let peer = lane.from.peer();
            return Over::Reset(format!("the {peer} has read nothing for {} s", write_timeout.as_secs_f32()));
        }
        let why = format!("the client has sent no whole request within {} s", head_timeout.as_secs_f32());
        // where the server has spoken, an answer of ours would stand in the middle of its own
        if self.lanes[1].has_spoken { Over::Reset(why) } else { Over::Headless(why) }
    }

    async fn play(
        &mut self,
        client: &mut TcpStream,
        server: &mut Stream,
        acts: &mut mpsc::Receiver<(Side, Act)>,
    ) -> Over {
        let (mut client_in, mut client_out) = tokio::io::split(client);
        let (mut server_in, mut server_out) = tokio::io::split(server);
        let (mut up, mut down) = (vec![0; READ], vec![0; READ]);
        let mut asked = true;
        loop {
            let [ours, theirs] = &self.lanes;
            if ours.told && theirs.told {
                return Over::Ends;
            }
            let (next_up, next_down) = (ours.next(), theirs.next());
            let (reads_up, reads_down) = (ours.reads(), theirs.reads());
            let (left, began) = (self.left(), Instant::now());
            let turn = tokio::select! {
                act = acts.recv(), if asked => Turn::Act(act),
                done = go(&mut server_out, next_up, self.lanes[0].gate.out()), if next_up.is_some() => Turn::Gone(Side::Client, next_up, done),
                done = go(&mut client_out, next_down, self.lanes[1].gate.out()), if next_down.is_some() => Turn::Gone(Side::Server, next_down, done),
                read = client_in.read(&mut up), if reads_up => Turn::Came(Side::Client, read),
                read = server_in.read(&mut down), if reads_down => Turn::Came(Side::Server, read),
                () = sleep(left), if left < Duration::MAX => Turn::Late,
            };
            // before what is told of it, which may have to wait for its reader
            self.waited(began.elapsed());
            let over = match turn {
                Turn::Act(act) => {
                    asked = act.is_some();
                    act.map_or(Ok(()), |(from, act)| self.act(from, act))
                }
                Turn::Gone(from, next, done) => self.gone(from, next, done),
                Turn::Came(Side::Client, read) => self.came(Side::Client, read, &up).await,
                Turn::Came(Side::Server, read) => self.came(Side::Server, read, &down).await,
                Turn::Late => return self.too_late(),
            };
            if let Err(why) = over {
                return Over::Reset(why);
            }
            self.news().await;
        }
    }

    /// The direction of what this side sends.
    fn lane(&mut self, from: Side) -> &mut Lane {
        let [client, server] = &mut self.lanes;
        match from {
            Side::Client => client,
            Side::Server => server,
        }
    }

    fn act(&mut self, from: Side, act: Act) -> Result<(), String> {
        let gate = &mut self.lane(from).gate;
        match act {
            Act::Hold => gate.hold(),
            Act::Release => gate.release(),
            // that nothing waits, or that there are no frames, is seen by nothing being told
            Act::Step => drop(gate.step()),
            Act::Drop => drop(gate.drop_one()),
            Act::Inject(bytes) => drop(gate.inject(bytes)),
            Act::Cut => return Err("cut by hand".to_owned()),
        }
        Ok(())
    }

    async fn came(&mut self, from: Side, read: io::Result<usize>, buffer: &[u8]) -> Result<(), String> {
        let at = Instant::now();
        let count = match read {
            Ok(count) => count,
            // TLS without its own goodbye
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(format!("the {from}'s connection broke: {}", in_words(&error))),
        };
        let bytes = buffer.get(..count).unwrap_or_default();
        self.teller.tell(Told::Bytes { from, at, bytes: bytes.to_vec() }).await;
        let lane = self.lane(from);
        lane.gate.push(bytes);
        lane.ended = bytes.is_empty();
        lane.has_spoken |= !bytes.is_empty();
        let [client, server] = &mut self.lanes;
        if server.gate.has_given_up() && !client.gate.has_given_up() {
            client.gate.give_up();
        }
        Ok(())
    }

    fn gone(&mut self, from: Side, next: Option<Next>, done: io::Result<usize>) -> Result<(), String> {
        let lane = self.lane(from);
        match (next, done) {
            (_, Err(error)) => {
                return Err(format!("the {}'s connection broke: {}", lane.from.peer(), in_words(&error)));
            }
            (Some(Next::Fin), Ok(_)) => lane.told = true,
            (next, Ok(count)) => {
                lane.gate.sent(count);
                lane.stalled = Duration::ZERO;
                lane.unflushed = next == Some(Next::Write);
            }
        }
        Ok(())
    }

    /// Tells what a peer cannot see: what was dropped and put in, and what waits.
    async fn news(&mut self) {
        for lane in &mut self.lanes {
            let (from, at) = (lane.from, Instant::now());
            for done in lane.gate.take_done() {
                let told = match done {
                    Done::Dropped(bytes) => Told::Dropped { from, at, bytes },
                    Done::Injected(bytes) => Told::Injected { from, at, bytes },
                };
                self.teller.tell(told).await;
            }
            let waits = lane.gate.waits();
            if waits != lane.waits {
                lane.waits = waits;
                self.teller.tell(Told::Waiting { from, frames: waits.0, bytes: waits.1 }).await;
            }
        }
    }
}

async fn go(writer: &mut (impl AsyncWrite + Unpin), next: Option<Next>, bytes: &[u8]) -> io::Result<usize> {
    match next {
        Some(Next::Write) => writer.write(bytes).await,
        Some(Next::Flush) => writer.flush().await.map(|()| 0),
        Some(Next::Fin) => writer.shutdown().await.map(|()| 0),
        None => Ok(0),
    }
}
