//! [`RECORDS_HELP`]: the records and the exit status of `wiretalk inspect`.

/// The part of `--help` that describes the records and the exit status.
pub(super) const RECORDS_HELP: &str =
    "Files, recognized by their first bytes, also within gzip or zstd, and from -:
  captures   pcap, pcapng; through VLAN tags, VXLAN, Geneve, GRE, ERSPAN, IP in
             IP, 6in4, MPLS, PPPoE, L2TP, GTP-U, Teredo, LISP, GUE, TZSP and
             NSH; IP fragments are put together; what is not read is named and
             counted
  layers     behind CONNECT, SOCKS and the PROXY protocol, within TLS, and
             WebSocket over HTTP/2 (RFC 8441)
  TLS        1.2 and 1.3, with secrets from the pcapng file or --keylog:
             AES-GCM, ChaCha20-Poly1305; in 1.2 also AES-CBC, with ECDHE, DHE
             or RSA
  exports    HAR, Chrome's network log (without raw bytes, the lengths of
             frames), flows of mitmproxy, the terminal of wscat, the log:
             overlay of websocat, curl --trace
  text       hex; dumps of xxd, hexdump -C, od, tcpdump, Wireshark, gdb, WinDbg
             and PowerShell; arrays, strings with escapes, printed buffers,
             base64
  records    the output of --json
With - a capture is read while it grows (tcpdump -U -w - | wiretalk inspect -).
Records come when they are complete, of a connection once it is known to be a
WebSocket or an attempt; its end comes with a reset or both FINs. What is not
decrypted, other files, --list and --write come when standard input has ended or
at the first Ctrl-C. Connections are numbered as they begin to carry data.
A capture may begin in the middle of a connection or of a frame, and it may lack
packets: a gap is shown with its size, and reading goes on at the next HTTP
head or frame that is certain.

Records (--json), one object per line. Every record has a type:
  handshake  connection t_ms from verdict head head_hex head_len
             accept_expected accept_received protocol extensions problems
  http2_handshake connection t_ms from verdict stream_id fields block_len
             path status protocol extensions problems (a file, RFC 8441)
  frame      connection t_ms from frame offset complete needs
             fin rsv1 rsv2 rsv3 opcode opcode_name mask masking_key
             header_len payload_len payload_hex truncated text compressed
             message after_fault close_code close_reason raw_hex violations
             message_text message_hex message_len message_payload_len
             message_unknown not_captured gaps hint
  bytes      connection t_ms from len hex text hint
             (the body of a response that is not 101, or what follows bytes of
             another protocol, which hint names)
  unframed   connection t_ms from len hex
             (captured bytes of which no frame is certain)
  http       connection t_ms method target status request_len response_len
             complete (an exchange that opened no WebSocket)
  sockjs     connection t_ms from kind session server transport frame
             exchange index offset len text truncated close_code status why
             (a message of SockJS, or what has none: open, heartbeat,
             no_messages, close, fault, answer, unread)
  sockjs_session t_ms session prefix servers transports connections
             messages_sent messages_received close_code close_reason
             refused_receivers faults unread duration_ms
  end        connection t_ms ok why close_received close_code close_reason
             close_sent close_code_sent ended_by ended_with reset_later
             http2_code silence_ms
             frames_sent frames_received bytes_sent bytes_received
             (close_code_not_captured, close_code_sent_not_captured: true
             if the Close has a code that a capture lacks, else absent)
  note       t_ms text gap
             (gap {from missing within_frame} if bytes were not captured)
  listening  t_ms address (--proxy)
  connection t_ms connection peer (--proxy)
  connection t_ms connection client server since_1970_s start_ms midway
             tcp_stream tls http2_stream (file; http2_stream is absent without
             HTTP/2)
             and with --list, without start_ms and http2_stream: kind path
             protocol sockjs status frames_sent frames_received bytes_sent
             bytes_received duration_ms problems exchanges ok why ended_by
             ended_with silence_ms

t_ms is the time in milliseconds since the start; in a file, since the first
packet of the connection, which came start_ms after the first packet of the
file. The records of a file are in the order of time, that of start_ms + t_ms;
a connection that is open at the end of the capture ends with it. problems and
violations are those of wiretalk decode --json. payload_hex is unmasked. If a
payload is larger than 1 MiB, it and raw_hex hold the first MiB, and truncated
is true. A frame that was cut off has complete false and needs {have, need_more,
phase}; needs is null if the frame has an impossible length. A message, joined
and inflated, comes with its last frame: message_text, or message_hex if it is
not the payload of that frame; message_len is its length, message_payload_len
that of its payloads on the wire; if it could not be inflated, message_len is
null, and message_unknown says why. Bytes that a capture lacks are never judged:
such a frame has complete false, not_captured says how many are missing,
payload_hex and raw_hex end before them, and gaps, absent without any, has
{offset missing raw_hex} for each: its place in the frame, its length and the
bytes behind it. hint names another protocol where a frame should begin: what
follows is cut into frames as before, without close code, text or further
violations.

ended_by and ended_with say who ended TCP first, by fin or rst, silence_ms how
long after the last data, and reset_later whether an rst followed; they are null
while it is open both ways, and if a file shows no end. midway means that the
capture begins within the connection. In a file with a WebSocket, connections
with ordinary HTTP or other bytes are only counted. A WebSocket over HTTP/2 has
a connection number of its own and ends by end_stream or rst_stream, or with its
connection, whose http2_stream is 0. The last record is an end. Its close_code
is the code of the server's Close, or null. With --proxy, and for a file with
several connections, every connection has its own end, and a last one with
connection null follows.

SockJS is read on a WebSocket whose path ends in /SERVER/SESSION/websocket and
whose server begins with o, and in the bodies of its HTTP transports, unless
they have a Content-Encoding. Each message is a record: offset and len are its
place in its frame, which is a message of the WebSocket or is in the body. A
fault breaks SockJS's framing, and an answer is a status that its transport does
not want; neither is a violation of the WebSocket. A session is summed up over
all its requests and connections, before the last end. Over HTTP/2, text has the
first 200 bytes.

--list has one record for each connection, whose kind is WebSocket, SockJS (over
HTTP), attempt (to open one), or with --list=all also HTTP, TLS (not decrypted),
other, no data or unreadable. exchanges are those of HTTP beside the handshake.
--connection takes the numbers of these records. tcp_stream is the number of the
TCP connection in Wireshark and tshark, or null if the file has no packets.

--filter leaves out the frames that don't match, and all handshake, bytes,
unframed, http and sockjs records. EXPR compares fields (op dir fin rsv1 rsv2
rsv3 mask key text len size t n message fault fatal warning after-fault
compressed) by = != < <= > >=, joins comparisons by && || ! and parentheses, and
takes several values: op=ping|pong. text contains \"hello\" looks into what a
message says, inflated and joined, and is true of its last frame; small letters
match capitals too. The key f on the screen takes the same. --write does not
apply it, because a stream that lacks frames cannot be read again.

The certificates of SSL_CERT_FILE and SSL_CERT_DIR, or otherwise of the system's
trust store, are used besides the built-in roots; a server's own among them is
trusted too. A connection to a URL goes through the proxy that ws_proxy,
http_proxy, wss_proxy, https_proxy or all_proxy names (http, socks5, socks5h;
upper case too), unless no_proxy lists the host or HOST:PORT; a note says so.

Exit status: 0 the connection closed cleanly, or every connection of the file,
or that of --connection, could be read and there is at least one; 1 anything
else; 2 wrong usage.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::query::filter::Filter;

    #[test]
    fn every_field_of_the_filter_language_is_named_and_no_line_is_wider_than_a_terminal() {
        let (_, filter) = RECORDS_HELP.split_once("compares fields (").unwrap();
        let (fields, _) = filter.split_once(')').unwrap();
        let named: Vec<&str> = fields.split_whitespace().collect();
        let known: Vec<&str> = Filter::FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(named, known);
        let wide: Vec<&str> = RECORDS_HELP.lines().filter(|line| line.len() > 80).collect();
        assert!(wide.is_empty(), "{wide:?}");
    }
}
