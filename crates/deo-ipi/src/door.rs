//! The socket that clients come to.

use crate::address::Address;
use crate::error::IpiError;
use crate::wire::Stream;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

#[derive(Debug)]
enum Kind {
    #[cfg(unix)]
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// Listens; the file of a Unix socket goes with it.
#[derive(Debug)]
pub(crate) struct Door {
    kind: Kind,
    /// The port is the one that the system has chosen.
    pub(crate) address: Address,
    /// To be removed at the end.
    file: Option<PathBuf>,
}

impl Door {
    /// A Unix socket that nobody answers at any more is replaced.
    pub(crate) fn open(address: &Address) -> Result<Self, IpiError> {
        let refuse = |reason| IpiError::Bind { address: address.clone(), reason };
        match address {
            #[cfg(unix)]
            Address::Unix(path) => {
                clear(address, path)?;
                let door = UnixListener::bind(path).map_err(refuse)?;
                door.set_nonblocking(true).map_err(refuse)?;
                let (kind, file) = (Kind::Unix(door), Some(path.clone()));
                Ok(Door { kind, address: address.clone(), file })
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(refuse(ErrorKind::Unsupported.into())),
            Address::Tcp { host, port } => {
                let door =
                    TcpListener::bind((host.as_str(), *port)).map_err(|reason| {
                        match reason.kind() {
                            ErrorKind::AddrInUse => IpiError::Taken { address: address.clone() },
                            _ => refuse(reason),
                        }
                    })?;
                door.set_nonblocking(true).map_err(refuse)?;
                let port = door.local_addr().map_err(refuse)?.port();
                let address = Address::Tcp { host: host.clone(), port };
                Ok(Door { kind: Kind::Tcp(door), address, file: None })
            }
        }
    }

    /// The next client, if one is there.
    pub(crate) fn accept(&self) -> io::Result<Stream> {
        match &self.kind {
            #[cfg(unix)]
            Kind::Unix(door) => door.accept().map(|(stream, _)| Stream::Unix(stream)),
            Kind::Tcp(door) => door.accept().map(|(stream, _)| Stream::Tcp(stream)),
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Removes a socket that nobody answers at; refuses what is no socket, and one that is in use.
#[cfg(unix)]
fn clear(address: &Address, path: &std::path::Path) -> Result<(), IpiError> {
    use std::os::unix::fs::FileTypeExt;
    let Ok(there) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !there.file_type().is_socket() {
        return Err(IpiError::NotASocket { path: path.to_owned() });
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path)
            .map_err(|reason| IpiError::Bind { address: address.clone(), reason }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(reason) if reason.kind() == ErrorKind::PermissionDenied => {
            Err(IpiError::Bind { address: address.clone(), reason })
        }
        _ => Err(IpiError::Taken { address: address.clone() }),
    }
}
