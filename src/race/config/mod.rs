//! What is raced, where and for how long, as plain data, and the check whether it can run.

pub(super) mod estimate;
pub(super) mod external_servers;
pub(super) mod lane;
pub(super) mod load_budget;
pub(super) mod placement;
pub(super) mod race_config;
pub(super) mod validate;
