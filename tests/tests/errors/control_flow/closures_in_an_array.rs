use chainrule::differentiate;

#[differentiate]
fn f(x: f64, n: usize) -> f64 {
    let steps: [&dyn Fn(f64) -> f64; 2] = [&|t| t * x, &|t| t + x];
    steps[n](x)
}

fn main() {}
