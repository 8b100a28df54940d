use chainrule::differentiate;
use std::collections::HashMap;

#[differentiate]
fn f(x: f64) -> f64 {
    let mut by_name = HashMap::new();
    by_name.insert("x", x);
    by_name["x"] * 2.0
}

fn main() {}
