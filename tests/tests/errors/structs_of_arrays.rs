//! Structs that hold arrays of `ndarray` are parameters by shared reference, of functions, one by
//! one.

use chainrule::{Differentiable, differentiate};
use ndarray::{Array1, Array2};

#[derive(Differentiable, Clone)]
struct Layer {
    weights: Array2<f64>,
    bias: Array1<f64>,
}

#[derive(Differentiable, Clone)]
struct Named {
    weights: Array1<f64>,
    #[constant]
    name: String,
}

#[differentiate]
fn by_value(layer: Layer) -> f64 {
    layer.bias.sum()
}

#[differentiate]
fn changed(layer: &mut Layer) {
    layer.bias[0] = 1.0;
}

#[differentiate]
fn list(layers: &[Layer]) -> f64 {
    layers[0].bias.sum()
}

#[differentiate(jvp, hvp)]
fn forward_mode(layer: &Layer) -> f64 {
    layer.bias.sum()
}

#[differentiate]
fn named(of: &Named) -> f64 {
    println!("{}", of.name);
    of.weights.sum()
}

#[differentiate(wrt(x))]
fn held_constant(layer: &Layer, x: &Array1<f64>) -> f64 {
    x.dot(&layer.weights).sum()
}

#[differentiate]
fn returned(layer: &Layer, scale: f64) -> Layer {
    Layer { weights: &layer.weights * scale, bias: layer.bias.clone() }
}

#[differentiate]
impl Layer {
    fn length(&self) -> f64 {
        self.bias.dot(&self.bias)
    }
}

#[differentiate]
fn method_from_outside(layer: &Layer) -> f64 {
    layer.length()
}

fn main() {}
