//! Arrays of rank 0 to 2 in ndarray's vocabulary: each operation by macro, by tape and by central
//! differences, in the shapes, layouts and kinds of parameters that ndarray has.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::arrays::{
    DIFFERENCES, ROUNDING, layouts, matrix, scalar, vector, vector_layouts, zero_dim,
};
use chainrule_tests::{Leaves, assert_close, differences, operations};
use ndarray::{
    Array0, Array1, Array2, ArrayRef, ArrayView1, ArrayView2, Axis, Ix1, Ix2, arr0, array,
};

// Arithmetic and broadcasting: every pair of ranks. ndarray stretches the right operand to the left
// one's shape by value, or both to a common shape for references.

operations! {
    /// An element at the end of an axis, read in a loop of a few rows that are taken together.
    last_element_in_a_product: (x: Array2<f64> = matrix(2, 3)) -> Array1<f64> {
        let end = x.sin()[[x.nrows() - 1, 0]];
        Array1::from_elem(2, end).dot(&Array2::from_elem((2, x.ncols()), 0.5))
    }
    matrix_with_matrix: (x: Array2<f64> = matrix(2, 3), y: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        (x + y) * (x - y) / y
    }
    matrix_with_vector: (x: Array2<f64> = matrix(2, 3), y: Array1<f64> = vector(3)) -> Array2<f64> {
        (x + y) * y / y - y
    }
    vector_with_matrix: (x: Array1<f64> = vector(3), y: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        x / y - x * y
    }
    matrix_with_scalar: (x: Array2<f64> = matrix(2, 3), s: f64 = scalar()) -> Array2<f64> {
        (x + *s) * *s / *s - *s
    }
    scalar_with_matrix: (s: f64 = scalar(), x: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        *s / x - *s * x + (*s + x)
    }
    vector_with_vector: (x: Array1<f64> = vector(4), y: Array1<f64> = vector(4)) -> Array1<f64> {
        x * y - x / y
    }
    vector_with_scalar: (x: Array1<f64> = vector(4), s: f64 = scalar()) -> Array1<f64> {
        x / *s - *s
    }
    scalar_with_vector: (s: f64 = scalar(), x: Array1<f64> = vector(4)) -> Array1<f64> {
        *s - x + *s / x
    }
    remainder: (x: Array1<f64> = array![5.5, -5.5, 7.3], y: Array1<f64> = array![2.0, 2.0, -3.0]) -> Array1<f64> {
        x % y
    }
    negated: (x: Array2<f64> = matrix(2, 2)) -> Array2<f64> { -x }
    zero_dim_with_scalar: (x: Array0<f64> = zero_dim(), s: f64 = scalar()) -> Array0<f64> { x * *s - *s }
    zero_dim_with_zero_dim: (x: Array0<f64> = zero_dim(), y: Array0<f64> = arr0(0.7)) -> Array0<f64> {
        x / y + x
    }
    vector_with_zero_dim: (x: Array1<f64> = vector(3), y: Array0<f64> = zero_dim()) -> Array1<f64> { x * y - y }
    zero_dim_with_matrix: (x: Array0<f64> = zero_dim(), y: Array2<f64> = matrix(2, 3)) -> Array2<f64> { x - y * x }

    // Extents of 1 that stretch, known only while the program runs.
    column_with_row: (x: Array2<f64> = matrix(2, 1), y: Array2<f64> = matrix(1, 3)) -> Array2<f64> { x * y + x }
    row_with_column: (x: Array2<f64> = matrix(1, 3), y: Array2<f64> = matrix(2, 1)) -> Array2<f64> { x / y - y }
    vector_with_one: (x: Array1<f64> = vector(3), y: Array1<f64> = vector(1)) -> Array1<f64> { x - y }
    one_with_vector: (x: Array1<f64> = vector(1), y: Array1<f64> = vector(3)) -> Array1<f64> { x * y - x }
    matrix_with_one: (x: Array2<f64> = matrix(2, 3), y: Array1<f64> = vector(1)) -> Array2<f64> { x * y }
    matrix_with_one_by_one: (x: Array2<f64> = matrix(2, 3), y: Array2<f64> = matrix(1, 1)) -> Array2<f64> { x / y }
    column_with_vector: (x: Array2<f64> = matrix(2, 1), y: Array1<f64> = vector(3)) -> Array2<f64> { x * y }
    three_that_stretch: (x: Array2<f64> = matrix(2, 1), y: Array2<f64> = matrix(1, 3), z: Array1<f64> = vector(3)) -> Array2<f64> {
        x * y + z * x
    }
    ones_everywhere: (x: Array2<f64> = matrix(1, 1), y: Array1<f64> = vector(1)) -> Array2<f64> { x * y - x }

    /// Assignments stretch the right side into the left one.
    compound_assignments: (x: Array2<f64> = matrix(2, 3), y: Array1<f64> = vector(3), s: f64 = scalar()) -> Array2<f64> {
        let mut z = x * 2.0;
        z += y;
        z *= x;
        z -= *s;
        z /= y;
        z
    }

    // Products.
    dot_1_1: (x: Array1<f64> = vector(5), y: Array1<f64> = matrix(5, 1).column(0).to_owned()) -> Array1<f64> {
        x * x.dot(y)
    }
    dot_2_1: (x: Array2<f64> = matrix(3, 4), y: Array1<f64> = vector(4)) -> Array1<f64> { x.dot(y) }
    dot_1_2: (x: Array1<f64> = vector(3), y: Array2<f64> = matrix(3, 4)) -> Array1<f64> { x.dot(y) }
    dot_2_2: (x: Array2<f64> = matrix(2, 3), y: Array2<f64> = matrix(3, 4)) -> Array2<f64> { x.dot(y) }
    dot_t_left: (x: Array2<f64> = matrix(3, 2), y: Array1<f64> = vector(3)) -> Array1<f64> { x.t().dot(y) }
    dot_t_right: (x: Array1<f64> = vector(3), y: Array2<f64> = matrix(2, 3)) -> Array1<f64> { x.dot(&y.t()) }
    dot_t_both: (x: Array2<f64> = matrix(3, 2), y: Array2<f64> = matrix(4, 3)) -> Array2<f64> { x.t().dot(&y.t()) }
    gram: (x: Array2<f64> = matrix(3, 2)) -> Array2<f64> { x.t().dot(x) }
    quadratic_form: (a: Array2<f64> = matrix(3, 3), x: Array1<f64> = vector(3)) -> Array1<f64> { x * x.dot(&a.dot(x)) }
    transposed_sum: (x: Array2<f64> = matrix(3, 3), y: Array1<f64> = vector(3)) -> Array2<f64> { &x.t() * y + x }

    // Element by element.
    mapv_with_a_closure: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> { x.mapv(|e| e * e.sin()) }
    map_with_a_reference: (x: Array1<f64> = vector(4)) -> Array1<f64> { x.map(|e| e * e + 1.0) }
    map_with_a_pattern: (x: Array1<f64> = vector(4)) -> Array1<f64> { x.map(|&e| e.exp()) }
    mapv_with_a_function: (x: Array1<f64> = vector(4)) -> Array1<f64> { x.mapv(f64::tanh) }
    mapv_with_captures: (x: Array1<f64> = vector(4), s: f64 = scalar()) -> Array1<f64> {
        let k = s.ln();
        x.mapv(|e| e * k + e / *s)
    }
    mapv_with_a_block: (x: Array1<f64> = vector(4)) -> Array1<f64> {
        x.mapv(|e| {
            let a = e.exp();
            let mut b = a * e;
            b += a;
            b / (1.0 + a)
        })
    }
    mapv_after_mapv: (x: Array1<f64> = vector(4)) -> Array1<f64> { x.mapv(f64::exp).mapv(|e| e.ln_1p()).mapv(|e| e * e) }
    /// The inner reduction runs once for each outer element: the sum of all distances.
    mapv_nested: (x: Array1<f64> = vector(3), y: Array1<f64> = vector(4)) -> Array1<f64> {
        x.mapv(|a| y.mapv(|b| (a - b * 2.0).exp()).sum())
    }
    mapv_of_a_constant: (x: Array1<f64> = vector(3), s: f64 = scalar()) -> Array1<f64> { x.mapv(|_| *s * *s) }
    methods_of_floats: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        x.exp() + x.ln() * x.sqrt() - x.sin() / x.cos().abs() + x.powi(3) + x.powf(1.5) + x.recip() + x.tanh()
    }

    // Reductions.
    sum_of_a_matrix: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> { x * x.sum() }
    mean_of_a_matrix: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> { x - x.mean().unwrap() }
    sum_of_rows: (x: Array2<f64> = matrix(2, 3)) -> Array1<f64> { (x * x).sum_axis(Axis(0)) }
    sum_of_columns: (x: Array2<f64> = matrix(2, 3)) -> Array1<f64> { (x * x).sum_axis(Axis(1)) }
    sum_axis_of_a_vector: (x: Array1<f64> = vector(3)) -> Array0<f64> { (x * x).sum_axis(Axis(0)) }
    mean_of_rows: (x: Array2<f64> = matrix(2, 3)) -> Array1<f64> { x.mean_axis(Axis(0)).unwrap() }
    mean_of_columns: (x: Array2<f64> = matrix(2, 3)) -> Array1<f64> { x.exp().mean_axis(Axis(1)).expect("columns") }
    variance_of_columns: (x: Array2<f64> = matrix(4, 3)) -> Array1<f64> {
        let centred = x - &x.mean_axis(Axis(0)).unwrap();
        centred.mapv(|e| e * e).mean_axis(Axis(0)).unwrap()
    }
    softmax_of_rows_transposed: (x: Array2<f64> = matrix(3, 2)) -> Array2<f64> {
        let e = x.exp();
        &e / &e.sum_axis(Axis(0))
    }

    // Elements and copies.
    constant_index: (x: Array1<f64> = vector(3), y: Array2<f64> = matrix(2, 2)) -> Array1<f64> {
        x * x[0] + y[[0, 1]] * x[2] - y[(1, 0)]
    }
    view_and_to_owned: (x: Array1<f64> = vector(3)) -> Array1<f64> { x.view().to_owned() * x.clone() }
    sizes: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        x * (x.nrows() * 10 + x.ncols()) as f64 / x.len() as f64
    }
    /// The result is a parameter, untouched.
    identity: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> { x.to_owned() }
    unused: (x: Array1<f64> = vector(3), y: Array2<f64> = matrix(2, 2)) -> Array1<f64> {
        let _ = y;
        x * 2.0
    }

    // Extents of 0 and 1.
    empty_vector: (x: Array1<f64> = vector(0), s: f64 = scalar()) -> Array1<f64> { x * *s }
    empty_matrix: (x: Array2<f64> = matrix(0, 3), y: Array1<f64> = vector(3)) -> Array1<f64> { x.dot(y) }
    product_over_nothing: (x: Array2<f64> = matrix(2, 0), y: Array1<f64> = vector(0)) -> Array1<f64> { x.dot(y) }
    sums_of_nothing: (x: Array2<f64> = matrix(0, 3)) -> Array1<f64> { x.sum_axis(Axis(0)) }
    one_row: (x: Array2<f64> = matrix(1, 3), y: Array1<f64> = vector(3)) -> Array1<f64> { x.dot(y) * y.sum() }
    one_column: (x: Array2<f64> = matrix(3, 1), y: Array1<f64> = vector(1)) -> Array1<f64> { x.dot(y) }
    one_element: (x: Array1<f64> = vector(1)) -> Array1<f64> { x * x.mean().unwrap() }

    /// Longer than any block or lane of a kernel, and no multiple of one.
    long_rows: (x: Array2<f64> = matrix(7, 67), w: Array1<f64> = vector(67)) -> Array1<f64> { x.dot(w) / 67.0 }
}

// Layouts. The same numbers in another order in memory have the same gradient.

/// The loss of a linear model with a non-linearity: reads `x` by rows, `w` by its elements.
#[differentiate(tape)]
fn loss(x: &ArrayRef<f64, Ix2>, y: &ArrayRef<f64, Ix1>, w: &ArrayRef<f64, Ix1>, b: f64) -> f64 {
    let r = (x.dot(w) + b).mapv(f64::tanh) - y;
    (&r * &r).mean().unwrap()
}

#[test]
fn every_layout_has_the_same_gradient() {
    let (x, y, w) = (matrix(5, 3), vector(5), vector(3));
    let expected = loss::value_and_grad(&x, &y, &w, 0.3);
    assert_close("value", &expected.0, &loss(&x, &y, &w, 0.3), ROUNDING);
    assert_close("tape", &expected.1, &loss::tape_value_and_grad(&x, &y, &w, 0.3).1, ROUNDING);
    let slope =
        differences(|(x, y, w, b)| loss(x, y, w, *b), &(x.clone(), y.clone(), w.clone(), 0.3));
    assert_close("differences", &expected.1, &slope, DIFFERENCES);

    for (name, x) in layouts(&x) {
        for (y_name, y) in vector_layouts(&y) {
            for (w_name, w) in vector_layouts(&w) {
                // The same operations in the same order: the same bits.
                let got = loss::value_and_grad(&x, &y, &w, 0.3);
                assert_eq!(got, expected, "x in {name}, y {y_name}, w {w_name}");
            }
        }
    }
}

/// Buffers may lie in memory in any order, too, and a cotangent.
#[test]
fn every_layout_of_a_buffer() {
    let (x, y, w) = (matrix(5, 3), vector(5), vector(3));
    let (value, expected) = loss::value_and_grad(&x, &y, &w, 0.3);
    for (name, mut dx) in layouts(&Array2::from_elem((5, 3), f64::NAN)) {
        for (w_name, mut dw) in vector_layouts(&Array1::from_elem(3, f64::NAN)) {
            let (mut dy, mut db) = (Array1::zeros(5), 0.0);
            let got =
                loss::value_and_grad_into(&x, &y, &w, 0.3, &mut dx, &mut dy, &mut dw, &mut db);
            assert_eq!(got, value);
            assert_eq!(
                (dx.leaves(), dw.leaves(), db),
                (expected.0.leaves(), expected.2.leaves(), expected.3),
                "dx in {name}, dw {w_name}"
            );
        }
    }
    #[differentiate]
    fn scaled(x: &Array2<f64>) -> Array2<f64> {
        x * 3.0
    }
    for (name, cotangent) in layouts(&x) {
        assert_eq!(scaled::vjp(&x, cotangent).1, &x * 3.0, "the cotangent in {name}");
    }
    assert_eq!(scaled(&x), &x * 3.0);
}

// Kinds of parameters.

#[test]
fn owned_borrowed_and_views() {
    #[differentiate(tape)]
    fn owned(x: Array2<f64>, w: Array1<f64>) -> f64 {
        x.dot(&w).mapv(|e| e * e).sum()
    }
    #[differentiate(tape)]
    fn views(x: ArrayView2<f64>, w: ArrayView1<'_, f64>) -> f64 {
        x.dot(&w).mapv(|e| e * e).sum()
    }
    #[differentiate(tape)]
    fn borrowed_views(x: &ArrayView2<'_, f64>, w: &ArrayView1<f64>) -> f64 {
        x.dot(w).mapv(|e| e * e).sum()
    }
    #[differentiate(tape)]
    fn borrowed(x: &ndarray::Array<f64, Ix2>, w: &ndarray::Array<f64, ndarray::Ix1>) -> f64 {
        x.dot(w).mapv(|e| e * e).sum()
    }
    let (x, w) = (matrix(3, 2), vector(2));
    let expected = borrowed::value_and_grad(&x, &w);
    let slope = differences(|(x, w)| borrowed(x, w), &(x.clone(), w.clone()));
    assert_close("differences", &expected.1, &slope, DIFFERENCES);
    assert_eq!(owned::value_and_grad(x.clone(), w.clone()), expected);
    assert_eq!(views::value_and_grad(x.view(), w.view()), expected);
    assert_eq!(borrowed_views::value_and_grad(&x.view(), &w.view()), expected);
    let tapes = [
        borrowed::tape_value_and_grad(&x, &w),
        owned::tape_value_and_grad(x.clone(), w.clone()),
        views::tape_value_and_grad(x.view(), w.view()),
        borrowed_views::tape_value_and_grad(&x.view(), &w.view()),
    ];
    for by_tape in tapes {
        assert_close("tape", &by_tape.1, &expected.1, ROUNDING);
    }
    // A part of a larger array, as a view.
    let large = matrix(6, 4);
    let part = large.slice_axis(Axis(0), ndarray::Slice::from(1..4));
    let part = part.slice_axis(Axis(1), ndarray::Slice::from(1..).step_by(2));
    assert_eq!(
        views::value_and_grad(part, w.view()),
        borrowed::value_and_grad(&part.to_owned(), &w)
    );
}

#[test]
fn tuples_of_arrays() {
    #[differentiate(wrt(params), tape)]
    fn f(x: &Array2<f64>, params: &(Array1<f64>, f64)) -> f64 {
        let (w, b) = params;
        (x.dot(w) + *b).mapv(|e| e.exp()).sum()
    }
    let (x, params) = (matrix(3, 2), (vector(2), 0.5));
    let (value, gradient) = f::value_and_grad(&x, &params);
    assert_close("value", &value, &f(&x, &params), ROUNDING);
    assert_close("differences", &gradient, &differences(|p| f(&x, p), &params), DIFFERENCES);
    assert_close("tape", &gradient, &f::tape_value_and_grad(&x, &params).1, ROUNDING);
    let mut into = (Array1::from_elem(2, f64::NAN), f64::NAN);
    assert_eq!(f::value_and_grad_into(&x, &params, &mut into), value);
    assert_eq!(into, gradient);
}

#[test]
fn arrays_of_f32() {
    #[differentiate(tape)]
    fn f(x: &Array2<f32>, w: &Array1<f32>, b: f32) -> f32 {
        (x.dot(w) + b).mapv(|e| e * e * 0.1).mean().unwrap()
    }
    #[differentiate]
    fn wide(x: &Array2<f64>, w: &Array1<f64>, b: f64) -> f64 {
        (x.dot(w) + b).mapv(|e| e * e * 0.1).mean().unwrap()
    }
    let narrow = |x: f64| x as f32;
    let (x, w) = (matrix(5, 3).mapv(narrow), vector(3).mapv(narrow));
    let expected = wide::grad(&x.mapv(f64::from), &w.mapv(f64::from), 0.25);
    // A dozen roundings of f32.
    let rounding = 16.0 * f64::from(f32::EPSILON);
    assert_close("macro", &f::grad(&x, &w, 0.25), &expected, rounding);
    assert_close("tape", &f::tape_value_and_grad(&x, &w, 0.25).1, &expected, rounding);
}

/// PITFALLS: a million equal terms. The gradient of each is 1, exactly.
#[test]
fn the_sum_of_a_million_terms() {
    #[differentiate]
    fn total(x: &Array1<f32>) -> f32 {
        x.sum()
    }
    let x = Array1::from_elem(1_000_000, 0.1_f32);
    let (value, gradient) = total::value_and_grad(&x);
    assert!(gradient.iter().all(|&partial| partial == 1.0));
    // One running sum in f32 would be off by a percent (100,958.3); sixteen lanes are not.
    assert!((value - 100_000.0).abs() < 100.0, "{value}");
}

// Buffers.

#[test]
fn into_overwrites_and_add_into_adds() {
    let (x, y, w) = (matrix(5, 3), vector(5), vector(3));
    let (value, (gx, gy, gw, gb)) = loss::value_and_grad(&x, &y, &w, 0.3);
    let mut dx = Array2::from_elem((5, 3), f64::NAN);
    let (mut dy, mut dw) = (Array1::from_elem(5, f64::NAN), Array1::from_elem(3, f64::NAN));
    let mut db = f64::NAN;
    let got = loss::value_and_grad_into(&x, &y, &w, 0.3, &mut dx, &mut dy, &mut dw, &mut db);
    assert_eq!((got, &dx, &dy, &dw, db), (value, &gx, &gy, &gw, gb));
    // A second call leaves the same, not the sum.
    loss::value_and_grad_into(&x, &y, &w, 0.3, &mut dx, &mut dy, &mut dw, &mut db);
    assert_eq!((&dx, &dy, &dw, db), (&gx, &gy, &gw, gb));
    // Adding does add, onto what is there.
    let got = loss::value_and_grad_add_into(&x, &y, &w, 0.3, &mut dx, &mut dy, &mut dw, &mut db);
    assert_eq!(got, value);
    assert_close("twice", &(dx, dy, dw, db), &(gx * 2.0, gy * 2.0, gw * 2.0, gb * 2.0), ROUNDING);
}

/// Where extents stretch, the general version runs; its buffers obey the same.
#[test]
fn into_and_add_into_where_extents_stretch() {
    #[differentiate]
    fn f(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
        (x * y).exp().sum()
    }
    let (x, y) = (matrix(2, 1), matrix(1, 3));
    let (value, (gx, gy)) = f::value_and_grad(&x, &y);
    assert_close("value", &value, &f(&x, &y), ROUNDING);
    let (mut dx, mut dy) =
        (Array2::from_elem((2, 1), f64::NAN), Array2::from_elem((1, 3), f64::NAN));
    f::value_and_grad_into(&x, &y, &mut dx, &mut dy);
    assert_close("overwritten", &(dx.clone(), dy.clone()), &(gx.clone(), gy.clone()), ROUNDING);
    f::value_and_grad_add_into(&x, &y, &mut dx, &mut dy);
    assert_close("added", &(dx, dy), &(gx * 2.0, gy * 2.0), ROUNDING);
}

#[test]
fn calls_again_and_from_threads_give_the_same_bits() {
    let (x, y, w) = (matrix(129, 67), vector(129), vector(67));
    let first = loss::value_and_grad(&x, &y, &w, 0.3);
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| loss::value_and_grad(&x, &y, &w, 0.3))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), first);
        }
    });
}
