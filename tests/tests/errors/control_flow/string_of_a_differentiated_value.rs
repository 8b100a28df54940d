use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let digits = x.to_string().len();
    x * digits as f64
}

fn main() {}
