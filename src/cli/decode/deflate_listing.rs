//! The DEFLATE data of a compressed message in words: a line for each thing that some bits say.
//! What they say is `wire::deflate::listing`'s; here it is laid out, and cut where it gets long.

use super::text_page::TextPage;
use crate::wire::ByteLen;
use crate::wire::deflate::inflate::BlockType;
use crate::wire::deflate::listing::{DeflateItem, DeflateItemKind, DeflateListing, MatchSource};
use crate::wire::format::{byte_count, group_thousands, quote};

/// Items that are written out.
const MAX_ITEMS_SHOWN: usize = 60;
/// Copied bytes that are quoted.
const MAX_BYTES_QUOTED: usize = 24;

pub(super) fn explain(page: &mut TextPage, lens: &DeflateListing) {
    page.line("  bits            what they say");
    let mut items = lens.items.iter().take(MAX_ITEMS_SHOWN).peekable();
    while let Some(item) = items.next() {
        let mut bits = item.bits.clone();
        let mut gives = item.output.clone();
        // Literals that follow each other are one piece of text.
        while item.kind == DeflateItemKind::Literal
            && let Some(next) = items.next_if(|next| next.kind == DeflateItemKind::Literal)
        {
            (bits.end, gives.end) = (next.bits.end, next.output.end);
        }
        let run = DeflateItem { bits, output: gives, kind: item.kind.clone() };
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
    if lens.end_marker_truncated {
        page.paragraph(
            "  end             ",
            "the last byte 00 is missing: zlib lets this message pass, and fails the next one \
             where the context is kept",
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
                BlockType::Stored => "stored: its bytes stand there as they are",
                BlockType::Fixed => "with the fixed codes of RFC 1951 §3.2.6",
                BlockType::Dynamic => "with codes of its own, which come first",
            };
            let last = if *last { "a last block" } else { "a block" };
            format!("{last}, {coding}")
        }
        DeflateItemKind::Padding => "skipped, up to the next byte".to_owned(),
        DeflateItemKind::StoredLength(0) => "LEN 0000, NLEN ffff: a block without bytes".to_owned(),
        DeflateItemKind::StoredLength(len) => {
            format!("LEN {len:04x}, NLEN {:04x}: {}", !len, byte_count(u64::from(*len)))
        }
        DeflateItemKind::Stored => {
            format!("{} as they are: {}", byte_count(item.output.end - item.output.start), given())
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

/// `code lengths: 2 bits "e", 3 bits "ant" ...; 12 lengths of matches, 8 distances`.
fn describe_codes(literals: &[u8], distances: &[u8]) -> String {
    let used = |lengths: &[u8]| lengths.iter().filter(|length| **length > 0).count();
    let (own, others) = literals.split_at(literals.len().min(256));
    let mut words = Vec::new();
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
        format!("{} more than without", byte_count(saved.unsigned_abs()))
    };
    let ratio = lens.ratio().map_or_else(String::new, |ratio| format!(", {ratio:.2} for each"));
    let earlier = match lens.bytes_from_earlier {
        ByteLen::ZERO => String::new(),
        from => format!("; {} from earlier messages", byte_count(from)),
    };
    let limit = if lens.over_limit { "; inflating stopped at the limit" } else { "" };
    format!("{payload} inflate to {data}{ratio}: {gain}{earlier}{limit}")
}
