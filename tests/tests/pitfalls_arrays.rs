//! Published mistakes of other tools with arrays: each by name, and not made here.

// `s!` allows unsafe code for itself, which cannot be forbidden then.
#![deny(unsafe_code)]
#![allow(clippy::neg_cmp_op_on_partial_ord, reason = "what a comparison with NaN gives is tested")]

use chainrule::differentiate;
use chainrule::tensor::TensorExt;
use chainrule_tests::arrays::{
    DIFFERENCES, ROUNDING, layouts, matrix, scalar, vector, vector_layouts,
};
use chainrule_tests::{assert_close, differences, operations};
use ndarray::{Array0, Array1, Array2, ArrayRef, ArrayView2, Axis, Ix1, Ix2, arr0, array, s};

// 28. Shapes that stretch: the gradient has the parameter's shape.
operations! {
    broadcast_2_3_with_3: (x: Array2<f64> = matrix(2, 3), y: Array1<f64> = vector(3)) -> Array2<f64> { x + y }
    broadcast_2_1_with_1_3: (x: Array2<f64> = matrix(2, 1), y: Array2<f64> = matrix(1, 3)) -> Array2<f64> { x * y }
    broadcast_a_scalar: (x: f64 = scalar(), y: Array2<f64> = matrix(2, 3)) -> Array2<f64> { *x / y }
    broadcast_rank_0: (x: Array0<f64> = arr0(1.3), y: Array2<f64> = matrix(2, 3)) -> Array2<f64> { y - x }
}

// 29. Products of transposed, reversed and strided operands.
operations! {
    dot_of_reversed: (x: Array2<f64> = matrix(3, 4), y: Array1<f64> = vector(4)) -> Array1<f64> {
        x.slice(s![..;-1, ..;-1]).dot(&y.slice(s![..;-1]))
    }
    dot_of_strided: (x: Array2<f64> = matrix(3, 4), y: Array2<f64> = matrix(4, 2)) -> Array2<f64> {
        x.slice(s![..;2, ..;2]).dot(&y.slice(s![1..;2, ..]))
    }
    dot_of_transposed_slices: (x: Array2<f64> = matrix(3, 4), y: Array2<f64> = matrix(3, 2)) -> Array2<f64> {
        x.slice(s![.., 1..3]).t().dot(&y.slice(s![..;-1, ..]))
    }
    dot_1_1_of_slices: (x: Array1<f64> = vector(5)) -> Array1<f64> { x * x.slice(s![..3]).dot(&x.slice(s![2..])) }
}

#[test]
fn dot_in_every_layout() {
    #[differentiate]
    fn f(x: &ArrayRef<f64, Ix2>, y: &ArrayRef<f64, Ix1>) -> f64 {
        (x.t().dot(&x.dot(y)) * y).sum()
    }
    let (x, y) = (matrix(4, 3), vector(3));
    let expected = f::value_and_grad(&x, &y);
    for (name, x) in layouts(&x) {
        for (y_name, y) in vector_layouts(&y) {
            assert_eq!(f::value_and_grad(&x, &y), expected, "x in {name}, y {y_name}");
        }
    }
}

// 30. Means and moments.

#[test]
fn moments_at_zero_variance() {
    #[differentiate(tape)]
    fn deviation(x: &Array2<f64>) -> f64 {
        x.std_axis(Axis(1), 0.0).sum()
    }
    #[differentiate(tape)]
    fn variance(x: &Array2<f64>) -> f64 {
        x.var_axis(Axis(1), 1.0).sum()
    }
    // As PyTorch: 0 where the deviation is 0, not NaN.
    let x = array![[2.0, 2.0, 2.0], [1.0, 2.0, 3.0]];
    let (value, slope) = deviation::value_and_grad(&x);
    assert_close("value", &value, &deviation(&x), ROUNDING);
    let expected = array![[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0]] / (3.0 * (2.0_f64 / 3.0).sqrt());
    assert_close("slope", &slope, &expected, ROUNDING);
    assert_close("tape", &deviation::tape_value_and_grad(&x).1, &slope, ROUNDING);
    let (_, slope) = variance::value_and_grad(&x);
    assert_close("variance", &slope, &array![[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0]], ROUNDING);
    assert_close("tape", &variance::tape_value_and_grad(&x).1, &slope, ROUNDING);
}

#[test]
fn moments_of_an_empty_axis() {
    #[differentiate]
    fn variance(x: &Array2<f64>) -> Array1<f64> {
        x.var_axis(Axis(1), 0.0)
    }
    let none = Array2::zeros((2, 0));
    let (value, slope) = variance::vjp(&none, array![1.0, 1.0]);
    assert_eq!((value.len(), slope.dim()), (2, (2, 0)));
    assert!(value.iter().all(|v| v.is_nan()));
    let none = Array2::zeros((0, 3));
    let (value, slope) = variance::vjp(&none, array![]);
    assert_eq!((value.len(), slope.dim()), (0, (0, 3)));
}

#[test]
#[should_panic(expected = "`mean`: the mean of `x` (shape 0×3) does not exist: the array is empty")]
fn mean_axis_of_nothing() {
    #[differentiate]
    fn mean(x: &Array2<f64>) -> Array1<f64> {
        x.mean_axis(Axis(0)).unwrap()
    }
    let _ = mean::vjp(&Array2::zeros((0, 3)), vector(3));
}

#[test]
#[should_panic(
    expected = "`variance`: the variance of `x` (length 1) does not exist: `ddof` is 2, more than the number of elements"
)]
fn variance_with_too_many_degrees_of_freedom() {
    #[differentiate]
    fn variance(x: &Array1<f64>) -> f64 {
        x.var(2.0)
    }
    let _ = variance::grad(&vector(1));
}

// 31. Changes in place.
operations! {
    add_assign_with_broadcast: (a: Array2<f64> = matrix(2, 3), b: Array1<f64> = vector(3)) -> Array2<f64> {
        let mut z = a.clone();
        z += b;
        z *= b;
        z
    }
    assign_drops_what_was_there: (a: Array2<f64> = matrix(2, 3), b: Array1<f64> = vector(3)) -> Array2<f64> {
        let mut z = a.ln();
        z.assign(b);
        z * a
    }
    fill_drops_what_was_there: (a: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        let mut z = a.ln();
        let first = z[[0, 0]];
        z.fill(first);
        z
    }
    overlapping_slices_are_read: (x: Array1<f64> = vector(6)) -> Array1<f64> {
        let mut z = x.slice(s![..4]).to_owned();
        z *= &x.slice(s![2..]);
        let product = &z * &x.slice(s![1..5]);
        z.assign(&product);
        z
    }
}

/// What is overwritten contributes nothing, also where its derivative is infinite.
#[test]
fn what_is_overwritten_contributes_nothing() {
    #[differentiate(tape)]
    fn f(a: &Array1<f64>, b: &Array1<f64>) -> f64 {
        let mut z = a.ln();
        z.assign(b);
        z.sum()
    }
    let (a, b) = (array![0.0, -1.0], vector(2));
    assert_eq!(f::grad(&a, &b), (array![0.0, 0.0], array![1.0, 1.0]));
    assert_eq!(f::tape_value_and_grad(&a, &b).1, f::grad(&a, &b));
}

// 33. New axes, stretched arrays, kinds of parameters.
operations! {
    inserted_axes: (x: Array1<f64> = vector(3), y: Array1<f64> = vector(2)) -> Array2<f64> {
        &x.view().insert_axis(Axis(1)) - &y.view().insert_axis(Axis(0))
    }
    broadcast_and_reduced: (x: Array1<f64> = vector(3)) -> Array1<f64> {
        x.broadcast((4, 3)).unwrap().mapv(|e| e * e).sum_axis(Axis(1))
    }
}

#[test]
fn references_and_views_of_arrays() {
    #[differentiate]
    fn of_refs(x: &ArrayRef<f64, Ix2>) -> f64 {
        x.row(0).dot(&x.slice(s![1, ..;-1]))
    }
    #[differentiate]
    fn of_views(x: ArrayView2<f64>) -> f64 {
        x.row(0).dot(&x.slice(s![1, ..;-1]))
    }
    let large = matrix(4, 6);
    let part = large.slice(s![..;2, ..;-2]);
    assert_eq!(of_refs::value_and_grad(&part), of_views::value_and_grad(part));
    let slope = differences(|x| of_refs(x), &part.to_owned());
    assert_close("differences", &of_refs::grad(&part), &slope, DIFFERENCES);
}

// Closures with branches.

/// An arm that is not taken contributes nothing, not even NaN or an infinite product.
#[test]
fn the_arm_not_taken_contributes_nothing() {
    #[differentiate(tape)]
    fn f(x: &Array1<f64>, k: f64) -> f64 {
        x.mapv(|e| if e > 0.0 { e.sqrt() * e.ln() } else { e * k }).sum()
    }
    let x = array![4.0, 0.0, -1.0];
    let (value, (slope, by_k)) = f::value_and_grad(&x, 3.0);
    assert_eq!(value, f(&x, 3.0));
    assert_close("slope", &slope, &array![4.0_f64.ln() / 4.0 + 0.5, 3.0, 3.0], ROUNDING);
    assert_eq!(by_k, -1.0);
    assert_close("tape", &f::tape_value_and_grad(&x, 3.0).1, &(slope, by_k), ROUNDING);

    // What an arm reads from outside may be infinite, where the arm is not taken.
    #[differentiate(tape)]
    fn g(x: &Array1<f64>, k: f64) -> f64 {
        x.mapv(|e| if e > 1.0 { e * k } else { e }).sum()
    }
    let x = array![0.5, 0.25];
    let expected = (array![1.0, 1.0], 0.0);
    assert_eq!(g::grad(&x, f64::INFINITY), expected);
    assert_eq!(g::tape_value_and_grad(&x, f64::INFINITY).1, expected);
}

/// A comparison with NaN is false, as in Rust.
#[test]
fn comparisons_with_nan() {
    #[differentiate]
    fn f(x: &Array1<f64>) -> Array1<f64> {
        x.mapv(|e| if !(e >= 0.0) { 2.0 } else { e * 3.0 })
    }
    let (value, slope) = f::vjp(&array![f64::NAN, 1.0], array![1.0, 1.0]);
    assert_eq!((value, slope), (array![2.0, 3.0], array![0.0, 3.0]));
    #[differentiate]
    fn g(x: &Array1<f64>) -> Array1<f64> {
        x.mapv(|e| if e.is_nan() || e.is_infinite() { 0.0 } else { e })
    }
    let x = array![f64::NAN, f64::INFINITY, -f64::INFINITY, 1.0];
    let (value, slope) = g::vjp(&x, array![1.0, 1.0, 1.0, 1.0]);
    assert_eq!((&value, &slope), (&array![0.0, 0.0, 0.0, 1.0], &array![0.0, 0.0, 0.0, 1.0]));
}

// Model code at its special points.

#[test]
fn norms_at_the_zero_vector() {
    #[differentiate(tape)]
    fn f(x: &Array1<f64>) -> f64 {
        x.norm_l2() + x.norm_l1()
    }
    let zero = Array1::zeros(3);
    assert_eq!(f::value_and_grad(&zero), (0.0, Array1::zeros(3)));
    assert_eq!(f::tape_value_and_grad(&zero).1, Array1::<f64>::zeros(3));
}

#[test]
fn activations_at_special_points() {
    let x = array![0.0, -0.0, 1000.0, -1000.0];
    let ones = Array1::<f64>::ones(4);
    macro_rules! case {
        ($($name:ident ($($arg:expr)?): $value:expr, $slope:expr;)*) => {$({
            #[differentiate]
            fn f(x: &Array1<f64>) -> Array1<f64> {
                x.$name($($arg)?)
            }
            #[differentiate(tape)]
            fn sum(x: &Array1<f64>) -> f64 {
                f(x).sum()
            }
            let (value, slope) = f::vjp(&x, ones.clone());
            assert_eq!((&value, &slope), (&f(&x), &$slope), stringify!($name));
            assert_close(stringify!($name), &value, &$value, ROUNDING);
            assert_eq!(sum::tape_value_and_grad(&x).1, slope, stringify!($name));
        })*};
    }
    case! {
        relu(): array![0.0, 0.0, 1000.0, 0.0], array![0.0, 0.0, 1.0, 0.0];
        leaky_relu(0.25): array![0.0, 0.0, 1000.0, -250.0], array![0.25, 0.25, 1.0, 0.25];
        sigmoid(): array![0.5, 0.5, 1.0, 0.0], array![0.25, 0.25, 0.0, 0.0];
        softplus(): array![2.0_f64.ln(), 2.0_f64.ln(), 1000.0, 0.0], array![0.5, 0.5, 1.0, 0.0];
        silu(): array![0.0, 0.0, 1000.0, 0.0], array![0.5, 0.5, 1.0, 0.0];
        gelu(): array![0.0, 0.0, 1000.0, 0.0], array![0.5, 0.5, 1.0, 0.0];
    }
    // 0 however far the arm of the maximum is away.
    #[differentiate]
    fn relu_of_ln(x: &Array1<f64>) -> Array1<f64> {
        x.ln().relu()
    }
    let (_, slope) = relu_of_ln::vjp(&array![0.0, 2.0], array![1.0, 1.0]);
    assert_eq!(slope, array![0.0, 0.5]);
}

/// Large logits neither overflow nor cancel.
#[test]
fn softmax_of_large_logits() {
    #[differentiate(tape)]
    fn loss(x: &Array2<f64>, t: &Array2<f64>) -> f64 {
        x.cross_entropy(t)
    }
    #[differentiate(tape)]
    fn total(x: &Array2<f64>) -> f64 {
        x.log_sum_exp(Axis(1)).sum()
    }
    let x = array![[1000.0, 1000.0], [-1000.0, 1000.0]];
    let t = array![[1.0, 0.0], [1.0, 0.0]];
    let (value, (slope, by_t)) = loss::value_and_grad(&x, &t);
    assert_close("value", &value, &(0.5 * (2.0_f64.ln() + 2000.0)), ROUNDING);
    assert_close("slope", &slope, &array![[-0.25, 0.25], [-0.5, 0.5]], ROUNDING);
    assert_close("tape", &loss::tape_value_and_grad(&x, &t).1, &(slope, by_t), ROUNDING);

    let (value, slope) = total::value_and_grad(&x);
    assert_close("value", &value, &(2000.0 + 2.0_f64.ln()), ROUNDING);
    assert_close("slope", &slope, &array![[0.5, 0.5], [0.0, 1.0]], ROUNDING);
    assert_close("tape", &total::tape_value_and_grad(&x).1, &slope, ROUNDING);

    // A class that cannot be, and no class at all.
    let x = array![[0.0, f64::NEG_INFINITY], [f64::NEG_INFINITY, f64::NEG_INFINITY]];
    let (value, slope) = total::value_and_grad(&x);
    assert_eq!((value, slope.row(0).to_owned()), (f64::NEG_INFINITY, array![1.0, 0.0]));
    assert_eq!(slope.row(1).to_owned(), array![0.0, 0.0]);
    let none = Array2::<f64>::zeros((2, 0));
    assert_eq!(total::value_and_grad(&none).0, f64::NEG_INFINITY);
    let (value, (slope, by_t)) = loss::value_and_grad(&none, &none);
    assert_eq!((value, slope, by_t), (loss(&none, &none), none.clone(), none));
    // No weight on a row, and one that stretches over the classes.
    let (x, t) = (array![[1.0, 2.0], [3.0, 5.0]], array![[0.0, 0.0], [0.5, 0.0]]);
    let by_tape = loss::tape_value_and_grad(&x, &t);
    assert_close("no weight", &loss::value_and_grad(&x, &t), &by_tape, ROUNDING);
    let column = array![[1.0], [0.25]];
    let (value, (slope, by_t)) = loss::value_and_grad(&x, &column);
    let (expected, (wide, each)) = loss::value_and_grad(&x, &array![[1.0, 1.0], [0.25, 0.25]]);
    assert_close("value", &value, &expected, ROUNDING);
    assert_close("slope", &slope, &wide, ROUNDING);
    assert_close("by t", &by_t, &each.sum_axis(Axis(1)).insert_axis(Axis(1)), ROUNDING);
}

// What lies outside panics, naming function, array and shape, before anything is computed.

macro_rules! panics {
    ($($name:ident: |$x:ident| $body:expr, $n:expr, $message:literal;)*) => {$(
        #[test]
        #[should_panic(expected = $message)]
        fn $name() {
            #[differentiate]
            fn f($x: &Array2<f64>) -> f64 {
                $body
            }
            let _ = f::grad(&matrix($n.0, $n.1));
        }
    )*};
}
panics! {
    a_row_that_is_not_there: |x| x.exp().row(2).sum(), (2, 3),
        "`f`: index 2 of axis 0 is out of bounds for `x.exp()` (shape 2×3)";
    a_column_that_is_not_there: |x| x.column(3).sum(), (2, 3),
        "`f`: index 3 of axis 1 is out of bounds for `x` (shape 2×3)";
    a_slice_that_begins_outside: |x| x.slice(s![3.., ..]).sum(), (2, 3),
        "`f`: slice `3..` of axis 0 is out of bounds for `x` (shape 2×3)";
    a_slice_that_ends_outside: |x| x.slice(s![.., 1..4;-1]).sum(), (2, 3),
        "`f`: slice `1..4;-1` of axis 1 is out of bounds for `x` (shape 2×3)";
    a_slice_that_begins_before: |x| x.slice(s![-3.., ..]).sum(), (2, 3),
        "`f`: slice `-3..` of axis 0 is out of bounds for `x` (shape 2×3)";
    shapes_that_do_not_broadcast: |x| (&x.broadcast((2, 4)).unwrap() * 1.0).sum(), (2, 3),
        "`f`: `(2, 4)` (shape 2×4) and `x` (shape 2×3) do not broadcast together";
    slices_that_do_not_go_together: |x| (&x.slice(s![.., 1..]) * &x.slice(s![.., ..])).sum(), (2, 3),
        "do not broadcast together";
}
