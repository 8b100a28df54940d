use chainrule::differentiate;

#[differentiate]
fn f(x: f64) -> f64 {
    fn square(x: f64) -> f64 {
        x * x
    }
    square(x)
}

fn main() {}
