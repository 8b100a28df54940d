use chainrule::{Differentiable, differentiate};

#[derive(Clone, Differentiable)]
struct Model {
    w: f64,
}

#[differentiate]
impl Model {
    #[differentiate(wrt(v))]
    fn predict(&self, x: f64) -> f64 {
        self.w * x
    }

    #[differentiate]
    fn size(&self) -> usize {
        1
    }
}

fn main() {
    Model { w: 1.0 }.size();
}
