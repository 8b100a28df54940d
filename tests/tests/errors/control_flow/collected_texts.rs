use chainrule::differentiate;

#[differentiate]
fn f(x: &[f64]) -> f64 {
    let texts: Vec<String> = x.iter().map(|e| format!("{e}")).collect();
    texts[0].parse::<f64>().unwrap()
}

fn main() {}
