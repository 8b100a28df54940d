use chainrule::differentiate;

#[differentiate]
fn product(x: f64, y: f64) -> f64 {
    x * y
}

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for e in x {
        s += product(*e, 2.0, 3.0);
    }
    s
}

fn main() {}
