use chainrule::differentiate;

fn square(x: &f64) -> f64 {
    x * x
}

#[differentiate]
fn f(x: &[f64]) -> f64 {
    x.iter().map(square).sum()
}

fn main() {}
