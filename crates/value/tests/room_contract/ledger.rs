//! The ledger on both databases: append-only, each line once, read in pages, numbered without gaps that
//! fill later.

use std::time::Duration;

use crate::support::{ROOMS, all_lines, append, customers_named, line};
use base::PageSize;
use futures::TryStreamExt as _;
use platform::access::Role;
use platform::db::Dialect;
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use value::app::{ValueRoom, ledger as reading};
use value::columns;
use value::model::Line;
use value::store::ledger;

test_on_both!(a_line_is_recorded_once_and_never_changed, ROOMS);
async fn a_line_is_recorded_once_and_never_changed(t: &TestDb) {
    let [anna, bo] = customers_named(t, ["anna", "bo"]).await;
    let full = Line {
        cost_minor: Some(-5),
        kind: "bill".to_owned(),
        product: Some("套餐\t\"A\"\\".to_owned()),
        channel: Some("营业厅\nBeijing".to_owned()),
        reverses: Some("1".to_owned()),
        ..line(bo, "2", "2025-03-01T00:00:00.000001Z", -1_234)
    };
    let lines = [line(anna, "1", "2025-02-28T23:59:59Z", 100), full];
    assert_eq!(append(t, &lines).await, 2);
    let recorded = all_lines(t).await;
    assert_eq!(
        recorded.iter().map(|row| row.line.clone()).collect::<Vec<_>>(),
        lines
    );

    // The same again, with other content, and twice in one call: what is there stays as it is.
    let third = line(anna, "3", "2025-03-02T00:00:00Z", 7);
    let again = [
        line(bo, "1", "2026-01-01T00:00:00Z", 999),
        third.clone(),
        third.clone(),
    ];
    assert_eq!(append(t, &again).await, 1);
    let now = all_lines(t).await;
    assert_eq!((&now[..2], &now[2].line), (&recorded[..], &third));

    // An id is one of its source only.
    let elsewhere = Line {
        source: "billing".to_owned(),
        ..lines[0].clone()
    };
    assert_eq!(append(t, &[elsewhere]).await, 1);
    let before = all_lines(t).await;

    for sql in [
        "UPDATE transactions SET amount_minor = 0 WHERE seq = 1",
        "UPDATE transactions SET customer_id = customer_id",
        "DELETE FROM transactions WHERE seq = 1",
        "DELETE FROM transactions",
    ] {
        let mut tx = t.platform.db.write().await.unwrap();
        let refused = tx.execute(sql, []).await.unwrap_err();
        assert!(
            format!("{refused:?}").contains("append-only"),
            "{sql}: {refused:?}"
        );
        drop(tx);
    }
    if t.platform.db.dialect() == Dialect::Postgres {
        for sql in ["TRUNCATE transactions", "TRUNCATE customers CASCADE"] {
            let mut tx = t.platform.db.write().await.unwrap();
            let refused = tx.execute(sql, []).await.unwrap_err();
            assert!(format!("{refused:?}").contains("append-only"), "{sql}: {refused:?}");
        }
    }
    let mut tx = t.platform.db.write().await.unwrap();
    let nobody = line(uuid::Uuid::nil(), "9", "2025-01-01T00:00:00Z", 1);
    ledger::append(&mut tx, &[nobody], t.platform.clock.now())
        .await
        .unwrap_err();
    drop(tx);
    assert_eq!(all_lines(t).await, before);
}

test_on_both!(lines_are_read_in_order_and_in_pages, ROOMS);
async fn lines_are_read_in_order_and_in_pages(t: &TestDb) {
    let [anna, bo, nobody] = customers_named(t, ["anna", "bo", "nobody"]).await;
    // Out of order, and several at the same moment.
    let lines: Vec<Line> = (0..23)
        .map(|n| {
            let at = format!("2025-01-{:02}T00:00:00Z", 1 + (n * 7) % 5);
            line(if n % 4 == 3 { bo } else { anna }, &n.to_string(), &at, n)
        })
        .collect();
    append(t, &lines).await;
    let all = all_lines(t).await;
    assert!(all.is_sorted_by_key(|row| row.seq));

    let mut tx = t.platform.db.read().await.unwrap();
    let (after, until) = (all[4].seq, all[15].seq);
    for (limit, expected) in [(100, &all[5..=15]), (3, &all[5..8])] {
        let read: Vec<_> = ledger::lines_between(&mut tx, after, until, limit)
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(read, expected);
    }
    drop(tx);

    let room = ValueRoom::new(t.platform.clone());
    let viewer = caller(Role::Viewer);
    let mut expected: Vec<_> = all
        .iter()
        .filter(|row| row.line.customer == anna)
        .cloned()
        .collect();
    expected.sort_by_key(|row| std::cmp::Reverse((row.line.at, row.seq)));
    for size in 1..=19 {
        let size = PageSize::new(Some(size)).unwrap();
        let (mut read, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let (page, currency) = reading::of_customer(&room, &viewer, anna, size, cursor.as_deref())
                .await
                .unwrap();
            assert_eq!(currency, base::Currency::CNY);
            assert!(page.items.len() <= size.rows() as usize);
            read.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(read, expected, "{size:?}");
    }
    let (page, _) = reading::of_customer(&room, &viewer, nobody, PageSize::new(None).unwrap(), None)
        .await
        .unwrap();
    assert!(page.items.is_empty() && page.next_cursor.is_none());
    let malformed =
        reading::of_customer(&room, &viewer, anna, PageSize::new(None).unwrap(), Some("🙂")).await;
    assert!(matches!(malformed, Err(base::Error::Invalid { .. })));
}

test_on_both!(the_ledgers_size_is_its_lines, ROOMS);
async fn the_ledgers_size_is_its_lines(t: &TestDb) {
    let size = async || {
        ledger::size(&mut t.platform.db.read().await.unwrap())
            .await
            .unwrap()
    };
    let [anna] = customers_named(t, ["anna"]).await;
    assert_eq!(size().await, 0);
    let lines: Vec<Line> = (0..5)
        .map(|n| line(anna, &n.to_string(), "2025-01-01T00:00:00Z", 1))
        .collect();
    append(t, &lines[..3]).await;
    // Lines that are there already take numbers on PostgreSQL and are no lines.
    append(t, &lines).await;
    assert_eq!(size().await, 5);
    columns::bring_up_to_date(&t.platform.db, &t.folder().join("ledger"), |_, _| Ok(()))
        .await
        .unwrap();
    assert_eq!(size().await, 5);
    append(t, &[line(anna, "5", "2025-01-01T00:00:00Z", 1)]).await;
    assert_eq!(size().await, 6);
}

test_on_both!(the_ledgers_span_is_looked_up, ROOMS);
async fn the_ledgers_span_is_looked_up(t: &TestDb) {
    let [anna] = customers_named(t, ["anna"]).await;
    let mut tx = t.platform.db.read().await.unwrap();
    assert_eq!(ledger::span(&mut tx).await.unwrap(), None);
    drop(tx);
    let lines: Vec<Line> = (0..2_000)
        .map(|n| {
            let at = format!("2025-{:02}-{:02}T00:00:00Z", 1 + n * 7 % 12, 1 + n * 5 % 28);
            line(anna, &n.to_string(), &at, 1)
        })
        .collect();
    append(t, &lines).await;
    let mut tx = t.platform.db.write().await.unwrap();
    let (first, last) = ledger::span(&mut tx).await.unwrap().unwrap();
    assert_eq!(Some(first), lines.iter().map(|line| line.at).min());
    assert_eq!(Some(last), lines.iter().map(|line| line.at).max());
    // No row of the table is read for it.
    let question = "SELECT (SELECT min(at) FROM transactions), (SELECT max(at) FROM transactions)";
    let plan: Vec<String> = if t.platform.db.dialect() == Dialect::Postgres {
        tx.execute("ANALYZE transactions", []).await.unwrap();
        let rows: Vec<(String,)> = tx
            .all(sqlx::AssertSqlSafe(format!("EXPLAIN {question}")), [])
            .await
            .unwrap();
        rows.into_iter().map(|row| row.0).collect()
    } else {
        let rows: Vec<(i64, i64, i64, String)> = tx
            .all(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}")), [])
            .await
            .unwrap();
        rows.into_iter().map(|row| row.3).collect()
    };
    let plan = plan.join("\n");
    assert_eq!(plan.matches("transactions_in_time").count(), 2, "{plan}");
    assert!(!plan.contains("Seq Scan") && !plan.contains("SCAN transactions"), "{plan}");
}

test_on_both!(no_line_appears_below_a_watermark, ROOMS);
async fn no_line_appears_below_a_watermark(t: &TestDb) {
    let p = &t.platform;
    let [anna] = customers_named(t, ["anna"]).await;
    append(t, &[line(anna, "first", "2025-01-01T00:00:00Z", 1)]).await;

    // Someone has a number and has not committed yet.
    let mut slow = p.db.write().await.unwrap();
    let late = line(anna, "late", "2025-01-02T00:00:00Z", 10);
    ledger::append(&mut slow, &[late], p.clock.now()).await.unwrap();
    if p.db.dialect() == Dialect::Postgres {
        // Someone else got a larger number and was quicker.
        append(t, &[line(anna, "quick", "2025-01-03T00:00:00Z", 100)]).await;
    }
    let copying = {
        let (db, folder) = (p.db.clone(), t.folder().join("ledger"));
        tokio::spawn(async move { columns::bring_up_to_date(&db, &folder, |_, _| Ok(())).await })
    };
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(
        !copying.is_finished(),
        "the copy did not wait for the line that is being written"
    );
    slow.commit().await.unwrap();
    let copy = copying.await.unwrap().unwrap();
    let all = all_lines(t).await;
    assert_eq!(copy.watermark, all.last().unwrap().seq);
    assert_eq!(
        (copy.rows, copy.amount_minor),
        (
            all.len() as u64,
            all.iter().map(|row| row.line.amount_minor).sum()
        )
    );

    // A number that was given up leaves a gap and nothing else.
    let mut given_up = p.db.write().await.unwrap();
    let never = line(anna, "never", "2025-01-02T00:00:00Z", 10);
    ledger::append(&mut given_up, &[never], p.clock.now())
        .await
        .unwrap();
    given_up.rollback().await.unwrap();
    append(t, &[line(anna, "last", "2025-01-04T00:00:00Z", 1_000)]).await;
    let copy = columns::bring_up_to_date(&p.db, &t.folder().join("ledger"), |_, _| Ok(()))
        .await
        .unwrap();
    assert_eq!(copy.rows, all.len() as u64 + 1);
}
