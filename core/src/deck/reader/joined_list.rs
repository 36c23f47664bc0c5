//! Lists that pauses divide, as one list.

use crate::deck::Block;

/// Makes two lists one if only pauses stand between them, the first of which the item waits for.
pub(in crate::deck) fn join_lists(blocks: &mut Vec<Block>) {
    let pauses = blocks.iter().rev().skip(1).take_while(|block| **block == Block::Pause).count();
    let Some(first) = blocks.len().checked_sub(pauses + 2).filter(|_| pauses > 0) else { return };
    let both = (&blocks[first], &blocks[blocks.len() - 1]);
    let (Block::List { start: before, .. }, Block::List { start: after, .. }) = both else {
        return;
    };
    if before.is_some() != after.is_some() {
        return;
    }
    let Some(Block::List { loose: more_loose, items: mut more, .. }) = blocks.pop() else { return };
    blocks.truncate(first + 1);
    let Some(Block::List { loose, items, .. }) = blocks.last_mut() else { return };
    *loose |= more_loose;
    if let Some(last) = items.last_mut() {
        // Further pauses reveal nothing, but each takes a key press.
        last.blocks.extend(std::iter::repeat_n(Block::Pause, pauses - 1));
    }
    if let Some(next) = more.first_mut() {
        next.pauses = true;
    }
    items.append(&mut more);
}
