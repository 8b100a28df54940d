use chainrule::differentiate;

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let product = x.iter().try_fold(1.0, |p: f64, e| (*e > 0.0).then(|| p * e));
    product.unwrap_or(0.0)
}

fn main() {}
