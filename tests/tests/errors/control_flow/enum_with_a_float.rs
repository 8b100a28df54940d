use chainrule::differentiate;

pub enum Shape {
    Circle(f64),
    Rectangle { width: f64, height: f64 },
}

#[differentiate]
fn area(shape: &Shape, scale: f64) -> f64 {
    match shape {
        Shape::Circle(r) => r * r * 3.0 * scale,
        Shape::Rectangle { width, height } => width * height * scale,
    }
}

fn main() {}
