use chainrule::differentiate;

#[differentiate(jvp)]
fn f(x: f64) -> f64 {
    x * x
}

fn main() {}
