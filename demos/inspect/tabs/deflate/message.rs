//! The inspected message: its joined frames, the window before it, and the listed items.

use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::MAX_BYTES_SHOWN;
use crate::wire::deflate::inflate::Inflater;
use crate::wire::deflate::listing::{DeflateItem, DeflateItemKind, DeflateListing};
use crate::wire::{ByteLen, FragmentRole, Side, TraceRow};

/// The maximum number of payload bytes of earlier messages that are inflated for the window. If
/// there are more, the tab shows a warning.
const MAX_HISTORY_INFLATED: u64 = 8 << 20;

/// The state of the tab.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeflateTabState {
    /// The rows of the inspected message.
    pub(crate) rows: Vec<usize>,
    /// The number of its frames whose bytes were there.
    pub(crate) frames_present: usize,
    pub(crate) message: Option<InspectedMessage>,
    pub(crate) selected_item: usize,
    /// Whether consecutive literals are listed in one line.
    pub(crate) merge_literals: bool,
}

/// An inspected message.
#[derive(Clone, Debug)]
pub(crate) struct InspectedMessage {
    pub(crate) listing: DeflateListing,
    /// The items as they are listed, with literals merged or not.
    pub(crate) visible_items: Vec<DeflateItem>,
    pub(crate) payload: Vec<u8>,
    /// The window before the message: data of earlier messages.
    pub(crate) window: Vec<u8>,
    /// Why the window or the message is incomplete.
    pub(crate) warning: Option<&'static str>,
}

/// Inspects the message of the selected frame, if it has changed or more of its bytes have arrived.
pub(crate) fn follow(state: &mut DeflateTabState, session: &Session) {
    let rows = session
        .current_row()
        .map(|row| session.connection().trace.message_rows(row))
        .unwrap_or_default();
    let there = rows.iter().filter(|row| session.frame(**row).is_some()).count();
    // The bytes of a file's frames arrive later, so the number of present ones matters too.
    if there == state.frames_present && rows == state.rows {
        return;
    }
    let message = inspect_message(session, &rows);
    // A long message is easier to read with literals merged. The user can toggle it.
    let runs = message.as_ref().is_some_and(|message| message.listing.items.len() > 60);
    *state = DeflateTabState {
        rows,
        frames_present: there,
        message,
        selected_item: 0,
        merge_literals: runs,
    };
    update_visible_items(state);
}

fn inspect_message(session: &Session, rows: &[usize]) -> Option<InspectedMessage> {
    let first = *rows.first()?;
    let row = session.connection().trace.rows().get(first).filter(|row| row.is_compressed())?;
    let deflate = session.connection().trace.agreed().deflate?;
    let (from, bits) = (row.from(), deflate.window_bits(row.from()));
    let (window, mut amiss) = if deflate.context_takeover(from) {
        window_before(session, from, first, bits)
    } else {
        (Vec::new(), None)
    };
    let mut payload = Vec::new();
    for row in rows {
        match whole_payload(session, *row) {
            Some(piece) => payload.extend(piece),
            None => {
                amiss =
                    Some("a frame of this message is no longer in memory, or too long to be shown");
            }
        }
    }
    Some(InspectedMessage {
        listing: DeflateListing::new(&window, &payload, bits),
        visible_items: Vec::new(),
        payload,
        window,
        warning: amiss,
    })
}

/// Returns the payload of a row; `None` if it is incomplete, or longer than what can be shown.
fn whole_payload(session: &Session, row: usize) -> Option<Vec<u8>> {
    let short = session.connection().trace.rows().get(row)?.len() <= MAX_BYTES_SHOWN;
    session.frame(row).filter(|frame| short && frame.complete).map(|frame| frame.payload())
}

/// Returns the sender's window before a row, by inflating the earlier messages, and a warning if it
/// is incomplete.
fn window_before(
    session: &Session,
    from: Side,
    before: usize,
    bits: u8,
) -> (Vec<u8>, Option<&'static str>) {
    let is_part = |row: &TraceRow| {
        matches!(row.role(), FragmentRole::First { .. } | FragmentRole::Continuation { .. })
    };
    let rows = session.connection().trace.rows().iter().enumerate().take(before);
    let earlier = rows.filter(|(_, row)| row.from() == from && row.is_compressed() && is_part(row));
    let (mut inflater, mut window, mut taken) = (Inflater::new(bits), Vec::new(), ByteLen::ZERO);
    let window_size = 1 << bits;
    let keep = |window: &mut Vec<u8>, piece: &[u8]| {
        window.extend_from_slice(piece);
        window.drain(..window.len().saturating_sub(window_size));
    };
    for (number, row) in earlier {
        taken += row.payload_len();
        if taken > MAX_HISTORY_INFLATED {
            return (
                window,
                Some(
                    "more came before it than is inflated here: what it copies from there is not \
                     shown",
                ),
            );
        }
        let Some(payload) = whole_payload(session, number) else {
            return (
                window,
                Some(
                    "an earlier message is no longer in memory: what was copied from it is not \
                     known",
                ),
            );
        };
        if matches!(row.role(), FragmentRole::First { .. }) {
            // With context takeover each message continues with the window of the one before (RFC
            // 7692 section 7.1.1).
            inflater.begin_message(true);
        }
        let mut input = payload.as_slice();
        loop {
            let piece = inflater.push(&mut input);
            if piece.is_empty() {
                break;
            }
            keep(&mut window, piece);
        }
        if row.header().fin {
            // The end adds the four bytes that the sender removed (RFC 7692 section 7.2.2).
            keep(&mut window, inflater.end_message());
        }
    }
    (window, None)
}

/// Updates the listed items. With `merge_literals` a run of literals becomes one item.
pub(crate) fn update_visible_items(state: &mut DeflateTabState) {
    let Some(message) = &mut state.message else { return };
    message.visible_items.clear();
    for item in &message.listing.items {
        match message.visible_items.last_mut() {
            Some(last)
                if state.merge_literals
                    && last.kind == DeflateItemKind::Literal
                    && item.kind == DeflateItemKind::Literal =>
            {
                (last.bits.end, last.output.end) = (item.bits.end, item.output.end);
            }
            _ => message.visible_items.push(item.clone()),
        }
    }
    state.selected_item = state.selected_item.min(message.visible_items.len().saturating_sub(1));
}
