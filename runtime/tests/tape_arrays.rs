//! Broadcasting, `dot`, reductions, indexing and maps, against central differences.
//!
//! Every function here is at most quadratic in each argument or smooth with values near 1, so that
//! central differences with step 1e-3 and one extrapolation are good to 1e-9; 1e-7 leaves room.
#![forbid(unsafe_code)]

mod slopes;

use chainrule::tape::{Tape, TapeError, Var};
use ndarray::{
    Array, Array0, Array1, Array2, Array3, Axis, DimMax, Dimension, Ix0, IxDyn, ShapeBuilder,
    Slice, arr0, array,
};

type ArrayVar<'t, D> = Var<'t, Array<f64, D>>;

/// Numbers between 0.5 and 1.5. Those of even and of odd seeds are at least 1/128 apart, so that no
/// tie of `max` lies within a difference's step.
fn sample<D: Dimension, Sh: ShapeBuilder<Dim = D>>(shape: Sh, seed: u32) -> Array<f64, D> {
    let mut state = seed;
    Array::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.5 + (f64::from(state >> 26) + f64::from(seed % 2) / 2.0) / 64.0
    })
}

/// Compares both gradients of a function of two arrays, and their shapes, with differences.
#[track_caller]
fn check<D: Dimension + 'static, E: Dimension + 'static>(
    a: &Array<f64, D>,
    b: &Array<f64, E>,
    f: impl for<'t> Fn(ArrayVar<'t, D>, ArrayVar<'t, E>) -> Var<'t, f64>,
) {
    slopes::check(a, b, 1e-7, f);
}

/// A scalar of an array in which every element counts differently.
fn weigh<D: Dimension + DimMax<D, Output = D> + 'static>(x: ArrayVar<'_, D>) -> Var<'_, f64> {
    (x * sample(x.raw_dim(), 99)).sum()
}

macro_rules! broadcasts {
    ($($a:expr, $b:expr;)+) => {$(
        let (a, b) = (sample($a, 1), sample($b, 2));
        check(&a, &b, |x, y| weigh(x + y));
        check(&a, &b, |x, y| weigh(x - y));
        check(&a, &b, |x, y| weigh(x * y));
        check(&a, &b, |x, y| weigh(x / y));
        check(&a, &b, |x, y| weigh(x % (y + 1.0)));
        check(&a, &b, |x, y| weigh(x.powf(y)));
        check(&a, &b, |x, y| weigh(y.hypot(x)));
        check(&a, &b, |x, y| weigh(x.max(y)));
        let tape = Tape::new();
        let (x, y) = (tape.var(a.clone()), tape.var(b.clone()));
        assert_eq!((x * y).value(), &a * &b);
        assert_eq!((x - &y).value(), &a - &b);
        assert_eq!((x - b.clone()).value(), &a - &b);
        assert_eq!((x - &b).value(), &a - &b);
    )+};
}

#[test]
fn shapes_broadcast_and_gradients_come_back() {
    broadcasts! {
        3, 3;
        (2, 3), (2, 3);
        (2, 3), 3;
        3, (2, 3);
        (2, 1), (1, 3);
        (2, 3), (1, 1);
        (2, 3), 1;
        1, 4;
        (2, 3), (2, 1);
        (), (2, 3);
        (2, 3), ();
        (), ();
        (2, 3, 2), (3, 1);
        (2, 1, 2), (1, 3, 1);
    }
    let (a, b) = (sample(IxDyn(&[2, 3]), 1), sample(IxDyn(&[3]), 2));
    check(&a, &b, |x, y| (x * y).powi(2).sum());
}

#[test]
fn empty_arrays() {
    let tape = Tape::new();
    let (x, row) = (tape.var(Array2::<f64>::zeros((0, 3))), tape.var(Array1::<f64>::ones(3)));
    let y = (x * row + 1.0).sum();
    y.backward();
    assert_eq!((y.value(), x.grad().dim(), row.grad()), (0.0, (0, 3), Array1::zeros(3)));
    assert!(x.mean().is_none());
    assert!(x.mean_axis(Axis(0)).is_none());
    assert_eq!(x.sum_axis(Axis(0)).value(), Array1::zeros(3));
    assert_eq!(x.t().dot(tape.var(Array1::<f64>::zeros(0))).value(), Array1::zeros(3));
}

#[test]
fn scalars_with_arrays() {
    let a = sample((2, 3), 1);
    let k: Array0<f64> = arr0(0.7);
    check(&a, &k, |x, k| weigh(k.at(()) * x));
    check(&a, &k, |x, k| weigh(x / k.at(())));
    check(&a, &k, |x, k| weigh(k.at(()) / x));
    check(&a, &k, |x, k| weigh(k.at(()) - x) + weigh(x - k.at(())));
    check(&a, &k, |x, k| weigh(x.powf(k.at(()))) + weigh(k.at(()).powf(x)));
    check(&a, &k, |x, k| weigh(2.0 * x) + weigh(1.0 / x) + weigh(x * 2.0 - 1.0) * k.at(()));
    check(&a, &k, |x, k| weigh(x.mapv(|e| e * e * k.at(()) + k.at(())).mapv(|e| e.sin())));
    check(&a, &k, |x, k| weigh(x.mapv(|_| k.at(()))) + weigh(x.map(|e| e.max(k.at(())))));
}

#[test]
fn dot_of_all_ranks_and_layouts() {
    let (v, w) = (sample(3, 1), sample(2, 2));
    let m = sample((2, 3), 3);
    let n = sample((3, 4), 4);
    check(&v, &v.mapv(|e| e + 0.1), |x, y| x.dot(y));
    check(&m, &v, |x, y| weigh(x.dot(y)));
    check(&w, &m, |x, y| weigh(x.dot(&y)));
    check(&m, &n, |x, y| weigh(x.dot(y)));
    check(&m, &w, |x, y| weigh(x.t().dot(y)));
    check(&v, &m, |x, y| weigh(x.dot(y.t())));
    check(&m, &n, |x, y| weigh(y.t().dot(x.t())));
    check(&m, &m.clone(), |x, y| weigh(x.dot(y.t()).t()));
    // Column-major, reversed and strided values.
    let columns = sample((2, 3).f(), 5);
    assert!(!columns.is_standard_layout());
    check(&columns, &v, |x, y| weigh(x.dot(y)) + weigh(x + y) + x.at([1, 2]));
    let mut reversed = m.clone();
    reversed.invert_axis(Axis(1));
    check(&reversed, &n, |x, y| weigh(x.dot(y)));
    let mut strided = sample((4, 6), 6);
    strided.slice_axis_inplace(Axis(0), Slice::from(..).step_by(2));
    strided.slice_axis_inplace(Axis(1), Slice::from(..).step_by(-2));
    check(&strided, &v, |x, y| weigh(x.dot(y)));
    let tape = Tape::new();
    let x = tape.var(m.clone());
    assert_eq!(x.dot(n.clone()).value(), m.dot(&n));
    assert_eq!(x.dot(&n).value(), m.dot(&n));
}

#[test]
fn reductions() {
    let (a, b) = (sample((2, 3), 1), sample(3, 2));
    check(&a, &b, |x, y| (x * y).sum().sin());
    check(&a, &b, |x, y| (x * y).mean().unwrap().powi(2));
    check(&a, &b, |x, y| weigh(x.sum_axis(Axis(0)) * y));
    check(&a, &b, |x, y| weigh(x.mean_axis(Axis(1)).unwrap().powi(2)) * y.sum());
    let c: Array3<f64> = sample((2, 3, 2), 3);
    check(&c, &b, |x, y| weigh(x.mean_axis(Axis(2)).unwrap() * y).exp());
    let tape = Tape::new();
    let x = tape.var(a.clone());
    assert_eq!(x.sum_axis(Axis(1)).value(), a.sum_axis(Axis(1)));
    assert_eq!(Some(x.mean().unwrap().value()), a.mean());
}

#[test]
fn elements_and_shapes() {
    let (a, b) = (sample((2, 3), 1), sample(3, 2));
    check(&a, &b, |x, y| x.at([0, 1]) * y.at(2) * x.at((0, 1)) + y.at([1]));
    check(&a, &b, |x, y| x.t().at([2, 0]) * y.sum() + x.view().to_owned().sum());
    check(&a, &b, |x, y| {
        let picked = x.tape().pack(array![x.at([1, 1]), y.at(0), y.at(0) * 2.0]);
        weigh(picked.sin()) + x.sum()
    });
    check(&a, &b, |x, y| weigh(x.mapv_each(|e| if e > 1.0 { e * e } else { e * y.at(1) })));
    let tape = Tape::new();
    let x = tape.var(a.clone());
    assert_eq!((x.len(), x.nrows(), x.ncols(), x.dim(), x.ndim()), (6, 2, 3, (2, 3), 2));
    assert_eq!(x.shape(), [2, 3]);
    assert_eq!(x.raw_dim(), a.raw_dim());
    assert_eq!(x.t().dim(), (3, 2));
    let scalar: Array<f64, Ix0> = arr0(2.0);
    let x = tape.var(scalar);
    (x * x).backward();
    assert_eq!(x.grad(), arr0(4.0));
}

/// An element's cotangent finds its place whatever the layout of the gradient so far.
#[test]
fn elements_after_a_transposed_gradient() {
    let tape = Tape::new();
    let x = tape.var(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let first = x.at([0, 2]) * 10.0;
    let weights = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    (first + (x.t() * weights).sum()).backward();
    assert_eq!(x.grad(), array![[1.0, 3.0, 15.0], [2.0, 4.0, 6.0]]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (tape, other) = (Tape::new(), Tape::new());
    let x = tape.var(array![1.0, 2.0]);
    let m = tape.var(array![[1.0, 2.0, 3.0]]);
    let shapes = |operation, left: &[usize], right: &[usize]| TapeError::Shapes {
        operation,
        left: left.to_vec(),
        right: right.to_vec(),
    };
    assert_eq!(x.try_add(m).unwrap_err(), shapes("+", &[2], &[1, 3]));
    assert_eq!(m.try_dot(x).unwrap_err(), shapes("dot", &[1, 3], &[2]));
    let foreign = other.var(1.0);
    assert_eq!(x.try_mul(foreign).unwrap_err(), TapeError::ForeignTape { operation: "*" });
    assert_eq!(
        tape.var(1.0).try_div(foreign).unwrap_err(),
        TapeError::ForeignTape { operation: "/" }
    );
    assert_eq!(x.try_backward().unwrap_err(), TapeError::NonScalar { shape: vec![2] });
    assert_eq!(
        x.try_backward_with(array![1.0]).unwrap_err(),
        TapeError::CotangentShape { expected: vec![2], found: vec![1] }
    );
    assert!(tape.var(array![[3.0]]).try_backward().is_ok());
    assert!(tape.var(arr0(3.0)).try_backward().is_ok());
}

#[test]
#[should_panic(expected = "backward on an array of shape [2]")]
fn backward_on_an_array_panics() {
    Tape::new().var(array![1.0, 2.0]).backward();
}

#[test]
#[should_panic(expected = "`+` of variables of two tapes")]
fn two_tapes_panic() {
    let (tape, other) = (Tape::new(), Tape::new());
    let _ = tape.var(1.0) + other.var(2.0);
}

#[test]
#[should_panic(expected = "`max` of arrays of shapes [2] and [3]")]
fn shapes_panic() {
    let tape = Tape::new();
    let _ = tape.var(array![1.0, 2.0]).max(tape.var(array![1.0, 2.0, 3.0]));
}

#[test]
#[should_panic(expected = "`+=` of arrays of shapes [1] and [2]")]
fn compound_assignment_keeps_the_shape() {
    let tape = Tape::new();
    let mut x = tape.var(array![1.0]);
    x += array![1.0, 2.0];
}

#[test]
#[should_panic(expected = "`mapv` of arrays of shapes [2] and [3]")]
fn maps_keep_the_shape() {
    let tape = Tape::new();
    let wide = tape.var(array![1.0, 2.0, 3.0]);
    let _ = tape.var(array![1.0, 2.0]).mapv(|_| wide);
}

#[test]
#[should_panic(expected = "index [2] is out of bounds for an array of shape [2]")]
fn indices_are_checked() {
    let _ = Tape::new().var(array![1.0, 2.0]).at(2);
}
