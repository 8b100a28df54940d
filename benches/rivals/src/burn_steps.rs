//! burn's tensors on `burn-flex`, its fastest backend for CPUs, under its autodiff.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use chainrule_benches::Case;
use chainrule_benches::mlp::{LEARNING_RATE, Parameters};
use ndarray::{Array1, Array2};

fn matrix(of: &Array2<f32>, device: &Device) -> Tensor<2> {
    let (rows, columns) = of.dim();
    Tensor::from_data(TensorData::new(of.iter().copied().collect(), [rows, columns]), device)
}

/// A vector as a matrix of one row.
fn row(of: &Array1<f32>, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(of.to_vec(), [1, of.len()]), device)
}

/// The step down the gradient, as a new leaf.
fn update(variable: &mut Tensor<2>, gradients: &mut Gradients, rate: f32) {
    if let Some(gradient) = variable.grad_remove(gradients) {
        let next = variable.clone().inner() - gradient * rate;
        *variable = Tensor::from_inner(next).require_grad();
    }
}

/// The perceptron.
pub struct BurnMlp {
    x: Tensor<2>,
    y: Tensor<2>,
    variables: [Tensor<2>; 4],
}

impl BurnMlp {
    pub fn new(start: &Parameters, x: &Array2<f32>, y: &Array2<f32>) -> Self {
        let device = Device::flex().autodiff();
        BurnMlp {
            x: matrix(x, &device),
            y: matrix(y, &device),
            variables: [
                matrix(&start.w1, &device),
                row(&start.b1, &device),
                matrix(&start.w2, &device),
                row(&start.b2, &device),
            ]
            .map(Tensor::require_grad),
        }
    }

    pub fn step(&mut self) -> f32 {
        let [w1, b1, w2, b2] = self.variables.clone();
        let rows = self.x.dims()[0] as f32;
        let hidden = (self.x.clone().matmul(w1) + b1).tanh();
        let logits = hidden.matmul(w2) + b2;
        let loss = (log_softmax(logits, 1) * self.y.clone()).sum() / -rows;
        let mut gradients = loss.backward();
        for variable in &mut self.variables {
            update(variable, &mut gradients, LEARNING_RATE);
        }
        loss.into_scalar()
    }
}

/// The linear regression.
pub struct BurnRegression {
    x: Tensor<2>,
    y: Tensor<2>,
    w: Tensor<2>,
    b: Tensor<2>,
}

impl BurnRegression {
    pub fn new(case: &Case) -> Self {
        let device = Device::flex().autodiff();
        BurnRegression {
            x: matrix(&case.x, &device),
            y: row(&case.y, &device).transpose(),
            w: row(&case.w, &device).transpose().require_grad(),
            b: row(&Array1::from_elem(1, case.b), &device).require_grad(),
        }
    }

    pub fn step(&mut self) -> f32 {
        let residuals = self.x.clone().matmul(self.w.clone()) + self.b.clone() - self.y.clone();
        let loss = (residuals.clone() * residuals).mean();
        let mut gradients = loss.backward();
        update(&mut self.w, &mut gradients, 1e-7);
        update(&mut self.b, &mut gradients, 1e-7);
        loss.into_scalar()
    }
}
