use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    assert!(x > 0.0);
    x.ln()
}

fn main() {}
