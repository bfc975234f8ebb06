//! The same net, data and seed through `Host` on one flat vector and through candle's tensors: the same curvature and the
//! same decisions.
//!
//! Two comparisons, since two implementations of one gradient differ by its rounding, which in f32 changes a secant's
//! curvature in the fourth digit and, on the steep parts of a training, the trajectory after some tens of steps:
//!
//! | | gradients of the flat side | what is compared |
//! |---|---|---|
//! | f32 | candle's, flattened | the space and the loop alone |
//! | f64 | deo-models' hand-written ones | everything, backpropagation included |

use candle_core::{DType, Device, Result, Tensor, Var, WithDType};
use candle_nn::{Optimizer as _, SGD, loss::cross_entropy};
use deo_candle::{WithDeo, lowest_curvature};
use deo_core::deo::Counts;
use deo_core::drive::{self, Workspace};
use deo_core::policy::EscapeSettings;
use deo_core::trigger::{Stall, TriggerSettings};
use deo_core::{
    Deo, DeoSettings, DimerSettings, Event, Length, Objective, PolicySettings, Rule, Space,
};
use deo_core::{objective::FromFn, space::Host, space::Real};
use deo_linalg::Threads;
use deo_models::digits::Digits;
use deo_models::layers::Activation;
use deo_models::mlp::{Mlp, MlpConfig, Targets};

const SIZES: [usize; 4] = [64, 12, 12, 10];
const ROWS: usize = 200;
const RATE: f64 = 0.2;

/// 200 digits, and weights of three tenths of the usual size: a plateau beside the saddle at 0.
struct Problem<T> {
    pixels: Vec<T>,
    labels: Vec<u16>,
    start: Vec<T>,
    vars: Vec<Var>,
}

impl<T: WithDType + Real + deo_linalg::Real> Problem<T> {
    fn new() -> Result<Self> {
        let digits = Digits::load();
        let cast = |x: f64| <T as Real>::from_f64(x);
        let pixels = digits.pixels[..ROWS * 64].iter().map(|&pixel| cast(pixel)).collect();
        let start = net::<f64>().init(3).iter().map(|x| cast(0.3 * x)).collect::<Vec<T>>();
        let (mut vars, mut rest) = (Vec::new(), &start[..]);
        for pair in SIZES.windows(2) {
            for shape in [vec![pair[1], pair[0]], vec![pair[1]]] {
                let (values, tail) = rest.split_at(shape.iter().product());
                vars.push(Var::from_slice(values, shape, &Device::Cpu)?);
                rest = tail;
            }
        }
        Ok(Problem { pixels, labels: digits.labels[..ROWS].to_vec(), start, vars })
    }

    /// Candle's loss, as a function of what the `Var`s hold.
    fn loss(&self) -> Result<impl Fn() -> Result<Tensor> + use<'_, T>> {
        let inputs = Tensor::from_slice(&self.pixels, (ROWS, 64), &Device::Cpu)?;
        let labels = self.labels.iter().map(|&label| u32::from(label)).collect::<Vec<_>>();
        let labels = Tensor::from_vec(labels, ROWS, &Device::Cpu)?;
        Ok(move || {
            let mut a = inputs.clone();
            for (i, layer) in self.vars.chunks(2).enumerate() {
                let z = a.matmul(&layer[0].t()?)?.broadcast_add(&layer[1])?;
                a = if i + 2 < SIZES.len() { z.tanh()? } else { z };
            }
            cross_entropy(&a, &labels)
        })
    }

    /// The same as a function of a flat vector, by `Var`s of its own.
    fn flat_loss(&self) -> Result<impl FnMut(&[T], Option<&mut [T]>) -> f64 + use<'_, T>> {
        let loss = self.loss()?;
        Ok(move |x: &[T], g: Option<&mut [T]>| {
            let mut rest = x;
            for var in &self.vars {
                let (values, tail) = rest.split_at(var.elem_count());
                var.set(&Tensor::from_slice(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
                rest = tail;
            }
            let loss = loss().unwrap();
            if let Some(g) = g {
                let grads = loss.backward().unwrap();
                g.copy_from_slice(&flat(self.vars.iter().map(|var| grads.get(var).unwrap())));
            }
            loss.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
        })
    }
}

fn net<T: deo_linalg::Real>() -> Mlp<T> {
    let config = MlpConfig { sizes: SIZES.to_vec(), activation: Activation::Tanh };
    Mlp::new(config, Threads::One).unwrap()
}

fn flat<'a, T: WithDType>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<T> {
    let values = |x: &Tensor| x.flatten_all()?.to_vec1::<T>();
    tensors.into_iter().flat_map(|x| values(x).unwrap()).collect()
}

fn settings() -> DimerSettings {
    DimerSettings { tolerance: 1e-3, max_gradients: 400, ..DimerSettings::default() }
}

/// The curvatures of both sides within 1e-5, about the same axis with the same sign.
fn compare_curvatures<T: WithDType + Real + deo_linalg::Real>(
    problem: &Problem<T>,
    objective: &mut impl Objective<[T]>,
) -> anyhow::Result<()> {
    let host = Host::<T>::new();
    let (got, axis) = lowest_curvature(&problem.vars, problem.loss()?, settings(), 5)?;
    let (want, host_axis) = drive::curvature(&host, objective, &problem.start, settings(), 5)?;
    assert!(want.curvature < -0.1, "{want:?}");
    assert!((got.curvature / want.curvature - 1.0).abs() < 1e-5, "{got:?}, {want:?}");
    assert_eq!((got.gradients, got.status), (want.gradients, want.status));
    let along = host.dot(&flat::<T>(&axis), &host_axis);
    assert!((along - 1.0).abs() < 1e-5, "⟨axis, axis⟩ = {along}");
    Ok(())
}

/// Escape wherever the run stands, so that there is much to compare.
///
/// By a dimer so long that two programs' roundings of one gradient don't show in its products: along an axis that differs in
/// its seventh digit a kick ends elsewhere by as much.
fn eager(line_search: bool) -> DeoSettings {
    let escape = EscapeSettings { line_search, lengthening: 0.0, ..EscapeSettings::default() };
    let defaults = DeoSettings::default();
    let length = Some(Length::Absolute(0.05));
    let dimer = DimerSettings { rule: Rule::Central, length, ..defaults.dimer };
    // Kicks alone are to come without a stall, too.
    let stall = if line_search { defaults.trigger.stall } else { Stall::Always };
    let trigger = TriggerSettings { stall, ..defaults.trigger };
    DeoSettings { policy: PolicySettings::Escape(escape), dimer, trigger, ..defaults }
}

/// The events of a training through `Host`, the step being candle's SGD: x − (lr g), rounded twice.
fn host_events<T: WithDType + Real + deo_linalg::Real>(
    start: &[T],
    objective: &mut impl Objective<[T]>,
    settings: DeoSettings,
    steps: usize,
) -> anyhow::Result<(Vec<(f64, Event)>, Counts)> {
    let host = Host::<T>::new();
    let (mut x, mut g) = (start.to_vec(), start.to_vec());
    let mut deo = Deo::new(&host, &x, settings)?;
    let mut workspace = Workspace::new(&host, &x, settings.dimer.rule);
    let mut events = Vec::new();
    for _ in 0..steps {
        let loss = objective.value_grad(&x, &mut g);
        deo.observe(&host, &x, loss, &g);
        deo.visit(&host, objective, &x, &g, &mut workspace);
        let event = deo.apply(&host, &mut x, &mut g);
        if !event.moved() {
            let rate = <T as Real>::from_f64(RATE);
            x.iter_mut().zip(&g).for_each(|(x, g)| *x -= *g * rate);
        }
        events.push((loss, event));
    }
    Ok((events, deo.counts()))
}

/// Event by event and loss by loss: 120 steps of Escape, which makes a move at every third of them, and 400 of kicks alone.
fn compare_decisions<T: WithDType + Real + deo_linalg::Real>(
    problem: &Problem<T>,
    objective: &mut impl Objective<[T]>,
    tolerance: f64,
) -> anyhow::Result<()> {
    for (line_search, steps) in [(true, 120), (false, 400)] {
        let settings = eager(line_search);
        let (want, want_counts) = host_events(&problem.start, objective, settings, steps)?;
        // By now the variables are where the last run has ended.
        let mut rest = &problem.start[..];
        for var in &problem.vars {
            let (values, tail) = rest.split_at(var.elem_count());
            var.set(&Tensor::from_slice(values, var.shape(), &Device::Cpu)?)?;
            rest = tail;
        }
        let vars = problem.vars.clone();
        let mut run = WithDeo::new(vars.clone(), SGD::new(vars, RATE)?, settings)?;
        let loss = problem.loss()?;
        for (step, (want_loss, want)) in want.into_iter().enumerate() {
            let got = run.backward_step(&loss)?;
            assert_eq!(got.event.name(), want.name(), "step {step}: {got:?}, {want:?}");
            assert!(
                (got.loss / want_loss - 1.0).abs() <= tolerance,
                "step {step}: {got:?}, {want_loss}"
            );
        }
        assert_eq!(run.counts(), want_counts);
        let decided = if line_search { want_counts.moves >= 5 } else { want_counts.kicks >= 1 };
        assert!(decided, "it decided much: {want_counts:?}");
    }
    Ok(())
}

#[test]
fn curvature_and_decisions_of_f32_are_those_of_the_flat_vector() -> anyhow::Result<()> {
    let (problem, other) = (Problem::<f32>::new()?, Problem::<f32>::new()?);
    let mut objective = FromFn(other.flat_loss()?);
    compare_curvatures(&problem, &mut objective)?;
    compare_decisions(&problem, &mut objective, 1e-6)
}

#[test]
fn curvature_and_decisions_of_f64_are_those_of_the_hand_written_gradient() -> anyhow::Result<()> {
    let problem = Problem::<f64>::new()?;
    let mut net = net::<f64>();
    let mut objective = net.on(&problem.pixels, Targets::Classes(&problem.labels));
    compare_curvatures(&problem, &mut objective)?;
    compare_decisions(&problem, &mut objective, 1e-4)
}
