use chainrule::differentiate;
use std::rc::Rc;

#[differentiate]
fn f(x: f64) -> f64 {
    let shared = Rc::new(vec![x, x * x]);
    shared[0] * shared[1]
}

fn main() {}
