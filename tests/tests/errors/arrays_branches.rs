use chainrule::differentiate;
use ndarray::Array1;

fn table(k: usize) -> f64 {
    [1.0, 2.0][k]
}

#[differentiate]
fn without_else(x: &Array1<f64>) -> Array1<f64> {
    x.mapv(|e| {
        let mut y = e;
        if e > 0.0 {
            y = e * e;
        }
        y
    })
}

#[differentiate]
fn a_call_in_an_arm(x: &Array1<f64>, k: usize) -> Array1<f64> {
    x.mapv(|e| if e > 0.0 { e * table(k) } else { 0.0 })
}

#[differentiate]
fn an_array_in_an_arm(x: &Array1<f64>, y: &Array1<f64>) -> Array1<f64> {
    x.mapv(|e| if e > 0.0 { e * y[3] } else { 0.0 })
}

#[differentiate]
fn integers_in_an_arm(x: &Array1<f64>, k: i32) -> Array1<f64> {
    x.mapv(|e| if e > 0.0 { e * (10 / k) as f64 } else { 0.0 })
}

#[differentiate]
fn a_condition_as_a_number(x: &Array1<f64>) -> Array1<f64> {
    x.mapv(|e| (e > 0.0) as u8 as f64)
}

#[differentiate]
fn of_integers(x: &Array1<f64>, k: i32) -> Array1<f64> {
    x.mapv(|e| if k > 0 { e } else { 0.0 })
}

fn main() {}
