//! The end of a lane that asks: it opens connections, does exchanges slice by slice, and times them.
//!
//! A time counts from before a request is given to the lane's client library until the whole reply has been compared.
//! At a fixed rate it counts from when the request was due, however late it could really begin.

mod bare;
mod hyper;
mod reqwest;
mod slice;
mod sse;
mod tcp;
#[cfg(test)]
mod trips;
mod way;
mod websocket;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::sync::mpsc;

use crate::race::dial::Dial;
use crate::race::order::{Answer, Goal, Order, Trust, hear, tell};
use crate::race::{Course, Kind, Lane};
use crate::scope::Scope;
use slice::Connections;
use way::{Opening, Way};

/// Does what the orders say, until they end; then all that was begun ends with the scope. `pinned` is told to the
/// referee: whether this process is where its placement puts it.
pub async fn client(
    scope: &Scope,
    pinned: bool,
    input: impl AsyncRead + Unpin + Send + 'static,
    mut output: impl AsyncWrite + Unpin,
) {
    let (post, mut orders) = mpsc::channel(1);
    scope.spawn("orders", async move {
        let mut input = BufReader::new(input);
        while let Ok(Some(order)) = hear::<Order>(&mut input).await {
            if post.send(order).await.is_err() {
                return;
            }
        }
    });
    let mut connections: Option<Connections> = None;
    while let Some(order) = orders.recv().await {
        let answer = match order {
            Order::Open { lane, course, goal } => match open(scope, lane, &course, goal).await {
                Ok(opened) => {
                    connections = Some(opened);
                    Answer::Opened { pinned }
                }
                Err(why) => Answer::Failed(why),
            },
            Order::Run { slice, most } => {
                let Some(connections) = &mut connections else { return };
                // whoever speaks while a slice runs, or hangs up, has no use for it any more
                tokio::select! {
                    biased;
                    ran = connections.run(scope, slice, most) => Answer::Ran(ran),
                    _ = orders.recv() => return,
                }
            }
            Order::Host { .. } | Order::Count | Order::Stall { .. } => {
                Answer::Failed("that is for a server".to_owned())
            }
        };
        if tell(&mut output, &answer).await.is_err() {
            return;
        }
    }
}

/// All connections of a lane.
async fn open(scope: &Scope, lane: Lane, course: &Course, goal: Goal) -> Result<Connections, String> {
    let protocol: Option<&[u8]> = match (&goal.trust, lane.kind) {
        (Trust::Plain, _) | (_, Kind::Tcp) => None,
        (_, Kind::Http2) => Some(b"h2"),
        _ => Some(b"http/1.1"),
    };
    let dial = Dial::new(goal, protocol)?;
    let opening = Arc::new(Opening::new(scope.child(), lane, course, dial)?);
    let mut ways = Vec::new();
    for _ in 0..course.connections {
        let opened = tokio::time::timeout(course.patience(), Way::open(&opening)).await;
        let late = || format!("no connection within {} s", course.patience().as_secs());
        ways.push(opened.unwrap_or_else(|_| Err(late()))?);
    }
    Connections::new(ways, course)
}
