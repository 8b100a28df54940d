use chainrule::differentiate;

fn square(x: f64) -> f64 {
    x * x
}

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for &e in x {
        s += square(e);
    }
    s
}

fn main() {}
