//! [`listen`]: the only way to open a listener, for servers, race, feed and proxy.
//! [`crate::net::serve`] accepts its connections.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// The number of connections that the kernel completes and queues until they are accepted. Linux
/// allows at most `net.core.somaxconn`, which is 4096 by default too. With the 128 of
/// [`TcpListener::bind`], the SYN of the 129th simultaneous client is dropped, and that client
/// retries only after a second.
pub(crate) const BACKLOG: u32 = 4096;

/// Listens on `address`; port 0 stands for any free one. As with [`TcpListener::bind`], a port
/// whose last connections are in TIME-WAIT can be reused at once.
///
/// # Errors
/// Fails if the address or port is in use, or if it is not permitted.
///
/// # Panics
/// Panics outside of a tokio runtime.
#[expect(clippy::disallowed_methods, reason = "this function wraps them")]
pub fn listen(address: impl Into<SocketAddr>) -> io::Result<TcpListener> {
    let address = address.into();
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Windows this option would let two programs share the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    #[cfg(target_os = "linux")]
    use std::time::Duration;

    use tokio::net::TcpStream;
    #[cfg(target_os = "linux")]
    use tokio::time::timeout;

    use super::*;

    /// Returns a number of clients beyond a backlog of 128, or as many as this system allows.
    #[cfg(target_os = "linux")]
    fn crowd() -> usize {
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        allowed.trim().parse::<usize>().unwrap().min(200)
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn many_clients_connect_before_one_is_accepted() {
        let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut clients = Vec::new();
        for _ in 0..crowd() {
            // A connection beyond the backlog would never complete, because nothing is accepted.
            let connecting = timeout(Duration::from_mins(1), TcpStream::connect(address));
            clients.push(connecting.await.expect("the backlog is too small").unwrap());
        }
        for client in &clients {
            let (_server, peer) = listener.accept().await.unwrap();
            assert_eq!(peer, client.local_addr().unwrap());
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_refused_and_one_in_time_wait_is_not() {
        let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(listen(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let client = TcpStream::connect(address).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        // The side that closes first keeps the connection's port in TIME-WAIT.
        drop(server);
        client.readable().await.unwrap();
        drop((client, listener));
        listen(address).unwrap();
    }
}
