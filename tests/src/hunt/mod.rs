//! The hunt for wrong gradients: random programs in the accepted language, run by every engine.
//!
//! [`program`] writes one program; [`run`] puts many of them into a crate, compiles it under
//! `#![forbid(unsafe_code)]`, and has each compared with itself undifferentiated and with the tape. [`spoil`] hunts the hunter.

mod array_statements;
mod arrays;
pub mod check;
pub mod complaint;
pub mod crates;
mod edits;
pub mod emit;
mod expressions;
mod noise;
pub mod program;
pub mod run;
pub mod shrink;
pub mod signature;
pub mod spoil;
mod statements;
mod witness;
