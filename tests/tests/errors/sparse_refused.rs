use chainrule::differentiate;

#[differentiate(jacobian(sparse))]
fn running_sum(x: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let mut out = Vec::new();
    for v in x {
        sum += v * v;
        out.push(sum);
    }
    out
}

#[differentiate(jacobian(sparse))]
fn through_memory(u: &[f64]) -> Vec<f64> {
    let mut flux = vec![0.0; u.len()];
    for i in 1..u.len() {
        flux[i] = u[i] - u[i - 1];
    }
    let mut out = vec![0.0; u.len()];
    for i in 1..u.len() - 1 {
        out[i] = flux[i + 1] - flux[i];
    }
    out
}

#[differentiate(jacobian(sparse))]
fn recurrence(x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    for i in 1..x.len() {
        out[i] = x[i] * out[i - 1];
    }
    out
}

#[differentiate(jacobian(sparse))]
fn the_parameter(x: Vec<f64>) -> Vec<f64> {
    x
}

#[differentiate(jacobian(sparse))]
fn a_copy(x: &[f64]) -> Vec<f64> {
    let mut y = x.to_vec();
    for i in 0..y.len() {
        y[i] *= 2.0;
    }
    y
}

#[differentiate(jacobian(sparse))]
fn rows_of_any_length(x: &[Vec<f64>]) -> Vec<f64> {
    x.iter().map(|row| row[0]).collect()
}

#[differentiate(hessian(sparse))]
fn a_product_of_all(x: &[f64]) -> f64 {
    let mut all = 1.0;
    for v in x {
        all *= v;
    }
    all
}

fn main() {}
