//! `jacobian(sparse)` and `hessian(sparse)` against the dense ones of the same functions, which other
//! tests compare with differences.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule::sparse::Triplets;
use ndarray::{Array1, Array2};

/// A block of a dense Jacobian or Hessian, flat: rows, then columns.
trait Flat {
    fn flat(&self, out: &mut Vec<f64>);
}

impl Flat for f64 {
    fn flat(&self, out: &mut Vec<f64>) {
        out.push(*self);
    }
}

impl<T: Flat> Flat for Vec<T> {
    fn flat(&self, out: &mut Vec<f64>) {
        self.iter().for_each(|part| part.flat(out));
    }
}

impl<T: Flat, const N: usize> Flat for [T; N] {
    fn flat(&self, out: &mut Vec<f64>) {
        self.iter().for_each(|part| part.flat(out));
    }
}

impl<T: Flat, D: ndarray::Dimension> Flat for ndarray::Array<T, D> {
    fn flat(&self, out: &mut Vec<f64>) {
        self.iter().for_each(|part| part.flat(out));
    }
}

/// The sparse block has the entries of the dense one, and says no other place is not zero.
#[track_caller]
fn same(sparse: &Triplets<f64>, dense: &impl Flat) {
    let mut flat = Vec::new();
    dense.flat(&mut flat);
    let filled: Vec<f64> = sparse.to_dense(0.0).concat();
    assert_eq!(filled.len(), flat.len());
    for (k, (a, b)) in filled.iter().zip(&flat).enumerate() {
        assert!((a - b).abs() <= 1e-13 * b.abs().max(1.0), "entry {k}: {a} {b}");
    }
    let csr = sparse.to_csr();
    let (_, width) = csr.shape();
    let x: Vec<f64> = (0..width).map(|k| (k as f64).sin() + 0.3).collect();
    let rows = flat.chunks(width.max(1));
    let product: Vec<f64> = rows.map(|row| row.iter().zip(&x).map(|(a, b)| a * b).sum()).collect();
    for (a, b) in csr.dot(&x).iter().zip(&product) {
        assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} {b}");
    }
    assert!(csr.values().len() <= sparse.len());
}

fn some(n: usize) -> Vec<f64> {
    (0..n).map(|k| (k as f64 * 0.7).sin() + 1.5).collect()
}

/// The same body twice: sparse and dense.
macro_rules! twice {
    ($sparse:ident, $dense:ident, $option:ident, ($($params:tt)*) -> $out:ty $body:block) => {
        #[differentiate($option(sparse))]
        fn $sparse($($params)*) -> $out $body
        #[differentiate($option)]
        fn $dense($($params)*) -> $out $body
    };
}

/// The neighbours at the ends are read under a condition: their columns leave it.
#[test]
fn a_stencil_with_boundary_conditions() {
    twice!(f, g, jacobian, (u: &[f64], d: f64) -> Vec<f64> {
        let n = u.len();
        let mut out = vec![0.0; n];
        for i in 0..n {
            let left = if i == 0 { 2.0 * u[i] } else { u[i - 1] };
            let right = if i + 1 < n { u[i + 1].sin() } else { 0.0 };
            out[i] = d * (left - 2.0 * u[i] + right) + u[i] * u[i];
        }
        out
    });
    for n in [0, 1, 2, 7] {
        let (by_u, by_d) = f::jacobian(&some(n), 0.3);
        let (of_u, of_d) = g::jacobian(&some(n), 0.3);
        same(&by_u, &of_u);
        same(&by_d, &of_d);
    }
}

/// Periodic: indices that are no affine function of the loop's variable are as good.
#[test]
fn a_ring() {
    twice!(f, g, jacobian, (u: &[f64]) -> Vec<f64> {
        let n = u.len();
        (0..n).map(|i| u[(i + 1) % n] * u[(i + n - 1) % n] - u[i].exp()).collect()
    });
    for n in [1, 2, 3, 8] {
        same(&f::jacobian(&some(n)), &g::jacobian(&some(n)));
    }
}

/// What is set again replaces what was there, whether set, added or subtracted.
#[test]
fn elements_that_are_set_again() {
    twice!(f, g, jacobian, (u: &[f64]) -> Vec<f64> {
        let n = u.len();
        let mut out = vec![1.0; n];
        for i in 0..n {
            out[i] += u[i] * 7.0;
        }
        for i in 0..n / 2 {
            out[2 * i] = u[i] * u[i + 1];
        }
        for i in 1..n {
            out[i] -= u[i - 1].cos();
        }
        out[0] = u[n - 1];
        out
    });
    same(&f::jacobian(&some(9)), &g::jacobian(&some(9)));
}

/// Residual blocks: which parameters a block reads is known while it runs.
#[test]
fn blocks_of_residuals() {
    twice!(f, g, jacobian, (cams: &[[f64; 3]], pts: &[[f64; 2]], obs: &[[usize; 2]]) -> Vec<[f64; 2]> {
        let mut out = Vec::new();
        for o in obs {
            let (c, p) = (&cams[o[0]], &pts[o[1]]);
            if p[0] < 0.7 {
                out.push([c[0] * p[0] + c[1], (c[2] * p[1]).sin() * p[0]]);
            } else {
                out.push([p[0], 1.0]);
            }
        }
        out
    });
    let cams = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let pts = [[0.1, 0.2], [0.3, 0.4], [0.9, 0.6]];
    let obs = [[0, 1], [1, 2], [0, 0], [1, 1]];
    let (by_cams, by_pts) = f::jacobian(&cams, &pts, &obs);
    let (of_cams, of_pts) = g::jacobian(&cams, &pts, &obs);
    same(&by_cams, &of_cams);
    same(&by_pts, &of_pts);
    assert_eq!(by_cams.shape(), (8, 6));
}

/// Few rows of many elements are taken backwards, whatever else an iteration makes; through branches,
/// and where a partial is infinite.
#[test]
fn blocks_of_many_elements() {
    twice!(f, g, jacobian, (cams: &[[f64; 6]], pts: &[[f64; 3]], w: &[f64], k: f64, at: &[usize]) -> (Vec<[f64; 2]>, Vec<f64>) {
        let mut out = vec![[0.0; 2]; w.len()];
        let mut of_weights = vec![0.0; w.len()];
        for i in 0..w.len() {
            let (c, p) = (&cams[at[i]], &pts[i % pts.len()]);
            let far = c[0] * c[0] + c[1] * c[1];
            let (along, across) = (c[2] * p[0], p[1] - c[3]);
            let turned = if far != 0.0 {
                let r = far.sqrt();
                (along / r + p[1], r * across.sin())
            } else {
                (p[0] + c[0], p[1] - c[1])
            };
            let depth = (p[2] * k).exp() + c[4].abs();
            out[i] = [w[i] * (turned.0 / depth + c[5]), w[i] * turned.1 / depth];
            of_weights[i] = 1.0 - w[i] * w[i];
        }
        (out, of_weights)
    });
    let cams = [[1.0, 2.0, 3.0, 0.5, 0.2, 0.1], [0.0, 0.0, 6.0, 0.1, 0.0, 0.3]];
    let pts = [[0.1, 0.2, 0.3], [0.3, 0.4, 0.0], [0.9, 0.6, -0.2]];
    let at = [0, 1, 1, 0, 1];
    for w in [&[][..], &[0.5, 1.5, -0.3, 2.0, 0.0]] {
        let (rows, of_weights) = f::jacobian(&cams, &pts, w, 0.7, &at);
        let (dense, of_dense) = g::jacobian(&cams, &pts, w, 0.7, &at);
        same(&rows.0, &dense.0);
        same(&rows.1, &dense.1);
        same(&rows.2, &dense.2);
        same(&rows.3, &dense.3);
        same(&of_weights.0, &of_dense.0);
        same(&of_weights.1, &of_dense.1);
        same(&of_weights.2, &of_dense.2);
        same(&of_weights.3, &of_dense.3);
        assert_eq!(rows.0.len(), 11 * w.len());
    }
}

/// The same where elements are set again, taken away, pushed, and without a loop.
#[test]
fn rows_of_many_elements() {
    twice!(f, g, jacobian, (x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; x.len()];
        for i in 2..x.len() - 2 {
            let far = (x[i - 2] - x[i + 2]).powi(2) + (x[i - 1] * x[i + 1]).powi(2);
            out[i / 2] = far.sqrt() * x[i];
            out[i] -= far.sqrt() * x[i];
        }
        out
    });
    same(&f::jacobian(&some(9)), &g::jacobian(&some(9)));
    // Not a number is one in both.
    let at = [f::jacobian(&[0.0; 6]).to_dense(0.0), g::jacobian(&[0.0; 6])];
    let [sparse, dense] = at.map(|all| all.concat().iter().map(|d| d.is_nan()).collect::<Vec<_>>());
    assert_eq!(sparse, dense);
    twice!(p, q, jacobian, (x: &[f64; 8]) -> (f64, Vec<f64>) {
        let sum = x[0] * x[1] + x[2] * x[3] + x[4] * x[5] + x[6] * x[7];
        let out = vec![sum.sin(), sum * sum];
        (x[0] * x[2] * x[4] * x[6], out)
    });
    let x = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
    let ((a, b), (c, d)) = (p::jacobian(&x), q::jacobian(&x));
    same(&a, &c);
    same(&b, &d);
}

#[test]
fn windows_and_arrays_of_ndarray() {
    twice!(f, g, jacobian, (u: &[f64]) -> Vec<f64> {
        u.windows(3).map(|w| w[0] * w[1] - w[2]).collect()
    });
    same(&f::jacobian(&some(6)), &g::jacobian(&some(6)));
    twice!(a, b, jacobian, (u: &Array2<f64>, k: f64) -> Array2<f64> {
        let (n, m) = u.dim();
        let mut out = Array2::zeros((n, m));
        for i in 1..n - 1 {
            for j in 1..m - 1 {
                let around = u[[i - 1, j]] + u[[i + 1, j]] + u[[i, j - 1]] + u[[i, j + 1]];
                out[[i, j]] = k * (around - 4.0 * u[[i, j]]) - u[[i, j]].powi(3);
            }
        }
        out
    });
    let u = Array2::from_shape_vec((4, 5), some(20)).unwrap();
    for u in [u.clone(), u.reversed_axes()] {
        let (by_u, by_k) = a::jacobian(&u, 0.4);
        let (of_u, of_k) = b::jacobian(&u, 0.4);
        same(&by_u, &of_u);
        same(&by_k, &of_k);
    }
}

/// Several results, some of them floats; failures leave the function.
#[test]
fn tuples_and_results() {
    twice!(f, g, jacobian, (x: &[f64; 3], k: f64) -> Option<(Vec<f64>, f64)> {
        if k < 0.0 {
            return None;
        }
        let mut out = Vec::new();
        for i in 0..2 {
            out.push(x[i] * k + x[i + 1]);
        }
        Some((out, x[0] * k))
    });
    assert!(f::jacobian(&[1.0, 2.0, 3.0], -1.0).is_none());
    let ((a, b), (c, d)) = f::jacobian(&[1.0, 2.0, 3.0], 4.0).unwrap();
    let ((p, q), (r, s)) = g::jacobian(&[1.0, 2.0, 3.0], 4.0).unwrap();
    same(&a, &p);
    same(&b, &q);
    same(&c, &r);
    same(&d, &s);
}

#[test]
fn rows_of_const_length() {
    #[differentiate(jacobian(sparse))]
    fn f<const N: usize>(x: &[[f64; N]]) -> Vec<[f64; N]> {
        let mut out = vec![[0.0; N]; x.len()];
        for i in 1..x.len() {
            for j in 0..N {
                out[i][j] = x[i][j] * x[i - 1][N - 1 - j];
            }
        }
        out
    }
    let x = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let jacobian = f::jacobian(&x);
    let row = |k| jacobian.to_csr().row(k).collect::<Vec<_>>();
    assert_eq!(jacobian.shape(), (6, 6));
    assert_eq!((row(0), row(3)), (vec![], vec![(2, 4.0), (3, 3.0)]));
}

#[test]
fn hessians_of_sums_of_terms() {
    twice!(f, g, hessian, (x: &[f64]) -> f64 {
        let mut s = 0.0;
        for i in 0..x.len() - 1 {
            let a = x[i + 1] - x[i] * x[i];
            s += 100.0 * a * a + (1.0 - x[i]).powi(2);
        }
        s
    });
    for n in [1, 2, 5, 30] {
        same(&f::hessian(&some(n)), &g::hessian(&some(n)));
        assert_eq!(f::hessian(&some(n)).len(), 4 * (n - 1));
    }
}

#[test]
fn hessians_by_arrays_and_floats() {
    twice!(f, g, hessian, (x: &[f64], w: &Array1<f64>, k: f64) -> f64 {
        let mut s = k * k;
        for i in 0..x.len() - 1 {
            s += (x[i] * w[i] - x[i + 1]).powi(2) * k;
        }
        s
    });
    let (x, w) = (some(4), Array1::from_vec(some(4)));
    let ((xx, xw, xk), (wx, ww, wk), (kx, kw, kk)) = f::hessian(&x, &w, 1.3);
    let ((axx, axw, axk), (awx, aww, awk), (akx, akw, akk)) = g::hessian(&x, &w, 1.3);
    same(&xx, &axx);
    same(&xw, &axw);
    same(&xk, &axk);
    same(&wx, &awx);
    same(&ww, &aww);
    same(&wk, &awk);
    same(&kx, &akx);
    same(&kw, &akw);
    same(&kk, &akk);
}

#[test]
fn entries_at_one_place_are_added() {
    let matrix = Triplets::new((2, 3), vec![(1, 2, 1.0), (0, 1, 4.0), (1, 0, 2.0), (1, 2, 0.5)]);
    let csr = matrix.to_csr();
    assert_eq!(
        (csr.starts(), csr.indices(), csr.values()),
        (&[0, 1, 3][..], &[1, 0, 2][..], &[4.0, 2.0, 1.5][..])
    );
}

#[test]
#[should_panic(expected = "outside of a matrix of shape (2, 2)")]
fn entries_outside() {
    let _ = Triplets::new((2, 2), vec![(0, 2, 1.0)]);
}
