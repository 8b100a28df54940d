use chainrule::differentiate;

trait Model {
    fn energy(&self, x: f64) -> f64;
}

#[differentiate(wrt(x))]
fn f<M: Model>(model: &M, x: f64) -> f64 {
    model.energy(x) * 2.0
}

fn main() {}
