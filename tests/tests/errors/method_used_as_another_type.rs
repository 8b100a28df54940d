use chainrule::{Differentiable, differentiate};

#[derive(Clone, Debug, Differentiable)]
struct Body {
    at: f64,
}

#[differentiate]
impl Body {
    fn both(&self) -> (f64, [f64; 2]) {
        (self.at, [self.at, 1.0])
    }
}

#[differentiate]
fn in_parts(body: &Body) -> f64 {
    let (a, b) = body.both();
    a * b[1]
}

fn main() {}
