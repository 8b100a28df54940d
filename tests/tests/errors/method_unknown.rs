use chainrule::differentiate;

trait Cubed {
    fn cubed(self) -> Self;
}

impl Cubed for f64 {
    fn cubed(self) -> f64 {
        self * self * self
    }
}

#[differentiate]
fn f(x: f64) -> f64 {
    x.cubed()
}

fn main() {}
