//! What the time line remembers.

/// The scale and the lanes that the reader chose.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimelineTabState {
    /// The scale that the reader chose; none fits the chosen frame and its neighbours.
    pub(crate) zoom: Option<u8>,
    /// The TCP pieces are not shown.
    pub(crate) hide_arrivals: bool,
}
