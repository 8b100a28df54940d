use chainrule::differentiate;

#[differentiate(wrt(x))]
fn power(x: f64, product: f64, n: i32) -> f64 {
    if n == 0 { product } else { power(x, product * x, n - 1) }
}

fn main() {}
