//! Prints programs: for people, snapshots and debugging.

use super::ir::{
    Adjoint, Block, By, Call, CallOut, Code, Grad, Init, Kind, MemId, Mode, Origin, Over, ParamIs,
    Pass, Place, Program, Proj, Pulled, Source, Tree, Ty, V,
};
use crate::hash::HashMap;
use crate::ir::Literal;
use crate::parse::Type;
use std::fmt::{Display, Formatter, Result, Write};

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut printer = Printer::new(self);
        printer.program();
        f.write_str(&printer.out)
    }
}

impl Display for Adjoint {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut printer = Printer::new(&self.program);
        printer.program();
        let seed = printer.tree(&self.seed);
        writeln!(f, "{}  seed {seed}", printer.out)?;
        for (k, grad) in self.grads.iter().enumerate() {
            match grad {
                Grad::Not => {}
                Grad::Value(None) => writeln!(f, "  grad {k}: none")?,
                Grad::Value(Some(v)) => writeln!(f, "  grad {k}: {}", printer.value(*v))?,
                Grad::Mem(mem) => writeln!(f, "  grad {k}: {}", printer.mem(*mem))?,
            }
        }
        for stores in &self.stores {
            writeln!(f, "  stores {stores}")?;
        }
        Ok(())
    }
}

/// A type as Rust writes it.
pub fn type_text(ty: &Type) -> String {
    match ty {
        Type::Float(elem) => elem.to_string(),
        Type::Array(elem, rank) => format!("Array{rank}<{elem}>"),
        Type::Passive(of, rank) => format!("Array{rank}<{}>", type_text(of)),
        Type::Tuple(parts) => {
            let parts: Vec<_> = parts.iter().map(type_text).collect();
            format!("({})", parts.join(", "))
        }
        Type::Fixed(of, len) => format!("[{}; {len}]", type_text(of)),
        Type::Slice(of) => format!("[{}]", type_text(of)),
        Type::Vec(of) => format!("Vec<{}>", type_text(of)),
        Type::Option(of) => format!("Option<{}>", type_text(of)),
        Type::Result(of, error) => format!("Result<{}, {error}>", type_text(of)),
        Type::Unit => "()".to_string(),
        Type::Struct(name) | Type::Int(name) | Type::Constant(name) => name.clone(),
    }
}

struct Printer<'p> {
    program: &'p Program,
    values: HashMap<V, String>,
    mems: HashMap<MemId, String>,
    used: HashMap<String, u32>,
    depth: usize,
    out: String,
}

impl<'p> Printer<'p> {
    fn new(program: &'p Program) -> Self {
        Printer {
            program,
            values: HashMap::default(),
            mems: HashMap::default(),
            used: HashMap::default(),
            depth: 1,
            out: String::new(),
        }
    }

    fn unique(&mut self, name: &str) -> String {
        let count = self.used.entry(name.to_string()).or_default();
        *count += 1;
        if *count == 1 { name.to_string() } else { format!("{name}.{count}") }
    }

    fn value(&mut self, v: V) -> String {
        if let Some(name) = self.values.get(&v) {
            return name.clone();
        }
        let Some(value) = self.program.values.get(v.0 as usize) else {
            return format!("?{}", v.0);
        };
        let name = self.unique(&value.name);
        self.values.insert(v, name.clone());
        name
    }

    fn mem(&mut self, mem: MemId) -> String {
        if let Some(name) = self.mems.get(&mem) {
            return name.clone();
        }
        let Some(data) = self.program.mems.get(mem.0 as usize) else {
            return format!("?{}", mem.0);
        };
        let name = self.unique(&data.name);
        self.mems.insert(mem, name.clone());
        name
    }

    fn ty(&self, v: V) -> String {
        match self.program.values.get(v.0 as usize).map(|v| (&v.ty, v.object)) {
            Some((Ty::Float(elem), _)) => elem.to_string(),
            Some((Ty::Bool, _)) => "bool".to_string(),
            Some((Ty::Int(name), _)) => name.clone().unwrap_or_else(|| "int".to_string()),
            Some((Ty::Opaque, true)) => "object".to_string(),
            Some((Ty::Opaque, false)) => "_".to_string(),
            None => "?".to_string(),
        }
    }

    fn define(&mut self, v: V) -> String {
        format!("{}: {}", self.value(v), self.ty(v))
    }

    fn line(&mut self, text: impl Display) {
        let indent = "  ".repeat(self.depth);
        let _ = writeln!(self.out, "{indent}{text}");
    }

    fn program(&mut self) {
        let program = self.program;
        let params: Vec<_> = program
            .params
            .iter()
            .map(|param| match param {
                ParamIs::Value(v) => self.define(*v),
                ParamIs::Mem(mem) => {
                    let sign = match program.at(*mem).origin {
                        Origin::Shared => "&",
                        Origin::Exclusive => "&mut ",
                        Origin::Owned | Origin::Local => "",
                    };
                    format!("{}: {sign}{}", self.mem(*mem), type_text(&program.at(*mem).ty))
                }
            })
            .collect();
        let _ = writeln!(self.out, "fn {}({})", program.name, params.join(", "));
        self.block(&program.body);
        if let Some(result) = &program.result {
            let result = self.tree(result);
            self.line(format!("return {result}"));
        }
    }

    fn tree(&mut self, tree: &Tree) -> String {
        match tree {
            Tree::Unit => "()".to_string(),
            Tree::Value(v) => self.value(*v),
            Tree::Place(place) => self.place(place),
            Tree::Array(place, extents) => {
                let extents: Vec<String> = extents.iter().map(|v| self.value(*v)).collect();
                format!("array {} of {}", self.place(place), extents.join(", "))
            }
            Tree::Tuple(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.tree(part)).collect();
                format!("({})", parts.join(", "))
            }
            Tree::Success(inner) => format!("success {}", self.tree(inner)),
        }
    }

    fn place(&mut self, place: &Place) -> String {
        let mut text = self.mem(place.mem);
        for proj in &place.proj {
            match proj {
                Proj::Field(name) => text += &format!(".{name}"),
                Proj::Index(at) => text += &format!("[{}]", self.value(*at)),
                Proj::Range(from, to) => {
                    let to = to.map(|to| self.value(to)).unwrap_or_default();
                    text += &format!("[{}..{to}]", self.value(*from));
                }
            }
        }
        text
    }

    fn source(&mut self, source: &Source) -> String {
        match source {
            Source::Value(v) => self.value(*v),
            Source::Place(place) => self.place(place),
        }
    }

    fn list(&mut self, values: &[V]) -> String {
        let values: Vec<_> = values.iter().map(|v| self.value(*v)).collect();
        values.join(", ")
    }

    fn code(&mut self, code: &Code) -> String {
        let binds: Vec<_> = code
            .binds
            .iter()
            .map(|bind| {
                let sign = match bind.by {
                    By::Value => "",
                    By::Tangent => "tangent ",
                    By::Ref => "&",
                    By::Mut => "&mut ",
                };
                let what = self.source(&bind.what);
                if bind.name == what {
                    format!("{sign}{what}")
                } else {
                    format!("{} = {sign}{what}", bind.name)
                }
            })
            .collect();
        let tokens = &code.tokens;
        match binds.is_empty() {
            true => format!("{{ {tokens} }}"),
            false => format!("{{ {tokens} }} with {}", binds.join(", ")),
        }
    }

    fn pulled(&mut self, outs: &[Pulled]) -> String {
        let outs = outs.iter().map(|out| match out {
            Pulled::Not => "_".to_string(),
            Pulled::Value(v) => self.define(*v),
            Pulled::Into(place) => format!("+= {}", self.place(place)),
            Pulled::Through(place) => format!("through {}", self.place(place)),
        });
        outs.collect::<Vec<_>>().join(", ")
    }

    fn call(&mut self, call: &Call) -> String {
        let args: Vec<_> = call
            .args
            .iter()
            .map(|arg| {
                let sign = match arg.by {
                    By::Value => "",
                    By::Tangent => "tangent ",
                    By::Ref => "&",
                    By::Mut => "&mut ",
                };
                let wrt = if arg.wrt { "" } else { "const " };
                format!("{wrt}{sign}{}", self.source(&arg.source))
            })
            .collect();
        args.join(", ")
    }

    fn init(&mut self, init: &Init) -> String {
        let sized = |len: Option<String>| len.map(|len| format!("; {len}")).unwrap_or_default();
        match init {
            Init::Filled(v, len) => {
                let len = len.map(|len| self.value(len));
                format!("filled {}{}", self.value(*v), sized(len))
            }
            Init::FilledWith(place, len) => {
                let len = len.map(|len| self.value(len));
                format!("filled with {}{}", self.place(place), sized(len))
            }
            Init::List(list) => format!("[{}]", self.list(list)),
            Init::ListOf(list) => {
                let list: Vec<_> = list.iter().map(|place| self.place(place)).collect();
                format!("[{}]", list.join(", "))
            }
            Init::Empty(None) => "empty".to_string(),
            Init::Empty(Some(room)) => format!("empty; {}", self.value(*room)),
            Init::Copy(place) => format!("copy {}", self.place(place)),
            Init::Move(place) => format!("move {}", self.place(place)),
            Init::ZerosLike(place) => format!("zeros like {}", self.place(place)),
            Init::Lent(v) => format!("lent {}", self.value(*v)),
            Init::Unset => "unset".to_string(),
            Init::Fields(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(name, source)| format!("{name}: {}", self.source(source)))
                    .collect();
                format!("{{ {} }}", fields.join(", "))
            }
        }
    }

    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            self.stmt(&stmt.kind);
        }
    }

    fn inner(&mut self, block: &Block) {
        self.depth += 1;
        self.block(block);
        self.depth -= 1;
    }

    fn stmt(&mut self, kind: &Kind) {
        let text = match kind {
            Kind::Const(v, literal) => {
                let literal = match literal {
                    Literal::Float(_, Some(digits)) => digits.clone(),
                    Literal::Float(value, None) => format!("{value:?}"),
                    Literal::Int(value) => value.to_string(),
                };
                format!("{} = {literal}", self.define(*v))
            }
            Kind::Prim(v, prim, args) => {
                let args = self.list(args);
                format!("{} = {} {args}", self.define(*v), prim.name)
            }
            Kind::Cast(v, arg) => {
                let arg = self.value(*arg);
                format!("{} = cast {arg}", self.define(*v))
            }
            Kind::Pass(v, pass, args) => {
                let names: Vec<_> = args.iter().map(|v| self.value(*v)).collect();
                let what = match (pass, names.as_slice()) {
                    (Pass::Binary(op), [a, b]) => format!("{a} {op} {b}"),
                    (Pass::Unary(op), [a]) => format!("{op}{a}"),
                    (Pass::Cast(ty), [a]) => format!("{a} as {ty}"),
                    (Pass::Method(name), [a, rest @ ..]) => {
                        format!("{a}.{name}({})", rest.join(", "))
                    }
                    (Pass::AddScaled, [sum, term]) => format!("add_scaled {sum}, {term}"),
                    (Pass::Successor, [a]) => format!("successor {a}"),
                    (Pass::Len(place), _) => format!("len {}", self.place(place)),
                    (Pass::Path(path), _) => path.to_string(),
                    (other, names) => format!("{other:?} {}", names.join(", ")),
                };
                format!("{} = {what}", self.define(*v))
            }
            Kind::Opaque { out, code, pure } => {
                let code = self.code(code);
                let out = out.map(|v| self.define(v) + " = ").unwrap_or_default();
                format!("{out}{}{code}", if *pure { "pure " } else { "" })
            }
            Kind::Load(v, place) => {
                let place = self.place(place);
                format!("{} = {place}", self.define(*v))
            }
            Kind::Store(place, v, mode) => {
                let sign = match mode {
                    Mode::Set => "=",
                    Mode::Add => "+=",
                    Mode::Sub => "-=",
                };
                format!("{} {sign} {}", self.place(place), self.value(*v))
            }
            Kind::Alloc(mem, init) => {
                let init = self.init(init);
                let ty = type_text(&self.program.at(*mem).ty);
                format!("{}: {ty} = {init}", self.mem(*mem))
            }
            Kind::Assign { to, from, moved } => {
                let how = if *moved { "move" } else { "copy" };
                format!("{} = {how} {}", self.place(to), self.place(from))
            }
            Kind::Push(place, source) => {
                format!("{}.push {}", self.place(place), self.source(source))
            }
            Kind::Pop(v, place) => format!("{} = {}.pop", self.define(*v), self.place(place)),
            Kind::Fill(place, v) => format!("{}.fill {}", self.place(place), self.value(*v)),
            Kind::AddAll(to, from) => format!("{} += all {}", self.place(to), self.place(from)),
            Kind::SumAll(v, place) => format!("{} = sum {}", self.define(*v), self.place(place)),
            Kind::Swap(a, b) => format!("swap {}, {}", self.place(a), self.place(b)),
            Kind::If { cond, then, other, outs } => {
                let cond = self.value(*cond);
                self.line(format!("if {cond}"));
                self.inner(then);
                if !other.stmts.is_empty() {
                    self.line("else");
                    self.inner(other);
                }
                for out in outs {
                    let name = self.define(out.value);
                    let then = out.then.map_or("-".to_string(), |v| self.value(v));
                    let other = out.other.map_or("-".to_string(), |v| self.value(v));
                    self.line(format!("out {name} = {then} | {other}"));
                }
                return;
            }
            Kind::Loop(of) => {
                let mut head = match &of.over {
                    Over::Range { var, lo, hi, reversed } => {
                        let (lo, hi) = (self.value(*lo), self.value(*hi));
                        let var = self.value(*var);
                        format!("for {var} in {lo}..{hi}{}", if *reversed { " rev" } else { "" })
                    }
                    Over::Forever => "loop".to_string(),
                };
                if let Some(every) = &of.checkpoint {
                    let every = every.map(|v| self.value(v)).unwrap_or_default();
                    head = format!("checkpoint({every}) {head}");
                }
                self.line(head);
                self.depth += 1;
                for carried in &of.carried {
                    let text =
                        format!("{} from {}", self.define(carried.param), self.value(carried.init));
                    self.line(format!("carry {text}"));
                }
                self.block(&of.body);
                for carried in &of.carried {
                    let text =
                        format!("{} = {}", self.value(carried.param), self.value(carried.next));
                    self.line(format!("next {text}"));
                }
                if let Some(exit) = of.exit {
                    let exit = self.value(exit);
                    self.line(format!("exit {exit}"));
                }
                self.depth -= 1;
                for carried in &of.carried {
                    let text =
                        format!("{} = {}", self.define(carried.out), self.value(carried.param));
                    self.line(format!("out {text}"));
                }
                if let Some(count) = of.count {
                    let count = self.define(count);
                    self.line(format!("count {count}"));
                }
                return;
            }
            Kind::Call(call) => {
                let args = self.call(call);
                let out = match call.out {
                    CallOut::Unit => String::new(),
                    CallOut::Value(v) => self.define(v) + " = ",
                    CallOut::Mem(mem) => {
                        let ty = type_text(&self.program.at(mem).ty);
                        format!("{}: {ty} = ", self.mem(mem))
                    }
                };
                let method = if call.method { "method " } else { "" };
                format!("{out}call {method}{} ({args})", call.value)
            }
            Kind::Pull { call, ct, outs, along } => {
                let args = self.call(call);
                let ct = ct.as_ref().map(|ct| self.source(ct)).unwrap_or_default();
                let outs = self.pulled(outs);
                let method = if call.method { "method " } else { "" };
                let along = along.as_ref().map(|along| {
                    let tangents = along.args.iter().chain(&along.ct);
                    let tangents: Vec<_> = tangents.map(|source| self.source(source)).collect();
                    format!(" along ({}) to ({})", tangents.join(", "), self.pulled(&along.outs))
                });
                let along = along.unwrap_or_default();
                format!("({outs}) = pull {method}{} ({args}; {ct}){along}", call.vjp)
            }
            Kind::Fail(code) => format!("fail {}", self.code(code)),
            Kind::Diverge(code) => format!("diverge {}", self.code(code)),
            Kind::Declare(record, size) => {
                let size: Vec<String> = size.iter().map(|v| self.value(*v)).collect();
                format!("record #{} ({})", record.0, size.join(" * "))
            }
            Kind::Keep(record, values, mems) => {
                let mems: Vec<_> = mems.iter().map(|mem| self.mem(*mem)).collect();
                format!("keep #{} ({}; {})", record.0, self.list(values), mems.join(", "))
            }
            Kind::Recall(record, values, mems) => {
                let mems: Vec<_> = mems.iter().map(|mem| self.mem(*mem)).collect();
                format!("recall #{} ({}; {})", record.0, self.list(values), mems.join(", "))
            }
            Kind::Save(record, place) => format!("save #{} {}", record.0, self.place(place)),
            Kind::Restore(record, place) => {
                format!("restore #{} {}", record.0, self.place(place))
            }
            Kind::DropLast(place) => format!("{}.drop last", self.place(place)),
            Kind::Entry(list, row, column, v) => {
                let list = self.place(&Place::whole(*list));
                let [row, column, v] = [row, column, v].map(|v| self.value(*v));
                format!("{list}.entry [{row}, {column}] {v}")
            }
        };
        self.line(text);
    }
}
