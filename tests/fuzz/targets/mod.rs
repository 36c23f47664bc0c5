//! What must hold for any bytes: a function a target, called by cargo-fuzz (`fuzz/`) and by the
//! ordinary test beside this. Each panics where something does not hold. Where the bytes come from
//! is not known here.

pub(crate) mod capture;
pub(crate) mod deck;
pub(crate) mod decoder;
pub(crate) mod handshake;
pub(crate) mod inflater;
pub(crate) mod tungstenite;
pub(crate) mod typed;

/// The first byte chooses the circumstances, the others are the input.
fn cut(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(how, input)| (*how, input))
}

/// Pieces of changing length, from 1 to 24 bytes; `how` says where they begin.
fn pieces(input: &[u8], how: u8) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut step) = (input, usize::from(how));
    std::iter::from_fn(move || {
        step += 7;
        let (piece, behind) = rest.split_at(rest.len().min(1 + step * step % 24));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}
