//! Orders: where sorting put which element. Of a slice as swaps, which any list that goes along can
//! follow in place, and a list of cotangents back again; of an array as indices.

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

/// What is sorted: a slice, or an array, whose elements are taken out and put back in another order.
pub trait Sorted {
    /// What it holds.
    type Element;
    /// The swaps, or the indices.
    type Order;

    /// Its elements.
    fn elements(&self) -> &[Self::Element];

    /// From the index of the element that comes at each place, which code puts down.
    fn order(&self, put_down: impl FnOnce(&mut [usize])) -> Self::Order;

    /// That of a stable sort by this comparison.
    fn order_by(
        &self,
        mut compare: impl FnMut(&Self::Element, &Self::Element) -> Ordering,
    ) -> Self::Order {
        let of = self.elements();
        self.order(|indices| {
            indices.iter_mut().zip(0..).for_each(|(index, k)| *index = k);
            match indices.len() <= SHORT {
                true => insert_each(indices, |i, j| compare(&of[i], &of[j]).is_lt()),
                false => indices.sort_by(|&i, &j| compare(&of[i], &of[j])),
            }
        })
    }
}

/// Sorts few indices as std sorts few elements, comparison by comparison, so that the same comes out
/// also where the comparison is no order, as with NaN.
#[inline]
fn insert_each(indices: &mut [usize], mut is_less: impl FnMut(usize, usize) -> bool) {
    for next in 1..indices.len() {
        let (index, mut at) = (indices[next], next);
        while at > 0 && is_less(index, indices[at - 1]) {
            indices[at] = indices[at - 1];
            at -= 1;
        }
        indices[at] = index;
    }
}

impl<T> Sorted for [T] {
    type Element = T;
    type Order = Order;

    fn elements(&self) -> &[T] {
        self
    }

    fn order(&self, put_down: impl FnOnce(&mut [usize])) -> Order {
        let mut order = Order { short: [0; SHORT], long: Vec::new() };
        let indices = match order.short.get_mut(..self.len()) {
            Some(indices) => indices,
            None => {
                order.long = vec![0; self.len()];
                &mut order.long
            }
        };
        put_down(indices);
        into_swaps(indices);
        order
    }
}

impl<T, const N: usize> Sorted for [T; N] {
    type Element = T;
    type Order = [usize; N];

    fn elements(&self) -> &[T] {
        self
    }

    fn order(&self, put_down: impl FnOnce(&mut [usize])) -> [usize; N] {
        let mut indices = [0; N];
        put_down(&mut indices);
        indices
    }
}

/// Of each place the index of the element that belongs there becomes that of the place where it is.
fn into_swaps(indices: &mut [usize]) {
    for place in 0..indices.len() {
        // What belongs to a place that is done was swapped away from there, perhaps several times.
        let mut from = indices[place];
        while from < place {
            from = indices[from];
        }
        indices[place] = from;
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
/// assert_eq!(order.map(|k| list[k]), [0.1, 0.2, 0.3]);
///
/// let order = order_by(&list[..], f64::total_cmp);
/// (0..3).for_each(|place| list.swap(place, order[place]));
/// assert_eq!(list, [0.1, 0.2, 0.3]);
/// ```
#[must_use]
pub fn order_by<L: Sorted + ?Sized>(
    list: &L,
    compare: impl FnMut(&L::Element, &L::Element) -> Ordering,
) -> L::Order {
    list.order_by(compare)
}

/// The order in which a stable sort by this key puts a list.
#[must_use]
pub fn order_by_key<L: Sorted + ?Sized, K: Ord>(
    list: &L,
    mut key: impl FnMut(&L::Element) -> K,
) -> L::Order {
    order_by(list, |a, b| key(a).cmp(&key(b)))
}

/// The order into which code puts a list of floats: where it moved which of them. Of floats with the
/// same bits, the first stays first.
#[must_use]
pub fn order_after<L, F>(of: &L, rearrange: impl FnOnce(&mut [F])) -> L::Order
where
    L: Sorted<Element = F> + ?Sized,
    F: Copy + Into<f64>,
{
    let bits = |a: F, b: F| Into::<f64>::into(a).total_cmp(&b.into());
    let list = of.elements();
    of.order(|indices| {
        if let (true, Some(first)) = (list.len() <= SHORT, list.first()) {
            let mut after = [*first; SHORT];
            let after = &mut after[..list.len()];
            after.copy_from_slice(list);
            rearrange(after);
            let bits = |of: F| Into::<f64>::into(of).to_bits();
            let mut taken = 0_u32;
            for (index, element) in indices.iter_mut().zip(after) {
                let element = bits(*element);
                // Without a branch, which nothing could foretell.
                let same = list.iter().zip(0..);
                let same = same.fold(0, |all, (of, k)| all | u32::from(bits(*of) == element) << k);
                let first = (same & !taken).trailing_zeros();
                (*index, taken) = (first as usize % SHORT, taken | 1_u32.wrapping_shl(first));
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
