use chainrule::differentiate;

#[differentiate(wrt(x))]
fn power(x: f64, start: f64, n: i32) -> f64 {
    if n == 0 { start } else { x * power(x, start, n - 1) }
}

#[differentiate]
fn f(x: f64) -> f64 {
    power(x, x.sin(), 3)
}

fn main() {}
