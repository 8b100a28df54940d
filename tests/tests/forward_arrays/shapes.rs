//! Shapes at the edge, and shapes that do not fit.

use chainrule::differentiate;
use ndarray::{Array1, Array2, Array3, Array4, array};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[differentiate(pullback, jvp, jacobian)]
fn layer(x: &Array2<f64>, w: &Array1<f64>) -> Array1<f64> {
    x.dot(w).mapv(f64::tanh)
}

#[differentiate(pullback, jvp, hvp, hessian)]
fn energy(x: &Array2<f64>, w: &Array1<f64>) -> f64 {
    let y = x.dot(w);
    y.dot(&y)
}

#[test]
fn no_rows_and_no_columns() {
    for (n, m) in [(0, 3), (2, 0), (0, 0)] {
        let (x, w) = (Array2::<f64>::ones((n, m)), Array1::ones(m));
        let tangents = || (x.clone(), w.clone());
        let (dx, dw) = tangents();
        assert_eq!(layer::jvp(&x, &w, dx, dw), (Array1::zeros(n), Array1::zeros(n)));
        let (value, back) = layer::pullback(&x, &w);
        assert_eq!(back(value), (Array2::zeros((n, m)), Array1::zeros(m)));
        let (by_x, by_w): (Array3<f64>, Array2<f64>) = layer::jacobian(&x, &w);
        assert_eq!(by_x, Array3::<f64>::zeros((n, n, m)));
        assert_eq!(by_w, Array2::<f64>::zeros((n, m)));

        let (dx, dw) = tangents();
        assert_eq!(energy::jvp(&x, &w, dx, dw), (0.0, 0.0));
        let (dx, dw) = tangents();
        let zeros = || (Array2::<f64>::zeros((n, m)), Array1::<f64>::zeros(m));
        assert_eq!(energy::hvp(&x, &w, dx, dw), (zeros(), zeros()));
        let ((xx, xw), (wx, ww)) = energy::hessian(&x, &w);
        assert_eq!(xx, Array4::<f64>::zeros((n, m, n, m)));
        assert_eq!(xw, Array3::<f64>::zeros((n, m, m)));
        assert_eq!(wx, Array3::<f64>::zeros((m, n, m)));
        assert_eq!(ww, Array2::<f64>::zeros((m, m)));
    }
}

#[test]
fn one_row_and_one_column() {
    let (x, w) = (array![[2.0]], array![3.0]);
    assert_eq!(energy::jvp(&x, &w, array![[1.0]], array![1.0]), (36.0, 60.0));
    let (grad, product) = energy::hvp(&x, &w, array![[1.0]], array![0.0]);
    assert_eq!(grad, (array![[36.0]], array![24.0]));
    assert_eq!(product, (array![[18.0]], array![24.0]));
    let ((xx, xw), (wx, ww)) = energy::hessian(&x, &w);
    assert_eq!((xx, xw), (array![[[[18.0]]]], array![[[24.0]]]));
    assert_eq!((wx, ww), (array![[[24.0]]], array![[8.0]]));
}

/// The message of a panic.
fn message<R>(run: impl FnOnce() -> R) -> String {
    let outcome = catch_unwind(AssertUnwindSafe(run)).map(|_| ());
    let panic = outcome.expect_err("it must panic");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn tangents_of_another_shape() {
    let (x, w) = (Array2::ones((2, 3)), Array1::ones(3));
    let flat = || Array2::ones((3, 2));
    assert_eq!(
        message(|| layer::jvp(&x, &w, flat(), w.clone())),
        "`layer`: the tangent of `x` has shape 3×2, but `x` has shape 2×3"
    );
    assert_eq!(
        message(|| energy::hvp(&x, &w, x.clone(), Array1::ones(2))),
        "`energy`: the tangent of `w` has length 2, but `w` has length 3"
    );
}

#[test]
fn a_cotangent_of_another_shape() {
    let (x, w) = (Array2::ones((2, 3)), Array1::ones(3));
    let (_, back) = layer::pullback(&x, &w);
    assert_eq!(
        message(|| back(Array1::ones(3))),
        "`layer`: `cotangent` has length 3, but the result has length 2"
    );
    // It serves the next one all the same.
    assert_eq!(back(Array1::ones(2)).1.len(), 3);
}
