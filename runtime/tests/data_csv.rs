//! Tables from files: what is read, and one clear line for what is not.
#![cfg(feature = "csv")]

use chainrule::data::{Table, read_csv};
use chainrule::ndarray::array;

/// Reads a file of the given content; an error is returned without the folder's name.
fn read(content: impl AsRef<[u8]>) -> Result<Table, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, content).unwrap();
    let prefix = format!("{}/", folder.path().display());
    read_csv(&path).map_err(|error| error.to_string().replace(&prefix, ""))
}

#[test]
fn a_header_is_kept_or_made_up() {
    let table = read("a, b ,c\n1,2,3\n4, 5e1 ,-6.5\n").unwrap();
    assert_eq!(table.names(), ["a", "b", "c"]);
    assert_eq!(table.values(), array![[1.0, 2.0, 3.0], [4.0, 50.0, -6.5]]);
    let table = read("1,2,3\n4,5,6\n").unwrap();
    assert_eq!(table.names(), ["x0", "x1", "x2"]);
    assert_eq!(table.values(), array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
}

#[test]
fn the_usual_variations_are_understood() {
    let expected = array![[1.0, 2.0], [3.0, 4.0]];
    for content in [
        "a,b\r\n1,2\r\n3,4\r\n",
        "\u{feff}a,b\n1,2\n3,4",
        "a,b\n\n1,2\n\n\n3,4\n\n",
        "\"a\",\"b\"\n\"1\",2\n3,\" 4\"\n",
    ] {
        let table = read(content).unwrap();
        assert_eq!(table.names(), ["a", "b"], "{content:?}");
        assert_eq!(table.values(), expected, "{content:?}");
    }
}

#[test]
fn the_last_column_is_the_target() {
    let data = read("a,b,price\n1,2,3\n4,5,6\n").unwrap().into_xy::<f32>().unwrap();
    assert_eq!(data.x, array![[1.0_f32, 2.0], [4.0, 5.0]]);
    assert!(data.x.is_standard_layout());
    assert_eq!(data.y, array![3.0_f32, 6.0]);
    assert_eq!((data.features, data.target), (vec!["a".into(), "b".into()], "price".into()));
}

#[test]
fn every_mistake_is_one_line_naming_its_place() {
    let message = |content: &str| read(content).unwrap_err();
    assert_eq!(
        message("a,b\n1,2\n3,four\n"),
        "table.csv, line 3, column 2 (b): `four` is not a number: correct or remove it"
    );
    assert_eq!(
        message("a,b\r\n1,2\r\n\r\n3,four\r\n"),
        "table.csv, line 4, column 2 (b): `four` is not a number: correct or remove it"
    );
    assert_eq!(
        message("a,b\n\n1,\n"),
        "table.csv, line 3, column 2 (b): `` is not a number: correct or remove it"
    );
    assert_eq!(
        message("a,b\n1,2\nNaN,2\n"),
        "table.csv, line 3, column 1 (a): `NaN` is not a finite number: correct or remove it"
    );
    assert_eq!(
        message("1,inf\n"),
        "table.csv, line 1, column 2 (x1): `inf` is not a finite number: correct or remove it"
    );
    assert_eq!(
        message("a,b\n1e999,2\n"),
        "table.csv, line 2, column 1 (a): `1e999` is not a finite number: correct or remove it"
    );
    assert_eq!(
        message("a,b,c\n1,2,3\n1,2\n"),
        "table.csv, line 3: has 2 cells but the first row has 3: give every row as many"
    );
    assert_eq!(
        message("1,2\n1,2,3\n"),
        "table.csv, line 2: has 3 cells but the first row has 2: give every row as many"
    );
    let empty =
        "table.csv: holds no rows of numbers: give a header (optional) and at least one row";
    assert_eq!(message(""), empty);
    assert_eq!(message("\n\n"), empty);
    assert_eq!(message("a,b\n"), empty);
    assert_eq!(
        message("a;b\n1;2\n"),
        "table.csv, line 1: has the single column `a;b`: give at least one feature and, last, the \
         target, separated by commas"
    );
    assert_eq!(
        read(b"a,b\n1,2\n\xff,3\n").unwrap_err(),
        "table.csv, line 3: is not UTF-8 text: save the file as UTF-8"
    );
}

#[test]
fn a_missing_file_is_named() {
    let message = read_csv("no/such/table.csv").unwrap_err().to_string();
    assert!(message.starts_with("no/such/table.csv: cannot be read: "), "{message}");
    let folder = tempfile::tempdir().unwrap();
    assert!(read_csv(folder.path()).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn a_number_too_large_for_the_float_is_named() {
    let table = read("a,b\n1,2\n\n1e300,2\n").unwrap();
    assert!(table.clone().into_xy::<f64>().is_ok());
    let message = table.into_xy::<f32>().unwrap_err().to_string();
    assert!(
        message.ends_with(
            "table.csv, line 4, column 1 (a): `1e300` is not within the range of the chosen float: \
             correct or remove it"
        ),
        "{message}"
    );
}
