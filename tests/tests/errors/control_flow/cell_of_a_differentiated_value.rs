use chainrule::differentiate;
use std::cell::Cell;

#[differentiate]
fn f(x: f64) -> f64 {
    let total = Cell::new(0.0);
    for k in 0..3 {
        total.set(total.get() + x * k as f64);
    }
    total.get()
}

fn main() {}
