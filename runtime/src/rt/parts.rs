//! Loops in parts, which run on the threads of `rayon` under that feature.
//!
//! A loop is divided by its extents alone, and what its parts sum up is added in their order: the
//! bits do not depend on the number of threads. Without the feature loops are not divided.

/// What a part costs at least, in additions: long enough that handing it to a thread does not show.
#[cfg(feature = "rayon")]
const PART: usize = 1 << 17;

/// At most so many parts.
#[cfg(feature = "rayon")]
const MOST: usize = 256;

/// How many turns of a loop a part has, if dividing it pays: by the number of turns, what one costs,
/// and how many elements all turns add to, which each part sums up by itself.
#[cfg(feature = "rayon")]
#[inline]
#[must_use]
pub fn part(turns: usize, work: usize, shared: usize) -> Option<usize> {
    let work = work.max(1);
    // What is shared is cleared and added up once for each part.
    let least = PART.max(shared.saturating_mul(16));
    let size = least.div_ceil(work).max(turns.div_ceil(MOST));
    (turns >= size.saturating_mul(2)).then_some(size)
}

/// Runs the parts of a loop; what each returns, in their order.
#[cfg(feature = "rayon")]
pub fn run_parts<K>(parts: Vec<K>) -> Vec<K::Output>
where
    K: super::Kernel + Send,
    K::Output: Send,
{
    use rayon::iter::{IntoParallelIterator, ParallelIterator};
    parts.into_par_iter().map(super::dispatch).collect()
}

/// `in_parts!(part, rows { … } { … })`: the first block where the part is `Some(rows)`, else the
/// second.
#[cfg(feature = "rayon")]
#[doc(hidden)]
#[macro_export]
macro_rules! __in_parts {
    ($part:expr, $rows:ident { $($parts:tt)* } { $($whole:tt)* }) => {
        match $part {
            ::core::option::Option::Some($rows) => { $($parts)* }
            ::core::option::Option::None => { $($whole)* }
        }
    };
}

/// `in_parts!(part, rows { … } { … })`: the second block, since there are no threads.
#[cfg(not(feature = "rayon"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __in_parts {
    ($part:expr, $rows:ident { $($parts:tt)* } { $($whole:tt)* }) => {{ $($whole)* }};
}

pub use crate::__in_parts as in_parts;
