//! The task of a session whose messages come in requests: it calls the handler and keeps the time.
//! A WebSocket's session is driven where its socket is.

use std::sync::Arc;

use tokio::sync::mpsc;
use wiretalk_core::sockjs::session::{CloseCause, SessionClose};

use crate::sockjs::handler::AnyHandler;
use crate::sockjs::session::{Batch, Session};

/// Drives a session until it is forgotten.
pub(super) async fn drive(
    session: Session,
    batches: mpsc::Receiver<Batch>,
    handler: Arc<dyn AnyHandler>,
) {
    let guard = Abandonment(session.clone());
    tokio::join!(call_handler(&session, batches, &*handler), session.keep_time());
    drop(guard);
}

async fn call_handler(
    session: &Session,
    mut batches: mpsc::Receiver<Batch>,
    handler: &dyn AnyHandler,
) {
    handler.open(session).await;
    let mut is_closing = false;
    loop {
        let batch = tokio::select! {
            biased;
            batch = batches.recv() => batch,
            () = session.until(|machine| machine.close_reason().is_some()), if !is_closing => {
                // What was accepted before the close is handed over before it.
                batches.close();
                is_closing = true;
                continue;
            }
        };
        let Some(batch) = batch else { break };
        for message in batch.messages {
            handler.message(session, message).await;
        }
        // Nobody may wait for it any more.
        let _ = batch.handled.send(());
        drop(batch.share);
    }
    finish(session, handler).await;
}

/// Tells the handler that the session has ended.
pub(super) async fn finish(session: &Session, handler: &dyn AnyHandler) {
    if let Some(close) = session.close_reason() {
        handler.close(session, &close).await;
    }
}

/// Drops the session if its task ends early: because a handler panicked, or with the server.
pub(super) struct Abandonment(pub(super) Session);

impl Drop for Abandonment {
    fn drop(&mut self) {
        if !self.0.is_forgotten() {
            let close = SessionClose::new(CloseCause::Failed, 1011, "The server failed");
            self.0.abandon(close);
        }
    }
}
