use chainrule::differentiate;

fn plain(x: f64) -> f64 {
    x * x
}

#[differentiate(via = tape)]
fn not_annotated(x: f64) -> f64 {
    plain(x) * 2.0
}

fn main() {}
