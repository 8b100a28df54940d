use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    if x > 0.0 { (x * 3.0) as i64 as f64 } else { x }
}

fn main() {}
