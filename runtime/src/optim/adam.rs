//! Adam: steps scaled by running moments of the gradient.

use super::error::{below_one, non_negative};
use super::{OptimError, Optimizer, OptimizerState, cast, scalar_count, take_front, widen};
use crate::Differentiable;
use num_traits::Float;

/// Adam as `torch.optim.Adam` defines it: bias-corrected moments, weight decay as an L2 penalty.
///
/// With learning rate *η*, decay rates *β₁*, *β₂* and weight decay *λ*, at step *t* = 1, 2, …:
///
/// > *g* ← ∇ + *λ p*;  *m* ← *m* + (1 − *β₁*)(*g* − *m*);  *v* ← *β₂ v* + (1 − *β₂*) *g*²;
/// > *p* ← *p* − *η* / (1 − *β₁ᵗ*) · *m* / (√*v* / √(1 − *β₂ᵗ*) + *ε*)
///
/// (Kingma and Ba, *Adam: a method for stochastic optimization*, algorithm 1.) The two moments
/// are buffers of the parameters' size, allocated at the first step; they and the step count
/// start anew, should the number of parameters change.
///
/// ```
/// use chainrule::optim::{Adam, Optimizer};
///
/// let mut adam = Adam::new(0.1)?;
/// let mut params = [1.0_f64, 1.0];
/// adam.step(&mut params, &[1000.0, -0.001]);
/// // The first step has the size of the learning rate, whatever the gradient's.
/// assert!((params[0] - 0.9).abs() < 1e-6 && (params[1] - 1.1).abs() < 1e-5);
/// # Ok::<(), chainrule::optim::OptimError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Adam<F> {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    steps: u64,
    mean: Vec<F>,
    square: Vec<F>,
}

impl<F> Adam<F> {
    /// Adam with the given learning rate (PyTorch's default is 0.001), *β₁* = 0.9, *β₂* = 0.999,
    /// *ε* = 1e-8 and no weight decay.
    ///
    /// ```
    /// assert!(chainrule::optim::Adam::<f32>::new(-1.0).is_err());
    /// ```
    ///
    /// # Errors
    /// If the learning rate is negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, OptimError> {
        Ok(Adam {
            learning_rate: non_negative("learning rate", learning_rate)?,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            steps: 0,
            mean: Vec::new(),
            square: Vec::new(),
        })
    }

    /// Sets the decay rates of the two moments, each 0 to less than 1.
    ///
    /// ```
    /// use chainrule::optim::Adam;
    /// assert!(Adam::<f32>::new(0.1)?.betas(0.9, 1.0).is_err());
    /// # Ok::<(), chainrule::optim::OptimError>(())
    /// ```
    ///
    /// # Errors
    /// If one is outside that range.
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Result<Self, OptimError> {
        self.beta1 = below_one("first decay rate (beta1)", beta1)?;
        self.beta2 = below_one("second decay rate (beta2)", beta2)?;
        Ok(self)
    }

    /// Sets what keeps the divisor from zero.
    ///
    /// ```
    /// use chainrule::optim::Adam;
    /// assert!(Adam::<f32>::new(0.1)?.epsilon(f64::INFINITY).is_err());
    /// # Ok::<(), chainrule::optim::OptimError>(())
    /// ```
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn epsilon(mut self, epsilon: f64) -> Result<Self, OptimError> {
        self.epsilon = non_negative("epsilon", epsilon)?;
        Ok(self)
    }

    /// Sets the weight decay, the factor of the L2 penalty's gradient; 0 by default.
    ///
    /// ```
    /// use chainrule::optim::Adam;
    /// assert!(Adam::<f32>::new(0.1)?.weight_decay(-1e-4).is_err());
    /// # Ok::<(), chainrule::optim::OptimError>(())
    /// ```
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn weight_decay(mut self, weight_decay: f64) -> Result<Self, OptimError> {
        self.weight_decay = non_negative("weight decay", weight_decay)?;
        Ok(self)
    }
}

impl<P: Differentiable> Optimizer<P> for Adam<P::Scalar> {
    fn step(&mut self, params: &mut P, grad: &P) {
        let count = scalar_count(grad);
        if self.mean.len() != count {
            self.mean = vec![cast(0.0); count];
            self.square = vec![cast(0.0); count];
            self.steps = 0;
        }
        self.steps += 1;
        // The factors are rounded once, from `f64`: 1 - 0.999 in `f32` is off by 5e-5.
        let steps = self.steps as f64;
        let rate: P::Scalar = cast(self.learning_rate / (1.0 - self.beta1.powf(steps)));
        let root_correction: P::Scalar = cast((1.0 - self.beta2.powf(steps)).sqrt());
        let (new_mean, new_square): (P::Scalar, P::Scalar) =
            (cast(1.0 - self.beta1), cast(1.0 - self.beta2));
        let old_square: P::Scalar = cast(self.beta2);
        let (epsilon, decay): (P::Scalar, P::Scalar) =
            (cast(self.epsilon), cast(self.weight_decay));
        let decays = self.weight_decay != 0.0;
        let mut means = self.mean.as_mut_slice();
        let mut squares = self.square.as_mut_slice();
        params.zip_leaves_mut(grad, &mut |params, grad| {
            let mean = take_front(&mut means, params.len());
            let square = take_front(&mut squares, params.len());
            for (((p, &g), m), v) in params.iter_mut().zip(grad).zip(mean).zip(square) {
                let g = if decays { g + decay * *p } else { g };
                *m = *m + new_mean * (g - *m);
                *v = old_square * *v + new_square * g * g;
                *p = *p - rate * (*m / (v.sqrt() / root_correction + epsilon));
            }
        });
    }

    fn state(&self) -> OptimizerState {
        OptimizerState {
            optimizer: "adam".to_owned(),
            steps: self.steps,
            buffers: vec![widen(&self.mean), widen(&self.square)],
        }
    }

    fn restore(&mut self, state: &OptimizerState) -> Result<(), OptimError> {
        if state.optimizer != "adam" {
            let found = state.optimizer.clone();
            return Err(OptimError::OtherOptimizer { expected: "adam", found });
        }
        let layout = || {
            let found = state.buffers.iter().map(Vec::len).collect();
            OptimError::StateLayout { optimizer: "adam".to_owned(), found }
        };
        let [mean, square] = state.buffers.as_slice() else {
            return Err(layout());
        };
        if mean.len() != square.len() {
            return Err(layout());
        }
        self.steps = state.steps;
        self.mean = mean.iter().map(|&value| cast(value)).collect();
        self.square = square.iter().map(|&value| cast(value)).collect();
        Ok(())
    }
}
