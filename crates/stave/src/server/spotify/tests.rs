//! The proxy over loopback: what it passes on, and what it refuses.

use std::time::Duration;

use stave_core::{ManualClock, SequentialIds};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

/// A running proxy, and its address.
async fn proxy(dir: &std::path::Path) -> (tokio::task::JoinHandle<()>, SocketAddr) {
    let now = Clock::now(&crate::system::SystemClock);
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(now));
    let ids = Arc::new(SequentialIds::default());
    let store = Store::open(dir, Arc::clone(&clock), ids).expect("a store");
    let proxy = Proxy::bind(&store, &clock).await.expect("bound");
    let address = proxy.listener.local_addr().expect("bound");
    assert_eq!(proxy.reached().url, format!("http://{address}"));
    (tokio::spawn(proxy.run()), address)
}

/// Sends `bytes` and reads all that comes.
async fn said(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // Who is refused may be refused before it has sent everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_is_no_connect_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let (serving, address) = proxy(dir.path()).await;
    let long = format!("CONNECT {}:443 HTTP/1.1\r\n\r\n", "a".repeat(70_000));
    let many = format!("CONNECT a:1 HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(500));
    for (request, status) in [
        (
            "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
            "405",
        ),
        ("CONNECT api.spotify.com HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT u:p@api.spotify.com:443 HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT / HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT api.spotify.com:443\r\n\r\n", "400"),
        ("CONNECT api.spotify.com:99999 HTTP/1.1\r\n\r\n", "400"),
        ("CONNECT a b:443 HTTP/1.1\r\n\r\n", "400"),
        ("\u{0}\u{1}\u{2}\r\n\r\n", "400"),
        ("CONNECT no.such.host.invalid:443 HTTP/1.1\r\n\r\n", "50"),
        (&long, "4"),
        (&many, "4"),
    ] {
        let answer = said(address, request.as_bytes()).await;
        let start = format!("HTTP/1.1 {status}");
        let shown = &request[..request.len().min(60)];
        assert!(answer.starts_with(&start), "{shown}: {answer}");
    }
    serving.abort();
}

#[tokio::test]
async fn other_hosts_are_passed_through_as_they_are() {
    let dir = tempfile::tempdir().expect("a directory");
    let (serving, address) = proxy(dir.path()).await;
    let there = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let port = there.local_addr().expect("bound").port();
    let echo = tokio::spawn(async move {
        let (mut stream, _) = there.accept().await.expect("accepted");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.expect("read");
        stream.write_all(&all).await.expect("written");
        stream.write_all(b"!").await.expect("written");
    });
    let mut stream = TcpStream::connect(address).await.expect("connected");
    // A client need not wait for the answer before it goes on.
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let head = format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("written");
    stream.write_all(&bytes).await.expect("written");
    stream.shutdown().await.expect("ended");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("read");
    let head_ends = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = answer.split_at(head_ends.expect("a head") + 4);
    assert!(head.starts_with(b"HTTP/1.1 200"), "{head:?}");
    assert!(body[..body.len() - 1] == bytes && body.ends_with(b"!"));
    echo.await.expect("ended");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let gone = listener.local_addr().expect("bound");
    drop(listener);
    let refused = said(
        address,
        format!("CONNECT {gone} HTTP/1.1\r\n\r\n").as_bytes(),
    )
    .await;
    assert!(refused.starts_with("HTTP/1.1 502"), "{refused}");
    assert!(
        refused.contains(&format!("cannot reach {gone}")),
        "{refused}"
    );
    serving.abort();
}

#[tokio::test]
async fn connections_end_with_the_proxy() {
    let dir = tempfile::tempdir().expect("a directory");
    let (serving, address) = proxy(dir.path()).await;
    let there = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let to = there.local_addr().expect("bound");
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let head = format!("CONNECT {to} HTTP/1.1\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("written");
    let (mut other, _) = there.accept().await.expect("accepted");
    serving.abort();
    let mut rest = Vec::new();
    assert!(
        other
            .read_to_end(&mut rest)
            .await
            .is_ok_and(|read| read == 0)
    );
}

#[tokio::test]
async fn a_tunnel_through_which_nothing_passes_is_closed() {
    let (mut client, here) = duplex(64);
    let (there, mut server) = duplex(64);
    let passing = tokio::spawn(tunnel::within(Duration::from_millis(200), here, there));
    client.write_all(b"x").await.expect("written");
    assert_eq!(server.read_u8().await.expect("read"), b'x');
    let ended = passing.await.expect("ended");
    let kind = ended.expect_err("late").kind();
    assert_eq!(kind, std::io::ErrorKind::TimedOut);
    let mut rest = Vec::new();
    assert!(
        server
            .read_to_end(&mut rest)
            .await
            .is_ok_and(|read| read == 0)
    );
}
