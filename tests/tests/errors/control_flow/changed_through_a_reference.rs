use chainrule::differentiate;

fn next(state: &mut f64) {
    *state += 1.0;
}

#[differentiate]
fn f(x: f64) -> f64 {
    let mut state = 0.0;
    next(&mut state);
    state * x
}

fn main() {}
