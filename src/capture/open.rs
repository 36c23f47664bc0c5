//! [`open`]: reads a file of any format once from beginning to end. The content decides the format;
//! each format has a module of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::num::Saturating;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::capture::byte_store::BackingStore;
use crate::capture::captured_file::{Capture, CaptureFormat, MAX_WARNINGS};
use crate::capture::connection_table::ConnectionTable;
use crate::capture::error::{CaptureError, InternalError, TextError, UnknownFormat};
use crate::capture::packets::packet::CaptureItem;
use crate::capture::packets::packet_headers::{self, ParsedPacket};
use crate::capture::packets::packet_reader::{self, PacketReader};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamStart};
use crate::capture::text::pasted::{self, TextOptions};
use crate::capture::text::{har, net_log, recording};
use crate::capture::tls::KeyLog;
use crate::scope::catch_panic_sync;
use crate::wire::pasted::PastedForm;
use crate::wire::{AgreedExtensions, Side, Trace};

/// The maximum size of a key log in bytes. The rest of a larger one is not read.
const MAX_KEY_LOG_BYTES: u64 = 64 << 20;

/// The options for reading a file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// A TLS key log (`SSLKEYLOGFILE`), in addition to the secrets in the file itself.
    pub keylog: Option<PathBuf>,
    /// The sender of text without direction marks; `None` lets the MASK bit of the first frame
    /// decide.
    pub from: Option<Side>,
    /// The form of text; `None` recognizes it. With a form, the file is read as text.
    pub form: Option<PastedForm>,
}

/// Opens a file. Its content, not its name, decides the format.
///
/// # Errors
///
/// Fails if the file cannot be read or its format is unknown. A damaged capture is not an error: it
/// gives what is readable, and warnings.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Capture, CaptureError> {
    open_with(path, options, |start| match start {
        StreamStart::Head => Trace::new(),
        StreamStart::Frames => Trace::mid_connection(AgreedExtensions::none()),
    })
}

/// Like [`open`], for other sinks than a [`Trace`]; `make_sink` is called once per stream.
///
/// # Errors
///
/// As for [`open`].
pub(crate) fn open_with<S: StreamSink>(
    path: &Path,
    options: &ReadOptions,
    make_sink: impl FnMut(StreamStart) -> S,
) -> Result<Capture<S>, CaptureError> {
    let io = |source| CaptureError::Io { path: path.to_owned(), source };
    let unknown = |reason| CaptureError::Unknown { path: path.to_owned(), reason };
    // Checked before the file is opened, because opening a fifo could wait for a writer, and
    // opening a device could have an effect.
    let about = std::fs::metadata(path).map_err(io)?;
    if about.is_dir() {
        return Err(unknown(UnknownFormat::Directory));
    }
    if !about.is_file() {
        return Err(unknown(UnknownFormat::NotRegular));
    }
    let mut file = File::open(path).map_err(io)?;
    let mut first = Vec::new();
    (&mut file).take(512).read_to_end(&mut first).map_err(io)?;
    file.rewind().map_err(io)?;
    let secrets = read_key_log(options)?;
    // The store reads the file later through a handle of its own.
    let backing = Arc::new(BackingStore::new(file.try_clone().map_err(io)?));
    let mut shared = ReadContext { key_log: secrets, backing, make_sink };
    let text = first.iter().find(|byte| !byte.is_ascii_whitespace());
    let text_options = TextOptions { from: options.from, form: options.form };
    match (first.as_slice(), text) {
        (bytes, _) if bytes.first_chunk().copied().is_some_and(packet_reader::is_magic) => {
            read_packets(path, &mut shared)
                .map_err(io)?
                .ok_or_else(|| unknown(UnknownFormat::ShortHeader))
        }
        ([0x1f, 0x8b, ..], _) => Err(unknown(UnknownFormat::Gzip)),
        ([0x28, 0xb5, 0x2f, 0xfd, ..], _) => Err(unknown(UnknownFormat::Zstd)),
        (_, None) => Err(unknown(UnknownFormat::Empty)),
        _ if options.form.is_some() => pasted::read_text(path, file, text_options, &mut shared),
        (bytes, Some(b'{')) => match json_kind(bytes) {
            JsonKind::Har => har::read_har(path, file, &mut shared),
            JsonKind::NetLog => net_log::read_net_log(path, file, &mut shared),
            JsonKind::Bytes => pasted::read_text(path, file, text_options, &mut shared),
            JsonKind::Record => recording::read_recording(path, file, &mut shared),
        },
        (bytes, _) if looks_like_text(bytes) => {
            pasted::read_text(path, file, text_options, &mut shared)
        }
        (bytes, _) => Err(unknown(UnknownFormat::Other(bytes.to_vec()))),
    }
}

/// What a file that begins with `{` holds.
enum JsonKind {
    /// A HAR, whose only key is `log`.
    Har,
    /// A network log of Chrome, which begins with its constants.
    NetLog,
    /// Bytes: a list of C, or a buffer of Node as JSON.
    Bytes,
    /// Records.
    Record,
}

/// Returns what the first key of a JSON object says.
fn json_kind(first: &[u8]) -> JsonKind {
    let after = |bytes: &[u8], skipped: &[u8]| -> Option<Vec<u8>> {
        bytes.trim_ascii_start().strip_prefix(skipped).map(<[u8]>::to_vec)
    };
    let Some(key) = after(first, b"{").and_then(|rest| after(&rest, b"\"")) else {
        return JsonKind::Bytes;
    };
    let buffer = after(&key, b"type\"")
        .and_then(|rest| after(&rest, b":"))
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\"Buffer\""));
    match key.first() {
        _ if key.starts_with(b"log\"") => JsonKind::Har,
        _ if key.starts_with(b"constants\"") => JsonKind::NetLog,
        Some(digit) if digit.is_ascii_digit() => JsonKind::Bytes,
        _ if buffer => JsonKind::Bytes,
        _ => JsonKind::Record,
    }
}

/// Whether the beginning of a file is text: UTF-8 without control characters, or UTF-16 with a byte
/// order mark.
fn looks_like_text(first: &[u8]) -> bool {
    let utf16 = first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff");
    let valid = match str::from_utf8(first) {
        Ok(_) => true,
        // The last character may be cut.
        Err(error) => error.error_len().is_none(),
    };
    let control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    utf16 || valid && !first.iter().any(control)
}

fn read_key_log(options: &ReadOptions) -> Result<KeyLog, CaptureError> {
    let mut secrets = KeyLog::default();
    let Some(path) = &options.keylog else { return Ok(secrets) };
    let mut lines = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAX_KEY_LOG_BYTES).read_to_end(&mut lines));
    read.map_err(|source| CaptureError::Io { path: path.clone(), source })?;
    secrets.add_lines(&lines);
    if secrets.connection_count() == 0 {
        return Err(CaptureError::Text { path: path.clone(), reason: TextError::NoKeys });
    }
    Ok(secrets)
}

/// Reads packets, and reads them again if secrets came after the handshakes that they belong to.
fn read_packets<S: StreamSink, M: FnMut(StreamStart) -> S>(
    path: &Path,
    shared: &mut ReadContext<M>,
) -> io::Result<Option<Capture<S>>> {
    let Some(pass) = PacketPass::run(path, shared)? else { return Ok(None) };
    let late =
        pass.connections.missing_secrets().any(|random| shared.key_log.has_secrets_for(&random));
    let pass = if late { PacketPass::run(path, shared)? } else { Some(pass) };
    let Some(pass) = pass else { return Ok(None) };
    let warnings = pass.all_warnings();
    let streams = pass.connections.finish(shared)?;
    Ok(Some(Capture { format: CaptureFormat::Packets, packets: pass.packets.0, streams, warnings }))
}

/// One pass through a file of packets.
struct PacketPass<S> {
    connections: ConnectionTable<S>,
    packets: Saturating<u64>,
    fragments: Saturating<u64>,
    truncated: Saturating<u64>,
    unknown_links: BTreeMap<u16, Saturating<u64>>,
    warnings: Vec<String>,
    suppressed_warnings: Saturating<u64>,
}

impl<S: StreamSink> PacketPass<S> {
    fn run<M: FnMut(StreamStart) -> S>(
        path: &Path,
        shared: &mut ReadContext<M>,
    ) -> io::Result<Option<Self>> {
        let Some(mut packets) = PacketReader::new(File::open(path)?)? else { return Ok(None) };
        let mut pass = Self {
            connections: ConnectionTable::default(),
            packets: Saturating(0),
            fragments: Saturating(0),
            truncated: Saturating(0),
            unknown_links: BTreeMap::new(),
            warnings: Vec::new(),
            suppressed_warnings: Saturating(0),
        };
        loop {
            // After a panic the loop goes on with the next packet: only one connection has failed.
            match catch_panic_sync(|| pass.all(&mut packets, shared)) {
                Ok(read) => return read.map(|()| Some(pass)),
                Err(panic) if pass.connections.fail(&panic) => {}
                Err(panic) => return Err(io::Error::other(InternalError(panic))),
            }
        }
    }

    fn all<M: FnMut(StreamStart) -> S>(
        &mut self,
        packets: &mut PacketReader<File>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        while let Some(item) = packets.next_item()? {
            self.add_item(item, shared)?;
        }
        Ok(())
    }

    fn add_item<M: FnMut(StreamStart) -> S>(
        &mut self,
        item: CaptureItem<'_>,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let packet = match item {
            CaptureItem::Packet(packet) => packet,
            CaptureItem::Secrets(lines) => {
                shared.key_log.add_lines(lines);
                return Ok(());
            }
            CaptureItem::Damaged(what) => {
                self.warn(what.to_string());
                return Ok(());
            }
            CaptureItem::Ignored => return Ok(()),
        };
        self.packets += 1;
        match packet_headers::parse_packet(packet.link_type, packet.bytes) {
            ParsedPacket::Segment(segment) => {
                self.connections.push(&segment, packet.captured_at, packet.file_offset, shared)?;
            }
            ParsedPacket::Fragment => self.fragments += 1,
            ParsedPacket::Truncated => self.truncated += 1,
            ParsedPacket::UnknownLink => {
                *self.unknown_links.entry(packet.link_type).or_default() += 1;
            }
            ParsedPacket::Other => {}
        }
        Ok(())
    }

    fn warn(&mut self, what: String) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(what);
        } else {
            self.suppressed_warnings += 1;
        }
    }

    fn all_warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        if self.suppressed_warnings.0 > 0 {
            warnings.push(format!("and {} more warnings", self.suppressed_warnings));
        }
        for (link, count) in &self.unknown_links {
            warnings.push(format!(
                "packets of unsupported link type {link}: {count}; supported are Ethernet, \
                 loopback, raw IP and Linux cooked"
            ));
        }
        for (count, what) in [
            (self.fragments, "IP fragments, which are not reassembled"),
            (self.truncated, "packets that were captured without their complete headers"),
            (self.connections.ignored_segments, "segments of connections beyond the first 65,536"),
        ] {
            if count.0 > 0 {
                warnings.push(format!("{what}: {count}"));
            }
        }
        warnings
    }
}
