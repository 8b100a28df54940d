//! What the objectives are evaluated on: ADBench's own files where they are at hand, numbers of the
//! same sizes elsewhere.

pub(crate) use super::read::{Ba, Gmm, Lstm};
use std::env;
use std::path::{Path, PathBuf};

/// Rows of features, and a label 1 or -1 for each.
pub(super) struct Logistic {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
}

impl Gmm {
    /// ADBench's instance of 1000 points and 25 components in `d` dimensions.
    pub(crate) fn load(d: usize) -> Result<Self, String> {
        let file = file(&format!("gmm/1k/gmm_d{d}_K25.txt"));
        if file.exists() { Gmm::read(&file) } else { Ok(Gmm::made(d, 25, 1000)) }
    }

    pub(super) fn made(d: usize, k: usize, n: usize) -> Self {
        let mut random = Random(1);
        Gmm {
            d,
            alphas: random.numbers(k),
            means: random.numbers(k * d),
            icf: random.numbers(k * d * (d + 1) / 2),
            x: random.numbers(n * d),
            gamma: 1.0,
            m: 0,
        }
    }

    /// All that is differentiated by.
    pub(super) fn start(&self) -> Vec<f64> {
        [&self.alphas[..], &self.means, &self.icf].concat()
    }

    /// Alphas, means and inverse covariance factors.
    pub(super) fn parameters<'a>(&self, at: &'a [f64]) -> (&'a [f64], &'a [f64], &'a [f64]) {
        let (alphas, rest) = at.split_at(self.alphas.len());
        let (means, icf) = rest.split_at(self.means.len());
        (alphas, means, icf)
    }
}

impl Ba {
    /// ADBench's first instance.
    pub(crate) fn load() -> Result<Self, String> {
        let file = file("ba/ba1_n49_m7776_p31843.txt");
        if file.exists() { Ba::read(&file) } else { Ok(Ba::made(49, 7776, 31843)) }
    }

    pub(super) fn made(n: usize, m: usize, p: usize) -> Self {
        let mut random = Random(1);
        let camera = |random: &mut Random| {
            let [r1, r2, r3, c1, c2, c3, f, u0, v0, k1, k2] = random.array();
            [r1, r2, r3, c1, c2, c3 - 10.0, 100.0 + f, u0, v0, 0.1 * k1, 0.01 * k2]
        };
        Ba {
            cameras: (0..n).map(|_| camera(&mut random)).collect(),
            points: (0..m).map(|_| random.array()).collect(),
            weights: random.numbers(p),
            features: (0..p).map(|_| random.array()).collect(),
        }
    }

    /// A single observation: `at` holds camera, point and weight.
    pub(super) fn one(at: &[f64]) -> Self {
        Ba {
            cameras: vec![std::array::from_fn(|i| at[i])],
            points: vec![std::array::from_fn(|i| at[11 + i])],
            weights: vec![at[14]],
            features: vec![[3.0, -2.0]],
        }
    }
}

impl Lstm {
    /// ADBench's instance of two layers and 1024 characters.
    pub(super) fn load() -> Result<Self, String> {
        let file = file("lstm/lstm_l2_c1024.txt");
        if file.exists() { Lstm::read(&file) } else { Ok(Lstm::made(2, 1024, 14)) }
    }

    pub(super) fn made(l: usize, c: usize, b: usize) -> Self {
        let mut random = Random(1);
        let bit = |number: f64| if number < 0.0 { 0.0 } else { 1.0 };
        Lstm {
            l,
            c,
            b,
            main: random.numbers(8 * l * b),
            extra: random.numbers(3 * b),
            state: random.numbers(2 * l * b),
            sequence: random.numbers(c * b).into_iter().map(bit).collect(),
        }
    }

    /// All that is differentiated by.
    pub(super) fn start(&self) -> Vec<f64> {
        [&self.main[..], &self.extra].concat()
    }
}

impl Logistic {
    pub(super) fn made(rows: usize, columns: usize) -> Self {
        let mut random = Random(1);
        let (x, noise) = (random.numbers(rows * columns), random.numbers(rows));
        let label = |(row, noise): (&[f64], &f64)| (row[0] - row[columns - 1] + noise).signum();
        let y = x.chunks_exact(columns).zip(&noise).map(label).collect();
        Logistic { x, y }
    }
}

/// A file of ADBench's, which may not be there.
pub(crate) fn file(name: &str) -> PathBuf {
    let folder = env::var_os("ADBENCH_DATA").map(PathBuf::from);
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/adbench");
    folder.unwrap_or_else(default).join(name)
}

/// The same pseudo-random numbers at every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// Between -1 and 1.
    fn number(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    pub(super) fn numbers(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.number()).collect()
    }

    fn array<const N: usize>(&mut self) -> [f64; N] {
        std::array::from_fn(|_| self.number())
    }
}
