//! Explains frames in plain text without escape codes, for a reader who is new to such bytes.
//! `wire` has the sentences about fields and rules; this module lays them out.

use wiretalk_core::wire::sockjs::SockJsRow;

use super::text_page::TextPage;
use crate::wire::explain::NonFrame;
use crate::wire::format::{byte_count, group_thousands, quote, spaced_hex};
use crate::wire::{
    ByteLen, DecodeVerdict, Fault, FieldSpan, Frame, FramePart, Message, Offset, Side, Transcript,
};

/// Bytes in a row of a hex dump.
const BYTES_PER_ROW: usize = 16;
/// The maximum number of payload bytes in a dump, a multiple of [`BYTES_PER_ROW`].
const MAX_PAYLOAD_SHOWN: usize = 64;

/// Returns the explanation of a whole transcript. `input` is all bytes that were given, also those
/// after a fatal fault, where decoding stops. `sockjs` are the rows of SockJS, if they are asked for.
pub(super) fn explain(
    transcript: &Transcript,
    input: &[u8],
    sockjs: Option<&[SockJsRow]>,
) -> String {
    let mut page = TextPage::default();
    for frame in transcript.frames().iter().chain(transcript.current_frame()) {
        write_frame(&mut page, frame, transcript);
    }
    if let Some(beginning) = transcript.partial_header() {
        let from = transcript.decoder().sender();
        page.line(&format!(
            "Frame {}, {}: incomplete header",
            beginning.frame_number,
            direction_label(from)
        ));
        write_field_table(&mut page, beginning.raw, beginning.offset, &beginning.field_spans());
        write_faults(&mut page, shown_faults(transcript, beginning.frame_number));
    }
    for message in transcript.messages() {
        write_message(&mut page, message);
        if let Some(lens) = transcript.deflate_listing(message.number) {
            super::deflate_listing::explain(&mut page, &lens);
        }
    }
    if let Some(rows) = sockjs {
        super::sockjs_text::explain(&mut page, rows);
    }
    // The transcript lists no message whose data is broken, but then its symbols matter most.
    let last = transcript.frames().last().and_then(|frame| frame.role.message_number());
    let has_message =
        |number: usize| transcript.messages().iter().any(|message| message.number == number);
    if let Some((number, lens)) = last
        .filter(|number| !has_message(*number))
        .and_then(|number| Some((number, transcript.deflate_listing(number)?)))
    {
        page.line(&format!("Message {number}  compressed, but its data is broken"));
        super::deflate_listing::explain(&mut page, &lens);
    }
    write_verdict(&mut page, transcript, input);
    page.into_text()
}

fn write_message(page: &mut TextPage, message: &Message) {
    let of = match message.frames.as_slice() {
        [one] => format!("frame {one}"),
        many => {
            let numbers: Vec<String> = many.iter().map(usize::to_string).collect();
            format!("frames {}", numbers.join(", "))
        }
    };
    let content = match message.text() {
        Some(text) => quote(text.as_bytes(), 60),
        None if message.inflate_stop.is_some() => {
            format!("inflated only up to here: {}", spaced_hex(&message.data, BYTES_PER_ROW))
        }
        None => spaced_hex(&message.data, BYTES_PER_ROW),
    };
    let kind = message.kind.name();
    let mut length = byte_count(message.data.len() as u64);
    if message.compressed {
        length = format!("{length} out of {}", group_thousands(message.payload_len.get()));
    }
    let head = format!("Message {}  ", message.number);
    page.paragraph(&head, &format!("{kind}, {length}, {of}: {content}"));
}

fn direction_label(from: Side) -> &'static str {
    match from {
        Side::Client => "client to server",
        Side::Server => "server to client",
    }
}

fn write_frame(page: &mut TextPage, frame: &Frame, transcript: &Transcript) {
    let (header, from) = (&frame.header, direction_label(frame.context.from));
    let title = format!("Frame {}, {from}: {}", frame.frame_number, header.opcode);
    let size = if frame.complete {
        let (whole, payload) =
            (byte_count(header.frame_len()), group_thousands(header.payload_len.get()));
        format!("{whole} = {} header + {payload} payload", header.len())
    } else {
        format!("claims {} of payload", byte_count(header.payload_len))
    };
    page.paragraph(&format!("{title}, "), &size);
    write_field_table(page, frame.raw(), frame.offset, &frame.field_spans());
    write_payload(page, frame);
    write_faults(page, shown_faults(transcript, frame.frame_number));
}

fn write_field_table(page: &mut TextPage, raw: &[u8], offset: Offset, spans: &[FieldSpan]) {
    page.blank_line();
    page.line("   at  bytes        bits      field            value");
    let mut last = None;
    for span in spans {
        let wire = raw.get(span.bytes.clone()).unwrap_or_default();
        // The fields of one byte share it: it is written only in the row of the first one.
        let (at, shown) = if last.replace(&span.bytes) == Some(&span.bytes) {
            (String::new(), String::new())
        } else {
            (
                (offset + span.bytes.start).to_string(),
                spaced_hex(wire, if wire.len() > 4 { 3 } else { 4 }),
            )
        };
        let head = format!(
            "{at:>5}  {shown:<11}  {:<8}  {:<15}  ",
            bit_pattern(wire.first().copied().unwrap_or_default(), span),
            span.field.name()
        );
        page.paragraph_with_tail(&head, &span.value, span.section);
        page.paragraph("       ", &span.meaning);
    }
    page.blank_line();
}

/// Returns the bits of a field at their place in the byte, such as `1.......`, or an empty string
/// for a field of whole bytes.
fn bit_pattern(byte: u8, span: &FieldSpan) -> String {
    if span.bits == (0..8) {
        return String::new();
    }
    let bit = |number: u8| match (span.bits.contains(&number), byte & (0x80 >> number) != 0) {
        (false, _) => '.',
        (true, false) => '0',
        (true, true) => '1',
    };
    (0..8).map(bit).collect()
}

/// Writes the payload as rows of hex: the bytes on the wire, the masking key, and the plain bytes.
fn write_payload(page: &mut TextPage, frame: &Frame) {
    let (wire, plain) = (frame.payload_on_wire(), frame.payload());
    if wire.is_empty() {
        return;
    }
    let title = if frame.header.masking_key.is_some() {
        "Payload, unmasked byte by byte"
    } else {
        "Payload"
    };
    page.line(title);
    // RFC 6455 section 5.3: the key repeats every four bytes, across the rows.
    let mut key = frame.header.masking_key.into_iter().flatten().cycle();
    for (row, (plain, wire)) in plain
        .chunks(BYTES_PER_ROW)
        .zip(wire.chunks(BYTES_PER_ROW))
        .take(MAX_PAYLOAD_SHOWN / BYTES_PER_ROW)
        .enumerate()
    {
        if frame.header.masking_key.is_some() {
            let key: Vec<u8> = key.by_ref().take(plain.len()).collect();
            if row > 0 {
                page.blank_line();
            }
            page.line(&format!("  wire   {}", spaced_hex(wire, BYTES_PER_ROW)));
            page.line(&format!("  key    {}", spaced_hex(&key, BYTES_PER_ROW)));
        }
        let text: String = plain.iter().map(|byte| printable_char(*byte)).collect();
        page.line(&format!("  plain  {:<47}  {text}", spaced_hex(plain, BYTES_PER_ROW)));
    }
    if let Some(more) = plain.get(MAX_PAYLOAD_SHOWN..).filter(|more| !more.is_empty()) {
        page.line(&format!("  … and {} more", byte_count(ByteLen::of(more))));
    }
    page.blank_line();
}

fn printable_char(byte: u8) -> char {
    if byte == b' ' || byte.is_ascii_graphic() { char::from(byte) } else { '·' }
}

/// Returns the faults of a frame. In bytes that aren't a frame, nothing is a close code.
fn shown_faults(transcript: &Transcript, frame_number: usize) -> impl Iterator<Item = &Fault> {
    let is_frame = transcript.decoder().non_frame().is_none();
    transcript.faults_of(frame_number).filter(move |fault| is_frame || !fault.code.is_of_close())
}

fn write_faults<'a>(page: &mut TextPage, faults: impl Iterator<Item = &'a Fault>) {
    for fault in faults {
        let mut place = format!("byte {}", fault.byte_offset);
        if let Some(bits) = fault.bits {
            let bits = bits.to_string();
            let word = if bits.len() > 1 { "bits" } else { "bit" };
            place = format!("{place}, {word} {bits}");
        }
        let answer = fault
            .close_code()
            .map_or_else(String::new, |code| format!("; a receiver closes with {code}"));
        let severity = fault.severity().name().to_uppercase();
        page.paragraph_with_tail(&format!("{severity:<8} "), fault.code.name(), fault.section());
        let detail = fault.detail.to_string();
        let what = if detail.is_empty() {
            fault.summary().to_owned()
        } else {
            format!("{}: {detail}", fault.summary())
        };
        page.paragraph("  what   ", &what);
        page.paragraph(
            "  where  ",
            &format!("{place}; certain after {}{answer}", byte_count(fault.detectable_after)),
        );
        page.paragraph("  why    ", fault.rationale());
        if let Some(hint) = fault.hint() {
            page.paragraph("  hint   ", &format!("{hint}."));
        }
        page.blank_line();
    }
}

fn write_verdict(page: &mut TextPage, transcript: &Transcript, input: &[u8]) {
    let needs = transcript.needed().map(|needs| {
        let phase = match needs.part {
            FramePart::FirstTwoBytes => "its second byte",
            FramePart::ExtendedLength => "the extended length and what follows it",
            FramePart::MaskingKey => "the masking key",
            FramePart::Payload => "the payload",
        };
        format!("the last frame needs {} more: {phase}", byte_count(needs.more))
    });
    let text = match (transcript.verdict(), needs) {
        (DecodeVerdict::Ok, _) if input.is_empty() => {
            "ok: no bytes, so nothing is wrong".to_owned()
        }
        (DecodeVerdict::Ok, _) if !transcript.faults().is_empty() => {
            "ok, with warnings: every byte belongs to a complete frame".to_owned()
        }
        (DecodeVerdict::Ok, _) => {
            "ok: every byte belongs to a complete frame, no rule is broken".to_owned()
        }
        (DecodeVerdict::Incomplete, needs) => format!("incomplete: {}", needs.unwrap_or_default()),
        (DecodeVerdict::Fail, needs) => failure_sentence(transcript, needs, ByteLen::of(input)),
    };
    page.paragraph("Verdict    ", &text);
    write_non_frame_hint(page, transcript, input);
}

fn failure_sentence(transcript: &Transcript, needs: Option<String>, given: ByteLen) -> String {
    // A frame after a Close has no close code: the connection is closing already (RFC 6455 section
    // 5.5.1).
    let closes = transcript.faults().iter().any(|fault| fault.close_code().is_some());
    let end =
        if closes { "a receiver closes the connection here" } else { "a receiver discards this" };
    match needs {
        Some(needs) => format!("fail: {end}; {needs}"),
        None if transcript.byte_count() < given => {
            format!(
                "fail: {end}; {} after it not decoded",
                byte_count(given - transcript.byte_count())
            )
        }
        None => format!("fail: {end}"),
    }
}

/// Adds what the bytes are if they are no frames. Passing a handshake without `--handshake` is a
/// common mistake.
fn write_non_frame_hint(page: &mut TextPage, transcript: &Transcript, input: &[u8]) {
    let half = match NonFrame::recognize(input) {
        Some(NonFrame::HttpRequest | NonFrame::Http2Preface) => "request",
        Some(NonFrame::HttpResponse) => "response",
        _ => {
            let found = transcript.decoder().non_frame();
            return found.map_or((), |found| page.paragraph("Hint       ", found.hint()));
        }
    };
    page.paragraph(
        "Hint       ",
        &format!("these bytes look like HTTP and not like frames: try --handshake {half}"),
    );
}
