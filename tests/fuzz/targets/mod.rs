//! The fuzz targets: one function for each, which panics if a property does not hold for its input.
//! cargo-fuzz (`fuzz/`) and the ordinary test beside this folder call them.

pub(crate) mod capture;
pub(crate) mod deck;
pub(crate) mod decoder;
pub(crate) mod handshake;
pub(crate) mod inflater;
pub(crate) mod sockjs;
pub(crate) mod tungstenite;
pub(crate) mod typed;

/// Splits off the first byte, which chooses the options.
fn cut(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(how, input)| (*how, input))
}

/// Returns the input in chunks of 1 to 24 bytes. `how` chooses where the lengths begin.
fn pieces(input: &[u8], how: u8) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut step) = (input, usize::from(how));
    std::iter::from_fn(move || {
        step += 7;
        let (piece, behind) = rest.split_at(rest.len().min(1 + step * step % 24));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}
