use chainrule::differentiate;

struct Grid {
    cells: Vec<f64>,
}

/// Named like methods of iterators, and something else.
impl Grid {
    fn map(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.cells.iter().skip(1).map(|cell| f(*cell)).sum()
    }

    fn fold(&self, init: f64, f: impl Fn(f64, f64) -> f64) -> f64 {
        self.cells.iter().rev().fold(init, |s, cell| f(*cell, s))
    }
}

impl IntoIterator for &Grid {
    type Item = f64;
    type IntoIter = std::vec::IntoIter<f64>;
    fn into_iter(self) -> Self::IntoIter {
        self.cells.clone().into_iter()
    }
}

#[differentiate(wrt(w))]
fn folded(w: f64, grid: &Grid) -> f64 {
    grid.fold(1.0, |s, cell| s * cell * w)
}

fn main() {}
