//! From directories to a page.

use super::error::ReportError;
use super::options::ReportArgs;
use super::run::{Run, read_all};
use super::{page, tensorboard};
use crate::output::OutputFile;
use crate::setting::SettingError;
use serde_json::json;
use std::io::{self, Write};
use std::path::Path;

/// Runs `deo report`: reads the runs, writes the page, and says on `stdout` what was written.
///
/// # Errors
///
/// [`ReportError`], with a message of one line and an exit code. Nothing is written unless all runs could be read.
pub fn execute(arguments: &ReportArgs, stdout: &mut dyn Write) -> Result<(), ReportError> {
    let ReportArgs { dirs, out, tensorboard: logs, json, .. } = arguments;
    check_name(out)?;
    let runs = read_all(dirs)?;
    let content = page::page(&runs);
    // Not locked: a run that goes on in the same directory may be looked at.
    let output = OutputFile::create(out)?;
    // Both are begun before either is finished: the logs may be refused.
    let logged = logs.as_deref().map(|logs| tensorboard::write(logs, &runs)).transpose()?;
    output.write(content.as_bytes())?;
    show(stdout, arguments, &runs, logged, *json).map_err(ReportError::Stdout)
}

/// That the page's name ends in .html keeps a slip of the hand from overwriting a record.
fn check_name(out: &Path) -> Result<(), ReportError> {
    let ends = out.extension().is_some_and(|end| end == "html" || end == "htm");
    if ends {
        Ok(())
    } else {
        Err(SettingError::new("out", out.display(), "a file whose name ends in .html").into())
    }
}

fn show(
    stdout: &mut dyn Write,
    arguments: &ReportArgs,
    runs: &[Run],
    logged: Option<usize>,
    json: bool,
) -> io::Result<()> {
    let ReportArgs { out, tensorboard: logs, .. } = arguments;
    if json {
        let runs: Vec<_> = runs
            .iter()
            .map(
                |run| json!({"name": run.label, "command": run.command_name(), "notes": run.notes}),
            )
            .collect();
        let summary = json!({
            "command": "report", "page": out.display().to_string(), "runs": runs,
            "tensorboard": logs.as_ref().map(|logs| logs.display().to_string()), "event_files": logged,
        });
        return writeln!(stdout, "{summary}");
    }
    for (run, note) in runs.iter().flat_map(|run| run.notes.iter().map(move |note| (run, note))) {
        writeln!(stdout, "{}: {note}", run.label)?;
    }
    let plural = if runs.len() == 1 { "" } else { "s" };
    writeln!(stdout, "{} run{plural} in {}", runs.len(), out.display())?;
    if let (Some(logs), Some(count)) = (logs, logged) {
        let plural = if count == 1 { "" } else { "s" };
        writeln!(stdout, "{count} event file{plural} in {}", logs.display())?;
    }
    stdout.flush()
}
