use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let mut terms: Vec<(usize, f64)> = Vec::new();
    terms.push((1, x));
    terms.push((2, x * x));
    let mut s = 0.0;
    for (k, e) in &terms {
        s += *k as f64 * e;
    }
    s
}

fn main() {}
