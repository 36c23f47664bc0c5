//! permessage-deflate (RFC 7692): messages inflated, compressed, and shown symbol by symbol.

pub mod deflater;
pub mod inflate;
pub mod listing;
