use chainrule::{Differentiable, differentiate};
use std::ops::Add;

trait Activation {
    fn apply(&self, x: f64) -> f64;
}

#[differentiate]
impl Activation for f64 {
    fn apply(&self, x: f64) -> f64 {
        self.max(x)
    }
}

#[derive(Clone, Copy, Debug, Differentiable)]
struct Length {
    metres: f64,
}

impl Add for Length {
    type Output = Length;

    fn add(self, other: Length) -> Length {
        Length { metres: self.metres + other.metres }
    }
}

#[differentiate]
fn sum(a: Length, b: Length) -> f64 {
    (a + b).metres
}

fn main() {}
