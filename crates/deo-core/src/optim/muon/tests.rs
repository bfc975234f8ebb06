use super::*;
use crate::noise::noise;
use crate::space::{Blocks, Host, Masked};

const SPACE: Host<f64> = Host::new();

fn groups(matrix: Group) -> Groups {
    let end = matrix.range.end;
    Groups::new(end + 2, vec![matrix, Group::new(end..end + 2)]).unwrap()
}

fn new(settings: MuonSettings, groups: Groups) -> Result<Muon<Vec<f64>, f64>, OptimError> {
    let x = vec![0.0; groups.len()];
    Muon::new(settings, &SPACE, &x, groups)
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    let refused = |settings| new(settings, groups(Group::new(0..6).matrix(2, 3))).err();
    let d = MuonSettings::default();
    assert_eq!(refused(d), None);
    let schulz = |newton_schulz| MuonSettings { newton_schulz, ..d };
    let n = d.newton_schulz;
    let bad = [
        ("momentum", MuonSettings { momentum: 1.0, ..d }),
        ("weight_decay", MuonSettings { weight_decay: -0.1, ..d }),
        ("coefficients", schulz(NewtonSchulz { coefficients: [1.0, f64::NAN, 1.0], ..n })),
        ("iterations is 100", schulz(NewtonSchulz { iterations: 100, ..n })),
        ("epsilon", schulz(NewtonSchulz { epsilon: 0.0, ..n })),
        ("beta1", MuonSettings { adam: AdamSettings { beta1: 1.0, ..d.adam }, ..d }),
    ];
    for (name, settings) in bad {
        let error = refused(settings).expect(name).to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn what_is_no_matrix_is_refused() {
    let d = MuonSettings::default();
    assert_eq!(new(d, groups(Group::new(0..6))).err(), Some(OptimError::NoMatrix));
    let own = new(d, groups(Group::new(0..6).matrix(2, 3).betas(0.9, 0.9))).unwrap_err();
    assert!(own.to_string().contains("0..6 has a beta1 of its own"), "{own}");
    let x = vec![0.0; 8];
    let pieces = Some(OptimError::MatrixInPieces { range: 0..6 });
    let matrix = || groups(Group::new(0..6).matrix(2, 3));
    let masked = Masked::frozen(SPACE, 8, std::iter::once(3..4)).unwrap();
    assert_eq!(Muon::new(d, &masked, &x, matrix()).err(), pieces);
    let (blocks, in_two) = (Blocks::new(SPACE), vec![vec![0.0; 4], vec![0.0; 4]]);
    assert_eq!(Muon::new(d, &blocks, &in_two, matrix()).err(), pieces);
}

/// n orthonormal rows of length `len`, by Gram and Schmidt, twice for the last digits.
fn orthonormal(seed: u64, n: usize, len: usize) -> Vec<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = vec![];
    for i in 0..n {
        let mut row: Vec<f64> = (0..len).map(|j| noise(seed, (i * len + j) as u64)).collect();
        for _ in 0..2 {
            for other in &rows {
                let along: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                row.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
            let norm = row.iter().map(|a| a * a).sum::<f64>().sqrt();
            row.iter_mut().for_each(|a| *a /= norm);
        }
        rows.push(row);
    }
    rows
}

/// Of X = U Σ Vᵀ with known U, V and Σ: a convergent choice of coefficients gives U Vᵀ, the default moves each singular
/// value along its own orbit.
#[test]
fn orthogonalised_is_what_the_singular_vectors_say() {
    // σ ← (15σ − 10σ³ + 3σ⁵)/8 converges to 1 to third order.
    let coefficients = [1.875, -1.25, 0.375];
    let convergent = NewtonSchulz { coefficients, iterations: 30, ..Default::default() };
    let default = NewtonSchulz::default();
    for shape @ [rows, columns] in [[3, 7], [7, 3], [4, 4], [1, 5], [5, 1]] {
        let short = rows.min(columns);
        let (u, v) = (orthonormal(1, short, rows), orthonormal(2, short, columns));
        let values: Vec<f64> = (0..short).map(|i| 5.0 * 0.3_f64.powi(i as i32)).collect();
        let norm = values.iter().map(|s| s * s).sum::<f64>().sqrt();
        let with = |values: &[f64]| -> Vec<f64> {
            let entry = |i: usize| {
                let of = |(k, s): (usize, &f64)| s * u[k][i / columns] * v[k][i % columns];
                values.iter().enumerate().map(of).sum()
            };
            (0..rows * columns).map(entry).collect()
        };
        let orbit = |s: &f64| {
            let [a, b, c] = default.coefficients;
            (0..5).fold(s / norm, |s, _| a * s + b * s.powi(3) + c * s.powi(5))
        };
        let orbits: Vec<f64> = values.iter().map(orbit).collect();
        assert!(orbits.iter().all(|s| (0.6..1.3).contains(s)), "{orbits:?}");
        for (iteration, expected) in
            [(convergent, with(&vec![1.0; short])), (default, with(&orbits))]
        {
            let mut x = with(&values);
            iteration.orthogonalise(&SPACE, shape, &mut x, &mut Work::from(()));
            // Some roundings of 1e-16, magnified by the slope of the orbit, 3.4⁵, where a singular value is small.
            let close = x.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-12);
            assert!(close, "{shape:?}: {x:?}, not {expected:?}");
        }
    }
}

#[test]
fn zeros_stay_and_a_frozen_group_does() {
    let matrix = Group::new(0..6).matrix(2, 3);
    let mut muon =
        new(MuonSettings { weight_decay: 0.0, ..Default::default() }, groups(matrix.clone()))
            .unwrap();
    let mut x = vec![1.0; 8];
    muon.step(&SPACE, &mut x, &[0.0; 8], 0.1);
    assert_eq!(x[..6], [1.0; 6]);
    let mut muon = new(MuonSettings::default(), groups(matrix.lr_scale(0.0))).unwrap();
    muon.step(&SPACE, &mut x, &[1.0; 8], 0.1);
    assert!(x[..6] == [1.0; 6] && x[7] < 1.0);
}
