//! The printer of nests.

use super::{Element, Item, Ix, Nest};
use crate::ir::print::{Names, literal_text};
use crate::ir::{Kind, Op, Program};

impl Nest {
    /// The nest as indented text.
    pub fn show(&self, program: &Program) -> String {
        let mut printer = Printer { program, names: Names::of(program), out: String::new() };
        for (value, axes) in self.buffers() {
            let dims: Vec<&str> =
                axes.iter().map(|&axis| printer.names.dim(program.shape(value)[axis])).collect();
            let line = format!("buffer {}[{}]", printer.names.value(value), dims.join(", "));
            printer.line(0, &line);
        }
        for (value, of) in &self.shared {
            let line = format!("{} in {}", printer.names.value(*value), printer.names.value(*of));
            printer.line(0, &line);
        }
        printer.items(&self.items, 0);
        printer.out
    }
}

struct Printer<'p> {
    program: &'p Program,
    names: Names,
    out: String,
}

impl Printer<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        self.out.push_str(&"  ".repeat(depth));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn items(&mut self, items: &[Item], depth: usize) {
        for item in items {
            match item {
                Item::Let(element) => {
                    let line =
                        format!("let {} = {}", self.element(element), self.definition(element));
                    self.line(depth, &line);
                }
                Item::Store(element) => {
                    let line = format!("{} = {}", self.element(element), self.definition(element));
                    self.line(depth, &line);
                }
                Item::Zero(element) => {
                    let start = if self.is_max(element) { "-inf" } else { "0" };
                    let line = format!("{} = {start}", self.names.value(element.value));
                    self.line(depth, &line);
                }
                Item::Add { to, arg } => {
                    let with = if self.is_max(to) { "max=" } else { "+=" };
                    let line = format!("{} {with} {}", self.element(to), self.element(arg));
                    self.line(depth, &line);
                }
                Item::Product(product) => {
                    let [to, left, right] = [&product.to, &product.left, &product.right]
                        .map(|matrix| self.names.element(matrix.read.value, &matrix.read.at));
                    let with = if product.overwrites { "=" } else { "+=" };
                    self.line(depth, &format!("{to} {with} gemm {left}, {right}"));
                }
                Item::Loop(inner) => {
                    let rows = inner.blocks.first().map_or(1, |block| block.vars.len());
                    let by = if rows > 1 { format!(" by {rows}") } else { String::new() };
                    let (var, dim) = (inner.var.0, self.names.dim(inner.dim));
                    self.line(depth, &format!("for i{var} in 0..{dim}{by} {{"));
                    self.items(&inner.body, depth + 1);
                    self.line(depth, "}");
                }
            }
        }
    }

    fn element(&self, element: &Element) -> String {
        let mut text = self.names.value(element.value).to_string();
        if !element.at.is_empty() {
            let at: Vec<String> = (element.at.iter())
                .map(|ix| match ix {
                    Ix::Var(var) => format!("i{}", var.0),
                    Ix::Affine(var, affine) => self.names.affine(&format!("i{}", var.0), *affine),
                    Ix::At(k) => k.to_string(),
                    Ix::Stretch(var, dim) => format!("i{}<{}", var.0, self.names.dim(*dim)),
                })
                .collect();
            text.push_str(&format!("[{}]", at.join(", ")));
        }
        text
    }

    fn is_max(&self, element: &Element) -> bool {
        let stmt = self.program.body.iter().find(|stmt| stmt.dst == element.value);
        matches!(stmt.map(|stmt| &stmt.kind), Some(Kind::Max { .. }))
    }

    fn definition(&self, element: &Element) -> String {
        let stmt = self.program.body.iter().find(|stmt| stmt.dst == element.value);
        let Some(Kind::Map { op, args }) = stmt.map(|stmt| &stmt.kind) else {
            return "?".into();
        };
        let args: Vec<String> =
            args.iter().map(|arg| self.element(&super::at(arg, &element.at))).collect();
        match op {
            Op::Prim(row) => format!("{} {}", row.name, args.join(", ")),
            Op::Const(literal) => literal_text(literal),
            Op::Copy => args.join(", "),
            Op::Cast => format!("cast {}", args.join(", ")),
            Op::Size(dim) => format!("size {}", self.names.dim(*dim)),
            Op::Foreign(k) => format!("const `{}`", self.program.foreign[*k].source),
        }
    }
}
