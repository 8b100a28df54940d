use chainrule::Differentiable;

#[derive(Clone, Differentiable)]
struct Mixed {
    weights: Vec<f32>,
    bias: f64,
}

fn main() {}
