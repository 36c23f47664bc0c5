//! HTTP/1.1 by hand (RFC 9112): what the protocol costs without a library. It knows `Content-Length` and nothing else.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::way::{Opening, same, too_long};
use crate::net::with_causes;
use crate::race::bare;
use crate::race::dial::Stream;

pub(super) struct Bare {
    stream: Stream,
    request: Bytes,
    payload: Bytes,
    reply: Vec<u8>,
    messages: usize,
}

impl Bare {
    pub(super) async fn open(opening: &Arc<Opening>) -> Result<Self, String> {
        let payload = opening.payload.clone();
        let mut request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n",
            opening.dial.goal.path,
            opening.dial.authority(),
            payload.len()
        );
        for (name, value) in opening.headers.of_requests() {
            request += &format!("{name}: {value}\r\n");
        }
        let mut request = (request + "\r\n").into_bytes();
        request.extend_from_slice(&payload);
        let stream = opening.dial.open().await?;
        let reply = Vec::with_capacity(payload.len().saturating_add(4096));
        Ok(Self { stream, request: request.into(), payload, reply, messages: opening.messages })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        for _ in 0..self.messages {
            self.stream.write_all(&self.request).await.map_err(with_causes)?;
            self.stream.flush().await.map_err(with_causes)?;
            self.reply().await?;
        }
        Ok(())
    }

    async fn reply(&mut self) -> Result<(), String> {
        self.reply.clear();
        loop {
            if self.stream.read_buf(&mut self.reply).await.map_err(with_causes)? == 0 {
                return Err("the server closed the connection".to_owned());
            }
            let Some(head) = bare::head(&self.reply)? else { continue };
            if !self.reply.starts_with(b"HTTP/1.1 200 ") {
                let line = self.reply.split(|&byte| byte == b'\r').next().unwrap_or_default();
                return Err(format!("the server answered {:?}, not 200", String::from_utf8_lossy(line)));
            }
            if head.body > self.payload.len() {
                return Err(too_long(self.payload.len()));
            }
            if let Some(body) = self.reply.get(head.end..).filter(|body| body.len() >= head.body) {
                return same(body, &self.payload);
            }
        }
    }
}
