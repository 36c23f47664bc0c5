//! [`DemoSlot`]: the place of a demo on the open slide.

use crate::stage::{DynDemo, OpenRefusal};

/// A demo of the open slide, or the reason why it is not open.
pub(crate) type DemoSlot = Result<Box<dyn DynDemo>, OpenRefusal>;
