//! Blocks, conditionals and loops.
//!
//! ```text
//! let (a_3, b_4): (f64, f64) = if c_2 { …; (x_5, y_6) } else { …; (x_7, y_8) };
//! let mut s_9: f64 = 0.0f64;
//! for i_10 in 0usize..n_1 { …; s_9 = t_11; }
//! let s_12: f64 = s_9;
//! ```

use super::facts::Facts;
use super::groups::Schedule;
use super::names::{self, local};
use super::types::owned;
use super::{innermost, windows};
use crate::emit::element::{elem_type, literal, zero};
use crate::flow::ir::{
    Block, Carried, Kind, Loop, MemId, Origin, Out, Over, Place, Program, Proj, RecId, Stmt, Ty, V,
};
use crate::flow::walk;
use crate::ir::{Elem, Literal};
use crate::parse::Type;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::{HashMap, HashSet};

/// More statements than this in one block declare their variables together. Each `let` is a scope
/// inside the one before, and rustc's debug information does not survive tens of thousands of them.
const MANY: usize = 256;

/// A variable that a `let` declares.
pub(super) struct Declared {
    /// Its name.
    pub(super) name: Ident,
    /// Its type, `_` where only rustc knows.
    pub(super) ty: TokenStream,
    /// Whether it changes.
    pub(super) mutable: bool,
}

/// Emits the statements of a program.
pub(super) struct Body<'p> {
    pub(super) program: &'p Program,
    pub(super) facts: Facts,
    /// What stands for a place in the loop at hand: a window's element, a local.
    pub(super) windows: HashMap<(MemId, Vec<Proj>), TokenStream>,
    /// What a value is called in the loop at hand instead.
    pub(super) replaced: HashMap<V, TokenStream>,
    /// Where the loop at hand finds the entry of a record, value by value.
    pub(super) streams: HashMap<RecId, Vec<TokenStream>>,
    /// Memories that are in an `Option`, since nothing else could stand in before they are made.
    pub(super) lazy: HashMap<MemId, ()>,
    /// Where we are.
    pub(super) path: Vec<usize>,
    /// In how many loops we are.
    pub(super) loops: usize,
    /// The variables of this block that are declared together.
    together: Option<Vec<Declared>>,
    /// What is to be computed where it stands.
    pub(super) pinned: HashSet<V>,
    /// How many names were made.
    fresh: usize,
    /// Exclusive references, which are passed on as `&mut *rng`.
    pub(super) reborrowed: Vec<V>,
    /// Parameters of a type parameter's type, which are passed on as `&f`: a function is not cloned.
    pub(super) lent: Vec<V>,
    /// Checks of cotangents, before they are used for the first time.
    pub(super) checks: HashMap<MemId, TokenStream>,
}

impl<'p> Body<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        let facts = Facts::new(program);
        let mut lazy: HashMap<MemId, ()> = (facts.homes.iter())
            .filter(|(mem, home)| {
                home.ahead && super::types::anything(&program.at(**mem).ty).is_none()
            })
            .map(|(mem, _)| (*mem, ()))
            .collect();
        // What is perhaps not there when it is put on a record is not there when it is taken off.
        walk::all(&program.body, &mut |kind| {
            if let Kind::Recall(record, _, mems) = kind
                && let Some((_, kept)) = facts.records.get(record)
            {
                let absent = mems.iter().zip(kept).filter(|(_, kept)| lazy.contains_key(kept));
                let absent: Vec<_> = absent.map(|(mem, _)| (*mem, ())).collect();
                lazy.extend(absent);
            }
        });
        Body {
            program,
            facts,
            windows: HashMap::new(),
            streams: HashMap::new(),
            replaced: HashMap::new(),
            lazy,
            path: vec![],
            loops: 0,
            together: None,
            pinned: HashSet::new(),
            fresh: 0,
            reborrowed: vec![],
            lent: vec![],
            checks: HashMap::new(),
        }
    }

    /// A name that nothing else has.
    pub(super) fn fresh(&mut self, name: &str) -> Ident {
        self.fresh += 1;
        local(&format!("{name}_w{}", self.fresh))
    }

    /// The identifier of a value that is no literal.
    pub(super) fn name(&self, v: V) -> Ident {
        names::value(self.program, self.facts.slots.get(&v).copied().unwrap_or(v))
    }

    /// A value, where it is used.
    pub(super) fn value(&self, v: V) -> TokenStream {
        if let Some(constant) = self.constant(v) {
            return constant;
        }
        let name = self.name(v);
        if let Some(other) = self.replaced.get(&v) {
            other.clone()
        } else if self.facts.optional.contains(&v) {
            quote!(::chainrule::rt::kept(&#name))
        } else {
            quote!(#name)
        }
    }

    /// A value, where it is moved: what may not be `Copy` and is used again is cloned.
    pub(super) fn moved(&self, v: V) -> TokenStream {
        let of = self.program.of(v);
        if self.reborrowed.contains(&v) {
            let name = self.name(v);
            return quote!(&mut *#name);
        }
        let known = of.ty != Ty::Opaque || of.object || self.facts.optional.contains(&v);
        if known || self.constant(v).is_some() || !self.facts.shared.contains(&v) {
            return self.value(v);
        }
        let name = self.name(v);
        match self.lent.contains(&v) {
            true => quote!(&#name),
            false => quote!(::core::clone::Clone::clone(&#name)),
        }
    }

    /// A literal.
    pub(super) fn constant(&self, v: V) -> Option<TokenStream> {
        let constant = self.facts.consts.get(&v)?;
        Some(match (&self.program.of(v).ty, constant) {
            (Ty::Float(elem), Literal::Int(number)) => {
                literal(&Literal::Float(*number as f64, None), elem)
            }
            (Ty::Float(elem), number) => literal(number, elem),
            (Ty::Bool, Literal::Int(number)) => {
                let truth = *number != 0;
                quote!(#truth)
            }
            (Ty::Int(Some(name)), number) => literal(number, &Elem::Int(name.clone())),
            (_, Literal::Int(number)) if *number < 0 => {
                let number = literal(constant, &Elem::F64);
                quote!((#number))
            }
            (_, number) => literal(number, &Elem::F64),
        })
    }

    /// The type of a value.
    pub(super) fn type_of(&self, v: V) -> TokenStream {
        let ty = match &self.program.of(v).ty {
            Ty::Float(elem) => elem_type(elem),
            Ty::Bool => quote!(bool),
            Ty::Int(Some(name)) => elem_type(&Elem::Int(name.clone())),
            Ty::Int(None) | Ty::Opaque => quote!(_),
        };
        match self.facts.optional.contains(&v) {
            true => quote!(::core::option::Option<#ty>),
            false => ty,
        }
    }

    /// The declaration of a value.
    pub(super) fn declared(&self, v: V) -> Declared {
        let mutable = self.program.of(v).object;
        Declared { name: self.name(v), ty: self.type_of(v), mutable }
    }

    /// `let declared = value;`
    pub(super) fn bind(&mut self, declared: Declared, value: &TokenStream) -> TokenStream {
        let Declared { name, ty, mutable } = &declared;
        match &mut self.together {
            Some(together) => {
                let assigned = quote!(#name = #value;);
                together.push(declared);
                assigned
            }
            None if *mutable => quote!(let mut #name: #ty = #value;),
            None => quote!(let #name: #ty = #value;),
        }
    }

    /// `let (a, b) = value;`, of one variable without the tuple.
    pub(super) fn bind_all(&mut self, declared: Vec<Declared>, value: &TokenStream) -> TokenStream {
        let names: Vec<&Ident> = declared.iter().map(|d| &d.name).collect();
        if let Some(together) = &mut self.together {
            let names = one_or_tuple(&names);
            let assigned = quote!(#names = #value;);
            together.extend(declared);
            return assigned;
        }
        let types: Vec<&TokenStream> = declared.iter().map(|d| &d.ty).collect();
        let patterns: Vec<TokenStream> = declared.iter().map(pattern).collect();
        let (patterns, types) = (one_or_tuple(&patterns), one_or_tuple(&types));
        quote!(let #patterns: #types = #value;)
    }

    /// The statements of a block.
    pub(super) fn block(&mut self, block: &Block) -> TokenStream {
        self.part(block, 0..block.stmts.len())
    }

    /// Some statements of a block, by their numbers.
    pub(super) fn part(&mut self, block: &Block, range: std::ops::Range<usize>) -> TokenStream {
        let around = self.together.take();
        let mut out = TokenStream::new();
        let many = block.stmts.len() >= MANY;
        let (first, end) = (range.start, range.end);
        let mut groups = Schedule::new(self, block, &range);
        self.pinned.extend(groups.pinned.drain());
        for (chunk, stmts) in block.stmts[range].chunks(MANY).enumerate() {
            self.together = many.then(Vec::new);
            let mut tokens = TokenStream::new();
            for (k, stmt) in stmts.iter().enumerate() {
                let at = first + chunk * MANY + k;
                tokens.extend(groups.before(self, block, at));
                tokens.extend(self.declare_ahead(at));
                self.path.push(at);
                tokens.extend(self.seed_checks(stmt));
                if !groups.moves(at) {
                    tokens.extend(self.statement(stmt));
                }
                self.path.pop();
                if at + 1 == end {
                    tokens.extend(groups.before(self, block, end));
                }
            }
            if let Some(together) = self.together.take() {
                let patterns: Vec<TokenStream> = together.iter().map(pattern).collect();
                let types = together.iter().map(|d| &d.ty);
                out.extend(quote!(let (#(#patterns,)*): (#(#types,)*);));
            }
            out.extend(tokens);
        }
        self.together = around;
        out
    }

    /// The memories that are made in a block inside but used behind it.
    fn declare_ahead(&mut self, at: usize) -> TokenStream {
        let mut mems: Vec<MemId> = (self.facts.homes.iter())
            .filter(|(_, home)| home.ahead && home.stmt == at && home.block == self.path)
            .map(|(mem, _)| *mem)
            .collect();
        mems.sort();
        let mut out = TokenStream::new();
        for mem in mems {
            let ty = &self.program.at(mem).ty;
            let value = match super::types::anything(ty) {
                Some(value) if !self.lazy.contains_key(&mem) => value,
                _ => quote!(::core::option::Option::None),
            };
            let declared = self.declared_mem(mem);
            out.extend(self.bind(declared, &value));
        }
        out
    }

    /// The declaration of a local memory.
    pub(super) fn declared_mem(&self, mem: MemId) -> Declared {
        let ty = owned(&self.program.at(mem).ty);
        let ty = match self.lazy.contains_key(&mem) {
            true => quote!(::core::option::Option<#ty>),
            false => ty,
        };
        Declared { name: names::mem(self.program, mem), ty, mutable: true }
    }

    /// The lengths of cotangents are checked before they are used for the first time.
    fn seed_checks(&mut self, stmt: &Stmt) -> TokenStream {
        if self.checks.is_empty() || self.path.len() != 1 {
            return TokenStream::new();
        }
        let mut found = Vec::new();
        let mut visit = |kind: &Kind| {
            walk::places(kind, &mut |mem, _, _| found.push(mem));
        };
        visit(&stmt.kind);
        for block in walk::blocks(&stmt.kind) {
            walk::all(block, &mut |kind| visit(kind));
        }
        found.into_iter().filter_map(|mem| self.checks.remove(&mem)).collect()
    }

    /// Whether a memory's variable is a reference.
    pub(super) fn is_reference(&self, mem: MemId) -> bool {
        matches!(self.program.at(mem).origin, Origin::Shared | Origin::Exclusive)
    }

    /// A place, to be read.
    pub(super) fn place(&self, place: &Place) -> TokenStream {
        self.place_of(place.mem, &place.proj, false)
    }

    /// A place, to be changed.
    pub(super) fn place_mut(&self, place: &Place) -> TokenStream {
        self.place_of(place.mem, &place.proj, true)
    }

    /// A place from its steps.
    pub(super) fn place_of(&self, mem: MemId, proj: &[Proj], change: bool) -> TokenStream {
        let window = (0..=proj.len())
            .rev()
            .find_map(|n| Some((self.windows.get(&(mem, proj[..n].to_vec()))?.clone(), n)));
        let (mut out, done) = window.unwrap_or_else(|| {
            let name = names::mem(self.program, mem);
            let root = match (self.lazy.contains_key(&mem), change) {
                (true, true) => quote!((*::chainrule::rt::there_mut(&mut #name))),
                (true, false) => quote!((*::chainrule::rt::there(&#name))),
                _ if self.is_reference(mem) && proj.is_empty() => quote!((*#name)),
                _ => quote!(#name),
            };
            (root, 0)
        });
        for step in &proj[done..] {
            out = match step {
                Proj::Field(name) => super::types::field(&out, name),
                Proj::Index(at) => {
                    let at = self.index(*at);
                    quote!(#out[#at])
                }
                Proj::Range(from, to) => {
                    let (from, to) = (self.index(*from), to.map(|to| self.index(to)));
                    quote!(#out[#from..#to])
                }
            };
        }
        out
    }

    /// A value as an index: literals are of type `usize`.
    pub(super) fn index(&self, v: V) -> TokenStream {
        match (&self.program.of(v).ty, self.facts.consts.get(&v)) {
            (Ty::Int(None), Some(number)) => literal(number, &Elem::Int("usize".into())),
            _ => self.value(v),
        }
    }

    /// The type of a place, where it is known: fields of structs are not.
    pub(super) fn type_at(&self, place: &Place) -> Option<Type> {
        let slice = matches!(place.proj.last(), Some(Proj::Range(..)));
        self.known_type(place)
            .or_else(|| slice.then(|| Type::Slice(Box::new(Type::Float(Elem::F64)))))
    }

    fn known_type(&self, place: &Place) -> Option<Type> {
        let mut ty = self.program.at(place.mem).ty.clone();
        for step in &place.proj {
            ty = match (step, ty) {
                (Proj::Field(name), Type::Tuple(parts)) => {
                    parts.get(name.parse::<usize>().ok()?)?.clone()
                }
                (Proj::Index(_), Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of)) => *of,
                (Proj::Range(..), Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of)) => {
                    Type::Slice(of)
                }
                _ => return None,
            };
        }
        Some(ty)
    }

    /// A conditional.
    pub(super) fn conditional(
        &mut self,
        cond: V,
        then: &Block,
        other: &Block,
        outs: &[Out],
    ) -> TokenStream {
        let cond = self.value(cond);
        let (mut out, mut slots) = (TokenStream::new(), Vec::new());
        let mut outs = outs.to_vec();
        outs.retain(|of| match self.facts.slots.get(&of.value).copied() {
            Some(slot) => {
                slots.push((slot, of.clone()));
                false
            }
            None => true,
        });
        for (slot, _) in slots.iter().filter(|(slot, of)| *slot == of.value) {
            let (declared, blank) = (self.declared(*slot), self.blank(*slot));
            out.extend(self.bind(Declared { mutable: true, ..declared }, &blank));
        }
        let branch = |this: &mut Self, number: usize, block: &Block| {
            this.path.push(number);
            let mut stmts = this.block(block);
            this.path.pop();
            for (slot, of) in &slots {
                let value = if number == 0 { of.then } else { of.other };
                let value = value.filter(|v| this.facts.slots.get(v) != Some(slot));
                if let Some(value) = value {
                    let (name, value) = (this.name(*slot), this.moved(value));
                    stmts.extend(quote!(#name = #value;));
                }
            }
            let leaves = block
                .stmts
                .last()
                .is_some_and(|stmt| matches!(stmt.kind, Kind::Fail(_) | Kind::Diverge(_)));
            if outs.is_empty() || leaves {
                return stmts;
            }
            let values: Vec<TokenStream> = outs
                .iter()
                .map(|out| this.leaving(out.value, if number == 0 { out.then } else { out.other }))
                .collect();
            let values = one_or_tuple(&values);
            quote!(#stmts #values)
        };
        let then = branch(self, 0, then);
        let other = branch(self, 1, other);
        let other = (!other.is_empty()).then(|| quote!(else { #other }));
        if outs.is_empty() {
            return quote!(#out if #cond { #then } #other);
        }
        let declared = outs.iter().map(|out| self.declared(out.value)).collect();
        out.extend(self.bind_all(declared, &quote!(if #cond { #then } #other)));
        out
    }

    /// What a branch hands out as a value.
    fn leaving(&self, out: V, value: Option<V>) -> TokenStream {
        if self.facts.optional.contains(&out) {
            return self.option(value);
        }
        value.map_or_else(|| self.blank(out), |value| self.moved(value))
    }

    /// Something in place of a value that is not used.
    pub(super) fn blank(&self, v: V) -> TokenStream {
        match &self.program.of(v).ty {
            Ty::Float(elem) => zero(elem),
            Ty::Bool => quote!(false),
            Ty::Int(Some(name)) => literal(&Literal::Int(0), &Elem::Int(name.clone())),
            _ => quote!(0),
        }
    }

    /// A value as an `Option`.
    fn option(&self, value: Option<V>) -> TokenStream {
        match value {
            None => quote!(::core::option::Option::None),
            Some(v) if self.facts.optional.contains(&v) => {
                let name = self.name(v);
                quote!(::core::clone::Clone::clone(&#name))
            }
            Some(v) => {
                let value = self.moved(v);
                quote!(::core::option::Option::Some(#value))
            }
        }
    }

    /// A loop.
    pub(super) fn repeat(&mut self, lp: &Loop) -> TokenStream {
        let mut out = TokenStream::new();
        for c in &lp.carried {
            let init = self.handed(c.param, c.init);
            let declared = Declared { mutable: true, ..self.declared(c.param) };
            out.extend(self.bind(declared, &init));
        }
        if let Some(count) = lp.count {
            let declared = Declared { name: self.name(count), ty: quote!(usize), mutable: true };
            out.extend(self.bind(declared, &quote!(0)));
        }
        let windows = windows::plan(self, lp);
        self.path.push(0);
        self.loops += 1;
        let inner = match &windows {
            Some(plan) => innermost::within(self, plan, lp),
            None => {
                let body = self.iteration(lp);
                match &lp.over {
                    Over::Range { var, lo, hi, reversed } => {
                        let (var, lo, hi) = (self.name(*var), self.value(*lo), self.value(*hi));
                        let range = match reversed {
                            true => quote!((#lo..#hi).rev()),
                            false => quote!(#lo..#hi),
                        };
                        quote!(for #var in #range { #body })
                    }
                    Over::Forever => quote!(loop { #body }),
                }
            }
        };
        self.path.pop();
        self.loops -= 1;
        out.extend(inner);
        for c in &lp.carried {
            let (declared, last) = (self.declared(c.out), self.name(c.param));
            out.extend(self.bind(declared, &quote!(#last)));
        }
        out
    }

    /// The body of a loop, with what is handed on.
    pub(super) fn iteration(&mut self, lp: &Loop) -> TokenStream {
        let mut out = self.block(&lp.body);
        let params: Vec<V> = lp.carried.iter().map(|c| c.param).collect();
        let exit = lp.exit.map(|exit| {
            let value = self.value(exit);
            if !params.contains(&exit) {
                return value;
            }
            let name = local("exit");
            out.extend(quote!(let #name = #value;));
            quote!(#name)
        });
        let changed: Vec<&Carried> = lp.carried.iter().filter(|c| c.next != c.param).collect();
        let target = |c: &Carried| {
            let name = self.name(c.param);
            self.replaced.get(&c.param).cloned().unwrap_or_else(|| quote!(#name))
        };
        let (targets, values): (Vec<TokenStream>, Vec<TokenStream>) =
            changed.iter().map(|c| (target(c), self.handed(c.param, c.next))).unzip();
        let crossed = changed.len() > 1 && changed.iter().any(|c| params.contains(&c.next));
        if crossed {
            out.extend(quote!((#(#targets,)*) = (#(#values,)*);));
        } else {
            out.extend(quote!(#(#targets = #values;)*));
        }
        if let Some(count) = lp.count {
            let count = self.name(count);
            out.extend(quote!(#count += 1;));
        }
        if let Some(exit) = exit {
            out.extend(quote!(if #exit { break; }));
        }
        out
    }

    /// What a loop hands to a variable.
    fn handed(&self, param: V, value: V) -> TokenStream {
        match self.facts.optional.contains(&param) {
            true => self.option(Some(value)),
            false => self.moved(value),
        }
    }

    /// The type of what a record keeps.
    pub(super) fn entry_type(&self, record: RecId) -> TokenStream {
        if let Some(place) = self.facts.saved.get(&record) {
            let float = self.type_at(place).and_then(|ty| super::types::float(&ty));
            return elem_type(&float.unwrap_or(Elem::F64));
        }
        let Some((values, mems)) = self.facts.records.get(&record) else { return quote!(()) };
        let values = values.iter().map(|v| self.type_of(*v));
        let mems = mems.iter().map(|mem| self.declared_mem(*mem).ty);
        one_or_tuple(&values.chain(mems).collect::<Vec<_>>())
    }
}

fn pattern(declared: &Declared) -> TokenStream {
    let (name, mutable) = (&declared.name, declared.mutable.then(|| quote!(mut)));
    quote!(#mutable #name)
}

/// One: itself; others: the tuple of them.
pub(super) fn one_or_tuple<T: quote::ToTokens>(parts: &[T]) -> TokenStream {
    match parts {
        [one] => quote!(#one),
        several => quote!((#(#several),*)),
    }
}
