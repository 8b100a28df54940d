//! Orders: where sorting put which element, as swaps, which any list that goes along can follow in
//! place, and a list of cotangents back again.

use std::cmp::Ordering;
use std::ops::Index;

/// How many swaps an order holds in place.
const SHORT: usize = 16;

/// The swaps that put a list in another order: its first element with one, then its second with one
/// that is not ahead of it, and so on.
#[derive(Clone, Debug)]
pub struct Order {
    /// Those of a short list.
    short: [usize; SHORT],
    /// Those of a long one.
    long: Vec<usize>,
}

impl Order {
    /// From the index of the element that comes at each place, which code puts down.
    fn of(len: usize, put_down: impl FnOnce(&mut [usize])) -> Order {
        let mut order = Order { short: [0; SHORT], long: Vec::new() };
        let indices = match order.short.get_mut(..len) {
            Some(indices) => indices,
            None => {
                order.long = vec![0; len];
                &mut order.long
            }
        };
        put_down(indices);
        // What belongs to a place that is done was swapped away from there, perhaps several times.
        for place in 0..indices.len() {
            let mut from = indices[place];
            while from < place {
                from = indices[from];
            }
            indices[place] = from;
        }
        order
    }
}

impl Index<usize> for Order {
    type Output = usize;

    /// What the element at a place is swapped with when those ahead of it have been.
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
/// let mut list = [0.3, 0.1, 0.2];
/// let order = order_by(&list, f64::total_cmp);
/// (0..3).for_each(|place| list.swap(place, order[place]));
/// assert_eq!(list, [0.1, 0.2, 0.3]);
/// ```
#[must_use]
pub fn order_by<T>(list: &[T], mut compare: impl FnMut(&T, &T) -> Ordering) -> Order {
    Order::of(list.len(), |indices| {
        indices.iter_mut().zip(0..).for_each(|(index, k)| *index = k);
        indices.sort_by(|&i, &j| compare(&list[i], &list[j]));
    })
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
    Order::of(list.len(), |indices| {
        if let (true, Some(first)) = (list.len() <= SHORT, list.first()) {
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
            return;
        }
        let mut after = list.to_vec();
        rearrange(&mut after);
        let mut from: Vec<usize> = (0..list.len()).collect();
        from.sort_by(|&i, &j| bits(list[i], list[j]));
        let mut to: Vec<usize> = (0..list.len()).collect();
        to.sort_by(|&i, &j| bits(after[i], after[j]));
        for (to, from) in to.into_iter().zip(from) {
            indices[to] = from;
        }
    })
}
