//! The directory: what is kept, what is found after an accident, and that nothing is half there.

use crate::seal::{KIND, message};
use deo_models::checkpoint::{Action, CheckpointError, Found, Kind, Store, encode};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

type Value = (u64, Vec<f32>);

fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path(), KIND);
    (dir, store)
}

fn value(number: u64) -> Value {
    (number, vec![number as f32 / 3.0; 50_000])
}

fn save(store: &Store, number: u64) {
    let path = store.save(number, &encode(KIND, &value(number)).unwrap()).unwrap();
    assert_eq!(path, store.path(number));
}

#[track_caller]
fn found(store: &Store) -> Found<Value> {
    let found = store.latest::<Value>().unwrap().expect("there is one");
    assert_eq!(found.value, value(found.number));
    assert_eq!(found.path, store.path(found.number));
    found
}

fn files(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// Flips a bit in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_last_two_are_kept_and_the_last_is_found() {
    let (dir, store) = store();
    assert!(store.latest::<Value>().unwrap().is_none());
    save(&store, 3);
    assert_eq!(found(&store).number, 3);
    // By number, not by name: more digits than the name's ten come after.
    for (before, number) in [(3, 9), (9, 10), (10, 9_999_999_999), (9_999_999_999, 10_000_000_000)]
    {
        save(&store, number);
        let found = found(&store);
        assert_eq!(found.number, number);
        assert!(found.damaged.is_empty());
        let mut expected = [before, number].map(|n| format!("checkpoint-{n:010}.deo"));
        expected.sort();
        assert_eq!(files(dir.path()), expected);
    }
    save(&store, u64::MAX);
    assert_eq!(found(&store).number, u64::MAX);
}

#[test]
fn the_same_number_is_replaced() {
    let (dir, store) = store();
    save(&store, 1);
    fs::write(store.path(2), b"something else").unwrap();
    save(&store, 2);
    assert_eq!(found(&store).number, 2);
    assert_eq!(files(dir.path()).len(), 2);
}

#[test]
fn a_damaged_newest_is_reported_and_the_one_before_is_found() {
    let (_dir, store) = store();
    save(&store, 5);
    save(&store, 6);
    let whole = fs::read(store.path(6)).unwrap();

    damage(&store.path(6));
    let Found { number, damaged, .. } = found(&store);
    assert_eq!((number, damaged.len()), (5, 1));
    assert_eq!(damaged[0].0, store.path(6));
    assert!(matches!(damaged[0].1, CheckpointError::Checksum { .. }));
    let text = message(&damaged[0].1);
    assert!(text.contains("checkpoint-0000000006.deo") && text.contains("checksum"), "{text}");

    // Every truncation that a full disk or a copy might leave, in steps, and nothing at all.
    for length in (0..whole.len()).step_by(9_973) {
        fs::write(store.path(6), &whole[..length]).unwrap();
        let found = found(&store);
        assert_eq!(found.number, 5);
        assert!(
            matches!(found.damaged[0].1, CheckpointError::Truncated { bytes, .. } if bytes == length as u64)
        );
    }
    fs::write(store.path(6), [&whole[..], &[0]].concat()).unwrap();
    assert!(matches!(found(&store).damaged[0].1, CheckpointError::TrailingBytes { .. }));
    fs::write(store.path(6), whole).unwrap();
    assert_eq!(found(&store).number, 6);
}

#[test]
fn a_file_of_another_kind_or_type_is_not_taken() {
    let (_dir, store) = store();
    save(&store, 1);
    fs::write(store.path(2), encode(Kind([b'x'; 8]), &value(2)).unwrap()).unwrap();
    fs::write(store.path(3), encode(KIND, &3_u64).unwrap()).unwrap();
    let damaged = found(&store).damaged;
    assert_eq!(damaged[0].0, store.path(3), "the newest first");
    assert!(matches!(damaged[0].1, CheckpointError::Payload { .. }));
    assert!(matches!(damaged[1].1, CheckpointError::Kind { .. }));
}

#[test]
fn none_whole_is_an_error_that_names_the_newest() {
    let (_dir, store) = store();
    save(&store, 5);
    save(&store, 6);
    damage(&store.path(5));
    fs::write(store.path(6), b"").unwrap();
    let error = store.latest::<Value>().unwrap_err();
    let text = message(&error);
    assert!(text.contains("none of the 2") && text.contains("0 of 36 bytes"), "{text}");
    let CheckpointError::NoneWhole { damaged, .. } = error else { panic!("{text}") };
    assert!(matches!(damaged[1].1, CheckpointError::Checksum { .. }));
}

#[test]
fn what_a_killed_save_left_is_neither_read_nor_kept() {
    let (dir, store) = store();
    save(&store, 5);
    // Even if all of it had been written: without its name it may not be on the disk.
    let whole = encode(KIND, &value(6)).unwrap();
    for content in [&whole[..], &whole[..1_000], b""] {
        let partial = dir.path().join("checkpoint-0000000006.deo.partial");
        fs::write(&partial, content).unwrap();
        let found = found(&store);
        assert_eq!(found.number, 5);
        assert!(found.damaged.is_empty());
    }
    save(&store, 7);
    assert_eq!(files(dir.path()), ["checkpoint-0000000005.deo", "checkpoint-0000000007.deo"]);
}

#[test]
fn files_of_others_are_left_alone() {
    let (dir, store) = store();
    let others = [
        "checkpoint-12.deo",
        "checkpoint-+000000012.deo",
        "checkpoint-0000000012 (1).deo",
        "checkpoint-00000000012.deo",
        "checkpoint-99999999999999999999.deo",
        "checkpoint-.deo",
        "checkpoint-0000000012.deo.abandoned",
        "notes.deo.partial",
        "record.json",
    ];
    for name in others {
        fs::write(dir.path().join(name), b"").unwrap();
    }
    assert!(store.latest::<Value>().unwrap().is_none());
    (1..=3).for_each(|number| save(&store, number));
    assert_eq!(files(dir.path()).len(), others.len() + 2);
    assert!(others.iter().all(|name| dir.path().join(name).exists()));
    assert_eq!(found(&store).number, 3);
}

#[test]
fn a_run_that_goes_back_leaves_its_old_course() {
    let (dir, store) = store();
    save(&store, 10);
    save(&store, 20);
    damage(&store.path(20));
    assert_eq!(found(&store).number, 10);
    save(&store, 15);
    let found = found(&store);
    assert_eq!(found.number, 15);
    assert!(found.damaged.is_empty(), "the damaged one is no longer in the way");
    let expected = [
        "checkpoint-0000000010.deo",
        "checkpoint-0000000015.deo",
        "checkpoint-0000000020.deo.abandoned",
    ];
    assert_eq!(files(dir.path()), expected);
}

#[test]
fn a_directory_that_vanished_is_named_and_not_made() {
    let (dir, store) = store();
    save(&store, 1);
    fs::remove_dir_all(dir.path()).unwrap();
    assert!(store.latest::<Value>().unwrap().is_none());
    let error = store.save(2, b"x").unwrap_err();
    assert!(matches!(error, CheckpointError::Io { action: Action::Write, .. }));
    let text = message(&error);
    assert!(text.contains("cannot write") && text.contains("checkpoint-0000000002.deo"), "{text}");
    assert!(!dir.path().exists());
}

/// As a directory without permission: permissions don't bind root, a path below a file binds everybody.
#[test]
fn a_directory_that_cannot_be_one_is_an_error() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let store = Store::new(&file.path().join("run"), KIND);
    let error = store.save(1, b"x").unwrap_err();
    assert!(message(&error).contains("cannot write"));
    let error = store.latest::<Value>().unwrap_err();
    assert!(message(&error).contains("cannot read"), "{error}");
}

/// The save can't finish, as on a full disk; what there was stays.
#[test]
fn a_failed_save_leaves_what_there_was() {
    let (dir, store) = store();
    save(&store, 1);
    save(&store, 2);
    // A directory in the place of the temporary file can't be written, one of the name can't be replaced.
    for obstacle in ["checkpoint-0000000003.deo.partial", "checkpoint-0000000003.deo"] {
        let obstacle = dir.path().join(obstacle);
        fs::create_dir(&obstacle).unwrap();
        let error = store.save(3, &encode(KIND, &value(3)).unwrap()).unwrap_err();
        assert!(matches!(error, CheckpointError::Io { action: Action::Write, .. }));
        assert_eq!(found(&store).number, 2);
        fs::remove_dir(obstacle).unwrap();
        let left = ["checkpoint-0000000001.deo", "checkpoint-0000000002.deo"];
        assert_eq!(files(dir.path()), left, "nothing half");
    }
}

/// Opening a pipe would wait for a writer for ever.
#[cfg(unix)]
#[test]
fn what_is_not_a_file_is_not_opened() {
    let (_dir, store) = store();
    save(&store, 1);
    fs::create_dir(store.path(2)).unwrap();
    let made = std::process::Command::new("mkfifo").arg(store.path(3)).status();
    let pipe = made.is_ok_and(|status| status.success());
    std::os::unix::fs::symlink("nowhere", store.path(4)).unwrap();
    let found = found(&store);
    assert_eq!((found.number, found.damaged.len()), (1, 2 + usize::from(pipe)));
    for (_, error) in &found.damaged {
        assert!(message(error).contains("cannot read"), "{error}");
    }
}

#[test]
fn names_with_line_ends_keep_messages_on_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let strange = dir.path().join("a\nb");
    fs::create_dir(&strange).unwrap();
    let store = Store::new(&strange, KIND);
    fs::write(store.path(1), b"no checkpoint").unwrap();
    message(&store.latest::<Value>().unwrap_err());
}

/// A save may run on a thread of its own, and its error come back.
#[test]
fn saves_go_to_another_thread() {
    let (_dir, store) = store();
    let worker = store.clone();
    let bytes = encode(KIND, &value(4)).unwrap();
    let saved = std::thread::spawn(move || worker.save(4, &bytes)).join().unwrap();
    assert_eq!(saved.unwrap(), found(&store).path);
}
