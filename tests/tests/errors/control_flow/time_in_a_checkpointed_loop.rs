use chainrule::differentiate;
use std::time::Instant;

#[differentiate]
fn f(x: f64, n: usize) -> f64 {
    let start = Instant::now();
    let mut y = x;
    #[checkpoint]
    for _ in 0..n {
        let seconds: f64 = start.elapsed().as_secs_f64();
        y = (y + seconds).sin();
    }
    y
}

fn main() {}
