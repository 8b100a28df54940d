use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    std::iter::successors(Some(x), |y| Some(y * x)).take(3).sum()
}

fn main() {}
