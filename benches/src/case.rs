//! What every rival works on.

use ndarray::{Array1, Array2};
use pulp::Arch;
use std::fmt;
use std::hint::black_box;

/// Rows and columns of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub usize, pub usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.0, self.1)
    }
}

/// The sizes that are measured: from the example's batch to one that no cache holds.
pub const SIZES: [Size; 6] = [
    Size(16, 5),
    Size(64, 32),
    Size(256, 128),
    Size(4096, 128),
    Size(65536, 128),
    Size(1024, 1024),
];

/// A batch, the parameters, and buffers for their gradient.
#[derive(Debug, Clone)]
pub struct Case {
    /// Features, a row per sample.
    pub x: Array2<f32>,
    /// Targets.
    pub y: Array1<f32>,
    /// Weights.
    pub w: Array1<f32>,
    /// Bias.
    pub b: f32,
    /// Where the gradient by the weights goes.
    pub dw: Array1<f32>,
    /// Where the gradient by the bias goes.
    pub db: f32,
    /// The running CPU's vector width, looked up once.
    pub arch: Arch,
    learning_rate: f32,
}

impl Case {
    /// A batch of pseudo-random numbers between −1 and 1, the same for the same size.
    #[must_use]
    pub fn new(Size(rows, columns): Size) -> Self {
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        Case {
            x: Array2::from_shape_simple_fn((rows, columns), &mut random),
            y: Array1::from_shape_simple_fn(rows, &mut random),
            w: Array1::from_shape_simple_fn(columns, &mut random),
            b: 0.25,
            dw: Array1::from_elem(columns, f32::NAN),
            db: f32::NAN,
            arch: Arch::new(),
            // So small that millions of steps change neither the numbers' range nor the work.
            learning_rate: black_box(1e-7),
        }
    }

    /// The parameters' step down the gradient, the same code for every rival.
    #[inline]
    pub fn update(&mut self) {
        let rate = self.learning_rate;
        if let (Some(w), Some(dw)) = (self.w.as_slice_mut(), self.dw.as_slice()) {
            for (w, &dw) in w.iter_mut().zip(dw) {
                *w -= rate * dw;
            }
        }
        self.b -= rate * self.db;
    }
}
