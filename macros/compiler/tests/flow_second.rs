//! Second derivatives of scalar code: what the Hessian is taken by. `UPDATE_EXPECT=1` blesses.

mod common;

use chainrule_compiler::flow::emit::{Hessian, Jacobian};
use common::scalars;
use expect_test::{Expect, expect};

/// Where entries are put on lists.
fn entries(text: &str) -> String {
    let entries = text.lines().filter(|line| line.contains(".entry ") || line.contains("column"));
    entries.map(|line| format!("{}\n", line.trim())).collect()
}

/// The column of what is read under a condition leaves that, and where there was none no entry is
/// made.
#[test]
fn columns_leave_conditions() {
    let body = "let mut out = vec![0.0; x.len()]; \
                for i in 0..x.len() { out[i] = if i == 0 { 1.0 } else { x[i - 1] } * x[i]; } out";
    let source =
        format!("#[differentiate(jacobian(sparse))] fn f(x: &[f64]) -> Vec<f64> {{ {body} }}");
    let text = scalars(&source, |scalars| match &scalars.programs.jacobian {
        Some(Jacobian::Sparse(of)) => entries(&of.program.to_string()),
        _ => "none\n".to_string(),
    });
    expect![[r#"
        out column: usize = none | sub
        at: bool = column != none
        entries.entry [i, column] mul.2
        entries.entry [i, i] if
    "#]]
    .assert_eq(&text);
}

/// Four elements make one row, which is taken backwards; two make the other, whose entries are their
/// tangents. There is room for all.
#[test]
fn rows_of_many_elements_are_taken_backwards() {
    let body = "let mut out = vec![[0.0; 2]; n]; for i in 0..n { \
                let (a, b, c, d) = (x[i], x[i + 1], y[i], y[i + 1]); \
                out[i] = [a * b * c * d, a * b]; } out";
    let params = "x: &[f64], y: &[f64], n: usize";
    let source =
        format!("#[differentiate(jacobian(sparse))] fn f({params}) -> Vec<[f64; 2]> {{ {body} }}");
    let text = scalars(&source, |scalars| match &scalars.programs.jacobian {
        Some(Jacobian::Sparse(of)) => {
            let text = of.program.to_string();
            let of_rows = |line: &&str| line.contains("entr") || line.contains("mul");
            text.lines().filter(of_rows).map(|line| format!("{}\n", line.trim())).collect()
        }
        _ => "none\n".to_string(),
    });
    expect![[r#"
        room.3: usize = room.saturating_mul(room.2)
        entries: Vec<(u32 , u32 , f64)> = empty; room.5
        room.8: usize = room.6.saturating_mul(room.7)
        entries.2: Vec<(u32 , u32 , f64)> = empty; room.10
        mul: f64 = mul x.2, x.3
        mul.2: f64 = mul mul, y.2
        mul.3: f64 = mul mul.2, y.3
        mul.4: f64 = mul y.3, y.2
        mul.5: f64 = mul y.3, mul
        mul.6: f64 = mul mul.4, x.3
        mul.7: f64 = mul mul.4, x.2
        ct: f64 = cast mul.2
        ct.2: f64 = cast mul.5
        ct.3: f64 = cast mul.7
        ct.4: f64 = cast mul.6
        list: [f64; 2] = [mul.3, mul]
        entries.entry [at.3, i] ct.4
        entries.entry [at.3, add] ct.3
        entries.2.entry [at.3, i] ct.2
        entries.2.entry [at.3, add] ct
        entries.entry [at.4, i] x.3
        entries.entry [at.4, add] x.2
        return ((at.7, entries, entries.2))
    "#]]
    .assert_eq(&text);
}

/// Directions are an index: what stands between two loops is done for all of them in one loop, and
/// what is handed on has a row.
#[test]
fn many_directions_are_an_axis() {
    let body = "let mut s = 0.0; let mut out = vec![0.0; 9]; \
                for i in 0..9 { s += x[i].sin(); out[i] = s * x[0]; } out";
    let source = format!("#[differentiate(jacobian)] fn f(x: &[f64; 9]) -> Vec<f64> {{ {body} }}");
    let text = scalars(&source, |scalars| match &scalars.programs.jacobian {
        Some(Jacobian::Wide(forward, directions)) => {
            format!("{directions} directions\n{}", forward.program)
        }
        _ => "none\n".to_string(),
    });
    expect![[r#"
        9 directions
        fn f(x: &[f64; 9])
          k: usize = 9
          k.2: usize = 0
          t_s: [f64; 9] = unset
          c: f64 = 0.0
          c.2: f64 = 0.0
          k.3: usize = 9
          out: Vec<f64> = filled c.2; k.3
          t_out: Vec<[f64; 9]> = zeros like out
          k.4: usize = 0
          for d in k.2..k
            t_s[d] = c
          for i in k.4..k.3
            carry s: f64 from c.2
            x.2: f64 = x[i]
            sin: f64 = sin x.2
            cos: f64 = cos x.2
            s.2: f64 = add s, sin
            x.3: f64 = x[k.4]
            mul: f64 = mul s.2, x.3
            out[i] = mul
            for d.2 in k.2..k
              t_s.2: f64 = t_s[d.2]
              t_x.2: f64 = t_x[i][d.2]
              mul.2: f64 = mul t_x.2, cos
              guard: f64 = guard t_x.2, mul.2
              add: f64 = add t_s.2, guard
              t_x.3: f64 = t_x[k.4][d.2]
              mul.3: f64 = mul add, x.3
              mul.4: f64 = mul t_x.3, s.2
              add.2: f64 = add mul.3, mul.4
              t_out[i][d.2] = add.2
              t_s[d.2] = add
            next s = s.2
          out s.3: f64 = s
          return (out, t_out)
    "#]]
    .assert_eq(&text);
}

/// Where entries of the Hessian are added, or how many columns are taken at once.
fn check(body: &str, expected: Expect) {
    let source = format!("#[differentiate(hessian)] fn f(x: &[f64]) -> f64 {{ {body} }}");
    let text = scalars(&source, |scalars| match &scalars.programs.hessian {
        Some(Hessian::Sites(program)) => {
            let text = program.to_string();
            let entries = text.lines().filter(|line| line.trim_start().starts_with("h"));
            entries.map(|line| format!("{}\n", line.trim())).collect()
        }
        Some(Hessian::Columns(forward)) => format!("{} columns\n", forward.tangents.len()),
        Some(Hessian::Sparse(program)) => entries(&program.to_string()),
        None => "none\n".to_string(),
    });
    expected.assert_eq(&text);
}

/// Each term has a Hessian of two variables, of which three entries are computed.
#[test]
fn a_sum_over_neighbours_is_taken_by_its_terms() {
    check(
        "let mut s = 0.0; for i in 0..x.len() - 1 { s += x[i] * x[i] * x[i + 1].sin(); } s",
        expect![[r#"
            h: Vec<f64> = zeros like x
            h.2: Vec<Vec<f64>> = filled with h; n
            h.2[add][i] += guard.2
            h.2[i][add] += guard.2
            h.2[add][add] += guard.3
            h.2[i][i] += add.2
        "#]],
    );
}

/// What one term depends on is in all: its entries are added where the others' variables are.
#[test]
fn an_element_outside_the_loop() {
    check(
        "let k = x[0]; let mut s = 0.0; for e in x { s += (e * k).sin(); } s",
        expect![[r#"
        h: Vec<f64> = zeros like x
        h.2: Vec<Vec<f64>> = filled with h; n
        h.2[i][k] += add
        h.2[k][i] += add
        h.2[i][i] += mul.9
        h.2[k][k] += t_d_x.2
    "#]],
    );
}

/// The terms are connected.
#[test]
fn other_functions_are_taken_by_columns() {
    check(
        "let mut s = 0.0; for e in x { s += e * e; } s.sqrt()",
        expect![[r#"
        4 columns
    "#]],
    );
    check(
        "let mut p = 1.0; for e in x { p *= e; } p",
        expect![[r#"
        4 columns
    "#]],
    );
    check(
        "let mut s = 0.0; for e in x { s += e.sin(); } s * x[0]",
        expect![[r#"
        4 columns
    "#]],
    );
}
