//! What several runs have left in one directory, as those of `--seeds` do.

use std::fs;
use std::path::{Path, PathBuf};

/// The entries of `dir` that are wanted, seed-2 before seed-10; none if it can't be read.
pub(crate) fn inside(dir: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.retain(|path| wanted(path));
    found.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    found
}
