//! Names, suites, and what is refused.

use deo_models::problems::{ProblemError, by_name, names, suite};

#[test]
fn every_name_is_found_under_itself_and_is_told_once() {
    let mut seen = std::collections::HashSet::new();
    for name in names() {
        assert_eq!(by_name(name).unwrap().name(), name);
        assert!(seen.insert(name), "{name} twice");
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(name.chars().all(kebab), "{name}");
    }
    let (digits, corpus) = (cfg!(feature = "digits"), cfg!(feature = "corpus"));
    for (name, feature, on) in
        [("digits-classifier", "digits", digits), ("char-gpt", "corpus", corpus)]
    {
        assert_eq!(seen.contains(name), on);
        if !on {
            let message = by_name(name).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(feature), "{message}");
        }
    }
}

#[test]
fn dimensions_are_as_documented() {
    let documented = [
        ("octopus-5-2", 5),
        ("octopus-20-2", 20),
        ("strict-saddle-flat", 200),
        ("stiff-saddle", 10),
        ("monkey-well-tiny", 2),
        ("gaussian-bump", 20),
        ("matrix-factorisation", 60),
        ("phase-retrieval", 50),
        ("linear-net", 200),
        ("deep-linear-net", 75),
        ("linear-attention", 136),
        ("linear-attention-apart", 45),
        ("identical-units", 13),
        ("xor", 9),
        ("matrix-sensing", 30),
        ("grown-net", 65),
        ("qaoa", 8),
        ("rosenbrock", 10),
        ("pinn-reaction", 697),
        ("tanh-plateau", 161),
        ("window-sum", 12_640),
        ("window-sum-32", 12_864),
        ("digits-autoencoder", 5_544),
        ("digits-classifier", 2_410),
        ("char-gpt", 104_896),
    ];
    for (name, dimension) in documented {
        if names().contains(&name) {
            assert_eq!(by_name(name).unwrap().dimension(), dimension, "{name}");
        }
    }
}

#[test]
fn unknown_names_are_refused_with_the_known_ones() {
    let error = by_name("octopus-6-1\n").unwrap_err();
    assert!(matches!(error, ProblemError::UnknownName { .. }));
    let message = error.to_string();
    assert!(
        !message.contains('\n') && message.contains("octopus-10-2, octopus-20-2, strict-saddle, "),
        "{message}"
    );
    let message = suite("fast").unwrap_err().to_string();
    assert!(message.contains("\"fast\"") && message.contains("quick, full"), "{message}");
}

#[test]
fn suites_are_of_known_names() {
    assert_eq!(suite("full").unwrap(), names());
    let quick = suite("quick").unwrap();
    assert_eq!(quick.len(), 10);
    assert!(quick.iter().all(|name| names().contains(name)), "{quick:?}");
}
