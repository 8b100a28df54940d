//! Orders: where sorting put which element.

use std::cmp::Ordering;
use std::ops::Index;

/// How many indices an order holds in place.
const SHORT: usize = 16;

/// The indices of a list's elements in another order.
#[derive(Clone, Debug)]
pub struct Order {
    /// Those of a short list.
    short: [usize; SHORT],
    /// Those of a long one.
    long: Vec<usize>,
}

impl Order {
    fn new() -> Order {
        Order { short: [0; SHORT], long: Vec::new() }
    }
}

impl Index<usize> for Order {
    type Output = usize;

    /// The index of the element that comes at a place.
    #[inline]
    fn index(&self, place: usize) -> &usize {
        match self.long.is_empty() {
            true => &self.short[place],
            false => &self.long[place],
        }
    }
}

/// The order in which a stable sort by this comparison puts a list.
///
/// ```
/// use chainrule::rt::order_by;
///
/// let list = [0.3, 0.1, 0.2];
/// let order = order_by(&list, f64::total_cmp);
/// assert_eq!([order[0], order[1], order[2]], [1, 2, 0]);
/// ```
#[must_use]
pub fn order_by<T>(list: &[T], mut compare: impl FnMut(&T, &T) -> Ordering) -> Order {
    let mut order = Order::new();
    match order.short.get_mut(..list.len()) {
        Some(indices) => {
            indices.iter_mut().zip(0..).for_each(|(index, k)| *index = k);
            indices.sort_by(|&i, &j| compare(&list[i], &list[j]));
        }
        None => {
            order.long = (0..list.len()).collect();
            order.long.sort_by(|&i, &j| compare(&list[i], &list[j]));
        }
    }
    order
}

/// The order in which a stable sort by this key puts a list.
#[must_use]
pub fn order_by_key<T, K: Ord>(list: &[T], mut key: impl FnMut(&T) -> K) -> Order {
    order_by(list, |a, b| key(a).cmp(&key(b)))
}

/// The order into which code puts a list of floats: where it moved which of them. Of floats with the
/// same bits, the first stays first.
#[must_use]
pub fn order_after<F: Copy + Into<f64>>(list: &[F], rearrange: impl FnOnce(&mut [F])) -> Order {
    let bits = |a: F, b: F| Into::<f64>::into(a).total_cmp(&b.into());
    let mut order = Order::new();
    if let (Some(indices), Some(first)) = (order.short.get_mut(..list.len()), list.first()) {
        let mut after = [*first; SHORT];
        let after = &mut after[..list.len()];
        after.copy_from_slice(list);
        rearrange(after);
        let mut taken = [false; SHORT];
        for (index, element) in indices.iter_mut().zip(after) {
            let same = |(k, of): &(usize, &F)| !taken[*k] && bits(**of, *element).is_eq();
            let from = list.iter().enumerate().find(same).map_or(0, |(k, _)| k);
            (*index, taken[from]) = (from, true);
        }
        return order;
    }
    let mut after = list.to_vec();
    rearrange(&mut after);
    let mut from: Vec<usize> = (0..list.len()).collect();
    from.sort_by(|&i, &j| bits(list[i], list[j]));
    let mut to: Vec<usize> = (0..list.len()).collect();
    to.sort_by(|&i, &j| bits(after[i], after[j]));
    order.long = vec![0; list.len()];
    for (to, from) in to.into_iter().zip(from) {
        order.long[to] = from;
    }
    order
}
