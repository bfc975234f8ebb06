//! Muon and L-BFGS on the spaces: the same steps wherever the components lie, and none for frozen ones.

use deo_core::noise::noise;
use deo_core::optim::{Group, Groups, Lbfgs, LbfgsSettings, Muon, MuonSettings, Optimizer};
use deo_core::space::{Blocks, Host, Masked, Sharded, Space, ThreadComm};

const HOST: Host<f64> = Host::new();
const N: usize = 18;

fn start() -> Vec<f64> {
    (0..N as u64).map(|i| 0.5 + noise(1, i)).collect()
}

/// ∇ Σ (1 + i) xᵢ²/2, `first` being the index of the first component.
fn gradient(first: usize, x: &[f64]) -> Vec<f64> {
    x.iter().enumerate().map(|(i, x)| (1 + first + i) as f64 * x).collect()
}

/// Two matrices and a bias.
fn groups() -> Groups {
    let matrices = vec![
        Group::new(0..6).matrix(2, 3),
        Group::new(6..10),
        Group::new(10..18).matrix(4, 2).lr_scale(0.5),
    ];
    Groups::new(N, matrices).unwrap()
}

fn on_host(mut optimizer: impl Optimizer<Host<f64>>) -> Vec<f64> {
    let mut x = start();
    for _ in 0..8 {
        let g = gradient(0, &x);
        optimizer.step(&HOST, &mut x, &g, 0.05);
    }
    x
}

fn in_blocks(mut optimizer: impl Optimizer<Blocks<Host<f64>>>) -> Vec<f64> {
    let (all, space) = (start(), Blocks::new(HOST));
    let mut x = vec![all[..10].to_vec(), all[10..].to_vec()];
    for _ in 0..8 {
        let g = vec![gradient(0, &x[0]), gradient(10, &x[1])];
        optimizer.step(&space, &mut x, &g, 0.05);
    }
    x.concat()
}

#[test]
fn muon_has_the_same_bits_in_blocks_and_on_ranks() {
    let settings = MuonSettings::default();
    let alone = on_host(Muon::new(settings, &HOST, &start(), groups()).unwrap());
    let like = vec![vec![0.0; 10], vec![0.0; 8]];
    let blocks = Muon::new(settings, &Blocks::new(HOST), &like, groups()).unwrap();
    assert_eq!(in_blocks(blocks), alone);

    let parts = ThreadComm::run(2, |comm| {
        use deo_core::space::Communicator;
        let (first, groups) = if comm.rank() == 0 {
            (0, vec![Group::new(0..6).matrix(2, 3), Group::new(6..10)])
        } else {
            (10, vec![Group::new(0..8).matrix(4, 2).lr_scale(0.5)])
        };
        let groups = Groups::new(groups.iter().map(|g| g.range.len()).sum(), groups).unwrap();
        let mut x = start()[first..first + groups.len()].to_vec();
        let space = Sharded::new(HOST, comm, &x);
        let mut muon = Muon::new(settings, &space, &x, groups).unwrap();
        for _ in 0..8 {
            let g = gradient(first, &x);
            muon.step(&space, &mut x, &g, 0.05);
        }
        x
    });
    assert_eq!(parts.concat(), alone);
}

#[test]
fn lbfgs_is_the_same_in_blocks_up_to_the_order_of_sums() {
    let settings = LbfgsSettings { memory: 4 };
    let alone = on_host(Lbfgs::new(settings, &HOST, &start()).unwrap());
    let like = vec![vec![0.0; 10], vec![0.0; 8]];
    let blocks = in_blocks(Lbfgs::new(settings, &Blocks::new(HOST), &like).unwrap());
    for (a, b) in alone.iter().zip(&blocks) {
        // Sums in another order, eight steps in a quadratic of condition 18.
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
}

#[test]
fn frozen_components_stay_and_the_free_ones_go_as_they_do_alone() {
    let masked = Masked::frozen(HOST, N, std::iter::once(6..10)).unwrap();
    let run = |optimizer: &mut dyn Optimizer<Masked<Host<f64>>>| {
        let mut x = start();
        for _ in 0..8 {
            let mut g = gradient(0, &x);
            g[7] = f64::NAN; // nothing is known of a frozen component's gradient
            optimizer.step(&masked, &mut x, &g, 0.05);
        }
        x
    };
    let muon = run(&mut Muon::new(MuonSettings::default(), &masked, &start(), groups()).unwrap());
    let free = on_host(Muon::new(MuonSettings::default(), &HOST, &start(), groups()).unwrap());
    let settings = LbfgsSettings::default();
    let lbfgs = run(&mut Lbfgs::new(settings, &masked, &start()).unwrap());
    for x in [&muon, &lbfgs] {
        assert_eq!(x[6..10], start()[6..10]);
        assert!(x.iter().all(|x| x.is_finite()) && x[..6] != start()[..6]);
    }
    assert_eq!((&muon[..6], &muon[10..]), (&free[..6], &free[10..]));
    // Alone: the same function of the free components only.
    let (mut x, all) = (vec![], start());
    x.extend_from_slice(&all[..6]);
    x.extend_from_slice(&all[10..]);
    let mut alone = Lbfgs::new(settings, &HOST, &x).unwrap();
    for _ in 0..8 {
        let g = [gradient(0, &x[..6]), gradient(10, &x[6..])].concat();
        alone.step(&HOST, &mut x, &g, 0.05);
    }
    let got = [&lbfgs[..6], &lbfgs[10..]].concat();
    assert!(HOST.norm(&x) < HOST.norm(&all), "it goes down");
    for (a, b) in got.iter().zip(&x) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
}
