//! Rosenbrock's function: one pass, the gradient's next entry carried along.

/// The value; overwrites `gradient`.
pub fn value_and_grad_into(x: &[f64], gradient: &mut [f64]) -> f64 {
    let Some((last, slots)) = gradient.split_last_mut() else { return 0.0 };
    let (mut sum, mut carried) = (0.0, 0.0);
    add_pairs(x, slots, &mut sum, &mut carried);
    *last = carried;
    sum
}

/// [`value_and_grad_into`] in blocks of four, of which only the sum is sequential.
pub fn value_and_grad_in_blocks_into(x: &[f64], gradient: &mut [f64]) -> f64 {
    const BLOCK: usize = 4;
    let Some((last, slots)) = gradient.split_last_mut() else { return 0.0 };
    let mut sum = 0.0;
    // Twice a hundred times the bend between the entry and the one before it.
    let mut carried = 0.0;
    let (blocks, rest) = slots.as_chunks_mut::<BLOCK>();
    let here = x.as_chunks::<BLOCK>().0;
    let next = x[1..].as_chunks::<BLOCK>().0;
    let done = BLOCK * blocks.len();
    for ((slots, here), next) in blocks.iter_mut().zip(here).zip(next) {
        let (mut terms, mut doubled) = ([0.0; BLOCK], [0.0; BLOCK]);
        for i in 0..BLOCK {
            let (bend, gap) = (next[i] - here[i] * here[i], 1.0 - here[i]);
            let ct_bend = 100.0 * bend;
            terms[i] = ct_bend * bend + gap * gap;
            doubled[i] = ct_bend + ct_bend;
            slots[i] = -2.0 * (doubled[i] * here[i] + gap);
        }
        let before = [carried, doubled[0], doubled[1], doubled[2]];
        for i in 0..BLOCK {
            sum += terms[i];
            slots[i] += before[i];
        }
        carried = doubled[BLOCK - 1];
    }
    add_pairs(&x[done..], rest, &mut sum, &mut carried);
    *last = carried;
    sum
}

/// Adds the terms of all pairs, and writes the gradient but for its last entry, which is carried.
#[inline]
fn add_pairs(x: &[f64], slots: &mut [f64], sum: &mut f64, carried: &mut f64) {
    for (pair, slot) in x.windows(2).zip(slots) {
        let (bend, gap) = (pair[1] - pair[0] * pair[0], 1.0 - pair[0]);
        let ct_bend = 100.0 * bend;
        *sum += ct_bend * bend + gap * gap;
        let doubled = ct_bend + ct_bend;
        *slot = *carried - 2.0 * (doubled * pair[0] + gap);
        *carried = doubled;
    }
}
