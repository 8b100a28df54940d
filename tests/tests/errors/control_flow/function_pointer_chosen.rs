use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let g: fn(f64) -> f64 = if x > 0.0 { f64::sin } else { f64::cos };
    g(x)
}

fn main() {}
