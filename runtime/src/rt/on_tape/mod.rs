//! What the sources rewritten for the tape call where they cannot know whether a value is a
//! variable or plain.

mod cast;
mod changed;
mod elements;
mod enter;
mod passive;
mod stitch;

pub use cast::{As, ToFloat, ToWhole, float, number, whole};
pub use changed::{ChangeOther, ChangeVariables, Changed, ChangedItself, PlainMut};
pub use elements::{ByElement, ChangeElement, ReadElement};
pub use enter::{Enter, Entered};
pub use passive::{
    Kept, LiftFloats, LiftOther, Lifted, OnTape, PackVariables, Plain, PlainCopy, PlainOther,
    PlainVariable, Stopped, stopped,
};
pub use stitch::{Linked, expect_constant, expect_length, unit};
