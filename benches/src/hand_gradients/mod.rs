//! Gradients written by hand: what an engineer who cares about speed writes for each objective, in
//! safe Rust. Value and gradient come together; what the forward computation knows is not computed
//! again.
//!
//! The value is the objective's bit for bit, as the macro's is, so the forward computation adds in
//! the objective's order; the gradient's sums may be in any.

pub mod ba;
pub mod gmm;
pub mod logistic;
pub mod lorenz;
pub mod lstm;
pub mod nested;
pub mod rosenbrock;
