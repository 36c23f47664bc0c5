//! The DEFLATE data of a compressed message in words: a line for each thing that some bits say.
//! What they say is `wire::lens`'s; here it is laid out, and cut where it gets long.

use super::page::Page;
use crate::wire::ByteLen;
use crate::wire::inflate::Coding;
use crate::wire::lens::{Item, Lens, Part, Source};
use crate::wire::words::{bytes, grouped, quoted};

/// Items that are written out.
const SHOWN: usize = 60;
/// Copied bytes that are quoted.
const QUOTED: usize = 24;

pub(super) fn explain(page: &mut Page, lens: &Lens) {
    page.line("  bits            what they say");
    let mut items = lens.items.iter().take(SHOWN).peekable();
    while let Some(item) = items.next() {
        let mut bits = item.bits.clone();
        let mut gives = item.gives.clone();
        // Literals that follow each other are one piece of text.
        while item.part == Part::Literal
            && let Some(next) = items.next_if(|next| next.part == Part::Literal)
        {
            (bits.end, gives.end) = (next.bits.end, next.gives.end);
        }
        let run = Item { bits, gives, part: item.part.clone() };
        let tail = if run.bits.start >= lens.tail_at { "added by the receiver: " } else { "" };
        let head = format!("  {:<14}  ", format!("{}-{}", run.bits.start, run.bits.end.saturating_sub(1)));
        page.paragraph(&head, &format!("{tail}{}", says(lens, &run)));
    }
    let more = (lens.items.len().saturating_sub(SHOWN) as u64).saturating_add(lens.more);
    if more > 0 {
        page.line(&format!("  … and {} more", grouped(more)));
    }
    if let Some(fault) = lens.fault {
        page.paragraph("  broken          ", &fault.to_string());
    }
    if lens.marker_cut {
        page.paragraph(
            "  end             ",
            "the last byte 00 is missing: zlib lets this message pass, and fails the next one where the context is kept",
        );
    }
    page.paragraph("  sum             ", &sum(lens));
    page.gap();
}

fn says(lens: &Lens, item: &Item) -> String {
    let given = || quoted(lens.bytes(item), QUOTED);
    match &item.part {
        Part::Block { last, coding } => {
            let coding = match coding {
                Coding::Stored => "stored: its bytes stand there as they are",
                Coding::Fixed => "with the fixed codes of RFC 1951 §3.2.6",
                Coding::Dynamic => "with codes of its own, which come first",
            };
            let last = if *last { "a last block" } else { "a block" };
            format!("{last}, {coding}")
        }
        Part::Padding => "skipped, up to the next byte".to_owned(),
        Part::StoredLength(0) => "LEN 0000, NLEN ffff: a block without bytes".to_owned(),
        Part::StoredLength(len) => format!("LEN {len:04x}, NLEN {:04x}: {}", !len, bytes(u64::from(*len))),
        Part::Stored => format!("{} as they are: {}", bytes(item.gives.end - item.gives.start), given()),
        Part::Codes { literals, distances } => codes(literals, distances),
        Part::Literal => format!("{} as literals: {}", bytes(item.gives.end - item.gives.start), given()),
        Part::Match { length, distance } => {
            let place = match item.source() {
                Some(Source::Earlier(back)) => {
                    format!("in an earlier message, {} before this one", bytes(back))
                }
                Some(Source::Here(at)) => format!("at byte {at} of this message"),
                None => String::new(),
            };
            format!("{length} bytes from {distance} back, {place}: {}", given())
        }
        Part::End => "the block ends".to_owned(),
    }
}

/// `code lengths: 2 bits "e", 3 bits "ant" ...; 12 lengths of matches, 8 distances`.
fn codes(literals: &[u8], distances: &[u8]) -> String {
    let used = |lengths: &[u8]| lengths.iter().filter(|length| **length > 0).count();
    let (own, others) = literals.split_at(literals.len().min(256));
    let mut words = Vec::new();
    for length in 1..=15 {
        let of: Vec<u8> = (0..=255).filter(|byte| own.get(usize::from(*byte)) == Some(&length)).collect();
        if !of.is_empty() {
            words.push(format!("{length} bits for {}", quoted(&of, QUOTED)));
        }
    }
    let matches = used(others.get(1..).unwrap_or_default());
    let end = others.first().copied().unwrap_or_default();
    format!(
        "code lengths: {}; {end} bits for the end; {matches} match lengths and {} distances have codes",
        words.join(", "),
        used(distances)
    )
}

fn sum(lens: &Lens) -> String {
    let (payload, data) = (bytes(lens.payload_len), bytes(lens.data_len));
    let saved = lens.saved();
    let gain = if saved >= 0 {
        format!("{} saved", bytes(saved.unsigned_abs()))
    } else {
        format!("{} more than without", bytes(saved.unsigned_abs()))
    };
    let ratio = lens.ratio().map_or_else(String::new, |ratio| format!(", {ratio:.2} for each"));
    let earlier = match lens.from_earlier {
        ByteLen::ZERO => String::new(),
        from => format!("; {} from earlier messages", bytes(from)),
    };
    let limit = if lens.over_limit { "; inflating stopped at the limit" } else { "" };
    format!("{payload} inflate to {data}{ratio}: {gain}{earlier}{limit}")
}
