//! Stochastic gradient descent.

use super::error::{below_one, non_negative};
use super::{OptimError, Optimizer, OptimizerState, cast, scalar_count, take_front, widen};
use crate::Differentiable;
use num_traits::Float;

/// Stochastic gradient descent with momentum, Nesterov's look-ahead and weight decay, as
/// `torch.optim.SGD` defines them (dampening 0).
///
/// With learning rate *η*, momentum *μ* and weight decay *λ*, from *v* = 0:
///
/// > *g* ← ∇ + *λ p*;  *v* ← *μ v* + *g*;  *p* ← *p* − *η v*
///
/// and with Nesterov's look-ahead *p* ← *p* − *η* (*g* + *μ v*). Without momentum nothing is
/// allocated; with it, one buffer of the parameters' size at the first step. The buffer starts
/// anew, from zero, should the number of parameters change.
///
/// ```
/// use chainrule::optim::{Optimizer, Sgd};
///
/// let mut sgd = Sgd::new(0.5)?;
/// let mut params = (1.0_f32, vec![2.0_f32]);
/// sgd.step(&mut params, &(1.0, vec![-1.0_f32]));
/// assert_eq!(params, (0.5, vec![2.5]));
/// # Ok::<(), chainrule::optim::OptimError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sgd<F> {
    learning_rate: f64,
    momentum: f64,
    weight_decay: f64,
    nesterov: bool,
    steps: u64,
    velocity: Vec<F>,
}

impl<F> Sgd<F> {
    /// Plain gradient descent with the given learning rate.
    ///
    /// ```
    /// assert!(chainrule::optim::Sgd::<f32>::new(f64::NAN).is_err());
    /// ```
    ///
    /// # Errors
    /// If the learning rate is negative or not finite.
    pub fn new(learning_rate: f64) -> Result<Self, OptimError> {
        Ok(Sgd {
            learning_rate: non_negative("learning rate", learning_rate)?,
            momentum: 0.0,
            weight_decay: 0.0,
            nesterov: false,
            steps: 0,
            velocity: Vec::new(),
        })
    }

    /// Sets the momentum, 0 (the default) to less than 1.
    ///
    /// ```
    /// use chainrule::optim::Sgd;
    /// assert!(Sgd::<f32>::new(0.1)?.momentum(1.0).is_err());
    /// # Ok::<(), chainrule::optim::OptimError>(())
    /// ```
    ///
    /// # Errors
    /// If it is outside that range.
    pub fn momentum(mut self, momentum: f64) -> Result<Self, OptimError> {
        self.momentum = below_one("momentum", momentum)?;
        Ok(self)
    }

    /// Sets the weight decay, the factor of the L2 penalty's gradient; 0 by default.
    ///
    /// ```
    /// use chainrule::optim::{Optimizer, Sgd};
    /// let mut params = 2.0;
    /// Sgd::new(0.5)?.weight_decay(0.5)?.step(&mut params, &0.0);
    /// assert_eq!(params, 1.5);
    /// # Ok::<(), chainrule::optim::OptimError>(())
    /// ```
    ///
    /// # Errors
    /// If it is negative or not finite.
    pub fn weight_decay(mut self, weight_decay: f64) -> Result<Self, OptimError> {
        self.weight_decay = non_negative("weight decay", weight_decay)?;
        Ok(self)
    }

    /// Turns on Nesterov's look-ahead.
    ///
    /// ```
    /// use chainrule::optim::Sgd;
    /// assert!(Sgd::<f32>::new(0.1)?.nesterov().is_err());
    /// assert!(Sgd::<f32>::new(0.1)?.momentum(0.9)?.nesterov().is_ok());
    /// # Ok::<(), chainrule::optim::OptimError>(())
    /// ```
    ///
    /// # Errors
    /// If no momentum was set before.
    pub fn nesterov(mut self) -> Result<Self, OptimError> {
        if self.momentum == 0.0 {
            return Err(OptimError::NesterovWithoutMomentum);
        }
        self.nesterov = true;
        Ok(self)
    }
}

impl<P: Differentiable> Optimizer<P> for Sgd<P::Scalar> {
    #[inline]
    fn step(&mut self, params: &mut P, grad: &P) {
        self.steps += 1;
        let rate: P::Scalar = cast(self.learning_rate);
        let decay: P::Scalar = cast(self.weight_decay);
        if self.momentum == 0.0 {
            // Two loops, because an infinite parameter times a decay of zero would be NaN.
            if self.weight_decay == 0.0 {
                params.zip_leaves_mut(grad, &mut |params, grad| {
                    for (p, &g) in params.iter_mut().zip(grad) {
                        *p = *p - rate * g;
                    }
                });
            } else {
                params.zip_leaves_mut(grad, &mut |params, grad| {
                    for (p, &g) in params.iter_mut().zip(grad) {
                        *p = *p - rate * (g + decay * *p);
                    }
                });
            }
            return;
        }
        self.step_with_momentum(params, grad, rate, decay);
    }

    fn state(&self) -> OptimizerState {
        OptimizerState {
            optimizer: "sgd".to_owned(),
            steps: self.steps,
            buffers: vec![widen(&self.velocity)],
        }
    }

    fn restore(&mut self, state: &OptimizerState) -> Result<(), OptimError> {
        if state.optimizer != "sgd" {
            let found = state.optimizer.clone();
            return Err(OptimError::OtherOptimizer { expected: "sgd", found });
        }
        let [velocity] = state.buffers.as_slice() else {
            let found = state.buffers.iter().map(Vec::len).collect();
            return Err(OptimError::StateLayout { optimizer: "sgd".to_owned(), found });
        };
        self.steps = state.steps;
        self.velocity = velocity.iter().map(|&value| cast(value)).collect();
        Ok(())
    }
}

impl<F: Float> Sgd<F> {
    fn step_with_momentum<P>(&mut self, params: &mut P, grad: &P, rate: F, decay: F)
    where
        P: Differentiable<Scalar = F>,
    {
        let count = scalar_count(grad);
        if self.velocity.len() != count {
            self.velocity = vec![F::zero(); count];
        }
        let momentum: F = cast(self.momentum);
        let (decays, nesterov) = (self.weight_decay != 0.0, self.nesterov);
        let mut rest = self.velocity.as_mut_slice();
        params.zip_leaves_mut(grad, &mut |params, grad| {
            let velocity = take_front(&mut rest, params.len());
            for ((p, &g), v) in params.iter_mut().zip(grad).zip(velocity) {
                let g = if decays { g + decay * *p } else { g };
                *v = momentum * *v + g;
                let direction = if nesterov { g + momentum * *v } else { *v };
                *p = *p - rate * direction;
            }
        });
    }
}
