use chainrule::differentiate;

#[differentiate]
fn f(x: f64, n: i32) -> f64 {
    if let 1 = n { x } else { -x }
}

fn main() {}
