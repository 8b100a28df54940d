//! The objectives' derivatives, as `#[differentiate]` derives them.

use crate::objectives::{ba, gmm, hand, lstm};
use crate::read::{Gmm, Hand, Lstm, Seen};

/// The mixture's posterior, and its gradient: alphas, means, inverse covariance factors.
pub(crate) fn gmm(data: &Gmm) -> (f64, Vec<f64>) {
    let Gmm { d, alphas, means, icf, x, gamma, m } = data;
    let (value, (d_alphas, d_means, d_icf)) =
        gmm::gmm::value_and_grad(alphas, means, icf, x, *d, *gamma, *m);
    (value, [d_alphas, d_means, d_icf].concat())
}

/// The network's loss, and its gradient: main parameters, extra parameters.
pub(crate) fn lstm(data: &Lstm) -> (f64, Vec<f64>) {
    let Lstm { l, c, b, main, extra, state, sequence } = data;
    let (value, (d_main, d_extra)) =
        lstm::lstm::value_and_grad(main, extra, state, sequence, *l, *b, *c);
    (value, [d_main, d_extra].concat())
}

/// An observation's error, and two rows of derivatives: by camera, point and weight.
pub(crate) fn reprojection(
    cam: &[f64; 11],
    point: &[f64; 3],
    w: f64,
    feat: &[f64; 2],
) -> ([f64; 2], [[f64; 15]; 2]) {
    let mut rows = [[0.0; 15]; 2];
    // One forward pass for both rows.
    let (error, pullback) = ba::reprojection::pullback(cam, point, w, feat);
    for (seed, row) in [[1.0, 0.0], [0.0, 1.0]].into_iter().zip(&mut rows) {
        let (by_cam, by_point, by_w) = pullback(seed);
        row[..11].copy_from_slice(&by_cam);
        row[11..14].copy_from_slice(&by_point);
        row[14] = by_w;
    }
    (error, rows)
}

/// A weight's error, and its derivative.
pub(crate) fn weight_error(w: f64) -> (f64, f64) {
    ba::weight_error::value_and_grad(w)
}

/// How far a hand's points are off.
pub(crate) fn hand_errors(data: &Hand) -> Vec<[f64; 3]> {
    let Hand {
        parents, relative, inverse, vertices, starts, movers, weights, points, pose, ..
    } = data;
    match &data.seen {
        Seen::Vertices(seen) => hand::simple(
            pose, parents, relative, inverse, vertices, starts, movers, weights, seen, points,
        ),
        Seen::Triangles(seen, us) => hand::complicated(
            us, pose, parents, relative, inverse, vertices, starts, movers, weights, seen, points,
        ),
    }
}

/// The Jacobian of that, row by row: by a point's own coordinates, if it has such, and by the pose.
pub(crate) fn hand(data: &Hand) -> Vec<Vec<f64>> {
    let Hand {
        parents, relative, inverse, vertices, starts, movers, weights, points, pose, ..
    } = data;
    match &data.seen {
        Seen::Vertices(seen) => {
            let by_pose = hand::simple::jacobian(
                pose, parents, relative, inverse, vertices, starts, movers, weights, seen, points,
            );
            by_pose.as_flattened().iter().map(|row| row.to_vec()).collect()
        }
        Seen::Triangles(seen, us) => {
            let by_pose = hand::complicated_by_pose::jacobian(
                us, pose, parents, relative, inverse, vertices, starts, movers, weights, seen,
                points,
            );
            // A point's coordinates are its own: all points' first ones are moved at once.
            let [by_u, by_v] = [[1.0, 0.0], [0.0, 1.0]].map(|direction| {
                let directions = (vec![direction; us.len()], [0.0; 26]);
                let (_, moved) = hand::complicated::jvp(
                    us,
                    pose,
                    parents,
                    relative,
                    inverse,
                    vertices,
                    starts,
                    movers,
                    weights,
                    seen,
                    points,
                    directions.0,
                    directions.1,
                );
                moved
            });
            let own = by_u.as_flattened().iter().zip(by_v.as_flattened());
            let rows = own.zip(by_pose.as_flattened());
            rows.map(|((u, v), row)| [&[*u, *v], &row[..]].concat()).collect()
        }
    }
}
