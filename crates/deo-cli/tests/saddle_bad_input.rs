//! Bad usage and bad input of `deo saddle`: exit code 2, nothing on standard output, and one line on standard error that
//! says what was wrong and what would be right.

mod common;

use common::{Bench, Outcome, refused};
use std::fs;

fn saddle(bench: &Bench, arguments: &[&str]) -> Outcome {
    bench.deo(&[&["saddle"], arguments].concat())
}

#[test]
fn potentials() {
    let bench = Bench::new();
    refused(&saddle(&bench, &[]), &["--potential", "muller-brown", "lj13"]);
    for name in ["alps", "lj12", "LJ13", ""] {
        let words = [name, "no potential", "muller-brown", "lj, lj13, lj38, morse, morse13"];
        refused(&saddle(&bench, &["--potential", name]), &words);
    }
    refused(&saddle(&bench, &["--potential", "lj"]), &["lj needs a cluster", "--start FILE.xyz"]);
    refused(&saddle(&bench, &["--potential", "morse"]), &["morse needs", "morse13"]);
    let rho = |name: &str, rho: &str| saddle(&bench, &["--potential", name, "--rho", rho]);
    refused(&rho("lj13", "3"), &["--rho does nothing here", "morse"]);
    refused(&rho("morse13", "-3"), &["-3", "above 0"]);
    refused(&rho("morse13", "nan"), &["NaN", "above 0"]);
}

#[test]
fn numbers() {
    let bench = Bench::new();
    for (option, values, words) in [
        ("--displace", &["-0.1", "nan", "inf"][..], &["displace is", "not below 0"][..]),
        ("--searches", &["0", "100001"], &["searches is", "between 1 and 100000"]),
        ("--searches", &["many", "-1", "1.5"], &["--searches"]),
        ("--fmax", &["0", "-1", "nan", "inf"], &["fmax is", "finite and above 0"]),
        ("--flat", &["-1", "nan"], &["flat is", "not below 0"]),
        ("--index", &["101", "-1", "two"], &["index"]),
        ("--index", &["34"], &["index 34", "33 dimensions"]),
        ("--max-gradients", &["0"], &["max-gradients is 0", "between 1 and"]),
        ("--threads", &["0", "99999"], &["threads is", "between 1 and"]),
        ("--mode", &["lanczos"], &["lanczos", "newton, dimer"]),
        ("--seed", &["-1", "x"], &["--seed"]),
    ] {
        for value in values {
            refused(&saddle(&bench, &["--potential", "lj13", option, value]), words);
        }
    }
}

#[test]
fn no_sides_of_a_minimum() {
    let bench = Bench::new();
    let outcome = saddle(&bench, &["--potential", "lj13", "--index", "0", "--connect"]);
    refused(&outcome, &["--connect does nothing here", "--index 1"]);
}

#[test]
fn configurations() {
    let bench = Bench::new();
    let config = |text: &str| {
        bench.write("run.toml", text.as_bytes());
        saddle(&bench, &["--config", "run.toml"])
    };
    refused(&config("searches = 3\nsearch = 4"), &["run.toml", "line 2", "search", "`searches`"]);
    refused(&config("potential = 'lj13'\n\nindex = -1"), &["line 3", "index"]);
    refused(&config("mode = 'lanczos'"), &["line 1", "lanczos", "newton"]);
    refused(&config("potential = 'alps'"), &["no potential", "alps"]);
    refused(&saddle(&bench, &["--config", "missing.toml"]), &["missing.toml", "TOML file"]);
}

#[test]
fn points() {
    let bench = Bench::new();
    for point in ["1", "1,2,3", "1,x", "nan,1", "inf,0", "", "minimum-4", "saddle-1", "-1;2"] {
        refused(
            &saddle(&bench, &["--potential", "muller-brown", "--start", point]),
            &["start is", "muller-brown takes 2 finite numbers", "minimum-1, or minimum-2"],
        );
    }
}

#[test]
fn files_of_atoms() {
    let bench = Bench::new();
    let start = |text: &str, words: &[&str]| {
        bench.write("a.xyz", text.as_bytes());
        let outcome = saddle(&bench, &["--potential", "lj", "--start", "a.xyz"]);
        refused(&outcome, &[&["a.xyz"], words].concat());
    };
    let atoms = "Ar 0 0 0\nAr 1 0 0\nAr 0 1 0\n";
    start("", &["ends at line 1", "number of atoms"]);
    start("three\n", &["line 1", "three", "number of atoms, 3 to"]);
    start("2\n\nAr 0 0 0\nAr 1 0 0\n", &["line 1", "3 to"]);
    start("99999999999999999999\n", &["line 1"]);
    start(&format!("4\n\n{atoms}"), &["ends at line 6", "atom 4 of 4"]);
    start(&format!("3\n\n{atoms}Ar 1 1 1\n"), &["line 6", "Ar 1 1 1", "every frame"]);
    start(
        "3\n\nAr 0 0 0\nAr 1 0\n",
        &["line 4", "Ar 1 0", "three finite coordinates, atom 2 of 3"],
    );
    start("3\n\nAr 0 0 0\nAr 1 inf 0\n", &["line 4", "finite"]);
    start("3\nProperties=id:I:1:pos:R:3\n", &["line 2", "species:S:1 or Z:I:1"]);
    start("3\nProperties = species:S:1:forces:R:3\n", &["line 2", "pos:R:3"]);
    let symbols = atoms.replace("Ar", "");
    start(&format!("3\n\n{}", symbols.replace('\n', " 18\n")), &["line 3", "a symbol and three"]);
    for periodic in ["cell=\"9 0 0 0 9 0 0 0 9\" pbc=\"T T T\"", "pbc = [F, F, T]", "pbc"] {
        let words = ["line 2", "free cluster", "pbc=\"F F F\"", "periodic"];
        start(&format!("3\n{periodic}\n{atoms}"), &words);
    }
    let other = atoms.replacen("Ar", "Ne", 1);
    start(&format!("3\n\n{atoms}3\n\n{other}"), &["line 8", "Ne 0 0 0", "Ar, the symbol"]);
    bench.write("a.xyz", format!("3\n\n{atoms}").as_bytes());
    refused(
        &saddle(&bench, &["--potential", "lj13", "--start", "a.xyz"]),
        &["lj13 takes 13 atoms", "has 3"],
    );
    bench.write("a.xyz", &[0xff, 0xfe, 0x00]);
    refused(&saddle(&bench, &["--potential", "lj", "--start", "a.xyz"]), &["cannot read", "XYZ"]);
    for missing in ["missing.xyz", ".", "0,0"] {
        refused(
            &saddle(&bench, &["--potential", "lj13", "--start", missing]),
            &["cannot read", missing, "give an XYZ file"],
        );
    }
}

#[test]
fn places_that_cannot_be_written() {
    let bench = Bench::new();
    bench.write("file", b"");
    fs::create_dir_all(bench.path("taken/surface.svg")).unwrap();
    let plane = |out: &str| saddle(&bench, &["--potential", "monkey", "--out", out]);
    refused(&plane("file"), &["\"file\"", "directory"]);
    refused(&plane("taken"), &["surface.svg", "is a directory"]);
}
