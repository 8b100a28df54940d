//! Pages to read: how things are done here, with code that runs.

#[doc = include_str!("from_pytorch.md")]
pub mod from_pytorch {}
