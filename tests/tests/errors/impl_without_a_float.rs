use chainrule::{Differentiable, differentiate};

#[derive(Clone, Differentiable)]
struct Model {
    w: Vec<f64>,
}

#[differentiate]
impl Model {
    fn len(&self) -> usize {
        self.w.len()
    }

    fn weights(&self) -> &[f64] {
        &self.w
    }
}

fn main() {
    let model = Model { w: vec![] };
    model.len();
    model.weights();
}
