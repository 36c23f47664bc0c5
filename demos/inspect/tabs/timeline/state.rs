//! The state of the timeline tab.

/// The scale and the lanes that the user chose.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimelineTabState {
    pub(crate) zoom: Zoom,
    /// Whether the TCP pieces are shown. They have room before anything else then.
    pub(crate) shows_arrivals: bool,
}

/// The span of time that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Zoom {
    /// The message of the selected frame, and the frames shortly before and after it.
    #[default]
    Message,
    /// All frames of the connection.
    Whole,
    /// A chosen scale, around the selected frame.
    Scale(u8),
}
