use chainrule::differentiate;

fn apply(f: impl Fn() -> f64) -> f64 {
    f()
}

#[differentiate]
fn f(x: f64) -> f64 {
    let y: f64 = apply(|| x * x);
    y * 2.0
}

fn main() {}
