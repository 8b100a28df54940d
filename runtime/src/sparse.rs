//! Sparse matrices, as `f::jacobian` and `f::hessian` return them under
//! `#[differentiate(jacobian(sparse))]` and `#[differentiate(hessian(sparse))]`.
//!
//! The derivative of each element that is read is put down where it comes about, as row, column and
//! number: [`Triplets`]. [`Triplets::to_csr`] makes compressed rows of them.
//!
//! Rows count the numbers of the result in row-major order, columns those of the parameter.
//!
//! ```
//! use chainrule::differentiate;
//!
//! #[differentiate(wrt(u), jacobian(sparse))]
//! fn diffusion(u: &[f64], d: f64) -> Vec<f64> {
//!     let mut rate = vec![0.0; u.len()];
//!     for i in 1..u.len() - 1 {
//!         rate[i] = d * (u[i - 1] - 2.0 * u[i] + u[i + 1]);
//!     }
//!     rate
//! }
//!
//! let jacobian = diffusion::jacobian(&[0.0; 5], 0.5).to_csr();
//! assert_eq!(jacobian.shape(), (5, 5));
//! assert_eq!(jacobian.row(0).count(), 0);
//! assert_eq!(jacobian.row(2).collect::<Vec<_>>(), [(1, 0.5), (2, -1.0), (3, 0.5)]);
//! assert_eq!(jacobian.dot(&[1.0, 2.0, 4.0, 8.0, 16.0]), [0.0, 0.5, 1.0, 2.0, 0.0]);
//! ```

use core::ops::{Add, Mul};

/// A matrix as a list of entries: row, column, number. Entries at the same place are added.
///
/// Their order, and which places have entries, depend on the shapes, the integers and the branches
/// of the function, not on its floats otherwise; an entry may be zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Triplets<F> {
    shape: (usize, usize),
    entries: Vec<(u32, u32, F)>,
}

/// The column of an entry that says: what its row had before is void.
const ANEW: u32 = u32::MAX;

impl<F: Copy> Triplets<F> {
    /// A matrix from its entries.
    ///
    /// # Panics
    /// If it has 2³² − 1 rows or columns or more, or if an entry lies outside.
    #[must_use]
    pub fn new(shape: (usize, usize), entries: Vec<(u32, u32, F)>) -> Self {
        let inside = |(row, column, _): &(u32, u32, F)| {
            (*row as usize) < shape.0 && (*column as usize) < shape.1
        };
        assert!(entries.iter().all(inside), "an entry outside of a matrix of shape {shape:?}");
        Self::of_entries(shape, entries, false)
    }

    /// A matrix from what generated code lists: entries inside, and some that void rows.
    #[doc(hidden)]
    #[must_use]
    #[track_caller]
    pub fn of_entries(
        shape: (usize, usize),
        mut entries: Vec<(u32, u32, F)>,
        resets: bool,
    ) -> Self {
        let most = shape.0.max(shape.1);
        assert!(most < ANEW as usize, "a sparse matrix has fewer than 2³² − 1 rows and columns");
        if resets {
            let mut settled = vec![false; shape.0];
            let mut kept = vec![true; entries.len()];
            for (k, (row, column, _)) in entries.iter().enumerate().rev() {
                let settled = &mut settled[*row as usize];
                kept[k] = !*settled && *column != ANEW;
                *settled |= *column == ANEW;
            }
            let mut kept = kept.into_iter();
            entries.retain(|_| kept.next().unwrap_or(true));
        }
        Triplets { shape, entries }
    }

    /// How many rows and columns it has.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// How many entries it has, those at the same place counted each.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Its entries: row, column, number.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, F)> + '_ {
        self.entries.iter().map(|(row, column, value)| (*row as usize, *column as usize, *value))
    }
}

impl<F: Copy + Add<Output = F>> Triplets<F> {
    /// The same in compressed rows, columns in order, entries at the same place added in the order
    /// in which they are listed.
    #[must_use]
    pub fn to_csr(&self) -> Csr<F> {
        // By columns first, then by rows, each time in the order before: no row needs sorting.
        let by_column = sorted(&self.entries, self.shape.1, |entry| entry.1);
        let by_row = sorted(&by_column, self.shape.0, |entry| entry.0);
        let mut csr = Csr {
            columns: self.shape.1,
            starts: Vec::with_capacity(self.shape.0 + 1),
            indices: Vec::with_capacity(by_row.len()),
            values: Vec::with_capacity(by_row.len()),
        };
        let mut last = None;
        for (row, column, value) in by_row {
            let [row, column] = [row as usize, column as usize];
            if let (true, Some(sum)) = (last == Some((row, column)), csr.values.last_mut()) {
                *sum = *sum + value;
                continue;
            }
            last = Some((row, column));
            while csr.starts.len() <= row {
                csr.starts.push(csr.indices.len());
            }
            csr.indices.push(column);
            csr.values.push(value);
        }
        csr.starts.resize(self.shape.0 + 1, csr.indices.len());
        csr
    }

    /// All of it, with this number where there is no entry.
    #[must_use]
    pub fn to_dense(&self, zero: F) -> Vec<Vec<F>> {
        let mut dense = vec![vec![zero; self.shape.1]; self.shape.0];
        for (row, column, value) in self.iter() {
            dense[row][column] = dense[row][column] + value;
        }
        dense
    }

    /// The same as a matrix of the crate `sprs`.
    ///
    /// ```
    /// use chainrule::sparse::Triplets;
    ///
    /// let matrix = Triplets::new((2, 2), vec![(0, 0, 2.0), (1, 1, 3.0), (0, 0, 1.0)]).to_sprs();
    /// assert_eq!(matrix.get(0, 0), Some(&3.0));
    /// assert_eq!(matrix.get(0, 1), None);
    /// ```
    #[cfg(feature = "sprs")]
    #[must_use]
    pub fn to_sprs(&self) -> sprs::CsMat<F> {
        let csr = self.to_csr();
        sprs::CsMat::new(self.shape, csr.starts, csr.indices, csr.values)
    }
}

/// Entries in the order of a key below a number; those with the same key keep their order.
fn sorted<T: Copy>(entries: &[T], keys: usize, key: impl Fn(&T) -> u32) -> Vec<T> {
    let mut next = vec![0usize; keys + 1];
    for entry in entries {
        next[key(entry) as usize + 1] += 1;
    }
    for k in 0..keys {
        next[k + 1] += next[k];
    }
    let mut done = entries.to_vec();
    for entry in entries {
        let at = &mut next[key(entry) as usize];
        done[*at] = *entry;
        *at += 1;
    }
    done
}

/// A matrix in compressed rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Csr<F> {
    columns: usize,
    starts: Vec<usize>,
    indices: Vec<usize>,
    values: Vec<F>,
}

impl<F: Copy> Csr<F> {
    /// How many rows and columns it has.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.starts.len() - 1, self.columns)
    }

    /// Where each row begins in [`Csr::indices`] and [`Csr::values`], and where the last one ends.
    #[must_use]
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// The column of each entry, in order within its row.
    #[must_use]
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// The number of each entry.
    #[must_use]
    pub fn values(&self) -> &[F] {
        &self.values
    }

    /// The entries of a row: column and number.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, F)> + '_ {
        let of_row = self.starts[row]..self.starts[row + 1];
        self.indices[of_row.clone()].iter().copied().zip(self.values[of_row].iter().copied())
    }
}

impl<F: Copy + Mul<Output = F> + core::iter::Sum<F>> Csr<F> {
    /// The product with a vector.
    ///
    /// # Panics
    /// If the vector is not as long as the matrix has columns.
    #[must_use]
    #[track_caller]
    pub fn dot(&self, x: &[F]) -> Vec<F> {
        assert_eq!(x.len(), self.columns, "a vector of another length than the matrix has columns");
        (0..self.starts.len() - 1)
            .map(|row| self.row(row).map(|(column, value)| value * x[column]).sum())
            .collect()
    }
}
