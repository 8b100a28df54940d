use chainrule::differentiate;

fn plain<const N: usize>(x: f64) -> f64 {
    x * N as f64
}

#[differentiate(via = tape)]
fn not_generic_over_floats(x: f64) -> f64 {
    plain::<3>(x) * 2.0
}

fn main() {}
