use chainrule::differentiate;
use std::fmt::Write;

#[differentiate]
fn f(x: f64) -> f64 {
    let mut text = String::new();
    write!(text, "{x}").unwrap();
    text.parse::<f64>().unwrap()
}

fn main() {}
