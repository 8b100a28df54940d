use chainrule::differentiate;

pub struct State {
    energy: f64,
}

#[differentiate(wrt(x))]
fn f(state: &mut State, x: f64) -> f64 {
    state.energy = x * x;
    state.energy * 2.0
}

fn main() {}
