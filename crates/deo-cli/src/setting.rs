//! What is wrong with the value of an option, or with an option: the messages that all subcommands share.

pub use deo_core::SettingError;
use serde::Serializer;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// More threads than any machine has cores.
const MOST_THREADS: usize = 1024;

/// An option that nothing in this run makes use of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("--{name} does nothing here; it needs {needs}")]
pub struct UnusedOption {
    /// The option without its dashes.
    pub(crate) name: &'static str,
    /// What would make use of it.
    pub(crate) needs: &'static str,
}

/// `value` if it is between `least` and `most`, both included.
pub(crate) fn within<T: PartialOrd + Display>(
    name: &'static str,
    value: T,
    least: T,
    most: T,
) -> Result<T, SettingError> {
    if value >= least && value <= most {
        Ok(value)
    } else if least == most {
        Err(SettingError::new(name, value, least.to_string()))
    } else {
        Err(SettingError::new(name, value, format!("between {least} and {most}")))
    }
}

/// A file that would be written isn't one of `others`, which this run reads, or writes as well: whoever gives one name twice has
/// slipped, and would lose what he gave.
pub(crate) fn apart<'a>(
    name: &'static str,
    path: &Path,
    others: impl IntoIterator<Item = &'a Path>,
) -> Result<(), SettingError> {
    // By another way to it, or by a link, it is the same file. A device may be read and written.
    let is_file = |path: &Path| path.metadata().is_ok_and(|there| there.is_file());
    let place = |path: &Path| path.canonicalize().ok().filter(|_| is_file(path));
    let same = |other: &&Path| match (place(path), place(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => path == *other && !path.exists(),
        _ => false,
    };
    match others.into_iter().find(same) {
        None => Ok(()),
        Some(_) => {
            let wanted = "a file that nothing else of this run is read from or written to";
            Err(SettingError::new(name, path.display(), wanted))
        }
    }
}

/// The threads that are wanted, by default one for each core.
pub(crate) fn threads(wanted: Option<usize>) -> Result<usize, SettingError> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    within("threads", wanted.unwrap_or_else(cores), 1, MOST_THREADS)
}

/// A path in a record, which is read by people: what isn't UTF-8 in it becomes �, as where it is printed.
pub(crate) fn shown<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&path.display())
}

/// The same, where there may be none.
#[allow(clippy::ref_option)] // serde hands it over like that
pub(crate) fn maybe_shown<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => to.serialize_some(&path.to_string_lossy()),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_is_read_is_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("in"), "").unwrap();
        fs::write(at("other"), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("in", at("link")).unwrap();
        let around = dir.path().join(".").join("in");
        let is_apart = |path: &Path| apart("out", path, [&*at("other"), &*at("in")]).is_ok();
        assert!(is_apart(&at("new")) && is_apart(Path::new("/dev/null")));
        assert!(!is_apart(&at("in")) && !is_apart(&around) && !is_apart(&at("other")));
        #[cfg(unix)]
        assert!(!is_apart(&at("link")));
        // Two outputs of one name, neither of which is there yet.
        let error = apart("tokens", &at("new"), [&*at("new")]).unwrap_err().to_string();
        assert!(error.starts_with("tokens is ") && error.contains("nothing else"), "{error}");
        let null = Path::new("/dev/null");
        assert!(apart("out", null, [null]).is_ok());
    }
}
