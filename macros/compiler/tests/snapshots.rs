//! The loss of a linear regression after every pass, as text. `UPDATE_EXPECT=1` blesses.

mod common;

use common::{LOSS, compiled, scalars, tensors};
use expect_test::{Expect, expect};

fn check(found: &str, expected: Expect) {
    expected.assert_eq(found);
}

#[test]
fn lowered() {
    tensors(LOSS, |c| {
        check(
            &c.lowered.to_string(),
            expect![[r#"
        fn loss(x: f32[n, m], y: f32[n], w: f32[m], b: f32)
          mul[i, j]: f32[n, m] = mul x[i, j], w[j]
          dot[i]: f32[n] = Σ(i: n, j: m) dot[i] += mul[i, j]
          y_pred[i]: f32[n] = add dot[i], b
          e[i]: f32[n] = sub y_pred[i], y[i]
          mul.2[i]: f32[n] = mul e[i], e[i]
          sum: f32 = Σ(i: n) sum += mul.2[i]
          n: usize = size n
          cast: f32 = cast n
          div: f32 = div sum, cast
          return div
    "#]],
        )
    });
}

#[test]
fn primal() {
    tensors(LOSS, |c| {
        check(
            &c.primal.to_string(),
            expect![[r#"
        fn loss(x: f32[n, m], y: f32[n], w: f32[m], b: f32)
          mul[i, j]: f32[n, m] = mul x[i, j], w[j]
          dot[i]: f32[n] = Σ(i: n, j: m) dot[i] += mul[i, j]
          y_pred[i]: f32[n] = add dot[i], b
          e[i]: f32[n] = sub y_pred[i], y[i]
          mul.2[i]: f32[n] = mul e[i], e[i]
          sum: f32 = Σ(i: n) sum += mul.2[i]
          n: usize = size n
          cast: f32 = cast n
          div: f32 = div sum, cast
          return div
    "#]],
        )
    });
}

#[test]
fn reverse() {
    tensors(LOSS, |c| {
        check(
            &c.gradient.as_ref().unwrap().reverse.to_string(),
            expect![[r#"
        fn loss(x: f32[n, m], y: f32[n], w: f32[m], b: f32)
          mul[i, j]: f32[n, m] = mul x[i, j], w[j]
          dot[i]: f32[n] = Σ(i: n, j: m) dot[i] += mul[i, j]
          y_pred[i]: f32[n] = add dot[i], b
          e[i]: f32[n] = sub y_pred[i], y[i]
          mul.2[i]: f32[n] = mul e[i], e[i]
          sum: f32 = Σ(i: n) sum += mul.2[i]
          n: usize = size n
          cast: f32 = cast n
          div: f32 = div sum, cast
          c: f32 = 1
          div.2: f32 = div c, cast
          mul.3[i]: f32[n] = mul div.2, e[i]
          mul.4[i]: f32[n] = mul div.2, e[i]
          ct_e[i]: f32[n] = add mul.3[i], mul.4[i]
          mul.5[i, j]: f32[n, m] = mul ct_e[i], x[i, j]
          ct_w[i]: f32[m] = Σ(i: n, j: m) ct_w[j] += mul.5[i, j]
          d_w[i]: f32[m] = ct_w[i]
          ct_b: f32 = Σ(i: n) ct_b += ct_e[i]
          d_b: f32 = ct_b
          return div
          ∂w = d_w
          ∂b = d_b
    "#]],
        )
    });
}

#[test]
fn simplified() {
    tensors(LOSS, |c| {
        check(
            &c.gradient.as_ref().unwrap().simplified.to_string(),
            expect![[r#"
        fn loss(x: f32[n, m], y: f32[n], w: f32[m], b: f32)
          mul[i, j]: f32[n, m] = mul x[i, j], w[j]
          dot[i]: f32[n] = Σ(i: n, j: m) dot[i] += mul[i, j]
          y_pred[i]: f32[n] = add dot[i], b
          e[i]: f32[n] = sub y_pred[i], y[i]
          mul.2[i]: f32[n] = mul e[i], e[i]
          sum: f32 = Σ(i: n) sum += mul.2[i]
          n: usize = size n
          cast: f32 = cast n
          div: f32 = div sum, cast
          c: f32 = 1
          div.2: f32 = div c, cast
          mul.3[i]: f32[n] = mul div.2, e[i]
          ct_e[i]: f32[n] = add mul.3[i], mul.3[i]
          mul.4[i, j]: f32[n, m] = mul ct_e[i], x[i, j]
          ct_w[i]: f32[m] = Σ(i: n, j: m) ct_w[j] += mul.4[i, j]
          ct_b: f32 = Σ(i: n) ct_b += ct_e[i]
          return div
          ∂w = ct_w
          ∂b = ct_b
    "#]],
        )
    });
}

#[test]
fn nest() {
    tensors(LOSS, |c| {
        let gradient = c.gradient.as_ref().unwrap();
        check(
            &gradient.nest.show(&gradient.program),
            expect![[r#"
                ct_w = 0
                let n = size n
                let cast = cast n
                let c = 1
                let div.2 = div c, cast
                sum = 0
                ct_b = 0
                for i0 in 0..n by 4 {
                  dot = 0
                  for i1 in 0..m {
                    let mul[i0, i1] = mul x[i0, i1], w[i1]
                    dot[i0] += mul[i0, i1]
                  }
                  let y_pred[i0] = add dot[i0], b
                  let e[i0] = sub y_pred[i0], y[i0]
                  let mul.2[i0] = mul e[i0], e[i0]
                  sum += mul.2[i0]
                  let mul.3[i0] = mul div.2, e[i0]
                  let ct_e[i0] = add mul.3[i0], mul.3[i0]
                  ct_b += ct_e[i0]
                  for i2 in 0..m {
                    let mul.4[i0, i2] = mul ct_e[i0], x[i0, i2]
                    ct_w[i2] += mul.4[i0, i2]
                  }
                }
                let div = div sum, cast
            "#]],
        );
    });
}

#[test]
fn at_run_time_broadcasting() {
    tensors(LOSS, |c| {
        check(
            &c.general.as_ref().unwrap().program.to_string(),
            expect![[r#"
        fn loss(x: f32[n, m], y: f32[p], w: f32[m], b: f32, cotangent: f32)
          mul[i, j]: f32[n, m] = mul x[i, j], w[j]
          dot[i]: f32[n] = Σ(i: n, j: m) dot[i] += mul[i, j]
          y_pred[i]: f32[n] = add dot[i], b
          e[i]: f32[r] = sub y_pred[i<n], y[i<p]
          mul.2[i]: f32[r] = mul e[i], e[i]
          sum: f32 = Σ(i: r) sum += mul.2[i]
          n: usize = size r
          cast: f32 = cast n
          div: f32 = div sum, cast
          div.2: f32 = div cotangent, cast
          guard: f32 = guard cotangent, div.2
          mul.3[i]: f32[r] = mul guard, e[i]
          ct_e[i]: f32[r] = add mul.3[i], mul.3[i]
          ct_y_pred[i]: f32[n] = Σ(i: r) ct_y_pred[i<n] += ct_e[i]
          mul.4[i, j]: f32[n, m] = mul ct_y_pred[i], x[i, j]
          ct_w[i]: f32[m] = Σ(i: n, j: m) ct_w[j] += mul.4[i, j]
          ct_b: f32 = Σ(i: n) ct_b += ct_y_pred[i]
          return div
          ∂w = ct_w
          ∂b = ct_b
    "#]],
        )
    });
}

#[test]
fn derivation() {
    tensors(LOSS, |c| {
        check(
            &c.derivation,
            expect![[r#"
        loss(x, y, w, b) = (Σ_i e[i]·e[i]) / n
          e[i] = (Σ_j x[i, j]·w[j]) + b - y[i]

          ē[i] = 2·(1 / n)·e[i]
        w̄[i] = Σ_j ē[j]·x[j, i]
        b̄ = Σ_i ē[i]

        stores nothing
    "#]],
        )
    });
}

/// A recurrence over a slice with a branch, the derivative of which is a loop backwards.
const RECURRENCE: &str = "
    #[differentiate]
    fn f(x: &[f64], k: f64) -> f64 {
        let mut y = k;
        for e in x {
            y = if y > 1.0 { y.sin() } else { y * e };
        }
        y
    }
";

#[test]
fn lowered_scalar_code() {
    scalars(RECURRENCE, |c| {
        check(
            &c.lowered.to_string(),
            expect![[r#"
                fn f(x: &[f64], y: f64)
                  n: usize = len x
                  k: usize = 0
                  c: f64 = 1.0
                  for i in k..n
                    carry y.2: f64 from y
                    x.2: f64 = x[i]
                    c.2: bool = y.2 > c
                    if c.2
                      sin: f64 = sin y.2
                    else
                      mul: f64 = mul y.2, x.2
                    out y.3: f64 = sin | mul
                    next y.2 = y.3
                  out y.4: f64 = y.2
                  return y.4
            "#]],
        )
    });
}

#[test]
fn adjoint_of_scalar_code() {
    scalars(RECURRENCE, |c| {
        check(
            &c.programs.adjoint.program.to_string(),
            expect![[r#"
                fn f(x: &[f64], y: f64)
                  c: f64 = 0.0
                  n: usize = len x
                  k: usize = 0
                  c.2: f64 = 1.0
                  record #0 (n)
                  for i in k..n
                    carry y.2: f64 from y
                    x.2: f64 = x[i]
                    c.3: bool = y.2 > c.2
                    if c.3
                      sin: f64 = sin y.2
                    else
                      mul: f64 = mul y.2, x.2
                    out y.3: f64 = sin | mul
                    keep #0 (y.2; )
                    next y.2 = y.3
                  out y.4: f64 = y.2
                  for i.2 in k..n rev
                    carry d_y: f64 from seed
                    recall #0 (y.5; )
                    c.4: bool = y.5 > c.2
                    if c.4
                      cos: f64 = cos y.5
                      mul.2: f64 = mul d_y, cos
                      guard: f64 = guard d_y, mul.2
                    else
                      x.3: f64 = x[i.2]
                      mul.3: f64 = mul d_y, x.3
                      mul.4: f64 = mul d_y, y.5
                    out d_y.2: f64 = guard | mul.3
                    out d_x: f64 = c | mul.4
                    d_x.2[i.2] += d_x
                    next d_y = d_y.2
                  out d_y.3: f64 = d_y
                  return y.4
            "#]],
        )
    });
}

#[test]
fn derivation_of_scalar_code() {
    scalars(RECURRENCE, |c| {
        check(
            &c.derivation,
            expect![[r#"
                f(x, k) = y
                  n = len(x)
                  y = k
                  for i in 0..n:
                    if y > 1.0:
                      y2 = sin(y)
                    else:
                      y2 = y·x[i]
                    keep y
                    y = y2
                  ȳ = 1
                  for i2 in 0..n reversed:
                    recall y3
                    if y3 > 1.0:
                      ȳ2 = [ȳ ≠ 0]·ȳ·cos(y3)
                      x̄2 = 0
                    else:
                      ȳ2 = ȳ·x[i2]
                      x̄2 = ȳ·y3
                    x̄[i2] += x̄2
                    ȳ = ȳ2
                k̄ = ȳ

                stores 1 f64 in each iteration: y
            "#]],
        )
    });
}

/// A conditional in a branch of another on the same condition is what that branch says.
#[test]
fn a_condition_is_asked_once() {
    scalars(
        "#[differentiate] fn f(x: f64, y: f64) -> f64 {
            let a = if x > y { x * y } else { y.sin() };
            if x > y { if x > y { a * x } else { a } } else if x > y { 7.0 } else { -y }
        }",
        |c| {
            check(
                &c.derivation,
                expect![[r#"
                    f(x, y) = if
                      c = x > y
                      if c:
                        a = x·y
                      else:
                        a = sin(y)
                      if c:
                        if = a·x
                      else:
                        if = -y
                      if c:
                        ā = x
                        x̄ = a
                        ȳ = 0
                      else:
                        ā = 0
                        x̄ = 0
                        ȳ = -1
                      if c:
                        x̄2 = x̄ + ā·y
                        ȳ2 = ȳ + ā·x
                      else:
                        x̄2 = x̄
                        ȳ2 = ȳ + [ā ≠ 0]·ā·cos(y)
                    x̄ = x̄2
                    ȳ = ȳ2

                    stores nothing
                "#]],
            );
        },
    );
}

/// A cotangent that is known to be no zero is not asked about.
#[test]
fn derivation_of_a_formula() {
    let source = "fn f(x: f64, y: f64) -> f64 {
        (x * y).sin() * 2.0 + y.sqrt() + (x / y).ln() + x.powi(3)
    }";
    scalars(source, |c| {
        check(
            &c.derivation,
            expect![[r#"
        f(x, y) = sin(t1)·2.0 + t2 + ln(t3) + x^3
          t1 = x·y
          t2 = √(y)
          t3 = x / y
          t4 = 1 / t3
          t5 = 2.0·cos(t1)
        x̄ = 3·x^2 + [t4 ≠ 0]·t4 / y + t5·y
        ȳ = [t4 ≠ 0]·(-t4 / y·t3) + 0.5 / t2 + t5·x

        stores nothing
    "#]],
        )
    });
}

#[test]
fn emitted_scalar_code() {
    let source =
        "#[differentiate] fn f(x: f64, y: f64) -> f64 { let s = x.sin(); s * y + (x / y).sqrt() }";
    let callees = common::parsed(source);
    compiled(source, |compiled| {
        let text = prettyplease::unparse(
            &syn::parse2(chainrule_compiler::emit::emit(compiled, &callees)).unwrap(),
        );
        let start = text.find("fn __adjoint").unwrap();
        let end = start + text[start..].find("\n    }\n").unwrap();
        check(
            &text[start..end],
            expect![[r#"
                fn __adjoint(x_0: f64, y_1: f64, seed_7: f64) -> (f64, (f64, f64)) {
                        let sin_2: f64 = f64::sin(x_0);
                        let mul_3: f64 = sin_2 * y_1;
                        let div_4: f64 = x_0 / y_1;
                        let sqrt_5: f64 = f64::sqrt(div_4);
                        let add_6: f64 = mul_3 + sqrt_5;
                        let mul_9: f64 = seed_7 * 0.5f64;
                        let div_10: f64 = mul_9 / sqrt_5;
                        let guard_11: f64 = if seed_7 == 0.0f64 { 0.0f64 } else { div_10 };
                        let div_12: f64 = guard_11 / y_1;
                        let guard_13: f64 = if guard_11 == 0.0f64 { 0.0f64 } else { div_12 };
                        let div_14: f64 = guard_11 / y_1;
                        let mul_15: f64 = div_14 * div_4;
                        let neg_16: f64 = -mul_15;
                        let guard_17: f64 = if guard_11 == 0.0f64 { 0.0f64 } else { neg_16 };
                        let mul_18: f64 = seed_7 * y_1;
                        let mul_19: f64 = seed_7 * sin_2;
                        let d_y_20: f64 = guard_17 + mul_19;
                        let cos_21: f64 = f64::cos(x_0);
                        let mul_22: f64 = mul_18 * cos_21;
                        let guard_23: f64 = if mul_18 == 0.0f64 { 0.0f64 } else { mul_22 };
                        let d_x_24: f64 = guard_13 + guard_23;
                        (add_6, (d_x_24, d_y_20))"#]],
        );
    });
}

/// Products of matrices are calls, with loops between them; buffers are taken in turn.
#[test]
fn planned_with_products_of_matrices() {
    let source = "#[differentiate(wrt(w, b, v))]
        fn loss(x: &Array2<f64>, y: &Array2<f64>, w: &Array2<f64>, b: &Array1<f64>, v: &Array2<f64>) -> f64 {
            let hidden = (x.dot(w) + b).mapv(f64::tanh);
            (hidden.dot(v) - y).mapv(|e| e * e).sum()
        }";
    tensors(source, |c| {
        let gradient = c.gradient.as_ref().unwrap();
        check(
            &gradient.nest.show(&gradient.program),
            expect![[r#"
                buffer dot[n, s]
                buffer dot.2[n, q]
                buffer ct_hidden[n, s]
                hidden in dot
                ct_e in dot.2
                guard.3 in dot
                ct_b = 0
                dot[i, k] = gemm x[i, j], w[j, k]
                for i0 in 0..n {
                  for i1 in 0..s {
                    let add[i0, i1] = add dot[i0, i1], b[i1]
                    hidden[i0, i1] = tanh add[i0, i1]
                  }
                }
                dot.2[i, k] = gemm hidden[i, j], v[j, k]
                sum = 0
                for i2 in 0..n {
                  for i3 in 0..q {
                    let e[i2, i3] = sub dot.2[i2, i3], y[i2, i3]
                    let mul.3[i2, i3] = mul e[i2, i3], e[i2, i3]
                    sum += mul.3[i2, i3]
                    ct_e[i2, i3] = add e[i2, i3], e[i2, i3]
                  }
                }
                ct_hidden[i, j] = gemm ct_e[i, k], v[j, k]
                ct_v[j, k] = gemm hidden[i, j], ct_e[i, k]
                let c = 1
                for i4 in 0..n by 4 {
                  for i5 in 0..s {
                    let mul.6[i4, i5] = mul hidden[i4, i5], hidden[i4, i5]
                    let sub[i4, i5] = sub c, mul.6[i4, i5]
                    let mul.7[i4, i5] = mul ct_hidden[i4, i5], sub[i4, i5]
                    let guard.2[i4, i5] = guard sub[i4, i5], mul.7[i4, i5]
                    guard.3[i4, i5] = guard ct_hidden[i4, i5], guard.2[i4, i5]
                    ct_b[i5] += guard.3[i4, i5]
                  }
                }
                ct_w[j, k] = gemm x[i, j], guard.3[i, k]
            "#]],
        );
    });
}
