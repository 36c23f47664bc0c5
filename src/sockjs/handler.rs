//! [`Handler`]: what an application does with its sessions.

use std::future::Future;
use std::pin::Pin;

use crate::sockjs::session::Session;
use wiretalk_core::sockjs::session::SessionClose;
use wiretalk_core::sockjs::JsString;

/// An application. Of one session, a callback at a time runs, in this order: `open`, `message` for
/// each message, `close`. While a callback waits, its session's client waits too: so a handler that
/// awaits [`Session::send`] slows down whoever sends faster than it reads.
pub trait Handler: Send + Sync + 'static {
    /// Is called when a session begins.
    fn open(&self, session: &Session) -> impl Future<Output = ()> + Send {
        let _ = session;
        async {}
    }

    /// Is called for each message, in order.
    fn message(&self, session: &Session, message: JsString) -> impl Future<Output = ()> + Send;

    /// Is called once a session has ended. Nothing can be sent any more.
    fn close(&self, session: &Session, close: &SessionClose) -> impl Future<Output = ()> + Send {
        let _ = (session, close);
        async {}
    }
}

type Callback<'c> = Pin<Box<dyn Future<Output = ()> + Send + 'c>>;

/// A [`Handler`] of any type, so that the server's code is compiled once.
pub(super) trait AnyHandler: Send + Sync {
    fn open<'c>(&'c self, session: &'c Session) -> Callback<'c>;
    fn message<'c>(&'c self, session: &'c Session, message: JsString) -> Callback<'c>;
    fn close<'c>(&'c self, session: &'c Session, close: &'c SessionClose) -> Callback<'c>;
}

impl<H: Handler> AnyHandler for H {
    fn open<'c>(&'c self, session: &'c Session) -> Callback<'c> {
        Box::pin(Handler::open(self, session))
    }

    fn message<'c>(&'c self, session: &'c Session, message: JsString) -> Callback<'c> {
        Box::pin(Handler::message(self, session, message))
    }

    fn close<'c>(&'c self, session: &'c Session, close: &'c SessionClose) -> Callback<'c> {
        Box::pin(Handler::close(self, session, close))
    }
}
