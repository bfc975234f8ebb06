//! The program `deo-mpi-train` on one, two and three ranks.

mod mpirun;

use mpirun::{mpirun, text};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_deo-mpi-train");

fn train(ranks: usize, arguments: &[&str]) -> Value {
    let output = mpirun(ranks, PROGRAM, &[arguments, &["--json"]].concat(), "train");
    assert!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output)))
}

fn number(json: &Value, key: &str) -> f64 {
    json[key].as_f64().unwrap_or_else(|| panic!("{key} in {json}"))
}

#[test]
fn ranks_train_as_one_process() {
    // At a hundredth of the default rate, where Escape makes a move, and no sharp region amplifies rounding by 1e10 as at
    // 0.01.
    let arguments = ["--double", "--steps", "200", "--seed", "3", "--lr", "1e-4"];
    let alone = train(1, &arguments);
    // ln 66 = 4.19 where nothing was learnt.
    assert!(number(&alone, "val_loss") < 3.2, "{alone}");
    assert!(number(&alone, "moves") > 0.0, "{alone}");
    for ranks in [2, 3] {
        let together = train(ranks, &arguments);
        assert_eq!(number(&together, "ranks"), ranks as f64);
        for key in ["events", "gradients", "losses", "visits", "moves", "kicks"] {
            assert_eq!(together[key], alone[key], "{key} on {ranks} ranks");
        }
        for key in ["train_loss", "val_loss", "curvature"] {
            let (together, alone) = (number(&together, key), number(&alone, key));
            // Rounding, 1e-16, amplified by the steps, and once more by a dimer's length for the curvature.
            let difference = (together / alone - 1.0).abs();
            assert!(difference < 1e-5, "{key} on {ranks} ranks is off by {difference:e}");
        }
    }
}

#[test]
fn in_single_precision_too_they_learn() {
    let losses = [1, 2, 3].map(|ranks| number(&train(ranks, &["--steps", "60"]), "val_loss"));
    for loss in losses {
        assert!(loss < 3.2, "{losses:?}");
        // Rounding, 6e-8, amplified by sixty steps; an average that is wrong by a factor costs more than that.
        assert!((loss - losses[0]).abs() < 0.15, "{losses:?}");
    }
}

#[test]
fn a_learning_rate_out_of_the_world_is_a_reason_to_stop() {
    let output = mpirun(2, PROGRAM, &["--lr", "1e38", "--steps", "20"], "train");
    assert!(!output.status.success());
    let words = text(&output);
    assert!(words.contains("isn't finite; lower the learning rate"), "{words}");
}

#[test]
fn what_is_wrong_is_said() {
    for (arguments, reason) in [
        (["--text", "nowhere.txt"], "there is no file \"nowhere.txt\""),
        (["--batch", "1"], "a batch of 1 samples for 2 ranks"),
    ] {
        let output = mpirun(2, PROGRAM, &arguments, "train");
        assert!(!output.status.success());
        assert!(text(&output).contains(reason), "{}", text(&output));
    }
}

#[test]
fn a_bad_command_line_is_explained_once() {
    let output = mpirun(2, PROGRAM, &["--steps", "none"], "train");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let words = text(&output);
    assert_eq!(
        words.matches("Usage:").count() + words.matches("For more information").count(),
        1,
        "{words}"
    );
}
