//! [`Transport`]: the ways from a server to a client, and what each puts around a frame.
//! [`BodyReader`](crate::sockjs::BodyReader) takes it off again.

use crate::sockjs::escape::{Escaping, push_json_str};

/// A way to receive frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// A WebSocket of a session: frames down, arrays of messages up.
    WebSocket,
    /// A WebSocket below the prefix: the application's messages as they are.
    RawWebSocket,
    /// A response for each frame.
    XhrPolling,
    /// A response that goes on.
    XhrStreaming,
    /// A stream of server-sent events.
    EventSource,
    /// A page that goes on, with a script for each frame.
    HtmlFile,
    /// A script for each frame.
    JsonpPolling,
}

/// A request that sends messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SendRequest {
    /// An array as the body.
    Xhr,
    /// An array in a field of a form.
    Jsonp,
}

impl SendRequest {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Xhr, Self::Jsonp];

    /// Returns the last part of its path.
    pub fn path_part(self) -> &'static str {
        match self {
            Self::Xhr => "xhr_send",
            Self::Jsonp => "jsonp_send",
        }
    }
}

impl Transport {
    /// Those with a session's address.
    pub const OF_SESSIONS: [Self; 6] = [
        Self::WebSocket,
        Self::XhrStreaming,
        Self::EventSource,
        Self::HtmlFile,
        Self::XhrPolling,
        Self::JsonpPolling,
    ];

    /// Returns its name, as sockjs-client has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::RawWebSocket => "raw websocket",
            Self::XhrPolling => "xhr-polling",
            Self::XhrStreaming => "xhr-streaming",
            Self::EventSource => "eventsource",
            Self::HtmlFile => "htmlfile",
            Self::JsonpPolling => "jsonp-polling",
        }
    }

    /// Returns the last part of its path.
    pub fn path_part(self) -> &'static str {
        match self {
            Self::WebSocket | Self::RawWebSocket => "websocket",
            Self::XhrPolling => "xhr",
            Self::XhrStreaming => "xhr_streaming",
            Self::EventSource => "eventsource",
            Self::HtmlFile => "htmlfile",
            Self::JsonpPolling => "jsonp",
        }
    }

    /// Returns the method of its request.
    pub fn method(self) -> &'static str {
        match self {
            Self::XhrPolling | Self::XhrStreaming => "POST",
            _ => "GET",
        }
    }

    /// Returns the media type of its response as servers state it, empty for a WebSocket.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::WebSocket | Self::RawWebSocket => "",
            Self::EventSource => "text/event-stream",
            Self::HtmlFile => "text/html; charset=UTF-8",
            Self::XhrPolling | Self::XhrStreaming | Self::JsonpPolling => {
                "application/javascript; charset=UTF-8"
            }
        }
    }

    /// Whether it is a WebSocket.
    pub fn is_websocket(self) -> bool {
        matches!(self, Self::WebSocket | Self::RawWebSocket)
    }

    /// Whether a response ends with its first frame.
    pub fn is_polling(self) -> bool {
        matches!(self, Self::XhrPolling | Self::JsonpPolling)
    }

    /// Whether its request must name a callback.
    pub fn needs_callback(self) -> bool {
        matches!(self, Self::HtmlFile | Self::JsonpPolling)
    }

    /// Returns what a response begins with, before any frame: it fills a browser's buffer, so that
    /// the browser shows what comes then. A callback must be a name, as
    /// [`read_callback`](crate::sockjs::read_callback) returns it.
    pub fn prelude(self, callback: &str) -> String {
        match self {
            Self::XhrStreaming => {
                let mut prelude = "h".repeat(XHR_PRELUDE);
                prelude.push('\n');
                prelude
            }
            Self::EventSource => "\r\n".to_owned(),
            Self::HtmlFile => {
                let mut page = HTML_HEAD.replace("CALLBACK", callback);
                let padding = HTML_PRELUDE.saturating_sub(page.len());
                page.push_str(&" ".repeat(padding));
                page.push_str("\r\n\r\n");
                page
            }
            _ => String::new(),
        }
    }

    /// Puts around a frame what belongs there.
    pub fn wrap(self, frame: &str, callback: &str) -> String {
        match self {
            Self::WebSocket | Self::RawWebSocket => frame.to_owned(),
            Self::XhrPolling | Self::XhrStreaming => format!("{frame}\n"),
            // sockjs-client decodes percent escapes in event streams: `%25` would arrive as `%`.
            Self::EventSource => format!("data: {}\r\n\r\n", frame.replace('%', "\\u0025")),
            Self::HtmlFile => {
                let mut script = String::from("<script>\np(");
                push_json_str(&mut script, frame, Escaping::Script);
                script.push_str(");\n</script>\r\n");
                script
            }
            // The comment keeps the first bytes of the response out of a client's hands: they might
            // be read as another type of file.
            Self::JsonpPolling => {
                let mut script = format!("/**/{callback}(");
                push_json_str(&mut script, frame, Escaping::Script);
                script.push_str(");\r\n");
                script
            }
        }
    }
}

/// The length of the prelude of xhr-streaming, without its end of line.
const XHR_PRELUDE: usize = 2048;

/// The length of the prelude of htmlfile, without its ends of lines: browsers hold back less.
const HTML_PRELUDE: usize = 1024;

/// The page of htmlfile, which clients expect to be this one.
const HTML_HEAD: &str = r#"<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.CALLBACK;
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_form() {
        let frame = r#"a["x"]"#;
        for (transport, wrapped) in [
            (Transport::WebSocket, r#"a["x"]"#),
            (Transport::XhrPolling, "a[\"x\"]\n"),
            (Transport::XhrStreaming, "a[\"x\"]\n"),
            (Transport::EventSource, "data: a[\"x\"]\r\n\r\n"),
            (Transport::HtmlFile, "<script>\np(\"a[\\\"x\\\"]\");\n</script>\r\n"),
            (Transport::JsonpPolling, "/**/cb(\"a[\\\"x\\\"]\");\r\n"),
        ] {
            assert_eq!(transport.wrap(frame, "cb"), wrapped, "{}", transport.name());
        }
    }

    #[test]
    fn a_message_cannot_end_the_script_that_it_is_in() {
        let frame = crate::sockjs::Frame::message("</script><script>alert(1)").encode();
        let script = Transport::HtmlFile.wrap(&frame, "cb");
        assert_eq!(script.matches("</script>").count(), 1, "{script}");
        assert!(script.contains(r"\u003c/script>"), "{script}");
    }

    #[test]
    fn a_percent_sign_survives_the_client_of_an_event_stream() {
        let frame = crate::sockjs::Frame::message("100 % of %25\\").encode();
        let event = Transport::EventSource.wrap(&frame, "");
        assert_eq!(event, "data: a[\"100 \\u0025 of \\u002525\\\\\"]\r\n\r\n");
        assert_eq!(Transport::XhrPolling.wrap(&frame, ""), frame + "\n");
    }

    #[test]
    fn preludes_are_long_enough() {
        assert_eq!(Transport::XhrStreaming.prelude(""), "h".repeat(2048) + "\n");
        assert_eq!(Transport::EventSource.prelude(""), "\r\n");
        let page = Transport::HtmlFile.prelude("cb");
        assert!(page.len() > 1024 && page.contains("parent.cb;"), "{page}");
        assert_eq!(Transport::XhrPolling.prelude(""), "");
    }
}
