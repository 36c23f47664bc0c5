//! The relay between a planet's ends: takes packets off one TUN device and puts them onto the other when they are due.
//! It changes no packet; of its contents it knows lengths only.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tun_rs::{AsyncDevice, SyncDevice};

use super::end::MTU;
use super::flow::{Counter, Counters, Packet};
use crate::net::distance::Pace;
use crate::net::{Alarm, Distance};
use crate::scope::Scope;

/// What may be on the way, each way, in bytes of packets.
const MOST: usize = 16 << 20;
/// How long a packet may wait to leave, as in the queue of a router that is not bloated.
const PATIENCE: Duration = Duration::from_millis(100);

/// Starts the relay on a thread of its own; what it counts.
///
/// # Errors
/// What failed.
pub(super) fn start(
    scope: &Scope,
    to_server: SyncDevice,
    to_client: SyncDevice,
    distance: Distance,
) -> Result<Arc<Counters>, String> {
    let counters = Arc::new(Counters::default());
    let counting = counters.clone();
    let (tell, told) = sync_channel(1);
    let relay = move |inner: Scope| async move {
        let ways = (|| {
            let (server, client) = (shared(to_server)?, shared(to_client)?);
            let up = Way::new(client.clone(), server.clone(), Pace::new(distance, 1))?;
            let down = Way::new(server, client, Pace::new(distance, 2))?;
            io::Result::Ok((up, down))
        })();
        let (ways, told) = match ways {
            Ok(ways) => (Some(ways), Ok(())),
            Err(error) => (None, Err(error)),
        };
        // Whoever starts it waits for it.
        let _ = tell.send(told);
        if let Some((up, down)) = ways {
            let counters = counting.clone();
            inner.spawn("relay to the server", async move { up.run(&counters.to_server).await });
            down.run(&counting.to_client).await;
        }
    };
    let failed = |error| format!("no relay between the network's ends: {error}");
    scope.thread("net-relay", relay).map_err(failed)?;
    told.recv().map_err(|_| "the network's scope has ended".to_owned())?.map_err(failed)?;
    Ok(counters)
}

fn shared(device: SyncDevice) -> io::Result<Arc<AsyncDevice>> {
    AsyncDevice::new(device).map(Arc::new)
}

/// One way, and the packets on it.
struct Way {
    from: Arc<AsyncDevice>,
    to: Arc<AsyncDevice>,
    pace: Pace,
    alarm: Alarm,
    queue: VecDeque<(Instant, Bytes)>,
    weight: usize,
}

impl Way {
    fn new(from: Arc<AsyncDevice>, to: Arc<AsyncDevice>, pace: Pace) -> io::Result<Self> {
        Ok(Self { from, to, pace, alarm: Alarm::new()?, queue: VecDeque::new(), weight: 0 })
    }

    /// Until a device is gone.
    async fn run(mut self, counter: &Counter) {
        let mut buf = [0; MTU as usize];
        loop {
            let due = self.queue.front().map(|(due, _)| *due);
            tokio::select! {
                biased;
                () = passed(&mut self.alarm, due) => self.deliver().await,
                read = self.from.recv(&mut buf) => match read {
                    Ok(count) => self.take(&buf[..count], counter),
                    Err(_) => return,
                },
            }
        }
    }

    fn take(&mut self, packet: &[u8], counter: &Counter) {
        // Neighbour discovery of IPv6, say, has nobody to talk to.
        let Some(lengths) = Packet::read(packet) else { return };
        counter.packet(lengths);
        let now = Instant::now();
        if self.pace.waiting(now) > PATIENCE || self.weight + packet.len() > MOST {
            counter.dropped();
            return;
        }
        self.weight += packet.len();
        self.queue.push_back((self.pace.arrival(now, packet.len()), Bytes::copy_from_slice(packet)));
    }

    async fn deliver(&mut self) {
        let now = Instant::now();
        while let Some((_, packet)) = self.queue.pop_front_if(|(due, _)| *due <= now) {
            self.weight -= packet.len();
            // What an end will not take is lost, as on any network; a device that is gone shows when it is read.
            let _ = self.to.send(&packet).await;
        }
    }
}

async fn passed(alarm: &mut Alarm, due: Option<Instant>) {
    match due {
        Some(due) => alarm.at(due).await,
        None => pending().await,
    }
}
