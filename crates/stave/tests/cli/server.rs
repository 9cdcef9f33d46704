//! `serve`, `env`, `doctor`: the server as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::program::Program;

/// How long anything of a server may take here; much longer than it does.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server of its own; ended when it goes out of scope.
struct Server {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
    url: String,
}

impl Server {
    fn start(program: &Program, args: &[&str]) -> Self {
        let args: Vec<&str> = ["serve", "--listen", "127.0.0.1:0"]
            .iter()
            .chain(args)
            .copied()
            .collect();
        let mut child = program.start(&args);
        let mut log = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        log.read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("stave: serving at ");
        let url = url.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, log, url }
    }

    fn address(&self) -> &str {
        self.url.split_once("://").expect("a URL").1
    }

    /// Sends `request` as it is, and reads what comes until the server closes.
    fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        // A server that has had enough may close before everything is sent.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str, headers: &str) -> String {
        self.raw(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n",
            self.address()
        ))
    }

    /// Asks it to end; says its exit code, how long it took, and the rest of its log.
    fn end(mut self) -> (Option<i32>, Duration, String) {
        let asked_at = Instant::now();
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .arg(&id)
                .status()
                .expect("ran")
                .success()
        );
        let status = self.child.wait().expect("ended");
        let took = asked_at.elapsed();
        let mut log = String::new();
        self.log.read_to_string(&mut log).expect("read");
        (status.code(), took, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_answers_logs_and_ends() {
    let program = Program::new();
    let server = Server::start(&program, &["--log-format", "json"]);
    let health = server.get("/_stave/health", "");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    assert!(health.contains("\"status\":\"ok\""), "{health}");
    let doctor = program.run(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    assert!(
        doctor.out.contains(&format!("answers at {}", server.url)),
        "{doctor:?}"
    );

    let (code, took, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    let line = log
        .lines()
        .find(|line| line.contains("health"))
        .expect("a line");
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(
        (&line["status"], &line["path"]),
        (&200.into(), &"/_stave/health".into())
    );
    assert_eq!(line["request_id"].as_str().map(str::len), Some(36));
    assert!(program.ok(&["doctor"]).contains("none runs"));
}

#[test]
fn who_is_quiet_logs_no_requests() {
    let program = Program::new();
    let server = Server::start(&program, &["--quiet"]);
    let health = server.get("/_stave/health", "");
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    let (code, _, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("health"), "{log}");
}

#[test]
fn who_has_not_signed_is_not_let_in() {
    let program = Program::with_bucket("lake");
    program.put("s3://lake/k", "secret");
    let server = Server::start(&program, &[]);
    for path in ["/lake/k", "/", "/lake?list-type=2"] {
        let answer = server.get(path, "");
        assert!(answer.starts_with("HTTP/1.1 403"), "{path}: {answer}");
        assert!(
            answer.contains("<Code>AccessDenied</Code>"),
            "{path}: {answer}"
        );
        assert!(!answer.contains("secret"), "{path}: {answer}");
    }
    let iam = server.raw(
        "GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\r\nHost: iam.localhost\r\n\
         Connection: close\r\n\r\n",
    );
    assert!(
        iam.contains("<Code>MissingAuthenticationToken</Code>"),
        "{iam}"
    );
    let glue = server.raw(&format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Amz-Target: AWSGlue.GetTables\r\n\
         Content-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n{{}}",
        server.address()
    ));
    assert!(glue.contains("MissingAuthenticationToken"), "{glue}");
}

#[test]
fn what_is_no_request_is_refused_within_bounds() {
    let program = Program::new();
    let server = Server::start(&program, &[]);
    let long = "x".repeat(100 << 10);
    let answer = server.get(&format!("/{long}"), "");
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let many = "X-Amz-Meta-N: v\r\n".repeat(300);
    let answer = server.get("/_stave/health", &many);
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let answer = server.raw("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n");
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
    assert!(server.get("/_stave/health", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn other_machines_are_let_near_only_when_somebody_says_so() {
    let program = Program::new();
    let said = program.fails(2, &["serve", "--listen", "0.0.0.0:0"]);
    assert!(
        said.contains("other machines") && said.contains("--tls"),
        "{said}"
    );
    let said = program.fails(2, &["serve", "--as", "ann"]);
    assert!(said.contains("ann"), "{said}");
    let said = program.fails(2, &["serve", "--tls-cert", "x.pem"]);
    assert!(said.contains("--tls-key"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("bound").to_string();
    let said = program.fails(1, &["serve", "--listen", &address]);
    assert!(
        said.contains("cannot listen") && said.contains("--listen"),
        "{said}"
    );
}

#[test]
fn tls_is_spoken_with_a_certificate_of_the_home() {
    let program = Program::new();
    let server = Server::start(&program, &["--tls"]);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    let doctor = program.ok(&["doctor"]);
    assert!(
        doctor.contains(&format!("answers at {}", server.url)),
        "{doctor}"
    );
    let env = program.json(&["env"]);
    assert_eq!(env["AWS_ENDPOINT_URL"], server.url.as_str());
    let bundle = env["AWS_CA_BUNDLE"].as_str().expect("a path");
    let bundle = std::fs::read_to_string(bundle).expect("read");
    assert!(bundle.contains("BEGIN CERTIFICATE") && !bundle.contains("PRIVATE"));
    assert!(server.end().0 == Some(0));
}

#[test]
fn env_gives_a_shell_the_key_of_who_is_meant() {
    let program = Program::new();
    let root = program.json(&["env"]);
    assert_eq!(root["AWS_ENDPOINT_URL"], "http://127.0.0.1:4566");
    let text = program.ok(&["env"]);
    let key = root["AWS_ACCESS_KEY_ID"].as_str().expect("an id");
    assert!(
        text.contains(&format!("export AWS_ACCESS_KEY_ID='{key}'\n")),
        "{text}"
    );
    assert!(text.contains("unset AWS_PROFILE"), "{text}");

    let said = program.fails(1, &["env", "--as", "ann"]);
    assert!(said.contains("ann"), "{said}");
    program.ok(&["iam", "user", "create", "ann"]);
    let said = program.fails(1, &["env", "--as", "ann"]);
    assert!(said.contains("stave iam key create ann"), "{said}");
    program.ok(&["iam", "key", "create", "ann"]);
    let ann = program.json(&["env", "--as", "ann"]);
    assert_ne!(ann["AWS_ACCESS_KEY_ID"], root["AWS_ACCESS_KEY_ID"]);
}

#[test]
fn doctor_says_where_the_shells_variables_lead() {
    let program = Program::new();
    let root = program.json(&["env"]);
    let variable = |name: &str| root[name].as_str().expect("set").to_owned();
    let program = program
        .variable("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .variable("AWS_ACCESS_KEY_ID", &variable("AWS_ACCESS_KEY_ID"))
        .variable("AWS_SECRET_ACCESS_KEY", "wrong")
        .variable("AWS_PROFILE", "work");
    let said = program.run(&["doctor"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [
        "no server runs",
        "the secret is not that of",
        "profile work",
        "stave env",
    ] {
        assert!(said.out.contains(part), "{part}: {said:?}");
    }
}
