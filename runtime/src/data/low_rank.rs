//! Matrices with a bell-shaped profile of singular values.

use super::stream::Stream;
use ndarray::{Array1, Array2};

/// A matrix of `rows` × `columns` most of whose variance lies in about `effective_rank` singular
/// vectors, scikit-learn's `make_low_rank_matrix`.
///
/// *U diag(s) Vᵀ* with *U*, *V* the orthonormal factors of Gaussian matrices and, with rank *r*
/// and tail strength *t*, *s*ᵢ = (1 − *t*) exp(−(*i*/*r*)²) + *t* exp(−0.1 *i*/*r*).
pub(super) fn low_rank_matrix(
    rows: usize,
    columns: usize,
    effective_rank: usize,
    tail_strength: f64,
    stream: &mut Stream,
) -> Array2<f64> {
    let n = rows.min(columns);
    let mut gaussian =
        |height| Array2::from_shape_simple_fn((height, n), || stream.standard_normal());
    let (u, v) = (gaussian(rows), gaussian(columns));
    let rank = effective_rank as f64;
    let singular_values = Array1::from_shape_fn(n, |i| {
        let i = i as f64;
        let low_rank = (1.0 - tail_strength) * (-(i / rank).powi(2)).exp();
        low_rank + tail_strength * (-0.1 * i / rank).exp()
    });
    let (u, v) = (orthonormal_factor(&u) * &singular_values, orthonormal_factor(&v));
    // Not a matrix product of ndarray's, whose rounding depends on the running CPU.
    Array2::from_shape_fn((rows, columns), |(i, j)| u.row(i).dot(&v.row(j)))
}

/// *Q* of the economic decomposition *A = QR* of a matrix at least as tall as wide, by Householder
/// reflections with LAPACK's signs (`dgeqrf`, `dorgqr`): the diagonal of *R* has the sign opposite
/// to the pivot's, and a last row that needs no reflection keeps its own.
fn orthonormal_factor(a: &Array2<f64>) -> Array2<f64> {
    let (rows, columns) = a.dim();
    let mut a: Vec<Vec<f64>> = a.columns().into_iter().map(|column| column.to_vec()).collect();
    let mut factors = vec![0.0; columns];
    for k in 0..columns {
        // Column k from the diagonal down becomes the reflection vector (LAPACK's `dlarfg`).
        let (done, right) = a.split_at_mut(k + 1);
        let reflector = &mut done[k][k..];
        let (pivot, norm_below) = (reflector[0], dot(&reflector[1..], &reflector[1..]).sqrt());
        if norm_below == 0.0 {
            continue;
        }
        let diagonal = -pivot.hypot(norm_below).copysign(pivot);
        factors[k] = (diagonal - pivot) / diagonal;
        reflector[0] = 1.0;
        reflector[1..].iter_mut().for_each(|value| *value /= pivot - diagonal);
        for column in right {
            reflect(&mut column[k..], reflector, factors[k]);
        }
    }
    let mut q = vec![vec![0.0; rows]; columns];
    for k in (0..columns).rev() {
        q[k][k] = 1.0;
        for column in &mut q[k..] {
            reflect(&mut column[k..], &a[k][k..], factors[k]);
        }
    }
    Array2::from_shape_fn((rows, columns), |(i, j)| q[j][i])
}

/// Applies *I − τ v vᵀ*, with *v* the `reflector` and *τ* the `factor`.
fn reflect(column: &mut [f64], reflector: &[f64], factor: f64) {
    let scale = factor * dot(column, reflector);
    for (value, v) in column.iter_mut().zip(reflector) {
        *value -= scale * v;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn columns_are_orthonormal_and_span_the_matrix() {
        let a = array![[1.0, 2.0], [3.0, -4.0], [0.5, 6.0]];
        let q = orthonormal_factor(&a);
        let identity = q.t().dot(&q);
        assert!((identity - Array2::<f64>::eye(2)).iter().all(|e| e.abs() < 1e-15));
        let projected = q.dot(&q.t().dot(&a));
        assert!((projected - &a).iter().all(|e| e.abs() < 1e-14));
        // R's first diagonal entry is opposite in sign to the pivot.
        assert!(q.column(0).dot(&a.column(0)) < 0.0);
    }

    #[test]
    fn a_single_row_is_not_reflected() {
        assert_eq!(orthonormal_factor(&array![[-2.0]]), array![[1.0]]);
    }
}
