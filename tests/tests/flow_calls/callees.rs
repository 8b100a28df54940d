//! What the kernels call, with pullbacks written by hand.

use chainrule::rt::Tangent;

macro_rules! derivatives {
    ($($name:ident)*) => {$(
        #[allow(non_camel_case_types, reason = "it stands beside the function")]
        pub(crate) struct $name {}
    )*};
}
derivatives! { scale step advance spread pair grow mix bend draw absorb echo turn params }

pub(crate) fn sum(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for x in x {
        sum += x;
    }
    sum
}

pub(crate) fn scale(x: &[f64], k: f64) -> f64 {
    x.iter().map(|x| (k * x).sin()).sum()
}

impl scale {
    pub(crate) fn vjp(x: &[f64], k: f64, ct: f64) -> (f64, (Vec<f64>, f64)) {
        let d_x = x.iter().map(|x| ct * k * (k * x).cos()).collect();
        let d_k = x.iter().map(|x| ct * x * (k * x).cos()).sum();
        (scale(x, k), (d_x, d_k))
    }
}

pub(crate) fn step(state: &mut [f64], x: f64) -> f64 {
    let sum: f64 = state.iter().map(|s| s.sin()).sum();
    state.iter_mut().for_each(|s| *s = s.sin() * x.cos());
    0.5 * sum
}

impl step {
    pub(crate) fn vjp(
        state: &mut [f64],
        x: f64,
        ct: f64,
        ct_state: Vec<f64>,
    ) -> (f64, (Vec<f64>, f64)) {
        assert_eq!(state.len(), ct_state.len());
        let both = || state.iter().zip(&ct_state);
        let d_state = both().map(|(s, c)| (0.5 * ct + c * x.cos()) * s.cos()).collect();
        let d_x = both().map(|(s, c)| -c * s.sin() * x.sin()).sum();
        (step(state, x), (d_state, d_x))
    }
}

pub(crate) fn advance(state: &mut [f64], x: f64) {
    state.iter_mut().for_each(|s| *s = *s * x + x.sin());
}

impl advance {
    pub(crate) fn vjp(state: &mut [f64], x: f64, ct: Vec<f64>) -> ((), (Vec<f64>, f64)) {
        assert_eq!(state.len(), ct.len());
        let d_x = state.iter().zip(&ct).map(|(s, c)| c * (s + x.cos())).sum();
        advance(state, x);
        ((), (ct.iter().map(|c| c * x).collect(), d_x))
    }
}

pub(crate) fn spread(x: f64, len: usize) -> Vec<f64> {
    (1..=len).map(|i| (x * i as f64).sin()).collect()
}

impl spread {
    pub(crate) fn vjp(x: f64, len: usize, ct: Vec<f64>) -> (Vec<f64>, f64) {
        assert_eq!(len, ct.len());
        let parts = (1..=len).zip(&ct).map(|(i, c)| c * i as f64 * (x * i as f64).cos());
        (spread(x, len), parts.sum())
    }
}

pub(crate) fn pair(x: f64, y: f64) -> (f64, f64) {
    (x * y, x + y.sin())
}

impl pair {
    pub(crate) fn vjp(x: f64, y: f64, ct: (f64, f64)) -> ((f64, f64), (f64, f64)) {
        (pair(x, y), (ct.0 * y + ct.1, ct.0 * x + ct.1 * y.cos()))
    }
}

pub(crate) fn grow(v: &mut Vec<f64>, x: f64) {
    let last = v.last().copied().unwrap_or(0.0);
    v.push(last * x);
}

impl grow {
    pub(crate) fn vjp(v: &mut Vec<f64>, x: f64, mut ct: Vec<f64>) -> ((), (Vec<f64>, f64)) {
        let last = v.last().copied().unwrap_or(0.0);
        grow(v, x);
        assert_eq!(v.len(), ct.len());
        let c = ct.pop().unwrap_or(0.0);
        ct.iter_mut().last().into_iter().for_each(|d| *d += c * x);
        ((), (ct, c * last))
    }
}

pub(crate) fn mix(a: &mut [f64], b: &mut [f64]) {
    (a[0], b[0]) = (a[0] * b[0], b[0] + a[0].sin());
}

impl mix {
    pub(crate) fn vjp(
        a: &mut [f64],
        b: &mut [f64],
        ct_a: Vec<f64>,
        ct_b: Vec<f64>,
    ) -> ((), (Vec<f64>, Vec<f64>)) {
        let (x, y, c, d) = (a[0], b[0], ct_a[0], ct_b[0]);
        mix(a, b);
        let (mut d_a, mut d_b) = (ct_a, ct_b);
        d_a[0] = c * y + d * x.cos();
        d_b[0] = c * x + d;
        ((), (d_a, d_b))
    }
}

pub(crate) fn bend(y: &mut f64, x: f64, z: &f64) {
    *y = (*y * x).sin() + z;
}

impl bend {
    pub(crate) fn vjp(y: &mut f64, x: f64, z: &f64, ct: f64) -> ((), (f64, f64, f64)) {
        let cos = (*y * x).cos();
        let gradient = (ct * cos * x, ct * cos * *y, ct);
        bend(y, x, z);
        ((), gradient)
    }
}

#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) n: usize,
}

pub(crate) fn draw(counter: &mut Counter, x: f64) -> f64 {
    counter.n += 1;
    (x * counter.n as f64).sin()
}

impl draw {
    pub(crate) fn vjp(counter: &mut Counter, x: f64, ct: f64) -> (f64, f64) {
        let value = draw(counter, x);
        let n = counter.n as f64;
        (value, ct * n * (x * n).cos())
    }
}

pub(crate) fn absorb(v: Vec<f64>, state: &mut [f64]) -> f64 {
    let product = v.iter().zip(state.iter()).map(|(v, s)| v * s).sum();
    v.iter().zip(state).for_each(|(v, s)| *s = *s * v + v);
    product
}

impl absorb {
    pub(crate) fn vjp(
        v: Vec<f64>,
        state: &mut [f64],
        ct: f64,
        ct_state: Vec<f64>,
    ) -> (f64, (Vec<f64>, Vec<f64>)) {
        let all = || v.iter().zip(state.iter()).zip(&ct_state);
        let d_v = all().map(|((_, s), c)| ct * s + c * (s + 1.0)).collect();
        let d_state = all().map(|((v, _), c)| ct * v + c * v).collect();
        (absorb(v, state), (d_v, d_state))
    }
}

pub(crate) fn echo(state: &mut [f64], x: f64) -> Vec<f64> {
    state.iter_mut().for_each(|s| *s *= x);
    vec![x; state.len()]
}

impl echo {
    pub(crate) fn vjp(
        state: &mut [f64],
        x: f64,
        ct: Vec<f64>,
        ct_state: Vec<f64>,
    ) -> (Vec<f64>, (Vec<f64>, f64)) {
        assert_eq!(state.len(), ct.len());
        let d_x: f64 = state.iter().zip(&ct_state).map(|(s, c)| s * c).sum();
        let d_state = ct_state.iter().map(|c| c * x).collect();
        (echo(state, x), (d_state, d_x + sum(&ct)))
    }
}

pub(crate) fn turn(a: &mut [f64; 2], x: f64) {
    *a = [a[0] * x - a[1], a[0] + a[1] * x];
}

impl turn {
    pub(crate) fn vjp(a: &mut [f64; 2], x: f64, ct: [f64; 2]) -> ((), ([f64; 2], f64)) {
        let d_a = [ct[0] * x + ct[1], ct[1] * x - ct[0]];
        let d_x = ct[0] * a[0] + ct[1] * a[1];
        turn(a, x);
        ((), (d_a, d_x))
    }
}

/// Weights and a bias.
#[derive(Clone)]
pub(crate) struct Scaler {
    pub(crate) w: Vec<f64>,
    pub(crate) b: f64,
}

impl Tangent for Scaler {
    fn zeros_like(&self) -> Self {
        Scaler { w: self.w.zeros_like(), b: 0.0 }
    }
    fn set_zero(&mut self) {
        self.w.set_zero();
        self.b = 0.0;
    }
    fn add_assign(&mut self, other: &Self) {
        self.w.add_assign(&other.w);
        self.b += other.b;
    }
    fn mismatch(&self, other: &Self) -> Option<(usize, usize)> {
        self.w.mismatch(&other.w)
    }
    fn save(&self, visit: &mut dyn FnMut(f64)) {
        self.w.save(visit);
        visit(self.b);
    }
    fn restore(&mut self, next: &mut dyn FnMut() -> f64) {
        self.w.restore(next);
        self.b = next();
    }
}

impl Scaler {
    pub(crate) fn apply(&self, x: f64) -> f64 {
        scale(&self.w, x) + self.b * x
    }

    pub(crate) fn apply_vjp(&self, x: f64, ct: f64) -> (f64, (Scaler, f64)) {
        let (_, (w, d_x)) = scale::vjp(&self.w, x, ct);
        let d_w = self.w.iter().map(|w| ct * x * (w * x).cos()).collect::<Vec<f64>>();
        assert_eq!(w.len(), d_w.len());
        (self.apply(x), (Scaler { w: d_w, b: ct * x }, d_x + ct * self.b))
    }

    pub(crate) fn bump(&mut self, x: f64) -> f64 {
        let value = self.b * x.sin();
        self.w.iter_mut().for_each(|w| *w += x.sin());
        self.b = value;
        value
    }

    pub(crate) fn bump_vjp(&mut self, x: f64, ct: f64, ct_self: Scaler) -> (f64, (Scaler, f64)) {
        let c = ct + ct_self.b;
        let d_x = (sum(&ct_self.w) + c * self.b) * x.cos();
        (self.bump(x), (Scaler { b: c * x.sin(), w: ct_self.w }, d_x))
    }

    pub(crate) fn take(self, x: f64) -> Vec<f64> {
        self.w.iter().map(|w| w * self.b * x).collect()
    }

    pub(crate) fn take_vjp(self, x: f64, ct: Vec<f64>) -> (Vec<f64>, (Scaler, f64)) {
        let product: f64 = self.w.iter().zip(&ct).map(|(w, c)| w * c).sum();
        let d_w = ct.iter().map(|c| c * self.b * x).collect();
        let tangents = (Scaler { w: d_w, b: product * x }, product * self.b);
        (self.take(x), tangents)
    }
}

pub(crate) fn params(x: f64) -> Scaler {
    Scaler { w: vec![x, x.sin()], b: x * x }
}

impl params {
    pub(crate) fn vjp(x: f64, ct: Scaler) -> (Scaler, f64) {
        (params(x), ct.w[0] + ct.w[1] * x.cos() + ct.b * 2.0 * x)
    }
}

/// A method of floats.
pub(crate) trait Bent: Sized {
    fn bent(self, x: f64) -> f64;
    fn bent_vjp(self, x: f64, ct: f64) -> (f64, (f64, f64));
}

impl Bent for f64 {
    fn bent(self, x: f64) -> f64 {
        (self * x).sin()
    }
    fn bent_vjp(self, x: f64, ct: f64) -> (f64, (f64, f64)) {
        let cos = (self * x).cos();
        (self.bent(x), (ct * cos * x, ct * cos * self))
    }
}
