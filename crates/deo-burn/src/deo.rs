//! DEO beside any burn optimizer: one call in a training loop.
//!
//! Problem: burn's `Optimizer` sees one parameter at a time, and an axis has components in all of them. So the
//! machine stands before the optimizer's step, where the whole module and all its gradients are at hand:
//!
//! ```text
//! let loss = model.loss(&batch);                                          // as before
//! let grads = GradientsParams::from_grads(loss.backward(), &model);       // as before
//! let step = deo.step(model, loss, grads, |model| model.loss(&batch));    // DEO asks, the closure answers
//! model = step.optimize(|model, grads| optim.step(lr, model, grads));     // as before, or not at all
//! ```
//!
//! [`Step`] owns module and gradients, and hands them to the optimizer where its step is due. Where DEO has moved the
//! parameters it is not: the gradients are those of the old ones.

use crate::buffers::Buffers;
use crate::error::ModuleError;
use crate::layout::Layout;
use crate::objective::{Loss, number};
use crate::space::{Reduction, Tensors};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use deo_core::deo::Counts;
use deo_core::drive::Workspace;
use deo_core::{Deo, DeoSettings, Estimate, Event, PolicySettings, Space};
use serde::{Deserialize, Serialize};

/// DEO for the trainable parameters of a module.
///
/// Plain data: clone it; [save](Self::save) it beside the module's and the optimizer's records, and go on with the same bits.
///
/// # Examples
///
/// ```
/// use burn::module::{Module, Param};
/// use burn::optim::{GradientsParams, SgdConfig};
/// use burn::tensor::{Device, Tensor};
/// use deo_burn::{ModuleDeo, deo_core::DeoSettings};
///
/// /// x₁⁴/16 − x₁²/2 + 9/8 x₂²: a saddle at 0, minima at (±2, 0).
/// #[derive(Module, Debug)]
/// struct Saddle {
///     x: Param<Tensor<1>>,
/// }
///
/// impl Saddle {
///     fn loss(&self) -> Tensor<1> {
///         let (a, b) = (self.x.val().slice([0..1]), self.x.val().slice([1..2]));
///         let a2 = a.clone() * a;
///         a2.clone() * a2.clone() / 16 - a2 / 2 + b.clone() * b * 1.125
///     }
/// }
///
/// let device = Device::default().autodiff();
/// let mut model = Saddle { x: Param::from_data([1e-12, 0.5], &device) };
/// let mut optim = SgdConfig::new().init();
/// let mut deo = ModuleDeo::new(&model, DeoSettings::default())?;
/// for _ in 0..100 {
///     let loss = model.loss();
///     let grads = GradientsParams::from_grads(loss.backward(), &model);
///     let step = deo.step(model, loss, grads, |model| model.loss());
///     model = step.optimize(|model, grads| optim.step(0.1, model, grads));
/// }
/// let x = model.x.val().into_data().as_slice::<f32>()?.to_vec();
/// assert!((x[0].abs() - 2.0).abs() < 1e-2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModuleDeo {
    pub(crate) deo: Deo<Tensors>,
    /// The lengths of the parameters, in the order of the module.
    pub(crate) lengths: Vec<usize>,
    pub(crate) settings: DeoSettings,
    /// Steps of warm-up still to come.
    pub(crate) warmup: u64,
    pub(crate) reduction: Reduction,
}

impl ModuleDeo {
    /// A machine for the trainable parameters of `module`.
    ///
    /// # Errors
    ///
    /// A [`ModuleError`] that names the parameter or the setting that doesn't do.
    pub fn new<M: Module>(module: &M, settings: DeoSettings) -> Result<Self, ModuleError> {
        let layout = Layout::checked(module)?;
        let reduction = Reduction::default();
        Ok(ModuleDeo {
            deo: Deo::new(&layout.space(reduction), &layout.parameters, settings)?,
            lengths: layout.lengths,
            settings,
            warmup: 0,
            reduction,
        })
    }

    /// Sums inner products there; [`Reduction::Device`] for parameters that aren't in the memory of the CPU.
    #[must_use]
    pub fn with_reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// DEO doesn't look during the first `steps` steps, while the learning rate rises.
    ///
    /// Escape compares what it finds with what the optimizer's steps gain. A warm-up keeps them short for a reason that
    /// a loss doesn't show, and a long move then undoes it.
    #[must_use]
    pub fn with_warmup(mut self, steps: u64) -> Self {
        self.warmup = steps;
        self
    }

    /// Whether this state, loaded from a file perhaps, is for a module like this.
    ///
    /// # Errors
    ///
    /// A [`ModuleError`], [`OtherModule`](ModuleError::OtherModule) if the trainable parameters have other lengths.
    pub fn check<M: Module>(&self, module: &M) -> Result<(), ModuleError> {
        let layout = Layout::checked(module)?;
        if layout.lengths == self.lengths {
            return Ok(());
        }
        Err(ModuleError::OtherModule { state: self.lengths.clone(), module: layout.lengths })
    }

    /// One training step's share of DEO.
    ///
    /// `loss` and `gradients` are those of `module` on the batch of this step. `objective` is asked for the loss of
    /// displaced clones of it, a few times on some steps and never on most, and must use the same batch. If it draws
    /// random numbers (dropout), seed the device in it, so that equal modules have equal losses. A question
    /// changes neither parameters nor running statistics of `module`.
    ///
    /// A loss or gradient that isn't finite makes a step that is neither DEO's nor the optimizer's, but that a move which
    /// led there is undone.
    ///
    /// # Panics
    ///
    /// If the trainable parameters of `module` are no longer those that this machine is for, or the loss is not one
    /// number.
    pub fn step<M: Module>(
        &mut self,
        module: M,
        loss: Tensor<1>,
        gradients: GradientsParams,
        objective: impl FnMut(&M) -> Tensor<1>,
    ) -> Step<M> {
        let loss = number(loss);
        let layout = Layout::of(&module);
        assert_eq!(
            layout.lengths, self.lengths,
            "the lengths of the trainable parameters have changed; make a new ModuleDeo after freezing or unfreezing"
        );
        let space = layout.space(self.reduction);
        let mut g = layout.gradients(&module, &gradients);
        let gradient_norm = match self.warmup.checked_sub(1) {
            Some(left) => {
                self.warmup = left;
                space.norm(&g)
            }
            None => self.deo.observe(&space, &layout.parameters, loss, &g),
        };
        let skipped = !(loss.is_finite() && gradient_norm.is_finite());
        if !skipped && self.deo.ask(&space, &g).is_some() {
            let buffers = layout.has_others.then(|| Buffers::save(&module));
            let mut workspace = Workspace::new(&space, &g, self.settings.dimer.rule);
            let mut objective = Loss { module: &module, layout: &layout, loss: objective };
            self.deo.visit(&space, &mut objective, &layout.parameters, &g, &mut workspace);
            if let Some(buffers) = buffers {
                buffers.restore(&module);
            }
        }
        let mut x = layout.parameters.clone();
        let event = self.deo.apply(&space, &mut x, &mut g);
        let (module, gradients) = if event.moved() {
            (layout.module_at(module, &x, true), None)
        } else if skipped {
            (module, None)
        } else if matches!(self.settings.policy, PolicySettings::Escape(_)) {
            (module, Some(gradients))
        } else {
            let gradients = layout.to_gradients(&module, &g);
            (module, Some(gradients))
        };
        Step { module, gradients, loss, gradient_norm, event, skipped }
    }

    /// What it has evaluated and done so far.
    pub fn counts(&self) -> Counts {
        self.deo.counts()
    }

    /// The last estimate of the lowest curvature.
    pub fn estimate(&self) -> Estimate {
        self.deo.estimate()
    }

    /// The axis of that estimate, for the parameters of `module`.
    ///
    /// # Panics
    ///
    /// If the trainable parameters of `module` are not those that this machine is for.
    pub fn axis<M: Module>(&self, module: &M) -> GradientsParams {
        let layout = Layout::of(module);
        assert_eq!(layout.lengths, self.lengths, "lengths of the trainable parameters");
        layout.to_gradients(module, self.deo.axis())
    }

    /// The machine itself, over the list of flattened parameters.
    pub fn machine(&self) -> &Deo<Tensors> {
        &self.deo
    }
}

/// A module after DEO's share of a training step, and its gradients if the optimizer's share is due.
#[derive(Debug)]
#[must_use = "the module is in it; call `optimize`"]
pub struct Step<M> {
    module: M,
    gradients: Option<GradientsParams>,
    loss: f64,
    gradient_norm: f64,
    event: Event,
    skipped: bool,
}

impl<M> Step<M> {
    /// The loss before the step.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// ‖g‖ there, before any transformation.
    pub fn gradient_norm(&self) -> f64 {
        self.gradient_norm
    }

    /// What DEO did.
    pub fn event(&self) -> Event {
        self.event
    }

    /// The loss or gradient wasn't finite, so that the module is left alone.
    pub fn skipped(&self) -> bool {
        self.skipped
    }

    /// The module after the optimizer's step, which is not called where DEO moved the parameters or the step is
    /// skipped.
    pub fn optimize(self, step: impl FnOnce(M, GradientsParams) -> M) -> M {
        match self.gradients {
            Some(gradients) => step(self.module, gradients),
            None => self.module,
        }
    }

    /// The module, and the gradients for the optimizer if its step is due.
    pub fn into_parts(self) -> (M, Option<GradientsParams>) {
        (self.module, self.gradients)
    }
}
