use chainrule::{Differentiable, differentiate};

#[differentiate]
fn lost(x: &mut f64, d_x: f64, ct_x: f64, cotangent: f64, r#type: f64, r#in: &mut [f64]) -> f64 {
    *x + d_x + ct_x + cotangent + r#type.to_bits() as f64 + r#in[0]
}

#[derive(Clone, Differentiable)]
struct Line {
    slope: f64,
}

#[differentiate]
impl Line {
    fn r#match(&self, d_self: f64, cotangent: f64, r#type: f64) -> f64 {
        self.slope * d_self + cotangent * r#type.to_bits() as f64
    }
}

fn main() {}
