//! Parameters, buffers and shapes of functions with loops.

use crate::prelude::*;

#[differentiate]
fn scaled_sum(x: &Array2<f64>, w: ArrayView1<f64>, k: f64, labels: &[usize]) -> f64 {
    let mut s = 0.0;
    for (i, &j) in labels.iter().enumerate() {
        s += k * x[[i, j]] * w[j];
    }
    s
}

#[test]
fn gradients_into_buffers_of_any_layout() {
    let (x, w, labels) = (matrix(3, 2), vector(2), [1, 0, 1]);
    let (value, (dx, dw, dk)) = scaled_sum::value_and_grad(&x, w.view(), 0.5, &labels);
    let mut buffers = (matrix(3, 2).scattered(), vector(2).scattered(), 7.0);
    let (a, b, c) = (&mut buffers.0, &mut buffers.1, &mut buffers.2);
    assert_eq!(scaled_sum::value_and_grad_into(&x, w.view(), 0.5, &labels, a, b, c), value);
    assert_eq!((&buffers.0, &buffers.1, buffers.2), (&dx, &dw, dk));
    let (a, b, c) = (&mut buffers.0, &mut buffers.1, &mut buffers.2);
    assert_eq!(scaled_sum::value_and_grad_add_into(&x, w.view(), 0.5, &labels, a, b, c), value);
    assert_eq!((buffers.0, buffers.1, buffers.2), (dx * 2.0, dw * 2.0, dk * 2.0));
}

#[test]
#[should_panic(
    expected = "`scaled_sum`: the gradient buffer of `x` has shape 2×2, but `x` has shape 3×2"
)]
fn a_buffer_of_another_shape() {
    let (mut a, mut b, mut c) = (matrix(2, 2), vector(2), 0.0);
    let x = matrix(3, 2);
    scaled_sum::value_and_grad_into(&x, vector(2).view(), 0.5, &[1], &mut a, &mut b, &mut c);
}

#[test]
#[should_panic(expected = "out of bounds")]
fn an_index_out_of_bounds_of_its_axis() {
    // The element would be there in memory.
    let _ = scaled_sum::grad(&matrix(3, 2), vector(4).view(), 0.5, &[3]);
}

/// Views, owned arrays, and another float.
#[test]
fn kinds_of_parameters() {
    #[differentiate]
    fn owned(x: Array2<f32>, mut y: Array1<f32>) -> f32 {
        for i in 0..y.len() {
            y[i] *= x[[i, 0]];
        }
        let mut s = 0.0;
        for &v in &y {
            s += v;
        }
        s
    }
    #[differentiate]
    fn viewed(x: ArrayView2<'_, f64>, y: &ArrayView1<f64>) -> f64 {
        let mut s = 0.0;
        for i in 0..x.nrows() {
            s += x[[i, 1]] * y[i];
        }
        s
    }
    let (x, y) = (array![[1.0f32, 2.0], [3.0, 4.0]], array![5.0f32, 6.0]);
    let (value, (dx, dy)) = owned::value_and_grad(x, y);
    assert_eq!(value, 23.0);
    assert_eq!((dx, dy), (array![[5.0, 0.0], [6.0, 0.0]], array![1.0, 3.0]));

    let (x, y) = (matrix(4, 3), vector(4));
    let (a, b) = (x.slice(s![..;2, 1..]), y.slice(s![..;-2]));
    let (_, (dx, dy)) = viewed::value_and_grad(a, &b);
    assert_eq!(dx, array![[0.0, b[0]], [0.0, b[1]]]);
    assert_eq!(dy, array![a[[0, 1]], a[[1, 1]]]);
}

#[differentiate]
fn generic<F: num_traits::Float>(x: &Array1<F>) -> F {
    let mut s = F::zero();
    for i in 0..x.len() {
        s = s + x[i] * x[i];
    }
    s
}

#[test]
fn generic_over_the_float() {
    assert_eq!(generic::grad(&array![1.0f32, 2.0]), array![2.0, 4.0]);
    assert_eq!(generic::grad(&array![1.0f64, 2.0]), array![2.0, 4.0]);
}

#[differentiate]
fn relax(u: &mut Array2<f64>, rate: f64) {
    let (n, m) = u.dim();
    for i in 1..n {
        for j in 0..m {
            u[[i, j]] += rate * u[[i - 1, j]];
        }
    }
}

#[test]
fn input_and_output_at_once() {
    let start = matrix(3, 2);
    let ct = matrix(3, 2) * 0.5;
    let run = |start: &Array2<f64>, rate: f64| {
        let mut u = start.clone();
        relax(&mut u, rate);
        (&u * &ct).sum()
    };
    for mut u in [start.clone(), start.in_columns(), start.scattered()] {
        let ((), (du, rate)) = relax::vjp(&mut u, 0.3, ct.in_columns());
        let mut expected = start.clone();
        relax(&mut expected, 0.3);
        assert_eq!(u, expected);
        let slope = differences(|(u, rate)| run(u, *rate), &(start.clone(), 0.3));
        assert_close("macro, differences", &(du, rate), &slope, DIFFERENCES);
    }
}

#[differentiate]
fn first_negative(x: &Array1<f64>) -> Option<f64> {
    for (i, &v) in x.iter().enumerate() {
        if v < 0.0 {
            return Some(v * i as f64);
        }
    }
    None
}

#[test]
fn options() {
    assert_eq!(first_negative::grad(&array![1.0, 2.0]), None);
    assert_eq!(first_negative::grad(&array![1.0, 2.0, -1.0]), Some(array![0.0, 0.0, 2.0]));
}

fn cube_rule(x: f64, ct: f64) -> (f64, f64) {
    (x * x * x, 3.0 * x * x * ct)
}

#[differentiate(vjp = cube_rule)]
fn cube(x: f64) -> f64 {
    x.powi(3)
}

#[differentiate]
fn cubes(x: &Array1<f64>) -> f64 {
    x.mapv(cube).sum()
}

#[test]
fn rules_by_hand_in_arrays() {
    assert_eq!(cubes::grad(&array![1.0, -2.0]), array![3.0, 12.0]);
}

#[differentiate]
fn mean_square(x: &Array1<f64>) -> Option<f64> {
    let mean = x.mean()?;
    Some(mean * mean)
}

#[test]
fn a_mean_that_is_not_there() {
    assert_eq!(mean_square::grad(&array![1.0, 3.0]), Some(array![2.0, 2.0]));
    assert_eq!(mean_square::grad(&Array1::zeros(0)), None);
}

#[differentiate]
fn row_norm(row: ArrayView1<f64>) -> f64 {
    let mut s = 0.0;
    for &v in row.iter() {
        s += v * v;
    }
    s.sqrt()
}

#[differentiate]
fn norms(x: &Array2<f64>, scale: &[f64]) -> f64 {
    let mut s = 0.0;
    for (row, k) in x.rows().into_iter().zip(scale) {
        s += k * row_norm(row.view());
    }
    s
}

#[test]
fn calls_and_slices_beside_arrays() {
    let (x, scale) = (matrix(3, 2), [1.0, -2.0, 0.5]);
    let (value, (dx, ds)) = norms::value_and_grad(&x, &scale);
    assert_eq!(value, norms(&x, &scale));
    for i in 0..3 {
        let norm = row_norm(x.row(i));
        assert_close("by the scale", &ds[i], &norm, ROUNDING);
        let row = x.row(i).mapv(|v| v * scale[i] / norm);
        assert_close("by the rows", &dx.row(i).to_owned(), &row, ROUNDING);
    }
}

#[differentiate]
fn everything(x: &Array2<f64>, w: &Array1<f64>) -> (f64, Array1<f64>) {
    let mut y = Array1::zeros(x.nrows());
    let mut s = 0.0;
    for (i, row) in x.rows().into_iter().enumerate() {
        let z = row.dot(w);
        y[i] = z * z;
        s += z;
    }
    s += x.t().sum() + (x * w).sum() + x.column(0).sum();
    (s, y)
}

/// No rows, no columns, one of each.
#[test]
fn degenerate_shapes() {
    for (n, m) in [(0, 2), (1, 1), (1, 3), (3, 1)] {
        let (x, w) = (matrix(n, m), vector(m));
        let cotangent = (0.7, vector(n));
        let (value, (dx, dw)) = everything::vjp(&x, &w, cotangent.clone());
        assert_close("the value", &value, &everything(&x, &w), ROUNDING);
        assert_eq!((dx.dim(), dw.dim()), ((n, m), m));
        let run = |x: &Array2<f64>, w: &Array1<f64>| {
            let (s, y) = everything(x, w);
            s * cotangent.0 + y.dot(&cotangent.1)
        };
        let slope = differences(|(x, w)| run(x, w), &(x, w));
        assert_close("macro, differences", &(dx, dw), &slope, DIFFERENCES);
    }
}

#[test]
#[should_panic(expected = "`everything`: `cotangent` has length 2, but the result has length 3")]
fn a_cotangent_of_another_shape() {
    let _ = everything::vjp(&matrix(3, 2), &vector(2), (0.0, vector(2)));
}
