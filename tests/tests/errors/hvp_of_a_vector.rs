use chainrule::differentiate;

#[differentiate(jvp, hvp)]
fn f(x: [f64; 2]) -> [f64; 2] {
    [x[0] * x[1], x[0]]
}

#[differentiate(hvp)]
fn g(x: &mut [f64]) -> f64 {
    x[0] *= x[1];
    x[0]
}

fn main() {
    let _ = f::jvp([1.0, 2.0], [1.0, 0.0]);
}
