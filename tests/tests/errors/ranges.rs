//! Inclusive ranges whose end has no successor in its type.

use chainrule::differentiate;

#[differentiate]
fn all_bytes(x: f64) -> f64 {
    let mut s = 0.0;
    for i in 0..=255u8 {
        s += x * i as f64;
    }
    s
}

#[differentiate]
fn until_it_is_large(x: f64) -> f64 {
    let mut s = x;
    for i in 0..=usize::MAX {
        if s > 10.0 {
            break;
        }
        s += x * i as f64;
    }
    s
}

fn main() {
    all_bytes(1.0);
    until_it_is_large(1.0);
}
