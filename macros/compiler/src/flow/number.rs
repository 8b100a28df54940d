//! One name for what is the same: repeated loads and operations, and lengths that are equal.
//!
//! A value that is computed a second time where the first is in scope gets the first one's name, so
//! that the reverse sweep keeps it once and its cotangents meet before they go to memory. Integers
//! are compared as polynomials: the length of `x[c * d..(c + 1) * d]` is `d`, and the shortest of
//! slices that are all as long is one of them. A conditional inside a branch of another on the same
//! condition is what that branch says.
//! What may panic is computed all the same, for no one: a range that is out of range stays an error.

use super::index::Index;
use super::ir::{
    Block, Code, Init, Kind, Loop, MemId, Out, Over, ParamIs, Pass, Place, Program, Proj, Stmt, Ty,
    V,
};
use super::polynomial::{Atom, Polynomial, length};
use super::visit::{Names, rename_block, rename_place, rename_tree};
use crate::hash::{HashMap, HashSet};
use crate::ir::{Elem, Literal};

/// Gives what is the same one name.
pub fn number(program: &mut Program) {
    let index = Index::new(program);
    let mut numbering = Numbering {
        program,
        index: &index,
        polynomials: HashMap::default(),
        lengths: HashMap::default(),
        names: HashMap::default(),
        known: HashMap::default(),
        added: Vec::new(),
        loads: HashMap::default(),
        repeated: HashSet::default(),
        numbers: HashMap::default(),
        ends: HashMap::default(),
        differences: HashMap::default(),
        straight: HashMap::default(),
        conditions: HashMap::default(),
        decided: HashMap::default(),
    };
    numbering.parameters();
    numbering.block(&program.body, &mut 0);
    let Numbering { names, repeated, numbers, straight, decided, .. } = numbering;
    let mut body = std::mem::take(&mut program.body);
    Cleaning {
        program,
        names: &names,
        repeated: &repeated,
        numbers: &numbers,
        straight: &straight,
        decided: &decided,
    }
    .block(&mut body, &mut 0);
    rename_block(&mut body, &mut Names(&names));
    program.body = body;
    if let Some(result) = &mut program.result {
        rename_tree(result, &mut Names(&names));
    }
}

/// What makes two values the same.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// An integer of this type.
    Integer(Option<String>, Polynomial),
    /// A primitive, by its name, with its arguments.
    Primitive(&'static str, Vec<V>),
    /// A float's bits and its type.
    Float(u64, Elem),
    /// Another operation with its arguments.
    Operation(String),
}

struct Numbering<'p> {
    program: &'p Program,
    index: &'p Index<'p>,
    /// The integers.
    polynomials: HashMap<V, Polynomial>,
    /// How long memories of one dimension are whose length does not change.
    lengths: HashMap<MemId, Polynomial>,
    /// The first name of what has several.
    names: HashMap<V, V>,
    /// What is computed, in the blocks around.
    known: HashMap<Key, V>,
    added: Vec<Key>,
    /// What memories are known to hold.
    loads: HashMap<Place, V>,
    /// Values whose statement repeats another one.
    repeated: HashSet<V>,
    /// Integers that turn out to be numbers; whether their statement cannot panic.
    numbers: HashMap<V, (i128, bool)>,
    /// Where the loops around end, by their variable.
    ends: HashMap<V, V>,
    /// What was subtracted where the difference is 0 if it would be negative.
    differences: HashMap<V, Polynomial>,
    /// Statements whose place is an element of a range that is in range: the start of the range, and
    /// the index in it.
    straight: HashMap<usize, (V, V)>,
    /// Conditions that are known to hold, or not to, in the branches around.
    conditions: HashMap<V, bool>,
    /// Conditionals whose condition is known, by their number.
    decided: HashMap<usize, bool>,
}

impl Numbering<'_> {
    fn name(&self, v: V) -> V {
        self.names.get(&v).copied().unwrap_or(v)
    }

    fn named(&self, place: &Place) -> Place {
        let mut place = place.clone();
        rename_place(&mut place, &mut Names(&self.names));
        place
    }

    fn parameters(&mut self) {
        for param in &self.program.params {
            if let ParamIs::Mem(mem) = param
                && self.index.keeps_length(*mem)
            {
                self.lengths.insert(*mem, Polynomial::atom(Atom::Length(*mem)));
            }
        }
    }

    /// A block, its first statement being that number.
    fn block(&mut self, block: &Block, pos: &mut usize) {
        let before = self.added.len();
        for stmt in &block.stmts {
            self.statement(stmt, *pos, pos);
        }
        for key in self.added.split_off(before) {
            self.known.remove(&key);
        }
    }

    fn statement(&mut self, stmt: &Stmt, at: usize, pos: &mut usize) {
        *pos += 1;
        match &stmt.kind {
            Kind::Const(v, literal) => match (literal, &self.program.of(*v).ty) {
                (Literal::Int(number), Ty::Int(_)) => {
                    self.integer(*v, Polynomial::number(*number), true);
                }
                (Literal::Float(number, _), Ty::Float(elem)) => {
                    self.operation(*v, Key::Float(number.to_bits(), elem.clone()));
                }
                (Literal::Float(number, _), ty) => {
                    let key = format!("{ty:?} {:x}", number.to_bits());
                    self.operation(*v, Key::Operation(key));
                }
                _ => {}
            },
            Kind::Prim(v, row, args) => {
                let args: Vec<V> = args.iter().map(|v| self.name(*v)).collect();
                self.operation(*v, Key::Primitive(row.name, args));
            }
            // From a float to the same float: a copy.
            Kind::Cast(v, arg) if self.program.of(*v).ty == self.program.of(*arg).ty => {
                self.names.insert(*v, self.name(*arg));
                self.repeated.insert(*v);
            }
            Kind::Cast(v, arg) => {
                let key = format!("cast {:?} {:?}", self.program.of(*v).ty, self.name(*arg));
                self.operation(*v, Key::Operation(key));
            }
            Kind::Pass(v, pass, args) => self.passive(*v, pass, args),
            Kind::Opaque { out: Some(v), code, .. } if code.part.is_some() => {
                let indices = code.values().unwrap_or_default();
                let indices: Vec<V> = indices.into_iter().map(|v| self.name(v)).collect();
                let ty = &self.program.of(*v).ty;
                if *ty != Ty::Opaque {
                    let key = format!("{} {indices:?} {ty:?}", code.tokens);
                    self.operation(*v, Key::Operation(key));
                }
            }
            Kind::Store(place, ..) => self.straighten(place, at),
            Kind::Load(v, place) => {
                self.straighten(place, at);
                let place = self.named(place);
                match self.loads.get(&place) {
                    Some(first) => {
                        self.names.insert(*v, *first);
                        self.repeated.insert(*v);
                    }
                    None => {
                        self.loads.insert(place, *v);
                    }
                }
            }
            Kind::Alloc(mem, init) if self.index.keeps_length(*mem) => {
                let length = match init {
                    Init::Filled(_, Some(count)) => self.polynomial(*count),
                    Init::Copy(from) => {
                        self.length(from).unwrap_or_else(|| Polynomial::atom(Atom::Length(*mem)))
                    }
                    _ => Polynomial::atom(Atom::Length(*mem)),
                };
                self.lengths.insert(*mem, length);
            }
            Kind::If { cond, then, other, outs } => {
                self.conditional(*cond, [then, other], outs, pos)
            }
            Kind::Loop(lp) => {
                self.forget(at);
                let loads = self.loads.clone();
                self.repetition(lp);
                self.block(&lp.body, pos);
                self.loads = loads;
            }
            _ => {}
        }
        if !matches!(stmt.kind, Kind::Const(..) | Kind::Prim(..) | Kind::Cast(..) | Kind::Load(..))
        {
            self.forget(at);
        }
    }

    /// A condition is known in the branches; where it was known before, one of them is never taken.
    fn conditional(&mut self, cond: V, arms: [&Block; 2], outs: &[Out], pos: &mut usize) {
        let at = *pos - 1;
        let cond = self.name(cond);
        let known = self.conditions.get(&cond).copied();
        let loads = self.loads.clone();
        for (arm, holds) in arms.into_iter().zip([true, false]) {
            if !self.program.of(cond).object {
                self.conditions.insert(cond, holds);
            }
            self.block(arm, pos);
            self.loads = loads.clone();
        }
        match known {
            Some(holds) => self.conditions.insert(cond, holds),
            None => self.conditions.remove(&cond),
        };
        let Some(holds) = known else { return };
        let taken: Option<Vec<V>> =
            outs.iter().map(|out| if holds { out.then } else { out.other }).collect();
        let last = arms[usize::from(!holds)].stmts.last();
        let leaves = last.is_some_and(|stmt| matches!(stmt.kind, Kind::Fail(_) | Kind::Diverge(_)));
        if let (Some(taken), false) = (taken, leaves) {
            for (out, v) in outs.iter().zip(taken) {
                self.names.insert(out.value, self.name(v));
            }
            self.decided.insert(at, holds);
        }
    }

    /// Forgets what memories hold that the statement, or one inside it, writes or makes anew.
    fn forget(&mut self, at: usize) {
        let inside = at..self.index.end(at);
        let (writes, made) = (&self.index.writes, &self.index.made);
        self.loads.retain(|place, _| {
            let mem = place.mem.0 as usize;
            !writes[mem].iter().any(|site| inside.contains(&site.pos))
                && !made[mem].is_some_and(|site| inside.contains(&site.pos))
        });
    }

    /// A loop's variable and what it carries are atoms.
    fn repetition(&mut self, lp: &Loop) {
        if let Over::Range { var, hi, .. } = lp.over {
            self.ends.insert(var, self.name(hi));
            self.polynomials.insert(var, Polynomial::atom(Atom::Value(var)));
        }
    }

    /// An integer; `harmless` if its statement cannot panic.
    fn integer(&mut self, v: V, polynomial: Polynomial, harmless: bool) {
        let Ty::Int(ty) = self.program.of(v).ty.clone() else { return };
        if self.program.of(v).object {
            return;
        }
        let polynomial = match polynomial.is_short() {
            true => polynomial,
            false => Polynomial::atom(Atom::Value(v)),
        };
        let key = Key::Integer(ty, polynomial.clone());
        self.polynomials.insert(v, polynomial);
        match self.known.get(&key) {
            Some(first) => {
                self.names.insert(v, *first);
                if harmless {
                    self.repeated.insert(v);
                }
            }
            None => {
                if let Key::Integer(_, polynomial) = &key
                    && let Some(number) = polynomial.as_number()
                    && number >= 0
                {
                    self.numbers.insert(v, (number, harmless));
                }
                self.known.insert(key.clone(), v);
                self.added.push(key);
            }
        }
    }

    /// An operation without effect. Whether it was known.
    fn operation(&mut self, v: V, key: Key) -> bool {
        if self.program.of(v).object {
            return false;
        }
        match self.known.get(&key) {
            Some(first) => {
                let first = self.name(*first);
                self.names.insert(v, first);
                self.repeated.insert(v);
                true
            }
            None => {
                self.known.insert(key.clone(), v);
                self.added.push(key);
                false
            }
        }
    }

    fn passive(&mut self, v: V, pass: &Pass, args: &[V]) {
        let args: Vec<V> = args.iter().map(|v| self.name(*v)).collect();
        if let Pass::Len(place) = pass {
            let place = self.named(place);
            let length = self.length(&place);
            if let Some(length) = length
                && !self.operation(v, Key::Operation(format!("len {place:?}")))
            {
                let harmless = !place.proj.iter().any(|proj| !matches!(proj, Proj::Field(_)));
                self.integer(v, length, harmless);
            }
            return;
        }
        let text = match pass {
            Pass::Cast(ty) => format!("as {ty}"),
            Pass::Path(path) => format!("path {path}"),
            other => format!("{other:?}"),
        };
        let ty = &self.program.of(v).ty;
        if matches!(ty, Ty::Opaque) || self.program.of(v).object {
            return;
        }
        let objects = args.iter().any(|v| {
            let of = self.program.of(*v);
            of.object || of.ty == Ty::Opaque
        });
        if objects || self.operation(v, Key::Operation(format!("{text} {args:?} {ty:?}"))) {
            return;
        }
        if !matches!(ty, Ty::Int(_)) {
            return;
        }
        let of = |this: &Self, k: usize| this.polynomial(args[k]);
        let found = match pass {
            Pass::Binary("+") => of(self, 0).plus(&of(self, 1), 1),
            Pass::Binary("-") => of(self, 0).plus(&of(self, 1), -1),
            Pass::Successor => of(self, 0).plus(&Polynomial::number(1), 1),
            Pass::Binary("*") => of(self, 0).times(&of(self, 1)),
            Pass::Method(name) if (name == "min" || name == "max") && args.len() == 2 => {
                let (a, b) = (of(self, 0), of(self, 1));
                let same = a == b;
                let found = if same { a } else { Polynomial::atom(Atom::Value(v)) };
                self.integer(v, found, same);
                return;
            }
            Pass::Method(name) if name == "saturating_sub" && args.len() == 2 => {
                self.differences.insert(v, of(self, 0).plus(&of(self, 1), -1));
                Polynomial::atom(Atom::Value(v))
            }
            _ => Polynomial::atom(Atom::Value(v)),
        };
        self.integer(v, found, false);
    }

    /// Notes a place like `x[i..i + 2][1]`, if the range is known to be in range: it is `x[i + 1]`.
    fn straighten(&mut self, place: &Place, pos: usize) {
        let [Proj::Range(from, Some(to)), Proj::Index(at)] = place.proj[..] else { return };
        let (start, end) = (self.polynomial(from), self.polynomial(to));
        let width = end.clone().plus(&start, -1).as_number();
        let (Some(width), Some(number)) = (width, self.polynomial(at).as_number()) else { return };
        let whole = self.length(&Place::whole(place.mem));
        // `i - 1` may have wrapped around, which slicing notices.
        if (0..width).contains(&number)
            && start.is_sum()
            && whole.is_some_and(|length| self.is_at_most(&end, &length))
        {
            self.straight.insert(pos, (from, at));
        }
    }

    /// Whether an index is at most a length in every iteration of the loops around.
    fn is_at_most(&self, index: &Polynomial, length: &Polynomial) -> bool {
        let beyond = |index: Polynomial| index.plus(length, -1).as_number();
        let last = |atom: &Atom| {
            let Atom::Value(var) = atom else { return None };
            let hi = self.ends.get(var)?;
            // Where there is an iteration, the difference is not negative.
            let end = self.differences.get(hi).cloned().unwrap_or_else(|| self.polynomial(*hi));
            let last = end.plus(&Polynomial::number(1), -1);
            beyond(index.clone().plus(&Polynomial::atom(atom.clone()), -1).plus(&last, 1))
        };
        beyond(index.clone()).is_some_and(|n| n <= 0)
            || index.single().any(|atom| last(atom).is_some_and(|n| n <= 0))
    }

    fn polynomial(&self, v: V) -> Polynomial {
        let v = self.name(v);
        let atom = || Polynomial::atom(Atom::Value(v));
        self.polynomials.get(&v).cloned().unwrap_or_else(atom)
    }

    /// How long a place is, if that is known and does not change.
    fn length(&self, place: &Place) -> Option<Polynomial> {
        let whole = self.lengths.get(&place.mem).cloned();
        length(&self.program.at(place.mem).ty, whole, &place.proj, |v| Some(self.polynomial(v)))
    }
}

struct Cleaning<'n> {
    program: &'n mut Program,
    names: &'n HashMap<V, V>,
    repeated: &'n HashSet<V>,
    numbers: &'n HashMap<V, (i128, bool)>,
    straight: &'n HashMap<usize, (V, V)>,
    decided: &'n HashMap<usize, bool>,
}

impl Cleaning<'_> {
    /// Removes the statements that repeat others, and writes numbers as such. Those that may panic
    /// stay, under new names.
    fn block(&mut self, block: &mut Block, pos: &mut usize) {
        let mut stmts = Vec::with_capacity(block.stmts.len());
        for mut stmt in std::mem::take(&mut block.stmts) {
            let (straight, decided) = (self.straight.get(pos), self.decided.get(pos));
            *pos += 1;
            if defined(&stmt).is_some_and(|v| self.repeated.contains(&v)) {
                continue;
            }
            match &mut stmt.kind {
                Kind::Pass(v, ..) => match self.numbers.get(v) {
                    Some(&(number, harmless)) => {
                        let kind = Kind::Const(*v, Literal::Int(number));
                        stmts.push(Stmt { kind, span: stmt.span });
                        if harmless {
                            continue;
                        }
                        *v = self.again(*v);
                    }
                    None if self.names.contains_key(v) => *v = self.again(*v),
                    None => {}
                },
                Kind::If { then, other, .. } => {
                    self.block(then, pos);
                    self.block(other, pos);
                    if let Some(holds) = decided {
                        let taken = if *holds { then } else { other };
                        stmts.append(&mut taken.stmts);
                        continue;
                    }
                }
                Kind::Loop(lp) => self.block(&mut lp.body, pos),
                Kind::Load(_, place) | Kind::Store(place, ..) => {
                    if let Some(&(from, at)) = straight {
                        let index = self.again(at);
                        let sum = Kind::Pass(index, Pass::Binary("+"), vec![from, at]);
                        stmts.push(Stmt { kind: sum, span: stmt.span });
                        place.proj = vec![Proj::Index(index)];
                    }
                }
                _ => {}
            }
            stmts.push(stmt);
        }
        block.stmts = stmts;
    }

    /// Another value of the same kind.
    fn again(&mut self, v: V) -> V {
        let of = self.program.of(v).clone();
        self.program.value(of.name, of.ty, of.span)
    }
}

fn defined(stmt: &Stmt) -> Option<V> {
    match &stmt.kind {
        Kind::Const(v, _)
        | Kind::Prim(v, ..)
        | Kind::Cast(v, _)
        | Kind::Pass(v, ..)
        | Kind::Load(v, _)
        | Kind::Opaque { out: Some(v), code: Code { part: Some(_), .. }, .. } => Some(*v),
        _ => None,
    }
}
