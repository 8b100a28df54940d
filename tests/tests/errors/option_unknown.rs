use chainrule::differentiate;

#[differentiate(gradient)]
fn f(x: f64) -> f64 {
    x * x
}

fn main() {}
