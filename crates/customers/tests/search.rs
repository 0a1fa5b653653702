//! Finding customers as people look for them, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets an error has failed"
)]

mod page_support;

use std::time::{Duration, Instant};

use base::PageSize;
use customers::{MIGRATIONS, Record, app, store};
use page_support::{branch, user};
use platform::access::Role;
use platform::jobs::{Kinds, Runner, RunnerSettings};
use platform::testing::{TestDb, caller};
use platform::{Caller, Platform, Scope, args, test_on_both};

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
    page.items
        .into_iter()
        .map(|found| found.customer.external_id)
        .collect()
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
        pages.extend(page.items.into_iter().map(|found| found.customer.external_id));
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

/// What is found with the tag that says why.
async fn found_with_tags(
    p: &Platform,
    who: &Caller,
    search: &str,
    size: u32,
) -> Vec<(String, Option<String>)> {
    let size = PageSize::new(Some(size)).unwrap();
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = app::list(p, who, Some(search), size, cursor.as_deref())
            .await
            .unwrap();
        let rows = page.items.into_iter();
        all.extend(rows.map(|found| (found.customer.external_id, found.tag)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

async fn tag(p: &Platform, external_id: &str, tags: &[&str]) {
    let mut tx = p.db.write().await.unwrap();
    let ids = store::ids_by_external(&mut tx, &Scope::of_system(), &[external_id])
        .await
        .unwrap();
    for tag in tags {
        let (id, tag) = (ids[external_id].uuid(), *tag);
        tx.execute(
            "INSERT INTO customer_tags (customer_id, tag) VALUES ($1, $2)",
            args![id, tag],
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
}

test_on_both!(customers_are_found_by_their_tags_after_their_names, [MIGRATIONS]);
async fn customers_are_found_by_their_tags_after_their_names(t: &TestDb) {
    let p = &t.platform;
    let viewer = caller(Role::Viewer);
    let north = branch(p, "north").await;
    let mut records: Vec<Record> = [
        ("C1", "高尔夫俱乐部"),
        ("C2", "张三"),
        ("C3", "李四"),
        ("C4", "王五"),
        ("C5", "赵六"),
    ]
    .map(|(id, name)| named(id, name))
    .into();
    records[2].branch = Some(north);
    upsert(p, &records).await;
    tag(p, "C2", &["爱打高尔夫", "VIP"]).await;
    tag(p, "C3", &["高尔夫", "VIP"]).await;
    tag(p, "C4", &["高尔夫球", "vip2"]).await;
    tag(p, "C1", &["高尔夫"]).await;
    let because = |id: &str, tag: Option<&str>| (id.to_owned(), tag.map(str::to_owned));
    for size in [1, 20] {
        // Whose name it is comes first, and is found by the name; then the whole tag, its beginning, what has it inside.
        assert_eq!(
            found_with_tags(p, &viewer, "高尔夫", size).await,
            [
                because("C1", None),
                because("C3", Some("高尔夫")),
                because("C4", Some("高尔夫球")),
                because("C2", Some("爱打高尔夫")),
            ]
        );
        let mut vip = found_with_tags(p, &viewer, "vip", size).await;
        vip[..2].sort();
        assert_eq!(
            vip,
            [
                because("C2", Some("VIP")),
                because("C3", Some("VIP")),
                because("C4", Some("vip2")),
            ]
        );
    }
    assert!(found_with_tags(p, &viewer, "%", 20).await.is_empty());

    // Who sees a branch finds nobody else, however many of the others have the tag.
    let many: Vec<_> = (0..6_000).map(|n| named(&format!("M{n:04}"), "群众")).collect();
    upsert(p, &many).await;
    let mut tx = p.db.write().await.unwrap();
    tx.execute(
        "INSERT INTO customer_tags (customer_id, tag) SELECT id, 'A crowd' FROM customers \
         WHERE external_id LIKE 'M%'",
        [],
    )
    .await
    .unwrap();
    tx.execute(
        "UPDATE customers SET branch_id = $1 WHERE external_id = 'M5999'",
        args![north.uuid()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let of_north = user(p, "north", &["customers.read"], Some(north)).await;
    assert_eq!(
        found_with_tags(p, &of_north, "高尔夫", 20).await,
        [because("C3", Some("高尔夫"))]
    );
    assert_eq!(
        found_with_tags(p, &of_north, "crowd", 20).await,
        [because("M5999", Some("A crowd"))]
    );
    assert!(found_with_tags(p, &of_north, "vip2", 20).await.is_empty());
    assert_eq!(found_with_tags(p, &viewer, "crowd", 200).await.len(), 1_000);

    // What a tag begins with finds it among any number of others.
    let mut tx = p.db.write().await.unwrap();
    for n in 0..600 {
        tx.execute(
            "INSERT INTO customer_tags (customer_id, tag) SELECT id, $1 FROM customers WHERE external_id = 'C5'",
            args![format!("0 tag {n}")],
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let golf = found_with_tags(p, &viewer, "高尔夫", 20).await;
    assert_eq!(golf[..2], [because("C1", None), because("C3", Some("高尔夫"))]);
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
        // One tag of many, one of some, one of few, and a thousand that nobody looks for.
        let mut tx = p.db.write().await.unwrap();
        for (nth, tag) in [(3, "VIP"), (100, "plays golf"), (20_000, "of a few")] {
            tx.execute(
                "INSERT INTO customer_tags (customer_id, tag) SELECT id, $1 FROM customers \
                 WHERE CAST(substr(external_id, 2) AS INTEGER) % $2 = 0",
                args![tag, nth],
            )
            .await
            .unwrap();
        }
        for n in 0..1_000 {
            tx.execute(
                "INSERT INTO customer_tags (customer_id, tag) SELECT id, $1 FROM customers WHERE external_id = 'C7'",
                args![format!("other {n}")],
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
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
            ("tag", ["VIP", "golf", "of a few"]),
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
