//! By the macro: the model as a user writes it.

use super::{LEARNING_RATE, Parameters};
use chainrule::differentiate;
use chainrule::tensor::TensorExt;
use ndarray::{Array1, Array2};

/// Cross-entropy of a network of two layers.
#[differentiate(wrt(w1, b1, w2, b2))]
pub fn loss(
    x: &Array2<f32>,
    y: &Array2<f32>,
    w1: &Array2<f32>,
    b1: &Array1<f32>,
    w2: &Array2<f32>,
    b2: &Array1<f32>,
) -> f32 {
    let hidden = (x.dot(w1) + b1).tanh();
    (hidden.dot(w2) + b2).cross_entropy(y)
}

/// The step by the macro's gradient, into buffers that are used again.
#[derive(Debug, Clone)]
pub struct Macro {
    /// What is learnt.
    pub parameters: Parameters,
    gradient: Parameters,
}

impl Macro {
    /// Buffers for a network.
    #[must_use]
    pub fn new(parameters: Parameters) -> Self {
        Macro { gradient: parameters.clone(), parameters }
    }

    /// Value, gradient and update; the value before the update.
    pub fn step(&mut self, x: &Array2<f32>, y: &Array2<f32>) -> f32 {
        let (p, g) = (&mut self.parameters, &mut self.gradient);
        let value = loss::value_and_grad_into(
            x, y, &p.w1, &p.b1, &p.w2, &p.b2, &mut g.w1, &mut g.b1, &mut g.w2, &mut g.b2,
        );
        p.w1.scaled_add(-LEARNING_RATE, &g.w1);
        p.b1.scaled_add(-LEARNING_RATE, &g.b1);
        p.w2.scaled_add(-LEARNING_RATE, &g.w2);
        p.b2.scaled_add(-LEARNING_RATE, &g.b2);
        value
    }
}
