//! The sparse Jacobian of bundle adjustment.

use crate::derivatives;
use crate::objectives::ba;
use crate::read::Ba;

/// What the objective consists of: for every observation, its error and its weight's.
pub(crate) struct Errors {
    pub(crate) reprojection: Vec<[f64; 2]>,
    pub(crate) weight: Vec<f64>,
}

/// A matrix in compressed sparse rows.
///
/// Two rows for each observation, then a row for each weight's error. The columns are cameras, then
/// points, then weights.
pub(crate) struct Jacobian {
    pub(crate) columns: usize,
    /// Where each row's entries start; at last, where the last row's end.
    pub(crate) row_starts: Vec<usize>,
    pub(crate) column_of: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

impl Ba {
    /// Errors to be filled in.
    pub(crate) fn blank_errors(&self) -> Errors {
        let p = self.weights.len();
        Errors { reprojection: vec![[0.0; 2]; p], weight: vec![0.0; p] }
    }

    /// The Jacobian's structure, with values to be filled in.
    pub(crate) fn blank_jacobian(&self) -> Jacobian {
        let (n, m, p) = (self.cameras.len(), self.points.len(), self.weights.len());
        let (first_point, first_weight) = (11 * n, 11 * n + 3 * m);
        let mut row_starts = vec![0];
        let mut column_of = Vec::with_capacity(31 * p);
        for i in 0..p {
            let (camera, point) = (11 * (i % n), first_point + 3 * (i % m));
            for _ in 0..2 {
                column_of.extend((camera..camera + 11).chain(point..point + 3));
                column_of.push(first_weight + i);
                row_starts.push(column_of.len());
            }
        }
        for i in 0..p {
            column_of.push(first_weight + i);
            row_starts.push(column_of.len());
        }
        let values = vec![0.0; column_of.len()];
        Jacobian { columns: first_weight + p, row_starts, column_of, values }
    }

    /// The objective.
    pub(crate) fn fill_errors(&self, errors: &mut Errors) {
        for (i, error) in errors.reprojection.iter_mut().enumerate() {
            let (camera, point) = self.seen(i);
            *error = ba::reprojection(camera, point, self.weights[i], &self.features[i]);
        }
        for (error, &w) in errors.weight.iter_mut().zip(&self.weights) {
            *error = ba::weight_error(w);
        }
    }

    /// The objective and its derivatives by all cameras, points and weights.
    pub(crate) fn fill(&self, errors: &mut Errors, jacobian: &mut Jacobian) {
        let (rows, by_weight) = jacobian.values.split_at_mut(30 * self.weights.len());
        for (i, rows) in rows.as_chunks_mut::<15>().0.as_chunks_mut::<2>().0.iter_mut().enumerate()
        {
            let (camera, point) = self.seen(i);
            (errors.reprojection[i], *rows) =
                derivatives::reprojection(camera, point, self.weights[i], &self.features[i]);
        }
        for (i, &w) in self.weights.iter().enumerate() {
            (errors.weight[i], by_weight[i]) = derivatives::weight_error(w);
        }
    }
}
