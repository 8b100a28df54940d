use chainrule::differentiate;

fn power(x: f64, n: i32) -> f64 {
    x.powi(n)
}

#[differentiate]
fn f(x: f64) -> f64 {
    let y = 2.0 * x;
    power(y, 3)
}

fn main() {}
