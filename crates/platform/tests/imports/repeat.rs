//! Repeating changes nothing, and what is refused changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use platform::test_on_both;
use platform::testing::TestDb;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};

use crate::kind::{LINES, stored};
use crate::{file_of, finished, import_all, options, report, runner, start, upload};

test_on_both!(the_same_file_twice_is_the_file_once, [LINES]);
async fn the_same_file_twice_is_the_file_once(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let file = file_of(5_000);
    assert_eq!(
        import_all(t, &file).await.created,
        5_000,
        "rows that look alike all count"
    );
    let once = stored(p).await;
    let again = import_all(t, &file).await;
    assert_eq!((again.created, again.unchanged), (0, 5_000));
    let more = import_all(t, &file_of(6_001)).await;
    assert_eq!((more.created, more.unchanged), (1_001, 5_000));
    let after = stored(p).await;
    assert_eq!(after.len(), 6_001);
    assert!(once.iter().all(|line| after.binary_search(line).is_ok()));
    runner.shutdown(Duration::from_secs(5)).await;
}

/// Rows with few different contents, some with ids, some broken.
fn rows() -> impl proptest::strategy::Strategy<Value = Vec<(String, bool)>> {
    let good = ("[AB]", 1..4_i64, proptest::option::of("[xyz][0-9]")).prop_map(|(who, amount, id)| {
        (
            format!("{who},2026-10-31,{amount},{}", id.unwrap_or_default()),
            true,
        )
    });
    let bad = proptest::sample::select(vec![
        "A,never,1,",
        ",2026-10-31,1,x9",
        "A,2026-10-31,much,",
        "A,2026-10-31",
    ])
    .prop_map(|row| (row.to_owned(), false));
    proptest::collection::vec(proptest::prop_oneof![4 => good, 1 => bad], 1..40)
}

test_on_both!(whatever_the_file_its_good_rows_are_stored_once, [LINES]);
async fn whatever_the_file_its_good_rows_are_stored_once(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let mut draw = TestRunner::new(Config::default());
    for round in 0..12 {
        let rows = rows().new_tree(&mut draw).unwrap().current();
        let file = rows
            .iter()
            .fold("who,at,amount,external_id\n".to_owned(), |file, (row, _)| {
                file + row + "\n"
            });
        let good = rows.iter().filter(|(_, good)| *good).count() as u64;
        let before = stored(p).await;
        let import = upload(t, file.as_bytes()).await.unwrap();
        let mut wish = options(&import);
        wish.source = format!("round {round}");

        // With the limit at nothing, one bad row keeps every row out.
        wish.reject_limit_percent = Some(0.0);
        if good < rows.len() as u64 {
            let job = start(p, &import, wish.clone()).await.unwrap();
            assert_eq!(
                finished(p, job.id).await.error.unwrap().code,
                "too_many_rejects",
                "{file}"
            );
            assert_eq!(stored(p).await, before, "{file}");
        }
        if good == 0 {
            continue;
        }
        wish.reject_limit_percent = Some(100.0);
        let job = start(p, &import, wish.clone()).await.unwrap();
        let first = report(&finished(p, job.id).await);
        assert_eq!(first.rejected, rows.len() as u64 - good, "{file}");
        assert_eq!(first.created + first.unchanged, good, "{file}");
        let after = stored(p).await;
        assert_eq!(after.len() as u64, before.len() as u64 + first.created, "{file}");
        let mut ids = BTreeMap::new();
        for line in &after {
            *ids.entry(&line.external_id).or_insert(0) += 1;
        }
        assert!(ids.values().all(|n| *n == 1), "{file}");

        let import = upload(t, file.as_bytes()).await.unwrap();
        let job = start(p, &import, wish).await.unwrap();
        let second = report(&finished(p, job.id).await);
        assert_eq!((second.created, second.unchanged), (0, good), "{file}");
        assert_eq!(stored(p).await, after, "{file}");
    }
    runner.shutdown(Duration::from_secs(5)).await;
}
