//! A server that reads requests and answers 200 to each, and nothing else: the ceiling of the clients.

use std::io::{BufRead, BufReader, Read, Result, Write, sink};
use std::net::{TcpListener, TcpStream};

/// Answers GET with `size` bytes, anything else with none. Ends with the process.
pub fn serve(size: usize) -> ! {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("cannot listen: {error}"));
    let address = listener.local_addr().map_or_else(|_| String::new(), |address| address.to_string());
    println!("{address}");
    let body = vec![b'x'; size];
    std::thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            let body = &body;
            scope.spawn(move || answer(stream, body));
        }
    });
    std::process::exit(0)
}

fn answer(stream: TcpStream, body: &[u8]) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::with_capacity(256 << 10, stream);
    let mut line = String::new();
    loop {
        let (mut is_get, mut length, mut first) = (false, 0, true);
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if first {
                is_get = text.starts_with("GET");
                first = false;
            } else if let Some(value) = text.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        std::io::copy(&mut (&mut reader).take(length), &mut sink())?;
        let body = if is_get { body } else { &[] };
        let mut head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
        if body.len() <= 64 << 10 {
            head.extend_from_slice(body);
            writer.write_all(&head)?;
        } else {
            writer.write_all(&head)?;
            writer.write_all(body)?;
        }
    }
}
