//! Types of the user's with names by which others are known.

use chainrule::{Differentiable, differentiate};

#[derive(Clone, Debug, Differentiable)]
struct Path {
    points: [f64; 3],
}

#[differentiate]
type Duration = [f64; 2];

fn main() {}
