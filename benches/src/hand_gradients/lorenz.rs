//! The Lorenz system by Runge and Kutta's method: the states of every stage are stored, and the
//! adjoint goes back through them.

/// A point of the system, or a cotangent of one.
type State = [f64; 3];

/// The system's parameters.
#[derive(Clone, Copy)]
struct Parameters {
    sigma: f64,
    rho: f64,
    beta: f64,
}

impl Parameters {
    #[inline]
    fn slope(self, [x, y, z]: State) -> State {
        [self.sigma * (y - x), x * (self.rho - z) - y, x * y - self.beta * z]
    }

    /// The cotangent of the state, from the slope's; adds to the parameters' own.
    #[inline]
    fn pull_back(self, [x, y, z]: State, [u, v, w]: State, ct: &mut State) -> State {
        ct[0] += (y - x) * u;
        ct[1] += x * v;
        ct[2] -= z * w;
        [
            (self.rho - z) * v - self.sigma * u + y * w,
            self.sigma * u - v + x * w,
            -(x * v + self.beta * w),
        ]
    }
}

#[inline]
fn add(a: State, factor: f64, b: State) -> State {
    [a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]]
}

/// The value, and the derivatives by `sigma`, `rho` and `beta`.
pub fn value_and_grad(
    sigma: f64,
    rho: f64,
    beta: f64,
    steps: usize,
    h: f64,
) -> (f64, (f64, f64, f64)) {
    let system = Parameters { sigma, rho, beta };
    let mut stages = Vec::with_capacity(steps);
    let mut s = [1.0, 1.0, 1.0];
    for _ in 0..steps {
        let k1 = system.slope(s);
        let s2 = add(s, 0.5 * h, k1);
        let k2 = system.slope(s2);
        let s3 = add(s, 0.5 * h, k2);
        let k3 = system.slope(s3);
        let s4 = add(s, h, k3);
        let k4 = system.slope(s4);
        stages.push([s, s2, s3, s4]);
        for i in 0..3 {
            s[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
    }

    let mut ct = [1.0; 3];
    let mut ct_parameters = [0.0; 3];
    for [s1, s2, s3, s4] in stages.into_iter().rev() {
        let outer = ct.map(|ct| h / 6.0 * ct);
        let inner = ct.map(|ct| h / 3.0 * ct);
        let ct4 = system.pull_back(s4, outer, &mut ct_parameters);
        let ct3 = system.pull_back(s3, add(inner, h, ct4), &mut ct_parameters);
        let ct2 = system.pull_back(s2, add(inner, 0.5 * h, ct3), &mut ct_parameters);
        let ct1 = system.pull_back(s1, add(outer, 0.5 * h, ct2), &mut ct_parameters);
        for i in 0..3 {
            ct[i] = ct[i] + ct4[i] + ct3[i] + ct2[i] + ct1[i];
        }
    }
    let [d_sigma, d_rho, d_beta] = ct_parameters;
    (s[0] + s[1] + s[2], (d_sigma, d_rho, d_beta))
}
