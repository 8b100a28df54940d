use chainrule::differentiate;
use std::cell::RefCell;

#[differentiate]
fn f(x: f64) -> f64 {
    let list = RefCell::new(vec![0.0]);
    list.borrow_mut().push(x);
    let last = list.borrow()[1];
    last * last
}

fn main() {}
