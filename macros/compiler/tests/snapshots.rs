//! The loss of a linear regression after every pass, as text. `UPDATE_EXPECT=1` blesses.

mod common;

use common::{LOSS, compiled};
use expect_test::{Expect, expect};

fn check(found: &str, expected: Expect) {
    expected.assert_eq(found);
}

#[test]
fn lowered() {
    compiled(LOSS, |c| {
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
    compiled(LOSS, |c| {
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
    compiled(LOSS, |c| {
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
    compiled(LOSS, |c| {
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
    compiled(LOSS, |c| {
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
    compiled(LOSS, |c| {
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
    compiled(LOSS, |c| {
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

#[test]
fn emitted_scalar_code() {
    let source =
        "#[differentiate] fn f(x: f64, y: f64) -> f64 { let s = x.sin(); s * y + (x / y).sqrt() }";
    let file: syn::File = syn::parse_str(source).unwrap();
    let mut errors = chainrule_compiler::error::Errors::new();
    let callees = chainrule_compiler::capsule::Callees::of_file(&file, &mut errors).unwrap();
    let compiled = chainrule_compiler::driver::compile(&callees, &mut errors).unwrap();
    let text = prettyplease::unparse(
        &syn::parse2(chainrule_compiler::emit::emit(&compiled, &callees)).unwrap(),
    );
    let start = text.find("fn __gradient").unwrap();
    let end = start + text[start..].find("\n    }\n").unwrap();
    check(
        &text[start..end],
        expect![[r#"
            fn __gradient(x: f64, y: f64) -> (f64, f64, f64) {
                    let s = f64::sin(x);
                    let mul = s * y;
                    let div = x / y;
                    let sqrt = f64::sqrt(div);
                    let add = mul + sqrt;
                    let div_2 = 0.5f64 / sqrt;
                    let div_3 = div_2 / y;
                    let guard = ::chainrule::rt::guard(div_2, div_3);
                    let mul_2 = div_3 * div;
                    let neg = -mul_2;
                    let guard_2 = ::chainrule::rt::guard(div_2, neg);
                    let cos = f64::cos(x);
                    let mul_3 = y * cos;
                    let guard_3 = ::chainrule::rt::guard(y, mul_3);
                    let ct_x = guard + guard_3;
                    let ct_y = guard_2 + s;
                    (add, ct_x, ct_y)"#]],
    );
}
