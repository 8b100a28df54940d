use chainrule::differentiate;

#[differentiate]
fn by_method(x: f64) -> f64 {
    f64::from_bits(x.to_bits())
}

#[differentiate]
fn by_path(x: f64) -> f64 {
    f64::from_le_bytes(f64::to_le_bytes(x))
}

fn main() {}
