//! Writes seeds/TARGET/*, small inputs that reach far into each decoder:
//!
//! ```text
//! cargo run --manifest-path fuzz/Cargo.toml --features program --bin seeds
//! ```
//!
//! Seeds of states are those of the time when they were written: an older one is as good a start, so they need no
//! renewal with each change of a state.

// Of the targets only what their inputs are made with.
#[allow(dead_code)]
#[path = "targets/checkpoint.rs"]
mod checkpoint;
#[allow(dead_code)]
#[path = "targets/weights.rs"]
mod weights;

use deo_cli::npy::{Scalar, to_bytes};
use deo_core::krylov::{Krylov, KrylovSettings};
use deo_core::optim::{Adam, AdamSettings, Sgd, SgdSettings};
use deo_core::space::Host;
use deo_core::{Answer, Deo, DeoSettings, PolicySettings};
use deo_models::checkpoint::encode;
use serde::Serialize;
use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let all = [
        ("checkpoint", checkpoints()),
        ("config", configs()),
        ("npy", npys()),
        ("text", texts()),
        ("weights", weights()),
        ("xyz", xyzs()),
    ];
    for (target, seeds) in all {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
        fs::create_dir_all(&dir)?;
        for (name, bytes) in seeds {
            fs::write(dir.join(name), bytes)?;
        }
    }
    Ok(())
}

type Seeds = Vec<(&'static str, Vec<u8>)>;

fn checkpoints() -> Seeds {
    const HEADER: usize = 36;
    let payload = |bytes: Vec<u8>, taken_for: u8| [&[taken_for][..], &bytes[HEADER..]].concat();
    let fields: checkpoint::Fields = (
        "né".to_owned(),
        vec![1, 2],
        vec![vec![], vec![f32::NAN, -0.0]],
        Some('x'),
        [("a".to_owned(), u128::MAX)].into(),
        -1,
        [true, false, true],
        Err(0.5),
    );
    let x = [0.5_f32; 3];
    let space = Host::<f32>::new();
    let deo = |settings| Deo::new(&space, &x, settings).expect("defaults");
    let escape = DeoSettings::default();
    let tracking = Default::default();
    let deflate =
        DeoSettings { policy: PolicySettings::Deflate { alpha: 0.5, tracking }, ..escape };
    let optimizers = (
        Adam::new(AdamSettings::adamw(), &space, &x).expect("defaults"),
        Sgd::new(SgdSettings { momentum: 0.9, ..Default::default() }, &space, &x)
            .expect("in range"),
    );
    vec![
        ("container", [&[0][..], &of(&fields)].concat()),
        ("fields", payload(of(&fields), 1)),
        ("escape", payload(of(&deo(escape)), 2)),
        ("deflate", payload(of(&deo(deflate)), 2)),
        ("krylov", payload(of(&krylov()), 3)),
        ("optimizers", payload(of(&optimizers), 4)),
        ("cut", [&[5, 40][..], &of(&fields)[HEADER..]].concat()),
    ]
}

fn of<T: Serialize>(value: &T) -> Vec<u8> {
    encode(checkpoint::KIND, value).expect("plain data")
}

/// A process after some answers.
fn krylov() -> Krylov<Host<f64>> {
    let space = Host::<f64>::new();
    let spectrum = [-1.0, 0.5, 2.0, 3.0, 4.0, 5.0];
    let settings = KrylovSettings { memory: 5, ..Default::default() };
    let mut krylov = Krylov::new(&space, &spectrum, settings).expect("in range");
    krylov.draw(&space, 1);
    for _ in 0..3 {
        let Some(probe) = krylov.ask(&space) else { break };
        let product: Vec<f64> =
            probe.direction().iter().zip(spectrum).map(|(v, lambda)| v * lambda).collect();
        krylov.tell(&space, Answer::product(&product));
    }
    krylov
}

fn configs() -> Seeds {
    [
        ("train", "preset = 'tiny'\nsteps = 30 # few\nlr = 1e-3\nmin-lr = 0.5\neval_every = 7\npolicy = \"deflate\"\n"),
        ("escape", "suite = ['quick', \"octopus\"]\nmethods = ['deo']\nseeds = 3\ntuning-seeds = 0\ngrid = 2\nbudget = 100\n"),
        ("saddle", "potential = \"lj\"\nstart = 'a.xyz'\nsearches = 3\ndisplace = 0.2\nmode = 'newton'\nindex = 2\nseed = 4\n"),
        ("unknown-key", "\nsteps_ = 4\n"),
        ("wrong-type", "seed = 1\nlr = 'fast'\n"),
        ("out-of-range", "steps = -3\nseeds = 99999999999999999999\n"),
        ("table", "[train]\nsteps = 3\n[[a.b]]\nc = {d = 1979-05-27T07:32:00Z, e = [inf, nan, 0x1f]}\n"),
        ("cut", "text = \"\"\"\nabc\\u00e9\n"),
        ("twice", "seed = 1\r\nseed = 2\r\n"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .to_vec()
}

fn npys() -> Seeds {
    let rows = [vec![1.0, 2.0, 3.0], vec![f64::NAN, f64::INFINITY, -0.0]];
    let double = to_bytes(Scalar::F64, 3, &rows);
    let changed = |from: &str, to: &str| {
        let at =
            double.windows(from.len()).position(|w| w == from.as_bytes()).expect("in the header");
        let mut bytes = double.clone();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    let mut second = double.clone();
    second[6] = 2;
    second.splice(8..10, [118, 0, 0, 0]);
    vec![
        ("f4", to_bytes(Scalar::F32, 3, &rows)),
        ("columns", changed("False", "True ")),
        ("vector", changed("(2, 3)", "(6,)  ")),
        ("empty", changed("(2, 3)", "(9, 0)")),
        (
            "wide",
            changed("(2, 3), }                  ", "(0, 4611686018427387904), }")[..128].to_vec(),
        ),
        ("huge", changed("3), }    ", "9999999),")),
        ("integers", changed("<f8", "<i8")),
        ("big-endian", changed("<f8", ">f8")),
        ("newline", changed("<f8", "<\n8")),
        ("records", changed("'<f8'", "['a']")),
        ("version-2", second),
        ("f8", double),
    ]
}

fn texts() -> Seeds {
    [
        ("words", "\u{2}\u{8}to be or not to be, that is the question"),
        ("accents", "\u{1}\u{4}né 𝄞 \r\n\t\u{feff}ééé"),
        ("one", "\u{1}\u{1}aaaaaaaaaaaaaaaaaaaa"),
        ("no-block", "\u{1}\u{0}ab"),
        ("empty", "\u{1}\u{1}"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .to_vec()
}

fn weights() -> Seeds {
    let layout = weights::layout();
    let double = [0.5_f64, -1.0, 2.0, 0.0, 1.5, 3.0, f64::NAN, -0.25];
    let single = double.map(|value| value as f32);
    let file = |header: &str, data: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0x3F; data]].concat()
    };
    let tensor = |dtype: &str, shape: &str, from: usize, to: usize| {
        format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let (weight, gain) = (tensor("F32", "[2,3]", 0, 24), tensor("F32", "[2]", 24, 32));
    let half = tensor("F16", "[2]", 24, 28);
    vec![
        ("f32", deo_models::weights::to_bytes(&layout, &single)),
        ("f64", deo_models::weights::to_bytes(&layout, &double)),
        ("half", file(&format!(r#"{{"weight":{weight},"gain":{half}}}"#), 28)),
        ("missing", file(&format!(r#"{{"weight":{weight}}}"#), 24)),
        ("newline", file(&format!(r#"{{"gain":{}}}"#, tensor(r"F\n32", "[2]", 0, 8)), 8)),
        (
            "alias",
            file(
                &format!(r#"{{"__metadata__":{{"gain":"tied"}},"weight":{weight},"tied":{gain}}}"#),
                32,
            ),
        ),
        (
            "overlap",
            file(&format!(r#"{{"weight":{weight},"gain":{}}}"#, tensor("F32", "[2]", 20, 28)), 28),
        ),
        (
            "huge",
            file(&format!(r#"{{"gain":{}}}"#, tensor("F32", "[4294967296,4294967296]", 0, 8)), 8),
        ),
        ("cut", u64::MAX.to_le_bytes().to_vec()),
    ]
}

fn xyzs() -> Seeds {
    let atoms = "Ar 0 0 0\nAr 1 0 -2.5e-3\nX 0 1 1.1224620483093730 0.5 7\n";
    [
        ("plain", format!("3\n\n{atoms}")),
        ("extended", format!("3\nProperties=species:S:1:pos:R:3:tag:I:1 energy=-1\n{atoms}")),
        ("quoted", format!("3\r\nLattice=\"1 0 0\" Properties=\"species:S:1:pos:R:3\"\r\n{atoms}")),
        ("frames", format!("3\na\n{atoms}3\nb\n{atoms}\n  \n")),
        ("fewer", format!("3\n\n{atoms}4\n\n{atoms}")),
        ("other-columns", format!("3\nProperties=id:I:1:pos:R:3\n{atoms}")),
        ("infinite", "3\n\nAr 0 0 inf\n".to_owned()),
        (
            "forces-first",
            "3\nProperties = species:S:1:forces:R:3:pos:R:3:fixed:L:1\nAr 1 2 3 0 0 0 T\n"
                .to_owned(),
        ),
        (
            "numbers",
            "\u{feff}3\npbc=[F, F, F] Properties=pos:R:3:Z:I:1\n1.5D-3 0 0 18\n".to_owned(),
        ),
        ("periodic", format!("3\ncell={{9 0 0 0 9 0 0 0 9}} pbc='T T F'\n{atoms}")),
        ("matrix", format!("3\nLattice=[[9,0,0], [0, 9 ,0],[0,0,\"9\"]] pbc=F\n{atoms}")),
        ("escapes", format!("3\n\"a \\\"key\"= \\\\ b=\"\\n\" c\\ d\n{atoms}")),
        ("unclosed", format!("3\nlattice =\"9 0 \\\n{atoms}")),
        ("many", "99999999999999999999\n".to_owned()),
        ("negative", "-3\n\n".to_owned()),
    ]
    .map(|(name, text)| (name, text.into_bytes()))
    .to_vec()
}
