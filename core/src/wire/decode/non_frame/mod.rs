//! Bytes of another protocol where a frame should begin.

mod detector;
mod non_frame_kind;
mod recognition;
#[cfg(test)]
mod tests;

pub(in crate::wire::decode) use detector::NonFrameDetector;
pub use non_frame_kind::NonFrame;
