//! The floor: four bytes of length (big endian) and the payload, and the same back.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::way::{Opening, same};
use crate::net::with_causes;
use crate::race::dial::Stream;

pub(super) struct Tcp {
    stream: Stream,
    message: Bytes,
    reply: Vec<u8>,
    messages: usize,
}

impl Tcp {
    pub(super) async fn open(opening: &Arc<Opening>) -> Result<Self, String> {
        let mut message = BytesMut::new();
        let length = u32::try_from(opening.payload.len());
        message.put_u32(length.map_err(|_| "the payload is too long for a length of 32 bits")?);
        message.put_slice(&opening.payload);
        // more than the reply, as the other lanes have: a read that fills its buffer is followed by one in vain
        let reply = Vec::with_capacity(message.len().saturating_add(4096));
        let stream = opening.dial.open().await?;
        Ok(Self { stream, message: message.freeze(), reply, messages: opening.messages })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        for _ in 0..self.messages {
            self.stream.write_all(&self.message).await.map_err(with_causes)?;
            self.stream.flush().await.map_err(with_causes)?;
            self.reply.clear();
            while self.reply.len() < self.message.len() {
                if self.stream.read_buf(&mut self.reply).await.map_err(with_causes)? == 0 {
                    return Err("the server closed the connection".to_owned());
                }
            }
            same(&self.reply, &self.message)?;
        }
        Ok(())
    }
}
