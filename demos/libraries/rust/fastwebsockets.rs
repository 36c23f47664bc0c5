//! An echo on fastwebsockets with its default options, behind hyper.

use fastwebsockets::upgrade::{UpgradeFut, upgrade};
use fastwebsockets::{FragmentCollector, OpCode, WebSocketError};
use hyper::{Request, body::Incoming};

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(upgraded.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

async fn answer(request: Request<Incoming>) -> Result<listen::Response, WebSocketError> {
    let (response, upgraded) = upgrade(request)?;
    tokio::spawn(echo(upgraded));
    Ok(response)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    listen::serve_http(answer).await
}
