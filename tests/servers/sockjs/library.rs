//! The server as a library: within any axum router, with a handler of one's own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use wiretalk::net::listen;
use wiretalk::scope::Scope;
use wiretalk::sockjs::{
    CloseCause, Handler, JsString, Options, SendError, Session, SessionClose, SessionLimits,
    SessionState, SockJs,
};

use super::session;
use crate::{TestServer, options, soon};

/// Serves a service below `/app`, as `axum::serve` does it.
fn serve(service: &SockJs) -> TestServer {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let listener = listen(([127, 0, 0, 1], 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let app = service.mount(Router::new(), "/app");
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    scope.spawn("axum", async move { axum::serve(listener, app).await.unwrap() });
    let (options, events) = options();
    let (shutdown, traffic) = (options.shutdown, options.traffic);
    TestServer { address, events, shutdown, traffic, scope }
}

/// A handler that keeps its sessions for the test and notes what happens to them.
#[derive(Clone, Default)]
struct Notes {
    sessions: Arc<Mutex<Vec<Session>>>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Notes {
    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    fn session(&self, index: usize) -> Session {
        self.sessions.lock().unwrap()[index].clone()
    }
}

impl Handler for Notes {
    async fn open(&self, session: &Session) {
        self.sessions.lock().unwrap().push(session.clone());
        self.lines.lock().unwrap().push("open".to_owned());
    }

    async fn message(&self, _: &Session, message: JsString) {
        assert_ne!(message, "panic", "the test asked for it");
        self.lines.lock().unwrap().push(message.to_string());
    }

    async fn close(&self, _: &Session, close: &SessionClose) {
        let line = format!("{} {} {}", close.cause.name(), close.code, close.reason);
        self.lines.lock().unwrap().push(line);
    }
}

#[tokio::test]
async fn a_handler_hears_of_everything_in_order() {
    let notes = Notes::default();
    let service = SockJs::new(notes.clone()).build();
    let server = serve(&service);
    let path = session("/app");
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "o\n");
    server.post(&format!("{path}/xhr_send"), "[\"a\",\"b\"]").await;
    server.post(&format!("{path}/xhr_send"), "[\"c\"]").await;
    let own = notes.session(0);
    assert_eq!((own.peer().unwrap().ip(), own.state()), (server.address.ip(), SessionState::Open));
    own.send("reply").await.unwrap();
    own.close(3456, "done");
    assert_eq!(own.send("late").await, Err(SendError::Closed));
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "a[\"reply\"]\n");
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "c[3456,\"done\"]\n");
    assert_eq!(server.post(&format!("{path}/xhr_send"), "[\"d\"]").await.status, 404);
    assert_eq!(notes.lines(), ["open", "a", "b", "c", "application 3456 done"]);
    let counters = service.counters();
    assert_eq!((counters.opened, counters.sessions), (1, 1));
    assert_eq!((counters.messages_in, counters.messages_out), (3, 1));
    assert_eq!(counters.closed_by(CloseCause::Application), 1);
    assert!(!format!("{own:?}").contains(path.rsplit('/').next().unwrap()), "the name is secret");
}

#[tokio::test]
async fn a_full_queue_says_so_or_makes_the_sender_wait() {
    let notes = Notes::default();
    let session_limits = SessionLimits { queued_messages: 2, ..SessionLimits::default() };
    let options = Options { session: session_limits, ..Options::default() };
    let service = SockJs::new(notes.clone()).options(options).build();
    let server = serve(&service);
    let path = session("/app");
    server.post(&format!("{path}/xhr"), "").await;
    let own = notes.session(0);
    own.try_send("a").unwrap();
    own.send("b").await.unwrap();
    let full = own.try_send("c").unwrap_err();
    assert_eq!((full.error, full.message), (SendError::Full, "c".into()));
    let waiting = own.send("c");
    let polling = async {
        tokio::task::yield_now().await;
        assert_eq!(own.queued(), (2, 2), "the third waits outside of the queue");
        server.post(&format!("{path}/xhr"), "").await.body
    };
    let (sent, body) = soon(async { tokio::join!(waiting, polling) }).await;
    assert_eq!((sent, &*body), (Ok(()), "a[\"a\",\"b\"]\n"));
    assert_eq!(server.post(&format!("{path}/xhr"), "").await.body, "a[\"c\"]\n");
}

#[tokio::test]
async fn a_drain_is_spread_and_refuses_new_sessions() {
    let service = SockJs::new(Notes::default()).build();
    let server = serve(&service);
    let mut streams = Vec::new();
    for _ in 0..4 {
        let path = session("/app");
        let mut stream = server.stream("POST", &format!("{path}/xhr_streaming"), &[]).await;
        stream.chunk().await;
        stream.chunk().await;
        streams.push(stream);
    }
    let begun = Instant::now();
    let window = Duration::from_millis(800);
    let draining = async {
        service.drain(1012, "Back soon", window).await;
        service.counters()
    };
    let watching = async {
        let answer = streams.iter_mut().map(async |stream| {
            assert_eq!(stream.chunk().await, "c[1012,\"Back soon\"]\n");
            begun.elapsed()
        });
        let mut times = futures_util::future::join_all(answer).await;
        times.sort();
        let refused = server.post(&format!("{}/xhr", session("/app")), "").await;
        assert_eq!(refused.status, 503);
        assert_eq!(refused.body, "this server shuts down and opens no more sessions\n");
        times
    };
    let (counters, times) = soon(async { tokio::join!(draining, watching) }).await;
    // The sessions have their turns from the beginning on, so a late look at one makes none of them early.
    for (time, turn) in times.iter().zip([0, 200, 400, 600]) {
        assert!(*time >= Duration::from_millis(turn), "{times:?}");
    }
    assert_eq!(counters.closed_by(CloseCause::Drained), 4);
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_session() {
    let panics = Arc::new(Mutex::new(Vec::new()));
    let answer = panics.clone();
    let scope = Scope::new(move |panic| answer.lock().unwrap().push(panic));
    let service = SockJs::new(Notes::default()).scope(&scope).build();
    let server = serve(&service);
    let (path, other) = (session("/app"), session("/app"));
    server.post(&format!("{other}/xhr"), "").await;
    let mut stream = server.stream("POST", &format!("{path}/xhr_streaming"), &[]).await;
    stream.chunk().await;
    assert_eq!(stream.chunk().await, "o\n");
    server.post(&format!("{path}/xhr_send"), "[\"panic\"]").await;
    assert_eq!(stream.chunk().await, "c[1011,\"The server failed\"]\n");
    assert_eq!(stream.chunk().await, "");
    assert!(panics.lock().unwrap()[0].contains("the test asked for it"));
    assert_eq!(server.post(&format!("{other}/xhr_send"), "[\"fine\"]").await.status, 204);
    assert_eq!(service.counters().sessions, 1);
}
