//! Matrices of derivatives, as they are put together column by column or row by row.

/// A symmetric matrix of which one triangle is computed.
#[derive(Clone, Debug)]
pub struct Symmetric<F> {
    n: usize,
    all: Vec<F>,
}

impl<F: Copy> Symmetric<F> {
    /// Of so many rows.
    #[must_use]
    pub fn new(n: usize, zero: F) -> Self {
        Symmetric { n, all: vec![zero; n * n] }
    }

    /// An entry on the diagonal or above stands for the one below it too; others are not looked at.
    #[inline]
    pub fn put(&mut self, row: usize, column: usize, value: F) {
        if row <= column && column < self.n {
            self.all[row * self.n + column] = value;
            self.all[column * self.n + row] = value;
        }
    }

    /// An entry.
    #[inline]
    pub fn at(&self, row: usize, column: usize) -> F {
        self.all[row * self.n + column]
    }
}
