//! What becomes of loops once a program has its reverse sweep: frames instead of copies on a record,
//! neighbouring loops joined, columns two at a time. `UPDATE_EXPECT=1` blesses.

mod common;

use common::scalars;
use expect_test::{Expect, expect};

/// The loops of the program with its reverse sweep.
fn check(source: &str, expected: Expect) {
    expected.assert_eq(&adjoint(source));
}

fn adjoint(source: &str) -> String {
    scalars(source, |scalars| {
        let text = scalars.programs.adjoint.program.to_string();
        let from = text.find("  for ").unwrap_or(0);
        text[from..]
            .lines()
            .map(|line| format!("{}\n", line.trim_end().replacen("  ", "", 1)))
            .collect()
    })
}

/// Each iteration fills `w`, and the reverse loop reads it.
#[test]
fn a_workspace_has_frames() {
    check(
        "fn f(x: &[f64], m: &[f64]) -> f64 {
            let mut w = vec![0.0; x.len()];
            let mut s = 1.0;
            for c in 0..m.len() {
                for i in 0..w.len() { w[i] = x[i] * m[c]; }
                let mut p = 1.0;
                for i in 0..w.len() { p *= w[i]; }
                s = s * p;
            }
            s
        }",
        expect![[r#"
              for i in k..n.2
                carry s: f64 from c.4
                row: usize = i - k
                from: usize = row * n
                to: usize = from + n
                for i.2 in k..n
                  x.2: f64 = x[i.2]
                  m.2: f64 = m[i]
                  mul: f64 = mul x.2, m.2
                  w.2[from..to][i.2] = mul
                for i.3 in k..n
                  carry p: f64 from c.4
                  w.3: f64 = w.2[from..to][i.3]
                  p.2: f64 = mul p, w.3
                  keep #0 (p; )
                  next p = p.2
                out p.3: f64 = p
                s.2: f64 = mul s, p.3
                keep #1 (p.3, s; )
                next s = s.2
              out s.3: f64 = s
              d_w: Vec<f64> = zeros like w
              for i.4 in k..n.2 rev
                carry d_s: f64 from seed
                row.2: usize = i.4 - k
                from.2: usize = row.2 * n
                to.2: usize = from.2 + n
                recall #1 (p.4, s.4; )
                mul.2: f64 = mul d_s, p.4
                mul.3: f64 = mul d_s, s.4
                for i.5 in k..n rev
                  carry d_p: f64 from mul.3
                  recall #0 (p.5; )
                  w.4: f64 = w.2[from.2..to.2][i.5]
                  mul.4: f64 = mul d_p, w.4
                  mul.5: f64 = mul d_p, p.5
                  d_w[i.5] = mul.5
                  next d_p = mul.4
                out d_p.2: f64 = d_p
                for i.6 in k..n
                  carry sum: f64 from c.2
                  ct: f64 = d_w[i.6]
                  m.3: f64 = m[i.4]
                  mul.6: f64 = mul ct, m.3
                  x.3: f64 = x[i.6]
                  mul.7: f64 = mul ct, x.3
                  add: f64 = add sum, mul.7
                  d_x[i.6] += mul.6
                  next sum = add
                out sum.2: f64 = sum
                ran: bool = k < n
                if ran
                  d_m[i.4] += sum.2
                next d_s = mul.2
              out d_s.2: f64 = d_s
              return s.3
        "#]],
    );
}

/// What it holds at last is read behind the loop: it stays one memory.
#[test]
fn a_workspace_read_later_is_saved() {
    let text = adjoint(
        "fn f(x: &[f64], m: &[f64]) -> f64 {
            let mut w = vec![0.0; x.len()];
            let mut s = 1.0;
            for c in 0..m.len() {
                for i in 0..w.len() { w[i] = x[i] * m[c]; }
                let mut p = 1.0;
                for i in 0..w.len() { p *= w[i]; }
                s = s * p;
            }
            s * w.iter().sum::<f64>()
        }",
    );
    assert!(text.contains("save") && text.contains("restore"), "{text}");
}

#[test]
fn loops_over_one_range_are_joined() {
    check(
        "fn f(x: &[f64], y: &mut [f64]) {
            let n = x.len();
            let mut a = vec![0.0; n];
            for i in 0..n { a[i] = x[i].exp(); }
            for i in 0..n { y[i] = a[i] * x[i]; }
        }",
        expect![[r#"
              for i in k..n
                x.2: f64 = x[i]
                exp: f64 = exp x.2
                a[i] = exp
                keep #0 (exp; )
                a.2: f64 = a[i]
                x.3: f64 = x[i]
                mul: f64 = mul a.2, x.3
                y[i] = mul
              d_a: Vec<f64> = zeros like a
              for i.2 in k..n
                ct: f64 = d_y[i.2]
                d_y[i.2] = c
                x.4: f64 = x[i.2]
                mul.2: f64 = mul ct, x.4
                a.3: f64 = a[i.2]
                mul.3: f64 = mul ct, a.3
                d_x[i.2] += mul.3
                d_a[i.2] += mul.2
              for i.3 in k..n rev
                recall #0 (exp.2; )
                ct.2: f64 = d_a[i.3]
                d_a[i.3] = c.2
                mul.4: f64 = mul ct.2, exp.2
                guard: f64 = guard exp.2, mul.4
                guard.2: f64 = guard ct.2, guard
                d_x[i.3] += guard.2
              return ()
        "#]],
    );
}

/// Iterations of the second need what another one of the first has written, or will write.
#[test]
fn loops_over_neighbours_are_not_joined() {
    for index in ["i + 1", "n - 1 - i", "k[i]"] {
        let text = adjoint(&format!(
            "fn f(x: &[f64], k: &[usize], y: &mut [f64]) {{
                let n = x.len();
                let mut a = vec![0.0; n + 1];
                for i in 0..n {{ a[i] = x[i].exp(); }}
                for i in 0..n {{ y[i] = a[{index}]; }}
            }}",
        ));
        let forward = text.lines().filter(|line| line.trim().starts_with("for ")).count();
        assert_eq!(forward, 4, "{index}: {text}");
    }
}

#[test]
fn columns_go_two_at_a_time() {
    check(
        "#[differentiate(wrt(x, y))] fn f(a: &[f64], x: &[f64], y: &mut [f64]) {
            for c in 0..x.len() {
                let column = &a[c * y.len()..];
                let factor = x[c];
                for i in 0..y.len() { y[i] += column[i] * factor; }
            }
        }",
        expect![[r#"
              for pair in k..pairs
                base: usize = pair * k.3
                here: usize = k.4 + base
                next: usize = here + k.2
                n.3: usize = len y
                mul: usize = here * n.3
                x.2: f64 = x[here]
                n.4: usize = len y
                mul.2: usize = next * n.4
                x.3: f64 = x[next]
                for i in k..n.4
                  a.2: f64 = a[mul..][i]
                  mul.3: f64 = mul a.2, x.2
                  y[i] += mul.3
                  a.3: f64 = a[mul.2..][i]
                  mul.4: f64 = mul a.3, x.3
                  y[i] += mul.4
              for i.2 in rest..n
                n.5: usize = len y
                mul.5: usize = i.2 * n.5
                x.4: f64 = x[i.2]
                for i.3 in k.4..n.5
                  a.4: f64 = a[mul.5..][i.3]
                  mul.6: f64 = mul a.4, x.4
                  y[i.3] += mul.6
              for i.4 in k.4..n
                n.6: usize = len y
                mul.7: usize = i.4 * n.6
                for i.5 in k.4..n.6
                  carry d_x: f64 from c
                  ct: f64 = d_y[i.5]
                  a.5: f64 = a[mul.7..][i.5]
                  mul.8: f64 = mul ct, a.5
                  d_x.2: f64 = add d_x, mul.8
                  next d_x = d_x.2
                out d_x.3: f64 = d_x
                d_x.4[i.4] += d_x.3
              return ()
        "#]],
    );
}

#[test]
fn shorter_columns_go_two_at_a_time() {
    check(
        "#[differentiate(wrt(x, y))] fn f(l: &[f64], x: &[f64], y: &mut [f64]) {
            for c in 0..x.len() {
                let factor = x[c];
                let rest = &mut y[c + 1..];
                for i in 0..rest.len() { rest[i] += l[i] * factor; }
            }
        }",
        expect![[r#"
              for pair in k..pairs
                base: usize = pair * k.3
                here: usize = k.4 + base
                next: usize = here + k.2
                x.2: f64 = x[here]
                add: usize = here + k.5
                n.3: usize = len y[add..]
                x.3: f64 = x[next]
                add.2: usize = next + k.5
                n.4: usize = len y[add.2..]
                l.2: f64 = l[k]
                mul: f64 = mul l.2, x.2
                y[add..][k] += mul
                for i in k..n.4
                  i.2: usize = i + k.2
                  l.3: f64 = l[i.2]
                  mul.2: f64 = mul l.3, x.2
                  y[add.2..][i] += mul.2
                  l.4: f64 = l[i]
                  mul.3: f64 = mul l.4, x.3
                  y[add.2..][i] += mul.3
              for i.3 in rest..n
                x.4: f64 = x[i.3]
                add.3: usize = i.3 + k.5
                n.5: usize = len y[add.3..]
                for i.4 in k.4..n.5
                  l.5: f64 = l[i.4]
                  mul.4: f64 = mul l.5, x.4
                  y[add.3..][i.4] += mul.4
              for i.5 in k.4..n
                add.4: usize = i.5 + k.5
                n.6: usize = len y[add.4..]
                for i.6 in k.4..n.6
                  carry d_x: f64 from c
                  ct: f64 = d_y[add.4..][i.6]
                  l.6: f64 = l[i.6]
                  mul.5: f64 = mul ct, l.6
                  d_x.2: f64 = add d_x, mul.5
                  next d_x = d_x.2
                out d_x.3: f64 = d_x
                d_x.4[i.5] += d_x.3
              return ()
        "#]],
    );
}

/// An iteration reads what the one before has written, or the columns are not aligned.
#[test]
fn columns_that_need_each_other_go_alone() {
    for (factor, place, len) in [
        ("y[c]", "y[c + 1 + i]", "n - c - 1"),
        ("x[c]", "y[c + 1 + i]", "n - c"),
        ("x[c]", "y[c + i]", "n"),
        ("x[c]", "y[i]", "c"),
        ("x[c]", "y[k[c] + i]", "n"),
        ("x[c]", "y[k[i]]", "n"),
    ] {
        let text = adjoint(&format!(
            "#[differentiate(wrt(x, y))] fn f(x: &[f64], k: &[usize], n: usize, y: &mut [f64]) {{
                for c in 0..n {{
                    let factor = {factor};
                    for i in 0..{len} {{ {place} += factor * factor; }}
                }}
            }}",
        ));
        assert!(!text.contains("pair"), "{factor} {place} {len}: {text}");
    }
}

/// Two states by two inputs: nothing is kept, partials are computed once for both.
#[test]
fn a_recurrence_of_few_inputs_has_tangents() {
    check(
        "fn f(a: f64, b: f64, n: usize) -> f64 {
            let (mut p, mut q) = (1.0, 0.0);
            for _ in 0..n {
                let r = p + (a * q).sin();
                q -= b * p;
                p = r;
            }
            p + q
        }",
        expect![[r#"
            for i in k..n
              carry p: f64 from c.6
              carry q: f64 from c.7
              carry t_p: f64 from c.2
              carry t_p.2: f64 from c.3
              carry t_q: f64 from c.4
              carry t_q.2: f64 from c.5
              mul: f64 = mul a, q
              mul.2: f64 = mul t_q, a
              mul.3: f64 = mul t_q.2, a
              add: f64 = add mul.2, q
              sin: f64 = sin mul
              cos: f64 = cos mul
              mul.4: f64 = mul add, cos
              guard: f64 = guard add, mul.4
              mul.5: f64 = mul mul.3, cos
              guard.2: f64 = guard mul.3, mul.5
              r: f64 = add p, sin
              add.2: f64 = add t_p, guard
              add.3: f64 = add t_p.2, guard.2
              mul.6: f64 = mul b, p
              mul.7: f64 = mul t_p, b
              mul.8: f64 = mul t_p.2, b
              add.4: f64 = add mul.8, p
              q.2: f64 = sub q, mul.6
              sub: f64 = sub t_q, mul.7
              sub.2: f64 = sub t_q.2, add.4
              next p = r
              next q = q.2
              next t_p = add.2
              next t_p.2 = add.3
              next t_q = sub
              next t_q.2 = sub.2
            out p.2: f64 = p
            out q.3: f64 = q
            out t_p.3: f64 = t_p
            out t_p.4: f64 = t_p.2
            out t_q.3: f64 = t_q
            out t_q.4: f64 = t_q.2
            add.5: f64 = add p.2, q.3
            mul.9: f64 = mul seed, t_p.3
            guard.3: f64 = guard seed, mul.9
            mul.10: f64 = mul seed, t_p.4
            guard.4: f64 = guard seed, mul.10
            mul.11: f64 = mul seed, t_q.3
            guard.5: f64 = guard seed, mul.11
            d_a: f64 = add guard.3, guard.5
            mul.12: f64 = mul seed, t_q.4
            guard.6: f64 = guard seed, mul.12
            d_b: f64 = add guard.4, guard.6
            return add.5
        "#]],
    );
}

/// By four inputs tangents would cost more than the loop backwards.
#[test]
fn a_recurrence_of_many_inputs_is_reversed() {
    let text = adjoint(
        "fn f(a: f64, b: f64, c: f64, d: f64, n: usize) -> f64 {
            let mut p = 1.0;
            for _ in 0..n { p = a * p * p + b * p + c / (d + p); }
            p
        }",
    );
    assert!(text.contains("keep #0 (p"), "{text}");
}

/// Points belong to the nearest centre: the others have a cotangent of zero.
#[test]
fn what_vanishes_with_a_cotangent_is_under_a_condition() {
    check(
        "fn f(centres: &[f64], point: &[f64]) -> f64 {
            let d = point.len();
            let k = centres.len() / d;
            let mut distances = vec![0.0; k];
            for c in 0..k {
                let centre = &centres[c * d..(c + 1) * d];
                distances[c] = point.iter().zip(centre).map(|(a, b)| (a - b) * (a - b)).sum();
            }
            distances.iter().copied().fold(f64::INFINITY, f64::min)
        }",
        expect![[r#"
            for i in k.2..k
              mul: usize = i * n
              add: usize = i + k.3
              mul.2: usize = add * n
              n.3: usize = len centres[mul..mul.2]
              for i.2 in k.2..n
                carry acc: f64 from c.4
                point.2: f64 = point[i.2]
                centres.2: f64 = centres[mul..mul.2][i.2]
                sub: f64 = sub point.2, centres.2
                mul.3: f64 = mul sub, sub
                add.2: f64 = add acc, mul.3
                next acc = add.2
              out sum: f64 = acc
              distances[i] = sum
            INFINITY: f64 = pure { f64 :: INFINITY }
            record #0 (k)
            for i.3 in k.2..k
              carry acc.2: f64 from INFINITY
              distances.2: f64 = distances[i.3]
              min: f64 = min acc.2, distances.2
              keep #0 (acc.2; )
              next acc.2 = min
            out acc.3: f64 = acc.2
            d_distances: Vec<f64> = zeros like distances
            for i.4 in k.2..k rev
              carry d_acc: f64 from seed
              recall #0 (acc.4; )
              distances.3: f64 = distances[i.4]
              min_weight: f64 = min_weight acc.4, distances.3
              mul.4: f64 = mul d_acc, min_weight
              guard: f64 = guard min_weight, mul.4
              guard.2: f64 = guard d_acc, guard
              min_weight.2: f64 = min_weight distances.3, acc.4
              mul.5: f64 = mul d_acc, min_weight.2
              guard.3: f64 = guard min_weight.2, mul.5
              guard.4: f64 = guard d_acc, guard.3
              d_distances[i.4] += guard.4
              next d_acc = guard.2
            out d_acc.2: f64 = d_acc
            for i.5 in k.2..k
              ct: f64 = d_distances[i.5]
              d_distances[i.5] = c.2
              any: bool = ct != c
              if any
                mul.6: usize = i.5 * n
                add.3: usize = i.5 + k.3
                mul.7: usize = add.3 * n
                for i.6 in k.2..n
                  add.4: f64 = add ct, ct
                  point.3: f64 = point[i.6]
                  centres.3: f64 = centres[mul.6..mul.7][i.6]
                  sub.2: f64 = sub point.3, centres.3
                  mul.8: f64 = mul add.4, sub.2
                  neg: f64 = neg mul.8
                  d_centres[mul.6..mul.7][i.6] += neg
                  d_point[i.6] += mul.8
            return acc.3
        "#]],
    );
}

/// What an iteration adds that does not vanish with the cotangent stands in the way: here, of `w`,
/// that of the other sum.
#[test]
fn what_does_not_vanish_is_done_in_any_case() {
    let text = adjoint(
        "fn f(w: &[f64], x: &[f64]) -> f64 {
            let n = x.len();
            let mut h = vec![0.0; n];
            let mut s = 0.0;
            for j in 0..n {
                let mut a = 0.0;
                for i in 0..n { a += w[i] * x[j]; s += w[i]; }
                h[j] = a;
            }
            h.iter().copied().fold(s, f64::max)
        }",
    );
    assert!(!text.contains("if any"), "{text}");
}

/// Where the loops behind a cotangent are nested, they are there once more for small ones: what is
/// added to sums comes 2²⁵⁶ times too large then, what is in the workspace's shadow stays so.
#[test]
fn small_cotangents_are_scaled() {
    let text = adjoint(
        "fn f(q: &[f64], x: &[f64], d: usize) -> f64 {
            let k = q.len() / d;
            let mut y = vec![0.0; d];
            let mut h = vec![0.0; k];
            for c in 0..k {
                for i in 0..d { y[i] = q[c * d..(c + 1) * d][i] * x[i]; }
                let mut s = 0.0;
                for i in 0..d { for j in 0..d { s += y[i] * y[j]; } }
                h[c] = s;
            }
            h.iter().copied().fold(0.0, f64::max)
        }",
    );
    let (_, rest) = text.split_once("if small").unwrap_or_else(|| panic!("{text}"));
    let (small, plain) = rest.split_once("else").expect("other cotangents");
    assert!(small.contains("add_scaled"), "{text}");
    assert!(small.contains("d_y[") && !small.contains("d_q[mul.9..mul.10][i.9] +="), "{text}");
    assert!(plain.contains("+=") && !plain.contains("add_scaled"), "{text}");
}
