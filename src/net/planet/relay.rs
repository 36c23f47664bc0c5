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
    scope.spawn_thread("net-relay", relay).map_err(failed)?;
    told.recv().map_err(|_| "the network's scope has ended".to_owned())?.map_err(failed)?;
    Ok(counters)
}

fn shared(device: SyncDevice) -> io::Result<Arc<AsyncDevice>> {
    AsyncDevice::new(device).map(Arc::new)
}

/// One way: a device on either side, and the packets between them.
struct Way {
    from: Arc<AsyncDevice>,
    to: Arc<AsyncDevice>,
    alarm: Alarm,
    queue: PacketQueue,
}

impl Way {
    fn new(from: Arc<AsyncDevice>, to: Arc<AsyncDevice>, pace: Pace) -> io::Result<Self> {
        Ok(Self { from, to, alarm: Alarm::new()?, queue: PacketQueue::new(pace) })
    }

    /// Until a device is gone.
    async fn run(mut self, counter: &Counter) {
        let mut buf = [0; MTU as usize];
        loop {
            let due = self.queue.due();
            tokio::select! {
                biased;
                () = passed(&mut self.alarm, due) => self.deliver().await,
                read = self.from.recv(&mut buf) => match read {
                    Ok(count) => self.queue.push(Instant::now(), buf.get(..count).unwrap_or_default(), counter),
                    Err(_) => return,
                },
            }
        }
    }

    async fn deliver(&mut self) {
        let now = Instant::now();
        while let Some(packet) = self.queue.pop_due(now) {
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

/// The packets on the way, in order.
struct PacketQueue {
    link: Pace,
    packets: VecDeque<(Instant, Bytes)>,
    queued_bytes: usize,
}

impl PacketQueue {
    fn new(pace: Pace) -> Self {
        Self { link: pace, packets: VecDeque::new(), queued_bytes: 0 }
    }

    /// When the first of them arrives.
    fn due(&self) -> Option<Instant> {
        self.packets.front().map(|(due, _)| *due)
    }

    /// Counts a packet that comes at `now`, and puts it on the way or drops it.
    fn push(&mut self, now: Instant, packet: &[u8], counter: &Counter) {
        // Neighbour discovery of IPv6, say, has nobody to talk to.
        let Some(lengths) = Packet::read(packet) else { return };
        counter.packet(lengths);
        if self.link.waiting(now) > PATIENCE || packet.len() > MOST.saturating_sub(self.queued_bytes) {
            counter.dropped();
            return;
        }
        self.queued_bytes = self.queued_bytes.saturating_add(packet.len());
        self.packets.push_back((self.link.arrival(now, packet.len()), Bytes::copy_from_slice(packet)));
    }

    /// The next packet that has arrived by `now`.
    fn pop_due(&mut self, now: Instant) -> Option<Bytes> {
        let (_, packet) = self.packets.pop_front_if(|(due, _)| *due <= now)?;
        self.queued_bytes = self.queued_bytes.saturating_sub(packet.len());
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    /// An IPv4 packet of that many bytes, UDP.
    fn packet(length: u16) -> Vec<u8> {
        let mut packet = vec![0; usize::from(length)];
        packet[0] = 0x45;
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        packet[9] = 17;
        packet
    }

    fn queue(distance: Distance) -> (PacketQueue, Counters, Instant) {
        (PacketQueue::new(Pace::new(distance, 1)), Counters::default(), Instant::now())
    }

    #[test]
    fn a_packet_arrives_half_a_round_trip_later_and_in_order() {
        let (mut queue, counters, now) = queue(Distance { rtt: 30 * MILLI, ..Distance::default() });
        queue.push(now, &packet(100), &counters.to_server);
        queue.push(now + MILLI, &packet(200), &counters.to_server);
        queue.push(now + MILLI, b"no packet of IPv4", &counters.to_server);
        assert_eq!(queue.due(), Some(now + 15 * MILLI));
        assert_eq!(queue.pop_due(now + Duration::from_micros(14_999)), None);
        assert_eq!(queue.pop_due(now + 15 * MILLI).unwrap().len(), 100);
        assert_eq!(queue.due(), Some(now + 16 * MILLI));
        assert_eq!(queue.pop_due(now + 15 * MILLI), None);
        assert_eq!(queue.pop_due(now + 60 * MILLI).unwrap().len(), 200);
        assert_eq!((queue.pop_due(now + 60 * MILLI), queue.due(), queue.queued_bytes), (None, None, 0));
        let to_server = counters.counted().to_server;
        assert_eq!((to_server.packets, to_server.bytes, to_server.dropped), (2, 300, 0));
    }

    #[test]
    fn a_packet_that_would_wait_longer_than_100_ms_is_dropped() {
        // a packet of 1,000 bytes leaves in a millisecond
        let (mut queue, counters, now) =
            queue(Distance { bandwidth: Some(8_000_000), ..Distance::default() });
        for _ in 0..150 {
            queue.push(now, &packet(1000), &counters.to_client);
        }
        let to_client = counters.counted().to_client;
        assert_eq!((to_client.packets, to_client.dropped), (150, 49), "101 fit: the last waits for 100 ms");
        queue.push(now + 2 * MILLI, &packet(1000), &counters.to_client);
        assert_eq!(counters.counted().to_client.dropped, 49, "one has left meanwhile");
    }

    #[test]
    fn no_more_than_16_mib_are_on_the_way() {
        let (mut queue, counters, now) =
            queue(Distance { rtt: Duration::from_hours(1), ..Distance::default() });
        for _ in 0..12_000 {
            queue.push(now, &packet(MTU), &counters.to_client);
        }
        assert!(queue.queued_bytes <= MOST && queue.queued_bytes + usize::from(MTU) > MOST, "{}", queue.queued_bytes);
        let to_client = counters.counted().to_client;
        assert_eq!(to_client.packets - to_client.dropped, queue.packets.len() as u64);
    }
}
