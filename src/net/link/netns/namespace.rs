//! An end of the link: a thread in a network namespace of its own, with a TUN device in it.
//! It carries no packets; the device goes to the relay.

use std::io;
use std::net::Ipv4Addr;
use std::sync::mpsc::sync_channel;

use nix::sched::{CloneFlags, unshare};
use tokio::sync::mpsc::{Sender, channel};
use tun_rs::{DeviceBuilder, SyncDevice};

use super::endpoint::NamespaceJob;
use super::error::NetnsError;
use crate::scope::Scope;

/// The network's, in bytes: Ethernet's.
pub(super) const MTU: u16 = 1500;
/// Both addresses lie in one network.
const PREFIX_LEN: u8 = 24;
/// How many packets the kernel keeps for a relay that is not quick enough; the default of 500 is
/// less than one window.
const TX_QUEUE_LEN: u32 = 10_000;
/// How many jobs may wait.
const JOB_QUEUE_CAPACITY: usize = 16;

/// Starts the thread, which ends when nobody is left to give it jobs; what it is given jobs by, and
/// its device.
///
/// # Errors
/// If the thread, the namespace or the device cannot be had.
pub(super) fn spawn_namespace(
    scope: &Scope,
    name: &str,
    address: Ipv4Addr,
) -> Result<(Sender<NamespaceJob>, SyncDevice), NetnsError> {
    let (jobs, mut queue) = channel::<NamespaceJob>(JOB_QUEUE_CAPACITY);
    let (result_sender, result_receiver) = sync_channel(1);
    let end = move |_| async move {
        // Whoever opens waits for it; without a device there is nothing to stay for.
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
    let device = result_receiver.recv().map_err(|_| NetnsError::ScopeEnded)??;
    Ok((jobs, device))
}

/// Moves this thread, and no other, into a network namespace of its own.
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
