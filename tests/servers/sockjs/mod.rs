//! The SockJS server on real sockets: every transport, every limit, and what a hostile peer may not
//! do to the others.

mod client;
mod hostile;
mod library;
mod planted_bugs;
mod suite;
mod transports;

use tokio::sync::mpsc;
use wiretalk::servers::{Limits, ServerEvent, ServerOptions, SockJsServerOptions, sockjs};
use wiretalk::sockjs::Options;

use crate::{TestServer, test_server};

/// A SockJS server with limits of the test's own.
async fn sockjs_server(change: impl FnOnce(&mut Options, &mut Limits)) -> TestServer {
    let bind = async |scope, mut options: ServerOptions| {
        let mut own = SockJsServerOptions::default();
        options.limits.max_message = 1 << 20;
        change(&mut own.service, &mut options.limits);
        sockjs::bind(&scope, options, &own)
    };
    let mut server = test_server(bind).await;
    // Nobody reads the log; a full one must not matter.
    server.events = mpsc::channel::<ServerEvent>(1).1;
    server
}

/// A path of a session that no other test has.
fn session(endpoint: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{endpoint}/000/s{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
