use chainrule::differentiate;

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let (up, down): (Vec<f64>, Vec<f64>) = x.iter().partition(|e| **e > 0.0);
    up.iter().sum::<f64>() - down.iter().sum::<f64>()
}

fn main() {}
