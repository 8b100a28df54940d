use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    return x * x;
}

fn main() {}
