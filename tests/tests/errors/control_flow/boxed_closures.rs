use chainrule::differentiate;

#[differentiate]
fn f(x: f64, n: usize) -> f64 {
    let steps: Vec<Box<dyn Fn(f64) -> f64>> = vec![Box::new(f64::sin), Box::new(|t| t * x)];
    steps[n](x)
}

fn main() {}
