use chainrule::differentiate;
use std::cell::Cell;

#[differentiate(wrt(x))]
fn f(x: f64, n: usize, rate: &Cell<f64>) -> f64 {
    let mut y = x;
    #[checkpoint]
    for _ in 0..n {
        let rate: f64 = rate.get();
        y = (y * rate).sin();
    }
    rate.set(0.5);
    y
}

fn main() {}
