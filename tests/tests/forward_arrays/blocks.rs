//! What matrices of derivatives look like: the axes of both where both are arrays, otherwise the
//! one in the place of the other's floats.

use chainrule::differentiate;
use ndarray::{Array1, Array2, Array3, Array4, ArrayView1, array};
use num_traits::Float;

#[differentiate(hessian, hvp)]
fn quadratic_form(x: &Array1<f64>, a: &Array2<f64>) -> f64 {
    x.dot(&a.dot(x))
}

#[test]
fn one_by_one_and_two_by_two() {
    let a = array![[1.0, 2.0], [-4.0, 8.0]];
    let x = array![0.5, -2.0];
    let ((xx, xa), (ax, aa)): ((Array2<f64>, Array3<f64>), (Array3<f64>, Array4<f64>)) =
        quadratic_form::hessian(&x, &a);
    assert_eq!(xx, &a + &a.t());
    assert_eq!(aa, Array4::<f64>::zeros((2, 2, 2, 2)));
    // The derivative of x_i x_j by x_k.
    for (i, j, k) in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0), (1, 1, 1)] {
        let expected = if i == k { x[j] } else { 0.0 } + if j == k { x[i] } else { 0.0 };
        assert_eq!(ax[[i, j, k]], expected, "{i} {j} {k}");
        assert_eq!(xa[[k, i, j]], expected, "{i} {j} {k}");
    }
}

#[differentiate(hessian)]
fn squares(x: &Array2<f64>) -> f64 {
    let mut sum = 0.0;
    for (i, row) in x.rows().into_iter().enumerate() {
        for &e in row {
            sum += e * e * (i as f64 + 1.0);
        }
    }
    sum
}

/// By the sites of the gradient.
#[test]
fn a_diagonal() {
    let hessian: Array4<f64> = squares::hessian(&Array2::ones((2, 3)));
    assert_eq!(hessian.shape(), [2, 3, 2, 3]);
    for ((i, j, k, l), &entry) in hessian.indexed_iter() {
        let expected = if (i, j) == (k, l) { 2.0 * (i as f64 + 1.0) } else { 0.0 };
        assert_eq!(entry, expected);
    }
}

/// Arrays beside everything else that a parameter can be.
#[differentiate(hessian)]
fn product(x: &Array1<f64>, k: [f64; 2], v: &[f64], l: f64, p: (f64, f64)) -> f64 {
    x[0] * x[1] * k[0] * k[1] * v[0] * l * p.0 * p.1
}

#[test]
fn arrays_beside_other_memory() {
    let x = array![2.0, 4.0, 8.0];
    let rows = product::hessian(&x, [0.5, 8.0], &[16.0], 2.0, (1.0, 0.25));
    let all = 2.0 * 4.0 * 0.5 * 8.0 * 16.0 * 2.0 * 0.25;
    let (of_x, of_k, of_v, of_l, of_p) = rows;

    let (xx, xk, xv, xl, xp): (_, Array1<[f64; 2]>, Array1<Vec<f64>>, _, Array1<(f64, f64)>) = of_x;
    let by_both = all / 8.0;
    assert_eq!(xx, array![[0.0, by_both, 0.0], [by_both, 0.0, 0.0], [0.0, 0.0, 0.0]]);
    assert_eq!(xk[0], [all / 2.0 / 0.5, all / 2.0 / 8.0]);
    assert_eq!(xk[2], [0.0, 0.0]);
    assert_eq!(xv[1], [all / 4.0 / 16.0]);
    assert_eq!(xl, array![all / 2.0 / 2.0, all / 4.0 / 2.0, 0.0]);
    assert_eq!(xp[1], (all / 4.0, all / 4.0 / 0.25));

    let (kx, kk, kv, kl, kp): ([Array1<f64>; 2], _, [Vec<f64>; 2], [f64; 2], [(f64, f64); 2]) =
        of_k;
    assert_eq!(kx, [xk.map(|part| part[0]), xk.map(|part| part[1])]);
    assert_eq!(kk, [[0.0, all / 4.0], [all / 4.0, 0.0]]);
    assert_eq!(kv[1], [all / 8.0 / 16.0]);
    assert_eq!(kl[0], all / 0.5 / 2.0);
    assert_eq!(kp[0].1, all / 0.5 / 0.25);

    let (vx, ..): (Vec<Array1<f64>>, _, _, _, _) = of_v;
    assert_eq!(vx, [xv.map(|part| part[0])]);
    let (lx, _, _, ll, _) = of_l;
    assert_eq!((lx, ll), (xl, 0.0));
    let (px, ..): ((Array1<f64>, Array1<f64>), _, _, _, _) = of_p;
    assert_eq!(px, (xp.map(|part| part.0), xp.map(|part| part.1)));
}

#[differentiate(jacobian)]
fn several(x: ArrayView1<f64>, k: [f64; 2]) -> (Array2<f64>, [f64; 2], f64, Vec<f64>) {
    let mut outer = Array2::zeros((x.len(), 2));
    for i in 0..x.len() {
        for j in 0..2 {
            outer[[i, j]] = x[i] * k[j];
        }
    }
    (outer, [x[0] * k[0], x[1]], x.sum(), vec![k[1] * x[2]; 2])
}

#[test]
fn a_jacobian_of_several_results() {
    let x = array![2.0, 4.0, 8.0];
    let (outer, fixed, float, list) = several::jacobian(x.view(), [0.5, 3.0]);

    let (by_x, by_k): (Array3<f64>, Array2<[f64; 2]>) = outer;
    for ((i, j, l), &entry) in by_x.indexed_iter() {
        assert_eq!(entry, if i == l { [0.5, 3.0][j] } else { 0.0 });
    }
    let of_row = |x: f64| [[x, 0.0], [0.0, x]];
    assert_eq!(by_k, Array2::from(vec![of_row(2.0), of_row(4.0), of_row(8.0)]));
    let (by_x, by_k): ([Array1<f64>; 2], [[f64; 2]; 2]) = fixed;
    assert_eq!(by_x, [array![0.5, 0.0, 0.0], array![0.0, 1.0, 0.0]]);
    assert_eq!(by_k, [[2.0, 0.0], [0.0, 0.0]]);
    assert_eq!(float, (array![1.0, 1.0, 1.0], [0.0, 0.0]));
    let (by_x, by_k): (Vec<Array1<f64>>, Vec<[f64; 2]>) = list;
    assert_eq!(by_x, vec![array![0.0, 0.0, 3.0]; 2]);
    assert_eq!(by_k, vec![[0.0, 8.0]; 2]);
}

/// So few inputs that all columns are taken in one pass.
#[differentiate(jacobian)]
fn of_few(k: [f64; 2], l: f64) -> (Array2<f64>, f64) {
    (Array2::from_elem((2, 3), k[0] * k[1] * l), k[0] * l)
}

#[test]
fn an_array_by_few_floats() {
    let ((by_k, by_l), rest) = of_few::jacobian([2.0, 5.0], 3.0);
    assert_eq!(by_k, Array2::from_elem((2, 3), [15.0, 6.0]));
    assert_eq!(by_l, Array2::from_elem((2, 3), 10.0));
    assert_eq!(rest, ([3.0, 0.0], 2.0));
}

/// So few results that rows are taken, by `vjp`.
#[differentiate(jacobian)]
fn few(x: &Array1<f64>, k: f64) -> (f64, [f64; 2]) {
    (x.sum() * k, [x[0] * x[1], k * k])
}

#[test]
fn few_floats_by_an_array() {
    let x = array![2.0, 4.0, 8.0];
    let (of_sum, of_pair) = few::jacobian(&x, 0.5);
    assert_eq!(of_sum, (array![0.5, 0.5, 0.5], 14.0));
    assert_eq!(of_pair, ([array![4.0, 2.0, 0.0], array![0.0, 0.0, 0.0]], [0.0, 1.0]));
}

#[differentiate(pullback, jvp, hvp, hessian)]
fn cubes<F: Float>(x: &Array1<F>, k: F) -> F {
    let mut sum = F::zero();
    for &e in x {
        sum = sum + e * e * e * k;
    }
    sum
}

#[test]
fn generic_functions_have_all_of_it() {
    let ((xx, xk), (kx, kk)) = cubes::hessian(&array![1.0_f32, -2.0], 0.5);
    assert_eq!(xx, array![[3.0_f32, 0.0], [0.0, -6.0]]);
    assert_eq!(xk, array![3.0_f32, 12.0]);
    assert_eq!((kx, kk), (xk, 0.0));
    let x = array![1.0_f64, -2.0];
    assert_eq!(cubes::jvp(&x, 0.5, array![1.0, 0.5], 2.0), (-3.5, -9.5));
    let (value, back) = cubes::pullback(&x, 0.5);
    assert_eq!((value, back(2.0)), (-3.5, (array![3.0, 12.0], -14.0)));
    let ((_, by_k), (dx, dk)) = cubes::hvp(&x, 0.5, array![1.0, 0.0], 1.0);
    assert_eq!((by_k, dx, dk), (-7.0, array![6.0, 12.0], 3.0));
}
