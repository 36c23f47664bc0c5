//! The strict echo of wiretalk, as a contestant: it takes an address, prints its URL, and ends with its
//! standard input. It is part of `wiretalk lab`, so there is nothing to build.

use std::io::{self, Write as _};
use std::net::SocketAddr;

use crate::scope::Scope;
use crate::servers::{ServerKind, ServerOptions, strict};

/// Serves until standard input ends.
///
/// # Errors
///
/// If the port cannot be bound, or standard output cannot be written.
pub(super) async fn serve(scope: &Scope, address: SocketAddr) -> io::Result<()> {
    let options = ServerOptions { port: address.port(), ..ServerOptions::default() };
    let (address, serving) = strict::bind(scope, options, ServerKind::Strict.policy())?;
    writeln!(io::stdout(), "listening on ws://{address}/")?;
    let (mut input, mut nowhere) = (tokio::io::stdin(), tokio::io::sink());
    tokio::select! {
        () = serving => Ok(()),
        ended = tokio::io::copy(&mut input, &mut nowhere) => ended.map(drop),
    }
}
