//! Nested loops of arithmetic.

/// The value and the derivatives by `x` and `y` of the sum, in one pass.
pub fn sum(x: f64, y: f64, n: usize) -> (f64, (f64, f64)) {
    let (mut s, mut dx, mut dy) = (0.0, 0.0, 0.0);
    for i in 0..n {
        for j in 0..n {
            let (i, j) = (i as f64, j as f64);
            let (u, v) = (x * i - y * j, x * j + y * i);
            s += u * v;
            dx += i * v + j * u;
            dy += i * u - j * v;
        }
    }
    (s, (dx, dy))
}

/// [`sum`], in lanes, and with the factor `i` out of the inner sums.
pub fn sum_in_lanes(x: f64, y: f64, n: usize) -> (f64, (f64, f64)) {
    const LANES: usize = 2;
    let (mut s, mut dx, mut dy) = (0.0, 0.0, 0.0);
    for i in 0..n {
        let i = i as f64;
        let (xi, yi) = (x * i, y * i);
        let (mut us, mut vs, mut jus, mut jvs) =
            ([0.0; LANES], [0.0; LANES], [0.0; LANES], [0.0; LANES]);
        let mut js = [0.0, 1.0];
        for _ in 0..n / LANES {
            let mut products = [0.0; LANES];
            for l in 0..LANES {
                let (u, v) = (xi - y * js[l], x * js[l] + yi);
                products[l] = u * v;
                us[l] += u;
                vs[l] += v;
                jus[l] += js[l] * u;
                jvs[l] += js[l] * v;
                js[l] += LANES as f64;
            }
            s = s + products[0] + products[1];
        }
        if !n.is_multiple_of(LANES) {
            let (u, v) = (xi - y * js[0], x * js[0] + yi);
            s += u * v;
            us[0] += u;
            vs[0] += v;
            jus[0] += js[0] * u;
            jvs[0] += js[0] * v;
        }
        dx += i * (vs[0] + vs[1]) + (jus[0] + jus[1]);
        dy += i * (us[0] + us[1]) - (jvs[0] + jvs[1]);
    }
    (s, (dx, dy))
}

/// The value and the derivatives by `a` and `x` of the recurrence. There are two parameters and a
/// million steps: tangents, carried along, need neither memory nor a second pass.
pub fn recurrence(a: f64, x: f64, n: usize) -> (f64, (f64, f64)) {
    let (mut s, mut da, mut dx) = (0.0, 0.0, 0.0);
    for i in 0..n {
        let i = i as f64;
        for j in 0..n {
            let drive = i - j as f64;
            da = a * da + s;
            dx = a * dx + drive;
            s = a * s + x * drive;
        }
    }
    (s, (da, dx))
}
