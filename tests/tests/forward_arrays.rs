#![forbid(unsafe_code)]
use chainrule::differentiate;
use ndarray::*;

#[differentiate(pullback, jvp, jacobian)]
fn layer(x: &Array2<f64>, w: &Array1<f64>, b: f64) -> Array1<f64> {
    (x.dot(w) + b).mapv(f64::tanh)
}

#[differentiate(pullback, jvp, hvp, hessian)]
fn loss(x: &Array2<f64>, w: &Array1<f64>, b: f64) -> f64 {
    let e = layer(x, w, b);
    (&e * &e).sum()
}

#[test]
fn smoke() {
    let x = array![[1.0, 2.0], [3.0, 4.0], [0.5, -0.25]];
    let w = array![0.1, -0.2];
    let (v, (dx, dw, db)) = loss::value_and_grad(&x, &w, 0.3);
    let (v2, back) = loss::pullback(&x, &w, 0.3);
    println!("{v} {dx} {dw} {db} / {v2} {:?}", back(1.0));
    println!("{:?}", loss::jvp(&x, &w, 0.3, x.clone(), w.clone(), 1.0));
    println!("{:?}", loss::hvp(&x, &w, 0.3, x.clone(), w.clone(), 1.0));
    println!("{:?}", loss::hessian(&x, &w, 0.3));
    println!("{:?}", layer::jacobian(&x, &w, 0.3));
}
