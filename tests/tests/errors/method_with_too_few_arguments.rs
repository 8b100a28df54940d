use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    x.mul_add(2.0)
}

fn main() {}
