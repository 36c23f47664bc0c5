//! Text in cells: styled runs, their colours, and where lines break.

pub(super) mod big;
mod line_break;
pub(super) mod readable_color;
pub(super) mod runs;
pub(crate) mod wrap;
