use chainrule_compiler::*;
#[test]
fn scratch() {
    let src = std::fs::read_to_string("/tmp/src.rs").unwrap();
    let attr = std::fs::read_to_string("/tmp/attr").unwrap_or_default();
    let out = driver::differentiate(attr.parse().unwrap(), src.parse().unwrap());
    match syn::parse2::<syn::File>(out.clone()) {
        Ok(file) => println!("{}", prettyplease::unparse(&file)),
        Err(e) => println!("{e}\n{out}"),
    }
}
