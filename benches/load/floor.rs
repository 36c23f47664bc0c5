//! The floor of the measurements: an echo and a hub on raw TCP with tokio.

use std::future::pending;
use std::io::{self, Write as _};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiretalk::net::listen;
use wiretalk::scope::Scope;

/// The arguments with which this program runs as one of them, in a process of its own.
pub(crate) const ECHO: &str = "floor-echo";
pub(crate) const HUB: &str = "floor-hub";

/// Prints the address as `wiretalk serve` does, and serves until the process is killed.
pub(crate) fn run(name: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(async {
            let scope = Scope::new(|panic| {
                let _ = writeln!(io::stderr(), "{panic}");
            });
            let listener = listen(([127, 0, 0, 1], 0))?;
            println!("tcp   tcp://{}/", listener.local_addr()?);
            // A pipe is not flushed at a line feed.
            io::stdout().flush()?;
            let echoes = scope.child();
            if name == HUB {
                scope.spawn(name, hub(listener));
            } else {
                scope.spawn(name, async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        echoes.spawn("echo", echo(stream));
                    }
                });
            }
            scope.closed().await;
            Ok::<(), io::Error>(())
        })
        .context(name.to_owned())
}

async fn echo(mut stream: TcpStream) {
    // Fails only on a socket that is closed already, which the loop notices.
    let _ = stream.set_nodelay(true);
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// Sends everything from the first client to all clients. The others are never read.
async fn hub(listener: TcpListener) {
    let mut all: Vec<TcpStream> = Vec::new();
    let mut buffer = vec![0; 4096];
    loop {
        let sending = async {
            match all.first() {
                Some(first) => first.readable().await,
                None => pending().await,
            }
        };
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let _ = stream.set_nodelay(true);
                all.push(stream);
            },
            _ = sending => match all[0].try_read(&mut buffer) {
                Ok(0) => return,
                // A client whose socket is full misses a piece, and the measurement fails.
                Ok(count) => all.iter().for_each(|stream| drop(stream.try_write(&buffer[..count]))),
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            },
        }
    }
}
