//! Raw TCP, the floor: four bytes of length (big endian) and the payload, echoed back.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::reply::check_reply;
use super::setup::LaneSetup;
use crate::race::connector::Stream;
use crate::race::error::LaneError;

pub(super) struct RawTcp {
    stream: Stream,
    message: Bytes,
    reply: Vec<u8>,
    messages: usize,
}

impl RawTcp {
    pub(super) async fn open(setup: &Arc<LaneSetup>) -> Result<Self, LaneError> {
        let mut message = BytesMut::new();
        let length = u32::try_from(setup.payload.len());
        message.put_u32(length.map_err(|_| LaneError::LongPayload)?);
        message.put_slice(&setup.payload);
        // The buffer is larger than the reply, as in the other lanes: after a read that fills the
        // buffer tokio takes the socket for readable still, and the next read is in vain.
        let reply = Vec::with_capacity(message.len().saturating_add(4096));
        let stream = setup.connector.connect().await?;
        Ok(Self { stream, message: message.freeze(), reply, messages: setup.messages })
    }

    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        for _ in 0..self.messages {
            self.stream.write_all(&self.message).await?;
            self.stream.flush().await?;
            self.reply.clear();
            while self.reply.len() < self.message.len() {
                if self.stream.read_buf(&mut self.reply).await? == 0 {
                    return Err(LaneError::Closed);
                }
            }
            check_reply(&self.reply, &self.message)?;
        }
        Ok(())
    }
}
