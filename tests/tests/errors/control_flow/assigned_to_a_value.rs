//! Blocks stand where variables were meant.

use chainrule::differentiate;

#[differentiate]
fn f(x: f64, n: usize) -> f64 {
    let mut s = x;
    let mut k = 0;
    #[checkpoint]
    for _ in 0..n {
        ({ k } += 1, { s } = x);
        s *= x;
    }
    s
}

fn main() {}
