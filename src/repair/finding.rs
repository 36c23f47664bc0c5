//! [`RepairFinding`] and [`RepairOutcome`]: what was found out about a server.

use serde::{Deserialize, Serialize};

/// What a check found out about one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairFinding {
    /// Whether the server does what it should.
    pub is_fine: bool,
    /// The event that decided it, as a clause.
    pub sentence: String,
}

/// What the same check found out about a server with its fault, and about the repaired one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairOutcome {
    /// With the fault.
    pub broken: RepairFinding,
    /// Repaired.
    pub repaired: RepairFinding,
}

impl RepairOutcome {
    /// Whether the fault shows, and is gone once it is repaired.
    pub fn shows_the_fault(&self) -> bool {
        !self.broken.is_fine && self.repaired.is_fine
    }
}
