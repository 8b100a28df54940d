//! By hand: ndarray and its GEMM, every intermediate in a buffer that is used again, bias and
//! activation in place, with the widest vectors of the running CPU.

use super::{BATCH, CLASSES, HIDDEN, LEARNING_RATE, Parameters};
use chainrule::rt::Elementary;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2};
use pulp::{Arch, Simd, WithSimd};

/// The step by hand.
#[derive(Debug, Clone)]
pub struct Hand {
    /// What is learnt.
    pub parameters: Parameters,
    gradient: Parameters,
    /// The hidden layer.
    hidden: Array2<f32>,
    /// Its cotangent.
    ct_hidden: Array2<f32>,
    /// Logits, then their cotangents.
    logits: Array2<f32>,
    arch: Arch,
}

impl Hand {
    /// Buffers for a network.
    #[must_use]
    pub fn new(parameters: Parameters) -> Self {
        Hand {
            gradient: parameters.clone(),
            parameters,
            hidden: Array2::zeros((BATCH, HIDDEN)),
            ct_hidden: Array2::zeros((BATCH, HIDDEN)),
            logits: Array2::zeros((BATCH, CLASSES)),
            arch: Arch::new(),
        }
    }

    /// The step's products of matrices alone.
    pub fn products(&mut self, x: &Array2<f32>) {
        let Hand { parameters: p, gradient: g, hidden, ct_hidden, logits, .. } = self;
        general_mat_mul(1.0, x, &p.w1, 0.0, hidden);
        general_mat_mul(1.0, hidden, &p.w2, 0.0, logits);
        general_mat_mul(1.0, &hidden.t(), logits, 0.0, &mut g.w2);
        general_mat_mul(1.0, logits, &p.w2.t(), 0.0, ct_hidden);
        general_mat_mul(1.0, &x.t(), ct_hidden, 0.0, &mut g.w1);
    }

    /// Value, gradient and update; the value before the update.
    pub fn step(&mut self, x: &Array2<f32>, y: &Array2<f32>) -> f32 {
        let Hand { parameters: p, gradient: g, hidden, ct_hidden, logits, arch } = self;
        general_mat_mul(1.0, x, &p.w1, 0.0, hidden);
        let (h, b1) = (elements(hidden), slice(&p.b1));
        arch.dispatch(Wide(|| {
            for row in h.chunks_exact_mut(HIDDEN) {
                row.iter_mut().zip(b1).for_each(|(h, &b)| *h = Elementary::tanh(*h + b));
            }
        }));
        general_mat_mul(1.0, hidden, &p.w2, 0.0, logits);
        let (z, b2, y) = (elements(logits), slice(&p.b2), y.as_slice().unwrap_or_default());
        let value = arch.dispatch(Wide(|| softmax(z, b2, y, slice_mut(&mut g.b2))));
        general_mat_mul(1.0, &hidden.t(), logits, 0.0, &mut g.w2);
        general_mat_mul(1.0, logits, &p.w2.t(), 0.0, ct_hidden);
        let (ct, h, db1) = (elements(ct_hidden), elements(hidden), slice_mut(&mut g.b1));
        arch.dispatch(Wide(|| {
            db1.fill(0.0);
            for (ct, h) in ct.chunks_exact_mut(HIDDEN).zip(h.chunks_exact(HIDDEN)) {
                for ((ct, &h), db) in ct.iter_mut().zip(h).zip(&mut *db1) {
                    *ct *= 1.0 - h * h;
                    *db += *ct;
                }
            }
        }));
        general_mat_mul(1.0, &x.t(), ct_hidden, 0.0, &mut g.w1);
        p.w1.scaled_add(-LEARNING_RATE, &g.w1);
        p.b1.scaled_add(-LEARNING_RATE, &g.b1);
        p.w2.scaled_add(-LEARNING_RATE, &g.w2);
        p.b2.scaled_add(-LEARNING_RATE, &g.b2);
        value
    }
}

/// A closure that is compiled for every width of vectors.
struct Wide<F>(F);

impl<R, F: FnOnce() -> R> WithSimd for Wide<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> R {
        (self.0)()
    }
}

/// Turns logits into their cotangents, and gives the loss.
#[inline(always)]
fn softmax(z: &mut [f32], b: &[f32], y: &[f32], db: &mut [f32]) -> f32 {
    let scale = 1.0 / BATCH as f32;
    let mut value = 0.0;
    db.fill(0.0);
    for (z, y) in z.chunks_exact_mut(CLASSES).zip(y.chunks_exact(CLASSES)) {
        let mut greatest = f32::NEG_INFINITY;
        for (z, b) in z.iter_mut().zip(b) {
            *z += b;
            greatest = greatest.max(*z);
        }
        let (mut e, mut sum) = ([0.0; CLASSES], 0.0);
        for (e, z) in e.iter_mut().zip(z.iter()) {
            *e = Elementary::exp(*z - greatest);
            sum += *e;
        }
        let log = sum.ln();
        for (((z, e), y), db) in z.iter_mut().zip(e).zip(y).zip(&mut *db) {
            value -= y * (*z - greatest - log);
            *z = scale * (e / sum - y);
            *db += *z;
        }
    }
    value * scale
}

fn elements(matrix: &mut Array2<f32>) -> &mut [f32] {
    matrix.as_slice_mut().unwrap_or_default()
}

fn slice(vector: &Array1<f32>) -> &[f32] {
    vector.as_slice().unwrap_or_default()
}

fn slice_mut(vector: &mut Array1<f32>) -> &mut [f32] {
    vector.as_slice_mut().unwrap_or_default()
}
