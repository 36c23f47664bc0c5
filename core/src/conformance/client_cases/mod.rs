//! The cases for clients: the server's side of the handshake, and frames that are not masked.

mod handshake;
mod masking;

use crate::conformance::case::Case;
use crate::conformance::case_builder::CaseBuilder;
use crate::conformance::cases;
use crate::wire::Side;

/// Returns all cases for clients. The same `seed` gives the same payloads.
pub fn client_cases(seed: u64) -> Vec<Case> {
    let mut builder = CaseBuilder::sent_by(Side::Server, seed);
    handshake::add(&mut builder);
    masking::add(&mut builder);
    cases::add_for_clients(&mut builder);
    masking::add_key_rules(&mut builder);
    builder.into_cases()
}
