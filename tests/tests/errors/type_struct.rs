use chainrule::differentiate;

struct Params {
    w: f64,
}

#[differentiate]
fn f(p: Params) -> f64 {
    p.w * p.w
}

fn main() {}
