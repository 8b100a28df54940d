//! Bundle adjustment: one evaluation for both errors of an observation and their two rows of the
//! Jacobian, which are written where they belong.

type Vec3 = [f64; 3];

/// The weighted errors of an observation; overwrites their derivatives by camera, point and weight.
#[inline]
pub fn reprojection_into(
    cam: &[f64; 11],
    point: &Vec3,
    w: f64,
    feat: &[f64; 2],
    rows: &mut [[f64; 15]; 2],
) -> [f64; 2] {
    let &[r1, r2, r3, c1, c2, c3, focal, u0, v0, k1, k2] = cam;
    let r = [r1, r2, r3];
    let x = [point[0] - c1, point[1] - c2, point[2] - c3];
    let squared_angle = dot(r, r);
    let (turn, seen) = if squared_angle != 0.0 {
        let angle = squared_angle.sqrt();
        let (sin, cos) = angle.sin_cos();
        let axis = each(|i| r[i] / angle);
        let (across, along) = (cross(axis, x), dot(axis, x) * (1.0 - cos));
        let seen = each(|i| x[i] * cos + across[i] * sin + axis[i] * along);
        (Some(Turn { axis, inverse_angle: 1.0 / angle, sin, cos }), seen)
    } else {
        let across = cross(r, x);
        (None, each(|i| x[i] + across[i]))
    };
    let p = [seen[0] / seen[2], seen[1] / seen[2]];
    let rr = p[0] * p[0] + p[1] * p[1];
    let distortion = 1.0 + k1 * rr + k2 * rr * rr;
    let distorted = [p[0] * distortion, p[1] * distortion];
    let off = [(focal * distorted[0] + u0) - feat[0], (focal * distorted[1] + v0) - feat[1]];

    let inverse_depth = 1.0 / seen[2];
    let slope = 2.0 * (k1 + 2.0 * k2 * rr);
    let scale = w * focal;
    for (a, row) in rows.iter_mut().enumerate() {
        let ct_distortion = scale * p[a];
        let mut ct_p = [slope * p[0] * ct_distortion, slope * p[1] * ct_distortion];
        ct_p[a] += scale * distortion;
        let ct_seen = [
            ct_p[0] * inverse_depth,
            ct_p[1] * inverse_depth,
            -(ct_p[0] * p[0] + ct_p[1] * p[1]) * inverse_depth,
        ];
        let (ct_r, ct_x) = match &turn {
            Some(turn) => turn.pull_back(x, ct_seen),
            None => {
                let back = cross(ct_seen, r);
                (cross(x, ct_seen), each(|i| ct_seen[i] + back[i]))
            }
        };
        let ct_principal = if a == 0 { [w, 0.0] } else { [0.0, w] };
        *row = [
            ct_r[0],
            ct_r[1],
            ct_r[2],
            -ct_x[0],
            -ct_x[1],
            -ct_x[2],
            w * distorted[a],
            ct_principal[0],
            ct_principal[1],
            ct_distortion * rr,
            ct_distortion * rr * rr,
            ct_x[0],
            ct_x[1],
            ct_x[2],
            off[a],
        ];
    }
    [w * off[0], w * off[1]]
}

/// A rotation by Rodrigues' formula.
struct Turn {
    axis: Vec3,
    inverse_angle: f64,
    sin: f64,
    cos: f64,
}

impl Turn {
    /// The cotangents of axis times angle and of `x`, from that of `x` turned.
    #[inline]
    fn pull_back(&self, x: Vec3, ct: Vec3) -> (Vec3, Vec3) {
        let &Turn { axis, inverse_angle, sin, cos } = self;
        let (along, ct_along) = (dot(axis, x), dot(axis, ct));
        let versine = 1.0 - cos;
        // ct · (axis × x), of which the formula takes the sine, is x · (ct × axis).
        let (back, turned) = (cross(ct, axis), cross(x, ct));
        let ct_x = each(|i| cos * ct[i] + sin * back[i] + versine * ct_along * axis[i]);
        let ct_axis = each(|i| sin * turned[i] + versine * (along * ct[i] + ct_along * x[i]));
        let ct_angle = sin * (along * ct_along - dot(x, ct)) + cos * dot(x, back);
        // The axis is r / |r|, and the angle |r|.
        let radial = ct_angle - dot(axis, ct_axis) * inverse_angle;
        (each(|i| ct_axis[i] * inverse_angle + radial * axis[i]), ct_x)
    }
}

#[inline]
fn each(f: impl Fn(usize) -> f64) -> Vec3 {
    [f(0), f(1), f(2)]
}

#[inline]
fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline]
fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
