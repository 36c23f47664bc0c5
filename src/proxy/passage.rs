//! One connection through the proxy: the client's socket and the server's, and a [`Gate`] for each direction.
//! Nothing is read that could not be kept: while a gate is full, its peer really waits.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

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
            refuse(client, &why, &teller).await;
            Err(why)
        }
    };
    teller.tell(Told::Ended(ended)).await;
}

/// An honest answer in the server's place.
async fn refuse(mut client: TcpStream, why: &str, teller: &Teller) {
    let body = format!("wiretalk is a proxy here, and there is no server behind it: {why}\n");
    let answer = format!(
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    teller
        .tell(Told::Injected { from: Side::Server, at: Instant::now(), bytes: answer.clone().into() })
        .await;
    if client.write_all(answer.as_bytes()).await.is_ok() {
        linger(client).await;
    }
}

/// One direction.
struct Lane {
    from: Side,
    gate: Gate,
    /// The sender's end of stream has come.
    ended: bool,
    /// It was passed on.
    told: bool,
    unflushed: bool,
    waits: (usize, usize),
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

struct Passage {
    lanes: [Lane; 2],
    teller: Teller,
}

/// Why it is over: the end of both streams, or a reset that is passed on.
enum Over {
    Ends,
    Reset(String),
}

impl Passage {
    fn new(options: &Options, teller: Teller) -> Self {
        let lane = |from, hold| Lane {
            from,
            gate: Gate::new(from, hold, options.hold_heads),
            ended: false,
            told: false,
            unflushed: false,
            waits: (0, 0),
        };
        Self {
            lanes: [lane(Side::Client, options.hold_client), lane(Side::Server, options.hold_server)],
            teller,
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
        }
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
            let over = tokio::select! {
                act = acts.recv(), if asked => {
                    asked = act.is_some();
                    act.map_or(Ok(()), |(from, act)| self.act(from, act))
                },
                done = go(&mut server_out, next_up, self.lanes[0].gate.out()), if next_up.is_some() => self.gone(0, next_up, done),
                done = go(&mut client_out, next_down, self.lanes[1].gate.out()), if next_down.is_some() => self.gone(1, next_down, done),
                read = client_in.read(&mut up), if reads_up => self.came(0, read, &up).await,
                read = server_in.read(&mut down), if reads_down => self.came(1, read, &down).await,
            };
            if let Err(why) = over {
                return Over::Reset(why);
            }
            self.news().await;
        }
    }

    fn act(&mut self, from: Side, act: Act) -> Result<(), String> {
        let gate = &mut self.lanes[usize::from(from == Side::Server)].gate;
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

    async fn came(&mut self, lane: usize, read: io::Result<usize>, buffer: &[u8]) -> Result<(), String> {
        let at = Instant::now();
        let from = self.lanes[lane].from;
        let count = match read {
            Ok(count) => count,
            // TLS without its own goodbye
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(format!("the {from}'s connection broke: {}", in_words(&error))),
        };
        let bytes = buffer[..count].to_vec();
        self.teller.tell(Told::Bytes { from, at, bytes }).await;
        self.lanes[lane].gate.push(&buffer[..count]);
        self.lanes[lane].ended = count == 0;
        let [client, server] = &mut self.lanes;
        if server.gate.has_given_up() && !client.gate.has_given_up() {
            client.gate.give_up();
        }
        Ok(())
    }

    fn gone(&mut self, lane: usize, next: Option<Next>, done: io::Result<usize>) -> Result<(), String> {
        let lane = &mut self.lanes[lane];
        match (next, done) {
            (_, Err(error)) => {
                return Err(format!("the {}'s connection broke: {}", lane.from.peer(), in_words(&error)));
            }
            (Some(Next::Fin), Ok(_)) => lane.told = true,
            (next, Ok(count)) => {
                lane.gate.sent(count);
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
