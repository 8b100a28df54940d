use chainrule::differentiate;

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|e| e * e).sum::<f64>().sqrt()
}

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let mut y = x.to_vec();
    y[0] *= 2.0;
    norm(&y)
}

fn main() {}
