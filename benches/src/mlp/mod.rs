//! A multilayer perceptron 784-128-10 on batches of 64, `f32`: tanh, softmax cross-entropy, and the
//! update of stochastic gradient descent.

mod by_hand;
mod by_macro;

pub use by_hand::Hand;
pub use by_macro::{Macro, loss};

use ndarray::{Array1, Array2};

/// Extents of batch, inputs, hidden units and classes.
pub const BATCH: usize = 64;
/// Inputs.
pub const INPUTS: usize = 784;
/// Hidden units.
pub const HIDDEN: usize = 128;
/// Classes.
pub const CLASSES: usize = 10;

/// The step of the update.
pub const LEARNING_RATE: f32 = 0.01;

/// What is learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Weights of the hidden layer.
    pub w1: Array2<f32>,
    /// Its bias.
    pub b1: Array1<f32>,
    /// Weights of the last layer.
    pub w2: Array2<f32>,
    /// Its bias.
    pub b2: Array1<f32>,
}

impl Parameters {
    /// The same ones every time.
    #[must_use]
    pub fn new() -> Self {
        let mut random = Random(1);
        let mut matrix = |rows: usize, columns: usize| {
            let scale = (1.0 / rows as f32).sqrt();
            Array2::from_shape_simple_fn((rows, columns), || scale * random.next())
        };
        let (w1, w2) = (matrix(INPUTS, HIDDEN), matrix(HIDDEN, CLASSES));
        Parameters { w1, b1: Array1::zeros(HIDDEN), w2, b2: Array1::zeros(CLASSES) }
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Self::new()
    }
}

/// A batch: images, and for each the class it belongs to, as ones and zeros.
#[must_use]
pub fn batch() -> (Array2<f32>, Array2<f32>) {
    let mut random = Random(2);
    let x = Array2::from_shape_simple_fn((BATCH, INPUTS), || random.next().abs());
    let y = Array2::from_shape_fn((BATCH, CLASSES), |(i, j)| f32::from(u8::from(i * 7 % 10 == j)));
    (x, y)
}

/// Uniform numbers between −1 and 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}
