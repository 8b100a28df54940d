use chainrule::{Differentiable, differentiate};

#[derive(Clone, Differentiable)]
struct Model {
    w: f64,
}

trait Predict {
    fn predict(&self, x: f64) -> f64;
}

#[differentiate]
impl Predict for Model {
    fn predict(&self, x: f64) -> f64 {
        self.w * x
    }
}

fn main() {
    Model { w: 1.0 }.predict(2.0);
}
