//! [`CloseContent`]: the code and the reason of a Close, as far as they were captured.

use crate::cli::inspect::record::close_body;
use crate::wire::ByteLen;
use crate::wire::decode::frame_assembler::AssembledFrame;

/// The content of a Close.
#[derive(Default)]
pub(super) struct CloseContent {
    /// The code and the reason, as far as it has them and they were captured.
    pub(super) body: Option<(u16, Option<String>)>,
    /// Whether it has a code that was not captured to its end.
    pub(super) lacks_code: bool,
}

impl CloseContent {
    pub(super) fn of(frame: &AssembledFrame) -> Self {
        let body = close_body(frame);
        let has_code = frame.start.is_some_and(|start| start.header.payload_len >= ByteLen::new(2));
        let lacks_code = body.is_none() && has_code && frame.not_captured > ByteLen::ZERO;
        Self { body, lacks_code }
    }
}
