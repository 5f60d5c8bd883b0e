use super::*;

fn sources(environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Sources {
    Sources {
        file: None,
        environment: environment.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        flags: flags.iter().map(|(k, v)| (*k, (*v).into())).collect(),
    }
    .without_file()
}

fn with_file(text: &str, rest: Sources) -> (tempfile::TempDir, Sources) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("transload.toml");
    std::fs::write(&path, text).unwrap();
    (dir, Sources { file: Some(path), ..rest })
}

fn in_force<'a>(configuration: &'a Configuration, key: &str) -> (&'a str, &'a str) {
    let found = configuration.in_force.iter().find(|found| found.key == key).unwrap();
    (&found.value, &found.source)
}

#[test]
fn a_later_layer_wins_and_says_where_it_is() {
    let text =
        "listen = \"127.0.0.1:1\"\nconcurrency = 7\nconnections_max = 70\nallow_http = true\n";
    let environment = [("TRANSLOAD_LISTEN", "127.0.0.1:2"), ("TRANSLOAD_CONCURRENCY", "8")];
    let (dir, sources) = with_file(text, sources(&environment, &[("listen", "127.0.0.1:3")]));
    let file = dir.path().join("transload.toml").display().to_string();

    let found = Configuration::load(&sources).unwrap();

    assert_eq!(found.config.listen, "127.0.0.1:3".parse().unwrap());
    assert_eq!(in_force(&found, "listen"), ("127.0.0.1:3", "--listen"));
    assert_eq!(found.config.concurrency, 8);
    assert_eq!(in_force(&found, "concurrency"), ("8", "TRANSLOAD_CONCURRENCY"));
    assert_eq!(found.config.connections_max, 70);
    assert_eq!(in_force(&found, "connections_max"), ("70", file.as_str()));
    assert!(found.config.allow_http);
    assert_eq!(in_force(&found, "data_dir"), ("data", "default"));
}

#[test]
fn lists_are_the_same_in_a_file_and_in_a_variable() {
    let text = "allowed_networks = [\"127.0.0.0/8\", \"fd00::/8\"]";
    let (_dir, file) = with_file(text, Sources::default());
    let variable = sources(&[("TRANSLOAD_ALLOWED_NETWORKS", "127.0.0.0/8, fd00::/8")], &[]);
    let from_file = Configuration::load(&file).unwrap().config.allowed_networks;
    assert_eq!(from_file, Configuration::load(&variable).unwrap().config.allowed_networks);
    assert_eq!(from_file.len(), 2);
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let (dir, _) = with_file("concurrency = 9", Sources::default());
    let path = dir.path().join("transload.toml").display().to_string();
    let sources =
        Sources { environment: vec![("TRANSLOAD_CONFIG".into(), path)], ..Sources::default() };
    assert_eq!(Configuration::load(&sources).unwrap().config.concurrency, 9);
}

#[test]
fn what_is_wrong_is_said_in_one_line_with_key_value_and_place() {
    let cases: [(_, &[&str]); 14] = [
        (("TRANSLOAD_LISTEN", "8080"), &["`listen`", "\"8080\"", "TRANSLOAD_LISTEN", "127.0"]),
        (("TRANSLOAD_CONCURRENCY", "0"), &["`concurrency`", "\"0\"", "from 1 to"]),
        (("TRANSLOAD_CONCURRENCY", "many"), &["`concurrency`", "\"many\"", "whole number"]),
        (("TRANSLOAD_ALLOW_HTTP", "yes"), &["`allow_http`", "true or false"]),
        (("TRANSLOAD_STOP_WITHIN", "3 weeks"), &["`stop_within`", "40s"]),
        (("TRANSLOAD_STOP_WITHIN", "11m"), &["`stop_within`", "from 0s to 10m"]),
        (("TRANSLOAD_EXCHANGE_WITHIN", "31s"), &["`exchange_within`", "from 1s to 30s"]),
        (("TRANSLOAD_RETENTION_AGE", "59m"), &["`retention_age`", "30d", "from 1h to 3650d"]),
        (("TRANSLOAD_RETENTION_SIZE", "1MiB"), &["`retention_size`", "20GiB", "64 MiB"]),
        (("TRANSLOAD_PORT", "8080"), &["`port`", "TRANSLOAD_PORT", "no setting"]),
        (("TRANSLOAD_LOG", "xml"), &["`log`", "text or json"]),
        (("TRANSLOAD_ALLOWED_NETWORKS", "10.0.0.0/99"), &["`allowed_networks`", "10.0.0.0/8"]),
        (("TRANSLOAD_ISSUER", "example.com"), &["`issuer`", "https://"]),
        (("TRANSLOAD_COLOUR", "red"), &["`colour`", "TRANSLOAD_COLOUR", "no setting", "listen"]),
    ];
    for (environment, words) in cases {
        let error = Configuration::load(&sources(&[environment], &[])).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        for word in words {
            assert!(error.contains(word), "{environment:?}: {error:?} does not say {word:?}");
        }
    }
}

#[test]
fn what_kubernetes_injects_is_ignored_and_told() {
    let injected = [
        ("TRANSLOAD_SERVICE_HOST", "10.0.0.11"),
        ("TRANSLOAD_PORT", "tcp://10.0.0.11:8080"),
        ("TRANSLOAD_LISTEN", "127.0.0.1:4"),
    ];
    let found = Configuration::load(&sources(&injected, &[])).unwrap();
    assert_eq!(found.config.listen, "127.0.0.1:4".parse().unwrap());
    assert_eq!(found.ignored, ["TRANSLOAD_SERVICE_HOST", "TRANSLOAD_PORT"]);
    let notice = found.notice().unwrap();
    assert!(notice.contains("TRANSLOAD_SERVICE_HOST, TRANSLOAD_PORT"), "{notice}");
    let nothing = Configuration::load(&sources(&[("TRANSLOAD_LISTEN", "127.0.0.1:4")], &[]));
    assert_eq!(nothing.unwrap().notice(), None);
}

#[test]
fn retention_is_by_age_and_where_it_is_wanted_by_size() {
    let defaults = Config::defaults().unwrap();
    assert_eq!((defaults.retention_age.as_secs(), defaults.retention_size), (30 * 86_400, None));
    let wanted = [("TRANSLOAD_RETENTION_AGE", "12h"), ("TRANSLOAD_RETENTION_SIZE", "20GiB")];
    let found = Configuration::load(&sources(&wanted, &[])).unwrap().config;
    assert_eq!((found.retention_age.as_secs(), found.retention_size), (43_200, Some(20 << 30)));
}

#[test]
fn a_file_with_an_unknown_key_or_broken_toml_names_the_file() {
    for (text, word) in [("lissten = 1", "`lissten`"), ("listen = ", "line 1, column")] {
        let (_dir, sources) = with_file(text, Sources::default());
        let error = Configuration::load(&sources).unwrap_err().to_string();
        assert!(error.contains("transload.toml") && error.contains(word), "{error}");
    }
}

#[test]
fn a_named_file_must_be_there() {
    let sources = Sources { file: Some("no/such.toml".into()), ..Sources::default() };
    assert!(Configuration::load(&sources).unwrap_err().to_string().contains("no/such.toml"));
}

#[test]
fn the_example_file_names_every_setting_with_its_default() {
    let example = include_str!("../../../../transload.example.toml");
    let uncommented: String = example
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| SETTINGS.iter().any(|s| line.starts_with(&format!("{} = ", s.key))))
        .fold(String::new(), |all, line| all + line + "\n");
    assert_eq!(uncommented.lines().count(), SETTINGS.len());
    let (_dir, sources) = with_file(&uncommented, Sources::default());
    assert_eq!(Configuration::load(&sources).unwrap().config, Config::defaults().unwrap());
}
