//! Writes programs statement by statement.

use chainrule_compiler::flow::ir::{
    Block, By, Call, CallArg, CallOut, Carried, Code, Init, Kind, Loop, MemId, Mode, Origin, Out,
    Over, ParamIs, Pass, Place, Program, Proj, Source, Stmt, Tree, Ty, V,
};
use chainrule_compiler::ir::{Elem, Literal};
use chainrule_compiler::parse::Type;
use chainrule_compiler::primitives::{ADD, MUL, Prim};
use proc_macro2::{Span, TokenStream};

pub(crate) fn float() -> Type {
    Type::Float(Elem::F64)
}

pub(crate) fn floats() -> Type {
    Type::Vec(Box::new(float()))
}

/// A part of a memory.
pub(crate) fn at(mem: MemId, proj: &[Proj]) -> Place {
    Place { mem, proj: proj.to_vec() }
}

pub(crate) fn whole(mem: MemId) -> Place {
    Place::whole(mem)
}

pub(crate) fn field(name: &str) -> Proj {
    Proj::Field(name.into())
}

/// A differentiated argument by value.
pub(crate) fn value(v: V) -> CallArg {
    CallArg { source: Source::Value(v), by: By::Value, wrt: true }
}

/// A differentiated argument: `place`, `&place` or `&mut place`.
pub(crate) fn of(by: By, place: Place) -> CallArg {
    CallArg { source: Source::Place(place), by, wrt: true }
}

/// The same argument as a constant.
pub(crate) fn constant(arg: CallArg) -> CallArg {
    CallArg { wrt: false, ..arg }
}

pub(crate) struct Build {
    pub(crate) program: Program,
    blocks: Vec<Vec<Stmt>>,
}

impl Build {
    /// A function of a slice, or of what `x` is instead, and of a float.
    pub(crate) fn new(x: Type, origin: Origin) -> (Self, MemId, V) {
        let mut b = Build { program: Program::default(), blocks: vec![vec![]] };
        let x = b.program.mem("x", x, origin, Span::call_site());
        let k = b.float("k");
        b.program.params = vec![ParamIs::Mem(x), ParamIs::Value(k)];
        (b, x, k)
    }

    pub(crate) fn put(&mut self, kind: Kind) {
        let stmt = Stmt { kind, span: Span::call_site() };
        self.blocks.last_mut().expect("a block is open").push(stmt);
    }

    pub(crate) fn value(&mut self, name: &str, ty: Ty) -> V {
        self.program.value(name, ty, Span::call_site())
    }

    pub(crate) fn float(&mut self, name: &str) -> V {
        self.value(name, Ty::Float(Elem::F64))
    }

    pub(crate) fn index(&mut self, name: &str) -> V {
        self.value(name, Ty::Int(Some("usize".into())))
    }

    pub(crate) fn number(&mut self, number: f64) -> V {
        let v = self.float("number");
        self.put(Kind::Const(v, Literal::Float(number, None)));
        v
    }

    pub(crate) fn integer(&mut self, number: i128) -> V {
        let v = self.index("integer");
        self.put(Kind::Const(v, Literal::Int(number)));
        v
    }

    pub(crate) fn prim(&mut self, row: Prim, a: V, b: V) -> V {
        let v = self.float(row.name);
        self.put(Kind::Prim(v, row, vec![a, b]));
        v
    }

    pub(crate) fn mul(&mut self, a: V, b: V) -> V {
        self.prim(&MUL, a, b)
    }

    pub(crate) fn add(&mut self, a: V, b: V) -> V {
        self.prim(&ADD, a, b)
    }

    pub(crate) fn is(&mut self, symbol: &'static str, a: V, b: V) -> V {
        let v = self.value("is", Ty::Bool);
        self.put(Kind::Pass(v, Pass::Binary(symbol), vec![a, b]));
        v
    }

    pub(crate) fn length(&mut self, mem: MemId) -> V {
        let v = self.index("len");
        self.put(Kind::Pass(v, Pass::Len(whole(mem)), vec![]));
        v
    }

    /// An element at a literal index.
    pub(crate) fn element(&mut self, mem: MemId, index: i128) -> V {
        let index = self.integer(index);
        self.load(at(mem, &[Proj::Index(index)]))
    }

    pub(crate) fn load(&mut self, place: Place) -> V {
        let v = self.float("y");
        self.put(Kind::Load(v, place));
        v
    }

    pub(crate) fn set(&mut self, place: Place, v: V) {
        self.put(Kind::Store(place, v, Mode::Set));
    }

    pub(crate) fn sum(&mut self, mem: MemId) -> V {
        let v = self.float("sum");
        self.put(Kind::SumAll(v, whole(mem)));
        v
    }

    pub(crate) fn local(&mut self, name: &str, ty: Type, init: Init) -> MemId {
        let mem = self.program.mem(name, ty, Origin::Local, Span::call_site());
        self.put(Kind::Alloc(mem, init));
        mem
    }

    /// `x.to_vec()`
    pub(crate) fn copy(&mut self, x: MemId) -> MemId {
        self.local("state", floats(), Init::Copy(whole(x)))
    }

    /// `Scaler { w: x.to_vec(), b: k }`
    pub(crate) fn scaler(&mut self, x: MemId, k: V) -> MemId {
        let fields =
            vec![("w".to_string(), Source::Place(whole(x))), ("b".to_string(), Source::Value(k))];
        self.local("p", Type::Struct("Scaler".into()), Init::Fields(fields))
    }

    /// A passive variable that calls change.
    pub(crate) fn object(&mut self, tokens: &str) -> V {
        let object = self.value("object", Ty::Opaque);
        self.program.values[object.0 as usize].object = true;
        let code = Code::new(tokens.parse().expect("it is Rust"), vec![]);
        self.put(Kind::Opaque { out: Some(object), code, pure: false });
        object
    }

    fn call_to(&mut self, callee: &str, args: Vec<CallArg>, out: CallOut) {
        let tokens = |text: String| text.parse::<TokenStream>().expect("it is Rust");
        let (value, vjp, method) = match callee.strip_prefix('.') {
            Some(name) => (tokens(name.to_string()), tokens(format!("{name}_vjp")), true),
            None => (tokens(callee.to_string()), tokens(format!("{callee}::vjp")), false),
        };
        self.put(Kind::Call(Box::new(Call {
            value,
            vjp,
            jvp: None,
            second: None,
            vjp_jvp: None,
            rule: false,
            itself: false,
            method,
            guessed: false,
            args,
            out,
        })));
    }

    /// A call without a result; `.m` is a method.
    pub(crate) fn run(&mut self, callee: &str, args: Vec<CallArg>) {
        self.call_to(callee, args, CallOut::Unit);
    }

    /// A call that returns a float.
    pub(crate) fn call(&mut self, callee: &str, args: Vec<CallArg>) -> V {
        let out = self.float("r");
        self.call_to(callee, args, CallOut::Value(out));
        out
    }

    /// A call that returns a memory.
    pub(crate) fn make(&mut self, callee: &str, args: Vec<CallArg>, ty: Type) -> MemId {
        let mem = self.program.mem("made", ty, Origin::Local, Span::call_site());
        self.call_to(callee, args, CallOut::Mem(mem));
        mem
    }

    fn inner<R>(&mut self, body: impl FnOnce(&mut Self) -> R) -> (Block, R) {
        self.blocks.push(vec![]);
        let result = body(self);
        (Block { stmts: self.blocks.pop().expect("it was opened") }, result)
    }

    /// A conditional with one float as its value.
    pub(crate) fn choose(
        &mut self,
        cond: V,
        then: impl FnOnce(&mut Self) -> V,
        other: impl FnOnce(&mut Self) -> V,
    ) -> V {
        let value = self.float("chosen");
        let ((then, a), (other, b)) = (self.inner(then), self.inner(other));
        let outs = vec![Out { value, then: Some(a), other: Some(b) }];
        self.put(Kind::If { cond, then, other, outs });
        value
    }

    /// `for i in lo..hi { s = body(i, s) }`; the last `s`.
    pub(crate) fn range(
        &mut self,
        (lo, hi): (V, V),
        init: V,
        body: impl FnOnce(&mut Self, V, V) -> V,
    ) -> V {
        let (var, param, out) = (self.index("i"), self.float("s"), self.float("s"));
        let (body, next) = self.inner(|b| body(b, var, param));
        let over = Over::Range { var, lo, hi, reversed: false };
        let carried = vec![Carried { param, init, next, out }];
        let lp = Loop { over, carried, body, exit: None, checkpoint: None, count: None };
        self.put(Kind::Loop(Box::new(lp)));
        out
    }

    /// The loop just made runs with checkpoints.
    pub(crate) fn checkpoint(&mut self) {
        if let Some(Stmt { kind: Kind::Loop(lp), .. }) =
            self.blocks.last_mut().and_then(|block| block.last_mut())
        {
            lp.checkpoint = Some(None);
        }
    }

    /// `loop { s = body(s); if s.1 { break } }`; the last `s`.
    pub(crate) fn forever(&mut self, init: V, body: impl FnOnce(&mut Self, V) -> (V, V)) -> V {
        let (param, out) = (self.float("s"), self.float("s"));
        let (body, (next, exit)) = self.inner(|b| body(b, param));
        let carried = vec![Carried { param, init, next, out }];
        let (over, exit) = (Over::Forever, Some(exit));
        let lp = Loop { over, carried, body, exit, checkpoint: None, count: None };
        self.put(Kind::Loop(Box::new(lp)));
        out
    }

    pub(crate) fn finish(mut self, result: V) -> Program {
        self.program.body = Block { stmts: self.blocks.pop().expect("the body is open") };
        self.program.result = Some(Tree::Value(result));
        self.program
    }
}
