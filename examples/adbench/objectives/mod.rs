//! The objectives, in ordinary Rust.

pub(crate) mod ba;
pub(crate) mod gmm;
pub(crate) mod hand;
pub(crate) mod lstm;
