//! Paths of steepest descent against closed forms and against Runge and Kutta's method in steps a hundred times as short.

use deo_core::objective::{FromFn, Objective};
use deo_core::space::MassWeighted;
use deo_saddle::{DriveError, IrcBranch, IrcEnd, IrcSettings, IrcWatch, irc, try_irc};

/// A double well over the plane w = z², F(w) = 3((u − 4)² − 1)² + k(v − 2)²/2, w = u + iv. The map is conformal, which leaves
/// paths of steepest descent what they are: v = 2, from the saddle u = 4 to the minima 3 and 5, is xy = 1.
fn conformal(stiffness: f64) -> impl Objective<[f64]> {
    FromFn(move |z: &[f64], g: Option<&mut [f64]>| {
        let (x, y) = (z[0], z[1]);
        let (u, v) = (x * x - y * y - 4.0, 2.0 * x * y - 2.0);
        let (fu, fv) = (12.0 * u * (u * u - 1.0), stiffness * v);
        if let Some(g) = g {
            g.copy_from_slice(&[2.0 * (fu * x + fv * y), 2.0 * (fv * x - fu * y)]);
        }
        3.0 * (u * u - 1.0).powi(2) + 0.5 * stiffness * v * v
    })
}

/// The point of the hyperbola xy = 1 with x² − y² = u.
fn hyperbola(u: f64) -> [f64; 2] {
    let x = ((u + (u * u + 4.0).sqrt()) / 2.0).sqrt();
    [x, 1.0 / x]
}

/// The largest distance of the path from xy = 1, to first order, and its points but for the saddle.
fn off_hyperbola(path: &IrcBranch) -> f64 {
    let distance = |x: &[f64]| (x[0] * x[1] - 1.0).abs() / x[0].hypot(x[1]);
    path.points[1..].iter().map(|point| distance(&point.x)).fold(0.0, f64::max)
}

#[test]
fn a_curved_valley_in_closed_form() {
    let saddle = hyperbola(4.0);
    let tangent = [saddle[0], -saddle[1]];
    for (stiffness, side) in [(2.0, 1.0), (2.0, -1.0), (200.0, 1.0), (200.0, -1.0)] {
        let mut errors = vec![];
        for step in [0.04, 0.02, 0.01] {
            let settings = IrcSettings { step, angle: 1e-6, ..IrcSettings::default() };
            let axis = tangent.map(|t| side * t);
            let path = irc(&mut conformal(stiffness), &saddle, &axis, &settings).unwrap();
            assert!(path.end.is_bottom(), "{:?}", path.end);
            let minimum = hyperbola(4.0 + side);
            let last = path.points.last().unwrap();
            let left = (last.x[0] - minimum[0]).hypot(last.x[1] - minimum[1]);
            assert!(left < 1.1 * step, "{left}");
            // The length of the hyperbola by chords, up to where the path came.
            let end = last.x[0] * last.x[0] - last.x[1] * last.x[1] - 4.0;
            let chords: f64 = (0..1000)
                .map(|i| {
                    let at = |i: i32| hyperbola(4.0 + end * f64::from(i) / 1000.0);
                    let (a, b) = (at(i), at(i + 1));
                    (a[0] - b[0]).hypot(a[1] - b[1])
                })
                .sum();
            assert!((last.arc - chords).abs() < 0.05 * step, "{} {chords}", last.arc);
            errors.push(off_hyperbola(&path));
        }
        // Second order: a quarter at half the step.
        assert!(errors[0] < 1e-5, "{errors:?}");
        assert!(errors[1] < 0.35 * errors[0] && errors[2] < 0.35 * errors[1], "{errors:?}");
    }
}

fn muller_brown(x: &[f64], g: Option<&mut [f64]>) -> f64 {
    let terms = [
        (-200.0, -1.0, 0.0, -10.0, 1.0, 0.0),
        (-100.0, -1.0, 0.0, -10.0, 0.0, 0.5),
        (-170.0, -6.5, 11.0, -6.5, -0.5, 1.5),
        (15.0, 0.7, 0.6, 0.7, -1.0, 1.0),
    ];
    let (mut value, mut slope) = (0.0, [0.0; 2]);
    for (height, a, b, c, x0, y0) in terms {
        let (dx, dy) = (x[0] - x0, x[1] - y0);
        let term = height * f64::exp(a * dx * dx + b * dx * dy + c * dy * dy);
        value += term;
        slope[0] += term * (2.0 * a * dx + b * dy);
        slope[1] += term * (b * dx + 2.0 * c * dy);
    }
    if let Some(g) = g {
        g.copy_from_slice(&slope);
    }
    value
}

const SADDLES: [[f64; 2]; 2] =
    [[-0.822_001_558_7, 0.624_312_803_6], [0.212_486_588_1, 0.292_988_325_3]];
const MINIMA: [[f64; 2]; 3] = [
    [-0.558_223_634_6, 1.441_725_841_8],
    [-0.050_010_823_0, 0.466_694_104_9],
    [0.623_499_404_9, 0.028_037_758_5],
];

/// The mode of negative curvature by central differences.
fn mode(x: &[f64; 2]) -> [f64; 2] {
    let h = 1e-5;
    let column = |i: usize| {
        let at = |s: f64| {
            let (mut x, mut g) = (*x, [0.0; 2]);
            x[i] += s;
            muller_brown(&x, Some(&mut g));
            g
        };
        let (ahead, behind) = (at(h), at(-h));
        [0, 1].map(|j| (ahead[j] - behind[j]) / (2.0 * h))
    };
    let ([a, b], [_, d]) = (column(0), column(1));
    let lowest = 0.5 * (a + d) - (0.25 * (a - d) * (a - d) + b * b).sqrt();
    let v = [b, lowest - a];
    let length = v[0].hypot(v[1]);
    v.map(|v| v / length)
}

/// dx/ds = −g/‖g‖ by the classical method of Runge and Kutta, from 1e-4 beside the saddle.
fn reference(saddle: &[f64; 2], axis: &[f64; 2]) -> Vec<[f64; 2]> {
    let ds = 1e-4;
    let slope = |x: [f64; 2]| {
        let mut g = [0.0; 2];
        muller_brown(&x, Some(&mut g));
        let norm = g[0].hypot(g[1]);
        g.map(|g| -g / norm)
    };
    let add = |x: [f64; 2], s: f64, k: [f64; 2]| [x[0] + s * k[0], x[1] + s * k[1]];
    let mut x = add(*saddle, ds, *axis);
    let mut way = vec![*saddle, x];
    let mut value = muller_brown(&x, None);
    loop {
        let k1 = slope(x);
        let k2 = slope(add(x, ds / 2.0, k1));
        let k3 = slope(add(x, ds / 2.0, k2));
        let k4 = slope(add(x, ds, k3));
        let mean = [0, 1].map(|i| (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]) / 6.0);
        x = add(x, ds, mean);
        let next = muller_brown(&x, None);
        if next >= value {
            return way;
        }
        value = next;
        way.push(x);
    }
}

#[test]
fn muller_and_browns_paths() {
    for (saddle, ends) in SADDLES.iter().zip([[0, 1], [1, 2]]) {
        let axis = mode(saddle);
        let mut reached = vec![];
        for side in [1.0, -1.0] {
            let axis = axis.map(|a| side * a);
            let reference = reference(saddle, &axis);
            let mut errors = vec![];
            for step in [0.04, 0.02] {
                let settings = IrcSettings { step, angle: 1e-4, ..IrcSettings::default() };
                let path = irc(&mut FromFn(muller_brown), saddle, &axis, &settings).unwrap();
                assert!(path.end.is_bottom());
                let last = path.points.last().unwrap();
                let end = MINIMA
                    .iter()
                    .position(|m| (last.x[0] - m[0]).hypot(last.x[1] - m[1]) < 1.5 * step)
                    .unwrap_or_else(|| panic!("{:?} is no minimum", last.x));
                if step == 0.02 {
                    reached.push(end);
                }
                let (mut across, mut energy) = (0.0_f64, 0.0_f64);
                for point in &path.points {
                    let away = |r: &[f64; 2]| (r[0] - point.x[0]).hypot(r[1] - point.x[1]);
                    let nearest = (0..reference.len())
                        .min_by(|a, b| away(&reference[*a]).total_cmp(&away(&reference[*b])))
                        .unwrap();
                    across = across.max(away(&reference[nearest]));
                    // At the same arc length the same energy.
                    let at = (point.arc / 1e-4).round() as usize;
                    if let Some(r) = reference.get(at) {
                        energy = energy.max((muller_brown(r, None) - point.value).abs());
                    }
                }
                errors.push((across, energy));
                // Sharp angles cost more than the default.
                assert!(
                    path.gradients as usize <= 5 * path.points.len(),
                    "{} for {}",
                    path.gradients,
                    path.points.len()
                );
            }
            // The reference's points are 1e-4 apart, so that half of it is no error; the energies' range is some 40 to 100.
            assert!(errors[1].0 < 2e-4 && errors[1].1 < 0.02, "{errors:?}");
            assert!(errors[1].0 < 0.3 * errors[0].0 + 5e-5, "{errors:?}");
        }
        reached.sort_unstable();
        assert_eq!(reached, ends);
    }
}

/// Two bodies on a line and a wall: with masses the path turns, by MassWeighted as by a change of variables.
#[test]
fn masses_are_in_the_coordinates() {
    let surface = |x: &[f64], g: Option<&mut [f64]>| {
        let mut slope = [0.0; 2];
        let value = muller_brown(&x[..2], Some(&mut slope));
        if let Some(g) = g {
            g.copy_from_slice(&[slope[0], slope[1], x[2]]);
        }
        value + 0.5 * x[2] * x[2]
    };
    let settings = IrcSettings { step: 0.05, ..IrcSettings::default() };
    let axis = mode(&SADDLES[0]);
    let x = [SADDLES[0][0], SADDLES[0][1], 0.0];
    let light = irc(&mut FromFn(surface), &x, &[axis[0], axis[1], 0.0], &settings).unwrap();
    let root = 2.0;
    let q = x.map(|x| root * x);
    let settings = IrcSettings { step: root * 0.05, tolerance: 0.0, ..settings };
    let mut weighted = MassWeighted::new(FromFn(surface), &[root * root]);
    let heavy = irc(&mut weighted, &q, &[axis[0], axis[1], 0.0], &settings).unwrap();
    assert!((light.points.len() as i64 - heavy.points.len() as i64).abs() <= 1);
    for (a, b) in light.points.iter().zip(&heavy.points) {
        // One body alone: all is scaled by √m, but for how well the sphere's minimum was found.
        assert!((a.x[0] - b.x[0] / root).abs() < 1e-6 && (a.arc - b.arc / root).abs() < 1e-6);
    }
}

#[test]
fn an_axis_that_is_off_leads_to_the_same_path() {
    // (x₀² − 1)²/3 and stiff walls: straight along x₀ to ±1, whatever the axis has along the walls.
    let walls = [3.0, 11.0, 32.0, 60.0, 77.0, 93.0, 126.0];
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        let across = walls.iter().zip(&x[1..]);
        if let Some(g) = g {
            g[0] = 4.0 / 3.0 * x[0] * (x[0] * x[0] - 1.0);
            g[1..].iter_mut().zip(across.clone()).for_each(|(g, (k, x))| *g = k * x);
        }
        let walls: f64 = across.map(|(k, x)| 0.5 * k * x * x).sum();
        (x[0] * x[0] - 1.0).powi(2) / 3.0 + walls
    });
    let settings = IrcSettings { step: 0.05, ..IrcSettings::default() };
    for (off, side) in [(0.05, 1.0), (0.1, -1.0), (0.2, 1.0)] {
        let mut axis = [off; 8];
        axis[0] = side;
        axis[3] = -off;
        let path = irc(&mut f, &[0.0; 8], &axis, &settings).unwrap();
        let last = &path.points.last().unwrap().x;
        assert!(path.end.is_bottom() && (last[0] - side).abs() < 1.1 * settings.step, "{off}");
        // A minimum on the sphere is found to the angle.
        let away = |x: &[f64]| x[1..].iter().fold(0.0f64, |most, x| most.max(x.abs()));
        assert!(path.points.iter().all(|point| away(&point.x) < settings.step / 10.0), "{off}");
    }
}

#[test]
fn where_nothing_near_is_lower_there_is_no_bottom() {
    let minimum = hyperbola(5.0);
    let settings = IrcSettings { step: 0.02, ..IrcSettings::default() };
    let path = irc(&mut conformal(20.0), &minimum, &[1.0, 0.5], &settings).unwrap();
    assert_eq!((path.end, path.points.len()), (IrcEnd::Uphill, 1));
    assert!(!path.end.is_bottom());
}

#[test]
fn ends_and_refusals() {
    let mut f = conformal(20.0);
    let saddle = hyperbola(4.0);
    let tangent = [saddle[0], -saddle[1]];
    let base = IrcSettings { step: 0.02, ..IrcSettings::default() };
    let end =
        |f: &mut dyn Objective<[f64]>, settings| irc(f, &saddle, &tangent, &settings).unwrap();
    let few = end(&mut f, IrcSettings { max_points: 4, ..base });
    assert_eq!((few.end, few.points.len()), (IrcEnd::Points, 4));
    let poor = end(&mut f, IrcSettings { max_gradients: 7, ..base });
    assert_eq!((poor.end, poor.gradients), (IrcEnd::Budget, 7));
    let flat = end(&mut f, IrcSettings { tolerance: 3.0, ..base });
    assert_eq!(flat.end, IrcEnd::Flat);
    assert!(flat.points[..flat.points.len() - 1].iter().skip(1).all(|point| point.size > 3.0));
    let mut count = 0;
    let mut broken = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        count += 1;
        let value = conformal(20.0).value_grad(x, g.unwrap());
        if count == 6 { f64::NAN } else { value }
    });
    assert_eq!(end(&mut broken, base).end, IrcEnd::NonFinite);
    for bad in [
        IrcSettings { step: 0.0, ..base },
        IrcSettings { angle: f64::NAN, ..base },
        IrcSettings { tolerance: -1.0, ..base },
        IrcSettings { max_points: 0, ..base },
        IrcSettings { max_gradients: 0, ..base },
    ] {
        let refused = irc(&mut f, &saddle, &tangent, &bad);
        assert!(matches!(refused, Err(DriveError::Search(_))), "{refused:?}");
    }
}

/// The Hessian at the saddle saves gradients and changes no point by more than the angle allows.
#[test]
fn a_given_hessian_saves_gradients() {
    let saddle = hyperbola(4.0);
    let tangent = [saddle[0], -saddle[1]];
    // F's Hessian is diagonal, −24·… and k, times |2z|².
    let scale = 4.0 * (saddle[0] * saddle[0] + saddle[1] * saddle[1]);
    let t = tangent.map(|t| t / tangent[0].hypot(tangent[1]));
    let entry = |a: f64, b: f64, c: f64, d: f64| scale * (-12.0 * a * b + 200.0 * c * d);
    let hessian = [
        entry(t[0], t[0], t[1], t[1]),
        entry(t[0], t[1], -t[1], t[0]),
        entry(t[0], t[1], -t[1], t[0]),
        entry(t[1], t[1], t[0], t[0]),
    ];
    let settings = IrcSettings { step: 0.02, ..IrcSettings::default() };
    let mut seen = 0;
    let mut observe = |_: &deo_saddle::IrcPoint| seen += 1;
    let mut watch = IrcWatch { hessian: Some(&hessian), size: None, observe: Some(&mut observe) };
    let with = try_irc(&mut conformal(200.0), &saddle, &tangent, &settings, &mut watch).unwrap();
    let without = irc(&mut conformal(200.0), &saddle, &tangent, &settings).unwrap();
    assert_eq!(seen, with.points.len());
    assert!(with.gradients < without.gradients, "{} {}", with.gradients, without.gradients);
    assert!(off_hyperbola(&with) < 1e-3 && off_hyperbola(&without) < 1e-3);
}
