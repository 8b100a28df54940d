use chainrule::differentiate;

trait Model {
    fn energy(&self, x: f64) -> f64;
}

#[differentiate]
fn f(model: &dyn Model, x: f64) -> f64 {
    model.energy(x) * 2.0
}

fn main() {}
