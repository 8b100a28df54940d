use chainrule::differentiate;
use ndarray::Array1;

#[differentiate(jvp, hvp, hessian)]
fn f(x: &Array1<f64>) -> f64 {
    x.mapv(|e| e * e).sum()
}

#[differentiate(jacobian)]
fn g(x: &Array1<f64>) -> Array1<f64> {
    x.mapv(|e| e * e)
}

fn main() {
    let _ = f::grad(&Array1::zeros(2));
}
