use chainrule::differentiate;

struct Model {
    w: f64,
}

#[differentiate]
impl Model {
    fn predict(&self, x: f64) -> f64 {
        self.w * x
    }

    fn twice(&self, x: f64) -> f64 {
        self.predict(self.predict(x))
    }
}

fn main() {}
