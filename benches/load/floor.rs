//! The floor: raw TCP with tokio and nothing above it, as an echo and as a hub.

use std::future::pending;
use std::io::{self, Write as _};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiretalk::net::listen;
use wiretalk::scope::Scope;

/// The arguments that make this program one of them.
pub(crate) const ECHO: &str = "floor-echo";
pub(crate) const HUB: &str = "floor-hub";

/// Tells its address as `wiretalk serve` does, and serves until it is killed.
pub(crate) fn run(name: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(async {
            let scope = Scope::new(|panic| {
                let _ = writeln!(io::stderr(), "{panic}");
            });
            let listener = listen(([127, 0, 0, 1], 0))?;
            println!("tcp   tcp://{}/", listener.local_addr()?);
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
    let _ = stream.set_nodelay(true);
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// Gives everybody what the first of them says; the others are never read.
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
                // Who misses a piece fails the measurement, which awaits it.
                Ok(count) => all.iter().for_each(|stream| drop(stream.try_write(&buffer[..count]))),
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            },
        }
    }
}
