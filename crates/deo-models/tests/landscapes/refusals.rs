//! Names and parameters that are refused, in one line that says what would be right.

use deo_models::landscapes::{
    Basis, GaussianBump, IdenticalUnits, Landscape, LandscapeError, LinearNet, MatrixFactorisation,
    Monkey, MonkeyWell, MullerBrown, Octopus, PhaseRetrieval, Quadratic, QuarticSaddle, Rosenbrock,
    StrictSaddle, by_name, names,
};

#[track_caller]
fn refused<L: std::fmt::Debug>(result: Result<L, LandscapeError>, parts: &[&str]) {
    let message = result.unwrap_err().to_string();
    assert!(!message.contains('\n'), "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing in {message:?}");
    }
}

#[test]
fn every_name_is_found_under_itself() {
    for name in names() {
        let landscape = by_name(name).unwrap();
        assert_eq!(landscape.name(), *name);
    }
    refused(by_name("octo\npus"), &["\"octo\\npus\"", "quadratic, strict-saddle, octopus"]);
}

#[test]
fn a_boxed_landscape_is_an_objective_on_another_thread() {
    fn value(mut objective: impl deo_core::Objective<[f64]>, x: &[f64]) -> f64 {
        objective.value(x)
    }
    let mut landscape: Box<dyn Landscape> = by_name("monkey").unwrap();
    let value = std::thread::spawn(move || value(&mut *landscape, &[2.0, 1.0])).join().unwrap();
    assert_eq!(value, 2.0);
}

#[test]
fn quadratic() {
    refused(Quadratic::diagonal(vec![]), &["quadratic in 0 dimensions", "at least 1"]);
    refused(Quadratic::diagonal(vec![1.0, f64::NAN]), &["spectrum = NaN", "finite"]);
    refused(Quadratic::new(vec![1.0; 3], Basis::axes(4)), &["3 entries", "must have 4"]);
    refused(Quadratic::gap_family(1, 0.1, 0), &["1 dimensions", "at least 2"]);
    for gap in [0.0, -0.1, 2.1, f64::NAN] {
        let value = format!("gap = {gap}");
        refused(Quadratic::gap_family(10, gap, 0), &[&value, "above 0 and at most 2"]);
    }
    let quadratic = || Quadratic::diagonal(vec![1.0, 2.0]).unwrap();
    refused(quadratic().with_linear(vec![1.0]), &["linear part has 1 entries", "must have 2"]);
    refused(quadratic().with_linear(vec![1.0, f64::INFINITY]), &["inf", "finite"]);
}

#[test]
fn strict_saddle() {
    let new = |curvature, radius, stiffness: Vec<f64>| {
        StrictSaddle::new(curvature, radius, stiffness, Basis::axes(3))
    };
    refused(new(0.0, 1.0, vec![1.0; 2]), &["curvature = 0", "positive"]);
    refused(new(1.0, f64::INFINITY, vec![1.0; 2]), &["radius = inf", "finite"]);
    refused(new(1.0, 1.0, vec![1.0, -1.0]), &["stiffness = -1", "positive"]);
    refused(new(1.0, 1.0, vec![1.0; 3]), &["stiffness has 3 entries", "must have 2"]);
    refused(StrictSaddle::random(0, 1.0, 0), &["0 dimensions", "at least 1"]);
}

#[test]
fn gaussian_bump() {
    let new = |stiffness: &[f64], height, width| GaussianBump::new(stiffness.into(), height, width);
    refused(new(&[], 1.0, 1.0), &["gaussian-bump in 0 dimensions", "at least 1"]);
    refused(new(&[0.5, 0.5], 1.0, 1.0), &["stiffness = 0.5", "ascending"]);
    refused(new(&[0.0, 0.5], 1.0, 1.0), &["stiffness = 0", "positive"]);
    refused(new(&[0.5], 1.0, -1.0), &["width = -1", "positive"]);
    refused(new(&[0.5], 2.0, 2.0), &["height = 2", "above"]);
    refused(new(&[0.5], f64::NAN, 1.0), &["height = NaN", "finite"]);
}

#[test]
fn factorisations() {
    let matrix = |eigenvalues: &[f64], d| {
        MatrixFactorisation::new(eigenvalues.into(), &Basis::random(d, d, 0))
    };
    refused(matrix(&[1.0], 0), &["matrix-factorisation in 0 dimensions"]);
    refused(matrix(&[], 3), &["eigenvalues has 0 entries", "must have 1"]);
    refused(matrix(&[1.0; 4], 3), &["eigenvalues has 4 entries", "must have 3"]);
    refused(matrix(&[0.5, 1.0], 3), &["eigenvalues = 1", "descending"]);
    refused(matrix(&[1.0, 0.0], 3), &["eigenvalues = 0", "positive"]);
    refused(matrix(&[f64::NAN], 3), &["eigenvalues = NaN", "finite"]);
    refused(matrix(&[f64::INFINITY], 3), &["eigenvalues = inf", "finite"]);

    let net = |layers, width, sigma: &[f64]| LinearNet::new(layers, width, sigma.into(), 0);
    refused(net(1, 3, &[1.0]), &["number of layers = 1", "at least 2"]);
    refused(net(2, 0, &[1.0]), &["linear-net in 0 dimensions"]);
    refused(net(2, 2, &[1.0; 3]), &["singular values has 3 entries", "must have 2"]);
    refused(net(3, 2, &[-1.0]), &["singular values = -1", "positive"]);

    refused(PhaseRetrieval::new(0, 4, 0), &["phase-retrieval in 0 dimensions"]);
    refused(PhaseRetrieval::new(4, 6, 0), &["measurements = 6", "at least 2d - 1"]);
}

#[test]
fn the_others() {
    refused(IdenticalUnits::new(1), &["number of units = 1", "at least 2"]);
    refused(MonkeyWell::new(0.0), &["scale = 0", "positive"]);
    refused(QuarticSaddle::new(f64::INFINITY), &["radius = inf", "finite"]);
    refused(Octopus::new(0, 1.0, 1.0, 1.0), &["octopus in 0 dimensions", "at least 1"]);
    refused(Octopus::new(3, 1.0, 1.1, 1.0), &["L = 1", "at least gamma"]);
    refused(Octopus::new(3, 1.0, 0.0, 1.0), &["gamma = 0", "positive"]);
    refused(Octopus::new(3, 1.0, 1.0, f64::NAN), &["tau = NaN", "positive"]);
    refused(Octopus::new(3, f64::INFINITY, 1.0, 1.0), &["L = inf", "finite"]);
    refused(Monkey::new(-1.0), &["scale = -1", "positive"]);
    refused(Rosenbrock::new(1, 100.0), &["rosenbrock in 1 dimensions", "at least 2"]);
    refused(Rosenbrock::new(2, f64::NAN), &["steepness = NaN", "positive"]);
    let mut terms = MullerBrown::CUSTOMARY;
    terms[2].b = f64::NAN;
    refused(MullerBrown::new(terms), &["NaN", "finite"]);
}
