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

/// A matrix of which rows or columns were written one after the other.
#[derive(Clone, Debug)]
pub struct Entries<F> {
    all: Vec<F>,
    /// How far it is from one row to the next.
    row: usize,
    /// How far it is from one column to the next.
    column: usize,
    /// So many columns lie together.
    together: usize,
    /// How far it is from those to the next.
    block: usize,
}

impl<F: Copy> Entries<F> {
    /// Columns of this height.
    #[must_use]
    pub fn by_columns(all: Vec<F>, height: usize) -> Self {
        Entries { all, row: 1, column: height, together: usize::MAX, block: 0 }
    }

    /// Rows of this width.
    #[must_use]
    pub fn by_rows(all: Vec<F>, width: usize) -> Self {
        Entries { all, row: width, column: 1, together: usize::MAX, block: 0 }
    }

    /// Blocks of rows of this height, so many columns each.
    #[must_use]
    pub fn by_blocks(all: Vec<F>, height: usize, width: usize) -> Self {
        Entries { all, row: width, column: 1, together: width, block: height * width }
    }

    /// An entry.
    #[inline]
    pub fn at(&self, row: usize, column: usize) -> F {
        let (block, column) = (column / self.together, column % self.together);
        self.all[block * self.block + row * self.row + column * self.column]
    }
}
