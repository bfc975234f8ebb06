"""What the functions return: frozen records whose reprs say what isn't known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Status = Literal["converged", "unconfirmed", "noise", "budget", "stopped", "nonfinite", "unknown", "running"]

WORDS = {
    "unconfirmed": "converged, but other eigenpairs may have been missed",
    "noise": "limited by the noise of the gradients",
    "budget": "NOT CONVERGED: out of gradients (max_gradients)",
    "nonfinite": "NOT CONVERGED: a gradient wasn't finite",
    "stopped": "NOT CONVERGED: stopped",
    "unknown": "NOT MEASURED",
    "running": "NOT CONVERGED",
}


def total_error(secant_error: float, residual: float, gap: float | None) -> float:
    """The distance of C from an eigenvalue, in 95 of 100 cases: finite differences, and what the residual leaves.

    That is its square over the gap where the gap is known, as of pairs that were confirmed; some eigenvalue lies within the
    residual in any case.
    """
    if gap is None or not gap > residual:
        return secant_error + residual
    return secant_error + residual * residual / gap


def with_error(value: float, error: float) -> str:
    """A number with its error."""
    return f"{value:.8g} ± {error:.1e}"


@dataclass(frozen=True, repr=False, eq=False)
class Curvature:
    """The lowest (or highest) curvature at a point, and how well it is known.

    Attributes
    ----------
    value : float
        C = nᵀHn along the axis. It bounds λ_min from above (λ_max from below) up to ``secant_error``.
    residual : float
        ‖Hn − Cn‖: some eigenvalue lies within this distance of C.
    secant_error : float
        The error of C from finite differences, which holds in 95 of 100 cases where ``evidence`` is ``"two lengths"``.
    axis : ndarray
        The unit direction n, of the shape of ``x``; a list of tensors from `deo.torch`.
    status : str
        ``"converged"``; ``"noise"`` where the gradients' noise hides the rest; ``"budget"`` and others where it isn't.
    gap : float or None
        The distance to the nearest other Ritz value, an upper bound of that to the next eigenvalue.
    evidence : str
        What C rests on: ``"recombined"``, ``"fresh"`` or ``"two lengths"`` products.
    gradients, rotations : int
        What was spent.
    """

    value: float
    residual: float
    secant_error: float
    axis: Any
    status: Status
    gap: float | None
    evidence: str
    gradients: int
    rotations: int

    @property
    def converged(self) -> bool:
        """Whether more gradients would not improve it: converged, or limited by noise."""
        return self.status in ("converged", "noise")

    @property
    def error(self) -> float:
        """Some eigenvalue lies within this distance, in 95 of 100 cases: ``secant_error + residual``.

        C itself is usually nearer, by the square of the residual over the gap; but a dimer keeps no direction beside its
        axis, so its ``gap`` may be too large and another eigenvalue lie beyond C. `spectrum` looks for that, and its errors
        are as small as the gap allows.
        """
        return total_error(self.secant_error, self.residual, None)

    @property
    def is_negative(self) -> bool:
        """Whether C is negative beyond twice its error."""
        return self.value + 2 * self.secant_error < 0

    def __repr__(self) -> str:
        text = (
            f"Curvature(value={with_error(self.value, self.error)}, residual={self.residual:.1e}, "
            f"gradients={self.gradients}, status={self.status!r}"
        )
        if self.status in WORDS:
            text += f" [{WORDS[self.status]}]"
        return text + ")"


@dataclass(frozen=True, repr=False, eq=False)
class Spectrum:
    """Eigenpairs at the ends of a Hessian's spectrum, ascending.

    Attributes
    ----------
    values : ndarray, shape (k,)
        Eigenvalues, ascending.
    vectors : ndarray, shape (n, k)
        Unit eigenvectors in columns, as of `scipy.sparse.linalg.eigsh`.
    residuals : ndarray, shape (k,)
        ‖Hv − λv‖.
    errors : ndarray, shape (k,)
        They hold in 95 of 100 cases: finite differences, and what the residuals leave, ‖r‖²/gap where ``confirmed``,
        else ‖r‖.
    converged : ndarray of bool, shape (k,)
        Which of them are as good as asked for, or as the noise allows.
    statuses : tuple of str
        How each ended.
    confirmed : bool
        Whether a second search found that no eigenpair was missed.
    gradients : int
        Gradients (or products) spent.
    """

    values: NDArray[np.float64]
    vectors: NDArray[Any]
    residuals: NDArray[np.float64]
    errors: NDArray[np.float64]
    converged: NDArray[np.bool_]
    statuses: tuple[Status, ...]
    confirmed: bool
    gradients: int

    def __repr__(self) -> str:
        values = ", ".join(with_error(v, e) for v, e in zip(self.values, self.errors, strict=True))
        text = f"Spectrum(values=[{values}], gradients={self.gradients}"
        if not self.converged.all():
            worst = next(s for s, c in zip(self.statuses, self.converged, strict=True) if not c)
            wrong = int((~self.converged).sum())
            text += f", {wrong} of {len(self.values)} not converged: {WORDS.get(worst, worst)}"
        if not self.confirmed:
            text += ", UNCONFIRMED: pairs may have been missed"
        return text + ")"


@dataclass(frozen=True, repr=False, eq=False)
class Certificate:
    """What kind of stationary point a point is.

    Attributes
    ----------
    kind : {"minimum", "saddle", "maximum", "undecided"}
        The verdict.
    index : int or None
        How many curvatures are negative: 0 of a minimum, None where it isn't known.
    index_exact : bool
        False if a saddle may have more negative curvatures than ``index``.
    doubt : str or None
        Of an undecided point: ``"flat"``, ``"flat above"``, ``"not stationary"``, ``"unresolved"`` or ``"nonfinite"``.
    reason : str or None
        The same in a sentence.
    negative : bool
        The lowest curvature is negative beyond its error, whatever else is undecided: `escape` can leave.
    lowest, error : float
        The curvature along ``axis``, measured afresh at several lengths, and the error of that.
    residual : float
        ‖Hn − Cn‖: an eigenvalue lies within ``error + residual`` of ``lowest``, which is what is printed behind ±.
    highest : float
        The highest curvature, NaN where it wasn't needed.
    axis : ndarray
        The unit direction of ``lowest``, of the shape of ``x``.
    resolvable : float
        A curvature smaller than this has no known sign here.
    loss, gradient_norm : float
        At the point; the loss is NaN where ``fun`` gives only gradients.
    loss_noise, gradient_noise : float
        Standard deviations of a loss and of a component of a gradient, measured.
    starts, gradients : int
        Random starts, and gradients spent.
    """

    kind: Literal["minimum", "saddle", "maximum", "undecided"]
    index: int | None
    index_exact: bool
    doubt: str | None
    reason: str | None
    negative: bool
    lowest: float
    error: float
    residual: float
    highest: float
    axis: Any
    resolvable: float
    loss: float
    gradient_norm: float
    loss_noise: float
    gradient_noise: float
    starts: int
    gradients: int

    def __repr__(self) -> str:
        text = f"Certificate({self.kind!r}"
        if self.kind == "saddle":
            text += f", index {'' if self.index_exact else '>= '}{self.index}"
        if self.kind == "undecided":
            text += f": {self.reason}"
        return (
            f"{text}, lowest={with_error(self.lowest, self.error + self.residual)}, resolvable={self.resolvable:.1e}, "
            f"gradient_norm={self.gradient_norm:.1e}, gradients={self.gradients})"
        )


@dataclass(frozen=True, repr=False, eq=False)
class Escaped:
    """Where leaving a saddle led.

    Attributes
    ----------
    x : ndarray
        The lower point; the saddle itself unless ``moved``.
    loss, decrease : float
        The loss there, and how much lower it is.
    step : float
        The signed length of the step along the axis.
    moved : bool
        Whether a point was found that is lower beyond the noise of the loss.
    certificate : Certificate
        Of the point that was left.
    losses, gradients : int
        Evaluated for the step, and for the certificate.
    """

    x: NDArray[Any]
    loss: float
    decrease: float
    step: float
    moved: bool
    certificate: Certificate
    losses: int
    gradients: int

    def __repr__(self) -> str:
        if not self.moved:
            why = "no lower point was seen" if self.certificate.negative else "no negative curvature"
            return f"Escaped(NOT MOVED: {why}, {self.certificate!r})"
        return (
            f"Escaped(loss={self.loss:.8g}, decrease={self.decrease:.3g}, step={self.step:.3g}, "
            f"losses={self.losses}, gradients={self.gradients})"
        )


def curvature_at(numbers: dict[str, Any], axis: Any) -> Curvature:
    """An estimate of the engines' as a record."""
    return Curvature(axis=axis, **numbers)


@dataclass(frozen=True)
class OtherBatches:
    """The curvature along the same axis on batches that weren't searched.

    Attributes
    ----------
    batches : int
        How many.
    curvature : float
        The mean.
    standard_error : float
        Of the mean; NaN for one batch.
    """

    batches: int
    curvature: float
    standard_error: float


Verdict = Literal["saddle", "base-leaves", "bend", "valley", "batch-direction", "minimum", "not-finite"]


@dataclass(frozen=True, repr=False, eq=False)
class Diagnosis:
    """Whether curvature is what holds a training up, and the numbers that say so. ``print`` shows them.

    Attributes
    ----------
    verdict : str
        ``"saddle"``, ``"base-leaves"``, ``"bend"``, ``"valley"``, ``"batch-direction"``, ``"minimum"`` or ``"not-finite"``.
    sentence : str
        The same in words.
    pays : bool
        Whether looking for the axis pays here.
    loss, gradient_norm : float
        At the point, on its batch.
    lowest, highest : Curvature
        λ_min, with its axis, and λ_max, without one.
    others : OtherBatches or None
        The same axis on other batches, where some were given and λ_min is negative.
    slope : float
        ⟨g, n⟩ along the axis.
    blind : bool
        The slope is no larger than the rounding of the gradient: the base leaves by rounding, if at all.
    turn, fall : float
        Where the loss turns along the axis, signed, and by how much it has fallen there.
    beyond : bool
        The loss still falls at ``turn``, the longest length that was tried.
    reach : float
        R, so many times the distance from the saddle is ``turn``, plus one.
    unstable : float
        The share of directions with negative curvature, as one random vector sees it.
    unstable_range : tuple of float
        What the gradients spent leave open of it: curvatures near zero that they don't resolve may be of either sign.
    base_curvature : float
        The lowest curvature in the base's own metric.
    growth : float
        The component along the axis grows by a factor e^growth a step.
    step_norm : float
        The length of the base's next step.
    base_gradients, axis_gradients : float
        Predicted gradients for the base to leave, infinite where nothing moves it, and for the axis to pay.
    gradients, losses : int
        Spent on the diagnosis.
    """

    verdict: Verdict
    sentence: str
    pays: bool
    loss: float
    gradient_norm: float
    lowest: Curvature
    highest: Curvature
    others: OtherBatches | None
    slope: float
    blind: bool
    turn: float
    fall: float
    beyond: bool
    reach: float
    unstable: float
    unstable_range: tuple[float, float]
    base_curvature: float
    growth: float
    step_norm: float
    base_gradients: float
    axis_gradients: float
    gradients: int
    losses: int

    def __repr__(self) -> str:
        return (
            f"Diagnosis({self.sentence!r}, lowest={with_error(self.lowest.value, self.lowest.error)}, "
            f"highest={with_error(self.highest.value, self.highest.error)}, "
            f"gradients={self.gradients}, losses={self.losses})"
        )

    def __str__(self) -> str:
        rows = [
            ("loss, gradient norm", f"{self.loss:.6f}, {self.gradient_norm:.2e}"),
            ("λ_min", with_error(self.lowest.value, self.lowest.error)),
            ("λ_max", with_error(self.highest.value, self.highest.error)),
        ]
        if self.others is not None:
            bar = "" if self.others.batches == 1 else f" ± {self.others.standard_error:.2e}"
            rows.append((f"the same axis on {self.others.batches} other", f"{self.others.curvature:.3e}{bar}"))
        least, most = self.unstable_range
        open_ = f", open {100 * least:.1f} – {100 * most:.1f}" if least < most else ""
        rows.append(("unstable directions", f"{100 * self.unstable:.1f} %{open_}"))
        if self.verdict not in ("valley", "minimum", "not-finite"):
            blind = ", all of it by rounding" if self.blind else ""
            rows += [
                ("the loss turns at a distance of", f"{'more than ' if self.beyond else ''}{abs(self.turn):.3e}"),
                ("and has fallen by", f"{self.fall:.3e}"),
                ("gradients for the base to leave", f"{self.base_gradients:.1f}{blind}"),
                ("gradients for the axis to pay", f"{self.axis_gradients:.1f}"),
            ]
        width = max(len(name) for name, _ in rows)
        lines = [f"{name:<{width}}  {value:>24}" for name, value in rows]
        return "\n".join([f"{self.sentence[:1].upper()}{self.sentence[1:]}.", "", *lines])
