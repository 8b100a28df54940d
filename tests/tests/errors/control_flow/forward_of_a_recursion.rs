use chainrule::differentiate;

#[differentiate]
fn power(x: f64, n: usize) -> f64 {
    if n == 0 { 1.0 } else { x * power(x, n - 1) }
}

#[differentiate(jvp)]
fn first(x: f64) -> f64 {
    power(x, 3)
}

#[differentiate(hvp)]
fn second(x: f64) -> f64 {
    power(x, 3)
}

fn main() {
    let (_, _) = first::jvp(2.0, 1.0);
    let (_, _) = second::hvp(2.0, 1.0);
}
