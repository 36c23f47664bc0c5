//! [`Connection`]: one connection of a case, with what it has received.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use wiretalk_core::conformance::sockjs::Received;

use crate::conform::ConformConfig;
use crate::conform::exchange::{Exchange, open};
use crate::net::{ConnectError, MaybeTlsStream};
use crate::wire::Side;

const READ_BUFFER: usize = 16 << 10;

/// A connection that is open.
pub(super) struct Connection {
    stream: MaybeTlsStream,
    /// Everything that came on it.
    pub(super) received: Received,
    /// Its index among those of the exchange.
    index: usize,
    write_timeout: Duration,
}

/// The record of a case: its bytes, and when it began.
pub(super) struct Record {
    pub(super) exchange: Exchange,
    pub(super) began: Instant,
}

impl Connection {
    /// Opens a connection for a request with this method.
    ///
    /// # Errors
    ///
    /// Fails if that is not possible.
    pub(super) async fn open(
        config: &ConformConfig,
        record: &mut Record,
        method: &'static str,
    ) -> Result<Self, ConnectError> {
        let stream = open(config).await?;
        let index = record.exchange.begin_connection();
        let write_timeout = config.limits.answer;
        Ok(Self { stream, received: Received::new(method), index, write_timeout })
    }

    /// Sends bytes. What the server does not take is missing from the record; its answer is read all the
    /// same.
    pub(super) async fn send(&mut self, record: &mut Record, bytes: &[u8]) {
        let written = timeout(self.write_timeout, self.stream.write_all(bytes)).await;
        if matches!(written, Ok(Ok(()))) {
            let _ = self.stream.flush().await;
            record.exchange.add(self.index, Side::Client, bytes, record.began.elapsed());
        }
    }

    /// Reads what comes next, until `deadline` at most. Returns `false` if that has come first.
    pub(super) async fn read(&mut self, record: &mut Record, deadline: Instant) -> bool {
        if self.received.has_ended() {
            return false;
        }
        let mut buffer = vec![0; READ_BUFFER];
        let Ok(read) = timeout_at(deadline, self.stream.read(&mut buffer)).await else {
            return false;
        };
        self.take(record, &read, &buffer);
        true
    }

    fn take(&mut self, record: &mut Record, read: &io::Result<usize>, buffer: &[u8]) {
        match *read {
            Ok(count) if count > 0 => {
                let bytes = buffer.get(..count).unwrap_or_default();
                record.exchange.add(self.index, Side::Server, bytes, record.began.elapsed());
                self.received.push(bytes);
            }
            // A reset ends what the server sends like FIN.
            _ => self.received.end(),
        }
    }
}
