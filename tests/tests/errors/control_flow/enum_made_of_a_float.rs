use chainrule::differentiate;

pub enum Shape {
    Circle(f64),
    Square(f64),
}

impl Shape {
    fn size(&self) -> f64 {
        match self {
            Shape::Circle(r) => *r,
            Shape::Square(a) => *a,
        }
    }
}

#[differentiate]
fn f(x: f64) -> f64 {
    let shape = if x > 1.0 { Shape::Circle(x) } else { Shape::Square(2.0 * x) };
    let size: f64 = shape.size();
    size * 3.0
}

fn main() {}
