use chainrule::differentiate;

#[differentiate]
fn f(g: &dyn Fn(f64) -> f64, x: f64) -> f64 {
    g(x) * 2.0
}

fn main() {}
