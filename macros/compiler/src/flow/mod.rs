//! Scalar code: control flow, loops, memory that is changed in place.
//!
//! What tensors are to the rest of the compiler, statements are here: the stages are the same
//! (lower, differentiate, emit), the program is another ([`ir`]), since what matters differs: not
//! which loops to fuse, but what a reversed loop has to remember.

pub mod activity;
pub mod adjoint;
pub mod emit;
pub mod explain;
mod finite;
pub mod frames;
pub mod fresh;
pub mod hoist;
pub mod index;
pub mod inner;
pub mod ir;
pub mod jam;
pub mod join;
mod lengths;
mod lost;
pub mod lower;
pub mod moved;
pub mod number;
pub mod pair;
mod polynomial;
pub mod print;
mod replay;
pub mod room;
pub mod rows;
pub mod scalars;
mod scope;
pub mod tangent;
mod tree;
mod underflow;
pub mod unpack;
pub mod unroll;
mod unseen;
pub mod vanish;
pub mod verify;
pub mod visit;
mod walk;

pub(crate) use unseen::DERIVATIVES;
