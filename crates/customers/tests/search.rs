//! Finding customers as people look for them, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets an error has failed"
)]

use std::time::{Duration, Instant};

use base::PageSize;
use customers::{MIGRATIONS, Record, app, store};
use platform::access::Role;
use platform::jobs::{Kinds, Runner, RunnerSettings};
use platform::testing::{TestDb, caller};
use platform::{Platform, test_on_both};

fn named(external_id: &str, name: &str) -> Record {
    Record {
        external_id: external_id.to_owned(),
        name: Some(name.to_owned()),
        ..Record::default()
    }
}

async fn upsert(p: &Platform, records: &[Record]) {
    let mut tx = p.db.write().await.unwrap();
    store::upsert_many(&mut tx, &p.clock, &p.keys, records)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn found(p: &Platform, search: &str) -> Vec<String> {
    let size = PageSize::new(Some(20)).unwrap();
    let page = app::list(p, &caller(Role::Viewer), Some(search), size, None)
        .await
        .unwrap();
    page.items.into_iter().map(|row| row.external_id).collect()
}

test_on_both!(customers_are_found_as_chinese_users_type, [MIGRATIONS]);
async fn customers_are_found_as_chinese_users_type(t: &TestDb) {
    let p = &t.platform;
    let mut records: Vec<Record> = [
        ("C1", "张三"),
        ("C2", "张三丰"),
        ("C3", "李张三"),
        ("C4", "单雄信"),
        ("C5", "曾国藩"),
        ("C6", "Anna Smith"),
        ("O1", "华东物流有限公司"),
        ("O2", "上海东方物流"),
        ("张三", "赵敏"),
    ]
    .map(|(id, name)| named(id, name))
    .into();
    records[3].phone = Some("+8613912345678".to_owned());
    records[4].phone = Some("+8613800005678".to_owned());
    records[4].email = Some("zeng@example.com".to_owned());
    upsert(p, &records).await;
    for (search, expected) in [
        // The whole name, then what begins with it, then an id, then what has it inside.
        ("张三", &["C1", "C2", "张三", "C3"][..]),
        ("三", &["C1", "C3", "C2"]),
        ("丰", &["C2"]),
        ("zhangsan", &["C1", "C2"]),
        ("zhang san", &["C1", "C2"]),
        ("ZhangSanF", &["C2"]),
        ("zs", &["C1", "C2"]),
        ("zsf", &["C2"]),
        ("shanxiongxin", &["C4"]),
        ("danxiongxin", &[]),
        ("zengguo", &["C5"]),
        ("sxx", &["C4"]),
        ("anna", &["C6"]),
        ("smith", &["C6"]),
        ("as", &["C6"]),
        ("物流", &["O2", "O1"]),
        ("东方", &["O2"]),
        ("hdwl", &["O1"]),
        ("5678", &["C5", "C4"]),
        ("345678", &["C4"]),
        ("139 1234 5678", &["C4"]),
        ("zeng@example.com", &["C5"]),
        ("O", &["O1", "O2"]),
        ("9999", &[]),
        ("%", &[]),
        ("'; DROP TABLE customers; --", &[]),
    ] {
        let mut got = found(p, search).await;
        if matches!(search, "5678" | "三" | "物流") {
            let mut expected: Vec<_> = expected.to_vec();
            expected.sort_unstable();
            got.sort_unstable();
            assert_eq!(got, expected, "{search}");
        } else {
            assert_eq!(got, expected, "{search}");
        }
    }
    // Page by page it is the same, each customer once.
    let size = PageSize::new(Some(1)).unwrap();
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = app::list(p, &caller(Role::Viewer), Some("张三"), size, cursor.as_deref())
            .await
            .unwrap();
        pages.extend(page.items.into_iter().map(|row| row.external_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, ["C1", "C2", "张三", "C3"]);

    upsert(
        p,
        &[named("C1", "王五"), named("C1", "张三"), named("C1", "赵六")],
    )
    .await;
    assert_eq!(found(p, "zl").await, ["C1"]);
    assert_eq!(found(p, "zhangsan").await, ["C2"]);
    assert_eq!(found(p, "wangwu").await, [] as [&str; 0]);
}

test_on_both!(names_from_before_the_search_get_their_keys, [MIGRATIONS]);
async fn names_from_before_the_search_get_their_keys(t: &TestDb) {
    let p = &t.platform;
    let records: Vec<_> = (0..1_100).map(|n| named(&format!("C{n}"), "欧阳修")).collect();
    upsert(p, &records).await;
    let mut tx = p.db.write().await.unwrap();
    tx.execute("DELETE FROM search_keys", []).await.unwrap();
    tx.execute("INSERT INTO search_backlog (after_external_id) VALUES ('')", [])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(found(p, "ouyang").await.len(), 0);
    upsert(p, &[named("C7", "欧阳锋")]).await;
    app::catch_up(p).await.unwrap();
    app::catch_up(p).await.unwrap();
    let settings = RunnerSettings {
        poll: Duration::from_millis(50),
        ..RunnerSettings::default()
    };
    let runner = Runner::start(p.clone(), customers::jobs(Kinds::new()), settings)
        .await
        .unwrap();
    let begun = Instant::now();
    while found(p, "ouyangxiu").await.len() < 20 || found(p, "oyf").await != ["C7"] {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    runner.shutdown(Duration::from_secs(5)).await;
}

/// How fast: `cargo test --release -p customers --test search -- --ignored --nocapture search_latency`.
mod search_latency {
    use super::*;

    const SURNAMES: [&str; 20] = [
        "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
        "单", "曾", "欧阳",
    ];
    const GIVEN: [&str; 40] = [
        "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
        "秀", "霞", "平", "刚", "桂", "英", "华", "玉", "兰", "文", "辉", "力", "建", "国", "庆", "雪", "梅",
        "宇", "浩", "然", "子", "轩", "乐",
    ];

    fn name(n: usize) -> String {
        let mixed = n.wrapping_mul(2_654_435_761) >> 7;
        let (a, b, c) = (mixed % 20, mixed / 20 % 40, mixed / 800 % 40);
        match n % 20 {
            0 => format!(
                "{}{}{}科技有限公司",
                ["上海", "北京", "华东"][n % 3],
                GIVEN[b],
                GIVEN[c]
            ),
            1..5 => format!("{}{}", SURNAMES[a], GIVEN[b]),
            _ => format!("{}{}{}", SURNAMES[a], GIVEN[b], GIVEN[c]),
        }
    }

    async fn measure(t: TestDb) {
        let p = &t.platform;
        let customers: usize = std::env::var("CUSTOMERS").map_or(200_000, |n| n.parse().unwrap());
        let begun = Instant::now();
        for from in (0..customers).step_by(5_000) {
            let records: Vec<_> = (from..(from + 5_000).min(customers))
                .map(|n| Record {
                    phone: Some(format!("+86139{:08}", n * 97 % 100_000_000)),
                    ..named(&format!("C{n}"), &name(n))
                })
                .collect();
            upsert(p, &records).await;
        }
        println!(
            "{customers} customers stored in {:.1} s",
            begun.elapsed().as_secs_f64()
        );
        for (what, searches) in [
            ("whole name", ["王伟", "李芳娜", "单强军"]),
            ("one character", ["王", "伟", "华"]),
            ("fragment", ["伟芳", "科技", "有限"]),
            ("pinyin", ["wangwei", "lifang", "zhang"]),
            ("initials", ["ww", "lfn", "shkj"]),
            ("one letter", ["w", "z", "s"]),
            ("phone end", ["0097", "00097", "9700"]),
            ("whole phone", ["13900000097", "13900009700", "13900019400"]),
            ("external id", ["C1999", "C77", "C123456"]),
            ("nothing", ["qqqq", "魑魅", "x-y-z"]),
        ] {
            let mut times: Vec<Duration> = Vec::new();
            for round in 0..100 {
                let begun = Instant::now();
                found(p, searches[round % 3]).await;
                times.push(begun.elapsed());
            }
            times.sort_unstable();
            println!("{what:>14}: p50 {:?}, p99 {:?}", times[50], times[98]);
        }
        t.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "a measurement"]
    async fn sqlite() {
        measure(TestDb::sqlite(&[MIGRATIONS]).await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "a measurement"]
    async fn postgres() {
        measure(TestDb::postgres(&[MIGRATIONS]).await).await;
    }
}
