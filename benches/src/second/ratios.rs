//! Derivatives of ADBench's objectives by what they are the derivatives of.

use crate::objectives::adbench::{gmm::gmm, hand::simple};
use crate::objectives::data::{Gmm, file};
use crate::objectives::read::{Hand, Seen};
use std::fmt;
use std::hint::black_box;

/// Two computations, and the most that the second may take by the first.
pub struct Ratio {
    /// What they are, as tables show it.
    pub name: &'static str,
    /// The bar.
    pub bar: f64,
    /// The first.
    pub below: Box<dyn Fn()>,
    /// The second.
    pub above: Box<dyn Fn()>,
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ratio").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The Hessian-vector product of the mixture by its gradient, sparse matrices, and, if ADBench's file is there, the
/// Jacobian of hand tracking by the objective.
///
/// # Errors
/// If a data file is there, but malformed.
pub fn ratios() -> Result<Vec<Ratio>, String> {
    let mut ratios = vec![mixture()?];
    ratios.extend(super::sparse::ratios()?);
    let path = file("hand/simple_small/hand1_t26_c100.txt");
    if path.exists() {
        ratios.extend(hand(Hand::read(&path)?));
    }
    Ok(ratios)
}

fn mixture() -> Result<Ratio, String> {
    let (data, same) = (Gmm::load(10)?, Gmm::load(10)?);
    let along = |like: &[f64]| super::numbers(like.len(), 0.2);
    let directions = [&data.alphas, &data.means, &data.icf].map(|part| along(part));
    Ok(Ratio {
        name: "GMM 1k d10 K25: gradient and product by gradient",
        bar: 2.5,
        below: Box::new(move || {
            let Gmm { d, alphas, means, icf, x, gamma, m } = &data;
            drop(black_box(gmm::grad(black_box(alphas), means, icf, x, *d, *gamma, *m)));
        }),
        above: Box::new(move || {
            let Gmm { d, alphas, means, icf, x, gamma, m } = &same;
            let [a, b, c] = directions.clone();
            let alphas = black_box(alphas);
            drop(black_box(gmm::hvp(alphas, means, icf, x, *d, *gamma, *m, a, b, c)));
        }),
    })
}

fn hand(data: Hand) -> Option<Ratio> {
    let Seen::Vertices(seen) = data.seen else { return None };
    let hand = std::rc::Rc::new((
        (data.parents, data.relative, data.inverse),
        (data.vertices, data.starts, data.movers, data.weights),
        (data.pose, seen, data.points),
    ));
    let same = hand.clone();
    Some(Ratio {
        name: "hand simple, 300×26: Jacobian by objective",
        bar: 12.0,
        below: Box::new(move || {
            let ((parents, at_rest, inverse), (vertices, starts, movers, weights), rest) = &*hand;
            let (pose, seen, points) = rest;
            drop(black_box(simple(
                black_box(pose),
                parents,
                at_rest,
                inverse,
                vertices,
                starts,
                movers,
                weights,
                seen,
                points,
            )));
        }),
        above: Box::new(move || {
            let ((parents, at_rest, inverse), (vertices, starts, movers, weights), rest) = &*same;
            let (pose, seen, points) = rest;
            drop(black_box(simple::jacobian(
                black_box(pose),
                parents,
                at_rest,
                inverse,
                vertices,
                starts,
                movers,
                weights,
                seen,
                points,
            )));
        }),
    })
}
