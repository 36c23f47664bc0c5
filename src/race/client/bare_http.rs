//! HTTP/1.1 by hand (RFC 9112), which shows what the protocol costs without a library. Only
//! `Content-Length` is supported.

use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::reply::check_reply;
use super::setup::LaneSetup;
use crate::race::bare_http;
use crate::race::connector::Stream;
use crate::race::error::LaneError;

pub(super) struct BareHttp {
    stream: Stream,
    request: Bytes,
    payload: Bytes,
    reply: Vec<u8>,
    messages: usize,
}

impl BareHttp {
    pub(super) async fn open(setup: &Arc<LaneSetup>) -> Result<Self, LaneError> {
        let payload = setup.payload.clone();
        let mut request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n",
            setup.connector.target.path,
            setup.connector.authority(),
            payload.len()
        );
        for (name, value) in setup.headers.request_headers() {
            request += &format!("{name}: {value}\r\n");
        }
        let mut request = (request + "\r\n").into_bytes();
        request.extend_from_slice(&payload);
        let stream = setup.connector.connect().await?;
        let reply = Vec::with_capacity(payload.len().saturating_add(4096));
        Ok(Self { stream, request: request.into(), payload, reply, messages: setup.messages })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        for _ in 0..self.messages {
            self.stream.write_all(&self.request).await?;
            self.stream.flush().await?;
            self.read_reply().await?;
        }
        Ok(())
    }

    async fn read_reply(&mut self) -> Result<(), LaneError> {
        self.reply.clear();
        loop {
            if self.stream.read_buf(&mut self.reply).await? == 0 {
                return Err(LaneError::Closed);
            }
            let Some(head) = bare_http::parse_head(&self.reply)? else { continue };
            if !self.reply.starts_with(b"HTTP/1.1 200 ") {
                let line = self.reply.split(|&byte| byte == b'\r').next().unwrap_or_default();
                return Err(LaneError::StatusLine(String::from_utf8_lossy(line).into_owned()));
            }
            if head.body_len > self.payload.len() {
                return Err(LaneError::LongReply(self.payload.len()));
            }
            if let Some(body) =
                self.reply.get(head.len..).filter(|body| body.len() >= head.body_len)
            {
                return check_reply(body, &self.payload);
            }
        }
    }
}
