//! ndarray's vocabulary beyond arithmetic: views, slices, moments, constructors, closures with
//! branches, in every rank; each by macro, by tape and by central differences.

// `s!` allows unsafe code for itself, which cannot be forbidden then.
#![deny(unsafe_code)]
#![allow(
    clippy::neg_cmp_op_on_partial_ord,
    clippy::op_ref,
    clippy::reversed_empty_ranges,
    reason = "the forms that code of arrays is written in are what is tested"
)]

use chainrule::differentiate;
use chainrule::tensor::TensorExt;
use chainrule_tests::arrays::{
    DIFFERENCES, ROUNDING, array_of, layouts, matrix, scalar, vector, vector_layouts,
};
use chainrule_tests::{assert_close, differences, operations};
use ndarray::{Array, Array0, Array1, Array2, Array3, Array4, Array5, Array6, Axis, array, s};
use num_traits::Float;

operations! {
    // Ranks.
    rank_3_with_vector: (x: Array3<f64> = array_of((2, 3, 4)), y: Array1<f64> = vector(4)) -> Array3<f64> { x * y / (x + y) }
    rank_3_with_matrix_that_stretches: (x: Array3<f64> = array_of((2, 3, 4)), y: Array2<f64> = matrix(3, 1)) -> Array3<f64> { x * y - y }
    rank_4_sums: (x: Array4<f64> = array_of((2, 1, 3, 2))) -> Array3<f64> { (x * x).sum_axis(Axis(2)) }
    rank_5_mean: (x: Array5<f64> = array_of((2, 1, 2, 2, 1))) -> Array4<f64> { x.exp().mean_axis(Axis(0)).unwrap() }
    rank_6_transposed: (x: Array6<f64> = array_of((1, 2, 1, 3, 1, 2))) -> Array6<f64> { x.t().mapv(|e| e * e) }
    rank_6_total: (x: Array6<f64> = array_of((1, 2, 1, 3, 1, 2))) -> Array6<f64> { x * x.sum() }

    // Axes.
    permuted: (x: Array3<f64> = array_of((2, 3, 4)), y: Array3<f64> = array_of((4, 2, 3))) -> Array3<f64> {
        x.clone().permuted_axes([2, 0, 1]) * y
    }
    swapped: (x: Array3<f64> = array_of((2, 3, 4))) -> Array3<f64> {
        let mut z = x.exp();
        z.swap_axes(0, 2);
        z * 2.0
    }
    inverted: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        let mut z = x.clone();
        z.invert_axis(Axis(1));
        z * x
    }
    outer_product: (x: Array1<f64> = vector(3), y: Array1<f64> = vector(4)) -> Array2<f64> {
        x.view().insert_axis(Axis(1)).to_owned() * y.view().insert_axis(Axis(0))
    }
    inserted_in_the_middle: (x: Array2<f64> = matrix(2, 3)) -> Array3<f64> { x.exp().insert_axis(Axis(1)) * 2.0 }
    inserted_and_summed: (x: Array2<f64> = matrix(3, 3)) -> Array2<f64> {
        (&x.exp().insert_axis(Axis(2)) * &x.view().insert_axis(Axis(0))).sum_axis(Axis(1))
    }
    indexed: (x: Array3<f64> = array_of((2, 3, 4))) -> Array2<f64> { x.index_axis(Axis(1), 2).to_owned() * x.index_axis(Axis(1), 0) }
    rows_and_columns: (x: Array2<f64> = matrix(3, 3)) -> Array1<f64> { &x.row(1) * &x.column(2) + x.row(0).sum() }
    a_row_of_what_is_computed: (x: Array2<f64> = matrix(3, 2)) -> Array1<f64> { x.exp().row(2).to_owned() }
    diagonal_of_a_product: (x: Array2<f64> = matrix(2, 2), y: Array2<f64> = matrix(2, 2)) -> Array1<f64> {
        x.row(0).to_owned() * x.dot(y)[[0, 0]] + y.column(1)
    }
    stretched: (x: Array1<f64> = vector(3), y: Array2<f64> = matrix(4, 3)) -> Array2<f64> { &x.broadcast((4, 3)).unwrap() * y }
    stretched_to_another_shape: (x: Array2<f64> = matrix(1, 3), y: Array2<f64> = matrix(4, 3)) -> Array2<f64> {
        let z = x.exp();
        &z.broadcast(y.raw_dim()).unwrap() * y
    }
    a_row_of_what_is_stretched: (x: Array2<f64> = matrix(1, 3), y: Array2<f64> = matrix(4, 3)) -> Array1<f64> {
        let z = x * y;
        z.row(2).to_owned() * z.row(0)
    }
    a_slice_of_what_stretches: (x: Array2<f64> = matrix(1, 3), y: Array2<f64> = matrix(4, 1)) -> Array2<f64> {
        let z = x * y;
        &z.slice(s![1..;2, ..;-1]) * 2.0
    }

    // Slices.
    from: (x: Array1<f64> = vector(5)) -> Array1<f64> { x.slice(s![2..]).mapv(|e| e * e) }
    to: (x: Array1<f64> = vector(5)) -> Array1<f64> { x.slice(s![..3]).to_owned() * x.slice(s![1..4]) }
    to_the_last_but_one: (x: Array1<f64> = vector(5)) -> Array1<f64> { &x.slice(s![1..]) - &x.slice(s![..-1]) }
    from_the_end: (x: Array1<f64> = vector(5)) -> Array1<f64> { &x.slice(s![-3..-1]) * 3.0 }
    inclusive: (x: Array1<f64> = vector(5)) -> Array1<f64> { &x.slice(s![1..=3]) + &x.slice(s![-3..=-1]) }
    reversed: (x: Array1<f64> = vector(5)) -> Array1<f64> { &x.slice(s![..;-1]) * x }
    reversed_twice: (x: Array1<f64> = vector(5)) -> Array1<f64> { x.slice(s![..;-1]).slice(s![..;-1]).to_owned() * x }
    strided: (x: Array1<f64> = vector(7)) -> Array1<f64> { x.slice(s![..;3]).exp() + x.slice(s![1..;-2]) }
    strided_backwards: (x: Array1<f64> = vector(7)) -> Array1<f64> { x.slice(s![1..6;-2]).exp() }
    strided_then_reversed: (x: Array1<f64> = vector(7)) -> Array1<f64> { x.slice(s![..;2]).slice(s![..;-1]).exp() }
    part_of_a_part: (x: Array1<f64> = vector(9)) -> Array1<f64> { x.slice(s![1..-1]).slice(s![..;-2]).slice(s![1..]).exp() }
    element_of_a_slice: (x: Array1<f64> = vector(5)) -> Array1<f64> { x * x.slice(s![..;-1])[1] }
    slices_of_a_matrix: (x: Array2<f64> = matrix(4, 5)) -> Array2<f64> { &x.slice(s![1..3, ..;2]) * &x.slice(s![-2.., 2..]) }
    slice_with_an_index: (x: Array3<f64> = array_of((3, 2, 4))) -> Array2<f64> { x.slice(s![-1, .., 1..]).exp() }
    slice_with_a_new_axis: (x: Array1<f64> = vector(3), y: Array2<f64> = matrix(3, 2)) -> Array2<f64> {
        &x.slice(s![.., ndarray::NewAxis]) * y
    }
    second_differences: (x: Array1<f64> = vector(7)) -> Array1<f64> {
        let inner = &x.slice(s![1..-1]);
        &x.slice(s![2..]) - &(inner * 2.0) + &x.slice(s![..-2])
    }
    slices_in_a_product: (x: Array2<f64> = matrix(4, 6), w: Array1<f64> = vector(3)) -> Array1<f64> {
        x.slice(s![.., ..3]).dot(w) * x.slice(s![..;-1, 3..]).dot(&w.slice(s![..;-1]))
    }
    an_empty_slice: (x: Array1<f64> = vector(3)) -> Array1<f64> { x.slice(s![3..]).mapv(f64::exp) }
    a_slice_that_ends_before_it_begins: (x: Array1<f64> = vector(3)) -> Array1<f64> { x.slice(s![2..1;-1]).mapv(f64::exp) }
    a_slice_of_nothing: (x: Array1<f64> = vector(0)) -> Array1<f64> { x.slice(s![..;-1]).mapv(f64::exp) }
    overlapping_slices: (x: Array1<f64> = vector(6)) -> Array1<f64> {
        let (a, b) = (x.slice(s![..4]), x.slice(s![2..]));
        &a * &b + &a / &b
    }

    // Wide enough for lanes.
    wide_neighbours: (x: Array2<f64> = matrix(9, 21), y: Array1<f64> = vector(20)) -> Array2<f64> {
        &x.slice(s![1.., 1..]) * &x.slice(s![..-1, ..-1]) * y + x.slice(s![..8, 1..])
    }
    wide_rows: (x: Array2<f64> = matrix(5, 19), y: Array1<f64> = vector(19)) -> Array1<f64> { &x.row(3) * y / (&x.row(1) + y) }
    wide_operands: (x: Array2<f64> = matrix(5, 19), y: Array2<f64> = matrix(5, 19)) -> Array2<f64> { x * y / (x + y) }
    wide_parts: (x: Array3<f64> = array_of((4, 3, 17))) -> Array3<f64> { &x.slice(s![1..-1, .., 2..]) * &x.slice(s![2.., .., ..-2]) }
    wide_and_stretched: (x: Array2<f64> = matrix(1, 18), y: Array2<f64> = matrix(4, 18)) -> Array2<f64> { x * y + &y.slice(s![..;-1, ..]) * x }

    // Extents of 0 and 1.
    empty_axes: (x: Array3<f64> = array_of((2, 0, 3)), y: Array2<f64> = matrix(0, 3)) -> Array2<f64> {
        (&x.index_axis(Axis(0), 1) * y).mapv(f64::exp)
    }
    sums_of_an_empty_axis: (x: Array3<f64> = array_of((2, 0, 3))) -> Array2<f64> { x.sum_axis(Axis(1)) }
    permuted_of_nothing: (x: Array3<f64> = array_of((2, 0, 3))) -> Array3<f64> { x.clone().permuted_axes([1, 2, 0]) * 2.0 }
    slices_of_one: (x: Array2<f64> = matrix(1, 1)) -> Array2<f64> { &x.slice(s![..;-1, ..;2]) * &x.slice(s![-1.., ..1]) }
    one_that_stretches_to_none: (x: Array2<f64> = matrix(1, 3), y: Array2<f64> = matrix(0, 3)) -> Array2<f64> { y * x }
    branches_of_nothing: (x: Array1<f64> = vector(0)) -> Array1<f64> { x.mapv(|e| if e > 0.0 { e.ln() } else { e }) }
    softmax_of_nothing: (x: Array2<f64> = matrix(0, 3)) -> Array2<f64> { x.softmax(Axis(1)) + x.softmax(Axis(0)) }
    softmax_of_one: (x: Array2<f64> = matrix(3, 1)) -> Array2<f64> { x.softmax(Axis(1)) * x + x.log_softmax(Axis(1)) }
    log_sum_exp_of_one: (x: Array2<f64> = matrix(3, 1)) -> Array1<f64> { x.log_sum_exp(Axis(1)) }
    norms_of_one: (x: Array1<f64> = vector(1)) -> Array1<f64> { x * x.norm_l2() + x.norm_l1() }
    filled_with_nothing: (x: Array2<f64> = matrix(0, 3), k: f64 = scalar()) -> Array2<f64> { Array2::from_elem(x.dim(), *k) * x }
    moments_of_rows_of_one: (x: Array2<f64> = matrix(3, 1)) -> Array1<f64> { x.var_axis(Axis(1), 0.0) * 2.0 }

    // Moments.
    variance: (x: Array2<f64> = matrix(3, 4)) -> Array2<f64> { x * x.var(1.0) }
    deviation: (x: Array1<f64> = vector(5)) -> Array1<f64> { x / x.std(0.0) }
    variance_of_rows: (x: Array2<f64> = matrix(3, 4)) -> Array1<f64> { x.exp().var_axis(Axis(1), 1.0) }
    deviation_of_columns: (x: Array2<f64> = matrix(3, 4)) -> Array1<f64> { x.std_axis(Axis(0), 0.0) }
    standardised: (x: Array2<f64> = matrix(5, 3)) -> Array2<f64> {
        (x - &x.mean_axis(Axis(0)).unwrap()) / x.std_axis(Axis(0), 0.0)
    }
    variance_of_rank_3: (x: Array3<f64> = array_of((2, 3, 2))) -> Array2<f64> { x.var_axis(Axis(1), 0.0) }
    variance_of_one: (x: Array1<f64> = vector(1)) -> Array1<f64> { x * (x.var(0.0) + 1.0) }
    squares: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> { x.pow2() }

    // Arrays that are made, and changed as a whole.
    zeros_of_a_shape: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        let mut z = Array2::<f64>::zeros(x.raw_dim());
        z += x;
        z * x
    }
    zeros_of_extents: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        let mut z = Array2::zeros((x.nrows(), x.ncols()));
        z += &x.row(0);
        z - x
    }
    ones_of_constants: (x: Array1<f64> = vector(3)) -> Array2<f64> { Array::ones((2, 3)) * x }
    from_an_element: (x: Array1<f64> = vector(3), k: f64 = scalar()) -> Array1<f64> { Array1::from_elem(x.len(), *k * x[0]) * x }
    a_result_of_zeros: (x: Array1<f64> = vector(3)) -> Array1<f64> { let _ = x; Array1::zeros(x.dim()) }
    assigned: (x: Array2<f64> = matrix(2, 3), y: Array1<f64> = vector(3)) -> Array2<f64> {
        let mut z = x.exp();
        let before = z.sum();
        z.assign(y);
        z * before
    }
    filled: (x: Array2<f64> = matrix(2, 3), k: f64 = scalar()) -> Array2<f64> {
        let mut z = x.exp();
        z.fill(*k);
        z * x
    }
    mapped_in_place: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        let mut z = x.clone();
        z.mapv_inplace(|e| e * e);
        z.mapv_inplace(f64::sqrt);
        z * x
    }
    scaled_and_added: (x: Array2<f64> = matrix(2, 3), y: Array1<f64> = vector(3), k: f64 = scalar()) -> Array2<f64> {
        let mut z = x.clone();
        z.scaled_add(*k, y);
        z.scaled_add(0.5, x);
        z
    }

    // Closures with branches.
    branches: (x: Array1<f64> = array![-1.5, 0.5, 2.0, -0.1]) -> Array1<f64> {
        x.mapv(|e| if e > 0.0 { e * e } else { e.exp() })
    }
    nested_branches: (x: Array1<f64> = array![-1.5, 0.6, 2.0, -0.1], k: f64 = scalar()) -> Array1<f64> {
        x.mapv(|e| {
            let double = e * 2.0;
            if e > 1.0 {
                e.ln() * *k
            } else if e <= -1.0 || double != 1.0 && e > 0.0 {
                let a = -e;
                a * a / *k
            } else {
                *k
            }
        })
    }
    conditions: (x: Array1<f64> = array![-1.5, 0.5, 2.0, 1.25]) -> Array1<f64> {
        x.mapv(|e| {
            let small = e < 1.0 && !(e < 0.0);
            if small { e.sqrt() } else if e.is_finite() { e * 3.0 } else { 1.0 }
        })
    }
    mapped_in_place_with_branches: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> {
        let mut z = x - 1.0;
        z.mapv_inplace(|e| if e >= 0.1 { e.sqrt() } else { 2.0 * e });
        z
    }
    mapped_by_reference: (x: Array1<f64> = array![-1.5, 0.5]) -> Array1<f64> {
        x.map(|&e| if e > 0.0 { e } else { 0.1 * e })
    }

    // Model code.
    activations: (x: Array2<f64> = matrix(2, 3) * 4.0 - 4.0) -> Array2<f64> {
        x.relu() * 2.0 + x.sigmoid() * x.softplus() - x.silu() + x.gelu()
    }
    leaky: (x: Array1<f64> = array![-1.5, 0.5], k: f64 = 0.1) -> Array1<f64> { x.leaky_relu(*k) * x }
    softmax_of_rows: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> { x.softmax(Axis(1)) }
    softmax_of_columns: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> { (x * 3.0).softmax(Axis(0)) * x }
    softmax_of_rank_3: (x: Array3<f64> = array_of((2, 3, 2))) -> Array3<f64> { x.softmax(Axis(1)) }
    softmax_of_a_vector: (x: Array1<f64> = vector(11)) -> Array1<f64> { x.softmax(Axis(0)) }
    log_softmax_of_rows: (x: Array2<f64> = matrix(2, 3)) -> Array2<f64> { x.log_softmax(Axis(1)) }
    log_sum_exp_of_rows: (x: Array2<f64> = matrix(2, 3)) -> Array1<f64> { x.log_sum_exp(Axis(1)) }
    log_sum_exp_of_a_vector: (x: Array1<f64> = vector(19)) -> Array0<f64> { x.log_sum_exp(Axis(0)) }
    norms: (x: Array2<f64> = matrix(2, 3) - 1.0) -> Array2<f64> { x / x.norm_l2() + x * x.norm_l1() }
    entropy: (x: Array2<f64> = matrix(2, 3), t: Array2<f64> = matrix(2, 3)) -> Array0<f64> {
        Array0::from_elem((), x.cross_entropy(t))
    }
    attention: (q: Array2<f64> = matrix(3, 2), k: Array2<f64> = matrix(4, 2), v: Array2<f64> = matrix(4, 2)) -> Array2<f64> {
        (q.dot(&k.t()) / (q.ncols() as f64).sqrt()).softmax(Axis(1)).dot(v)
    }
    layer_norm: (x: Array2<f64> = matrix(3, 4), g: Array1<f64> = vector(4)) -> Array2<f64> {
        let mean = x.mean_axis(Axis(1)).unwrap().insert_axis(Axis(1));
        let deviation = (x.var_axis(Axis(1), 0.0) + 1e-5).sqrt().insert_axis(Axis(1));
        (x - &mean) / &deviation * g
    }
}

/// Where elements come from what is not contiguous, and go there.
#[test]
fn every_layout_of_what_is_sliced() {
    #[differentiate(tape)]
    fn f(x: &Array2<f64>, y: &Array1<f64>) -> f64 {
        let tilted = &x.slice(s![..;-1, 1..]) * &x.slice(s![.., ..-1]);
        let rows = tilted.row(1).to_owned() * y.slice(s![..2]) - x.column(0)[1];
        rows.softmax(Axis(0)).dot(&y.slice(s![..;-2])) + x.std_axis(Axis(0), 1.0).sum()
    }
    let (x, y) = (matrix(4, 3), vector(3));
    let expected = f::value_and_grad(&x, &y);
    assert_close("value", &expected.0, &f(&x, &y), ROUNDING);
    assert_close("tape", &expected.1, &f::tape_value_and_grad(&x, &y).1, ROUNDING);
    let slope = differences(|(x, y)| f(x, y), &(x.clone(), y.clone()));
    assert_close("differences", &expected.1, &slope, DIFFERENCES);
    for (name, x) in layouts(&x) {
        for (y_name, y) in vector_layouts(&y) {
            assert_eq!(f::value_and_grad(&x, &y), expected, "x in {name}, y {y_name}");
            let (mut dx, mut dy) = (Array2::from_elem((4, 3), 7.0), Array1::from_elem(3, 7.0));
            f::value_and_grad_into(&x, &y, &mut dx, &mut dy);
            assert_eq!((dx.clone(), dy.clone()), expected.1);
            f::value_and_grad_add_into(&x, &y, &mut dx, &mut dy);
            let twice = (&expected.1.0 * 2.0, &expected.1.1 * 2.0);
            assert_close("added", &(dx, dy), &twice, ROUNDING);
        }
    }
}

/// Every float type.
#[test]
fn of_f32_and_of_any_float() {
    #[differentiate(tape)]
    fn narrow(x: &Array2<f32>) -> f32 {
        x.slice(s![1.., ..;-1]).mapv(|e| if e > 1.0 { e * 2.0 } else { e.sin() }).std(1.0)
            + x.log_softmax(Axis(1)).sum()
    }
    #[differentiate]
    fn generic<T: Float + ndarray::ScalarOperand + num_traits::FromPrimitive>(x: &Array2<T>) -> T {
        let one = T::one();
        x.mapv(|e| if e > one { e + e } else { e.sin() }).slice(s![1.., ..;-1]).std(T::one())
            + x.log_softmax(Axis(1)).sum()
    }
    let x = matrix(3, 4);
    let small = x.mapv(|e| e as f32);
    let expected = generic::value_and_grad(&x);
    let (value, slope) = narrow::value_and_grad(&small);
    assert_close("value", &value, &expected.0, 1e-5);
    assert_close("slope", &slope, &expected.1, 1e-5);
    assert_close("tape", &narrow::tape_value_and_grad(&small).1, &slope, 1e-5);
    // Any float takes std's functions, `f32` those that are vectorised.
    let of_any = generic::value_and_grad(&small);
    assert_close("of any float, value", &of_any.0, &value, 1e-6);
    assert_close("of any float, slope", &of_any.1, &slope, 1e-6);
}

/// Indices that are known before anything is computed.
#[test]
fn indices_that_are_parameters() {
    #[differentiate(tape)]
    fn f(x: &Array2<f64>, y: &Array1<f64>, i: usize, j: usize) -> f64 {
        let last = y[y.len() - 1] * y[x.nrows() - 2];
        x[[i, j]] * x[(i + 1, 2 * j)] * last
            + x.row(i).dot(&x.row(i + 1)) * x.column(j).exp().sum()
            + x.exp().index_axis(Axis(0), 1)[j + 1]
            + x.slice(s![.., ..;-1])[[i, j]]
    }
    let (x, y) = (matrix(3, 4), vector(5));
    for (i, j) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
        let (value, slope) = f::value_and_grad(&x, &y, i, j);
        assert_close("value", &value, &f(&x, &y, i, j), ROUNDING);
        assert_close("tape", &slope, &f::tape_value_and_grad(&x, &y, i, j).1, ROUNDING);
        let by_differences = differences(|(x, y)| f(x, y, i, j), &(x.clone(), y.clone()));
        assert_close("differences", &slope, &by_differences, DIFFERENCES);
    }
    for (i, j) in [(2, 0), (0, 2), (usize::MAX, 0), (0, usize::MAX / 2 + 1)] {
        let caught = std::panic::catch_unwind(|| f::grad(&x, &y, i, j));
        let message = caught.unwrap_err();
        let message = message.downcast_ref::<String>().unwrap();
        assert!(message.contains("is out of bounds for"), "{message}");
    }
}
