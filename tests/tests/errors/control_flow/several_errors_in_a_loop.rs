use chainrule::differentiate;

#[differentiate]
fn f(x: &[f64], table: &[f64]) -> f64 {
    let mut y = x.to_vec();
    y.swap_remove(0);
    let mut s = 0.0;
    for e in &y {
        if *e > 1.0 {
            s += table[*e as usize];
        }
        let bits = e.to_bits();
        s += unsafe { f64::from_bits(bits) };
    }
    s
}

fn main() {}
