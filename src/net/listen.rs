//! [`listen`]: the one way to open a listener, for servers, race, feed and proxy.
//! What is done with its connections is not known here; [`crate::net::serve`] accepts them.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// How many connections the kernel completes and keeps for a listener that has not accepted them
/// yet; Linux takes at most `net.core.somaxconn`, which is 4096 too. With the 128 of
/// [`TcpListener::bind`] the 129th client that connects at the same moment has its SYN dropped and
/// tries again after a whole second.
pub(crate) const BACKLOG: u32 = 4096;

/// Listens on `address`; port 0 is any free one. As with [`TcpListener::bind`], a port whose last
/// connections are still in TIME-WAIT may be taken at once.
///
/// # Errors
/// If the address or port is taken, or may not be used.
///
/// # Panics
/// Outside of a tokio runtime.
#[expect(clippy::disallowed_methods, reason = "this is the one way")]
pub fn listen(address: impl Into<SocketAddr>) -> io::Result<TcpListener> {
    let address = address.into();
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Windows the option would let two programs share the port.
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

    /// More than a backlog of 128 holds, or as many as this system allows.
    #[cfg(target_os = "linux")]
    fn crowd() -> usize {
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        allowed.trim().parse::<usize>().unwrap().min(200)
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn a_crowd_connects_before_anybody_is_accepted() {
        let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut clients = Vec::new();
        for _ in 0..crowd() {
            // beyond the backlog it would never be ready: nobody accepts
            let connecting = timeout(Duration::from_mins(1), TcpStream::connect(address));
            clients.push(connecting.await.expect("the backlog is full").unwrap());
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
        // who closes first keeps the connection's port in TIME-WAIT
        drop(server);
        client.readable().await.unwrap();
        drop((client, listener));
        listen(address).unwrap();
    }
}
