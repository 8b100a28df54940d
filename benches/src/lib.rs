//! Rivals of `#[differentiate]`: the gradient of one training step of a linear regression, written
//! by hand in several ways, and what times them all.
//!
//! The step is value, gradient and update of mean((x w + b − y)²) in `f32`. Each rival is one
//! `fn(&mut Case) -> f32`; [`RIVALS`] lists them, and the tests hold each against the macro.

#![forbid(unsafe_code)]

pub mod by_tape;
mod case;
pub mod chain;
pub mod duals;
mod generic;
pub mod hand;
pub mod hand_gradients;
pub mod macros;
pub mod mlp;
pub mod objectives;
pub mod second;
pub mod tapes;
mod timing;
pub mod training;
pub mod two_passes;

pub use case::{Case, SIZES, Size};
pub use timing::{Times, interleaved, rounds};

/// A way to take the training step.
#[derive(Debug, Clone, Copy)]
pub struct Rival {
    /// Its name, as tables show it.
    pub name: &'static str,
    /// One step; returns the value before the update.
    pub step: fn(&mut Case) -> f32,
}

/// The macro, and what it is measured against.
pub const RIVALS: [Rival; 5] = [
    Rival { name: "macro", step: macros::step },
    Rival { name: "hand, portable", step: hand::portable_step },
    Rival { name: "hand, wide", step: hand::wide_step },
    Rival { name: "ndarray", step: two_passes::step },
    Rival { name: "tape", step: by_tape::step },
];
