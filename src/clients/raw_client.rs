//! [`RawClient`]: a client of one connection that answers nothing by itself, and reads only when asked.
//! So it can be the page of another site, the client that hangs, and the one that sends broken bytes.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::clients::random::nonce;
use crate::clients::request::{HandshakeRequest, RequestOptions};
use crate::net::{Target, connect_host};
use crate::wire::decode::frame_assembler::{AssembledFrame, FrameAssembler};
use crate::wire::frame::encode;
use crate::wire::handshake::{Head, HeadReader, HeadScan};
use crate::wire::{AgreedExtensions, ByteLen, Decoder, Header, Opcode, Side};

/// The longest head that is read.
const MAX_HEAD_LEN: usize = 16 << 10;

/// The most bytes of a payload that are kept.
const MAX_KEPT: usize = 64 << 10;

/// The bytes that are read at once.
const READ_BUFFER: usize = 64 << 10;

/// An open connection.
pub(crate) struct RawClient {
    /// Reads what the server sends.
    pub(crate) reader: RawClientReader,
    writer: OwnedWriteHalf,
}

/// The reading half of a connection.
pub(crate) struct RawClientReader {
    stream: OwnedReadHalf,
    frames: FrameAssembler,
    /// Bytes that were read and not taken.
    rest: Vec<u8>,
}

/// Returns an error about what the server did.
fn broken(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// Asks for a connection as a page of `origin` would. Returns the status, and the connection if it
/// is 101.
///
/// # Errors
/// Fails if the server cannot be reached, or does not answer in HTTP.
pub(crate) async fn ask(
    target: &Target,
    origin: Option<&str>,
) -> io::Result<(u16, Option<RawClient>)> {
    let options = RequestOptions { origin: origin.map(str::to_owned), ..RequestOptions::default() };
    let request = HandshakeRequest::Standard(options);
    let nonce = nonce().map_err(io::Error::other)?;
    let request = request.to_bytes(target, nonce).map_err(io::Error::other)?;
    let (stream, head, rest) = exchange_heads(target, &request).await?;
    let status = head.status().ok_or_else(|| broken("the response has no status"))?;
    if status != 101 {
        return Ok((status, None));
    }
    let (read, writer) = stream.into_split();
    let decoder = Decoder::new(Side::Server, AgreedExtensions::none());
    let frames = FrameAssembler::new(decoder, MAX_KEPT);
    Ok((status, Some(RawClient { reader: RawClientReader { stream: read, frames, rest }, writer })))
}

/// Sends a request as it is and returns the head of the response.
///
/// # Errors
/// As for [`ask`].
pub(crate) async fn send_request(target: &Target, request: &[u8]) -> io::Result<Head> {
    exchange_heads(target, request).await.map(|(_, head, _)| head)
}

/// Sends a request as it is, and more bytes once there is a response. Returns the head of that, and at
/// most `most` of the bytes behind it, up to the end of TCP.
///
/// # Errors
/// As for [`ask`].
pub(crate) async fn exchange(
    target: &Target,
    request: &[u8],
    after: &[u8],
    most: usize,
) -> io::Result<(Head, Vec<u8>)> {
    let (mut stream, head, mut rest) = exchange_heads(target, request).await?;
    // A server that has hung up already reads no more: what it sent says why.
    let _ = stream.write_all(after).await;
    let mut buffer = vec![0; READ_BUFFER];
    while rest.len() < most {
        match stream.read(&mut buffer).await {
            Ok(0) => break,
            Ok(count) => rest.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
            Err(error) => return Err(error),
        }
    }
    rest.truncate(most);
    Ok((head, rest))
}

/// Sends a request. Returns the connection, the head of the response, and the bytes behind it.
async fn exchange_heads(target: &Target, request: &[u8]) -> io::Result<(TcpStream, Head, Vec<u8>)> {
    let mut stream = connect_host(&target.host, target.port).await?;
    stream.write_all(request).await?;
    let (head, rest) = read_head(&mut stream).await?;
    Ok((stream, head, rest))
}

/// Opens a connection as a program does, without an Origin.
///
/// # Errors
/// As for [`ask`], and if the server does not answer 101.
pub(crate) async fn open(target: &Target) -> io::Result<RawClient> {
    let (status, client) = ask(target, None).await?;
    client.ok_or_else(|| broken(format!("the server answered {status}, not 101")))
}

/// Reads the head of the response. Returns it and the bytes behind it.
async fn read_head(stream: &mut TcpStream) -> io::Result<(Head, Vec<u8>)> {
    let mut reader = HeadReader::new(Side::Server, MAX_HEAD_LEN);
    let mut buffer = vec![0; READ_BUFFER];
    loop {
        let count = stream.read(&mut buffer).await?;
        let read = buffer.get(..count).unwrap_or_default();
        let taken = reader.push(read);
        match reader.scan() {
            HeadScan::Complete(_) => {
                let rest = read.get(taken..).unwrap_or_default().to_vec();
                return Ok((Head::new(Side::Server, reader.bytes()), rest));
            }
            HeadScan::Incomplete if count > 0 => {}
            _ => return Err(broken("the response is not HTTP, or ends within its head")),
        }
    }
}

impl RawClient {
    /// Sends bytes as they are.
    ///
    /// # Errors
    /// As for the socket.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes).await
    }

    /// Sends a whole message or control frame.
    ///
    /// # Errors
    /// As for the socket.
    pub(crate) async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        self.writer.write_all(&masked_frame(opcode, payload)?).await
    }

    /// Sends a message and reads at the same time until the first frame has come. The server may
    /// have ended the connection before it has taken all.
    ///
    /// # Errors
    /// As for the socket, unless a frame has come.
    pub(crate) async fn send_and_read(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
    ) -> io::Result<Option<AssembledFrame>> {
        let bytes = masked_frame(opcode, payload)?;
        // A server that has closed reads no more: the frame says why, not the error of the write.
        let (frame, _) = tokio::join!(self.reader.next_frame(), self.writer.write_all(&bytes));
        frame
    }

    /// Sends a message and reads at the same time until the header of one like it has come, and no
    /// further. Returns whether it came before the server ended TCP.
    ///
    /// # Errors
    /// As for the socket.
    pub(crate) async fn send_and_wait(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
    ) -> io::Result<bool> {
        let bytes = masked_frame(opcode, payload)?;
        let (came, _) =
            tokio::join!(self.reader.wait_for_header(opcode), self.writer.write_all(&bytes));
        came
    }
}

/// Returns a whole message or control frame, masked with a key that nobody can guess.
fn masked_frame(opcode: Opcode, payload: &[u8]) -> io::Result<Vec<u8>> {
    let key = nonce().map_err(io::Error::other)?;
    let header = Header {
        masking_key: key.first_chunk().copied(),
        ..Header::new(opcode, ByteLen::of(payload))
    };
    Ok(encode::frame(&header, payload))
}

impl RawClientReader {
    /// Returns the next frame; `None` once the server has ended TCP, with a FIN or an RST.
    ///
    /// # Errors
    /// As for the socket.
    pub(crate) async fn next_frame(&mut self) -> io::Result<Option<AssembledFrame>> {
        loop {
            if let Some(frame) = self.take_frame() {
                return Ok(Some(frame));
            }
            if self.read().await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn wait_for_header(&mut self, opcode: Opcode) -> io::Result<bool> {
        loop {
            while self.take_frame().is_some() {}
            let start = self.frames.partial_frame().and_then(|frame| frame.start);
            if start.is_some_and(|start| start.header.opcode == opcode) {
                return Ok(true);
            }
            if self.read().await? == 0 {
                return Ok(false);
            }
        }
    }

    /// Reads what has arrived. Returns the number of bytes: 0 once the server has ended TCP.
    async fn read(&mut self) -> io::Result<usize> {
        let mut buffer = vec![0; READ_BUFFER];
        let count = match self.stream.read(&mut buffer).await {
            // How a server's process ends TCP depends on what it has left unread.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            read => read?,
        };
        self.rest.extend_from_slice(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn take_frame(&mut self) -> Option<AssembledFrame> {
        let mut rest = &self.rest[..];
        let frame = self.frames.next_frame(&mut rest);
        let taken = self.rest.len().saturating_sub(rest.len());
        self.rest.drain(..taken);
        frame
    }
}
