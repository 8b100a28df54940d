//! Float literals beside variables take the variable's float; plain Rust on variables type-checks.
#![forbid(unsafe_code)]

use chainrule::tape::{Tape, Var};
use ndarray::{Array1, Array2, array};

#[test]
fn the_contract_example() {
    let tape = Tape::new();
    let x = tape.var(7.0);
    let y = x.powi(2) + 2.0 * x + 7.0;
    y.backward();
    assert_eq!(x.grad(), 16.0);
}

#[test]
fn scalars_of_both_floats() {
    let tape = Tape::new();
    let x = tape.var(1.5_f32);
    let y: Var<'_, f32> = 2.0 * x + x * 2.0 - tape.constant(2.0) * x + x.max(0.0) / 3.0 % 2.0;
    let y = (2.0 * y).sin().abs() + x.powf(2.0) + x.mul_add(2.0, 1.0) + x.clamp(0.0, 3.0);
    assert!(y > 0.0 && tape.constant(0.0) < y && y != 1.0);
    let x = tape.var(1.5_f64);
    let y: Var<'_, f64> = 2.0 * x + x * 2.0 - tape.constant(2.0) * x + x.max(0.0) / 3.0 % 2.0;
    assert!((2.0 * y).sin() < 1.0);
    assert!((tape.constant(2.0) * x).sin() < 1.0);
}

#[test]
fn arrays_of_both_floats() {
    let tape = Tape::new();
    let x: Var<'_, Array1<f32>> = tape.var(array![1.0, 2.0]);
    let y: Var<'_, Array1<f32>> =
        2.0 * x + x * 2.0 - tape.constant(2.0) * x + x.max(0.0) / 3.0 - (1.0 - x).powf(2.0);
    assert_eq!((2.0 * y).sum().value(), 2.0 * y.value().sum());
    let x: Var<'_, Array2<f64>> = tape.var(array![[1.0, 2.0]]);
    let y: Var<'_, Array2<f64>> = 2.0 * x + x * 2.0 - tape.constant(2.0) * x + x.max(0.0) / 3.0;
    assert_eq!((2.0 * y).sum().value(), 2.0 * y.value().sum());
}

#[test]
fn references_and_compound_assignment() {
    let tape = Tape::new();
    let (x, k) = (tape.var(3.0_f64), tape.var(2.0_f64));
    let (x, k) = (&x, &k);
    assert_eq!((x + k).value() + (2.0 * x).value() + (*x * k).value() + (x - 1.0).value(), 19.0);
    assert_eq!((-x).value() + (x % k).value() + x.powf(k).value(), 7.0);
    let mut s = *x;
    s += 1.0;
    s *= k;
    s -= *x;
    s /= 2.0;
    s %= 2.0;
    assert_eq!(s.value(), 0.5);
    s.backward();
    assert_eq!(x.grad(), 0.5);
    let mut a = tape.var(array![1.0, 2.0]);
    a += 1.0;
    a *= k;
    a -= array![1.0, 1.0];
    assert_eq!(a.value(), array![3.0, 5.0]);
}

#[test]
fn closures_stand_for_all_elements() {
    let tape = Tape::new();
    let x = tape.var(array![[1.0_f32, -2.0], [3.0, 0.5]]);
    let s = tape.var(0.5_f32);
    let y = x.mapv(|e| e * e + s);
    assert_eq!(y.value(), x.value().mapv(|e| e * e + 0.5));
    let y = x.mapv(|e| (e * 2.0).sin().max(0.0));
    assert_eq!(y.value(), x.value().mapv(|e| (e * 2.0).sin().max(0.0)));
    let y = x.map(|e| s.powf(e) + s.max(e) + e.max(s));
    assert_eq!(y.value(), x.value().mapv(|e| 0.5_f32.powf(e) + 0.5_f32.max(e) + e.max(0.5)));
    let wide = x.mapv(|e| e.cast::<f64>() * 2.0);
    wide.sum().backward();
    assert_eq!(x.grad(), Array2::from_elem((2, 2), 2.0));
    assert_eq!(x.mapv(|_| 1.0_f32).value(), Array2::ones((2, 2)));
}

#[test]
fn branches_compare_by_value() {
    let tape = Tape::new();
    for (at, slope) in [(-1.0, 0.0), (0.0, 0.0), (2.0, 1.0)] {
        let x = tape.var(at);
        let y = if x > 0.0 { x } else { tape.constant(0.0) };
        y.backward();
        assert_eq!(x.grad(), slope);
    }
}

/// The loss of the linear regression, as generated code would write it.
#[test]
fn linear_regression() {
    let tape = Tape::new();
    let x = tape.constant(array![[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let y = tape.constant(array![1.0_f32, 2.0, 3.0]);
    let (w, b) = (tape.var(array![0.5_f32, -0.5]), tape.var(0.25_f32));
    let prediction = x.dot(w) + b;
    let loss = (prediction - y).mapv(|e| e * e).mean().unwrap();
    loss.backward();
    let residual = x.value().dot(&w.value()) + 0.25 - y.value();
    assert_eq!(loss.value(), residual.mapv(|e| e * e).mean().unwrap());
    let expected = x.value().t().dot(&residual) * (2.0 / 3.0);
    assert!((w.grad() - expected).mapv(f32::abs).sum() < 1e-5);
    assert!((b.grad() - residual.sum() * (2.0 / 3.0)).abs() < 1e-6);
}
