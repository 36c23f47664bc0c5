//! [`Sides`]: a value for each side of a connection, indexed by [`Side`].

use std::ops::{Index, IndexMut};

use crate::wire::frame::Side;

/// One value for each side.
///
/// ```
/// use wiretalk_core::wire::{Side, Sides};
///
/// let mut taken = Sides::default();
/// taken[Side::Server] += 2;
/// assert_eq!(taken, Sides { client: 0, server: 2 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides<T> {
    /// The client's value.
    pub client: T,
    /// The server's value.
    pub server: T,
}

impl<T> Sides<T> {
    /// Creates both values with `make`.
    pub fn each(mut make: impl FnMut(Side) -> T) -> Self {
        Self { client: make(Side::Client), server: make(Side::Server) }
    }

    /// Returns both values, the client's first.
    pub fn both(&self) -> [&T; 2] {
        [&self.client, &self.server]
    }

    /// Returns mutable references to both values, the client's first.
    pub fn both_mut(&mut self) -> [&mut T; 2] {
        [&mut self.client, &mut self.server]
    }
}

impl<T> Index<Side> for Sides<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

impl<T> IndexMut<Side> for Sides<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}
