//! The floor: raw TCP that gives back what comes, with tokio and nothing above it.

use std::io::{self, Write as _};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiretalk::scope::Scope;

/// The argument that makes this program the floor.
pub(crate) const NAME: &str = "floor";

/// Tells its address as `wiretalk serve` does, and serves until it is killed.
pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(async {
            let scope = Scope::new(|panic| {
                let _ = writeln!(io::stderr(), "{panic}");
            });
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            println!("tcp   tcp://{}/", listener.local_addr()?);
            io::stdout().flush()?;
            let task = scope.child();
            scope.spawn("accept", async move {
                while let Ok((stream, _)) = listener.accept().await {
                    task.spawn("echo", echo(stream));
                }
            });
            scope.closed().await;
            Ok::<(), io::Error>(())
        })
        .context("the raw TCP echo")
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
