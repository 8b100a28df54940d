use chainrule::Differentiable;

#[derive(Clone, Differentiable)]
struct View<'a> {
    weights: &'a [f64],
    bias: f64,
}

fn main() {}
