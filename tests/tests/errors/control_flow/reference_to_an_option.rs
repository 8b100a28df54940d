use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    let mut best = Some(x);
    if let Some(y) = &mut best {
        *y *= x;
    }
    best.unwrap()
}

fn main() {}
