//! The symbols of compressed data: one line each, and a full explanation of the selected one.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::message::InspectedMessage;
use crate::demos::inspect::parts::prose::labelled_paragraph;
use crate::stage::{FieldColor, Theme};
use crate::wire::deflate::inflate::BlockType;
use crate::wire::deflate::listing::{DeflateItem, DeflateItemKind, MatchSource};
use crate::wire::format;

/// The maximum number of an item's bits that are shown.
const MAX_BITS_SHOWN: u64 = 24;

/// Returns one symbol as a line: its bits, its kind, its output.
pub(crate) fn item_line(
    message: &InspectedMessage,
    item: &DeflateItem,
    chosen: bool,
    theme: &Theme,
) -> Line<'static> {
    // DEFLATE data has the colours of a frame: what begins a block those of the frame's header, the
    // symbols those of key and payload, the end of a block that of a Close.
    let (name, color) = match item.kind {
        DeflateItemKind::Block { .. } => ("block", theme.field(FieldColor::FirstByte)),
        DeflateItemKind::Codes { .. } => ("codes", theme.field(FieldColor::SecondByte)),
        DeflateItemKind::Padding => ("padding", theme.dim),
        DeflateItemKind::StoredLength(_) => ("length", theme.field(FieldColor::ExtendedLength)),
        DeflateItemKind::Stored => ("stored", theme.field(FieldColor::MaskingKey)),
        DeflateItemKind::Literal => ("literal", theme.field(FieldColor::MaskingKey)),
        DeflateItemKind::Match { .. } => ("match", theme.field(FieldColor::Payload)),
        DeflateItemKind::End => ("end", theme.field(FieldColor::CloseCode)),
    };
    // Symbols in the four bytes that the receiver added are dimmed, because they were not sent.
    let tail = item.bits.start >= message.listing.tail_bit;
    let style = if tail { theme.dim() } else { Style::new().fg(color) };
    let mut line = Line::from(vec![
        Span::styled(if chosen { "▶ " } else { "  " }, Style::new().fg(theme.accent)),
        Span::styled(
            format!("{:<11} ", format!("{}–{}", item.bits.start, item.bits.end.saturating_sub(1))),
            theme.dim(),
        ),
        Span::styled(format!("{name:<8} "), style.add_modifier(Modifier::BOLD)),
        Span::styled(format!("{:<25} ", bits_of(message, item)), theme.dim()),
    ]);
    let text = match item.kind {
        _ if tail => "added by the receiver".to_owned(),
        DeflateItemKind::Match { length, distance } => {
            format!(
                "{length} from {distance} back  {}",
                format::quote(message.listing.bytes(item), 40)
            )
        }
        DeflateItemKind::Literal | DeflateItemKind::Stored => {
            format::quote(message.listing.bytes(item), 40)
        }
        DeflateItemKind::Block { last, block_type: coding } => {
            let coding = match coding {
                BlockType::Stored => "stored",
                BlockType::Fixed => "fixed codes",
                BlockType::Dynamic => "codes of its own",
            };
            format!("{coding}{}", if last { ", the last" } else { "" })
        }
        DeflateItemKind::StoredLength(len) => format::byte_count(u64::from(len)),
        DeflateItemKind::Codes { .. } | DeflateItemKind::Padding | DeflateItemKind::End => {
            String::new()
        }
    };
    line.push_span(Span::styled(
        text,
        if tail { theme.dim() } else { Style::new().fg(theme.text) },
    ));
    line
}

/// Returns the item's bits in the order in which they are read: from the least significant bit of
/// each byte (RFC 1951 section 3.1.1).
fn bits_of(message: &InspectedMessage, item: &DeflateItem) -> String {
    let bit = |at: u64| {
        let byte = usize::try_from(at / 8).ok()?;
        // Behind the payload the receiver adds 00 00 ff ff (RFC 7692 section 7.2.2).
        let byte = message.payload.get(byte).or_else(|| {
            crate::wire::deflate::inflate::DEFLATE_TAIL
                .get(byte.checked_sub(message.payload.len())?)
        })?;
        Some(if byte >> (at % 8) & 1 == 1 { '1' } else { '0' })
    };
    let many = item.bits.end - item.bits.start > MAX_BITS_SHOWN;
    let shown = item.bits.start..item.bits.end.min(item.bits.start + MAX_BITS_SHOWN);
    shown.filter_map(bit).collect::<String>() + if many { "…" } else { "" }
}

/// Explains one item in sentences. For a match, its source is shown too.
pub(crate) fn item_lines(
    message: &InspectedMessage,
    item: &DeflateItem,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let plain = Style::new().fg(theme.text);
    let text = match &item.kind {
        _ if item.bits.start >= message.listing.tail_bit => {
            "These bits were not sent: every compressed message would end with 00 00 ff ff, so the \
             sender takes them off and the receiver puts them back (RFC 7692 §7.2.1, §7.2.2)."
                .to_owned()
        }
        DeflateItemKind::Block { last, block_type: coding } => {
            let last =
                if *last { "BFINAL = 1: the last block" } else { "BFINAL = 0: more blocks follow" };
            let coding = match coding {
                BlockType::Stored => "BTYPE 00: the bytes stand there as they are",
                BlockType::Fixed => {
                    "BTYPE 01: symbols in the codes that RFC 1951 §3.2.6 fixes once for all, so \
                     nothing has to be described"
                }
                BlockType::Dynamic => {
                    "BTYPE 10: the block describes codes of its own first, so that frequent \
                     symbols take few bits"
                }
            };
            format!("Three bits begin a block. {last}; {coding}.")
        }
        DeflateItemKind::Padding => {
            "Padding bits up to the next byte boundary (RFC 1951 §3.2.4).".to_owned()
        }
        DeflateItemKind::StoredLength(0) => "LEN 0000 and its complement ffff: a block without \
                                             bytes, which only brings the data to a whole byte, \
                                             so that a message can end there."
            .to_owned(),
        DeflateItemKind::StoredLength(len) => format!(
            "LEN {len:04x} and its complement {:04x}: so many bytes follow as they are.",
            !len
        ),
        DeflateItemKind::Stored => {
            format!("{} as they are.", format::byte_count(item.output.end - item.output.start))
        }
        DeflateItemKind::Codes { literals, distances } => {
            let used = |lengths: &[u8]| lengths.iter().filter(|length| **length > 0).count();
            format!(
                "The codes of this block: {} literals and lengths and {} distances have one; the \
                 shorter its code, the more often a symbol comes.",
                used(literals),
                used(distances)
            )
        }
        DeflateItemKind::Literal => {
            let count = item.output.end - item.output.start;
            let each = (item.bits.end - item.bits.start) as f64 / count.get().max(1) as f64;
            format!(
                "{}, each stands for itself: {each:.1} bits a byte instead of 8.",
                format::byte_count(count)
            )
        }
        DeflateItemKind::Match { length, distance } => format!(
            "A back-reference: the {length} bytes that stand {distance} bytes back, once more. {} \
             bits instead of {}.",
            item.bits.end - item.bits.start,
            u32::from(*length) * 8
        ),
        DeflateItemKind::End => "The block ends here (symbol 256).".to_owned(),
    };
    let mut lines = labelled_paragraph("", &text, 0, width, plain, theme);
    if let Some(source) = item.source() {
        lines.extend(source_lines(message, item, source, theme));
    }
    lines
}

/// Returns the text around the source of a match, with the copied part marked.
fn source_lines(
    message: &InspectedMessage,
    item: &DeflateItem,
    source: MatchSource,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let data: Vec<u8> = message
        .listing
        .items
        .iter()
        .flat_map(|item| message.listing.bytes(item).to_vec())
        .collect();
    let (text, at, place) = match source {
        MatchSource::ThisMessage(at) => {
            (data, at.to_usize_saturating(), format!("in this message, from byte {at} on:"))
        }
        MatchSource::EarlierMessage(back) => {
            let at = message.window.len().saturating_sub(back.to_usize_saturating());
            let place =
                format!("in an earlier message, {} before this one:", format::byte_count(back));
            (message.window.clone(), at, place)
        }
    };
    let at = at.min(text.len());
    let end = at
        .saturating_add((item.output.end - item.output.start).to_usize_saturating())
        .min(text.len());
    let inner = |range: std::ops::Range<usize>| {
        let quoted = format::quote(&text[range], 60);
        quoted[1..quoted.len() - 1].to_owned()
    };
    let marked = Style::new()
        .fg(theme.field(FieldColor::Payload))
        .add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    vec![
        Line::styled(format!("  {place}"), theme.dim()),
        Line::from(vec![
            Span::styled(if at > 20 { "  …" } else { "  " }, theme.dim()),
            Span::styled(inner(at.saturating_sub(20)..at), theme.dim()),
            Span::styled(inner(at..end), marked),
            Span::styled(inner(end..end.saturating_add(20).min(text.len())), theme.dim()),
        ]),
    ]
}
