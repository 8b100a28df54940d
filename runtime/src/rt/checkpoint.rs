//! Checkpointed loops.

/// After how many of `n` iterations a checkpointed loop keeps its state: the root of `n`, so that
/// the states and what one stretch between them needs are about equally many.
#[must_use]
pub fn checkpoint_every(n: i128) -> usize {
    let n = usize::try_from(n).unwrap_or(0);
    n.isqrt().max(1)
}

#[cfg(test)]
mod tests {
    use super::checkpoint_every;

    #[test]
    fn the_root_of_the_number_of_iterations() {
        assert_eq!([-3, 0, 1, 99, 100].map(checkpoint_every), [1, 1, 1, 9, 10]);
    }
}
