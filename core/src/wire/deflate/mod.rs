//! permessage-deflate (RFC 7692): inflating messages, compressing them, and listing them symbol by
//! symbol.

pub mod deflater;
pub mod inflate;
pub mod listing;
