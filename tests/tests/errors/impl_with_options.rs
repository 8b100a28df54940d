use chainrule::{Differentiable, differentiate};

#[derive(Clone, Differentiable)]
struct Model {
    w: f64,
}

#[differentiate(wrt(self))]
impl Model {
    fn name(&self) -> &'static str {
        "model"
    }
}

fn main() {
    Model { w: 1.0 }.name();
}
