use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let mut sum = 0.0;
    let mut add = |e: f64| sum += e;
    add(x);
    add(2.0 * x);
    sum
}

fn main() {}
