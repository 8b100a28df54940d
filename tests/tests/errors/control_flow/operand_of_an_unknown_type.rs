use chainrule::differentiate;

#[derive(Clone, Copy)]
struct Scale(f64);

impl std::ops::Mul<f64> for Scale {
    type Output = f64;
    fn mul(self, x: f64) -> f64 {
        self.0 * x
    }
}

#[differentiate(wrt(x))]
fn f(scale: Scale, x: f64) -> f64 {
    let y: f64 = scale * x;
    y * 2.0
}

fn main() {}
