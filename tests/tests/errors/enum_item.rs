use chainrule::differentiate;

#[differentiate]
enum Kind {
    Bent,
}

#[differentiate]
const K: f64 = 1.0;

fn main() {}
