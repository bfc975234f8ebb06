//! What every landscape must satisfy, at customary and at other parameters: its gradient is that of its value,
//! its stated minima and saddles are what they are said to be.

use crate::support::{cases, check_gradient, eigenvalues, gradient, hessian, norm, point};
use deo_models::landscapes::{
    self, Basis, GaussianBump, IdenticalUnits, Landscape, LinearAttention, LinearNet,
    MatrixFactorisation, Monkey, MonkeyWell, MullerBrown, Octopus, PhaseRetrieval, Quadratic,
    QuarticSaddle, Rosenbrock, StationaryPoint, StrictSaddle,
};
use proptest::prelude::*;

fn customary() -> Vec<Box<dyn Landscape>> {
    let by_name = |name: &&str| landscapes::by_name(name).unwrap();
    landscapes::names().iter().map(by_name).collect()
}

fn others() -> Vec<Box<dyn Landscape>> {
    let spectrum = vec![0.4, -2.5, 1.5, 0.7, 3.0];
    let b = vec![0.3, -1.0, 0.5, 2.0, -0.7];
    let saddle = Quadratic::new(spectrum, Basis::random(5, 5, 8)).unwrap();
    let bowl = Quadratic::new(vec![0.4, 2.5, 1.5, 0.7, 3.0], Basis::random(5, 2, 9)).unwrap();
    let stiff = vec![0.3, 4.0, 1.7];
    vec![
        Box::new(saddle.with_linear(b.clone()).unwrap()),
        Box::new(bowl.with_linear(b).unwrap()),
        Box::new(Quadratic::diagonal(vec![-3.0, 0.5]).unwrap()),
        Box::new(StrictSaddle::new(0.7, 1.3, stiff, Basis::random(4, 3, 2)).unwrap()),
        Box::new(StrictSaddle::new(0.2, 3.0, vec![], Basis::axes(1)).unwrap()),
        Box::new(StrictSaddle::random(20, 1e-3, 5).unwrap()),
        Box::new(Octopus::new(1, 1.0, 0.5, 0.8).unwrap()),
        Box::new(Octopus::new(6, 2.5, 0.8, 0.7).unwrap()),
        Box::new(Monkey::new(0.3).unwrap()),
        Box::new(MonkeyWell::new(0.8).unwrap()),
        Box::new(QuarticSaddle::new(1.7).unwrap()),
        Box::new(GaussianBump::new(vec![0.3, 0.5, 1.1], 2.5, 1.5).unwrap()),
        Box::new(GaussianBump::new(vec![0.7], 1.4, 1.2).unwrap()),
        Box::new(MatrixFactorisation::new(vec![1.3], &Basis::random(4, 3, 3)).unwrap()),
        Box::new(MatrixFactorisation::new(vec![0.6], &Basis::axes(1)).unwrap()),
        Box::new(MatrixFactorisation::new(vec![2.0, 0.7], &Basis::random(2, 2, 4)).unwrap()),
        Box::new(PhaseRetrieval::new(6, 20, 7).unwrap()),
        Box::new(LinearNet::new(2, 3, vec![1.5, 0.4], 1).unwrap()),
        Box::new(LinearNet::new(3, 3, vec![1.2, 0.9, 0.5], 2).unwrap()),
        Box::new(LinearNet::new(4, 2, vec![0.8], 3).unwrap()),
        Box::new(LinearNet::new(2, 1, vec![0.8], 3).unwrap()),
        Box::new(LinearAttention::new(2, true, vec![1.3, 0.2, 0.1], 4, 5).unwrap()),
        Box::new(LinearAttention::new(3, false, vec![0.9, 0.4], 9, 6).unwrap()),
        Box::new(IdenticalUnits::new(2).unwrap()),
        Box::new(IdenticalUnits::new(7).unwrap()),
        Box::new(Rosenbrock::new(2, 7.0).unwrap()),
        Box::new(Rosenbrock::new(6, 30.0).unwrap()),
    ]
}

/// Value, gradient and lowest curvature at a stated point; the ascending spectrum there.
#[track_caller]
fn check_point(landscape: &mut dyn Landscape, stated: &StationaryPoint) -> Vec<f64> {
    let spectrum = eigenvalues(hessian(landscape, &stated.x, 1e-3));
    let stiffness = spectrum.iter().fold(0.0, |m: f64, e| m.max(e.abs()));
    let value = landscape.value(&stated.x);
    // Fifteen digits are stated of the largest values.
    let off = (value - stated.value).abs();
    assert!(off <= 1e-13 * (1.0 + stated.value.abs()), "{landscape:?}: {value} at {stated:?}");
    // A point known to 1e-15 of its size leaves a gradient of as much times the stiffness.
    let residual = norm(&gradient(landscape, &stated.x));
    let allowed = 1e-13 * (1.0 + stiffness) * (1.0 + norm(&stated.x));
    assert!(
        residual <= allowed,
        "{landscape:?}: gradient {residual:e} > {allowed:e} at {stated:?}"
    );
    if let Some(curvature) = stated.curvature {
        // The five-point rule with h = 1e-3 has an error of h⁴f⁽⁶⁾/30, 1e-7 at the stiffest, Müller–Brown.
        let off = (curvature - spectrum[0]).abs();
        assert!(off <= 1e-7 * (1.0 + stiffness), "{landscape:?}: {spectrum:?} at {stated:?}");
    }
    spectrum
}

#[test]
fn stated_points_are_what_they_are_said_to_be() {
    let mut counts = (0, 0);
    for mut landscape in customary().into_iter().chain(others()) {
        for minimum in landscape.minima() {
            let spectrum = check_point(&mut *landscape, &minimum);
            // Where a symmetry leaves a flat direction, the differences err by some 1e-11.
            let flat = minimum.curvature == Some(0.0);
            let least = if flat { -1e-9 } else { 0.0 };
            assert!(spectrum[0] >= least, "{landscape:?}: {spectrum:?} at {minimum:?}");
            counts.0 += 1;
        }
        for saddle in landscape.saddles() {
            let spectrum = check_point(&mut *landscape, &saddle);
            let degenerate = saddle.curvature == Some(0.0);
            assert_eq!(
                spectrum[0] < -1e-9,
                !degenerate,
                "{landscape:?}: {spectrum:?} at {saddle:?}"
            );
            counts.1 += 1;
        }
        assert_eq!(landscape.domain().len(), landscape.dimension());
    }
    // Customary, in the order of the names: 0+2+1+3+0+3+2+2+1+1+2+1+1+1+1+1+1 minima, 1+1+10+2+1+1+1+10+0+3+1+5+2+1+4+1+1
    // saddles. Others, in their order: 0+1+0+2+2+2+1+1+0+3+2+2+2+1+1+1+2+1+1+1+1+1+1+1+1+1+1 minima,
    // 1+0+1+1+1+1+1+6+1+1+1+3+1+1+1+2+1+2+3+1+1+1+2+1+1+0+0 saddles.
    assert_eq!(counts, (56, 81));
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn gradients_are_those_of_the_values(seed: u64, stretch in 0.1..1.5_f64) {
        for mut landscape in customary().into_iter().chain(others()) {
            // In its start box the octopus is a quadratic; its own test goes everywhere.
            let x = point(&landscape.domain(), stretch, seed);
            check_gradient(&mut *landscape, &x, 1e-3);
        }
    }

    #[test]
    fn gradients_at_random_parameters(
        seed: u64,
        n in 2..9_usize,
        scale in 0.05..20.0_f64,
        radius in 0.3..4.0_f64,
    ) {
        let numbers = point(&vec![(-3.0, 3.0); 2 * n], 1.0, seed);
        let (spectrum, b) = numbers.split_at(n);
        let stiffness = spectrum[1..].iter().map(|kappa| kappa.abs() + 0.1).collect();
        let mut landscapes: Vec<Box<dyn Landscape>> = vec![
            Box::new(
                Quadratic::new(spectrum.to_vec(), Basis::random(n, n / 2, seed))
                    .and_then(|quadratic| quadratic.with_linear(b.to_vec()))
                    .unwrap(),
            ),
            Box::new(
                StrictSaddle::new(scale, radius, stiffness, Basis::random(n, n, seed)).unwrap(),
            ),
            Box::new(Monkey::new(scale).unwrap()),
            Box::new(MonkeyWell::new(scale).unwrap()),
            Box::new(QuarticSaddle::new(radius).unwrap()),
            Box::new(PhaseRetrieval::new(n, 3 * n, seed).unwrap()),
            Box::new(LinearNet::new(2 + n % 3, n, vec![scale, scale / 2.0], seed).unwrap()),
            Box::new(
                MatrixFactorisation::new(vec![radius, 0.2], &Basis::random(n, 2, seed)).unwrap(),
            ),
            Box::new(Rosenbrock::new(n, scale).unwrap()),
            Box::new(perturbed_muller_brown(seed)),
        ];
        for landscape in &mut landscapes {
            let x = point(&landscape.domain(), 1.2, seed ^ 1);
            check_gradient(&mut **landscape, &x, 1e-3);
        }
    }

    #[test]
    fn monkey_curvature_is_closed(seed: u64, scale in 0.05..20.0_f64) {
        let mut monkey = Monkey::new(scale).unwrap();
        let x = point(&monkey.domain(), 3.0, seed);
        let spectrum = eigenvalues(hessian(&mut monkey, &x, 1e-3));
        let lowest = monkey.lowest_curvature([x[0], x[1]]);
        // The gradient is quadratic, so its differences are exact but for rounding.
        prop_assert!((spectrum[0] - lowest).abs() <= 1e-11 * scale);
        prop_assert!((spectrum[1] + lowest).abs() <= 1e-11 * scale);
    }
}

/// Every parameter off by up to 20 %, the zero ones by as much of 1.
fn perturbed_muller_brown(seed: u64) -> MullerBrown {
    let mut noise = point(&[(-0.2, 0.2); 24], 1.0, seed).into_iter();
    let mut perturb = |value: f64| {
        let size = if value == 0.0 { 1.0 } else { value };
        value + size * noise.next().unwrap()
    };
    let terms = MullerBrown::CUSTOMARY.map(|mut term| {
        for parameter in
            [&mut term.amplitude, &mut term.a, &mut term.b, &mut term.c, &mut term.x, &mut term.y]
        {
            *parameter = perturb(*parameter);
        }
        term
    });
    let surface = MullerBrown::new(terms).unwrap();
    assert!(surface.minima().is_empty() && surface.saddles().is_empty());
    surface
}
