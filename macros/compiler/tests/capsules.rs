//! Which sources a function needs, and what its structs are made of.

mod common;

use chainrule_compiler::capsule::{Assembly, Callees, callee_paths, path_text};
use chainrule_compiler::error::Errors;
use chainrule_compiler::parse::{Options, Type, parse_function};
use common::parsed;

/// The paths of a function's callees and structs.
fn paths(source: &str) -> Vec<String> {
    let mut item: syn::ItemFn = syn::parse_str(source).expect("the test's source is Rust");
    let options = item.attrs.pop().map(|attr| attr.parse_args::<Options>().expect("options"));
    let mut errors = Errors::new();
    let function = parse_function(options.unwrap_or_default(), item, &mut errors);
    assert!(!errors.any(), "{:?}", errors.messages().collect::<Vec<_>>());
    let function = function.expect("no error was reported");
    callee_paths(&function).iter().map(|path| path_text(path).replace(' ', "")).collect()
}

fn fields(callees: &Callees, function: usize, written: &str) -> Vec<(String, Type)> {
    callees.fields(function, written).unwrap_or_else(|| panic!("{written} is not known"))
}

fn structure(name: &str) -> Type {
    Type::Struct(name.to_string())
}

#[test]
fn structs_of_the_signature_are_needed_with_their_arguments() {
    assert_eq!(
        paths(
            "fn f(a: &shapes::Pair<Line>, b: &[Body], c: &Vec<Option<u8>>) -> Angle { a.g(b, c) }"
        ),
        ["shapes::Pair", "Line", "Body", "Angle"]
    );
    assert_eq!(paths("fn f(x: f64) -> Result<Angle, MyError> { Ok(x.into()) }"), ["Angle"]);
}

#[test]
fn what_is_constant_needs_no_capsule() {
    assert!(paths("#[o(wrt(x))] fn f(x: f64, of: &Config) -> f64 { x * of.rate }").is_empty());
    assert!(
        paths("fn f(x: f64, kind: Kind) -> f64 { if kind == Kind::A { x } else { -x } }")
            .is_empty()
    );
    assert!(
        paths(
            "fn f(x: f64, kind: Activation) -> f64 { match kind {
                Activation::Leaky(percent) => x * percent as f64,
                Activation::Clipped { low, high } => x.clamp(low as f64, high as f64),
                _ => x,
            } }"
        )
        .is_empty()
    );
    assert!(
        paths(
            "fn f(x: f64) -> Option<f64> {
                let start = Instant::now();
                let config = Config { rate: 0.5 };
                let table = Table::new(3);
                let order = x.partial_cmp(&0.0);
                let k = table.at(x as usize);
                let many: Vec<f64> = Vec::with_capacity(k);
                let a = Float::sin(x).max(f64::from(1_u8));
                Some(a * config.rate)
            }"
        )
        .is_empty()
    );
}

#[test]
fn structs_of_the_body_are_needed() {
    let within = |body: &str| paths(&format!("fn f(x: f64, y: f64, n: usize) -> f64 {{ {body} }}"));
    assert_eq!(within("let line = Line { slope: x, offset: 1.0 }; line.slope"), ["Line"]);
    assert_eq!(within("let a = Angle(x); let Angle(b) = a; b"), ["Angle"]);
    assert_eq!(within("let body = shapes::Body::at_rest(x, y); body.x"), ["shapes::Body"]);
    assert_eq!(within("let body = Pair::<f64> { left: x, ..rest }; body.left"), ["Pair"]);
    assert_eq!(within("let mut line = Line { slope: 1.0 }; line.slope = x; line.slope"), ["Line"]);
    assert_eq!(within("let mut line = Line::UNIT; line.slope *= x; line.slope"), ["Line"]);
    assert_eq!(within("let all: Vec<Line> = make(x); all[0].slope"), ["make", "Line"]);
    assert_eq!(within("let f = |line: &Line| line.slope * x; f(y)"), ["Line"]);
    assert_eq!(within("match make(x) { Line { slope, .. } => slope }"), ["make", "Line"]);
    assert_eq!(within("if let Some(Angle(a)) = make(x) { a } else { y }"), ["make", "Angle"]);
}

#[test]
fn calls_are_found_where_values_get_by_loops_and_matches() {
    let within =
        |body: &str| paths(&format!("fn f(x: &[f64], y: f64, n: usize) -> f64 {{ {body} }}"));
    assert_eq!(within("let mut s = 0.0; for e in x { s += g(*e); } s"), ["g"]);
    assert_eq!(within("let mut s = 1.0; for _ in 0..n { s = g(s); s *= y; } s"), ["g"]);
    assert_eq!(within("let mut s = 1.0; while g(s) { s *= y; } s"), ["g"]);
    assert_eq!(within("match x.first() { Some(e) => g(*e), None => h(n) }"), ["g"]);
    assert_eq!(within("let mut v = Vec::new(); v.push(y); g(&v)"), ["g"]);
    assert_eq!(within("g(&vec![y; n])"), ["g"]);
    assert_eq!(within("x.iter().enumerate().map(|(k, e)| table(k) * e).sum()"), [""; 0]);
    assert_eq!(within("(0..n).map(|k| table(k) * y).sum()"), [""; 0]);
    assert_eq!(within("x.iter().copied().map(g).sum()"), ["g"]);
    assert_eq!(within("x.iter().fold(0.0, |s, e| g(s, *e))"), ["g"]);
    assert_eq!(within("let is_large = y > 1.0; pick(is_large) * y"), [""; 0]);
    assert_eq!(
        within("let (mut a, mut b) = (y, 1.0); std::mem::swap(&mut a, &mut b); g(b)"),
        ["g"]
    );
    assert_eq!(within("#[constant] let k = g(y); k * y"), [""; 0]);
}

#[test]
fn fields_have_the_arguments_in_place() {
    let callees = parsed(
        "struct Line { slope: f64, #[constant] names: Vec<Name>, count: usize }
         struct Grid<T, const N: usize, const M: usize = 3> { cells: [[T; M]; N], of: Pair<T> }
         struct Pair<T> { left: T, right: Vec<T> }
         struct Tree { value: f64, children: Vec<Tree> }
         fn f(g: &Grid<Line, 2>, t: &Tree) -> f64 { g.cells[0][0].slope + t.value }",
    );
    let root = callees.root();
    let name = |(name, _): &(String, Type)| name.clone();
    let line = fields(&callees, root, "Line");
    assert_eq!(line.iter().map(name).collect::<Vec<_>>(), ["slope", "names", "count"]);
    assert_eq!(line[1].1, Type::Constant("Vec<Name>".to_string()));
    assert_eq!(line[2].1, Type::Int("usize".to_string()));
    let grid = fields(&callees, root, "Grid<Line, 2>");
    let row = Type::Fixed(Box::new(structure("Line")), "3".to_string());
    assert_eq!(grid[0].1, Type::Fixed(Box::new(row), "2".to_string()));
    assert_eq!(grid[1].1, structure("Pair<Line>"));
    // `Pair` is not named by the root, its name means one thing only.
    assert_eq!(fields(&callees, root, "Pair<Line>")[1].1, Type::Vec(Box::new(structure("Line"))));
    assert_eq!(fields(&callees, root, "Pair")[0].1, structure("T"));
    assert_eq!(fields(&callees, root, "Pair<_>")[0].1, structure("T"));
    assert_eq!(callees.parameters(root, "Pair"), Some(vec!["T".to_string()]));
    assert_eq!(fields(&callees, root, "Tree")[1].1, Type::Vec(Box::new(structure("Tree"))));
    assert_eq!(callees.fields(root, "Other"), None);
    assert_eq!(callees.fields(root, "f64"), None);
}

/// What arrives at the last link: in `f`, one struct is called `deep::L`, in `Network` it is called
/// `Straight`, in `Pair` `Line`; `f` has a `Straight` of its own.
const ARRIVED: &str = r#"
    { "f" {} { Network, Straight, deep::L }
      { fn f(n: &Network, own: &Straight) -> f64 { n.pair.of.slope * own.angle } } }
    { { "network" structure ["Pair" "pair" "Straight" "line"] {}
        { pub struct Network { pair: Pair<Straight>, all: Vec<Straight> } } }
      { "pair" structure ["Line" "line"] {} { pub struct Pair<T> { left: T, of: Line } } }
      { "line" structure [] {} { pub struct Line { slope: f64 } } } }
    { { "straight" structure [] {} { struct Straight { angle: f64 } } } }
    { { "line" structure [] {} { pub struct Line { slope: f64 } } } }
"#;

#[test]
fn structs_are_called_as_the_root_calls_them() {
    let assembly = syn::parse_str::<Assembly>(ARRIVED).expect("the capsules are well formed");
    let callees = assembly.callees();
    let root = callees.root();
    let line = structure("deep::L");
    assert_eq!(
        fields(&callees, root, "Network"),
        [
            ("pair".to_string(), structure("Pair<deep::L>")),
            ("all".to_string(), Type::Vec(Box::new(line.clone()))),
        ]
    );
    let pair = fields(&callees, root, "Pair<deep::L>");
    assert_eq!(pair, [("left".to_string(), line.clone()), ("of".to_string(), line)]);
    assert_eq!(fields(&callees, root, "Straight")[0].0, "angle");
    assert_eq!(fields(&callees, root, "deep::L")[0].0, "slope");
    // The other way about, from where `Straight` is another struct.
    let network =
        callees.numbers().find(|&n| callees.structure(n).is_some_and(|s| s.ident == "Network"));
    let network = network.expect("it arrived");
    assert_eq!(fields(&callees, network, "Straight")[0].0, "slope");
}

#[test]
fn methods_of_a_block_know_each_other() {
    let callees = parsed(
        "struct Line { slope: f64 }
         impl Line {
             fn at(&self, x: f64) -> f64 { self.slope * x }
             fn steep(slope: f64) -> Self { Self { slope } }
             fn twice(&self, x: f64) -> f64 { self.at(Line::steep(x).at(x)) }
         }",
    );
    let root = callees.root();
    assert_eq!(callees.function(root).map(|f| f.name()), Some("twice".to_string()));
    let name = |number: Option<usize>| number.and_then(|n| callees.function(n)).map(|f| f.name());
    assert_eq!(name(callees.method(root, "Line", "at")), Some("at".to_string()));
    assert_eq!(name(callees.method(root, "Self", "steep")), Some("steep".to_string()));
    assert_eq!(callees.method(root, "Line", "other"), None);
    assert_eq!(fields(&callees, root, "Self").len(), 1);
}
