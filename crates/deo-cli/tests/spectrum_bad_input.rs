//! Bad usage and bad input of `deo spectrum`: exit code 2, nothing on standard output, and one line on standard error
//! that says what was wrong and what would be right.

mod common;

use common::{Bench, Outcome, refused};
use deo_cli::npy::{self, Scalar};
use deo_linalg::Threads;
use deo_models::gpt::{Gpt, GptConfig};
use deo_models::weights;
use std::fs;

fn spectrum(bench: &Bench, arguments: &[&str]) -> Outcome {
    bench.deo(&[&["spectrum"], arguments].concat())
}

#[test]
fn there_is_one_target() {
    let bench = Bench::new();
    let all = "--preset, --landscape and --matrix";
    refused(&spectrum(&bench, &[]), &["nothing to look at", all]);
    let two = ["--preset", "tiny", "--matrix", "m.npy"];
    refused(&spectrum(&bench, &two), &["--preset and --matrix exclude each other", all]);
    let two = ["--landscape", "monkey", "--matrix", "m.npy"];
    refused(&spectrum(&bench, &two), &["--landscape and --matrix exclude each other"]);
    refused(&spectrum(&bench, &["--preset", "huge"]), &["huge", "tiny, paper-small, paper-large"]);
    refused(&spectrum(&bench, &["--landscape", "alps"]), &["alps", "muller-brown", "monkey"]);
}

#[test]
fn options_without_use() {
    let bench = Bench::new();
    let landscape = ["--landscape", "monkey"];
    for (arguments, name, needs) in [
        (&["--weights", "w"][..], "--weights", "--preset"),
        (&["--batches", "2"], "--batches", "--preset"),
        (&["--fresh", "2"], "--fresh", "--preset"),
        (&["--text", "t"], "--text", "--preset"),
        (&["--density-steps", "3"], "--density-steps", "--density"),
        (&["--probes", "3"], "--probes", "--trace"),
    ] {
        let outcome = spectrum(&bench, &[&landscape, arguments].concat());
        refused(&outcome, &[&format!("{name} does nothing here; it needs {needs}")]);
    }
    refused(
        &spectrum(&bench, &["--matrix", "m", "--rule", "central"]),
        &["--rule does nothing", "--landscape"],
    );
    refused(&spectrum(&bench, &["--matrix", "m", "--length", "1"]), &["--length does nothing"]);
    refused(
        &spectrum(&bench, &["--preset", "tiny", "--at", "saddle"]),
        &["--at does nothing", "--landscape"],
    );
}

#[test]
fn numbers() {
    let bench = Bench::new();
    for (option, values, words) in [
        ("--k", &["0", "1001"][..], &["k is", "between 1 and 1000"][..]),
        ("--k", &["3"], &["k is 3", "between 1 and 2, for there are 2 eigenvalues"]),
        ("--k", &["many", "-1", "1.5"], &["--k"]),
        ("--tol", &["0", "-1", "nan", "inf"], &["tol is", "finite and above 0"]),
        ("--length", &["0", "-1", "nan", "inf"], &["length is", "finite and above 0"]),
        ("--memory", &["3", "10001"], &["memory is", "between 4 and 10000"]),
        ("--max-gradients", &["0"], &["max-gradients is 0", "between 1 and"]),
        ("--threads", &["0", "99999"], &["threads is", "between 1 and"]),
        ("--which", &["middle"], &["middle", "lowest, highest, both"]),
        ("--precision", &["f16"], &["f16", "f32, f64"]),
        ("--rule", &["sideways"], &["sideways", "forward, central"]),
        ("--seed", &["-1", "x"], &["--seed"]),
    ] {
        for value in values {
            let option = format!("{option}={value}");
            refused(&spectrum(&bench, &["--landscape", "monkey", &option]), words);
        }
    }
    let preset = |option: &str| spectrum(&bench, &["--preset", "tiny", option]);
    refused(&preset("--batches=0"), &["batches is 0", "between 1 and"]);
    refused(&preset("--batch=0"), &["batch is 0", "between 1 and"]);
    refused(&preset("--block=99999"), &["block is 99999", "between 1 and 1024"]);
    let whole =
        |options: &[&str]| spectrum(&bench, &[&["--landscape", "monkey"], options].concat());
    refused(&whole(&["--density", "--density-steps", "0"]), &["density-steps is 0"]);
    refused(&whole(&["--density", "--density-vectors", "0"]), &["density-vectors is 0"]);
    refused(&whole(&["--trace", "--probes", "0"]), &["probes is 0"]);
}

#[test]
fn points() {
    let bench = Bench::new();
    let at = |point: &str| spectrum(&bench, &["--landscape", "muller-brown", "--at", point]);
    for point in ["1", "1,2,3", "1,x", "nan,1", "inf,0", "", "saddle-3", "maximum", "1;2"] {
        refused(
            &at(point),
            &["at is", "muller-brown takes 2 finite numbers", "saddle-1, saddle-2, minimum-1"],
        );
    }
    let large = ["--landscape", "monkey", "--at", "1e39,0", "--precision", "f32"];
    refused(&spectrum(&bench, &large), &["at holds inf", "coordinate 1", "finite"]);
}

#[test]
fn a_point_without_a_gradient_is_a_failure_of_the_run() {
    let outcome = spectrum(&Bench::new(), &["--landscape", "monkey", "--at", "1e200,0"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1);
    assert!(outcome.stderr.contains("must be finite"), "{}", outcome.stderr);
}

#[test]
fn matrices() {
    let bench = Bench::new();
    let write = |name: &str, columns: usize, rows: &[Vec<f64>]| {
        bench.write(name, &npy::to_bytes(Scalar::F64, columns, rows));
    };
    let matrix = |name: &str| spectrum(&bench, &["--matrix", name]);
    write("one.npy", 1, &[vec![2.0]]);
    let both =
        |name: &str, k: &str| spectrum(&bench, &["--matrix", name, "--which", "both", "--k", k]);
    refused(&both("one.npy", "1"), &["which is both", "lowest or highest, for there is one"]);
    let k = spectrum(&bench, &["--matrix", "one.npy", "--k", "2"]);
    refused(&k, &["k is 2; it must be 1, for there is 1 eigenvalue"]);
    write("three.npy", 3, &[vec![1.0, 0.0, 0.0], vec![0.0, 2.0, 0.0], vec![0.0, 0.0, 3.0]]);
    refused(&both("three.npy", "2"), &["k is 2; it must be 1", "3 eigenvalues", "at each end"]);
    write("skew.npy", 2, &[vec![1.0, 2.0], vec![2.1, 1.0]]);
    refused(&matrix("skew.npy"), &["skew.npy", "not symmetric", "(1, 0) is 2.1", "mirror image 2"]);
    write("wide.npy", 3, &[vec![1.0, 2.0, 3.0], vec![2.0, 1.0, 3.0]]);
    refused(&matrix("wide.npy"), &["shape [2, 3]", "square"]);
    write("empty.npy", 0, &[]);
    refused(&matrix("empty.npy"), &["shape [0, 0]", "square"]);
    write("nan.npy", 2, &[vec![1.0, f64::NAN], vec![2.0, 1.0]]);
    refused(&matrix("nan.npy"), &["NaN", "component (0, 1)", "finite"]);
    write("large.npy", 1, &[vec![1e300]]);
    refused(
        &spectrum(&bench, &["--matrix", "large.npy", "--precision", "f32"]),
        &["inf", "component (0, 0)"],
    );
    bench.write("text.npy", b"1 2\n2 1\n");
    refused(&matrix("text.npy"), &["text.npy", "no .npy file", "np.save"]);
    bench.write("cut.npy", &fs::read(bench.path("skew.npy")).unwrap()[..140]);
    refused(&matrix("cut.npy"), &["12 bytes", "[2, 2]", "needs 32"]);
    refused(&matrix("missing.npy"), &["missing.npy", "no file"]);
    refused(&matrix("."), &["cannot read"]);
    write("pair.npy", 2, &[vec![1.0, 2.0], vec![2.0, 1.0]]);
    let two = ["--matrix", "pair.npy", "--which", "both", "--k", "2"];
    refused(&spectrum(&bench, &two), &["k is 2", "it must be 1", "2 eigenvalues"]);
    let kept = fs::read(bench.path("pair.npy")).unwrap();
    for out in ["pair.npy", "./pair.npy"] {
        let onto_itself = spectrum(&bench, &["--matrix", "pair.npy", "--vectors", out]);
        refused(&onto_itself, &["vectors is", "pair.npy", "nothing else of this run"]);
        assert!(fs::read(bench.path("pair.npy")).unwrap() == kept);
    }
}

#[test]
fn weights_and_texts() {
    let bench = Bench::new();
    let with = |arguments: &[&str]| {
        let common = ["--preset", "tiny", "--text", "text.txt", "--block", "8", "--batch", "2"];
        spectrum(&bench, &[&common, arguments].concat())
    };
    let vocabulary =
        deo_models::data::Corpus::from_file(bench.path("text.txt")).unwrap().vocabulary().len();
    refused(&with(&["--weights", "missing.safetensors"]), &["missing.safetensors", "no file"]);
    let gpt = Gpt::<f32>::new(GptConfig { block: 8, ..GptConfig::tiny(99) }, Threads::One).unwrap();
    let mut x = gpt.init(1);
    let save = |name: &str, x: &[f32]| weights::save(&bench.path(name), gpt.layout(), x).unwrap();
    save("large.safetensors", &x);
    refused(
        &with(&["--weights", "large.safetensors"]),
        &[
            "transformer.wte.weight",
            "[99, 64]",
            &format!("this model has it of shape [{vocabulary}, 64]"),
            &format!("{vocabulary} here: give the model's own with --text"),
        ],
    );
    let shaped = |config, words: &[&str]| {
        let gpt = Gpt::<f32>::new(config, Threads::One).unwrap();
        let path = bench.path("shaped.safetensors");
        weights::save(&path, gpt.layout(), &gpt.init(1)).unwrap();
        refused(&with(&["--weights", "shaped.safetensors"]), words);
    };
    let tiny = GptConfig { block: 8, ..GptConfig::tiny(vocabulary) };
    shaped(GptConfig { block: 12, ..tiny }, &["transformer.wpe.weight", "--block 12"]);
    shaped(
        GptConfig { width: 32, ..tiny },
        &["transformer.wte.weight", "32]", "--preset of its size"],
    );
    let bytes = fs::read(bench.path("large.safetensors")).unwrap();
    bench.write("cut.safetensors", &bytes[..bytes.len() - 4]);
    refused(&with(&["--weights", "cut.safetensors"]), &["cut.safetensors", "truncated"]);
    bench.write("foreign.safetensors", b"PK\x03\x04 and so on");
    refused(&with(&["--weights", "foreign.safetensors"]), &["no safetensors file"]);
    refused(&with(&["--text", "missing.txt"]), &["missing.txt", "no file"]);

    let gpt = Gpt::<f32>::new(GptConfig { block: 8, ..GptConfig::tiny(vocabulary) }, Threads::One)
        .unwrap();
    x = gpt.init(1);
    x[70] = f32::NAN;
    weights::save(&bench.path("nan.safetensors"), gpt.layout(), &x).unwrap();
    refused(
        &with(&["--weights", "nan.safetensors"]),
        &["NaN", "component 70 of transformer.wte.weight"],
    );
}

#[test]
fn places_that_cannot_be_written() {
    let bench = Bench::new();
    bench.write("file", b"");
    fs::create_dir_all(bench.path("taken/record.json")).unwrap();
    fs::create_dir_all(bench.path("v.npy")).unwrap();
    let landscape =
        |arguments: &[&str]| spectrum(&bench, &[&["--landscape", "monkey"], arguments].concat());
    refused(&landscape(&["--out", "file"]), &["\"file\"", "directory"]);
    refused(&landscape(&["--out", "taken"]), &["record.json", "is a directory"]);
    refused(&landscape(&["--vectors", "v.npy"]), &["v.npy", "is a directory"]);
    refused(&landscape(&["--vectors", "file/v.npy"]), &["\"file\"", "directory"]);
    refused(&landscape(&["--vectors", ".."]), &["vectors is ..", "name of a file"]);
    refused(&landscape(&["--vectors", "new.npy/"]), &["new.npy/", "name of a directory"]);
}
