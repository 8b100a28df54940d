//! Type aliases: of a struct, and with options.

use chainrule::{Differentiable, differentiate};

#[derive(Clone, Debug, Differentiable)]
struct Body {
    at: [f64; 3],
}

#[differentiate]
type Star = Body;

#[differentiate(wrt(x))]
type Point = [f64; 3];

fn main() {}
