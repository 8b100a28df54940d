//! Hand tracking: how far points seen by a depth camera lie from a posed model of a hand.
//!
//! The pose is `[global rotation (axis times angle) 3 | global translation 3 | 5 fingers × 4]`; a
//! finger's four angles turn its three bones around their x axes, and the first of them around its z
//! axis, as the second angle.

use chainrule::differentiate;

/// For each point, how far it is from the vertex that it was seen as.
///
/// A hand at rest is, for each bone, its parent, which comes before it, the transform to its parent,
/// and the one from the hand; the vertices of its skin; and the bones that move a vertex with their
/// weights, from `starts` of it to `starts` of the next.
#[differentiate(wrt(pose), jacobian)]
#[allow(clippy::too_many_arguments)] // A hand in seven slices.
pub(crate) fn simple(
    pose: &[f64; 26],
    parents: &[usize],
    relative: &[[[f64; 4]; 3]],
    inverse: &[[[f64; 4]; 3]],
    vertices: &[[f64; 3]],
    starts: &[usize],
    movers: &[usize],
    weights: &[f64],
    seen: &[usize],
    points: &[[f64; 3]],
) -> Vec<[f64; 3]> {
    let posed = bones(pose, parents, relative, inverse);
    let axis = [pose[0], pose[1], pose[2]];
    let global = rotation(&axis);
    let shift = [pose[3], pose[4], pose[5]];
    let mut errors = Vec::new();
    for (&v, point) in seen.iter().zip(points) {
        let (first, end) = (starts[v], starts[v + 1]);
        let skin = skin(&vertices[v], &posed, &movers[first..end], &weights[first..end]);
        let at = place(&global, &shift, &skin);
        errors.push([point[0] - at[0], point[1] - at[1], point[2] - at[2]]);
    }
    errors
}

/// For each point, how far it is from where it was seen: in a triangle, at coordinates that are
/// found together with the pose.
#[differentiate(wrt(us, pose), jvp)]
#[allow(clippy::too_many_arguments)] // A hand in seven slices.
pub(crate) fn complicated(
    us: &[[f64; 2]],
    pose: &[f64; 26],
    parents: &[usize],
    relative: &[[[f64; 4]; 3]],
    inverse: &[[[f64; 4]; 3]],
    vertices: &[[f64; 3]],
    starts: &[usize],
    movers: &[usize],
    weights: &[f64],
    seen: &[[usize; 3]],
    points: &[[f64; 3]],
) -> Vec<[f64; 3]> {
    let posed = bones(pose, parents, relative, inverse);
    let axis = [pose[0], pose[1], pose[2]];
    let global = rotation(&axis);
    let shift = [pose[3], pose[4], pose[5]];
    let mut errors = Vec::new();
    for ((corners, point), u) in seen.iter().zip(points).zip(us) {
        let shares = [u[0], u[1], 1.0 - u[0] - u[1]];
        let mut error = *point;
        for (&v, share) in corners.iter().zip(&shares) {
            let (first, end) = (starts[v], starts[v + 1]);
            let skin = skin(&vertices[v], &posed, &movers[first..end], &weights[first..end]);
            let at = place(&global, &shift, &skin);
            for i in 0..3 {
                error[i] -= share * at[i];
            }
        }
        errors.push(error);
    }
    errors
}

/// The same, differentiated by the pose alone.
#[differentiate(wrt(pose), jacobian)]
#[allow(clippy::too_many_arguments)] // A hand in seven slices.
pub(crate) fn complicated_by_pose(
    us: &[[f64; 2]],
    pose: &[f64; 26],
    parents: &[usize],
    relative: &[[[f64; 4]; 3]],
    inverse: &[[[f64; 4]; 3]],
    vertices: &[[f64; 3]],
    starts: &[usize],
    movers: &[usize],
    weights: &[f64],
    seen: &[[usize; 3]],
    points: &[[f64; 3]],
) -> Vec<[f64; 3]> {
    complicated(
        us, pose, parents, relative, inverse, vertices, starts, movers, weights, seen, points,
    )
}

/// A place of the hand's in the world.
#[differentiate]
fn place(turn: &[[f64; 3]; 3], shift: &[f64; 3], at: &[f64; 3]) -> [f64; 3] {
    let mut to = *shift;
    for i in 0..3 {
        to[i] += turn[i][0] * at[0] + turn[i][1] * at[1] + turn[i][2] * at[2];
    }
    to
}

/// What each bone does to the skin.
#[differentiate(wrt(pose))]
fn bones(
    pose: &[f64; 26],
    parents: &[usize],
    at_rest: &[[[f64; 4]; 3]],
    inverse: &[[[f64; 4]; 3]],
) -> [[[f64; 4]; 3]; 22] {
    let mut absolute = [[[0.0; 4]; 3]; 22];
    let mut moves = [[[0.0; 4]; 3]; 22];
    for b in 0..22 {
        // Fingers have four bones, of which the first is still.
        let (joint, angle) = ((b + 3) % 4, b + 5);
        let (x, z) = match joint {
            _ if b == 0 || b > 20 => (0.0, 0.0),
            0 => (0.0, 0.0),
            1 => (pose[angle - 1], pose[angle]),
            _ => (pose[angle], 0.0),
        };
        let relative = turn(&at_rest[b], x, z);
        absolute[b] = relative;
        if b > 0 {
            absolute[b] = product(&absolute[parents[b]], &relative);
        }
        moves[b] = product(&absolute[b], &inverse[b]);
    }
    moves
}

/// Where a vertex is when its bones have moved.
#[differentiate(wrt(bones))]
fn skin(
    vertex: &[f64; 3],
    bones: &[[[f64; 4]; 3]; 22],
    movers: &[usize],
    weights: &[f64],
) -> [f64; 3] {
    let mut moved = [0.0; 3];
    for (&b, weight) in movers.iter().zip(weights) {
        for i in 0..3 {
            let turned = bones[b][i][0] * vertex[0]
                + bones[b][i][1] * vertex[1]
                + bones[b][i][2] * vertex[2];
            moved[i] += weight * (turned + bones[b][i][3]);
        }
    }
    moved
}

/// A transform behind a turn around the x axis and one around the z axis.
#[differentiate]
fn turn(m: &[[f64; 4]; 3], x: f64, z: f64) -> [[f64; 4]; 3] {
    let (sx, cx) = x.sin_cos();
    let (sz, cz) = z.sin_cos();
    let turned = [[cz, -sz * cx, sz * sx, 0.0], [sz, cz * cx, -cz * sx, 0.0], [0.0, sx, cx, 0.0]];
    product(m, &turned)
}

/// One transform behind another.
#[differentiate]
fn product(a: &[[f64; 4]; 3], b: &[[f64; 4]; 3]) -> [[f64; 4]; 3] {
    let mut both = [[0.0; 4]; 3];
    for i in 0..3 {
        for j in 0..4 {
            both[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
        }
        both[i][3] += a[i][3];
    }
    both
}

/// The rotation around an axis, by the angle that is its length.
#[differentiate]
fn rotation(r: &[f64; 3]) -> [[f64; 3]; 3] {
    let angle = (r[0] * r[0] + r[1] * r[1] + r[2] * r[2]).sqrt();
    if angle < 1e-4 {
        return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    }
    let (x, y, z) = (r[0] / angle, r[1] / angle, r[2] / angle);
    let (sin, cos) = angle.sin_cos();
    let rest = 1.0 - cos;
    [
        [x * x * rest + cos, x * y * rest - z * sin, x * z * rest + y * sin],
        [x * y * rest + z * sin, y * y * rest + cos, y * z * rest - x * sin],
        [x * z * rest - y * sin, y * z * rest + x * sin, z * z * rest + cos],
    ]
}
