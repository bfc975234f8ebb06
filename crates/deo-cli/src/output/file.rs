//! A single file that an option names.
//!
//! Problem: the name may be a link, a pipe or a device, and then it stands for something that a rename would cut off from
//! it: whoever reads the other end waits for ever, and /dev/null becomes a file. So what has the name decides, before the
//! work that is to be written:
//!
//! | the name is | written |
//! |---|---|
//! | free, or a regular file | whole, beside it, and renamed |
//! | a link, also one to nothing | the same where it points to; the link stays |
//! | a named pipe | into it, if it has a reader within some seconds; else it is refused |
//! | a character device, a descriptor (`/dev/stdout`, `/dev/fd/63`) | into it |
//! | a directory, a socket, a block device | not: refused |

use super::{OutputDir, OutputError, Stream, kind};
use std::fs::{self, File, FileType};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that can be written.
#[derive(Debug)]
pub struct OutputFile {
    /// As given.
    path: PathBuf,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// The file and its partial name.
    Whole(PathBuf, PathBuf),
    /// What is open already.
    Through(File),
}

/// Links that are followed, as by Linux.
const MOST_LINKS: usize = 40;

const ANOTHER: &str = "give a file";

impl OutputFile {
    /// The file of that name, in a directory that is created if need be.
    ///
    /// # Errors
    ///
    /// [`OutputError::Directory`] if nothing can be created there, [`OutputError::Taken`] if it is a directory,
    /// [`OutputError::Irregular`] if it is something else that can't be written to.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let irregular = |what: String, wanted| {
            Err(OutputError::Irregular { path: path.to_owned(), what, wanted })
        };
        // A name with a slash at its end is that of a directory, there or not.
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return irregular("the name of a directory".to_owned(), ANOTHER);
        }
        let Some((target, descriptor)) = follow(path) else {
            return irregular("a circle of links".to_owned(), ANOTHER);
        };
        let way = match fs::metadata(path) {
            Ok(there) if there.is_dir() => {
                return Err(OutputError::Taken { path: path.to_owned() });
            }
            Ok(there) if descriptor || !there.is_file() => {
                let what = kind(there.file_type());
                match open(path, there.file_type()) {
                    Some(Ok(file)) => Way::Through(file),
                    Some(Err(reason)) => {
                        let what = format!("{what} that cannot be written to ({reason})");
                        return irregular(what, "begin to read from it before, or give a file");
                    }
                    None => return irregular(format!("{what}, which is not written to"), ANOTHER),
                }
            }
            _ => whole(target)?,
        };
        Ok(OutputFile { path: path.to_owned(), way })
    }

    /// Writes all of it.
    ///
    /// # Errors
    ///
    /// [`OutputError::Write`]; the old file is then still there.
    pub fn write(self, content: &[u8]) -> Result<(), OutputError> {
        let OutputFile { path, way } = self;
        match way {
            Way::Through(mut file) => {
                let written = file.write_all(content).and_then(|()| file.flush());
                written.map_err(|reason| OutputError::Write { path, reason })
            }
            Way::Whole(target, partial) => {
                let mut file = Stream::create(target, partial.clone())?;
                let done = file.write(content).and_then(|()| file.finish());
                if done.is_err() {
                    // What is left of the attempt is of no use; that it stays would be the lesser complaint.
                    let _ = fs::remove_file(partial);
                }
                done
            }
        }
    }
}

/// A file whose directory was tried.
fn whole(target: PathBuf) -> Result<Way, OutputError> {
    let refuse = |reason| OutputError::Write { path: target.clone(), reason };
    let name = target.file_name().ok_or_else(|| refuse(io::ErrorKind::IsADirectory.into()))?;
    let with = |end: &str| {
        let mut name = name.to_owned();
        name.push(end);
        target.with_file_name(name)
    };
    let (partial, trial) = (with(".partial"), with(".trial"));
    for path in [&partial, &trial] {
        super::only_a_file(path)?;
    }
    let parent = target.parent().filter(|parent| *parent != Path::new(""));
    let parent = parent.unwrap_or(Path::new("."));
    OutputDir::shared(parent, &[])?;
    let refuse = |reason| OutputError::Directory { dir: parent.to_owned(), reason };
    File::create(&trial).and_then(|_| fs::remove_file(&trial)).map_err(refuse)?;
    Ok(Way::Whole(target, partial))
}

/// Where the links from `path` end, and whether that is a descriptor of this process; `None` if they don't end.
fn follow(path: &Path) -> Option<(PathBuf, bool)> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        // What a descriptor's link says is no path, or one of a file that is open already.
        if at.starts_with("/proc") || at.starts_with("/dev/fd") {
            return Some((at, true));
        }
        match fs::read_link(&at) {
            Ok(to) => at = at.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Some((at, false)),
        }
    }
    None
}

/// What is no regular file, opened to be written; `None` if it isn't to be written to.
#[cfg(unix)]
fn open(path: &Path, of: FileType) -> Option<io::Result<File>> {
    use std::os::unix::fs::FileTypeExt;
    if of.is_fifo() {
        Some(open_pipe(path))
    } else if of.is_char_device() || of.is_file() {
        // A file that is a descriptor has its own end, behind which others write, too.
        Some(File::options().append(true).open(path))
    } else {
        None
    }
}

#[cfg(not(unix))]
fn open(_: &Path, _: FileType) -> Option<io::Result<File>> {
    None
}

/// Opens a pipe that has a reader. Without one, opening waits, maybe for ever; so it is tried without waiting, for as long
/// as it takes a shell to start a program.
#[cfg(unix)]
fn open_pipe(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    use std::time::{Duration, Instant};
    const PATIENCE: Duration = Duration::from_secs(5);
    let clock = Instant::now();
    let without_waiting = || File::options().write(true).custom_flags(libc::O_NONBLOCK).open(path);
    // Held until the second is open, lest the reader sees an end between.
    let _first = loop {
        match without_waiting() {
            Ok(file) => break file,
            Err(error) if error.raw_os_error() != Some(libc::ENXIO) => return Err(error),
            Err(_) if clock.elapsed() >= PATIENCE => {
                return Err(io::Error::other("nobody reads from it"));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    // A full pipe is waited for.
    File::options().write(true).open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    fn write(path: &Path, content: &str) -> Result<(), OutputError> {
        OutputFile::create(path)?.write(content.as_bytes())
    }

    #[test]
    fn a_link_stays_and_its_target_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/old"), "old").unwrap();
        symlink("d/old", at("to-old")).unwrap();
        symlink("to-old", at("to-link")).unwrap();
        symlink(at("d/new"), at("to-nothing")).unwrap();
        for (link, target) in [("to-old", "d/old"), ("to-link", "d/old"), ("to-nothing", "d/new")] {
            write(&at(link), link).unwrap();
            assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(at(target)).unwrap(), link);
        }
        assert_eq!(fs::read_dir(at("d")).unwrap().count(), 2, "nothing is left beside them");
        symlink("circle", at("circle")).unwrap();
        let error = write(&at("circle"), "").unwrap_err();
        assert!(error.to_string().contains("circle of links"), "{error}");
    }

    #[test]
    fn a_pipe_is_written_into_or_refused() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let error = write(&pipe, "").unwrap_err().to_string();
        assert!(error.contains("pipe\" is a named pipe") && error.contains("nobody"), "{error}");
        // More than a pipe holds at a time.
        let long = "x".repeat(1 << 20);
        let reader = {
            let pipe = pipe.clone();
            std::thread::spawn(move || {
                let mut text = String::new();
                File::open(pipe).unwrap().read_to_string(&mut text).unwrap();
                text
            })
        };
        write(&pipe, &long).unwrap();
        assert_eq!(reader.join().unwrap().len(), long.len());
        assert!(!fs::metadata(&pipe).unwrap().is_file());
        // As a name in the directory of a run it is refused at once.
        fs::rename(&pipe, dir.path().join("a.json")).unwrap();
        let error = OutputDir::shared(dir.path(), &["a.json"]).unwrap_err();
        assert!(matches!(error, OutputError::Irregular { .. }), "{error}");
    }

    #[test]
    fn a_device_stays_one() {
        write(Path::new("/dev/null"), "gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("null");
        symlink("/dev/null", &link).unwrap();
        write(&link, "gone").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let full = write(Path::new("/dev/full"), "x").unwrap_err();
        assert!(matches!(full, OutputError::Write { .. }), "{full}");
    }

    #[test]
    fn directories_and_sockets_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let error = write(&socket, "").unwrap_err().to_string();
        assert!(error.contains("a socket"), "{error}");
        let error = write(dir.path(), "").unwrap_err();
        assert!(matches!(error, OutputError::Taken { .. }), "{error}");
        let error = write(&dir.path().join("new/"), "").unwrap_err().to_string();
        assert!(error.ends_with("is the name of a directory; give a file"), "{error}");
    }

    #[test]
    fn a_name_need_not_be_utf8() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(std::ffi::OsStr::from_bytes(b"a\xff/b\xfe"));
        write(&path, "kept").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
    }
}
