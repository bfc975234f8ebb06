//! From options to the page and the table.

use super::error::DemoError;
use super::options::DemoArgs;
use super::{page, rivals, story, terminal};
use crate::heartbeat::Heartbeat;
use crate::output::OutputFile;
use crate::setting::{threads, within};
use deo_bench::escape::{CompareError, Settings};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;

const STYLE: &str = "{bar:30} {pos}/{len} methods tuned and run, {elapsed}";

/// Runs `deo demo`: writes the page, and the results to `stdout`.
///
/// # Errors
///
/// [`DemoError`], with a message of one line and an exit code. The page is whole or not there.
pub fn execute(arguments: &DemoArgs, stdout: &mut dyn Write) -> Result<(), DemoError> {
    let seed = within("seed", arguments.seed, 0, Settings::MOST_SEED)?;
    let settings = rivals::settings(seed, threads(arguments.threads)?);
    // Before the work, so that a file that can't be written is no surprise behind it.
    let output = OutputFile::create(&arguments.out)?;
    let style = ProgressStyle::with_template(STYLE).expect("a constant that tests draw");
    let bar = ProgressBar::new(rivals::COUNT as u64).with_style(style);
    bar.tick();
    let heartbeat = Heartbeat::new();
    let rivals = rivals::run(&settings, &|| {
        bar.inc(1);
        heartbeat.beat(|| format!("{} of {} methods tuned and run", bar.position(), rivals::COUNT));
    });
    bar.finish_and_clear();
    let rivals = rivals?;
    let story =
        story::tell(settings.fresh_seed(0), rivals::rate(&rivals)).map_err(CompareError::from)?;
    // Results are shown even if the page can't be kept.
    let kept = output.write(page::page(&story, &rivals).as_bytes());
    let shown = if arguments.json {
        writeln!(stdout, "{}", terminal::object(&story, &rivals, &arguments.out))
    } else {
        terminal::show(stdout, &story, &rivals, &arguments.out)
    };
    kept?;
    shown.map_err(DemoError::Stdout)
}
