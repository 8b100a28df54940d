//! Where a trainer takes its batches from.

/// Serves an objective's inputs, a batch at a time.
///
/// `Batch<'a>` is the objective's `Inputs<'a>`. A [`DataLoader`](crate::data::DataLoader) serves
/// `(&Array2<F>, &Array1<F>)`; `()` serves one empty batch, for a function of its parameters
/// alone.
///
/// ```
/// use chainrule::train::BatchSource;
///
/// /// Texts, two at a time.
/// struct Pairs(Vec<String>);
///
/// impl BatchSource for Pairs {
///     type Batch<'a> = &'a [String];
///
///     fn batch_size(&self) -> usize {
///         2
///     }
///
///     fn for_each_batch<E>(
///         &mut self,
///         _epoch: usize,
///         visit: impl FnMut(&[String]) -> Result<(), E>,
///     ) -> Result<(), E> {
///         self.0.chunks(2).try_for_each(visit)
///     }
/// }
///
/// let mut sizes = Vec::new();
/// let mut pairs = Pairs(vec!["a".into(), "b".into(), "c".into()]);
/// pairs.for_each_batch(0, |pair| Ok::<(), ()>(sizes.push(pair.len())))?;
/// assert_eq!(sizes, [2, 1]);
/// # Ok::<(), ()>(())
/// ```
pub trait BatchSource {
    /// One batch, as the objective takes it.
    type Batch<'a>;

    /// The number of samples of a batch, of a full one if the last is partial.
    fn batch_size(&self) -> usize;

    /// Calls `visit` with every batch of the given epoch, counted from 0.
    ///
    /// The visitor comes to the batches, rather than a batch to its caller, so that a batch can
    /// borrow a buffer of the source without tying the source to `'static`.
    ///
    /// # Errors
    /// The first error of `visit`, which ends the epoch.
    fn for_each_batch<E>(
        &mut self,
        epoch: usize,
        visit: impl FnMut(Self::Batch<'_>) -> Result<(), E>,
    ) -> Result<(), E>;
}

impl BatchSource for () {
    type Batch<'a> = ();

    fn batch_size(&self) -> usize {
        1
    }

    fn for_each_batch<E>(
        &mut self,
        _epoch: usize,
        mut visit: impl FnMut(()) -> Result<(), E>,
    ) -> Result<(), E> {
        visit(())
    }
}
