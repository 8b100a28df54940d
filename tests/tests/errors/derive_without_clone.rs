use chainrule::Differentiable;

#[derive(Differentiable)]
struct Line {
    slope: f64,
}

fn main() {}
