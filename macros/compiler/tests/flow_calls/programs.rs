//! The programs. What each computes stands as Rust in `tests/tests/flow_calls.rs`, with what they
//! call.

use crate::build::{Build, at, constant, field, float, floats, of, value, whole};
use chainrule_compiler::flow::ir::By::{Mut, Ref, Value};
use chainrule_compiler::flow::ir::{CallArg, Init, Kind, MemId, Origin, Program, Proj, Source, V};
use chainrule_compiler::parse::Type;

/// Writes a body; its result.
type Make = fn(&mut Build, MemId, V) -> V;

/// The programs of `x: &[f64]` and `k: f64`, by name.
pub(crate) fn of_a_slice() -> Vec<(&'static str, Program)> {
    let shared = |make: Make| {
        let (mut b, x, k) = Build::new(Type::Slice(Box::new(float())), Origin::Shared);
        let result = make(&mut b, x, k);
        b.finish(result)
    };
    let list: [(&'static str, Make); 23] = [
        ("straight", straight),
        ("overwritten", overwritten),
        ("in_out", in_out),
        ("results", results),
        ("branch", branch),
        ("branch_in_a_loop", branch_in_a_loop),
        ("once", once),
        ("once_in_out", once_in_out),
        ("checkpointed", checkpointed),
        ("growing", growing),
        ("halves", halves),
        ("scalar", scalar),
        ("object", object),
        ("consumed", consumed),
        ("unused", unused),
        ("fields", fields),
        ("nested", nested),
        ("until", until),
        ("moved", moved),
        ("rows", rows),
        ("receivers", receivers),
        ("structs", structs),
        ("once_around", once_around),
    ];
    list.into_iter().map(|(name, make)| (name, shared(make))).collect()
}

/// Those of `x: &mut [f64]` and of `x: &mut Vec<f64>`.
pub(crate) fn of_an_output() -> Vec<(&'static str, &'static str, Program)> {
    let (mut b, x, k) = Build::new(Type::Slice(Box::new(float())), Origin::Exclusive);
    let r = b.call("step", vec![of(Mut, whole(x)), value(k)]);
    let zero = b.integer(0);
    let first = at(x, &[Proj::Index(zero)]);
    let (y, one) = (b.load(first.clone()), b.integer(1));
    let product = b.mul(y, r);
    b.set(first, product);
    b.run("advance", vec![of(Mut, at(x, &[Proj::Range(one, None)])), value(r)]);
    let slice = b.finish(r);
    let (mut b, x, k) = Build::new(floats(), Origin::Exclusive);
    b.run("grow", vec![of(Mut, whole(x)), value(k)]);
    let r = b.call("scale", vec![of(Ref, whole(x)), value(k)]);
    b.run("grow", vec![of(Mut, whole(x)), value(r)]);
    let vec = b.finish(r);
    vec![("output_slice", "&mut [f64]", slice), ("output_vec", "&mut Vec<f64>", vec)]
}

fn straight(b: &mut Build, x: MemId, k: V) -> V {
    let r = b.call("scale", vec![of(Ref, whole(x)), value(k)]);
    b.mul(r, k)
}

/// What a call borrowed is overwritten by the next iteration.
fn overwritten(b: &mut Build, x: MemId, k: V) -> V {
    let (state, zero, len) = (b.copy(x), b.integer(0), b.length(x));
    b.range((zero, len), k, |b, i, s| {
        let place = at(state, &[Proj::Index(i)]);
        let y = b.load(place.clone());
        let y = b.mul(y, s);
        b.set(place, y);
        b.call("scale", vec![of(Ref, whole(state)), value(s)])
    })
}

fn in_out(b: &mut Build, x: MemId, k: V) -> V {
    let (state, zero, len) = (b.copy(x), b.integer(0), b.length(x));
    let s = b.range((zero, len), k, |b, i, s| {
        let part = at(state, &[Proj::Range(i, None)]);
        let r = b.call("step", vec![of(Mut, part), value(s)]);
        let product = b.mul(r, s);
        b.add(product, s)
    });
    let sum = b.sum(state);
    b.add(s, sum)
}

/// A vector and a tuple as results.
fn results(b: &mut Build, x: MemId, k: V) -> V {
    let (zero, len, three) = (b.integer(0), b.length(x), b.integer(3));
    b.range((zero, len), k, |b, i, s| {
        let v = b.make("spread", vec![value(s), constant(value(three))], floats());
        let (first, last) = (b.element(v, 0), b.element(v, 2));
        let two = Type::Tuple(vec![float(), float()]);
        let pair = b.make("pair", vec![value(first), value(last)], two);
        let (a, c) = (b.load(at(pair, &[field("0")])), b.load(at(pair, &[field("1")])));
        let y = b.load(at(x, &[Proj::Index(i)]));
        let product = b.mul(a, c);
        b.add(product, y)
    })
}

fn branch(b: &mut Build, x: MemId, k: V) -> V {
    let (state, zero) = (b.copy(x), b.number(0.0));
    let positive = b.is(">", k, zero);
    let r = b.choose(
        positive,
        |b| {
            b.run("advance", vec![of(Mut, whole(state)), value(k)]);
            let three = b.integer(3);
            let v = b.make("spread", vec![value(k), constant(value(three))], floats());
            let y = b.element(v, 1);
            let r = b.call("scale", vec![of(Ref, whole(state)), value(k)]);
            b.mul(r, y)
        },
        |b| b.mul(k, k),
    );
    // What the call borrowed is overwritten.
    b.put(Kind::Fill(whole(state), r));
    let sum = b.sum(state);
    b.add(r, sum)
}

/// Copies that only some iterations make, of a type that nothing can stand in for.
fn branch_in_a_loop(b: &mut Build, x: MemId, k: V) -> V {
    let (p, zero, len, none) = (b.scaler(x, k), b.integer(0), b.length(x), b.number(0.0));
    let s = b.range((zero, len), k, |b, i, s| {
        let y = b.load(at(x, &[Proj::Index(i)]));
        let positive = b.is(">", y, none);
        let r = b.choose(
            positive,
            |b| b.call(".bump", vec![of(Mut, whole(p)), value(s)]),
            |b| {
                let place = at(p, &[field("b")]);
                let y = b.load(place.clone());
                let product = b.mul(y, s);
                b.set(place, product);
                s
            },
        );
        let t = b.call(".apply", vec![of(Ref, whole(p)), value(s)]);
        b.add(r, t)
    });
    let last = b.load(at(p, &[field("b")]));
    b.mul(s, last)
}

/// A loop that only accumulates.
fn once(b: &mut Build, x: MemId, k: V) -> V {
    let (zero, len, three, none) = (b.integer(0), b.length(x), b.integer(3), b.number(0.0));
    let s = b.range((zero, len), none, |b, i, s| {
        let y = b.load(at(x, &[Proj::Index(i)]));
        let v = b.make("spread", vec![value(y), constant(value(three))], floats());
        let (first, last) = (b.element(v, 0), b.element(v, 2));
        let product = b.mul(first, last);
        b.add(s, product)
    });
    b.mul(s, k)
}

fn once_in_out(b: &mut Build, x: MemId, k: V) -> V {
    let (state, zero, len, none) = (b.copy(x), b.integer(0), b.length(x), b.number(0.0));
    let one = b.number(1.0);
    let s = b.range((zero, len), none, |b, i, s| {
        let y = b.load(at(x, &[Proj::Index(i)]));
        b.put(Kind::Fill(whole(state), one));
        b.run("advance", vec![of(Mut, whole(state)), value(y)]);
        let r = b.call("scale", vec![of(Ref, whole(state)), value(k)]);
        b.run("advance", vec![of(Mut, whole(state)), value(r)]);
        let (first, second) = (b.element(state, 0), b.element(state, 1));
        let product = b.mul(first, second);
        b.add(s, product)
    });
    b.mul(s, one)
}

fn checkpointed(b: &mut Build, x: MemId, k: V) -> V {
    let (state, zero, ten, half) = (b.copy(x), b.integer(0), b.integer(10), b.number(0.5));
    let s = b.range((zero, ten), k, |b, _, s| {
        let r = b.call("step", vec![of(Mut, whole(state)), value(s)]);
        let t = b.call("scale", vec![of(Ref, whole(state)), value(s)]);
        let (r, s) = (b.mul(r, half), b.mul(s, half));
        let sum = b.add(r, s);
        b.add(sum, t)
    });
    b.checkpoint();
    s
}

/// The call changes the length.
fn growing(b: &mut Build, x: MemId, k: V) -> V {
    let (state, zero, three) = (b.copy(x), b.integer(0), b.integer(3));
    let s = b.range((zero, three), k, |b, _, s| {
        b.run("grow", vec![of(Mut, whole(state)), value(s)]);
        b.call("scale", vec![of(Ref, whole(state)), value(s)])
    });
    let r = b.call("scale", vec![of(Ref, whole(state)), value(k)]);
    b.mul(r, s)
}

/// Two parts of one memory, both changed.
fn halves(b: &mut Build, x: MemId, k: V) -> V {
    let (state, zero, one, len) = (b.copy(x), b.integer(0), b.integer(1), b.length(x));
    b.range((one, len), k, |b, i, s| {
        let low = at(state, &[Proj::Range(zero, Some(i))]);
        let high = at(state, &[Proj::Range(i, None)]);
        b.run("mix", vec![of(Mut, low), of(Mut, high)]);
        b.call("scale", vec![of(Ref, whole(state)), value(s)])
    })
}

/// A scalar variable that is input and output.
fn scalar(b: &mut Build, x: MemId, k: V) -> V {
    let (zero, len) = (b.integer(0), b.length(x));
    let y = b.local("y", float(), Init::Unset);
    b.set(whole(y), k);
    let s = b.range((zero, len), k, |b, i, s| {
        let place = of(Ref, at(x, &[Proj::Index(i)]));
        b.run("bend", vec![of(Mut, whole(y)), value(s), place]);
        let y = b.load(whole(y));
        b.mul(y, s)
    });
    let y = b.load(whole(y));
    b.add(y, s)
}

/// A passive object that the call changes.
fn object(b: &mut Build, x: MemId, k: V) -> V {
    let (zero, len, object) = (b.integer(0), b.length(x), b.object("Counter { n: 0 }"));
    b.range((zero, len), k, |b, i, s| {
        let counter = CallArg { source: Source::Value(object), by: Mut, wrt: false };
        let y = b.load(at(x, &[Proj::Index(i)]));
        let r = b.call("draw", vec![counter, value(s)]);
        b.mul(r, y)
    })
}

/// By value, and changed by the same call.
fn consumed(b: &mut Build, x: MemId, k: V) -> V {
    let (state, zero, three) = (b.copy(x), b.integer(0), b.integer(3));
    let s = b.range((zero, three), k, |b, _, s| {
        let args = vec![of(Value, whole(state)), of(Mut, whole(state))];
        let r = b.call("absorb", args);
        b.mul(r, s)
    });
    let sum = b.sum(state);
    b.mul(s, sum)
}

/// Results that nothing reads.
fn unused(b: &mut Build, x: MemId, k: V) -> V {
    let state = b.copy(x);
    b.call("step", vec![of(Mut, whole(state)), value(k)]);
    b.make("echo", vec![of(Mut, whole(state)), value(k)], floats());
    let (zero, two) = (b.integer(0), b.integer(2));
    let s = b.range((zero, two), k, |b, _, s| {
        b.make("echo", vec![of(Mut, whole(state)), value(s)], floats());
        b.mul(s, s)
    });
    let sum = b.sum(state);
    b.mul(sum, s)
}

/// Fields of a struct, and parts of them.
fn fields(b: &mut Build, x: MemId, k: V) -> V {
    let (p, zero, two, one) = (b.scaler(x, k), b.integer(0), b.integer(2), b.integer(1));
    let s = b.range((zero, two), k, |b, _, s| {
        b.run("advance", vec![of(Mut, at(p, &[field("w")])), value(s)]);
        let part = at(p, &[field("w"), Proj::Range(one, None)]);
        let r = b.call("step", vec![of(Mut, part), value(s)]);
        let args = vec![of(Mut, at(p, &[field("b")])), value(s), of(Ref, at(p, &[field("b")]))];
        b.run("bend", args);
        b.mul(r, s)
    });
    let (last, zero) = (b.load(at(p, &[field("b")])), b.integer(0));
    let first = b.load(at(p, &[field("w"), Proj::Index(zero)]));
    let product = b.mul(last, first);
    b.add(product, s)
}

/// A memory that each iteration makes, changed by an inner loop.
fn nested(b: &mut Build, x: MemId, k: V) -> V {
    let (zero, two, three) = (b.integer(0), b.integer(2), b.integer(3));
    b.range((zero, two), k, |b, _, s| {
        let state = b.copy(x);
        let s = b.range((zero, three), s, |b, i, s| {
            let r = b.call("step", vec![of(Mut, whole(state)), value(s)]);
            let place = at(state, &[Proj::Index(zero)]);
            b.set(place, r);
            let t = b
                .call("scale", vec![of(Ref, at(state, &[Proj::Range(zero, Some(two))])), value(s)]);
            let _ = i;
            b.add(r, t)
        });
        b.call("scale", vec![of(Ref, whole(state)), value(s)])
    })
}

/// A loop whose end is not known ahead.
fn until(b: &mut Build, x: MemId, k: V) -> V {
    let (state, limit) = (b.copy(x), b.number(0.6));
    b.forever(k, |b, s| {
        let r = b.call("step", vec![of(Mut, whole(state)), value(s)]);
        let exit = b.is("<", r, limit);
        (r, exit)
    })
}

/// A result that is moved and changed.
fn moved(b: &mut Build, x: MemId, k: V) -> V {
    let (zero, len, three) = (b.integer(0), b.length(x), b.integer(3));
    b.range((zero, len), k, |b, i, s| {
        let v = b.make("spread", vec![value(s), constant(value(three))], floats());
        let w = b.local("w", floats(), Init::Move(whole(v)));
        let place = at(w, &[Proj::Index(zero)]);
        let y = b.load(at(x, &[Proj::Index(i)]));
        let old = b.load(place.clone());
        let product = b.mul(y, old);
        b.set(place, product);
        b.call("scale", vec![of(Ref, whole(w)), value(s)])
    })
}

/// Arrays as elements of a vector.
fn rows(b: &mut Build, x: MemId, k: V) -> V {
    let (zero, len, second) = (b.integer(0), b.length(x), b.element(x, 1));
    let row = Type::Fixed(Box::new(float()), "2".into());
    let pattern = b.local("row", row.clone(), Init::List(vec![k, second]));
    let rows = Type::Vec(Box::new(row));
    let rows = b.local("rows", rows, Init::FilledWith(whole(pattern), Some(len)));
    let s = b.range((zero, len), k, |b, i, s| {
        b.run("turn", vec![of(Mut, at(rows, &[Proj::Index(i)])), value(s)]);
        b.run("turn", vec![of(Mut, whole(pattern)), value(s)]);
        let one = b.integer(1);
        let y = b.load(at(pattern, &[Proj::Index(one)]));
        b.mul(y, s)
    });
    let sum = b.sum(rows);
    b.add(sum, s)
}

/// `&self`, `&mut self`, `self`, and a method of a float.
fn receivers(b: &mut Build, x: MemId, k: V) -> V {
    let (p, zero, two) = (b.scaler(x, k), b.integer(0), b.integer(2));
    b.range((zero, two), k, |b, _, s| {
        let a = b.call(".apply", vec![of(Ref, whole(p)), value(s)]);
        let c = b.call(".bump", vec![of(Mut, whole(p)), value(a)]);
        let v = b.make(".take", vec![of(Value, whole(p)), value(c)], floats());
        let sum = b.sum(v);
        b.call(".bent", vec![value(sum), value(c)])
    })
}

/// A struct that only some iterations make, of a type that nothing can stand in for.
fn structs(b: &mut Build, x: MemId, k: V) -> V {
    let (zero, len, none) = (b.integer(0), b.length(x), b.number(0.0));
    b.range((zero, len), k, |b, i, s| {
        let y = b.load(at(x, &[Proj::Index(i)]));
        let positive = b.is(">", y, none);
        b.choose(
            positive,
            |b| {
                let p = b.make("params", vec![value(s)], Type::Struct("Scaler".into()));
                let r = b.call(".bump", vec![of(Mut, whole(p)), value(y)]);
                b.call(".apply", vec![of(Ref, whole(p)), value(r)])
            },
            |b| b.mul(s, y),
        )
    })
}

/// A reversed loop in a loop that runs once.
fn once_around(b: &mut Build, x: MemId, k: V) -> V {
    let (zero, len, two, none) = (b.integer(0), b.length(x), b.integer(2), b.number(0.0));
    b.range((zero, len), none, |b, i, sum| {
        let state = b.copy(x);
        let y = b.load(at(x, &[Proj::Index(i)]));
        let first = b.mul(y, k);
        let last = b.range((zero, two), first, |b, _, s| {
            let r = b.call("step", vec![of(Mut, whole(state)), value(s)]);
            let t = b.call("scale", vec![of(Ref, whole(state)), value(r)]);
            b.mul(t, s)
        });
        b.add(sum, last)
    })
}
