//! The built command: exit codes, signals, and what goes to stdout and to stderr.
#![cfg(test)]

mod failures;
mod lifecycle;
mod operator;
mod process;
mod vendors;

use std::process::Command;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use transload::client::Answer;

use process::{Serving, run, transload};

#[test]
fn a_wrong_value_or_command_is_one_message_and_exit_code_64() {
    for arguments in [
        &["config", "--listen", "nope"][..],
        &["serve", "--concurrency", "0"],
        &["key", "create", "--organization", "acme", "--log", "xml"],
        &["config", "--config", "no/such/file.toml"],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (64, ""), "{arguments:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("transload: configuration: "), "{stderr}");
    }
    for arguments in [&["config", "--no-such-flag"][..], &["dance"], &["key", "create"]] {
        assert_eq!(run(arguments).0, 64, "{arguments:?}");
    }
}

#[test]
fn an_unknown_variable_is_refused_and_a_known_one_is_in_force() {
    let unknown = transload(&["config"]).env("TRANSLOAD_COLOUR", "red").output().unwrap();
    assert_eq!(unknown.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("TRANSLOAD_COLOUR"));

    let known =
        transload(&["config", "--json"]).env("TRANSLOAD_LISTEN", "[::1]:9").output().unwrap();
    let printed: Value = serde_json::from_slice(&known.stdout).unwrap();
    let listen = printed.as_array().unwrap().iter().find(|one| one["key"] == "listen").unwrap();
    assert_eq!(
        (&listen["value"], &listen["source"]),
        (&"[::1]:9".into(), &"TRANSLOAD_LISTEN".into())
    );
}

#[test]
fn help_is_no_error() {
    let (code, stdout, stderr) = run(&["--help"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("transload demo"));
}

#[test]
fn a_module_that_does_not_load_fails_the_check_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("broken.wasm");
    std::fs::write(&file, "no module").unwrap();
    let (code, stdout, _) = run(&["plugin", "check", "--json", file.to_str().unwrap()]);
    assert_eq!(code, 1);
    let printed: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(printed[0]["ok"], false);
    assert!(printed[0]["reason"].as_str().unwrap().contains("WebAssembly"));
}

#[test]
fn a_key_is_made_without_a_running_host_and_printed_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let data = data.to_str().unwrap();
    let (code, stdout, stderr) =
        run(&["key", "create", "--organization", "acme", "--data-dir", data]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("tl_") && stdout.lines().count() == 1, "{stdout}");
    let (code, _, stderr) = run(&["key", "create", "--organization", "a b", "--data-dir", data]);
    assert_eq!(code, 64);
    assert!(stderr.contains("an organization must be"), "{stderr}");
}

#[test]
fn a_signal_stops_a_host_in_order() {
    for name in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let host = Serving::start(&dir.path().join("data"));
        host.signal(name);
        let (code, log) = host.end();
        assert_eq!(code, Some(0), "{name}: {log}");
        assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");
    }
}

#[test]
fn a_running_host_makes_keys_and_keeps_its_directory_to_itself() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let host = Serving::start(&data);
    let data = data.to_str().unwrap();

    let arguments = ["key", "create", "--organization", "acme", "--json", "--data-dir", data];
    let (code, stdout, stderr) = run(&arguments);
    assert_eq!(code, 0, "{stderr}");
    let made: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(made["organization"], "acme");
    assert!(made["key"].as_str().unwrap().starts_with("tl_"));

    let (code, _, stderr) = run(&["serve", "--data-dir", data, "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("in use by another transload"), "{stderr}");

    host.signal("-TERM");
    assert_eq!(host.end().0, Some(0));
}

#[test]
fn a_disk_that_refuses_writes_gets_503_and_nothing_is_acknowledged() {
    const EVENT_BYTES: usize = 500_000;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    // No file may be larger than 3 MB, and the signal that says so is ignored: writes fail as on a full disk.
    let limited = "trap '' XFSZ; ulimit -f 3000; exec \"$@\"";
    let mut command = Command::new("bash");
    command.args(["-c", limited, "bash", env!("CARGO_BIN_EXE_transload"), "serve", "--data-dir"]);
    let host = Serving::of(command.arg(&data));
    let (_, key, _) =
        run(&["key", "create", "--organization", "acme", "--data-dir", data.to_str().unwrap()]);

    let post = |id: usize| {
        let event = json!({ "specversion": "1.0", "id": id.to_string(), "source": "/s", "type": "a.b",
                            "data": noise(EVENT_BYTES) });
        host.send(Method::POST, "/v1/events", key.trim(), &event)
    };
    let answers: Vec<Answer> = (0..10).map(post).collect();
    let refused = answers.iter().position(|answer| answer.status != StatusCode::ACCEPTED).unwrap();
    for answer in &answers[refused..] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!String::from_utf8_lossy(&answer.body).contains("duplicate"));
    }
    let status = |path| host.send(Method::GET, path, key.trim(), &Value::Null).status;
    assert_eq!(status("/health/ready"), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status("/health/live"), StatusCode::OK);
    host.signal("-TERM");
    host.end();

    // On a disk with room again, everything that was acknowledged is there.
    let host = Serving::start(&data);
    for answer in &answers[..refused] {
        let id = answer.json().unwrap()["events"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/events/{id}");
        let found = host.send(Method::GET, &path, key.trim(), &Value::Null);
        assert_eq!(found.status, StatusCode::OK, "{id}");
    }
    host.signal("-TERM");
    assert_eq!(host.end().0, Some(0));
}

/// Letters that a store cannot make smaller.
fn noise(len: usize) -> String {
    let mut seed = 1_u64;
    let letters = std::iter::repeat_with(|| {
        // Xorshift (Marsaglia 2003).
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        char::from(b'a' + (seed % 26) as u8)
    });
    letters.take(len).collect()
}

#[test]
fn a_host_takes_as_many_files_as_it_may() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut command = Command::new("bash");
    let limited = "ulimit -Sn 300; exec \"$@\"";
    command.args(["-c", limited, "bash", env!("CARGO_BIN_EXE_transload"), "serve", "--data-dir"]);
    let host = Serving::of(command.arg(&data));
    let (now, highest) = host.limit("Max open files");
    assert_ne!(highest, "300");
    assert_eq!(now, highest);
    host.signal("-TERM");
    assert_eq!(host.end().0, Some(0));
}

#[test]
fn what_a_killed_host_leaves_behind_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let host = Serving::start(&data);
    host.signal("-KILL");
    assert_eq!(host.end().0, None);
    assert!(data.join("control.sock").exists());

    let text = data.to_str().unwrap();
    let (code, key, stderr) = run(&["key", "create", "--organization", "acme", "--data-dir", text]);
    assert_eq!(code, 0, "{stderr}");
    let host = Serving::start(&data);
    let plugins = host.send(Method::GET, "/v1/plugins", key.trim(), &Value::Null);
    assert_eq!(plugins.status, StatusCode::OK);
    host.signal("-TERM");
    assert_eq!(host.end().0, Some(0));
}
