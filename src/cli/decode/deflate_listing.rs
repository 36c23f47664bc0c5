//! Explains the DEFLATE data of a compressed message, one line for each symbol.
//! `wire::deflate::listing` finds the symbols; this module lays them out and shortens long lists.

use super::text_page::TextPage;
use crate::wire::ByteLen;
use crate::wire::deflate::inflate::BlockType;
use crate::wire::deflate::listing::{DeflateItem, DeflateItemKind, DeflateListing, MatchSource};
use crate::wire::format::{byte_count, group_thousands, quote};

/// The maximum number of items listed; the rest is only counted.
const MAX_ITEMS_SHOWN: usize = 60;
/// The maximum number of bytes quoted for one item.
const MAX_BYTES_QUOTED: usize = 24;

pub(super) fn explain(page: &mut TextPage, lens: &DeflateListing) {
    page.line("  bits            meaning");
    let mut items = lens.items.iter().take(MAX_ITEMS_SHOWN).peekable();
    while let Some(item) = items.next() {
        let mut bits = item.bits.clone();
        let mut gives = item.output.clone();
        // Consecutive literals read better as one piece of text.
        while item.kind == DeflateItemKind::Literal
            && let Some(next) = items.next_if(|next| next.kind == DeflateItemKind::Literal)
        {
            (bits.end, gives.end) = (next.bits.end, next.output.end);
        }
        let run = DeflateItem { bits, output: gives, kind: item.kind.clone() };
        // RFC 7692 section 7.2.2: the receiver appends 00 00 ff ff, which the sender has removed.
        let tail = if run.bits.start >= lens.tail_bit { "added by the receiver: " } else { "" };
        let head =
            format!("  {:<14}  ", format!("{}-{}", run.bits.start, run.bits.end.saturating_sub(1)));
        page.paragraph(&head, &format!("{tail}{}", describe_item(lens, &run)));
    }
    let more = (lens.items.len().saturating_sub(MAX_ITEMS_SHOWN) as u64)
        .saturating_add(lens.omitted_items);
    if more > 0 {
        page.line(&format!("  … and {} more", group_thousands(more)));
    }
    if let Some(fault) = lens.fault {
        page.paragraph("  broken          ", &fault.to_string());
    }
    if lens.lacks_final_zero {
        page.paragraph(
            "  end             ",
            "the last byte 00 is missing: zlib accepts this message, but fails on the next one if \
             the context is kept",
        );
    }
    page.paragraph("  sum             ", &summary(lens));
    page.blank_line();
}

fn describe_item(lens: &DeflateListing, item: &DeflateItem) -> String {
    let given = || quote(lens.bytes(item), MAX_BYTES_QUOTED);
    match &item.kind {
        DeflateItemKind::Block { last, block_type: coding } => {
            let coding = match coding {
                BlockType::Stored => "stored: its bytes are not compressed",
                BlockType::Fixed => "with the fixed codes of RFC 1951 §3.2.6",
                BlockType::Dynamic => "with its own codes, which follow",
            };
            let last = if *last { "a final block" } else { "a block" };
            format!("{last}, {coding}")
        }
        DeflateItemKind::Padding => "skipped, up to the next byte".to_owned(),
        DeflateItemKind::StoredLength(0) => "LEN 0000, NLEN ffff: an empty block".to_owned(),
        DeflateItemKind::StoredLength(len) => {
            format!("LEN {len:04x}, NLEN {:04x}: {}", !len, byte_count(u64::from(*len)))
        }
        DeflateItemKind::Stored => {
            format!("{} uncompressed: {}", byte_count(item.output.end - item.output.start), given())
        }
        DeflateItemKind::Codes { literals, distances } => describe_codes(literals, distances),
        DeflateItemKind::Literal => {
            format!("{} as literals: {}", byte_count(item.output.end - item.output.start), given())
        }
        DeflateItemKind::Match { length, distance } => {
            let place = match item.source() {
                Some(MatchSource::EarlierMessage(back)) => {
                    format!("in an earlier message, {} before this one", byte_count(back))
                }
                Some(MatchSource::ThisMessage(at)) => format!("at byte {at} of this message"),
                None => String::new(),
            };
            format!("{length} bytes from {distance} back, {place}: {}", given())
        }
        DeflateItemKind::End => "the block ends".to_owned(),
    }
}

/// Describes the codes of a dynamic block: `code lengths: 2 bits for "e", 3 bits for "ant"; 5 bits
/// for the end; 12 match lengths and 8 distances have codes`.
fn describe_codes(literals: &[u8], distances: &[u8]) -> String {
    let used = |lengths: &[u8]| lengths.iter().filter(|length| **length > 0).count();
    // RFC 1951 section 3.2.5: symbols 0 to 255 are bytes, 256 ends the block, and the others are
    // match lengths.
    let (own, others) = literals.split_at(literals.len().min(256));
    let mut words = Vec::new();
    // RFC 1951 section 3.2.7: a code has at most 15 bits.
    for length in 1..=15 {
        let of: Vec<u8> =
            (0..=255).filter(|byte| own.get(usize::from(*byte)) == Some(&length)).collect();
        if !of.is_empty() {
            words.push(format!("{length} bits for {}", quote(&of, MAX_BYTES_QUOTED)));
        }
    }
    let matches = used(others.get(1..).unwrap_or_default());
    let end = others.first().copied().unwrap_or_default();
    format!(
        "code lengths: {}; {end} bits for the end; {matches} match lengths and {} distances have \
         codes",
        words.join(", "),
        used(distances)
    )
}

fn summary(lens: &DeflateListing) -> String {
    let (payload, data) = (byte_count(lens.payload_len), byte_count(lens.data_len));
    let saved = lens.saved();
    let gain = if saved >= 0 {
        format!("{} saved", byte_count(saved.unsigned_abs()))
    } else {
        format!("{} more than uncompressed", byte_count(saved.unsigned_abs()))
    };
    let ratio = lens.ratio().map_or_else(String::new, |ratio| format!(" (ratio {ratio:.2})"));
    let earlier = match lens.bytes_from_earlier {
        ByteLen::ZERO => String::new(),
        from => format!("; {} from earlier messages", byte_count(from)),
    };
    let limit = if lens.over_limit { "; inflating stopped at the limit" } else { "" };
    format!("{payload} inflate to {data}{ratio}: {gain}{earlier}{limit}")
}
