use chainrule::differentiate;

#[differentiate(pullback)]
fn double(x: &mut [f64]) {
    for e in x.iter_mut() {
        *e *= 2.0;
    }
}

fn main() {}
