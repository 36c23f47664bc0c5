//! The inspected message: its joined frames, the window before it, and the listed items.

use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::MAX_BYTES_SHOWN;
use crate::wire::deflate::inflate::{InflateFault, InflateFaultKind, Inflater};
use crate::wire::deflate::listing::{DeflateItem, DeflateItemKind, DeflateListing};
use crate::wire::{ByteLen, FragmentRole, Frame, PayloadPiece, Side, TraceRow};

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
    /// Whether the message, or data that it may refer back to, was not captured completely.
    pub(crate) follows_gap: bool,
    /// Whether `payload` ends where bytes of the message were not captured.
    pub(crate) is_cut: bool,
}

impl InspectedMessage {
    /// Whether a fault is only that the capture lacks what the message refers back to, or its rest.
    pub(crate) fn is_unknown_because_of_gap(&self, fault: &InflateFault) -> bool {
        let is_back_reference = matches!(fault.kind, InflateFaultKind::DistanceTooFar { .. });
        self.follows_gap && (is_back_reference || self.is_cut)
    }
}

/// The window before a message.
#[derive(Debug, Default)]
struct WindowBefore {
    bytes: Vec<u8>,
    /// Why it is incomplete.
    warning: Option<&'static str>,
    /// Whether data that belongs to it was not captured.
    follows_gap: bool,
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
    let WindowBefore { bytes: window, warning: mut amiss, mut follows_gap } =
        if deflate.context_takeover(from) {
            window_before(session, from, first, bits)
        } else {
            WindowBefore::default()
        };
    let (mut payload, mut is_cut) = (Vec::new(), false);
    for row in rows {
        match whole_payload(session, *row) {
            Some(piece) => payload.extend(piece),
            None if has_gap(session, *row) => {
                amiss =
                    Some("bytes of this message were not captured: what follows them is not known");
                (follows_gap, is_cut) = (true, true);
                // The bytes before the gap are known; later fragments mean nothing without it.
                payload.extend(
                    session.frame(*row).as_ref().map(captured_beginning).unwrap_or_default(),
                );
                break;
            }
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
        follows_gap,
        is_cut,
    })
}

/// Returns the payload of a row; `None` if it is incomplete, was not captured, or is longer than
/// what can be shown.
fn whole_payload(session: &Session, row: usize) -> Option<Vec<u8>> {
    let row_of_frame = session.connection().trace.rows().get(row)?;
    let is_usable = row_of_frame.len() <= MAX_BYTES_SHOWN && !row_of_frame.has_gap();
    session.frame(row).filter(|frame| is_usable && frame.complete).map(|frame| frame.payload())
}

/// Returns the payload of a frame up to its first gap.
fn captured_beginning(frame: &Frame) -> Vec<u8> {
    match frame.payload_pieces().into_iter().next() {
        Some(PayloadPiece::Bytes(bytes)) => bytes,
        _ => Vec::new(),
    }
}

fn has_gap(session: &Session, row: usize) -> bool {
    session.connection().trace.rows().get(row).is_some_and(TraceRow::has_gap)
}

/// Returns the sender's window before a row, by inflating the earlier messages. After bytes that
/// were not captured it begins anew: what was inflated before them is at an unknown distance.
fn window_before(session: &Session, from: Side, before: usize, bits: u8) -> WindowBefore {
    let connection = session.connection();
    let is_part = |row: &TraceRow| {
        matches!(row.role(), FragmentRole::First { .. } | FragmentRole::Continuation { .. })
    };
    let rows = connection.trace.rows().iter().enumerate().take(before);
    let earlier = rows.filter(|(_, row)| row.from() == from && row.is_compressed() && is_part(row));
    let mut lost = connection.gaps.lost().iter().filter(|lost| lost.from == from).peekable();
    let (mut inflater, mut taken) = (Inflater::new(bits), ByteLen::ZERO);
    // Of a connection whose handshake was not seen, what came before is not known.
    let is_from_the_middle =
        [Side::Client, Side::Server].iter().all(|from| connection.trace.head(*from).is_none());
    let mut window = WindowBefore { follows_gap: is_from_the_middle, ..WindowBefore::default() };
    let window_size = 1 << bits;
    let keep = |window: &mut WindowBefore, piece: &[u8]| {
        window.bytes.extend_from_slice(piece);
        window.bytes.drain(..window.bytes.len().saturating_sub(window_size));
    };
    for (number, row) in earlier {
        taken += row.payload_len();
        if taken > MAX_HISTORY_INFLATED {
            window.warning = Some(
                "more came before it than is inflated here: what it copies from there is not shown",
            );
            return window;
        }
        let is_new_message = matches!(row.role(), FragmentRole::First { .. });
        if std::iter::from_fn(|| lost.next_if(|lost| lost.before_row <= number)).count() > 0 {
            (inflater, window) = (Inflater::new(bits), WindowBefore::after_gap());
        }
        if row.has_gap() {
            (inflater, window) = (Inflater::new(bits), WindowBefore::after_gap());
            continue;
        }
        let Some(payload) = whole_payload(session, number) else {
            window.warning = Some(
                "an earlier message is no longer in memory: what was copied from it is not known",
            );
            return window;
        };
        if is_new_message {
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
    if lost.any(|lost| lost.before_row <= before) { WindowBefore::after_gap() } else { window }
}

impl WindowBefore {
    /// Returns the empty window after bytes that were not captured.
    fn after_gap() -> Self {
        let warning = "earlier data was not captured: what is copied from it is not known";
        Self { bytes: Vec::new(), warning: Some(warning), follows_gap: true }
    }
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
