//! [`NetLogContent`]: what a Chrome network log holds, as far as it can be read.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::MapAccess;

use super::json::{self, Fields, Json};
use crate::capture::text::decimal_time::{self, TimeUnit};
use crate::wire::frame::Header;
use crate::wire::{ByteLen, Opcode, format};

/// The constants and the events of a log that are of use.
#[derive(Debug, Default)]
pub(super) struct NetLogContent<'a> {
    constants: Constants<'a>,
    pub(super) events: Vec<NetEvent<'a>>,
}

#[derive(Debug, Default)]
struct Constants<'a> {
    types: EventTypes,
    time_offset: Json<'a>,
}

/// The number of each type of event, which differs between versions.
#[derive(Debug, Default)]
struct EventTypes(BTreeMap<String, i64>);

/// An event.
#[derive(Debug, Default)]
pub(super) struct NetEvent<'a> {
    kind: Json<'a>,
    time: Json<'a>,
    source: Source<'a>,
    params: Params<'a>,
}

#[derive(Debug, Default)]
struct Source<'a> {
    id: Json<'a>,
}

/// What an event says, as far as it is of use.
#[derive(Debug, Default)]
struct Params<'a> {
    /// The number of bytes that were sent or received.
    byte_count: Json<'a>,
    /// The bytes in base64.
    bytes: Json<'a>,
    /// The bytes in hex, of older versions.
    hex_encoded_bytes: Json<'a>,
    /// The request line of a head.
    line: Json<'a>,
    /// The header fields of a head; of a response, the status line comes first.
    headers: Option<String>,
    fin: Json<'a>,
    rsv1: Json<'a>,
    masked: Json<'a>,
    opcode: Json<'a>,
    payload_len: Json<'a>,
}

impl<'a> NetLogContent<'a> {
    /// Reads a log, and the mistake that ended it.
    pub(super) fn parse(text: &'a str) -> (Self, serde_json::Result<()>) {
        let mut log = Self::default();
        let result = json::read_object(text, &mut log);
        (log, result)
    }

    /// Whether the log says what its types of events are.
    pub(super) fn has_event_types(&self) -> bool {
        !self.constants.types.0.is_empty()
    }

    /// Returns the number of a type of event in this log.
    pub(super) fn type_of(&self, name: &str) -> Option<i64> {
        self.constants.types.0.get(name).copied()
    }

    /// Returns when an event happened, since 1970.
    pub(super) fn time_of(&self, event: &NetEvent<'_>) -> Duration {
        millis(self.constants.time_offset).saturating_add(millis(event.time))
    }
}

/// Returns a time in milliseconds. One that isn't a number, or is out of range, counts as 0.
fn millis(time: Json<'_>) -> Duration {
    let digits = time.number();
    let time = digits.and_then(|digits| decimal_time::parse(digits, TimeUnit::Milliseconds));
    time.unwrap_or_default()
}

impl NetEvent<'_> {
    /// Returns the number of the event's type.
    pub(super) fn kind(&self) -> Option<i64> {
        self.kind.integer()
    }

    /// Returns the number of the source, such as a socket.
    pub(super) fn source(&self) -> i64 {
        self.source.id.integer().unwrap_or_default()
    }

    /// Returns the bytes that were sent or received; `None` if they are not in the log.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        let Params { bytes, hex_encoded_bytes, .. } = &self.params;
        let base64 = bytes.text().and_then(|bytes| BASE64_STANDARD.decode(bytes.text).ok());
        let hex = || format::unhex(&hex_encoded_bytes.text()?.text);
        base64.or_else(hex).filter(|bytes| !bytes.is_empty())
    }

    /// Returns the number of bytes that were sent or received; `None` if the log does not say it.
    pub(super) fn byte_count(&self) -> Option<ByteLen> {
        let count = self.params.byte_count.integer()?;
        u64::try_from(count).ok().map(ByteLen::new)
    }

    /// Returns the header of a frame, with `masking_key` if it is masked.
    pub(super) fn frame_header(&self, masking_key: [u8; 4]) -> Option<Header> {
        let Params { fin, rsv1, masked, opcode, payload_len, .. } = &self.params;
        let opcode = Opcode::from_bits(u8::try_from(opcode.integer()?).ok()?);
        let len = u64::try_from(payload_len.integer()?).ok()?;
        Some(Header {
            fin: fin.bool().unwrap_or(true),
            rsv1: rsv1.bool().unwrap_or_default(),
            masking_key: masked.bool().unwrap_or_default().then_some(masking_key),
            ..Header::new(opcode, ByteLen::new(len))
        })
    }

    /// Whether a frame has RSV1, which means that its message is compressed (RFC 7692 section 6).
    pub(super) fn is_compressed(&self) -> bool {
        self.params.rsv1.bool().unwrap_or_default()
    }

    /// Returns the start line and the header fields of a head.
    pub(super) fn head(&self) -> Option<(String, Vec<(String, String)>)> {
        let mut lines = self.params.headers.as_deref()?.lines();
        let start_line = match self.params.line.text() {
            Some(line) => line.text.trim().to_owned(),
            None => lines.next()?.to_owned(),
        };
        let fields = lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        });
        Some((start_line, fields.collect()))
    }
}

impl<'de> Fields<'de> for NetLogContent<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "constants" => json::object_of_field(map, &mut self.constants),
            "events" => json::list_of_field(map, &mut self.events),
            _ => json::skip_field(map),
        }
    }
}

impl<'de> Fields<'de> for Constants<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "logEventTypes" => json::object_of_field(map, &mut self.types)?,
            "timeTickOffset" => self.time_offset = Json::of_field(map)?,
            _ => json::skip_field(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for EventTypes {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let number = Json::of_field(map)?.integer();
        self.0.extend(number.map(|number| (name.to_owned(), number)));
        Ok(())
    }
}

impl<'de> Fields<'de> for NetEvent<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = Json::of_field(map)?,
            "time" => self.time = Json::of_field(map)?,
            "source" => json::object_of_field(map, &mut self.source)?,
            "params" => json::object_of_field(map, &mut self.params)?,
            _ => json::skip_field(map)?,
        }
        Ok(())
    }

    /// Most events of a log are about other things.
    fn is_kept(&self) -> bool {
        let Params { byte_count, bytes, hex_encoded_bytes, headers, opcode, .. } = &self.params;
        [byte_count, bytes, hex_encoded_bytes, opcode].iter().any(|value| value.is_some())
            || headers.is_some()
    }
}

impl<'de> Fields<'de> for Source<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = Json::of_field(map)?,
            _ => json::skip_field(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Params<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let value = match name {
            "headers" => {
                self.headers = Json::of_field(map)?.lines();
                return Ok(());
            }
            "byte_count" => &mut self.byte_count,
            "bytes" => &mut self.bytes,
            "hex_encoded_bytes" => &mut self.hex_encoded_bytes,
            "line" => &mut self.line,
            "final" => &mut self.fin,
            "reserved1" => &mut self.rsv1,
            "masked" => &mut self.masked,
            "opcode" => &mut self.opcode,
            "payload_length" => &mut self.payload_len,
            _ => return json::skip_field(map),
        };
        *value = Json::of_field(map)?;
        Ok(())
    }
}
