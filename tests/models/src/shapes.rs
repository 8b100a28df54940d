//! Structs of a crate of their own, their fields and methods.

use chainrule::{Differentiable, differentiate};

/// A straight line.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub struct Line {
    /// By how much it rises.
    pub slope: f64,
    /// Where it starts.
    pub offset: f64,
}

#[differentiate]
impl Line {
    /// The value at a place.
    pub fn at(&self, x: f64) -> f64 {
        self.slope * x + self.offset
    }

    /// Moves it up, in place.
    pub fn lift(&mut self, by: f64) {
        self.offset += by * self.slope;
    }
}

/// What only this crate can name, in fields that all can read.
#[allow(unreachable_pub, reason = "it is reached by the fields")]
mod inner {
    use chainrule::Differentiable;

    /// A weight that is not exported.
    #[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
    pub struct Weight(pub f64);
}

/// Two of a kind, and a weight that callers cannot name.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
pub struct Weighted<T> {
    /// The one.
    pub left: T,
    /// The other.
    pub right: T,
    /// The weight.
    pub weight: inner::Weight,
    /// How often.
    pub times: u32,
}

impl<T> Weighted<T> {
    /// With this weight.
    pub fn new(left: T, right: T, weight: f64, times: u32) -> Self {
        Weighted { left, right, weight: inner::Weight(weight), times }
    }
}

/// Reads a field whose type callers cannot name.
#[differentiate]
pub fn weighted(of: &Weighted<Line>, x: f64) -> f64 {
    (of.left.at(x) + of.right.at(x)) * of.weight.0.powi(of.times as i32)
}
