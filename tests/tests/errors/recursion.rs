use chainrule::differentiate;

#[differentiate]
#[allow(unconditional_recursion)]
fn power(x: f64, n: i32) -> f64 {
    x * power(x, n - 1)
}

fn main() {}
