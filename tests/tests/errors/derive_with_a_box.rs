use chainrule::Differentiable;
use std::collections::HashMap;

#[derive(Clone, Differentiable)]
struct Model {
    bias: f64,
    first: Box<f64>,
    second: Option<f64>,
    by_name: HashMap<String, f64>,
    activation: fn(f64) -> f64,
    pair: (f64, usize),
}

fn main() {}
