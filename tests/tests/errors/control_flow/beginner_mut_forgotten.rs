use chainrule::differentiate;

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let s = 0.0;
    for e in x {
        s += e;
    }
    s
}

fn main() {}
