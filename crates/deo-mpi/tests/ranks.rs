//! Several ranks are one: the same numbers as on one process, the same bits on each.

mod mpirun;

use deo_core::drive::{WithDeo, curvature};
use deo_core::laws;
use deo_core::noise::noise;
use deo_core::objective::{FromFn, Objective};
use deo_core::optim::{Sgd, SgdSettings};
use deo_core::space::{Communicator, Host, Sharded, Space};
use deo_core::{DeoSettings, DimerSettings, Estimate, Length, Rule};
use deo_linalg::Threads;
use deo_models::data::{Batch, Batches, Corpus};
use deo_models::gpt::{Gpt, GptConfig};
use deo_mpi::{DataParallel, MpiComm};
use mpirun::{on_ranks, succeeded};
use std::error::Error;
use std::ops::Range;

type Checked = Result<(), Box<dyn Error>>;

/// Runs `body` on 1, 2 and 3 ranks.
fn on_1_2_3(test: &str, body: fn(&MpiComm) -> Checked) {
    for ranks in [1, 2, 3] {
        match on_ranks(test, ranks, |comm| {
            assert!((1..=3).contains(&comm.size()));
            body(comm)
        }) {
            Some(output) => succeeded(&output),
            None => return,
        }
    }
}

/// Unless all ranks have the bits of rank 0.
fn same_on_all(comm: &MpiComm, what: &str, values: &[f64]) -> Checked {
    for value in values {
        comm.agree(what, value.to_bits())?;
    }
    Ok(())
}

#[test]
fn sums_are_taken_in_the_order_of_the_ranks() {
    on_1_2_3("sums_are_taken_in_the_order_of_the_ranks", |comm| {
        // (1 + 2⁻⁵³) + 2⁻⁵³ is 1, (2⁻⁵³ + 2⁻⁵³) + 1 is not. Thirty values need three messages.
        let tiny = f64::EPSILON / 2.0;
        let [mut first, mut last] = [[0.0; 30]; 2];
        first.fill(if comm.rank() == 0 { 1.0 } else { tiny });
        last.fill(if comm.rank() + 1 == comm.size() { 1.0 } else { tiny });
        comm.all_reduce_sum(&mut first);
        comm.all_reduce_sum(&mut last);
        assert_eq!(first, [1.0; 30]);
        let expected = [1.0, 1.0, 1.0 + 2.0 * tiny][comm.size() - 1];
        assert_eq!(last, [expected; 30]);
        Ok(())
    });
}

#[test]
fn averages_are_those_of_one_process() {
    on_1_2_3("averages_are_those_of_one_process", |comm| {
        // Nothing, fewer components than ranks, one piece, and three with a rest that no number of ranks divides.
        for n in [0, 1, 2, 1000, (1 << 21) + 5] {
            let part = |rank: usize, i: usize| noise(rank as u64 + 1, i as u64) as f32;
            let samples = 7;
            let mut ranks = DataParallel::<f32>::new(comm, samples)?;
            let mut g: Vec<f32> = vec![f32::NAN; n];
            let loss = ranks
                .on(FromFn(|_: &[f32], g: Option<&mut [f32]>| {
                    for (i, g) in g.unwrap().iter_mut().enumerate() {
                        *g = part(comm.rank(), i);
                    }
                    noise(comm.rank() as u64 + 1, 99)
                }))
                .value_grad(&[], &mut g);
            let shares: Vec<f64> = (0..comm.size())
                .map(|r| (samples * (r + 1) / comm.size() - samples * r / comm.size()) as f64)
                .map(|samples| samples / 7.0)
                .collect();
            let mean = |of: &dyn Fn(usize) -> f64| {
                shares.iter().enumerate().map(|(r, share)| share * of(r)).sum::<f64>()
            };
            assert_eq!(loss, mean(&|rank| noise(rank as u64 + 1, 99)));
            for (i, g) in g.iter().enumerate() {
                assert_eq!(*g, mean(&|rank| f64::from(part(rank, i))) as f32, "{i} of {n}");
            }
            assert_eq!(ranks.culprit(), None);
        }
        Ok(())
    });
}

#[test]
fn the_first_culprit_is_known_to_all() {
    on_1_2_3("the_first_culprit_is_known_to_all", |comm| {
        let last = comm.size() - 1;
        let mut ranks = DataParallel::<f64>::new(comm, 3)?;
        for in_gradient in [false, true] {
            let mut g = [0.0; 2];
            let loss = ranks
                .on(FromFn(|_: &[f64], g: Option<&mut [f64]>| {
                    let fault = if comm.rank() == last { f64::INFINITY } else { 1.0 };
                    g.unwrap().copy_from_slice(&[1.0, if in_gradient { fault } else { 1.0 }]);
                    if in_gradient { 1.0 } else { fault }
                }))
                .value_grad(&[0.0; 2], &mut g);
            assert_eq!(ranks.culprit(), Some(last));
            assert_eq!(loss.is_finite(), in_gradient);
        }
        Ok(())
    });
}

#[test]
fn laws_hold_for_sharded_vectors() {
    on_1_2_3("laws_hold_for_sharded_vectors", |comm| {
        // Where there are three, the first holds nothing.
        let parts = [&[101][..], &[40, 61], &[0, 64, 37]][comm.size() - 1];
        let part = vec![0.0; parts[comm.rank()]];
        laws::check(&Sharded::new(Host::<f64>::new(), comm, &part), &part);
        Ok(())
    });
}

/// f = mean over samples i of ½Σⱼλᵢⱼxⱼ², plus ¼‖x‖⁴. Only the mean over all samples has the curvature that counts:
/// λᵢⱼ is off by one from its mean, which is −1 for j = 0 and 1 to 2 for the others, a saddle at 0.
struct Samples(Range<usize>);

const WIDTH: usize = 20;
const SAMPLES: usize = 24;

impl Objective<[f32]> for Samples {
    fn value(&mut self, x: &[f32]) -> f64 {
        self.value_grad(x, &mut [0.0; WIDTH])
    }

    fn value_grad(&mut self, x: &[f32], gradient: &mut [f32]) -> f64 {
        let square: f64 = x.iter().map(|x| f64::from(*x).powi(2)).sum();
        let mut f = square * square / 4.0;
        for (j, gradient) in gradient.iter_mut().enumerate() {
            let mean = if j == 0 { -1.0 } else { 1.0 + j as f64 / WIDTH as f64 };
            let lambdas = self.0.clone().map(|i| mean + noise(i as u64, j as u64));
            let lambda = lambdas.sum::<f64>() / self.0.len() as f64;
            let x = f64::from(x[j]);
            f += lambda * x * x / 2.0;
            *gradient = ((lambda + square) * x) as f32;
        }
        f
    }
}

/// Beside the saddle, with next to nothing along the way out.
fn start() -> Vec<f32> {
    (0..WIDTH).map(|j| if j == 0 { 1e-9 } else { 0.1 * noise(77, j as u64) as f32 }).collect()
}

/// What decisions are made of.
fn decisions(estimate: &Estimate) -> impl PartialEq + std::fmt::Debug + use<> {
    (estimate.gradients, estimate.rotations, estimate.status, estimate.evidence)
}

#[test]
fn curvature_and_decisions_are_those_of_the_whole_batch() {
    on_1_2_3("curvature_and_decisions_are_those_of_the_whole_batch", |comm| {
        let space = Host::<f32>::new();
        let x = start();
        // At this length the rounding of f32 gradients of 0.5 is 1e-6 of a curvature.
        let length = Some(Length::Absolute(0.05));
        let settings = DimerSettings { length, rule: Rule::Central, ..DimerSettings::default() };
        let (alone, _) = curvature(&space, &mut Samples(0..SAMPLES), &x, settings, 3)?;
        let mut ranks = DataParallel::new(comm, SAMPLES)?;
        let mine = ranks.mine();
        let f = &mut ranks.on(Samples(mine));
        let (together, axis) = curvature(&space, f, &x, settings, 3)?;
        assert!(alone.curvature < -0.5, "{alone:?}");
        let difference = (together.curvature / alone.curvature - 1.0).abs();
        assert!(difference < 1e-5, "{difference:e}");
        assert_eq!(decisions(&together), decisions(&alone));
        same_on_all(comm, "the curvature", &[together.curvature, together.residual])?;
        same_on_all(comm, "the axis", &axis.iter().map(|n| f64::from(*n)).collect::<Vec<_>>())
    });
}

/// The events of a training with DEO beside it, the x at its end, and how often x was moved along the axis.
type Trained = (Vec<&'static str>, Vec<f32>, u64);

fn train(f: &mut impl Objective<[f32]>) -> Result<Trained, Box<dyn Error>> {
    let space = Host::<f32>::new();
    let mut x = start();
    let sgd = Sgd::new(SgdSettings::default(), &space, &x)?;
    let mut settings = DeoSettings { seed: 5, ..DeoSettings::default() };
    settings.budget.share = 0.5; // a visit in a short run
    let mut run = WithDeo::new(&space, &x, sgd, settings)?;
    let events = (0..200).map(|_| run.step(&space, f, &mut x, 0.1).event.name()).collect();
    Ok((events, x, run.counts().kicks))
}

#[test]
fn a_training_takes_the_decisions_of_one_process() {
    on_1_2_3("a_training_takes_the_decisions_of_one_process", |comm| {
        let (events, x, kicks) = train(&mut Samples(0..SAMPLES))?;
        assert!(kicks > 0, "the escape must be among the decisions: {events:?}");
        let mut ranks = DataParallel::new(comm, SAMPLES)?;
        let mine = ranks.mine();
        let (events_here, x_here, _) = train(&mut ranks.on(Samples(mine)))?;
        assert_eq!(events_here, events);
        // Rounding, amplified by two hundred steps; a different decision would show as 0.1.
        let distance = x.iter().zip(&x_here).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(distance < 1e-3, "{distance:e}");
        same_on_all(comm, "x", &x_here.iter().map(|x| f64::from(*x)).collect::<Vec<_>>())
    });
}

#[test]
fn the_char_gpt_has_the_curvature_of_the_whole_batch() {
    on_1_2_3("the_char_gpt_has_the_curvature_of_the_whole_batch", |comm| {
        let text: String =
            (0..2000).map(|i| char::from(b'a' + (noise(4, i).abs() * 8.0) as u8 % 16)).collect();
        let corpus = Corpus::from_text(&text)?;
        let config = GptConfig {
            vocabulary: corpus.vocabulary().len(),
            block: 8,
            layers: 2,
            heads: 2,
            width: 16,
        };
        let whole = Batches::new(corpus.train(), 6, config.block, 1)?.next_batch();
        let mut gpt = Gpt::<f64>::new(config, Threads::One)?;
        let x = gpt.init(2);
        let space = Host::<f64>::new();
        let settings = DimerSettings::default();
        let (alone, _) = curvature(&space, &mut gpt.on(&whole), &x, settings, 3)?;
        let mut ranks = DataParallel::new(comm, whole.rows)?;
        let rows = ranks.mine();
        let tokens = rows.start * whole.block..rows.end * whole.block;
        let part = Batch {
            inputs: whole.inputs[tokens.clone()].to_vec(),
            targets: whole.targets[tokens].to_vec(),
            rows: rows.len(),
            block: whole.block,
        };
        let (together, _) = curvature(&space, &mut ranks.on(gpt.on(&part)), &x, settings, 3)?;
        let difference = (together.curvature / alone.curvature - 1.0).abs();
        assert!(difference < 1e-5, "{difference:e}, {alone:?}");
        assert_eq!(decisions(&together), decisions(&alone));
        same_on_all(comm, "the curvature", &[together.curvature, together.residual])
    });
}

/// f = ½Σλᵢxᵢ² + 0.35⟨u, x⟩², whose gradient needs all ranks; λ from −1 to 3, so its Hessian is indefinite.
fn sharded_gradient(space: &impl Space<Vector = [f64]>, first: u64, x: &[f64], g: &mut [f64]) {
    let mut u = vec![0.0; x.len()];
    space.fill(&mut u, &|i| noise(9, i) / 10.0);
    let along = 0.7 * space.dot(&u, x);
    for i in 0..x.len() {
        let lambda = (first as f64 + i as f64) / 25.0 - 1.0;
        g[i] = lambda * x[i] + along * u[i];
    }
}

fn sharded_curvature<S>(space: &S, first: u64, part: usize) -> Result<Estimate, Box<dyn Error>>
where
    S: Space<Vector = [f64], Owned = Vec<f64>>,
{
    let mut x = vec![0.0; part];
    space.fill(&mut x, &|i| noise(1, i));
    let mut f = FromFn(|x: &[f64], g: Option<&mut [f64]>| {
        sharded_gradient(space, first, x, g.expect("a dimer asks for gradients"));
        0.0
    });
    Ok(curvature(space, &mut f, &x, DimerSettings::default(), 5)?.0)
}

#[test]
fn parts_of_the_parameters_give_the_estimate_of_one_rank() {
    on_1_2_3("parts_of_the_parameters_give_the_estimate_of_one_rank", |comm| {
        let parts: &[usize] = [&[101][..], &[40, 61], &[1, 63, 37]][comm.size() - 1];
        let part = vec![0.0; parts[comm.rank()]];
        let space = Sharded::new(Host::<f64>::new(), comm, &part);
        let alone = sharded_curvature(&Host::<f64>::new(), 0, 101)?;
        let together = sharded_curvature(&space, space.first(), part.len())?;
        assert!(alone.is_negative(3.0), "{alone:?}");
        // Summation order perturbs sums by 1e-14, and a secant of length 1e-8 amplifies that to 1e-6.
        let difference = (together.curvature - alone.curvature).abs();
        assert!(difference < 1e-5, "{difference:e}");
        assert_eq!(decisions(&together), decisions(&alone));
        same_on_all(comm, "the estimate", &[together.curvature, together.residual])
    });
}

#[test]
fn traffic_is_what_the_book_says() {
    on_1_2_3("traffic_is_what_the_book_says", |comm| {
        let others = comm.size() as u64 - 1;
        let n = 1200; // a multiple of 2 and 3
        let mut ranks = DataParallel::<f32>::new(comm, 6)?;
        let f = |_: &[f32], g: Option<&mut [f32]>| g.map_or(0.0, |g| f64::from(g[0]));
        let before = comm.traffic();
        ranks.on(FromFn(f)).value(&vec![0.0; n]);
        let loss = comm.traffic().since(before);
        assert_eq!((loss.collectives, loss.bytes), (1, 128 * others));
        let before = comm.traffic();
        ranks.on(FromFn(f)).value_grad(&vec![0.0; n], &mut vec![0.0; n]);
        let gradient = comm.traffic().since(before);
        let collectives = if others == 0 { 1 } else { 3 };
        assert_eq!(gradient.collectives, collectives);
        assert_eq!(gradient.bytes, 128 * others + 2 * 4 * n as u64 * others / comm.size() as u64);
        Ok(())
    });
}
