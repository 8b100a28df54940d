use chainrule::Differentiable;

#[derive(Clone)]
enum Kind {
    Bent,
}

#[derive(Clone, Differentiable)]
struct Layer {
    bias: f64,
    kind: Kind,
}

fn main() {
    let _ = Kind::Bent;
}
