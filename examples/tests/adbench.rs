//! The objectives of ADBench, as a user runs them.
//!
//! What the program writes is held against the same mathematics written down a second time here, in
//! the dense and slow way, and differentiated by differences.

mod common;

use common::{Run, assert_refused, run};
use std::f64::consts::PI;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const GMM: &str = "2 2 3\n0.3\n-0.2\n0.5 -1.0\n1.5 0.25\n0.1 -0.3 0.7\n-0.2 0.4 -0.6\n\
                   0.2 0.4\n-1.1 0.9\n2.0 -0.5\n1.5 1\n";
const BA: &str = "2 2 3\n0.4 -0.3 0.9 0.5 0.25 -6.0 12.0 1.5 -0.75 0.1 0.02\n0.8 -1.2 1.4\n0.6\n\
                  3.0 -2.0\n";
const LSTM: &str = "2 4 2
    0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 -0.1 -0.2 -0.3 -0.4 -0.5 -0.6 -0.7 -0.8
    0.9 -0.8 0.7 -0.6 0.5 -0.4 0.3 -0.2 0.1 0.0 -0.1 0.2 -0.3 0.4 -0.5 0.6
    0.3 1.2 -0.7 0.9 0.2 -0.1
    0.5 -0.5 0.25 0.75 -0.3 0.6 0.1 -0.9
    1 0
    0 1
    1 1
    0 0\n";

/// A folder with a data file in it, and where results may go.
struct Work {
    _folder: TempDir,
    file: String,
    results: PathBuf,
}

impl Work {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.txt");
        fs::write(&file, text).unwrap();
        let results = folder.path().join("results");
        Work { file: file.to_str().unwrap().to_owned(), results, _folder: folder }
    }

    fn run(&self, objective: &str) -> Run {
        run("adbench", &[objective, &self.file, "--out", self.results.to_str().unwrap()])
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.results.join(name)).unwrap()
    }

    /// Objective and gradient as the program wrote them.
    fn gradient(&self, objective: &str) -> (f64, Vec<f64>) {
        let run = self.run(objective);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        let value = numbers(&self.text("data_F.txt"));
        assert_eq!(value.len(), 1);
        assert!(run.stdout.starts_with(&format!("objective  {:?}\n", value[0])), "{}", run.stdout);
        let gradient = self.text("data_J.txt");
        assert!(gradient.lines().all(|line| line.split_whitespace().count() == 1));
        (value[0], numbers(&gradient))
    }
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map(|token| token.parse().unwrap()).collect()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1.0_f64, |max, x| max.max(x.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(error <= tolerance * scale, "entry {i}: {found} instead of {expected}");
    }
}

/// The gradient by central differences of five points, good to some 1e-11.
fn differences(f: impl Fn(&[f64]) -> f64, at: &[f64]) -> Vec<f64> {
    let h = 1e-3;
    let moved = |i: usize, step: f64| {
        let mut moved = at.to_vec();
        moved[i] += step;
        f(&moved)
    };
    let entry = |i| {
        let near = moved(i, h) - moved(i, -h);
        let far = moved(i, 2.0 * h) - moved(i, -2.0 * h);
        (8.0 * near - far) / (12.0 * h)
    };
    (0..at.len()).map(entry).collect()
}

/// The mixture in two dimensions of [`GMM`], with its matrices spelled out.
fn mixture(parameters: &[f64], points: &[f64], gamma: f64) -> f64 {
    let (alphas, rest) = parameters.split_at(2);
    let (means, icf) = rest.split_at(4);
    let (mut total, mut prior) = (0.0, 0.0);
    for x in points.chunks(2) {
        let density = |k: usize| {
            let (q, mean) = (&icf[3 * k..], &means[2 * k..]);
            let (u, v) = (x[0] - mean[0], x[1] - mean[1]);
            let (a, b) = (q[0].exp() * u, q[2] * u + q[1].exp() * v);
            (alphas[k] + q[0] + q[1] - 0.5 * (a * a + b * b)).exp()
        };
        total += (density(0) + density(1)).ln() - (2.0 * PI).ln();
        total -= (alphas[0].exp() + alphas[1].exp()).ln();
    }
    for q in icf.chunks(3) {
        let frobenius = (2.0 * q[0]).exp() + (2.0 * q[1]).exp() + q[2] * q[2];
        // m is 1.
        prior += 0.5 * gamma * gamma * frobenius - (q[0] + q[1]);
        // With d = 2 and n' = 4: Γ(2) is 1 and Γ(3/2) is √π / 2.
        let ln_gamma = 0.5 * PI.ln() + (PI.sqrt() / 2.0).ln();
        prior -= 8.0 * (gamma.ln() - 0.5 * 2.0_f64.ln()) - ln_gamma;
    }
    total + prior
}

#[test]
fn gmm_is_the_mixture_s_posterior() {
    let (value, gradient) = Work::new(GMM).gradient("gmm");
    let data = numbers(GMM);
    let (parameters, points) = (&data[3..15], &data[15..21]);
    let f = |parameters: &[f64]| mixture(parameters, points, data[21]);
    assert_close(&[value], &[f(parameters)], 1e-13);
    assert_close(&gradient, &differences(f, parameters), 1e-9);
}

/// Where a camera sees a point, the rotation as the exponential of a matrix.
fn image(cam: &[f64], point: &[f64]) -> [f64; 2] {
    let r = &cam[..3];
    let mut term = [point[0] - cam[3], point[1] - cam[4], point[2] - cam[5]];
    let mut seen = term;
    for n in 1..40 {
        let [x, y, z] = term;
        let cross = [r[1] * z - r[2] * y, r[2] * x - r[0] * z, r[0] * y - r[1] * x];
        term = cross.map(|c| c / f64::from(n));
        seen = [seen[0] + term[0], seen[1] + term[1], seen[2] + term[2]];
    }
    let (x, y) = (seen[0] / seen[2], seen[1] / seen[2]);
    let square = x * x + y * y;
    let factor = cam[6] * (1.0 + cam[9] * square + cam[10] * square.powi(2));
    [factor * x + cam[7], factor * y + cam[8]]
}

/// Every line of what the program writes for bundle adjustment with this camera.
fn check_bundle(text: &str) {
    let work = Work::new(text);
    let run = work.run("ba");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let starts: Vec<&str> = run.stdout.lines().filter_map(|line| line.split("  ").next()).collect();
    assert_eq!(starts, ["reprojection errors", "weight errors", "Jacobian"]);

    // An observation's parameters: camera, point, weight.
    let data = numbers(text);
    let (parameters, feature) = (&data[3..18], &data[18..20]);
    let error =
        |axis: usize| move |p: &[f64]| p[14] * (image(&p[..11], &p[11..14])[axis] - feature[axis]);
    let weight_error = 1.0 - parameters[14].powi(2);

    let objective = work.text("data_F.txt");
    let (reprojection, weight) = objective.split_once("Zach weight error:\n").unwrap();
    let reprojection = reprojection.strip_prefix("Reprojection error:\n").unwrap();
    let expected = [error(0)(parameters), error(1)(parameters)].repeat(3);
    assert_close(&numbers(reprojection), &expected, 1e-13);
    assert_close(&numbers(weight), &[weight_error; 3], 1e-15);

    let jacobian = work.text("data_J.txt");
    let lines: Vec<&str> = jacobian.lines().collect();
    assert_eq!(lines.len(), 6);
    // 9 rows; 2 cameras, 2 points, 3 weights.
    assert_eq!((lines[0], lines[1], lines[3]), ("9 31", "10", "93"));
    assert_eq!(lines[2], "0 15 30 45 60 75 90 91 92 93");
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    let rows = [differences(error(0), parameters), differences(error(1), parameters)];
    for i in 0..3 {
        for row in &rows {
            columns.extend((0..11).map(|c| 11 * (i % 2) + c));
            columns.extend((0..3).map(|c| 22 + 3 * (i % 2) + c));
            columns.push(28 + i);
            values.extend(row);
        }
    }
    columns.extend(28..31);
    values.extend([-2.0 * parameters[14]; 3]);
    let found: Vec<usize> = lines[4].split(' ').map(|column| column.parse().unwrap()).collect();
    assert_eq!(found, columns);
    assert_close(&numbers(lines[5]), &values, 1e-9);
}

#[test]
fn ba_is_the_error_of_images_with_its_sparse_jacobian() {
    check_bundle(BA);
    // A camera that is not turned takes the other branch of Rodrigues' formula.
    check_bundle(&BA.replace("0.4 -0.3 0.9", "0 0 0"));
}

/// The loss of [`LSTM`]'s network, a layer being two rows of state and eight of parameters.
fn network(parameters: &[f64], state: &[f64], sequence: &[f64]) -> f64 {
    let sigmoid = |x: f64| 0.5 * (1.0 + (0.5 * x).tanh());
    let (main, extra) = parameters.split_at(32);
    let (mut state, mut total) = (state.to_vec(), 0.0);
    for t in 0..3 {
        let mut y = [0.0; 2];
        for j in 0..2 {
            let mut passed = sequence[2 * t + j] * extra[j];
            for layer in 0..2 {
                let p = |row: usize| main[16 * layer + 2 * row + j];
                let (hidden, cell) = (4 * layer + j, 4 * layer + 2 + j);
                let h = state[hidden];
                let kept = state[cell] * sigmoid(passed * p(0) + p(4));
                state[cell] = kept + sigmoid(h * p(1) + p(5)) * (h * p(3) + p(7)).tanh();
                state[hidden] = sigmoid(passed * p(2) + p(6)) * state[cell].tanh();
                passed = state[hidden];
            }
            y[j] = passed * extra[2 + j] + extra[4 + j];
        }
        let normalisation = (2.0 + y[0].exp() + y[1].exp()).ln();
        for j in 0..2 {
            total += sequence[2 * t + 2 + j] * (y[j] - normalisation);
        }
    }
    -total / 6.0
}

#[test]
fn lstm_is_the_network_s_loss() {
    let (value, gradient) = Work::new(LSTM).gradient("lstm");
    let data = numbers(LSTM);
    let (parameters, state, sequence) = (&data[3..41], &data[41..49], &data[49..57]);
    let f = |parameters: &[f64]| network(parameters, state, sequence);
    assert_close(&[value], &[f(parameters)], 1e-14);
    assert_close(&gradient, &differences(f, parameters), 1e-10);
}

/// The product of two 4×4 matrices.
fn times(a: &[f64], b: &[f64]) -> Vec<f64> {
    let entry = |i: usize| (0..4).map(|k| a[i / 4 * 4 + k] * b[4 * k + i % 4]).sum();
    (0..16).map(entry).collect()
}

/// A turn around an axis, as the exponential of a matrix.
fn turn(axis: [f64; 3]) -> Vec<f64> {
    let [x, y, z] = axis;
    let cross = [0.0, -z, y, 0.0, z, 0.0, -x, 0.0, -y, x, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let mut term: Vec<f64> = (0..16).map(|i| f64::from(u8::from(i % 5 == 0))).collect();
    let mut sum = term.clone();
    for n in 1..60 {
        term = times(&term, &cross).iter().map(|entry| entry / f64::from(n)).collect();
        sum.iter_mut().zip(&term).for_each(|(sum, entry)| *sum += entry);
    }
    sum
}

/// A place, and which bones move it, how much.
type Vertex = ([f64; 3], Vec<(usize, f64)>);

/// A hand at rest, made up, as the files of a model hold it.
struct Model {
    bones: Vec<(usize, Vec<f64>, Vec<f64>)>,
    vertices: Vec<Vertex>,
    triangles: Vec<[usize; 3]>,
}

impl Model {
    fn new() -> Self {
        let matrix = |seed: f64| {
            let mut matrix = turn([seed.sin(), (2.0 * seed).cos(), 0.3 * seed.cos()]);
            (0..3).for_each(|i| matrix[4 * i + 3] = (seed + i as f64).sin());
            matrix
        };
        // The wrist, five fingers of four bones, and the forearm.
        let parent = |b: usize| if b % 4 == 1 { 0 } else { b.max(1) - 1 };
        let bone = |b: usize| (parent(b), matrix(b as f64), matrix(0.5 + b as f64));
        let vertex = |v: usize| {
            let at = [0.1, 0.7, 1.3].map(|phase| (phase + v as f64).sin());
            (at, vec![(v % 22, 0.6), ((7 * v + 3) % 22, 0.3), ((5 * v + 2) % 22, 0.1)])
        };
        Model {
            bones: (0..22).map(bone).collect(),
            vertices: (0..24).map(vertex).collect(),
            triangles: vec![[0, 1, 2], [3, 9, 4], [23, 17, 12]],
        }
    }

    fn write(&self, folder: &Path) {
        fs::create_dir(folder).unwrap();
        let joined =
            |numbers: &[f64]| numbers.iter().map(|x| format!(":{x:?}")).collect::<String>();
        let bones = self.bones.iter().enumerate().map(|(b, (parent, relative, inverse))| {
            let parent = if b == 0 { "-1".to_owned() } else { parent.to_string() };
            format!("bone{b}:{parent}{}{}\n", joined(relative), joined(inverse))
        });
        fs::write(folder.join("bones.txt"), bones.collect::<String>()).unwrap();
        let vertices = self.vertices.iter().map(|([x, y, z], movers)| {
            let movers: String = movers.iter().map(|(b, w)| format!(":{b}:{w:?}")).collect();
            format!("{x:?}:{y:?}:{z:?}:0:0:1:0.5:0.5:3{movers}\n")
        });
        fs::write(folder.join("vertices.txt"), vertices.collect::<String>()).unwrap();
        let triangles = self.triangles.iter().map(|[a, b, c]| format!("{a}:{b}:{c}\n"));
        fs::write(folder.join("triangles.txt"), triangles.collect::<String>()).unwrap();
    }

    /// Where a vertex is in a pose, by 4×4 matrices throughout.
    fn place(&self, v: usize, pose: &[f64]) -> [f64; 3] {
        let mut absolute: Vec<Vec<f64>> = Vec::new();
        for (b, (parent, relative, _)) in self.bones.iter().enumerate() {
            let (finger, joint) = (b.saturating_sub(1) / 4, (b + 3) % 4);
            let mut relative = relative.clone();
            if (1..21).contains(&b) && joint > 0 {
                let angles = &pose[6 + 4 * finger..];
                let (x, z) =
                    [(angles[0], angles[1]), (angles[2], 0.0), (angles[3], 0.0)][joint - 1];
                relative = times(&relative, &times(&turn([0.0, 0.0, z]), &turn([x, 0.0, 0.0])));
            }
            absolute.push(if b == 0 { relative } else { times(&absolute[*parent], &relative) });
        }
        let (at, movers) = &self.vertices[v];
        let mut moved = [0.0; 4];
        for (b, weight) in movers {
            let transform = times(&absolute[*b], &self.bones[*b].2);
            for (i, moved) in moved.iter_mut().enumerate() {
                let row = &transform[4 * i..4 * i + 4];
                *moved += weight * (row[0] * at[0] + row[1] * at[1] + row[2] * at[2] + row[3]);
            }
        }
        let global = turn([pose[0], pose[1], pose[2]]);
        let row = |i: usize| (0..3).map(|k| global[4 * i + k] * moved[k]).sum::<f64>();
        [row(0) + pose[3], row(1) + pose[4], row(2) + pose[5]]
    }
}

/// Angles of a hand, of which none is zero.
fn pose() -> Vec<f64> {
    (0..26).map(|k| 0.8 * (0.3 + 1.1 * f64::from(k)).sin()).collect()
}

/// What the program writes for a hand, against the matrices here and their differences; `us` are the
/// coordinates in triangles, if points are in such.
fn check_hand(pose: &[f64], seen: &[usize], us: &[[f64; 2]]) {
    let model = Model::new();
    let points: Vec<[f64; 3]> = (0..seen.len()).map(|i| [0.2, i as f64, -0.4]).collect();
    let mut text = format!("{} 26\n", seen.len());
    for (k, [x, y, z]) in seen.iter().zip(&points) {
        text += &format!("{k} {x:?} {y:?} {z:?}\n");
    }
    us.iter().for_each(|[u, v]| text += &format!("{u:?} {v:?}\n"));
    pose.iter().for_each(|x| text += &format!("{x:?}\n"));
    let work = Work::new(&text);
    model.write(&work.results.with_file_name("model"));
    let run = work.run("hand");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));

    // Of a point: its error, by its own coordinates and the pose.
    let error = |i: usize, axis: usize| {
        let (model, points) = (&model, &points);
        move |p: &[f64]| {
            let (us, pose) = p.split_at(p.len() - 26);
            let place = match us {
                [u, v] => {
                    let corners = model.triangles[seen[i]].map(|v| model.place(v, pose)[axis]);
                    u * corners[0] + v * corners[1] + (1.0 - u - v) * corners[2]
                }
                _ => model.place(seen[i], pose)[axis],
            };
            points[i][axis] - place
        }
    };
    let (mut errors, mut rows) = (Vec::new(), Vec::new());
    for i in 0..seen.len() {
        let own = us.get(i).map_or(&[][..], |u| &u[..]);
        let at = [own, pose].concat();
        for axis in 0..3 {
            errors.push(error(i, axis)(&at));
            rows.extend(differences(error(i, axis), &at));
        }
    }
    assert_close(&numbers(&work.text("data_F.txt")), &errors, 1e-13);
    let jacobian = work.text("data_J.txt");
    let width = 26 + if us.is_empty() { 0 } else { 2 };
    assert!(jacobian.lines().all(|line| line.split('\t').count() == width));
    assert_close(&numbers(&jacobian), &rows, 1e-9);
}

#[test]
fn hand_is_the_distance_of_points_from_a_posed_hand() {
    check_hand(&pose(), &[0, 5, 23, 11, 16], &[]);
    check_hand(&pose(), &[2, 0, 1], &[[0.2, 0.3], [0.5, 0.1], [0.0, 0.9]]);
}

#[test]
fn malformed_files_of_a_hand_are_one_line() {
    let good: String = "1 26\n2 0.1 0.2 0.3\n".to_owned() + &"0.5\n".repeat(26);
    let cases = [
        (good.replace("1 26", "1 25"), "data.txt, line 1: `25` in the size ntheta is not 26"),
        (
            good.replace("2 0.1", "24 0.1"),
            "data.txt, line 2: `24` in a correspondence is not a whole number below 24",
        ),
        (good.replace("0.2", "inf"), "data.txt, line 2: `inf` in a point is not a finite number"),
        (
            good.clone() + "7",
            "data.txt, line 29: `7` is one more than the sizes call for: remove it or correct them",
        ),
    ];
    for (text, message) in cases {
        let work = Work::new(&text);
        Model::new().write(&work.results.with_file_name("model"));
        let file = work.file.strip_suffix("data.txt").unwrap();
        assert_refused(&work.run("hand"), &format!("{file}{message}"));
    }
    // A model that is wrong.
    let work = Work::new(&good);
    let folder = work.results.with_file_name("model");
    Model::new().write(&folder);
    let bones = fs::read_to_string(folder.join("bones.txt")).unwrap();
    fs::write(folder.join("bones.txt"), bones.replace("bone3:2:", "bone3:3:")).unwrap();
    let message =
        "line 4: `3` in the parent of a bone is not the number of one of the 3 bones before, or -1";
    let expected = format!("{}, {message}", folder.join("bones.txt").display());
    assert_refused(&work.run("hand"), &expected);
}

/// On ADBench's own instances: a point's error goes down as the hand is moved to where it was seen.
#[test]
fn published_hands_move_with_their_translation() {
    for (name, width) in [("simple", 26), ("complicated", 28)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/adbench/hand");
        let file = folder.join(format!("{name}_small/hand1_t26_c100.txt"));
        if !file.exists() {
            return;
        }
        let results = tempfile::tempdir().unwrap();
        let paths = [&file, results.path()].map(|path: &Path| path.to_str().unwrap().to_owned());
        let run = run("adbench", &["hand", &paths[0], "--out", &paths[1]]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        let jacobian = results.path().join("hand1_t26_c100_J.txt");
        let jacobian = numbers(&fs::read_to_string(jacobian).unwrap());
        assert_eq!(jacobian.len(), 300 * width);
        for (i, row) in jacobian.chunks(width).enumerate() {
            let by_translation = &row[width - 23..width - 20];
            let expected = [0, 1, 2].map(|k| if k == i % 3 { -1.0 } else { 0.0 });
            assert_close(by_translation, &expected, 1e-14);
        }
    }
}

#[test]
fn times_come_with_their_ratio() {
    let work = Work::new(GMM);
    for objective in [("gmm", GMM), ("ba", BA), ("lstm", LSTM)] {
        fs::write(&work.file, objective.1).unwrap();
        let run = run("adbench", &[objective.0, &work.file, "--time"]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        let last = run.stdout.lines().last().unwrap();
        let words: Vec<&str> = last.split(' ').collect();
        assert_eq!([words[0], words[3], words[8]], ["objective", "objective", "ratio"], "{last}");
        let [objective, both, ratio] = [1, 6, 9].map(|i| words[i].parse::<f64>().unwrap());
        assert!(objective > 0.0 && (both / objective / ratio - 1.0).abs() < 0.2, "{last}");
    }
    assert!(!work.results.exists());
}

#[test]
fn a_malformed_file_is_one_line_and_nothing_is_written() {
    let cases = [
        ("gmm", "".to_owned(), "line 1: the file is empty"),
        ("gmm", "2 2".to_owned(), "line 1: the file ends after `2`, within the size n"),
        (
            "gmm",
            GMM.replace("1.5 0.25", "1.5 O.25"),
            "line 5: `O.25` in the means is not a finite number",
        ),
        (
            "gmm",
            GMM.replace("-1.1 0.9", "nan 0.9"),
            "line 9: `nan` in the points is not a finite number",
        ),
        (
            "gmm",
            GMM.replace("1.5 1\n", "1.5 0.5\n"),
            "line 11: `0.5` in the size m is not a whole number from 0 to 100000000",
        ),
        (
            "gmm",
            GMM.replace("1.5 1\n", "-1.5 1\n"),
            "line 11: `-1.5` in gamma is not a finite number above 0",
        ),
        ("gmm", GMM.replace("0.7\n", "\n"), "line 11: the file ends after `1`, within the size m"),
        (
            "gmm",
            GMM.to_owned() + "\n7\n",
            "line 13: `7` is one more than the sizes call for: remove it or correct them",
        ),
        (
            "gmm",
            GMM.replace("2 2 3", "0 2 3"),
            "line 1: `0` in the size d is not a whole number from 1 to 100000000",
        ),
        (
            "gmm",
            GMM.replace("2 2 3", "100000000 100000000 100000000"),
            "line 11: the file ends after `1`, within the alphas",
        ),
        (
            "ba",
            BA.replace("2 2 3", "2 two 3"),
            "line 1: `two` in the size m is not a whole number from 1 to 100000000",
        ),
        (
            "ba",
            BA.replace("3.0 -2.0\n", "\n"),
            "line 4: the file ends after `0.6`, within the feature",
        ),
        (
            "ba",
            BA.replace("0.6\n", "1e999\n"),
            "line 4: `1e999` in the weight is not a finite number",
        ),
        (
            "lstm",
            LSTM.replace("2 4 2", "2 1 2"),
            "line 1: `1` in the size c is not a whole number from 2 to 100000000",
        ),
        (
            "lstm",
            LSTM.replace("    0 0\n", ""),
            "line 8: the file ends after `1`, within the sequence",
        ),
    ];
    for (objective, text, message) in cases {
        let work = Work::new(&text);
        let expected = format!("{}, {message}", work.file);
        assert_refused(&work.run(objective), &expected);
        assert!(!work.results.exists(), "{expected}");
    }
    let missing = run("adbench", &["ba", "missing.txt"]);
    assert_eq!((missing.code, missing.stderr.lines().count()), (Some(2), 1));
    assert!(missing.stderr.starts_with("error: missing.txt: cannot be read: "));
}

#[test]
fn a_result_that_cannot_be_written_is_one_line() {
    let work = Work::new(GMM);
    fs::write(&work.results, "in the way").unwrap();
    let run = work.run("gmm");
    assert_eq!((run.code, run.stderr.lines().count(), run.stdout.as_str()), (Some(2), 1, ""));
    let start = format!("error: {}: cannot be written: ", work.results.display());
    assert!(run.stderr.starts_with(&start), "{}", run.stderr);
}

#[test]
fn options_that_cannot_be_are_one_line() {
    assert_refused(
        &run("adbench", &["foot", "x.txt"]),
        "invalid value 'foot' for '<OBJECTIVE>' [possible values: gmm, ba, lstm, hand] (see --help)",
    );
    assert_refused(
        &run("adbench", &["gmm"]),
        "the following required arguments were not provided: <FILE> (see --help)",
    );
    let help = run("adbench", &["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
}

/// A file of ADBench's own, if it is there.
fn published(name: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/adbench");
    fs::read_to_string(folder.join(name)).ok()
}

/// ADBench's tests expect these numbers of its modules, to 1e-8.
#[test]
fn gmm_comes_to_what_adbench_expects() {
    let Some(text) = published("gmm/test.txt") else { return };
    let (value, gradient) = Work::new(&text).gradient("gmm");
    assert_close(&[value], &[8.073_804_080_049_758], 1e-11);
    let expected = [
        1.086_628_555_086_524_6e-1,
        -7.412_700_395_238_985e-1,
        6.326_071_840_152_461e-1,
        1.116_925_765_327_870_1,
        1.633_330_135_514_552_7e-1,
        -2.199_898_240_711_931_4e-2,
        2.277_782_922_542_361e-1,
        1.209_630_256_128_321_9,
        -6.063_759_207_339_563e-2,
        2.585_299_940_511_622_4,
        1.126_326_945_242_137_9e-1,
        3.857_443_098_496_118e-1,
        7.351_805_731_823_055e-2,
        5.418_363_627_155_952,
        -3.214_944_096_774_465e-1,
        1.718_923_097_750_049_4,
        8.600_910_907_908_669e-1,
        -9.946_409_304_663_228e-1,
    ];
    assert_close(&gradient, &expected, 1e-14);
}

/// Likewise, to 1e-6: the errors, the first row of the Jacobian but for two entries, the last entry.
#[test]
fn ba_comes_to_what_adbench_expects() {
    let Some(text) = published("ba/test.txt") else { return };
    let work = Work::new(&text);
    assert_eq!(work.run("ba").code, Some(0));
    let objective = work.text("data_F.txt");
    let (reprojection, weight) = objective.split_once("Zach weight error:\n").unwrap();
    let reprojection = numbers(reprojection.strip_prefix("Reprojection error:\n").unwrap());
    let expected = [-2.690_488_492_351_894e-1, 2.599_447_926_779_019e-1].repeat(10);
    assert_close(&reprojection, &expected, 1e-12);
    assert_close(&numbers(weight), &[0.826_092_651_516; 10], 1e-12);
    let jacobian = work.text("data_J.txt");
    let values = numbers(jacobian.lines().last().unwrap());
    let expected = [
        2.288_772_022_082_467_6e2,
        6.345_748_114_955_454e2,
        -7.822_228_662_593_405e2,
        2.428_926_156_071_596_7,
        -1.178_280_796_280_113_1e1,
        2.541_693_124_877_434_6,
        -1.036_570_849_585_180_9,
        0.417_022,
        0.0,
        -3.507_395_210_960_052e2,
        -9.121_077_736_680_086e2,
        -2.428_926_156_071_596_7,
        1.178_280_796_280_113_1e1,
    ];
    assert_close(&values[..13], &expected, 1e-13);
    assert_eq!((values.len(), values[309]), (310, -0.834_044));
}

/// Likewise, to 1e-8; a few entries.
#[test]
fn lstm_comes_to_what_adbench_expects() {
    let Some(text) = published("lstm/lstm_l2_c1024.txt") else { return };
    let (value, gradient) = Work::new(&text).gradient("lstm");
    assert_close(&[value], &[0.666_665_18], 1e-9);
    let expected = [
        (0, 3.143_870_249_961_012e-6),
        (1, 0.0),
        (7, -3.678_408_073_360_705e-5),
        (8, -1.548_486_126_831_805_2e-4),
        (224, 8.950_566_562_844_23e-6),
        (238, 1.140_427_481_690_880_4e-2),
        (252, 2.173_486_627_925_380_6e-2),
        (265, -2.002_256_908_959_806_6e-2),
    ];
    assert_eq!(gradient.len(), 266);
    for (i, expected) in expected {
        assert_close(&[gradient[i]], &[expected], 1e-15);
    }
}
