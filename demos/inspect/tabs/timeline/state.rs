//! The state of the timeline tab.

/// The scale and the lanes that the user chose.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimelineTabState {
    /// The chosen scale; `None` fits the selected frame and its neighbours.
    pub(crate) zoom: Option<u8>,
    /// Whether the TCP pieces are hidden.
    pub(crate) hide_arrivals: bool,
}
