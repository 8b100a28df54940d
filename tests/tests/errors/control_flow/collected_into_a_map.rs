use chainrule::differentiate;
use std::collections::BTreeMap;

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let by_place: BTreeMap<usize, f64> = x.iter().copied().enumerate().collect();
    by_place[&0] * 2.0
}

fn main() {}
