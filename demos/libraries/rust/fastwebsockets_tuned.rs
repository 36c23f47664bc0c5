//! The echo on fastwebsockets with a lower limit, and a refusal where it drops the connection.

use fastwebsockets::upgrade::{UpgradeFut, is_upgrade_request, upgrade};
use fastwebsockets::{FragmentCollector, OpCode, WebSocketError};
use hyper::{Request, body::Incoming};

async fn echo(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = upgraded.await?;
    socket.set_max_message_size(16 << 20);
    let mut socket = FragmentCollector::new(socket);
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
    if !is_upgrade_request(&request) {
        return Ok(listen::refuse(400));
    }
    if !listen::same_origin(request.headers()) {
        return Ok(listen::refuse(403));
    }
    let Ok((response, upgraded)) = upgrade(request) else { return Ok(listen::refuse(400)) };
    tokio::spawn(echo(upgraded));
    Ok(response)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    listen::serve_http(answer).await
}
