//! Where things are in a program: which block defines a value, which statements read it and write a
//! memory, how blocks nest.

use super::ir::{
    Block, By, CallOut, Init, Kind, Loop, MemId, Over, Pass, Place, Program, Source, Stmt, V,
};
use super::walk;
use crate::hash::HashMap;

/// Names a block of a program: blocks are numbered as they begin, the body of the function is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u32);

/// What a block belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The function.
    Function,
    /// A conditional, where its condition holds.
    Then,
    /// A conditional, where it does not.
    Other,
    /// A loop.
    Body,
}

/// A block.
pub struct BlockInfo<'p> {
    /// The block around it.
    pub parent: Option<BlockId>,
    /// The statement it belongs to.
    pub stmt: Option<&'p Stmt>,
    /// The number of that statement.
    pub pos: usize,
    /// What it is to that statement.
    pub role: Role,
    /// The number of its first statement.
    pub first: usize,
    /// How many blocks are around it.
    depth: u32,
}

/// What defines a value.
#[derive(Clone, Copy)]
pub enum By_<'p> {
    /// A parameter of the function, or nothing.
    Param,
    /// A statement.
    Stmt(&'p Stmt),
    /// The variable of a loop over a range.
    Variable,
    /// A loop, as what it carries, at this place of its list.
    Carried(&'p Loop, usize),
    /// A loop, as what it leaves behind.
    LoopOut(&'p Loop, usize),
    /// A conditional, as what it leaves behind.
    IfOut(&'p Stmt, usize),
}

/// Where a value is defined.
#[derive(Clone, Copy)]
pub struct Def<'p> {
    /// In which block.
    pub block: BlockId,
    /// The number of the statement.
    pub pos: usize,
    /// By what.
    pub by: By_<'p>,
}

/// A place in the program where something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// In which block.
    pub block: BlockId,
    /// The number of the statement.
    pub pos: usize,
}

/// The index of a program. Statements are numbered in the order of the source.
pub struct Index<'p> {
    /// The blocks.
    pub blocks: Vec<BlockInfo<'p>>,
    /// The statements, with their blocks.
    pub stmts: Vec<(&'p Stmt, BlockId)>,
    /// Where each value is defined.
    pub defs: Vec<Def<'p>>,
    /// The statements that read each value.
    pub uses: Vec<Vec<Site>>,
    /// The statements that change each memory, its first filling excepted.
    pub writes: Vec<Vec<Site>>,
    /// The statements that read each memory.
    pub reads: Vec<Vec<Site>>,
    /// Where each memory is made.
    pub made: Vec<Option<Site>>,
    /// The numbers of the inner blocks of each statement.
    inner: HashMap<usize, [BlockId; 2]>,
    /// The number of the statement behind each statement and its blocks.
    ends: Vec<usize>,
}

impl<'p> Index<'p> {
    /// Indexes a program.
    pub fn new(program: &'p Program) -> Self {
        let param = Def { block: BlockId(0), pos: 0, by: By_::Param };
        let mut index = Index {
            blocks: vec![],
            stmts: vec![],
            defs: vec![param; program.values.len()],
            uses: vec![vec![]; program.values.len()],
            writes: vec![vec![]; program.mems.len()],
            reads: vec![vec![]; program.mems.len()],
            made: vec![None; program.mems.len()],
            inner: HashMap::default(),
            ends: vec![],
        };
        index.block(&program.body, None, None, 0, Role::Function, 0);
        index
    }

    /// Whether nothing changes a memory's length.
    pub fn keeps_length(&self, mem: MemId) -> bool {
        self.writes[mem.0 as usize]
            .iter()
            .all(|site| matches!(self.stmts[site.pos].0.kind, Kind::Store(..) | Kind::Fill(..)))
    }

    /// The block's number in its parent's statement.
    pub fn inner(&self, pos: usize) -> [BlockId; 2] {
        self.inner[&pos]
    }

    /// The number of the statement behind this one and all inside it.
    pub fn end(&self, pos: usize) -> usize {
        self.ends[pos]
    }

    /// What a block is.
    pub fn at(&self, block: BlockId) -> &BlockInfo<'p> {
        &self.blocks[block.0 as usize]
    }

    /// Where a value is defined.
    pub fn def(&self, v: V) -> Def<'p> {
        self.defs[v.0 as usize]
    }

    /// Whether `outer` is `inner` or around it.
    pub fn encloses(&self, outer: BlockId, inner: BlockId) -> bool {
        let mut block = Some(inner);
        while let Some(b) = block {
            if b == outer {
                return true;
            }
            if self.at(b).depth <= self.at(outer).depth {
                return false;
            }
            block = self.at(b).parent;
        }
        false
    }

    /// The innermost block around both.
    pub fn common(&self, a: BlockId, b: BlockId) -> BlockId {
        let (mut a, mut b) = (a, b);
        while a != b {
            let (x, y) = (self.at(a), self.at(b));
            if x.depth >= y.depth {
                a = x.parent.unwrap_or(BlockId(0));
            } else {
                b = y.parent.unwrap_or(BlockId(0));
            }
        }
        a
    }

    /// A block's statements with their numbers.
    pub fn within(&self, block: BlockId, program: &'p Program) -> Vec<(usize, &'p Stmt)> {
        let info = self.at(block);
        let stmts = match (info.role, info.stmt.map(|stmt| &stmt.kind)) {
            (Role::Then, Some(Kind::If { then, .. })) => &then.stmts,
            (Role::Other, Some(Kind::If { other, .. })) => &other.stmts,
            (Role::Body, Some(Kind::Loop(lp))) => &lp.body.stmts,
            _ => &program.body.stmts,
        };
        let mut pos = info.first;
        let mut out = Vec::with_capacity(stmts.len());
        for stmt in stmts {
            out.push((pos, stmt));
            pos = self.end(pos);
        }
        out
    }

    fn block(
        &mut self,
        block: &'p Block,
        parent: Option<BlockId>,
        stmt: Option<&'p Stmt>,
        pos: usize,
        role: Role,
        depth: u32,
    ) -> BlockId {
        let id = BlockId(self.blocks.len() as u32);
        self.blocks.push(BlockInfo { parent, stmt, pos, role, first: self.stmts.len(), depth });
        for stmt in &block.stmts {
            self.statement(stmt, id, depth);
        }
        id
    }

    fn define(&mut self, v: V, block: BlockId, pos: usize, by: By_<'p>) {
        self.defs[v.0 as usize] = Def { block, pos, by };
    }

    fn read(&mut self, v: V, site: Site) {
        self.uses[v.0 as usize].push(site);
    }

    fn place(&mut self, place: &Place, site: Site) {
        for v in place.indices().collect::<Vec<_>>() {
            self.read(v, site);
        }
    }

    fn reads_of(&mut self, place: &Place, site: Site) {
        self.place(place, site);
        self.reads[place.mem.0 as usize].push(site);
    }

    fn writes_to(&mut self, place: &Place, site: Site) {
        self.place(place, site);
        self.writes[place.mem.0 as usize].push(site);
    }

    fn source(&mut self, source: &Source, site: Site) {
        match source {
            Source::Value(v) => self.read(*v, site),
            Source::Place(place) => self.reads_of(place, site),
        }
    }

    fn code(&mut self, code: &super::ir::Code, site: Site) {
        for bind in &code.binds {
            self.source(&bind.what, site);
            if let (By::Mut, Source::Place(place)) = (bind.by, &bind.what) {
                self.writes[place.mem.0 as usize].push(site);
            }
        }
    }

    fn statement(&mut self, stmt: &'p Stmt, block: BlockId, depth: u32) {
        let pos = self.stmts.len();
        self.stmts.push((stmt, block));
        self.ends.push(pos + 1);
        let site = Site { block, pos };
        let by = By_::Stmt(stmt);
        match &stmt.kind {
            Kind::Const(out, _) => self.define(*out, block, pos, by),
            Kind::Prim(out, _, args) => {
                self.define(*out, block, pos, by);
                args.iter().for_each(|v| self.read(*v, site));
            }
            Kind::Cast(out, arg) => {
                self.define(*out, block, pos, by);
                self.read(*arg, site);
            }
            Kind::Pass(out, pass, args) => {
                self.define(*out, block, pos, by);
                if let Pass::Len(place) = pass {
                    self.place(place, site);
                }
                args.iter().for_each(|v| self.read(*v, site));
            }
            Kind::Opaque { out, code, .. } => {
                if let Some(out) = out {
                    self.define(*out, block, pos, by);
                }
                self.code(code, site);
            }
            Kind::Load(out, place) => {
                self.define(*out, block, pos, by);
                self.reads_of(place, site);
            }
            Kind::Store(place, v, _) | Kind::Fill(place, v) => {
                self.writes_to(place, site);
                self.read(*v, site);
            }
            Kind::Alloc(mem, init) => {
                self.made[mem.0 as usize] = Some(site);
                self.init(init, site);
            }
            Kind::Assign { to, from, moved } => {
                self.writes_to(to, site);
                self.reads_of(from, site);
                if *moved {
                    self.writes[from.mem.0 as usize].push(site);
                }
            }
            Kind::Push(place, source) => {
                self.writes_to(place, site);
                self.source(source, site);
            }
            Kind::Pop(out, place) => {
                self.define(*out, block, pos, by);
                self.writes_to(place, site);
                self.reads[place.mem.0 as usize].push(site);
            }
            Kind::AddAll(to, from) => {
                self.writes_to(to, site);
                self.reads_of(from, site);
            }
            Kind::SumAll(out, place) => {
                self.define(*out, block, pos, by);
                self.reads_of(place, site);
            }
            Kind::Swap(a, b) => {
                self.writes_to(a, site);
                self.writes_to(b, site);
            }
            Kind::Fail(code) | Kind::Diverge(code) => self.code(code, site),
            Kind::Call(call) => {
                match call.out {
                    CallOut::Unit => {}
                    CallOut::Value(out) => self.define(out, block, pos, by),
                    CallOut::Mem(mem) => self.made[mem.0 as usize] = Some(site),
                }
                for arg in &call.args {
                    self.source(&arg.source, site);
                    if let (By::Mut, Source::Place(place)) = (arg.by, &arg.source) {
                        self.writes[place.mem.0 as usize].push(site);
                    }
                }
            }
            Kind::If { cond, then, other, outs } => {
                self.read(*cond, site);
                let a = self.block(then, Some(block), Some(stmt), pos, Role::Then, depth + 1);
                let b = self.block(other, Some(block), Some(stmt), pos, Role::Other, depth + 1);
                self.inner.insert(pos, [a, b]);
                self.ends[pos] = self.stmts.len();
                for (k, out) in outs.iter().enumerate() {
                    self.define(out.value, block, pos, By_::IfOut(stmt, k));
                    for arm in [out.then, out.other].into_iter().flatten() {
                        self.read(arm, site);
                    }
                }
            }
            Kind::Loop(lp) => {
                let body = BlockId(self.blocks.len() as u32);
                if let Over::Range { var, lo, hi, .. } = &lp.over {
                    self.read(*lo, site);
                    self.read(*hi, site);
                    self.define(*var, body, pos, By_::Variable);
                }
                for (k, carried) in lp.carried.iter().enumerate() {
                    self.read(carried.init, site);
                    self.define(carried.param, body, pos, By_::Carried(lp, k));
                    self.define(carried.out, block, pos, By_::LoopOut(lp, k));
                }
                if let Some(Some(every)) = lp.checkpoint {
                    self.read(every, site);
                }
                if let Some(count) = lp.count {
                    self.define(count, block, pos, By_::LoopOut(lp, usize::MAX));
                }
                self.block(&lp.body, Some(block), Some(stmt), pos, Role::Body, depth + 1);
                self.inner.insert(pos, [body, body]);
                self.ends[pos] = self.stmts.len();
                for carried in &lp.carried {
                    self.read(carried.next, Site { block: body, pos });
                }
                if let Some(exit) = lp.exit {
                    self.read(exit, Site { block: body, pos });
                }
            }
            // The rest is in programs with a reverse sweep only.
            Kind::Pull { .. } => {
                walk::values(&stmt.kind, &mut |v| self.read(v, site));
                walk::defines(&stmt.kind, &mut |v| self.define(v, block, pos, by));
                walk::places(&stmt.kind, &mut |mem, _, access| {
                    let sites = if access.writes() { &mut self.writes } else { &mut self.reads };
                    sites[mem.0 as usize].push(site);
                });
            }
            Kind::Declare(_, room) => room.iter().for_each(|v| self.read(*v, site)),
            Kind::Keep(_, values, mems) => {
                values.iter().for_each(|v| self.read(*v, site));
                mems.iter().for_each(|mem| self.reads[mem.0 as usize].push(site));
            }
            Kind::Recall(_, values, mems) => {
                values.iter().for_each(|v| self.define(*v, block, pos, by));
                mems.iter().for_each(|mem| self.made[mem.0 as usize] = Some(site));
            }
            Kind::Save(_, place) => self.reads_of(place, site),
            Kind::Restore(_, place) | Kind::DropLast(place) => self.writes_to(place, site),
            Kind::Entry(list, row, column, v) => {
                [row, column, v].into_iter().for_each(|v| self.read(*v, site));
                self.writes_to(&Place::whole(*list), site);
            }
        }
    }

    fn init(&mut self, init: &Init, site: Site) {
        match init {
            Init::Filled(v, len) => {
                self.read(*v, site);
                len.iter().for_each(|v| self.read(*v, site));
            }
            Init::FilledWith(place, len) => {
                self.reads_of(place, site);
                len.iter().for_each(|v| self.read(*v, site));
            }
            Init::List(values) => values.iter().for_each(|v| self.read(*v, site)),
            Init::ListOf(places) => places.iter().for_each(|place| self.reads_of(place, site)),
            Init::Empty(len) => len.iter().for_each(|v| self.read(*v, site)),
            Init::Copy(place) | Init::ZerosLike(place) => self.reads_of(place, site),
            Init::Move(place) => {
                self.reads_of(place, site);
                self.writes[place.mem.0 as usize].push(site);
            }
            Init::Lent(v) => self.read(*v, site),
            Init::Unset => {}
            Init::Fields(fields) => fields.iter().for_each(|(_, source)| self.source(source, site)),
        }
    }
}
