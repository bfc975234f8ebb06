//! What a path comes to, and who looks on while it does.

/// A point of a path.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IrcPoint {
    /// Where.
    pub x: Vec<f64>,
    /// s, the arc length from the saddle.
    pub arc: f64,
    /// f there.
    pub value: f64,
    /// The measure of the gradient there.
    pub size: f64,
    /// Gradients spent up to there.
    pub gradients: u64,
}

/// Why a path ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum IrcEnd {
    /// The gradient is below the tolerance.
    Flat,
    /// The next step would have gone up: the bottom is nearer than a step.
    Bottom,
    /// No point a step from the start is below it: no saddle, no mode of negative curvature, or a step that is too long.
    Uphill,
    /// As many points as allowed.
    Points,
    /// As many gradients as allowed.
    Budget,
    /// A gradient wasn't finite.
    NonFinite,
}

impl IrcEnd {
    /// The path came to its bottom.
    pub fn is_bottom(self) -> bool {
        matches!(self, IrcEnd::Flat | IrcEnd::Bottom)
    }
}

impl std::fmt::Display for IrcEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            IrcEnd::Flat => "the gradient is below the tolerance",
            IrcEnd::Bottom => "the bottom is nearer than a step",
            IrcEnd::Uphill => "nothing a step away is below the start",
            IrcEnd::Points => "as many points as allowed",
            IrcEnd::Budget => "out of gradients",
            IrcEnd::NonFinite => "non-finite gradient",
        })
    }
}

/// The path from a saddle to one side.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IrcBranch {
    /// From the saddle, with s = 0, down.
    pub points: Vec<IrcPoint>,
    /// Why there are no more of them.
    pub end: IrcEnd,
    /// Gradients, that at the saddle included.
    pub gradients: u64,
}

/// A measure of a gradient.
type Measure<'a> = dyn Fn(&[f64]) -> f64 + 'a;

/// What is known when a path begins, and who looks on.
#[derive(Default)]
pub struct IrcWatch<'a> {
    /// The Hessian at the saddle, row by row; without one it is learned, from the curvature along the axis on.
    pub hessian: Option<&'a [f64]>,
    /// What is compared with the tolerance, of a gradient; as a rule ‖g‖.
    pub size: Option<&'a Measure<'a>>,
    /// Called at each point.
    pub observe: Option<&'a mut dyn FnMut(&IrcPoint)>,
}

impl std::fmt::Debug for IrcWatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IrcWatch").field("hessian", &self.hessian).finish_non_exhaustive()
    }
}
