//! candle's variables and `backward`, as its guide has them.

use candle_core::{Device, Result, Tensor, Var};
use chainrule_benches::Case;
use chainrule_benches::mlp::{LEARNING_RATE, Parameters};
use ndarray::{Array1, Array2};

fn matrix(of: &Array2<f32>) -> Result<Tensor> {
    Tensor::from_iter(of.iter().copied(), &Device::Cpu)?.reshape(of.dim())
}

fn vector(of: &Array1<f32>) -> Result<Tensor> {
    Tensor::from_iter(of.iter().copied(), &Device::Cpu)
}

/// Gradients of a value, and the step down them.
fn update(value: &Tensor, variables: &[&Var], rate: f64) -> Result<f32> {
    let gradients = value.backward()?;
    for var in variables {
        if let Some(gradient) = gradients.get(var) {
            var.set(&(var.as_tensor() - (gradient * rate)?)?)?;
        }
    }
    value.to_scalar()
}

/// The perceptron.
pub struct CandleMlp {
    x: Tensor,
    y: Tensor,
    w1: Var,
    b1: Var,
    w2: Var,
    b2: Var,
}

impl CandleMlp {
    pub fn new(start: &Parameters, x: &Array2<f32>, y: &Array2<f32>) -> Result<Self> {
        Ok(CandleMlp {
            x: matrix(x)?,
            y: matrix(y)?,
            w1: Var::from_tensor(&matrix(&start.w1)?)?,
            b1: Var::from_tensor(&vector(&start.b1)?)?,
            w2: Var::from_tensor(&matrix(&start.w2)?)?,
            b2: Var::from_tensor(&vector(&start.b2)?)?,
        })
    }

    pub fn step(&mut self) -> Result<f32> {
        let hidden = self.x.matmul(&self.w1)?.broadcast_add(&self.b1)?.tanh()?;
        let logits = hidden.matmul(&self.w2)?.broadcast_add(&self.b2)?;
        let normal = logits.log_sum_exp(1)?.mean_all()?;
        let chosen = (&logits * &self.y)?.sum(1)?.mean_all()?;
        let loss = (normal - chosen)?;
        update(&loss, &[&self.w1, &self.b1, &self.w2, &self.b2], f64::from(LEARNING_RATE))
    }
}

/// The linear regression.
pub struct CandleRegression {
    x: Tensor,
    y: Tensor,
    w: Var,
    b: Var,
}

impl CandleRegression {
    pub fn new(case: &Case) -> Result<Self> {
        Ok(CandleRegression {
            x: matrix(&case.x)?,
            y: vector(&case.y)?.unsqueeze(1)?,
            w: Var::from_tensor(&vector(&case.w)?.unsqueeze(1)?)?,
            b: Var::new(&[case.b], &Device::Cpu)?,
        })
    }

    pub fn step(&mut self) -> Result<f32> {
        let residuals = (self.x.matmul(&self.w)?.broadcast_add(&self.b)? - &self.y)?;
        let loss = residuals.sqr()?.mean_all()?;
        update(&loss, &[&self.w, &self.b], 1e-7)
    }
}
