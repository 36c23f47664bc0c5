//! A SockJS echo on axum: `cargo run --example sockjs_echo`, then a page with sockjs-client and
//! `new SockJS("http://127.0.0.1:8081/echo")`, or `wiretalk inspect
//! ws://127.0.0.1:8081/echo/websocket`.

use std::net::SocketAddr;

use axum::Router;
use wiretalk::sockjs::{Handler, JsString, Session, SockJs};

struct Echo;

impl Handler for Echo {
    async fn message(&self, session: &Session, message: JsString) {
        // It waits while the client reads too slowly. The session may be closed meanwhile.
        let _ = session.send(message).await;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let echo = SockJs::new(Echo).build();
    let app = echo.mount(Router::new(), "/echo");
    let listener = wiretalk::net::listen(([127, 0, 0, 1], 8081))?;
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await?;
    Ok(())
}
