use chainrule::differentiate;

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let mut y = x.to_vec();
    let behind = y.split_off(1);
    y[0] * behind.iter().sum::<f64>()
}

fn main() {}
