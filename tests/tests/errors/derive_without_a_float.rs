use chainrule::Differentiable;

#[derive(Clone, Differentiable)]
struct Settings {
    steps: usize,
    names: Vec<String>,
    #[constant]
    rate: f64,
}

fn main() {}
