//! A function named like a primitive type.
use chainrule::differentiate;

#[differentiate]
fn f64(x: f32) -> f32 {
    x * x
}

fn main() {}
