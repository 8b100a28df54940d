use chainrule::differentiate;

macro_rules! add_square {
    ($s:ident, $x:expr) => {
        $s += $x * $x;
    };
}

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for e in x {
        add_square!(s, e);
    }
    s
}

fn main() {}
