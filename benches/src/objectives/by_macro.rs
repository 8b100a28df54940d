//! The gradients by the macro, in the form of those by hand.
//!
//! This is the one place to change for the attribute: until an objective carries it, the gradient by
//! hand stands in here.

pub(super) use super::by_hand::{
    ba, gmm, logistic, lorenz, lstm, nested_recurrence, nested_sum, rosenbrock,
};

/// Whose gradient by hand stands in for the macro's: the table says so.
pub const STAND_INS: &[&str] =
    &["GMM", "BA", "LSTM", "Rosenbrock", "RK4 Lorenz", "logistic regression", "nested loop"];
