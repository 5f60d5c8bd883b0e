//! A host's life, with a store and sockets and without plugins.

use std::{fs, net::SocketAddr, os::unix::fs::MetadataExt, time::Duration};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::client::{Client, Place};

fn config(directory: &Path) -> Config {
    Config {
        data_dir: directory.join("data"),
        plugin_dir: directory.join("modules"),
        listen: ([127, 0, 0, 1], 0).into(),
        ..Config::defaults().unwrap()
    }
}

async fn status(host: &Host, path: &str, key: Option<&str>) -> StatusCode {
    let client = Client::new(Place::Tcp(host.address()));
    let client = key.iter().fold(client, |client, key| client.with_key(key));
    client.send(Method::GET, path, "application/json", Vec::new()).await.unwrap().status
}

async fn new_key(host: &Host) -> String {
    let control = Client::new(Place::Unix(host.control_socket().to_owned()));
    let wanted = json!({ "organization": "acme" });
    let made: Value = control.call(Method::POST, "/keys", Some(&wanted)).await.unwrap();
    made["key"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_live_in_one_process_and_know_nothing_of_each_other() {
    let (one_dir, other_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = Host::start(config(one_dir.path())).await.unwrap();
    let other = Host::start(config(other_dir.path())).await.unwrap();
    let key = new_key(&one).await;
    assert_eq!(status(&one, "/v1/plugins", Some(&key)).await, StatusCode::OK);
    assert_eq!(status(&other, "/v1/plugins", Some(&key)).await, StatusCode::UNAUTHORIZED);
    one.stop().await.unwrap();
    assert_eq!(status(&other, "/health/live", None).await, StatusCode::OK);
    other.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_store_outlive_a_host_and_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let first = Host::start(config(dir.path())).await.unwrap();
    let key = new_key(&first).await;
    let read = |name: &str| fs::read(dir.path().join("data").join(name)).unwrap();
    let keys = (read("vault.key"), read("signing.key"));
    for (name, mode) in
        [("", 0o700), ("vault.key", 0o600), ("signing.key", 0o600), ("control.sock", 0o600)]
    {
        let found = fs::metadata(dir.path().join("data").join(name)).unwrap().mode() & 0o777;
        assert_eq!(found, mode, "{name:?}");
    }
    first.stop().await.unwrap();
    assert!(!dir.path().join("data/control.sock").exists());

    let second = Host::start(config(dir.path())).await.unwrap();
    assert_eq!(status(&second, "/v1/plugins", Some(&key)).await, StatusCode::OK);
    assert_eq!((read("vault.key"), read("signing.key")), keys);
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_host_on_the_same_directory_or_port_is_told_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let first = Host::start(config(dir.path())).await.unwrap();
    let error = |config| async move { format!("{:#}", Host::start(config).await.err().unwrap()) };

    let same_directory = error(config(dir.path())).await;
    assert!(same_directory.contains("in use by another transload"), "{same_directory}");
    // The refused one has left the running one's control socket alone.
    new_key(&first).await;

    let elsewhere = dir.path().join("elsewhere");
    let same_port = error(Config { listen: first.address(), ..config(&elsewhere) }).await;
    assert!(same_port.contains(&first.address().to_string()), "{same_port}");
    assert!(same_port.contains("another `listen`"), "{same_port}");
    first.stop().await.unwrap();
}

/// Waits until `/health/ready` answers so.
async fn readiness(address: SocketAddr, wanted: StatusCode) {
    let client = Client::new(Place::Tcp(address));
    let asking = async {
        loop {
            let path = "/health/ready";
            let answer = client.send(Method::GET, path, "application/json", Vec::new()).await;
            if answer.unwrap().status == wanted {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asking).await.expect("in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_becomes_ready_and_a_loop_that_panics_makes_it_unready_and_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let mine = mined::Mine::default();
    let mut host = Host::with_parts(config(dir.path()), |parts| mine.lay(parts)).await.unwrap();
    let address = host.address();
    readiness(address, StatusCode::OK).await;
    let key = new_key(&host).await;

    mine.arm();
    let api = Client::new(Place::Tcp(address)).with_key(&key);
    let event = json!({ "specversion": "1.0", "id": "1", "source": "/s", "type": "a.b" });
    let kind = "application/cloudevents+json";
    api.send(Method::POST, "/v1/events", kind, event.to_string().into()).await.unwrap();
    let (ended, ()) =
        tokio::join!(host.ended(), readiness(address, StatusCode::SERVICE_UNAVAILABLE));
    let ended = ended.unwrap_err().to_string();
    assert!(ended.contains("delivery loop panicked"), "{ended}");
    let stopped = host.stop().await.unwrap_err().to_string();
    assert!(stopped.contains("delivery loop panicked"), "{stopped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_tells_its_size_and_its_writes() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(config(dir.path())).await.unwrap();
    new_key(&host).await;
    let client = Client::new(Place::Tcp(host.address()));
    let metrics = client.send(Method::GET, "/metrics", "text/plain", Vec::new()).await.unwrap();
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    let value = |name: &str| -> f64 {
        let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("no {name} in {metrics}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("transload_store_size_bytes") > 0.0);
    assert!(value("transload_store_flush_seconds_count") > 0.0);
    assert!(value("transload_store_group_jobs_sum") >= value("transload_store_group_jobs_count"));
    // Who reads them takes a name that comes twice for a fault of the whole answer.
    let mut names: Vec<&str> = metrics.lines().filter(|line| line.starts_with("# TYPE ")).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|two| two[0] == two[1]).collect();
    assert!(names.len() > 10 && twice.is_empty(), "{twice:?} in {metrics}");
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_does_not_load_does_not_stop_the_host() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    fs::create_dir_all(&config.plugin_dir).unwrap();
    fs::write(config.plugin_dir.join("broken.wasm"), "no module").unwrap();
    let host = Host::start(config).await.unwrap();
    let key = new_key(&host).await;
    let api = Client::new(Place::Tcp(host.address())).with_key(&key);
    let plugins = api.call(Method::GET, "/v1/plugins", None).await.unwrap().to_string();
    assert!(plugins.contains("broken.wasm") && plugins.contains("no WebAssembly"), "{plugins}");
    host.stop().await.unwrap();
}

#[test]
fn what_is_set_is_what_the_loop_may_take() {
    let time = Duration::from_secs;
    let config = Config {
        concurrency: 7,
        exchange_within: time(2),
        stop_within: time(3),
        retention_age: time(4),
        retention_size: Some(5),
        retention_open_age: time(6),
        ..Config::defaults().unwrap()
    };
    let found = options(&config);
    assert_eq!((found.exchanges, found.exchange_time, found.stop_time), (7, time(2), time(3)));
    let retention = run::Retention { age: time(4), size: Some(5), open_age: time(6) };
    assert_eq!(found.retention, retention);
    let defaults = Config::defaults().unwrap();
    assert_eq!(options(&defaults).retention, run::Retention::default());
    let backlog = BacklogLimits {
        events: defaults.backlog_events,
        deliveries: defaults.backlog_deliveries,
        share: defaults.backlog_share,
    };
    assert_eq!(backlog, BacklogLimits::default());
}

#[test]
fn a_path_that_no_socket_can_have_is_refused_in_words() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let path = Path::new("/tmp").join("x".repeat(120));
    let error = runtime.block_on(async { control::bind(&path) }).unwrap_err().to_string();
    assert!(error.contains("shorter path"), "{error}");
}
