use chainrule::differentiate;

#[differentiate]
fn f(x: f64, table: &[f64]) -> f64 {
    let k = x as usize;
    table[k] + (x - x.floor()) * (table[k + 1] - table[k])
}

fn main() {}
