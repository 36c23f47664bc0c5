//! What is below IP: link types, Ethernet with its tags and labels, PPP and Wi-Fi.

pub(super) mod ethernet;
pub(super) mod link_type;
pub(super) mod ppp;
mod wifi;
