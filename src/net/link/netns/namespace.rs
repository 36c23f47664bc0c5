//! One end of the network: a thread in a network namespace of its own, with a TUN device. It
//! carries no packets; the device goes to the relay.

use std::io;
use std::net::Ipv4Addr;
use std::sync::mpsc::sync_channel;

use nix::sched::{CloneFlags, unshare};
use tokio::sync::mpsc::{Sender, channel};
use tun_rs::{DeviceBuilder, SyncDevice};

use super::error::NetnsError;
use super::peer_role::NamespaceJob;
use crate::scope::Scope;

/// The MTU of the network in bytes, the same as Ethernet's.
pub(super) const MTU: u16 = 1500;
/// The length of the network prefix that both addresses share.
const PREFIX_LEN: u8 = 24;
/// The number of packets that the kernel queues for a relay that lags. The default of 500 is less
/// than one TCP window.
const TX_QUEUE_LEN: u32 = 10_000;
/// The maximum number of waiting jobs.
const JOB_QUEUE_CAPACITY: usize = 16;

/// Starts the thread of an end, which runs jobs until the returned sender is dropped. Returns the
/// sender and the TUN device.
///
/// # Errors
/// Fails if the thread, the namespace or the device cannot be created.
pub(super) fn spawn_namespace(
    scope: &Scope,
    name: &str,
    address: Ipv4Addr,
) -> Result<(Sender<NamespaceJob>, SyncDevice), NetnsError> {
    let (jobs, mut queue) = channel::<NamespaceJob>(JOB_QUEUE_CAPACITY);
    let (result_sender, result_receiver) = sync_channel(1);
    let end = move |_| async move {
        // The caller waits for this result. Without a device there is nothing to run jobs for.
        if let Err(error) =
            result_sender.send(enter_new_namespace().and_then(|()| create_tun_device(address)))
        {
            drop(error);
            return;
        }
        while let Some(job) = queue.recv().await {
            job();
        }
    };
    scope.spawn_thread(name, end).map_err(NetnsError::Thread)?;
    // Dropped without a result: the scope did not run the thread's work any more.
    let device = result_receiver.recv().map_err(|_| NetnsError::ScopeEnded)??;
    Ok((jobs, device))
}

/// Moves the calling thread, and no other, into a new network namespace.
fn enter_new_namespace() -> Result<(), NetnsError> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|error| NetnsError::Namespace(io::Error::from(error)))
}

fn create_tun_device(address: Ipv4Addr) -> Result<SyncDevice, NetnsError> {
    let device = DeviceBuilder::new()
        .name("wiretalk0")
        .mtu(MTU)
        .tx_queue_len(TX_QUEUE_LEN)
        .ipv4(address, PREFIX_LEN, None);
    device.build_sync().map_err(NetnsError::TunDevice)
}
