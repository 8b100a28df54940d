//! Bundle adjustment: how far the images of points lie from where cameras saw them.
//!
//! A camera is `[r1 r2 r3 | C1 C2 C3 | f | u0 v0 | k1 k2]`: rotation (axis times angle), centre,
//! focal length, principal point, radial distortion.

use chainrule::differentiate;

/// The weighted error of one observation: of `point`, seen by `cam` at `feat`.
#[differentiate(wrt(cam, point, w), pullback)]
pub(crate) fn reprojection(cam: &[f64; 11], point: &[f64; 3], w: f64, feat: &[f64; 2]) -> [f64; 2] {
    let projected = project(cam, point);
    [w * (projected[0] - feat[0]), w * (projected[1] - feat[1])]
}

/// The error of a weight.
#[differentiate]
pub(crate) fn weight_error(w: f64) -> f64 {
    1.0 - w * w
}

/// Where a camera sees a point.
#[differentiate]
fn project(cam: &[f64; 11], point: &[f64; 3]) -> [f64; 2] {
    let rotation = [cam[0], cam[1], cam[2]];
    let offset = [point[0] - cam[3], point[1] - cam[4], point[2] - cam[5]];
    let seen = rotate(&rotation, &offset);
    let (x, y) = (seen[0] / seen[2], seen[1] / seen[2]);
    let rr = x * x + y * y;
    let distortion = 1.0 + cam[9] * rr + cam[10] * rr * rr;
    [cam[6] * (x * distortion) + cam[7], cam[6] * (y * distortion) + cam[8]]
}

/// `x` turned by the angle |r| around the axis r, by Rodrigues' formula.
#[differentiate]
fn rotate(r: &[f64; 3], x: &[f64; 3]) -> [f64; 3] {
    let squared_angle = dot(r, r);
    if squared_angle != 0.0 {
        let angle = squared_angle.sqrt();
        let (sin, cos) = angle.sin_cos();
        let axis = [r[0] / angle, r[1] / angle, r[2] / angle];
        let across = cross(&axis, x);
        let along = dot(&axis, x) * (1.0 - cos);
        [
            x[0] * cos + across[0] * sin + axis[0] * along,
            x[1] * cos + across[1] * sin + axis[1] * along,
            x[2] * cos + across[2] * sin + axis[2] * along,
        ]
    } else {
        let across = cross(r, x);
        [x[0] + across[0], x[1] + across[1], x[2] + across[2]]
    }
}

#[differentiate]
fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[differentiate]
fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
