use chainrule::differentiate;

fn zeros(n: usize) -> Vec<f64> {
    vec![0.0; n]
}

#[differentiate]
fn by_index(x: f64) -> f64 {
    let mut v: Vec<f64> = zeros(3);
    v[0] = x * x;
    v[0] * x
}

#[differentiate]
fn by_push(x: f64) -> f64 {
    let mut v = zeros(3);
    v.push(x);
    v[3] * x
}

fn main() {}
