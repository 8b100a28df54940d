use chainrule::Differentiable;

#[derive(Clone, Differentiable)]
enum Shape {
    Circle(f64),
    Square(f64),
}

#[derive(Clone, Differentiable)]
struct Drawing {
    shape: Shape,
    scale: f64,
}

fn main() {
    let _ = [Shape::Circle(1.0), Shape::Square(1.0)];
}
