//! Adjoint programs of scalar code as Rust: what innermost loops come out as.

use chainrule_compiler::capsule::Callees;
use chainrule_compiler::error::Errors;
use chainrule_compiler::flow::emit::{Programs, emit};
use chainrule_compiler::flow::ir::{
    Adjoint, Block, Carried, Grad, Kind, Loop, MemId, Mode, Origin, Over, ParamIs, Pass, Place,
    Program, Proj, RecId, Stmt, Tree, Ty, V,
};
use chainrule_compiler::ir::{Elem, Literal};
use chainrule_compiler::parse::{Function, Options, Type, parse_function};
use chainrule_compiler::primitives::{ADD, DIV, MUL, Prim, SQRT};
use expect_test::{Expect, expect};
use proc_macro2::Span;

/// Writes a program statement by statement.
struct Builder {
    program: Program,
    blocks: Vec<Vec<Stmt>>,
}

impl Builder {
    fn new() -> Self {
        Builder { program: Program::default(), blocks: vec![vec![]] }
    }

    fn put(&mut self, kind: Kind) {
        let stmt = Stmt { kind, span: Span::call_site() };
        self.blocks.last_mut().expect("a block is open").push(stmt);
    }

    fn value(&mut self, name: &str, ty: Ty) -> V {
        self.program.value(name, ty, Span::call_site())
    }

    fn float(&mut self, name: &str) -> V {
        self.value(name, Ty::Float(Elem::F64))
    }

    fn index(&mut self, name: &str) -> V {
        self.value(name, Ty::Int(Some("usize".into())))
    }

    fn number(&mut self, number: f64) -> V {
        let v = self.float("number");
        self.put(Kind::Const(v, Literal::Float(number, None)));
        v
    }

    fn integer(&mut self, number: i128) -> V {
        let v = self.index("integer");
        self.put(Kind::Const(v, Literal::Int(number)));
        v
    }

    fn prim(&mut self, row: Prim, args: &[V]) -> V {
        let v = self.float(row.name);
        self.put(Kind::Prim(v, row, args.to_vec()));
        v
    }

    fn pass(&mut self, symbol: &'static str, a: V, b: V) -> V {
        let v = self.index("at");
        self.put(Kind::Pass(v, Pass::Binary(symbol), vec![a, b]));
        v
    }

    fn slice(&mut self, name: &str, origin: Origin, shadows: Option<MemId>) -> MemId {
        let ty = Type::Slice(Box::new(Type::Float(Elem::F64)));
        let mem = self.program.mem(name, ty, origin, Span::call_site());
        self.program.mems[mem.0 as usize].shadows = shadows;
        mem
    }

    fn length(&mut self, mem: MemId) -> V {
        let v = self.index("len");
        self.put(Kind::Pass(v, Pass::Len(Place::whole(mem)), vec![]));
        v
    }

    fn load(&mut self, mem: MemId, at: V) -> V {
        let v = self.float("x");
        self.put(Kind::Load(v, Place { mem, proj: vec![Proj::Index(at)] }));
        v
    }

    fn add(&mut self, mem: MemId, at: V, v: V) {
        self.put(Kind::Store(Place { mem, proj: vec![Proj::Index(at)] }, v, Mode::Add));
    }

    fn conditional(&mut self, cond: V, then: impl FnOnce(&mut Self)) {
        self.blocks.push(vec![]);
        then(self);
        let then = Block { stmts: self.blocks.pop().expect("it was opened") };
        self.put(Kind::If { cond, then, other: Block::default(), outs: vec![] });
    }

    /// A loop that hands on what `body` returns; what it hands out.
    fn range(
        &mut self,
        (lo, hi, reversed): (V, V, bool),
        inits: &[V],
        body: impl FnOnce(&mut Self, V, &[V]) -> Vec<V>,
    ) -> Vec<V> {
        let var = self.index("i");
        let params: Vec<V> = inits.iter().map(|_| self.float("s")).collect();
        let outs: Vec<V> = inits.iter().map(|_| self.float("out")).collect();
        self.blocks.push(vec![]);
        let nexts = body(self, var, &params);
        let body = Block { stmts: self.blocks.pop().expect("it was opened") };
        let carried = (0..inits.len())
            .map(|k| Carried { param: params[k], init: inits[k], next: nexts[k], out: outs[k] })
            .collect();
        let over = Over::Range { var, lo, hi, reversed };
        let lp = Loop { over, carried, body, exit: None, checkpoint: None, count: None };
        self.put(Kind::Loop(Box::new(lp)));
        outs
    }

    fn finish(mut self, params: Vec<ParamIs>, grads: Vec<Grad>, result: V, seed: V) -> Adjoint {
        self.program.body = Block { stmts: self.blocks.pop().expect("the body is open") };
        self.program.params = params;
        self.program.result = Some(Tree::Value(result));
        Adjoint {
            program: self.program,
            seed: Tree::Value(seed),
            grads,
            reverse: 0,
            stores: vec![],
            tangents: false,
        }
    }
}

fn function(signature: &str) -> Function {
    let item = syn::parse_str(&format!("{signature} {{ 0.0 }}")).expect("it is a function");
    parse_function(Options::default(), item, &mut Errors::new()).expect("it is accepted")
}

/// The loops of the kernel.
fn check(signature: &str, adjoint: &Adjoint, expected: &Expect) {
    let function = function(signature);
    let callees = Callees::alone("id", proc_macro2::TokenStream::new(), function.clone());
    let programs = Programs::of(adjoint.clone());
    let file = syn::parse2(emit(&function, &programs, "", &callees)).expect("Rust is emitted");
    let text = prettyplease::unparse(&file);
    let (_, kernel) = text.split_once("fn __adjoint").expect("there is a kernel");
    let (_, kernel) = kernel.split_once("{\n").expect("it has a body");
    let (kernel, _) = kernel.split_once("\n    }\n").expect("it ends");
    let lines = kernel.lines().map(|line| line.strip_prefix("        ").unwrap_or(line));
    expected.assert_eq(&(lines.collect::<Vec<_>>().join("\n") + "\n"));
}

#[test]
fn neighbours_are_read_through_a_slice_each_and_written_through_one() {
    let mut b = Builder::new();
    let x = b.slice("x", Origin::Shared, None);
    let d_x = b.slice("d_x", Origin::Exclusive, Some(x));
    let ct = b.float("ct");
    let (one, zero, len) = (b.integer(1), b.number(0.0), b.length(x));
    let sum = b.range((one, len, false), &[zero], |b, i, s| {
        let before = b.pass("-", i, one);
        let (a, c) = (b.load(x, before), b.load(x, i));
        let product = b.prim(&MUL, &[a, c]);
        vec![b.prim(&ADD, &[s[0], product])]
    });
    b.range((one, len, true), &[], |b, i, _| {
        let before = b.pass("-", i, one);
        let (a, c) = (b.load(x, before), b.load(x, i));
        let (to_a, to_c) = (b.prim(&MUL, &[ct, c]), b.prim(&MUL, &[ct, a]));
        b.add(d_x, before, to_a);
        b.add(d_x, i, to_c);
        vec![]
    });
    let adjoint = b.finish(vec![ParamIs::Mem(x)], vec![Grad::Mem(d_x)], sum[0], ct);
    check(
        "fn f(x: &[f64]) -> f64",
        &adjoint,
        &expect![[r#"
            let len_3: usize = (*x_m0).len();
            let mut s_5: f64 = 0.0f64;
            if 1usize < len_3 {
                let n: usize = len_3 - 1usize;
                let x_w2 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let x_w3 = ::chainrule::rt::window(&(*x_m0)[..], 1usize, n);
                for k_w1 in 0..n {
                    let i_4: usize = 1usize + k_w1;
                    let at_7: usize = i_4 - 1usize;
                    let x_8: f64 = x_w2[k_w1];
                    let x_9: f64 = x_w3[k_w1];
                    let mul_10: f64 = x_8 * x_9;
                    let add_11: f64 = s_5 + mul_10;
                    s_5 = add_11;
                }
            }
            let out_6: f64 = s_5;
            if 1usize < len_3 {
                let n: usize = len_3 - 1usize;
                let x_w5 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let x_w6 = ::chainrule::rt::window(&(*x_m0)[..], 1usize, n);
                let d_x_w7 = ::chainrule::rt::window_mut(&mut (*d_x_m1)[..], 0, n + 1usize);
                for k_w4 in (0..n).rev() {
                    let i_12: usize = 1usize + k_w4;
                    let at_13: usize = i_12 - 1usize;
                    let x_14: f64 = x_w5[k_w4];
                    let x_15: f64 = x_w6[k_w4];
                    let mul_16: f64 = ct_0 * x_15;
                    let mul_17: f64 = ct_0 * x_14;
                    d_x_w7[k_w4] += mul_16;
                    d_x_w7[k_w4 + 1usize] += mul_17;
                }
            }
            (out_6, ())
        "#]],
    );
}

#[test]
fn a_condition_hides_a_range_unless_the_value_itself_is_read_in_every_iteration() {
    let mut b = Builder::new();
    let (x, y) = (b.slice("x", Origin::Shared, None), b.slice("y", Origin::Shared, None));
    let d_x = b.slice("d_x", Origin::Exclusive, Some(x));
    let d_y = b.slice("d_y", Origin::Exclusive, Some(y));
    let ct = b.float("ct");
    let (start, zero, len) = (b.integer(0), b.number(0.0), b.length(x));
    b.range((start, len, false), &[], |b, i, _| {
        let u = b.load(x, i);
        let positive = b.value("positive", Ty::Bool);
        b.put(Kind::Pass(positive, Pass::Binary(">"), vec![u, zero]));
        b.conditional(positive, |b| {
            let v = b.load(y, i);
            let (to_x, to_y) = (b.prim(&MUL, &[ct, v]), b.prim(&MUL, &[ct, u]));
            b.add(d_x, i, to_x);
            b.add(d_y, i, to_y);
        });
        vec![]
    });
    let params = vec![ParamIs::Mem(x), ParamIs::Mem(y)];
    let adjoint = b.finish(params, vec![Grad::Mem(d_x), Grad::Mem(d_y)], zero, ct);
    check(
        "fn f(x: &[f64], y: &[f64]) -> f64",
        &adjoint,
        &expect![[r#"
                let len_3: usize = (*x_m0).len();
                {
                    let n: usize = len_3;
                    let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                    let d_x_w2 = ::chainrule::rt::window_mut(&mut (*d_x_m2)[..], 0, n);
                    for i_4 in 0..n {
                        let x_5: f64 = x_w1[i_4];
                        let positive_6: bool = x_5 > 0.0f64;
                        if positive_6 {
                            let x_7: f64 = y_m1[i_4];
                            let mul_8: f64 = ct_0 * x_7;
                            let mul_9: f64 = ct_0 * x_5;
                            d_x_w2[i_4] += mul_8;
                            d_y_m3[i_4] += mul_9;
                        }
                    }
                }
                (0.0f64, ())
    "#]],
    );
}

#[test]
fn a_record_of_every_iteration_is_a_slice_for_each_value() {
    let mut b = Builder::new();
    let x = b.slice("x", Origin::Shared, None);
    let d_x = b.slice("d_x", Origin::Exclusive, Some(x));
    let ct = b.float("ct");
    let (start, zero, half, len) = (b.integer(0), b.number(0.0), b.number(0.5), b.length(x));
    b.put(Kind::Declare(RecId(0), vec![len]));
    let sum = b.range((start, len, false), &[zero], |b, i, s| {
        let a = b.load(x, i);
        let root = b.prim(&SQRT, &[a]);
        b.put(Kind::Keep(RecId(0), vec![root], vec![]));
        vec![b.prim(&ADD, &[s[0], root])]
    });
    b.range((start, len, true), &[], |b, i, _| {
        let root = b.float("root");
        b.put(Kind::Recall(RecId(0), vec![root], vec![]));
        let part = b.prim(&DIV, &[half, root]);
        let to = b.prim(&MUL, &[ct, part]);
        b.add(d_x, i, to);
        vec![]
    });
    let adjoint = b.finish(vec![ParamIs::Mem(x)], vec![Grad::Mem(d_x)], sum[0], ct);
    check(
        "fn f(x: &[f64]) -> f64",
        &adjoint,
        &expect![[r#"
            let len_4: usize = (*x_m0).len();
            let mut kept_r0_0: ::std::vec::Vec<f64> = ::std::vec::Vec::with_capacity(len_4);
            let mut s_6: f64 = 0.0f64;
            {
                let n: usize = len_4;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let first_w2: usize = kept_r0_0.len();
                kept_r0_0.resize(first_w2 + n, 0.0f64);
                let kept_w3 = &mut kept_r0_0[first_w2..][..n];
                for i_5 in 0..n {
                    let x_8: f64 = x_w1[i_5];
                    let sqrt_9: f64 = f64::sqrt(x_8);
                    kept_w3[i_5] = sqrt_9;
                    let add_10: f64 = s_6 + sqrt_9;
                    s_6 = add_10;
                }
            }
            let out_7: f64 = s_6;
            {
                let n: usize = len_4;
                let d_x_w4 = ::chainrule::rt::window_mut(&mut (*d_x_m1)[..], 0, n);
                let first_w5: usize = ::chainrule::rt::tail(&kept_r0_0, n);
                let kept_w6 = &kept_r0_0[first_w5..][..n];
                for i_11 in (0..n).rev() {
                    let root_12: f64 = kept_w6[i_11];
                    let div_13: f64 = 0.5f64 / root_12;
                    let mul_14: f64 = ct_0 * div_13;
                    d_x_w4[i_11] += mul_14;
                }
                kept_r0_0.truncate(first_w5);
            }
            (out_7, ())
        "#]],
    );
}

#[test]
fn a_sum_whose_order_is_free_runs_in_lanes() {
    let mut b = Builder::new();
    let (x, y) = (b.slice("x", Origin::Shared, None), b.slice("y", Origin::Shared, None));
    let d_k = b.float("d_k");
    let (start, zero, len) = (b.integer(0), b.number(0.0), b.length(x));
    let ct = b.float("ct");
    let sum = b.range((start, len, false), &[zero], |b, i, s| {
        let (u, v) = (b.load(x, i), b.load(y, i));
        let product = b.prim(&MUL, &[u, v]);
        b.program.unordered.push(s[0]);
        vec![b.prim(&ADD, &[s[0], product])]
    });
    let params = vec![ParamIs::Mem(x), ParamIs::Mem(y), ParamIs::Value(d_k)];
    let grads = vec![Grad::Not, Grad::Not, Grad::Value(Some(sum[0]))];
    let adjoint = b.finish(params, grads, zero, ct);
    check(
        "fn f(x: &[f64], y: &[f64], k: f64) -> f64",
        &adjoint,
        &expect![[r#"
            let len_3: usize = (*x_m0).len();
            let mut s_6: f64 = 0.0f64;
            {
                let n: usize = len_3;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let y_w2 = ::chainrule::rt::window(&(*y_m1)[..], 0, n);
                let mut done_w3: usize = 0;
                if n >= 4 {
                    let chunks_w6 = x_w1.as_chunks::<4>().0;
                    let chunks_w8 = y_w2.as_chunks::<4>().0;
                    let mut lanes_w10: [f64; 4] = [0.0f64; 4];
                    for c_w4 in 0..n / 4 {
                        let row_w7 = chunks_w6[c_w4];
                        let row_w9 = chunks_w8[c_w4];
                        for l_w5 in 0..4 {
                            let i_5: usize = c_w4 * 4 + l_w5;
                            let x_8: f64 = row_w7[l_w5];
                            let x_9: f64 = row_w9[l_w5];
                            let mul_10: f64 = x_8 * x_9;
                            let add_11: f64 = lanes_w10[l_w5] + mul_10;
                            lanes_w10[l_w5] = add_11;
                        }
                    }
                    s_6 = s_6 + ::chainrule::rt::add_lanes(&lanes_w10);
                    done_w3 = n / 4 * 4;
                }
                for i_5 in done_w3..n {
                    let x_8: f64 = x_w1[i_5];
                    let x_9: f64 = y_w2[i_5];
                    let mul_10: f64 = x_8 * x_9;
                    let add_11: f64 = s_6 + mul_10;
                    s_6 = add_11;
                }
            }
            let out_7: f64 = s_6;
            (0.0f64, (out_7,))
        "#]],
    );
}

/// The sum is the user's, the elements are gradients that neighbours share.
#[test]
fn what_neighbours_add_to_goes_in_lanes() {
    let mut b = Builder::new();
    let x = b.slice("x", Origin::Shared, None);
    let d_x = b.slice("d_x", Origin::Exclusive, Some(x));
    let (start, zero, len) = (b.integer(0), b.number(0.0), b.length(x));
    let one = b.integer(1);
    let last = b.pass("-", len, one);
    let ct = b.float("ct");
    let sum = b.range((start, last, false), &[zero], |b, i, s| {
        let (here, k) = (b.load(x, i), b.pass("+", i, one));
        let next = b.load(x, k);
        let product = b.prim(&MUL, &[here, next]);
        let (by_here, by_next) = (b.prim(&MUL, &[ct, next]), b.prim(&MUL, &[ct, here]));
        b.add(d_x, i, by_here);
        b.add(d_x, k, by_next);
        vec![b.prim(&ADD, &[s[0], product])]
    });
    let grads = vec![Grad::Mem(d_x)];
    let adjoint = b.finish(vec![ParamIs::Mem(x)], grads, sum[0], ct);
    check(
        "fn f(x: &[f64]) -> f64",
        &adjoint,
        &expect![[r#"
            let len_2: usize = (*x_m0).len();
            let at_4: usize = len_2 - 1usize;
            let mut s_7: f64 = 0.0f64;
            if 0usize < at_4 {
                let n: usize = at_4;
                let x_w1 = ::chainrule::rt::window(&(*x_m0)[..], 0, n);
                let x_w2 = ::chainrule::rt::window(&(*x_m0)[..], 1usize, n);
                let d_x_w3 = ::chainrule::rt::window_mut(&mut (*d_x_m1)[..], 0, n + 1usize);
                let mut done_w4: usize = 0;
                if n >= 4 {
                    let chunks_w7 = x_w1.as_chunks::<4>().0;
                    let chunks_w9 = x_w2.as_chunks::<4>().0;
                    let mut shared_w11: [f64; 1usize] = [d_x_w3[0usize]];
                    for c_w5 in 0..n / 4 {
                        let row_w8 = chunks_w7[c_w5];
                        let row_w10 = chunks_w9[c_w5];
                        let mut terms_w14: [f64; 4] = [-0.0f64; 4];
                        let mut terms_w15: [f64; 4] = [-0.0f64; 4];
                        let mut terms_w16: [f64; 4] = [-0.0f64; 4];
                        for l_w6 in 0..4 {
                            let i_6: usize = c_w5 * 4 + l_w6;
                            let x_9: f64 = row_w8[l_w6];
                            let at_10: usize = i_6 + 1usize;
                            let x_11: f64 = row_w10[l_w6];
                            let mul_12: f64 = x_9 * x_11;
                            let mul_13: f64 = ct_5 * x_11;
                            let mul_14: f64 = ct_5 * x_9;
                            terms_w15[l_w6] += mul_13;
                            terms_w14[l_w6] += mul_14;
                            let add_15: f64 = terms_w16[l_w6] + mul_12;
                            terms_w16[l_w6] = add_15;
                        }
                        let row_w13 = &mut d_x_w3[c_w5 * 4..c_w5 * 4 + 5usize];
                        let mut line_w12: [f64; 5usize] = [
                            shared_w11[0usize],
                            row_w13[1usize],
                            row_w13[2usize],
                            row_w13[3usize],
                            row_w13[4usize],
                        ];
                        for l_w6 in 0..4usize {
                            line_w12[l_w6 + 1usize] += terms_w14[l_w6];
                        }
                        for l_w6 in 0..4usize {
                            line_w12[l_w6 + 0usize] += terms_w15[l_w6];
                        }
                        for l_w6 in 0..4usize {
                            row_w13[l_w6] = line_w12[l_w6];
                        }
                        shared_w11 = [line_w12[4usize]];
                        for l_w6 in 0..4 {
                            s_7 = s_7 + terms_w16[l_w6];
                        }
                    }
                    let c_w5: usize = (d_x_w3.len() - 1usize) / 4 * 4;
                    d_x_w3[c_w5 + 0usize] = shared_w11[0usize];
                    done_w4 = n / 4 * 4;
                }
                for i_6 in done_w4..n {
                    let x_9: f64 = x_w1[i_6];
                    let at_10: usize = i_6 + 1usize;
                    let x_11: f64 = x_w2[i_6];
                    let mul_12: f64 = x_9 * x_11;
                    let mul_13: f64 = ct_5 * x_11;
                    let mul_14: f64 = ct_5 * x_9;
                    d_x_w3[i_6] += mul_13;
                    d_x_w3[i_6 + 1usize] += mul_14;
                    let add_15: f64 = s_7 + mul_12;
                    s_7 = add_15;
                }
            }
            let out_8: f64 = s_7;
            (out_8, ())
        "#]],
    );
}
