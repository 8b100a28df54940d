use chainrule::differentiate;

pub struct Line {
    slope: f64,
}

impl Line {
    fn at(&self, x: f64) -> f64 {
        self.slope * x
    }
}

#[differentiate(wrt(x))]
fn f(line: &Line, x: f64) -> f64 {
    line.at(x) * 2.0
}

fn main() {}
