//! What is written to the terminal.

use super::rivals::{BUDGET, Rival};
use super::story::{Curvature, Story, Told};
use crate::table;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::Path;

/// Three significant digits, with a real minus sign before the number.
pub(super) fn short(x: f64) -> String {
    let rounded: f64 = format!("{x:.2e}").parse().unwrap_or(x);
    let text = if x == 0.0 || rounded.abs() >= 1e-3 {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    };
    text.strip_prefix('-').map_or_else(|| text.clone(), |size| format!("−{size}"))
}

/// C ± its error.
pub(super) fn curvature(of: &Curvature) -> String {
    // As many digits as the error leaves, three of a number that is known better.
    format!("{} ± {:.0e}", short(of.value), of.error)
}

/// Negative beyond twice its error.
fn is_negative(of: &Curvature) -> bool {
    of.value + 2.0 * of.error < 0.0
}

/// Where the run alone stood, in a sentence.
pub(super) fn stood(story: &Story) -> String {
    let Told { loss, cost, .. } = &story.alone;
    let saddle = if is_negative(&story.stuck) { ": a saddle" } else { "" };
    format!(
        "Heavy ball (gradient descent with momentum) at a rate of {} stood at a loss of {} after {cost:.0} gradients. The norm of \
         the gradient there is {}, and the lowest curvature {}{saddle}.",
        story.rate,
        short(*loss),
        short(story.slope),
        curvature(&story.stuck)
    )
}

/// The story in lines, the table, and where the page is.
pub(super) fn show(
    stdout: &mut dyn Write,
    story: &Story,
    rivals: &[Rival],
    page: &Path,
) -> io::Result<()> {
    let Story { alone, helped, stuck, .. } = story;
    writeln!(
        stdout,
        "Four hidden units of a network start alike. So do their gradients stay: no gradient method tells them apart.\n"
    )?;
    let saddle = if is_negative(stuck) { ", a saddle" } else { "" };
    writeln!(
        stdout,
        "heavy ball      loss {:<7} after {:>4.0} gradients, stuck: the lowest curvature is {}{saddle}",
        short(alone.loss),
        alone.cost,
        curvature(stuck)
    )?;
    let how = match helped.kick() {
        Some(kick) => format!(
            ", left along the axis found at {:.0}: curvature {}",
            kick.cost,
            curvature(&kick.curvature)
        ),
        None => String::new(),
    };
    writeln!(
        stdout,
        "with DEO        loss {:<7} after {:>4.0} gradients{how}\n",
        short(helped.loss),
        helped.cost
    )?;
    writeln!(
        stdout,
        "Gradients to a loss of 1e-5, five fresh starts, every method tuned on five others; * the best median\n"
    )?;
    let header = ["method", "reached", "median", "range"].map(str::to_owned);
    let lines = rivals.iter().map(|rival| {
        let median = format!("{}{}", if rival.best { "* " } else { "" }, rival.median());
        [rival.name.to_owned(), rival.solved(), median, rival.range()]
    });
    let rows: Vec<Vec<String>> = [header].into_iter().chain(lines).map(Vec::from).collect();
    write!(stdout, "{}", table::align(&rows))?;
    writeln!(stdout, "\nThe page with the curves is {}", page.display())?;
    stdout.flush()
}

/// The same as one object.
pub(super) fn object(story: &Story, rivals: &[Rival], page: &Path) -> Value {
    let told = |told: &Told| json!({"loss": told.loss, "cost": told.cost, "reached": told.solved});
    let kick = story.helped.kick().map(|kick| {
        json!({
            "cost": kick.cost, "length": kick.length, "loss": kick.loss, "loss_after": kick.after,
            "curvature": kick.curvature.value, "error": kick.curvature.error,
        })
    });
    json!({
        "command": "demo", "page": page.display().to_string(), "budget": BUDGET, "rate": story.rate,
        "alone": told(&story.alone), "helped": told(&story.helped), "kick": kick,
        "stuck": {"curvature": story.stuck.value, "error": story.stuck.error},
        "rivals": rivals.iter().map(|rival| &rival.row).collect::<Vec<_>>(),
    })
}
