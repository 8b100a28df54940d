//! One program at one point: what every engine gives against what dual numbers give.

use super::complaint::{Complaint, What};
use super::noise::{Noise, RUNS};
use super::signature::{POINTS, Point};
use crate::Scalars;
use crate::dual::{Along, Floats, Lift, with_noise};
use crate::forward::{direction, rows};
use chainrule::ndarray::{Array, IntoDimension};

/// What first derivatives may be off by, relative to the largest of them.
const FIRST: f64 = 1e-11;
/// The same of second derivatives.
const SECOND: f64 = 1e-9;
/// What values may be off by where sums may be added up in another order.
const REASSOCIATED: f64 = 1e-12;

/// By how much sums of some numbers may differ in another order.
const ROUNDINGS: f64 = 16.0 * f64::EPSILON;

/// Beyond this a product of a few more factors may overflow.
const OVERFLOWS: f64 = 1e150;

/// How the witness is called in what is said.
const DUAL: &str = "dual numbers";

/// A program at a point, and what is wrong with it.
pub struct Check<P> {
    name: String,
    point: usize,
    at: P,
    value: Vec<f64>,
    /// Whether the value is the function's bit for bit.
    exact: bool,
    /// What roundings may change at huge numbers, each by itself.
    noise: Option<Noise>,
    /// The same where the derivatives are known and there is no witness to run, relative to the
    /// largest value: the sine of a sum in another order may be anything, and where values are lost
    /// so, derivatives are too, by another amount forwards than backwards.
    rounding: f64,
    witness: Witness,
    complaints: Vec<Complaint>,
}

/// The derivatives of a program at a point.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The Jacobian, by rows.
    pub jacobian: Vec<Vec<f64>>,
    /// The Hessian of a function with one result, where second derivatives are compared.
    pub hessian: Vec<Vec<f64>>,
}

/// Numbers as they should be, and how far they may be off at huge numbers.
struct Expected {
    numbers: Vec<f64>,
    noise: Option<Vec<f64>>,
}

/// An array of these elements in row-major order, laid out in one of four ways.
pub fn laid_out<S: IntoDimension>(
    shape: S,
    elements: Vec<f64>,
    layout: usize,
) -> Array<f64, S::Dim> {
    use crate::arrays::Layouts;
    let array = Array::from_shape_vec(shape.into_dimension(), elements);
    let array = array.expect("the generator counts elements");
    if layout == 0 { array } else { array.layout(layout - 1) }
}

impl<P: Scalars + Clone> Check<P> {
    /// The function itself, and in dual numbers `N`.
    pub fn new<N, R, L>(
        name: &str,
        point: usize,
        at: P,
        exact: bool,
        plain: impl Fn(P) -> R,
        dual: impl Fn(P::Lifted) -> L,
    ) -> Check<P>
    where
        N: Along,
        P: Lift<f64, N>,
        R: Scalars + Clone,
        L: Floats<N>,
    {
        let run = |one: &[f64], other: &[f64]| {
            let (mut one, mut other) = (one.iter(), other.iter());
            let mut variable = |x| {
                let along = |of: &mut std::slice::Iter<'_, f64>| of.next().copied().unwrap_or(0.0);
                N::along(x, along(&mut one), along(&mut other))
            };
            let fixed = |x| N::along(x, 0.0, 0.0);
            let mut list = Vec::new();
            dual(at.lift(&mut variable, &fixed)).list(&mut list);
            list
        };
        super::complaint::running(name, point, "the program itself");
        let value = plain(at.clone()).flat();
        super::complaint::running(name, point, DUAL);
        let n = at.flat().len();
        let unit = |k: usize| (0..n).map(|j| f64::from(u8::from(j == k))).collect::<Vec<f64>>();
        let witnessed = || {
            let mut witness =
                Witness { jacobian: vec![vec![0.0; n]; value.len()], hessian: Vec::new() };
            let mut bits = Vec::new();
            for k in 0..n {
                let column = run(&unit(k), &unit(k));
                bits = column.iter().map(|y| y.value()).collect();
                for (row, y) in witness.jacobian.iter_mut().zip(&column) {
                    row[k] = y.first();
                }
                if value.len() == 1 && N::IS_SECOND {
                    let entry =
                        |j| run(&unit(k), &unit(j)).first().map_or(f64::NAN, |y| y.second());
                    witness.hessian.push((0..n).map(entry).collect());
                }
            }
            (bits, witness)
        };
        let (bits, witness) = witnessed();
        let noise = POINTS.get(point).is_some_and(Point::is_extreme).then(|| {
            let noisy = (1..=RUNS).map(|seed| with_noise(seed, witnessed));
            Noise::of(&bits, &witness, noisy)
        });
        let mut check = Check::known(name, point, at, exact, value, witness);
        if noise.is_some() {
            check.rounding = 0.0;
            check.noise = noise;
        }
        // The witness has less stable formulas, which overflow.
        let overflows = check.is_extreme() && bits.iter().any(|x| !x.is_finite());
        if !(n == 0 || overflows || check.is_value(&bits, REASSOCIATED)) {
            let text = format!("{bits:?}, not {:?}", check.value);
            check.complain(What::Value, DUAL, text);
        }
        check
    }

    /// A function whose value and derivatives are known.
    pub fn known(
        name: &str,
        point: usize,
        at: P,
        exact: bool,
        value: Vec<f64>,
        witness: Witness,
    ) -> Check<P> {
        let name = name.to_owned();
        let (noise, complaints) = (None, vec![]);
        let mut check =
            Check { name, point, at, value, exact, noise, rounding: 0.0, witness, complaints };
        if check.is_extreme() {
            check.rounding = check.condition() * ROUNDINGS;
        }
        check
    }

    fn is_extreme(&self) -> bool {
        POINTS.get(self.point).is_some_and(Point::is_extreme)
    }

    /// What a rounding of the inputs does to the values, relative to the largest of them.
    fn condition(&self) -> f64 {
        let at = self.at.flat();
        let scale = self.value.iter().fold(1.0_f64, |scale, x| scale.max(x.abs()));
        let rows = self.witness.jacobian.iter();
        let all: f64 = rows.flat_map(|row| row.iter().zip(&at)).map(|(d, x)| (d * x).abs()).sum();
        // What is not a number may be anything.
        if all.is_nan() { f64::INFINITY } else { all / scale }
    }

    /// What it is compared with, as source text.
    #[must_use]
    pub fn told(&self) -> Complaint {
        let Witness { jacobian, hessian } = &self.witness;
        Complaint {
            program: self.name.clone(),
            point: self.point,
            what: What::Told,
            engine: DUAL.into(),
            text: format!(
                "Witness {{ jacobian: {}, hessian: {} }}",
                rows_of(jacobian),
                rows_of(hessian)
            ),
        }
    }

    fn complain(&mut self, what: What, engine: &str, text: String) {
        let (program, engine) = (self.name.clone(), engine.to_owned());
        self.complaints.push(Complaint { program, point: self.point, what, engine, text });
    }

    /// What is wrong.
    #[must_use]
    pub fn complaints(self) -> Vec<Complaint> {
        self.complaints
    }

    /// Runs an engine; if it panics, it is known which.
    fn engine<T>(&mut self, what: &str, run: impl Fn(&P) -> T) -> T {
        super::complaint::running(&self.name, self.point, what);
        run(&self.at)
    }

    fn compare(&mut self, what: &str, got: &[f64], expected: &Expected, tolerance: f64) {
        let noise = expected.noise.as_deref();
        let (mut got, mut expected) = (got.to_vec(), expected.numbers.clone());
        if self.rounding >= 1.0 {
            return;
        }
        if self.is_extreme() && got.len() == expected.len() {
            // What overflows for the witness, or may on another way, says nothing, nor does what is
            // not a number since something overflowed. The rest is as good as its digits are; where
            // these are not known, as the largest number that went into it.
            let size = match noise {
                Some(_) => 1.0,
                None => {
                    let all = self.at.flat();
                    all.iter().chain(&self.value).fold(1.0_f64, |m, x| m.max(x.abs()))
                }
            };
            let is_moderate = |x: f64| x.is_finite() && x.abs() < OVERFLOWS;
            let Witness { jacobian, hessian } = &self.witness;
            let second: &[Vec<f64>] = if tolerance == SECOND { hessian } else { &[] };
            let inside = self.noise.as_ref().is_some_and(|noise| noise.overflowed);
            let overflows =
                inside || !jacobian.iter().chain(second).flatten().all(|x| is_moderate(*x));
            for (got, expected) in got.iter_mut().zip(&mut expected) {
                let counts = is_moderate(*expected) && (got.is_finite() || !overflows);
                (*got, *expected) =
                    if counts { (*got / size, *expected / size) } else { (0.0, 0.0) };
            }
        }
        let (got, expected) = (&got, &expected);
        if !close(got, expected, tolerance.max(self.rounding), noise) {
            let text = format!("{got:?}\n    {DUAL} {expected:?}");
            self.complain(What::Derivative, what, text);
        }
    }

    fn same_value(&mut self, what: &str, got: &[f64]) {
        let tolerance = if self.exact { 0.0 } else { REASSOCIATED };
        if !self.is_value(got, tolerance) {
            let text = format!("{got:?}, not {:?}", self.value);
            self.complain(What::Value, what, text);
        }
    }

    /// Whether this is the value, up to a tolerance; 0 asks for the bits.
    fn is_value(&self, got: &[f64], tolerance: f64) -> bool {
        match tolerance {
            0.0 => close(got, &self.value, 0.0, None),
            _ => {
                let noise = self.noise.as_ref().map(|noise| noise.value.as_slice());
                close(got, &self.value, tolerance.max(self.rounding), noise)
            }
        }
    }

    /// What is computed of the derivatives, linearly with such factors, and of their noise with the
    /// factors' absolute values.
    fn expected(&self, factors: &[f64], of: impl Fn(&Witness, &[f64]) -> Vec<f64>) -> Expected {
        let noise = self.noise.as_ref().map(|noise| {
            let factors: Vec<f64> = factors.iter().map(|x| x.abs()).collect();
            // No noise, no matter how often, is none.
            let all = of(&noise.witness, &factors).into_iter();
            all.map(|x| if x.is_nan() { f64::INFINITY } else { x }).collect()
        });
        Expected { numbers: of(&self.witness, factors), noise }
    }

    /// `Jᵀ ct`
    fn transposed(&self, ct: &[f64]) -> Expected {
        let n = self.at.flat().len();
        self.expected(ct, |witness, ct| {
            let column =
                |k: usize| witness.jacobian.iter().zip(ct).map(|(row, ct)| row[k] * ct).sum();
            (0..n).map(column).collect()
        })
    }

    /// A matrix by a direction.
    fn times(matrix: &[Vec<f64>], along: &[f64]) -> Vec<f64> {
        matrix.iter().map(|row| row.iter().zip(along).map(|(m, v)| m * v).sum()).collect()
    }

    /// `value_and_grad`, `tape_value_and_grad`; the value of the tape may be off by roundings.
    pub fn gradient<R, G>(&mut self, what: &str, run: impl Fn(P) -> (R, G)) -> &mut Self
    where
        R: Scalars + Clone,
        G: Scalars + Clone,
    {
        let (value, gradient) = self.engine(what, |at| run(at.clone()));
        let (again, twice) = self.engine(what, |at| run(at.clone()));
        self.same_value(what, &value.flat());
        self.compare(what, &gradient.flat(), &self.transposed(&[1.0]), FIRST);
        let same = close(&value.flat(), &again.flat(), 0.0, None);
        if !same || !close(&gradient.flat(), &twice.flat(), 0.0, None) {
            let text = format!("{:?} when it is called again", twice.flat());
            self.complain(What::Bits, what, text);
        }
        self
    }

    /// `vjp`: by two cotangents, of which one is a multiple of the other.
    pub fn vjp<R, G>(&mut self, like: impl Fn(P) -> R, run: impl Fn(P, R) -> (R, G)) -> &mut Self
    where
        R: Scalars + Clone,
        G: Scalars + Clone,
    {
        for factor in [1.0, -2.5] {
            let mut ct = crate::case::cotangent(&like(self.at.clone()));
            ct.visit(&mut |x| *x *= factor);
            let (value, gradient) = self.engine("vjp", |at| run(at.clone(), ct.clone()));
            self.same_value("vjp", &value.flat());
            self.compare("vjp", &gradient.flat(), &self.transposed(&ct.flat()), FIRST);
        }
        self
    }

    /// `pullback`: one after the other.
    pub fn pullback<R, G>(
        &mut self,
        like: impl Fn(P) -> R,
        run: impl Fn(P, Vec<R>) -> (R, Vec<G>),
    ) -> &mut Self
    where
        R: Scalars + Clone,
        G: Scalars + Clone,
    {
        let ct = crate::case::cotangent(&like(self.at.clone()));
        let mut other = ct.clone();
        other.visit(&mut |x| *x = 0.7 - *x * 1.3);
        let cts = vec![ct.clone(), other, ct];
        let (value, gradients) = self.engine("pullback", |at| run(at.clone(), cts.clone()));
        self.same_value("pullback", &value.flat());
        for (ct, gradient) in cts.iter().zip(&gradients) {
            self.compare("pullback", &gradient.flat(), &self.transposed(&ct.flat()), FIRST);
        }
        self
    }

    /// `jvp`.
    pub fn jvp<R, T>(&mut self, run: impl Fn(P, P) -> (R, T)) -> &mut Self
    where
        R: Scalars + Clone,
        T: Scalars + Clone,
    {
        for phase in [0.0, 0.7] {
            let along = direction(&self.at, phase);
            let (value, tangent) = self.engine("jvp", |at| run(at.clone(), along.clone()));
            self.same_value("jvp", &value.flat());
            let expected = self.expected(&along.flat(), |of, v| Self::times(&of.jacobian, v));
            self.compare("jvp", &tangent.flat(), &expected, FIRST);
        }
        self
    }

    /// `hvp`.
    pub fn hvp<G: Scalars + Clone>(&mut self, run: impl Fn(P, P) -> (G, G)) -> &mut Self {
        let along = direction(&self.at, 0.0);
        let (gradient, product) = self.engine("hvp", |at| run(at.clone(), along.clone()));
        self.compare("hvp", &gradient.flat(), &self.transposed(&[1.0]), FIRST);
        let expected = self.expected(&along.flat(), |of, v| Self::times(&of.hessian, v));
        self.compare("hvp", &product.flat(), &expected, SECOND);
        self
    }

    /// `hessian`, in blocks of such widths.
    pub fn hessian<H: Scalars + Clone>(
        &mut self,
        widths: impl Fn(&P) -> Vec<usize>,
        run: impl Fn(P) -> H,
    ) -> &mut Self {
        let hessian = self.engine("hessian", |at| run(at.clone()).flat());
        let widths = widths(&self.at);
        let Some(rows) = rows(&hessian, &widths, &widths) else {
            self.complain(What::Shape, "hessian", format!("{hessian:?} for {widths:?}"));
            return self;
        };
        let expected = self.expected(&[], |of, _| of.hessian.concat());
        self.compare("hessian", &rows.concat(), &expected, SECOND);
        let n = rows.len();
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        if (0..n).any(|i| (0..i).any(|j| !same(rows[i][j], rows[j][i]))) {
            self.complain(What::Symmetry, "hessian", format!("{rows:?}"));
        }
        self
    }

    /// `jacobian`, in blocks of such heights and widths.
    pub fn jacobian<J: Scalars + Clone>(
        &mut self,
        heights: impl Fn(P) -> Vec<usize>,
        widths: impl Fn(&P) -> Vec<usize>,
        run: impl Fn(P) -> J,
    ) -> &mut Self {
        let heights = heights(self.at.clone());
        let jacobian = self.engine("jacobian", |at| run(at.clone()).flat());
        let widths = widths(&self.at);
        let Some(rows) = rows(&jacobian, &heights, &widths) else {
            let text = format!("{jacobian:?} for {heights:?} and {widths:?}");
            self.complain(What::Shape, "jacobian", text);
            return self;
        };
        let expected = self.expected(&[], |of, _| of.jacobian.concat());
        self.compare("jacobian", &rows.concat(), &expected, FIRST);
        self
    }

    /// Buffers, overwritten and added to.
    pub fn into_buffers(
        &mut self,
        run: impl Fn(P, &mut P) -> f64,
        add: impl Fn(P, &mut P) -> f64,
    ) -> &mut Self {
        let filled = |at: &P| {
            let mut buffers = at.clone();
            buffers.visit(&mut |x| *x = 7.0);
            buffers
        };
        let mut expected = self.transposed(&[1.0]);
        let (value, buffers) = self.engine("value_and_grad_into", |at| {
            let mut buffers = filled(at);
            (run(at.clone(), &mut buffers), buffers)
        });
        self.same_value("value_and_grad_into", &[value]);
        self.compare("value_and_grad_into", &buffers.flat(), &expected, FIRST);
        let (value, buffers) = self.engine("value_and_grad_add_into", |at| {
            let mut buffers = filled(at);
            (add(at.clone(), &mut buffers), buffers)
        });
        self.same_value("value_and_grad_add_into", &[value]);
        expected.numbers.iter_mut().for_each(|x| *x += 7.0);
        self.compare("value_and_grad_add_into", &buffers.flat(), &expected, FIRST);
        self
    }
}

/// Whether two lists agree, up to a tolerance relative to the largest number, or where the noise of
/// each is known relative to that number, and the noise; 0 asks for the bits.
fn close(got: &[f64], expected: &[f64], tolerance: f64, noise: Option<&[f64]>) -> bool {
    let finite = expected.iter().filter(|x| x.is_finite());
    let largest = finite.fold(1.0_f64, |scale, x| scale.max(x.abs()));
    let scale = |x: f64| if noise.is_some() { x.abs().max(1.0) } else { largest };
    let noise = |k: usize| noise.and_then(|noise| noise.get(k)).copied().unwrap_or(0.0);
    got.len() == expected.len()
        && got.iter().zip(expected).enumerate().all(|(k, (a, b))| {
            let same = if tolerance == 0.0 { a.to_bits() == b.to_bits() } else { a == b };
            same || (a.is_nan() && b.is_nan())
                || (a - b).abs() <= tolerance * scale(*b) + noise(k) && tolerance > 0.0
                || noise(k).is_infinite()
        })
}

/// A matrix as it is written.
fn rows_of(rows: &[Vec<f64>]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let number = |x: &f64| match x {
                x if x.is_nan() => "f64::NAN".to_owned(),
                x if x.is_infinite() => {
                    format!("{}f64::INFINITY", if *x < 0.0 { "-" } else { "" })
                }
                _ => format!("{x:?}"),
            };
            format!("vec![{}]", row.iter().map(number).collect::<Vec<String>>().join(", "))
        })
        .collect();
    format!("vec![{}]", rows.join(", "))
}
