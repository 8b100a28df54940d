use chainrule::differentiate;

#[differentiate]
fn expression(x: f64) -> f64 {
    let mut sum = 0.0;
    let mut add = |e: f64| sum += e;
    add(x);
    add(2.0 * x);
    sum
}

#[differentiate]
fn statement(x: f64) -> f64 {
    let mut n = x;
    let mut next = || {
        n *= 2.0;
        n
    };
    next() * next()
}

fn main() {}
