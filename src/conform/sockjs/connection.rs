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
        let mut written = 0;
        let writing = async {
            while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
                let Ok(count @ 1..) = self.stream.write(rest).await else { return };
                let taken = rest.get(..count).unwrap_or(rest);
                record.exchange.add(self.index, Side::Client, taken, record.began.elapsed());
                written = written.saturating_add(count);
            }
            let _ = self.stream.flush().await;
        };
        // What was taken until then is in the record.
        let _ = timeout(self.write_timeout, writing).await;
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::conform::{Finding, Verdict};
    use crate::net::{Target, listen};

    #[tokio::test]
    async fn what_a_server_took_before_it_stopped_reading_is_in_the_record() {
        // Its backlog accepts the connection, and the buffers of the sockets take some of the bytes.
        let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = ConformConfig::new(Target::parse(&format!("ws://{address}/")).unwrap());
        config.limits.answer = Duration::from_millis(200);
        let exchange = Exchange::without_bytes(Finding::new(Verdict::NoAnswer, ""));
        let mut record = Record { exchange, began: Instant::now() };
        let mut connection = Connection::open(&config, &mut record, "POST").await.unwrap();
        let bytes = vec![b'*'; 64 << 20];
        connection.send(&mut record, &bytes).await;
        let sent_len = record.exchange.first().sent_len;
        assert!(sent_len > 0 && sent_len < bytes.len() as u64, "{sent_len}");
        assert!(record.exchange.first().sent.iter().all(|byte| *byte == b'*'));
    }
}
