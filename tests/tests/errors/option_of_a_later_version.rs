use chainrule::differentiate;

#[differentiate(jacobian)]
fn f(x: f64) -> f64 {
    x * x
}

fn main() {}
