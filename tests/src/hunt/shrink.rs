//! Programs that something is wrong with, made smaller for as long as the same stays wrong.
//!
//! Many candidates are tried at once, each as a binary of its own: what rustc or the compiler
//! refuses drops out without harm to the others. What works alone is then tried together.

use super::complaint::{Complaint, What};
use super::crates::{SHRUNK, Workspace};
use super::edits::{Edit, edited, edits, is_open, size};
use super::emit::{ATTRIBUTES, Modes, Plan, plain_source, source, test_source};
use super::program::Program;
use super::run::{Finding, How, needed_by, refusal_in};
use std::collections::BTreeSet;
use std::{fs, io};

/// How many candidates are compiled at a time.
const CANDIDATES: usize = 24;
/// How often candidates are compiled, at most.
const ROUNDS: usize = 60;

/// A program that was made smaller.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The programs that it needs and itself.
    pub source: String,
    /// A test that fails as long as it is wrong.
    pub test: String,
    /// How many tokens there were, and how many are left.
    pub tokens: (usize, usize),
    /// How often candidates were compiled.
    pub rounds: usize,
}

/// Makes a program smaller for as long as the same is wrong with it; `None` if it is right when it
/// is alone.
///
/// # Errors
/// If files cannot be written or cargo cannot be started.
pub fn shrink(finding: &Finding, workspace: &Workspace) -> io::Result<Option<Shrunk>> {
    let mut shrinker = Shrinker {
        workspace,
        modes: finding.modes,
        wrong: Wrong::of(finding),
        tried: BTreeSet::new(),
        rounds: 0,
    };
    let mut best = Case { programs: finding.programs.clone() };
    let before = best.size();
    if let Wrong::NotCompiled(header) = &mut shrinker.wrong {
        *header = String::new();
        let said = shrinker.compile(&[best.clone()])?.1;
        let headers = headers(&said, 0);
        let Some(first) = headers.into_iter().next() else { return Ok(None) };
        shrinker.wrong = Wrong::NotCompiled(first);
    } else if !shrinker.still_wrong(&[best.clone()])?[0] {
        return Ok(None);
    }
    while shrinker.rounds < ROUNDS {
        let Some(smaller) = shrinker.step(&best)? else { break };
        best = smaller;
    }
    let known = shrinker.witness(&best)?;
    let text = match (best.programs.last(), &known) {
        (Some(program), Some(known)) => {
            let mut plans = shrinker.plans(&best);
            if let Some((_, plan)) = plans.last_mut() {
                plan.known = Some(known.clone());
            }
            test_source(&program.name, &shrinker.wrong.to_string(), &plans)
        }
        _ => plain_source(&best.programs, true),
    };
    let sources: Vec<String> = (best.programs.iter())
        .map(|program| format!("#[differentiate]\n{}", program.source))
        .collect();
    Ok(Some(Shrunk {
        source: formatted(&sources.join("\n")),
        test: formatted(&text),
        tokens: (before, best.size()),
        rounds: shrinker.rounds,
    }))
}

/// Source text as rustfmt would have it, nearly.
fn formatted(text: &str) -> String {
    syn::parse_file(text).map_or_else(|_| text.to_owned(), |file| prettyplease::unparse(&file))
}

/// What has to stay wrong.
#[derive(Clone, Debug)]
enum Wrong {
    /// The compiler library's message begins with this line.
    Refused(String),
    /// rustc's error has this headline.
    NotCompiled(String),
    /// A function gives something wrong at a point.
    Run { what: What, engine: String, point: usize },
}

impl Wrong {
    fn of(finding: &Finding) -> Wrong {
        match &finding.how {
            How::Refused(message) => Wrong::Refused(headline(message)),
            How::NotCompiled(said) => Wrong::NotCompiled(said.clone()),
            How::Wrong(complaints) => {
                // What a reader knows best.
                const BEST: [&str; 3] = ["value_and_grad", "vjp", "jvp"];
                let rank = |complaint: &&Complaint| {
                    let known = BEST.iter().position(|engine| *engine == complaint.engine);
                    (known.unwrap_or(BEST.len()), complaint.point)
                };
                let first = complaints.iter().min_by_key(rank);
                Wrong::Run {
                    what: first.map_or(What::Value, |first| first.what),
                    engine: first.map_or_else(String::new, |first| first.engine.clone()),
                    point: first.map_or(0, |first| first.point),
                }
            }
        }
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wrong::Refused(message) => write!(f, "It was refused: {message}"),
            Wrong::NotCompiled(header) => write!(f, "rustc refused it: {header}"),
            Wrong::Run { what, engine, .. } => write!(f, "A wrong {what} by `{engine}`."),
        }
    }
}

fn headline(message: &str) -> String {
    // Names in it may go.
    let line = message.lines().next().unwrap_or_default();
    line.split('`').step_by(2).collect::<Vec<&str>>().join("`…`")
}

/// The headlines of rustc's errors in a candidate.
fn headers(said: &str, number: usize) -> Vec<String> {
    let place = format!("src/bin/c{number}.rs:");
    let errors = said.split("\n\n").filter(|part| part.contains(&place));
    let headers = errors.filter_map(|part| part.lines().find(|line| line.starts_with("error")));
    headers
        .map(|line| match line.split_once("]: ") {
            Some((code, _)) => format!("{code}]"),
            None => headline(line),
        })
        .collect()
}

/// A program and those that it needs.
#[derive(Clone, Debug)]
struct Case {
    programs: Vec<Program>,
}

impl Case {
    fn items(&self) -> Vec<Option<syn::ItemFn>> {
        self.programs.iter().map(|program| syn::parse_str(&program.source).ok()).collect()
    }

    fn size(&self) -> usize {
        self.items().iter().flatten().map(size).sum()
    }

    fn key(&self) -> String {
        self.programs.iter().map(|program| program.source.as_str()).collect()
    }

    /// The same with one program written anew; those that are not needed any more are gone.
    fn with(&self, number: usize, item: &syn::ItemFn) -> Case {
        let mut programs = self.programs.clone();
        programs[number].source = formatted(&quote::quote!(#item).to_string());
        for program in &mut programs {
            let words: BTreeSet<&str> =
                program.source.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let named = |name: &String| words.contains(name.as_str());
            let calls = program.calls.iter().filter(|name| named(name)).cloned().collect();
            let gradients = program.gradients.iter().filter(|name| named(name)).cloned().collect();
            (program.calls, program.gradients) = (calls, gradients);
        }
        let Some(root) = programs.pop() else { return self.clone() };
        let mut programs = needed_by(&root, &programs);
        programs.push(root);
        Case { programs }
    }

    /// The same with edits, each of the program of a number.
    fn after(&self, edits: &[(usize, Edit)]) -> Case {
        let items = self.items();
        // From the last to the first, since programs may go.
        (0..self.programs.len()).rev().fold(self.clone(), |case, number| {
            let here = edits.iter().filter(|(of, _)| *of == number);
            let here: Vec<Edit> = here.map(|(_, edit)| *edit).collect();
            let gone = self.programs.len() - case.programs.len();
            match &items[number] {
                Some(item) if !here.is_empty() && gone == 0 => {
                    case.with(number, &edited(item, &here))
                }
                _ => case,
            }
        })
    }

    /// The same without what nothing hangs on in the signature.
    fn narrower(&self) -> Vec<Case> {
        let mut found = Vec::new();
        let last = self.programs.len() - 1;
        let Some(Some(item)) = self.items().pop() else { return found };
        let body = &item.block;
        let body = quote::quote!(#body).to_string();
        for (k, param) in self.programs[last].params.iter().enumerate() {
            let mut words = body.split(|c: char| !c.is_alphanumeric() && c != '_');
            let mut case = self.clone();
            let program = &mut case.programs[last];
            program.params.remove(k);
            if words.any(|word| word == param.name) || !program.params.iter().any(|p| p.is_active())
            {
                continue;
            }
            let mut item = item.clone();
            let inputs = item.sig.inputs.into_iter().enumerate();
            item.sig.inputs = inputs.filter(|(j, _)| *j != k).map(|(_, input)| input).collect();
            found.push(case.with(last, &item));
        }
        if let Some(syn::Stmt::Expr(syn::Expr::Tuple(values), None)) = item.block.stmts.last()
            && !body.contains("return")
        {
            for (value, part) in values.elems.iter().zip(&self.programs[last].result) {
                let mut case = self.clone();
                case.programs[last].result = vec![part.clone()];
                let mut item = item.clone();
                let ty: Result<syn::Type, _> = syn::parse_str(&part.ty());
                if let Ok(ty) = ty {
                    item.sig.output = syn::parse_quote!(-> #ty);
                }
                item.block.stmts.pop();
                item.block.stmts.push(syn::Stmt::Expr(value.clone(), None));
                found.push(case.with(last, &item));
            }
        }
        found
    }
}

struct Shrinker<'a> {
    workspace: &'a Workspace,
    modes: Modes,
    wrong: Wrong,
    tried: BTreeSet<String>,
    rounds: usize,
}

impl Shrinker<'_> {
    /// A smaller case, unless there is none.
    fn step(&mut self, case: &Case) -> io::Result<Option<Case>> {
        let narrower = self.smallest(case.narrower())?;
        if narrower.is_some() {
            return Ok(narrower);
        }
        let mut all: Vec<((usize, Edit), usize)> = Vec::new();
        for (number, item) in case.items().iter().enumerate() {
            let Some(item) = item else { continue };
            all.extend(edits(item).into_iter().map(|(edit, saved)| ((number, edit), saved)));
        }
        all.sort_by_key(|(_, saved)| std::cmp::Reverse(*saved));
        let mut rest = all.into_iter().map(|(edit, _)| edit);
        loop {
            let mut chosen = Vec::new();
            for edit in rest.by_ref() {
                let candidate = case.after(&[edit]);
                if self.is_worth(&candidate) {
                    chosen.push((edit, candidate));
                }
                if chosen.len() == CANDIDATES {
                    break;
                }
            }
            if chosen.is_empty() || self.rounds >= ROUNDS {
                return Ok(None);
            }
            let candidates: Vec<Case> = chosen.iter().map(|(_, case)| case.clone()).collect();
            let wrong = self.still_wrong(&candidates)?;
            let working = chosen.into_iter().zip(wrong).filter(|(_, wrong)| *wrong);
            let working: Vec<((usize, Edit), Case)> = working.map(|(edit, _)| edit).collect();
            let Some((_, best)) = working.iter().min_by_key(|(_, case)| case.size()) else {
                continue;
            };
            return Ok(Some(self.together(case, &working)?.unwrap_or_else(|| best.clone())));
        }
    }

    /// What works alone, made together: all of it, or a part.
    fn together(
        &mut self,
        case: &Case,
        working: &[((usize, Edit), Case)],
    ) -> io::Result<Option<Case>> {
        let edits: Vec<(usize, Edit)> = working.iter().map(|(edit, _)| *edit).collect();
        let mut sets: Vec<Vec<(usize, Edit)>> = Vec::new();
        let mut length = edits.len();
        while length > 1 {
            sets.extend(edits.chunks(length).map(<[_]>::to_vec));
            length = length.div_ceil(2);
        }
        // One edit at a place.
        for set in &mut sets {
            let mut places = BTreeSet::new();
            set.retain(|(number, edit)| places.insert((*number, edit.at)));
        }
        self.smallest(sets.iter().map(|set| case.after(set)).collect())
    }

    /// The smallest of some cases that is still wrong.
    fn smallest(&mut self, mut cases: Vec<Case>) -> io::Result<Option<Case>> {
        cases.retain(|case| self.is_worth(case));
        cases.truncate(CANDIDATES);
        let wrong = self.still_wrong(&cases)?;
        let cases = cases.into_iter().zip(wrong).filter(|(_, wrong)| *wrong);
        Ok(cases.map(|(case, _)| case).min_by_key(Case::size))
    }

    /// Whether a candidate is new, and may be accepted by rustc.
    fn is_worth(&mut self, case: &Case) -> bool {
        let closed = case.items().iter().flatten().all(|item| !is_open(item));
        closed && self.tried.insert(case.key()) && self.is_accepted(case)
    }

    /// Whether the compiler says of a case what it should.
    fn is_accepted(&self, case: &Case) -> bool {
        let Some((root, others)) = case.programs.split_last() else { return false };
        let refusal = refusal_in(root, others, self.modes);
        match &self.wrong {
            Wrong::Refused(message) => refusal.is_some_and(|said| headline(&said) == *message),
            Wrong::NotCompiled(_) | Wrong::Run { .. } => refusal.is_none(),
        }
    }

    fn plans(&self, case: &Case) -> Vec<(Program, Plan)> {
        let last = case.programs.len() - 1;
        let plan = |number: usize| match &self.wrong {
            Wrong::Run { engine, point, .. } if number == last => Plan {
                modes: self.modes,
                engine: Some(engine.clone()),
                point: Some(*point),
                known: None,
            },
            _ if number == last => Plan::of(self.modes),
            _ => Plan { engine: Some("vjp".into()), ..Plan::of(Modes::Reverse) },
        };
        case.programs.iter().cloned().enumerate().map(|(k, p)| (p, plan(k))).collect()
    }

    /// Of which cases the same is wrong.
    fn still_wrong(&mut self, cases: &[Case]) -> io::Result<Vec<bool>> {
        if cases.is_empty() {
            return Ok(vec![]);
        }
        let (built, said) = self.compile(cases)?;
        let mut found = Vec::new();
        for (k, built) in built.into_iter().enumerate() {
            found.push(match &self.wrong {
                Wrong::Refused(_) => built && self.is_accepted(&cases[k]),
                Wrong::NotCompiled(header) => built && headers(&said, 2 * k).contains(header),
                Wrong::Run { what, engine, .. } if built => {
                    let complaints = self.workspace.run(&format!("c{k}"), 1)?.concat();
                    complaints.iter().any(|of| of.what == *what && of.engine == *engine)
                }
                _ => false,
            });
        }
        Ok(found)
    }

    /// Compiles cases: which of them are compiled (as plain functions, where what is made of them
    /// should be refused), and what rustc said.
    fn compile(&mut self, cases: &[Case]) -> io::Result<(Vec<bool>, String)> {
        self.rounds += 1;
        let directory = self.workspace.candidate(0);
        if let Some(directory) = directory.parent() {
            fs::remove_dir_all(directory)?;
            fs::create_dir_all(directory)?;
        }
        let mut sources = Vec::new();
        for case in cases {
            let plans = self.plans(case);
            match &self.wrong {
                Wrong::Refused(_) => sources.push(plain_source(&case.programs, false)),
                Wrong::NotCompiled(_) => {
                    sources.push(source(&plans, &|_| false));
                    sources.push(plain_source(&case.programs, false));
                }
                _ => {
                    let root = case.programs.last().map(|root| root.name.clone());
                    sources.push(source(&plans, &|program| Some(&program.name) == root.as_ref()));
                }
            }
        }
        for (k, text) in sources.iter().enumerate() {
            fs::write(self.workspace.candidate(k), format!("{ATTRIBUTES}{text}"))?;
            let _ = fs::remove_file(self.workspace.binary(&format!("c{k}")));
        }
        let (_, said) = self.workspace.build(&[SHRUNK.into()])?;
        let each = sources.len() / cases.len();
        let built = |k: usize| self.workspace.binary(&format!("c{}", k * each + each - 1)).exists();
        Ok(((0..cases.len()).map(built).collect(), said))
    }

    /// The derivatives by dual numbers, as they are written in a test.
    fn witness(&mut self, case: &Case) -> io::Result<Option<String>> {
        if !matches!(self.wrong, Wrong::Run { .. })
            || !self.compile(std::slice::from_ref(case))?.0[0]
        {
            return Ok(None);
        }
        let complaints = self.workspace.run("c0", 1)?.concat();
        let told = complaints.into_iter().find(|complaint| complaint.what == What::Told);
        Ok(told.map(|told| told.text))
    }
}
