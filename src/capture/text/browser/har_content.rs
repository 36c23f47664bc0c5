//! [`HarContent`]: what a HAR holds, as far as it can be read.

use serde::de::MapAccess;

use super::json::{self, Fields, Json, JsonText};

/// The content of a HAR, or of an array of what HARs hold.
#[derive(Debug, Default)]
pub(super) struct HarContent<'a> {
    /// What wrote the file: its name and version.
    pub(super) exporter: String,
    pub(super) entries: Vec<HarEntry<'a>>,
    /// Whether anything of it belongs to a HAR.
    pub(super) is_har: bool,
}

/// An exchange.
#[derive(Debug, Default)]
pub(super) struct HarEntry<'a> {
    pub(super) request: HarMessageHead<'a>,
    pub(super) response: HarMessageHead<'a>,
    started_at: Json<'a>,
    resource_type: Json<'a>,
    error: Json<'a>,
    /// `None` if the exporter writes none.
    pub(super) messages: Option<Vec<HarMessage<'a>>>,
    /// Whether the entry stands in the file to its end.
    pub(super) is_whole: bool,
    is_exchange: bool,
}

/// A request or a response.
#[derive(Debug, Default)]
pub(super) struct HarMessageHead<'a> {
    method: Json<'a>,
    url: Json<'a>,
    status: Json<'a>,
    reason: Json<'a>,
    error: Json<'a>,
    head_len: Json<'a>,
    body_len: Json<'a>,
    fields: Vec<HarField<'a>>,
}

/// A header field.
#[derive(Debug, Default)]
struct HarField<'a> {
    name: Json<'a>,
    value: Json<'a>,
}

/// A message of a WebSocket.
#[derive(Debug, Default)]
pub(super) struct HarMessage<'a> {
    kind: Json<'a>,
    time: Json<'a>,
    pub(super) opcode: Json<'a>,
    pub(super) data: Json<'a>,
}

impl<'a> HarContent<'a> {
    /// Reads a HAR, and the mistake that ended it.
    pub(super) fn parse(text: &'a str) -> (Self, serde_json::Result<()>) {
        let mut elements: Vec<Element<'a>> = Vec::new();
        let result = if text.trim_start().starts_with('[') {
            json::read_list(text, &mut elements)
        } else {
            let mut element = Element::default();
            let result = json::read_object(text, &mut element);
            elements.push(element);
            result
        };
        let mut content = Self::default();
        let mut messages = Vec::new();
        for element in elements {
            let Element { log, entry, message } = element;
            content.is_har |= log.is_some() || entry.is_exchange || message.is_message();
            if let Some(log) = log {
                content.exporter = log.creator.description();
                content.entries.extend(log.entries);
            }
            if entry.is_exchange {
                content.entries.push(entry);
            } else if message.is_message() {
                messages.push(message);
            }
        }
        if !messages.is_empty() {
            let messages = Some(messages);
            let is_whole = result.is_ok();
            content.entries.push(HarEntry { messages, is_whole, ..HarEntry::default() });
        }
        (content, result)
    }
}

impl HarEntry<'_> {
    /// Whether the entry is that of a WebSocket, or of an attempt to open one.
    pub(super) fn is_websocket(&self) -> bool {
        let url = self.request.url();
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        self.messages.is_some()
            || self.resource_type.plain_text().eq_ignore_ascii_case("websocket")
            || scheme.eq_ignore_ascii_case("ws")
            || scheme.eq_ignore_ascii_case("wss")
            || self.request.fields().iter().any(|(name, value)| {
                name.eq_ignore_ascii_case("Upgrade") && value.eq_ignore_ascii_case("websocket")
            })
    }

    /// Returns when the request was sent, as it is written.
    pub(super) fn started_at(&self) -> String {
        self.started_at.plain_text()
    }

    /// Returns what the browser says went wrong: `net::ERR_CONNECTION_REFUSED`.
    pub(super) fn error(&self) -> Option<String> {
        let error = self.response.error.text().or_else(|| self.error.text())?;
        Some(error.text).filter(|error| !error.is_empty())
    }
}

impl HarMessageHead<'_> {
    pub(super) fn method(&self) -> String {
        self.method.plain_text()
    }

    pub(super) fn url(&self) -> String {
        self.url.plain_text()
    }

    /// Returns the status; 0 if there was no response.
    pub(super) fn status(&self) -> i64 {
        self.status.integer().unwrap_or_default()
    }

    pub(super) fn reason(&self) -> String {
        self.reason.plain_text()
    }

    /// Returns names and values of the header fields.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let texts = |field: &HarField<'_>| (field.name.plain_text(), field.value.plain_text());
        self.fields.iter().map(texts).collect()
    }

    /// Returns the number of bytes of head and body, as far as they are known.
    pub(super) fn len(&self) -> u64 {
        // -1 stands for a length that isn't known.
        let len = |len: Json<'_>| u64::try_from(len.integer().unwrap_or_default());
        len(self.head_len)
            .unwrap_or_default()
            .saturating_add(len(self.body_len).unwrap_or_default())
    }
}

impl HarMessage<'_> {
    /// Returns `send`, `receive` or `error`.
    pub(super) fn kind(&self) -> String {
        self.kind.plain_text()
    }

    /// Returns the time as it is written.
    pub(super) fn time(&self) -> String {
        self.time.number().map_or_else(|| self.time.plain_text(), str::to_owned)
    }

    pub(super) fn data(&self) -> JsonText {
        self.data.text().unwrap_or_default()
    }

    fn is_message(&self) -> bool {
        self.kind.is_some() && self.data.is_some()
    }
}

/// What a file or an item of an array may be: a HAR, an entry or a message.
#[derive(Debug, Default)]
struct Element<'a> {
    log: Option<Log<'a>>,
    entry: HarEntry<'a>,
    message: HarMessage<'a>,
}

impl<'de> Fields<'de> for Element<'de> {
    const IS_KEPT_IN_PART: bool = true;

    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "log" => json::object_of_field(map, self.log.get_or_insert_default()),
            "type" | "time" | "opcode" | "data" => self.message.take(name, map),
            _ => self.entry.take(name, map),
        }
    }

    fn end(&mut self) {
        self.entry.end();
    }
}

#[derive(Debug, Default)]
struct Log<'a> {
    creator: Creator<'a>,
    entries: Vec<HarEntry<'a>>,
}

impl<'de> Fields<'de> for Log<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "creator" => json::object_of_field(map, &mut self.creator),
            "entries" => json::list_of_field(map, &mut self.entries),
            _ => json::skip_field(map),
        }
    }
}

#[derive(Debug, Default)]
struct Creator<'a> {
    name: Json<'a>,
    version: Json<'a>,
}

impl Creator<'_> {
    fn description(&self) -> String {
        let words = [self.name.plain_text(), self.version.plain_text()].join(" ");
        words.trim().to_owned()
    }
}

impl<'de> Fields<'de> for Creator<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => self.name = Json::of_field(map)?,
            "version" => self.version = Json::of_field(map)?,
            _ => json::skip_field(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for HarEntry<'de> {
    const IS_KEPT_IN_PART: bool = true;

    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "request" => {
                self.is_exchange = true;
                json::object_of_field(map, &mut self.request)?;
            }
            "response" => json::object_of_field(map, &mut self.response)?,
            "startedDateTime" => self.started_at = Json::of_field(map)?,
            "_resourceType" => self.resource_type = Json::of_field(map)?,
            "_error" => self.error = Json::of_field(map)?,
            "_webSocketMessages" => {
                self.is_exchange = true;
                json::list_of_field(map, self.messages.get_or_insert_default())?;
            }
            _ => json::skip_field(map)?,
        }
        Ok(())
    }

    fn end(&mut self) {
        self.is_whole = true;
    }
}

impl<'de> Fields<'de> for HarMessageHead<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let value = match name {
            "headers" => return json::list_of_field(map, &mut self.fields),
            "method" => &mut self.method,
            "url" => &mut self.url,
            "status" => &mut self.status,
            "statusText" => &mut self.reason,
            "_error" => &mut self.error,
            "headersSize" => &mut self.head_len,
            "bodySize" => &mut self.body_len,
            _ => return json::skip_field(map),
        };
        *value = Json::of_field(map)?;
        Ok(())
    }
}

impl<'de> Fields<'de> for HarField<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => self.name = Json::of_field(map)?,
            "value" => self.value = Json::of_field(map)?,
            _ => json::skip_field(map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for HarMessage<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let value = match name {
            "type" => &mut self.kind,
            "time" => &mut self.time,
            "opcode" => &mut self.opcode,
            "data" => &mut self.data,
            _ => return json::skip_field(map),
        };
        *value = Json::of_field(map)?;
        Ok(())
    }
}
