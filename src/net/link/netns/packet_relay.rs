//! The relay between two namespaces: reads packets from one TUN device and writes them to the other
//! when they are due. It changes no packet, and reads nothing but their lengths.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tun_rs::{AsyncDevice, SyncDevice};

use super::counters::{FlowCounters, LinkCounters, PacketLengths};
use super::error::NetnsError;
use super::namespace::MTU;
use crate::net::link::link_model::LinkModel;
use crate::net::{DeadlineTimer, LinkConditions};
use crate::scope::Scope;

/// The maximum number of packet bytes in flight in each direction.
const MAX_IN_FLIGHT: usize = 16 << 20;
/// The maximum time that a packet waits to leave, as in the queue of a router without bufferbloat.
const MAX_QUEUEING_DELAY: Duration = Duration::from_millis(100);

/// Starts the relay on a thread of its own and returns its counters.
///
/// # Errors
/// Fails if the thread or its timers cannot be created.
pub(super) fn start(
    scope: &Scope,
    to_server: SyncDevice,
    to_client: SyncDevice,
    conditions: LinkConditions,
) -> Result<Arc<LinkCounters>, NetnsError> {
    let counters = Arc::new(LinkCounters::default());
    let counting = counters.clone();
    let (ready_sender, ready_receiver) = sync_channel(1);
    let relay = move |inner: Scope| async move {
        let forwarders = (|| {
            // The devices are registered here, because they belong to the runtime of this thread.
            let (server, client) = (async_device(to_server)?, async_device(to_client)?);
            let up = PacketForwarder::new(
                client.clone(),
                server.clone(),
                LinkModel::new(conditions, 1),
            )?;
            let down = PacketForwarder::new(server, client, LinkModel::new(conditions, 2))?;
            io::Result::Ok((up, down))
        })();
        let (forwarders, started) = match forwarders {
            Ok(forwarders) => (Some(forwarders), Ok(())),
            Err(error) => (None, Err(error)),
        };
        // The error is ignored: the caller waits for this result and cannot be gone.
        let _ = ready_sender.send(started);
        if let Some((up, down)) = forwarders {
            let counters = counting.clone();
            inner.spawn("relay to the server", async move { up.run(&counters.to_server).await });
            down.run(&counting.to_client).await;
        }
    };
    scope.spawn_thread("net-relay", relay).map_err(NetnsError::Relay)?;
    ready_receiver.recv().map_err(|_| NetnsError::ScopeEnded)?.map_err(NetnsError::Relay)?;
    Ok(counters)
}

fn async_device(device: SyncDevice) -> io::Result<Arc<AsyncDevice>> {
    AsyncDevice::new(device).map(Arc::new)
}

/// One direction: the device that packets come from, the device that they go to, and the packets in
/// between.
struct PacketForwarder {
    from: Arc<AsyncDevice>,
    to: Arc<AsyncDevice>,
    timer: DeadlineTimer,
    queue: PacketQueue,
}

impl PacketForwarder {
    fn new(from: Arc<AsyncDevice>, to: Arc<AsyncDevice>, link: LinkModel) -> io::Result<Self> {
        Ok(Self { from, to, timer: DeadlineTimer::new()?, queue: PacketQueue::new(link) })
    }

    /// Forwards packets until a device is gone.
    async fn run(mut self, counter: &FlowCounters) {
        let mut buf = [0; MTU as usize];
        loop {
            let due = self.queue.due();
            tokio::select! {
                // Due packets go first, so that a busy sender cannot delay them.
                biased;
                () = sleep_until_due(&mut self.timer, due) => self.send_due().await,
                read = self.from.recv(&mut buf) => match read {
                    Ok(count) => {
                        let packet = buf.get(..count).unwrap_or_default();
                        self.queue.push(Instant::now(), packet, counter);
                    }
                    Err(_) => return,
                },
            }
        }
    }

    async fn send_due(&mut self) {
        let now = Instant::now();
        while let Some(packet) = self.queue.pop_due(now) {
            // The error is ignored: a packet that an end refuses is lost, as on any network. A
            // device that is gone shows when it is read.
            let _ = self.to.send(&packet).await;
        }
    }
}

async fn sleep_until_due(timer: &mut DeadlineTimer, due: Option<Instant>) {
    match due {
        Some(due) => timer.sleep_until(due).await,
        None => pending().await,
    }
}

/// The packets in flight, in order.
struct PacketQueue {
    link: LinkModel,
    packets: VecDeque<(Instant, Bytes)>,
    queued_bytes: usize,
}

impl PacketQueue {
    fn new(link: LinkModel) -> Self {
        Self { link, packets: VecDeque::new(), queued_bytes: 0 }
    }

    /// Returns when the first packet arrives.
    fn due(&self) -> Option<Instant> {
        self.packets.front().map(|(due, _)| *due)
    }

    /// Counts a packet that enters at `now`, and puts it in flight or drops it.
    fn push(&mut self, now: Instant, packet: &[u8], counter: &FlowCounters) {
        // Packets of IPv6, for example neighbour discovery, have no destination here.
        let Some(lengths) = PacketLengths::parse(packet) else { return };
        counter.count_packet(lengths);
        if self.link.queueing_delay(now) > MAX_QUEUEING_DELAY
            || packet.len() > MAX_IN_FLIGHT.saturating_sub(self.queued_bytes)
        {
            counter.count_drop();
            return;
        }
        self.queued_bytes = self.queued_bytes.saturating_add(packet.len());
        self.packets
            .push_back((self.link.arrival_time(now, packet.len()), Bytes::copy_from_slice(packet)));
    }

    /// Removes and returns the next packet that has arrived by `now`.
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

    /// Returns an IPv4 packet of `length` bytes with UDP.
    fn packet(length: u16) -> Vec<u8> {
        let mut packet = vec![0; usize::from(length)];
        packet[0] = 0x45;
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        packet[9] = 17;
        packet
    }

    fn queue(conditions: LinkConditions) -> (PacketQueue, LinkCounters, Instant) {
        (PacketQueue::new(LinkModel::new(conditions, 1)), LinkCounters::default(), Instant::now())
    }

    #[test]
    fn a_packet_arrives_half_a_round_trip_later_and_in_order() {
        let (mut queue, counters, now) =
            queue(LinkConditions { rtt: 30 * MILLI, ..LinkConditions::default() });
        queue.push(now, &packet(100), &counters.to_server);
        queue.push(now + MILLI, &packet(200), &counters.to_server);
        queue.push(now + MILLI, b"no packet of IPv4", &counters.to_server);
        assert_eq!(queue.due(), Some(now + 15 * MILLI));
        assert_eq!(queue.pop_due(now + Duration::from_micros(14_999)), None);
        assert_eq!(queue.pop_due(now + 15 * MILLI).unwrap().len(), 100);
        assert_eq!(queue.due(), Some(now + 16 * MILLI));
        assert_eq!(queue.pop_due(now + 15 * MILLI), None);
        assert_eq!(queue.pop_due(now + 60 * MILLI).unwrap().len(), 200);
        assert_eq!(
            (queue.pop_due(now + 60 * MILLI), queue.due(), queue.queued_bytes),
            (None, None, 0)
        );
        let to_server = counters.snapshot().to_server;
        assert_eq!((to_server.packets, to_server.bytes, to_server.dropped), (2, 300, 0));
    }

    #[test]
    fn a_packet_that_would_wait_longer_than_100_ms_is_dropped() {
        // A packet of 1,000 bytes takes a millisecond to leave.
        let (mut queue, counters, now) =
            queue(LinkConditions { bandwidth: Some(8_000_000), ..LinkConditions::default() });
        for _ in 0..150 {
            queue.push(now, &packet(1000), &counters.to_client);
        }
        let to_client = counters.snapshot().to_client;
        assert_eq!(
            (to_client.packets, to_client.dropped),
            (150, 49),
            "101 fit: the last waits for 100 ms"
        );
        queue.push(now + 2 * MILLI, &packet(1000), &counters.to_client);
        assert_eq!(counters.snapshot().to_client.dropped, 49, "one has left meanwhile");
    }

    #[test]
    fn no_more_than_16_mib_are_in_flight() {
        let (mut queue, counters, now) =
            queue(LinkConditions { rtt: Duration::from_hours(1), ..LinkConditions::default() });
        for _ in 0..12_000 {
            queue.push(now, &packet(MTU), &counters.to_client);
        }
        assert!(
            queue.queued_bytes <= MAX_IN_FLIGHT
                && queue.queued_bytes + usize::from(MTU) > MAX_IN_FLIGHT,
            "{}",
            queue.queued_bytes
        );
        let to_client = counters.snapshot().to_client;
        assert_eq!(to_client.packets - to_client.dropped, queue.packets.len() as u64);
    }
}
