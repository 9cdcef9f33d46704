//! Precedence, the file's errors, remotes.

use super::*;

fn machine() -> Machine {
    Machine {
        memory_bytes: 8 << 30,
        cores: NonZeroUsize::MIN,
    }
}

fn home_with(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("config.toml"), config).expect("written");
    dir
}

fn resolve(dir: &tempfile::TempDir, memory: Option<u64>, env: &[(&str, &str)]) -> Result<Config> {
    let flags = GlobalArgs {
        home: Some(dir.path().to_owned()),
        memory,
        as_user: None,
        json: false,
    };
    Config::resolve(&flags, &Environment::of(env), &machine())
}

#[test]
fn a_flag_counts_more_than_the_environment_and_so_on() {
    let dir = home_with("memory = \"1GiB\"\n");
    let env = [("STAVE_MEMORY", "2GiB")];
    let memory = |config: Config| (config.memory.value >> 30, config.memory.origin.to_string());
    let flag = resolve(&dir, Some(3 << 30), &env).expect("resolved");
    assert_eq!(memory(flag), (3, "flag --memory".to_owned()));
    let environment = resolve(&dir, None, &env).expect("resolved");
    assert_eq!(
        memory(environment),
        (2, "environment STAVE_MEMORY".to_owned())
    );
    let file = resolve(&dir, None, &[]).expect("resolved");
    assert_eq!(memory(file), (1, "config.toml".to_owned()));
    let default = resolve(&home_with(""), None, &[]).expect("resolved");
    assert_eq!(memory(default), (4, "default".to_owned()));
}

#[test]
fn the_home_is_found() {
    let flags = GlobalArgs::default();
    let home = |env: &[(&str, &str)]| {
        let config = Config::resolve(&flags, &Environment::of(env), &machine())?;
        Ok::<_, Error>((config.home.value, config.home.origin))
    };
    let (path, origin) = home(&[("HOME", "/nowhere")]).expect("found");
    assert_eq!((path, origin), ("/nowhere/.stave".into(), Origin::Default));
    let (path, _) = home(&[("HOME", "/nowhere"), ("STAVE_HOME", "/else")]).expect("found");
    assert_eq!(path, PathBuf::from("/else"));
    assert!(home(&[]).expect_err("none").hint_text().is_some());
}

#[test]
fn wrong_settings_are_refused_with_their_place() {
    for (text, said, hint) in [
        (
            "\nmemroy = \"1GiB\"",
            "line 2: unknown key \"memroy\"",
            "did you mean \"memory\"?",
        ),
        (
            "[[remote]]\nbuckets = []\nendpont = \"x\"",
            "line 3: unknown key \"endpont\" of a remote",
            "did you mean \"endpoint\"?",
        ),
        ("memory = \"much\"", "\"much\" is not a size", "2GiB"),
        ("memory = \"1MiB\"", "too little", "64.0 MiB"),
    ] {
        let error = resolve(&home_with(text), None, &[]).expect_err(text);
        assert!(error.message().contains(said), "{text}: {error}");
        assert!(
            error.hint_text().is_some_and(|is| is.contains(hint)),
            "{text}: {error:?}"
        );
    }
    for text in [
        "cores = 0",
        "account = \"12\"",
        "region = \"Mars!\"",
        "fsync = 3",
        "memory = ",
        "[[remote]]\nendpoint = \"http://x\"",
    ] {
        assert!(resolve(&home_with(text), None, &[]).is_err(), "{text}");
    }
    assert!(resolve(&home_with(""), None, &[("STAVE_CORES", "many")]).is_err());
}

#[test]
fn the_aws_variables_fill_a_remote() {
    let dir = home_with(
        "[[remote]]\nbuckets = [\"own-*\"]\nendpoint = \"http://own\"\n\
         access_key_id = \"OWN\"\nsecret_access_key = \"hush\"\n",
    );
    let env = [
        ("STAVE_REMOTE_BUCKETS", "one, two-*"),
        ("AWS_ENDPOINT_URL", "http://any"),
        ("AWS_ENDPOINT_URL_S3", "http://s3"),
        ("AWS_ACCESS_KEY_ID", "ENV"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
    ];
    let remotes = resolve(&dir, None, &env).expect("resolved").remotes;
    let first = &remotes[0].config;
    assert_eq!(first.buckets, ["one", "two-*"]);
    assert_eq!(first.endpoint.as_deref(), Some("http://s3"));
    assert_eq!(first.access_key_id.as_deref(), Some("ENV"));
    assert_eq!(
        remotes[0].origin_of("endpoint").to_string(),
        "environment AWS_ENDPOINT_URL_S3"
    );
    let second = &remotes[1].config;
    assert_eq!(second.endpoint.as_deref(), Some("http://own"));
    assert_eq!(second.access_key_id.as_deref(), Some("OWN"));
    assert_eq!(second.session_token, None, "a key is one thing");
    assert_eq!(second.region.as_deref(), Some("eu-west-1"));
    assert_eq!(remotes[1].origin_of("buckets"), &Origin::File);
}
