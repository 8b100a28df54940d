//! Mini-batches of a table.

use super::DataError;
use crate::train::BatchSource;
use ndarray::{Array1, Array2, Axis, Slice};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

/// Serves features and targets in mini-batches, shuffled anew each epoch.
///
/// An epoch has `ceil(rows / batch_size)` batches, the last one partial unless
/// [`drop_last`](Self::drop_last). The order of an epoch is a function of the seed and the
/// epoch's number alone, the same on every platform, so that a resumed training sees what an
/// uninterrupted one would have seen.
///
/// Two ways to read: [`epoch`](Self::epoch), an iterator of owned batches; and
/// [`start_epoch`](Self::start_epoch) with [`next_batch`](Self::next_batch), which lends the same
/// buffers again and again and allocates nothing. A [`Trainer`](crate::train::Trainer) takes the
/// second.
///
/// ```
/// use chainrule::data::DataLoader;
/// use ndarray::{Array1, Array2, array};
///
/// let x = Array2::from_shape_fn((5, 2), |(i, _)| i as f32);
/// let mut loader = DataLoader::new(x, Array1::from_iter((0..5).map(|i| i as f32)), 2)?.seed(1);
/// assert_eq!(loader.len(), 3);
/// let sizes: Vec<usize> = loader.epoch().map(|(_, y)| y.len()).collect();
/// assert_eq!(sizes, [2, 2, 1]);
/// # Ok::<(), chainrule::data::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct DataLoader<F> {
    x: Array2<F>,
    y: Array1<F>,
    batch_size: usize,
    shuffle: bool,
    drop_last: bool,
    seed: u64,
    /// The number of the epoch that starts next.
    next_epoch: u64,
    /// The rows in the order of the running epoch.
    order: Vec<usize>,
    /// How many rows of `order` were served.
    served: usize,
    full: Buffers<F>,
    partial: Buffers<F>,
}

/// What a batch is gathered into.
#[derive(Debug, Clone)]
struct Buffers<F> {
    x: Array2<F>,
    y: Array1<F>,
}

impl<F: Copy> DataLoader<F> {
    /// A loader of `x` (a row per sample) and `y` in batches of `batch_size` rows, shuffled from a
    /// fresh seed.
    ///
    /// ```
    /// use chainrule::data::DataLoader;
    /// use ndarray::array;
    /// let error = DataLoader::new(array![[1.0], [2.0]], array![1.0], 1).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the features have 2 rows but the target has 1: give as many of both",
    /// );
    /// ```
    ///
    /// # Errors
    /// If the numbers of rows differ or are 0, or the batch size is 0.
    pub fn new(x: Array2<F>, y: Array1<F>, batch_size: usize) -> Result<Self, DataError> {
        let (x_rows, y_rows) = (x.nrows(), y.len());
        if batch_size == 0 {
            return Err(DataError::ZeroBatchSize);
        }
        if x_rows != y_rows {
            return Err(DataError::RowMismatch { x_rows, y_rows });
        }
        if x_rows == 0 {
            return Err(DataError::NoRows);
        }
        // Rows are gathered as slices.
        let x = if x.is_standard_layout() { x } else { x.as_standard_layout().into_owned() };
        let y = if y.is_standard_layout() { y } else { y.as_standard_layout().into_owned() };
        let buffers = |rows: usize| Buffers {
            x: x.slice_axis(Axis(0), Slice::from(..rows)).to_owned(),
            y: y.slice_axis(Axis(0), Slice::from(..rows)).to_owned(),
        };
        let full = buffers(if batch_size <= x_rows { batch_size } else { 0 });
        let partial = buffers(x_rows % batch_size);
        Ok(DataLoader {
            batch_size,
            shuffle: true,
            drop_last: false,
            seed: rand::random(),
            next_epoch: 0,
            order: (0..x_rows).collect(),
            // No epoch runs yet.
            served: x_rows,
            full,
            partial,
            x,
            y,
        })
    }

    /// Sets the seed of the shuffles.
    ///
    /// ```
    /// use chainrule::data::DataLoader;
    /// use ndarray::{Array1, Array2};
    /// let (x, y) = (Array2::<f64>::eye(9), Array1::from_iter((0..9).map(f64::from)));
    /// let mut a = DataLoader::new(x, y, 4)?.seed(7);
    /// let mut b = a.clone().seed(7);
    /// assert!(a.epoch().eq(b.epoch()));
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets whether the rows are shuffled; yes by default.
    ///
    /// ```
    /// use chainrule::data::DataLoader;
    /// use ndarray::array;
    /// let loader = DataLoader::new(array![[1.0], [2.0], [3.0]], array![1.0, 2.0, 3.0], 3)?;
    /// let mut loader = loader.shuffle(false);
    /// assert_eq!(loader.epoch().next(), Some((array![[1.0], [2.0], [3.0]], array![1.0, 2.0, 3.0])));
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Sets whether a last batch of fewer rows is left out; no by default.
    ///
    /// ```
    /// use chainrule::data::DataLoader;
    /// use ndarray::array;
    /// let loader = DataLoader::new(array![[1.0], [2.0], [3.0]], array![1.0, 2.0, 3.0], 2)?;
    /// assert_eq!(loader.drop_last(true).len(), 1);
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    #[must_use]
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.drop_last = drop_last;
        self
    }

    /// The number of batches of an epoch.
    ///
    /// ```
    /// use chainrule::data::DataLoader;
    /// use ndarray::{Array1, Array2};
    /// let loader = DataLoader::new(Array2::<f32>::zeros((1000, 5)), Array1::zeros(1000), 16)?;
    /// assert_eq!(loader.len(), 63);
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        batches(self.y.len(), self.batch_size, self.drop_last)
    }

    /// Whether an epoch has no batch, as when the only one is partial and dropped.
    ///
    /// ```
    /// use chainrule::data::DataLoader;
    /// use ndarray::array;
    /// assert!(DataLoader::new(array![[1.0]], array![1.0], 2)?.drop_last(true).is_empty());
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sets the number of the epoch that starts next, from 0, and so its order.
    ///
    /// ```
    /// use chainrule::data::DataLoader;
    /// use ndarray::{Array1, Array2};
    /// let (x, y) = (Array2::<f64>::eye(9), Array1::from_iter((0..9).map(f64::from)));
    /// let mut loader = DataLoader::new(x, y, 4)?;
    /// let first: Vec<_> = loader.epoch().collect();
    /// loader.set_epoch(0);
    /// assert!(loader.epoch().eq(first));
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    pub fn set_epoch(&mut self, epoch: u64) {
        self.next_epoch = epoch;
    }

    /// Starts the next epoch, whatever is left of the running one.
    ///
    /// ```
    /// # use chainrule::data::DataLoader;
    /// # use ndarray::array;
    /// # let mut loader = DataLoader::new(array![[1.0], [2.0]], array![1.0, 2.0], 1)?;
    /// assert_eq!(loader.next_batch(), None);
    /// loader.start_epoch();
    /// assert!(loader.next_batch().is_some());
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    pub fn start_epoch(&mut self) {
        for (i, row) in self.order.iter_mut().enumerate() {
            *row = i;
        }
        if self.shuffle {
            // An odd factor keeps the epochs of neighbouring seeds apart; seeding hashes the sum.
            let mixed = self.next_epoch.wrapping_mul(0xD134_2543_DE82_EF95);
            let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed.wrapping_add(mixed));
            self.order.shuffle(&mut random);
        }
        self.next_epoch = self.next_epoch.wrapping_add(1);
        self.served = 0;
    }

    /// Lends the next batch of the running epoch, or `None` at its end. Batches of one size are
    /// gathered into one buffer, so nothing is allocated.
    ///
    /// ```
    /// # use chainrule::data::DataLoader;
    /// # use ndarray::array;
    /// # let mut loader = DataLoader::new(array![[1.0], [2.0]], array![1.0, 2.0], 1)?;
    /// loader.start_epoch();
    /// let mut total = 0.0;
    /// while let Some((x, y)) = loader.next_batch() {
    ///     total += x.sum() * y.sum();
    /// }
    /// assert_eq!(total, 5.0);
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    #[inline]
    pub fn next_batch(&mut self) -> Option<(&Array2<F>, &Array1<F>)> {
        let left = &self.order[self.served..];
        let buffers = if left.len() >= self.batch_size {
            &mut self.full
        } else if left.is_empty() || self.drop_last {
            return None;
        } else {
            &mut self.partial
        };
        let rows = &left[..buffers.y.len()];
        self.served += rows.len();
        let (Some(x), Some(y)) = (self.x.as_slice(), self.y.as_slice()) else {
            unreachable!("`new` puts both into standard layout");
        };
        if let Some(target) = buffers.x.as_slice_mut() {
            gather(x, self.x.ncols(), rows, target);
        }
        if let Some(target) = buffers.y.as_slice_mut() {
            gather_fixed::<F, 1>(y, rows, target);
        }
        Some((&buffers.x, &buffers.y))
    }

    /// Starts the next epoch and iterates over its batches, each owned.
    ///
    /// ```
    /// # use chainrule::data::DataLoader;
    /// # use ndarray::array;
    /// # let mut loader = DataLoader::new(array![[1.0], [2.0]], array![1.0, 2.0], 1)?;
    /// for (x, y) in loader.epoch() {
    ///     assert_eq!(x[[0, 0]], y[0]);
    /// }
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    pub fn epoch(&mut self) -> Epoch<'_, F> {
        self.start_epoch();
        Epoch { loader: self }
    }
}

/// The batches of one epoch, each owned; see [`DataLoader::epoch`].
///
/// ```
/// # use chainrule::data::DataLoader;
/// # use ndarray::array;
/// # let mut loader = DataLoader::new(array![[1.0], [2.0]], array![1.0, 2.0], 1)?;
/// let epoch: chainrule::data::Epoch<'_, f64> = loader.epoch();
/// assert_eq!(epoch.len(), 2);
/// # Ok::<(), chainrule::data::DataError>(())
/// ```
#[derive(Debug)]
pub struct Epoch<'a, F> {
    loader: &'a mut DataLoader<F>,
}

impl<F: Copy> Iterator for Epoch<'_, F> {
    type Item = (Array2<F>, Array1<F>);

    fn next(&mut self) -> Option<Self::Item> {
        self.loader.next_batch().map(|(x, y)| (x.clone(), y.clone()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let loader = &*self.loader;
        let left = loader.order.len() - loader.served;
        let batches = batches(left, loader.batch_size, loader.drop_last);
        (batches, Some(batches))
    }
}

impl<F: Copy> ExactSizeIterator for Epoch<'_, F> {}

/// A trainer's epoch number decides the order, also after a resumption.
impl<F: Copy + 'static> BatchSource for DataLoader<F> {
    type Batch<'a> = (&'a Array2<F>, &'a Array1<F>);

    fn batch_size(&self) -> usize {
        self.batch_size
    }

    #[inline]
    fn for_each_batch<E>(
        &mut self,
        epoch: usize,
        mut visit: impl FnMut(Self::Batch<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.set_epoch(epoch as u64);
        self.start_epoch();
        while let Some(batch) = self.next_batch() {
            visit(batch)?;
        }
        Ok(())
    }
}

/// How many batches `rows` rows make.
fn batches(rows: usize, batch_size: usize, drop_last: bool) -> usize {
    if drop_last { rows / batch_size } else { rows.div_ceil(batch_size) }
}

/// Copies the given rows of `source`, a table of `width` columns, to `target`, one after another.
#[inline]
fn gather<F: Copy>(source: &[F], width: usize, rows: &[usize], target: &mut [F]) {
    // A width known at compile time makes a narrow row a few moves instead of a call.
    match width {
        0 => {}
        1 => gather_fixed::<F, 1>(source, rows, target),
        2 => gather_fixed::<F, 2>(source, rows, target),
        3 => gather_fixed::<F, 3>(source, rows, target),
        4 => gather_fixed::<F, 4>(source, rows, target),
        5 => gather_fixed::<F, 5>(source, rows, target),
        6 => gather_fixed::<F, 6>(source, rows, target),
        7 => gather_fixed::<F, 7>(source, rows, target),
        8 => gather_fixed::<F, 8>(source, rows, target),
        _ => {
            for (row, &i) in target.chunks_exact_mut(width).zip(rows) {
                row.copy_from_slice(&source[i * width..(i + 1) * width]);
            }
        }
    }
}

#[inline]
fn gather_fixed<F: Copy, const WIDTH: usize>(source: &[F], rows: &[usize], target: &mut [F]) {
    let (source, _) = source.as_chunks::<WIDTH>();
    let (target, _) = target.as_chunks_mut::<WIDTH>();
    for (row, &i) in target.iter_mut().zip(rows) {
        *row = source[i];
    }
}
