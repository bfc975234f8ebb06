//! The defaults that the documentation of a settings field states are those that `Default` gives, in deo-core and here.
//!
//! Each public field of such a struct says `Default: …; range`, so that a page of docs.rs answers what one may set. What is written
//! twice drifts apart; so the sources are read, and the stated default is compared with the one that `Debug` prints.

use deo_core::budget::BudgetSettings;
use deo_core::certify::{CertifySettings, LeaveSettings};
use deo_core::deo::DeoSettings;
use deo_core::diagnose::{DiagnoseSettings, Thresholds};
use deo_core::dimer::DimerSettings;
use deo_core::krylov::KrylovSettings;
use deo_core::monitor::MonitorSettings;
use deo_core::optim::{RmsPropSettings, RpropSettings, SgdSettings};
use deo_core::policy::EscapeSettings;
use deo_core::stochastic::StochasticSettings;
use deo_core::trigger::TriggerSettings;
use deo_saddle::{Goal, IrcSettings, MinModeSettings, NewtonSettings, VerificationSettings};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

/// Field → what its documentation says behind "Default: ", up to the semicolon or the end of the sentence.
fn stated(file: &str, name: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let body = source.split(&format!("pub struct {name} {{\n")).nth(1);
    let body = body.unwrap_or_else(|| panic!("{file} has no struct {name}"));
    let (mut fields, mut default) = (BTreeMap::new(), None);
    for line in body.split("\n}").next().unwrap().lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// Default: ") {
            default = Some(text.split([';', ',']).next().unwrap().trim_end_matches('.').to_owned());
        } else if let Some(field) = line.strip_prefix("pub ") {
            let field = field.split(':').next().unwrap();
            let text =
                default.take().unwrap_or_else(|| panic!("{name}::{field} states no default"));
            fields.insert(field.to_owned(), text);
        }
    }
    fields
}

/// Field → value, of the outermost struct that `Debug` prints.
fn printed(value: &dyn Debug) -> BTreeMap<String, String> {
    let text = format!("{value:?}");
    let inside = text.split_once('{').unwrap().1.trim_end_matches('}');
    let (mut depth, mut start, mut fields) = (0, 0, vec![]);
    for (at, c) in inside.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                fields.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    fields.push(&inside[start..]);
    let pair =
        |field: &str| field.split_once(": ").map(|(n, v)| (n.trim().into(), v.trim().into()));
    fields.into_iter().filter_map(pair).collect()
}

fn number(text: &str) -> Option<f64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|n| n as f64),
        None => text.parse().ok(),
    }
}

#[track_caller]
fn agree(file: &str, name: &str, default: &dyn Debug) -> usize {
    let (stated, printed) = (stated(file, name), printed(default));
    let names: (Vec<_>, Vec<_>) = (stated.keys().collect(), printed.keys().collect());
    assert_eq!(names.0, names.1, "{name}");
    let mut compared = 0;
    for (field, value) in &printed {
        let text = stated[field].trim_matches('`');
        if let Some(value) = number(value) {
            assert_eq!(number(text), Some(value), "{name}::{field}: {text:?}");
            compared += 1;
        } else if value.chars().all(char::is_alphanumeric) {
            assert_eq!(text, value, "{name}::{field}");
            compared += 1;
        }
    }
    compared
}

#[test]
fn every_field_states_its_default_and_the_right_one() {
    let list: [(&str, &str, &dyn Debug); 19] = [
        ("deo-core/src/budget.rs", "BudgetSettings", &BudgetSettings::default()),
        ("deo-core/src/certify/leave.rs", "LeaveSettings", &LeaveSettings::default()),
        ("deo-core/src/certify/settings.rs", "CertifySettings", &CertifySettings::default()),
        ("deo-core/src/deo/settings.rs", "DeoSettings", &DeoSettings::default()),
        ("deo-core/src/diagnose/settings.rs", "DiagnoseSettings", &DiagnoseSettings::default()),
        ("deo-core/src/diagnose/settings.rs", "Thresholds", &Thresholds::default()),
        ("deo-core/src/dimer/settings.rs", "DimerSettings", &DimerSettings::default()),
        ("deo-core/src/krylov/settings.rs", "KrylovSettings", &KrylovSettings::default()),
        ("deo-core/src/monitor.rs", "MonitorSettings", &MonitorSettings::default()),
        ("deo-core/src/optim/rmsprop.rs", "RmsPropSettings", &RmsPropSettings::default()),
        ("deo-core/src/optim/rprop.rs", "RpropSettings", &RpropSettings::default()),
        ("deo-core/src/optim/sgd.rs", "SgdSettings", &SgdSettings::default()),
        ("deo-core/src/policy/escape/settings.rs", "EscapeSettings", &EscapeSettings::default()),
        (
            "deo-core/src/stochastic/settings.rs",
            "StochasticSettings",
            &StochasticSettings::default(),
        ),
        ("deo-core/src/trigger.rs", "TriggerSettings", &TriggerSettings::default()),
        ("deo-saddle/src/irc/settings.rs", "IrcSettings", &IrcSettings::default()),
        ("deo-saddle/src/settings.rs", "Goal", &Goal::default()),
        ("deo-saddle/src/settings.rs", "NewtonSettings", &NewtonSettings::default()),
        ("deo-saddle/src/settings.rs", "MinModeSettings", &MinModeSettings::default()),
    ];
    let compared: usize = list.iter().map(|(file, name, value)| agree(file, name, *value)).sum();
    let compared = compared
        + agree(
            "deo-saddle/src/verify/settings.rs",
            "VerificationSettings",
            &VerificationSettings::default(),
        );
    assert!(compared > 70, "numbers and words are compared: {compared}");
}
