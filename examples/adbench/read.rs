//! Reads ADBench's data files: numbers with white space between them, or colons in a model's.
//!
//! A file is refused as a whole, with one line that names the file, the line and the token.

use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::str::{FromStr, Lines, Split};

/// A mixture of Gaussians and the points it is fitted to; see [`super::objectives::gmm`].
pub(crate) struct Gmm {
    pub(crate) d: usize,
    pub(crate) alphas: Vec<f64>,
    pub(crate) means: Vec<f64>,
    pub(crate) icf: Vec<f64>,
    pub(crate) x: Vec<f64>,
    pub(crate) gamma: f64,
    pub(crate) m: u32,
}

/// Cameras, points and observations; see [`super::objectives::ba`].
///
/// Observation `i` is of point `i % points.len()` by camera `i % cameras.len()`.
pub(crate) struct Ba {
    pub(crate) cameras: Vec<[f64; 11]>,
    pub(crate) points: Vec<[f64; 3]>,
    pub(crate) weights: Vec<f64>,
    pub(crate) features: Vec<[f64; 2]>,
}

/// A network and a sequence to predict; see [`super::objectives::lstm`].
pub(crate) struct Lstm {
    pub(crate) l: usize,
    pub(crate) c: usize,
    pub(crate) b: usize,
    pub(crate) main: Vec<f64>,
    pub(crate) extra: Vec<f64>,
    pub(crate) state: Vec<f64>,
    pub(crate) sequence: Vec<f64>,
}

/// A hand, where it was seen, and its pose; see [`super::objectives::hand`].
pub(crate) struct Hand {
    pub(crate) parents: Vec<usize>,
    pub(crate) relative: Vec<[[f64; 4]; 3]>,
    pub(crate) inverse: Vec<[[f64; 4]; 3]>,
    pub(crate) vertices: Vec<[f64; 3]>,
    pub(crate) starts: Vec<usize>,
    pub(crate) movers: Vec<usize>,
    pub(crate) weights: Vec<f64>,
    pub(crate) seen: Seen,
    pub(crate) points: Vec<[f64; 3]>,
    pub(crate) pose: [f64; 26],
}

/// What the points of a depth image are taken for.
pub(crate) enum Seen {
    /// Vertices.
    Vertices(Vec<usize>),
    /// Places in triangles of vertices.
    Triangles(Vec<[usize; 3]>, Vec<[f64; 2]>),
}

/// The bones of a hand.
const BONES: usize = 22;

/// The largest size a file may state: beyond ADBench's largest instances, and small enough that
/// products of two do not overflow.
const LARGEST: usize = 100_000_000;

impl Gmm {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        read(path, |file| {
            let (d, k, n) = (file.size("d", 1)?, file.size("k", 1)?, file.size("n", 1)?);
            let icf_len = d * (d + 1) / 2;
            Ok(Gmm {
                d,
                alphas: file.numbers("the alphas", &[k])?,
                means: file.numbers("the means", &[k, d])?,
                icf: file.numbers("the inverse covariance factors", &[k, icf_len])?,
                x: file.numbers("the points", &[n, d])?,
                gamma: file.positive("gamma")?,
                m: file.size("m", 0)? as u32,
            })
        })
    }
}

impl Ba {
    /// The file holds one camera, point, weight and feature, which all others repeat.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        read(path, |file| {
            let (n, m, p) = (file.size("n", 1)?, file.size("m", 1)?, file.size("p", 1)?);
            Ok(Ba {
                cameras: vec![file.array("the camera")?; n],
                points: vec![file.array("the point")?; m],
                weights: vec![file.number("the weight")?; p],
                features: vec![file.array("the feature")?; p],
            })
        })
    }

    /// Who sees what in observation `i`.
    pub(crate) fn seen(&self, i: usize) -> (&[f64; 11], &[f64; 3]) {
        (&self.cameras[i % self.cameras.len()], &self.points[i % self.points.len()])
    }
}

impl Lstm {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        read(path, |file| {
            let (l, c, b) = (file.size("l", 1)?, file.size("c", 2)?, file.size("b", 1)?);
            Ok(Lstm {
                l,
                c,
                b,
                main: file.numbers("the main parameters", &[8, l, b])?,
                extra: file.numbers("the extra parameters", &[3, b])?,
                state: file.numbers("the state", &[2, l, b])?,
                sequence: file.numbers("the sequence", &[c, b])?,
            })
        })
    }
}

impl Hand {
    /// The model is in a folder `model` beside the file's folder, or in it.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let model = [folder.join("model"), folder.join("../model")];
        let model = model.iter().find(|model| model.is_dir()).unwrap_or(&model[1]);
        let (mut parents, mut relative, mut inverse) = (Vec::new(), Vec::new(), Vec::new());
        read_by(&model.join("bones.txt"), is_colon, |file| {
            for bone in 0..BONES {
                file.token("the name of a bone", "a name", |_: &String| true)?;
                // The first one has none, and says -1.
                let wanted = format!("the number of one of the {bone} bones before, or -1");
                let before = |parent: &i64| (-1..bone as i64).contains(parent);
                let parent = file.token("the parent of a bone", wanted, before)?;
                parents.push(parent.max(0) as usize);
                relative.push(file.transform("a bone's transform")?);
                inverse.push(file.transform("a bone's inverse transform")?);
            }
            Ok(())
        })?;
        let (mut vertices, mut starts) = (Vec::new(), vec![0]);
        let (mut movers, mut weights) = (Vec::new(), Vec::new());
        read_by(&model.join("vertices.txt"), is_colon, |file| {
            while file.has_more() {
                vertices.push(file.array("a vertex")?);
                // A normal and texture coordinates.
                file.array::<5>("a vertex")?;
                for _ in 0..file.index("the number of bones", BONES + 1)? {
                    movers.push(file.index("a bone of a vertex", BONES)?);
                    weights.push(file.number("the weight of a bone")?);
                }
                starts.push(movers.len());
            }
            Ok(())
        })?;
        let mut triangles: Vec<[usize; 3]> = Vec::new();
        read_by(&model.join("triangles.txt"), is_colon, |file| {
            while file.has_more() {
                let mut corners = [0; 3];
                for corner in &mut corners {
                    *corner = file.index("a triangle", vertices.len())?;
                }
                triangles.push(corners);
            }
            Ok(())
        })?;
        read(path, |file| {
            let n = file.size("npts", 1)?;
            file.token("the size ntheta", 26, |size: &usize| *size == 26)?;
            // Coordinates in triangles are two more numbers for each point.
            let in_triangles = file.left() > 5 * n + 26;
            let all = if in_triangles { triangles.len() } else { vertices.len() };
            let (mut indices, mut points) = (Vec::new(), Vec::new());
            for _ in 0..n {
                indices.push(file.index("a correspondence", all)?);
                points.push(file.array("a point")?);
            }
            let seen = if in_triangles {
                let us = (0..n).map(|_| file.array("coordinates in a triangle"));
                let us = us.collect::<Result<_, _>>()?;
                Seen::Triangles(indices.into_iter().map(|k| triangles[k]).collect(), us)
            } else {
                Seen::Vertices(indices)
            };
            let pose = file.array("the pose")?;
            Ok(Hand {
                parents,
                relative,
                inverse,
                vertices,
                starts,
                movers,
                weights,
                seen,
                points,
                pose,
            })
        })
    }
}

/// Reads a whole file by `parse`; whatever is wrong comes back with the file's name.
fn read<T>(
    path: &Path,
    parse: impl FnOnce(&mut Tokens<'_>) -> Result<T, String>,
) -> Result<T, String> {
    read_by(path, char::is_whitespace, parse)
}

/// What stands between the numbers of a model.
fn is_colon(c: char) -> bool {
    c == ':'
}

/// The same of a file with such separators.
fn read_by<T>(
    path: &Path,
    separator: fn(char) -> bool,
    parse: impl FnOnce(&mut Tokens<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: cannot be read: {error}"));
    let text = text?;
    let mut tokens = Tokens::new(&text, separator);
    let parsed = parse(&mut tokens).and_then(|parsed| tokens.end().map(|()| parsed));
    parsed.map_err(|message| format!("{name}, {message}"))
}

/// The tokens of a file, each with its line.
struct Tokens<'a> {
    lines: Lines<'a>,
    rest: Split<'a, fn(char) -> bool>,
    separator: fn(char) -> bool,
    line: usize,
    /// The last token so far, and its line.
    last: Option<(&'a str, usize)>,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str, separator: fn(char) -> bool) -> Self {
        Tokens { lines: text.lines(), rest: "".split(separator), separator, line: 0, last: None }
    }

    /// Whether a token is left.
    fn has_more(&self) -> bool {
        self.left_over().next().is_some()
    }

    /// How many tokens are left.
    fn left(&self) -> usize {
        self.left_over().count()
    }

    fn left_over(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let separator = self.separator;
        let lines = self.lines.clone().flat_map(move |line| line.split(separator));
        self.rest.clone().chain(lines).map(str::trim).filter(|token| !token.is_empty())
    }

    fn next(&mut self) -> Option<&'a str> {
        loop {
            if let Some(token) = self.rest.by_ref().map(str::trim).find(|t| !t.is_empty()) {
                self.last = Some((token, self.line));
                return Some(token);
            }
            self.rest = self.lines.next()?.split(self.separator);
            self.line += 1;
        }
    }

    /// The next token as `what`, if it is `valid`.
    fn token<T: FromStr>(
        &mut self,
        what: &str,
        wanted: impl Display,
        valid: impl Fn(&T) -> bool,
    ) -> Result<T, String> {
        let Some(token) = self.next() else {
            return Err(match self.last {
                Some((token, line)) => {
                    format!("line {line}: the file ends after `{token}`, within {what}")
                }
                None => "line 1: the file is empty".to_owned(),
            });
        };
        let value = token.parse().ok().filter(valid);
        value.ok_or_else(|| format!("line {}: `{token}` in {what} is not {wanted}", self.line))
    }

    fn size(&mut self, name: &str, least: usize) -> Result<usize, String> {
        let wanted = format!("a whole number from {least} to {LARGEST}");
        self.token(&format!("the size {name}"), wanted, |size| (least..=LARGEST).contains(size))
    }

    /// Which of so many things.
    fn index(&mut self, what: &str, count: usize) -> Result<usize, String> {
        let wanted = format!("a whole number below {count}");
        self.token(what, wanted, |index| *index < count)
    }

    /// The upper three rows of a 4×4 matrix.
    fn transform(&mut self, what: &str) -> Result<[[f64; 4]; 3], String> {
        let rows = [self.array(what)?, self.array(what)?, self.array(what)?];
        self.array::<4>(what)?;
        Ok(rows)
    }

    fn number(&mut self, what: &str) -> Result<f64, String> {
        self.token(what, "a finite number", |number: &f64| number.is_finite())
    }

    fn positive(&mut self, what: &str) -> Result<f64, String> {
        self.token(what, "a finite number above 0", |&number: &f64| {
            number.is_finite() && number > 0.0
        })
    }

    /// As many numbers as the product of `sizes`. Memory is taken only for what the file holds.
    fn numbers(&mut self, what: &str, sizes: &[usize]) -> Result<Vec<f64>, String> {
        let count = sizes.iter().fold(1, |product: usize, &size| product.saturating_mul(size));
        (0..count).map(|_| self.number(what)).collect()
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[f64; N], String> {
        let mut array = [0.0; N];
        for number in &mut array {
            *number = self.number(what)?;
        }
        Ok(array)
    }

    /// Makes sure that nothing is left.
    fn end(&mut self) -> Result<(), String> {
        match self.next() {
            Some(token) => Err(format!(
                "line {}: `{token}` is one more than the sizes call for: remove it or correct them",
                self.line
            )),
            None => Ok(()),
        }
    }
}
