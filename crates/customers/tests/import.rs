//! Customers imported from files, through the use cases, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets an error has failed"
)]

use std::time::{Duration, Instant};

use base::PageSize;
use customers::{CustomerKind, CustomersImport, MIGRATIONS, Record, store};
use platform::access::Role;
use platform::http::StoredFile;
use platform::imports::{ImportOptions, ImportReport, ImportStart, Imports, app};
use platform::jobs::{Job, JobState, Kinds, Runner, RunnerSettings};
use platform::testing::{TestDb, caller};
use platform::{Caller, Scope, events, test_on_both};

fn imports() -> Imports {
    Imports::new().with(CustomersImport)
}

async fn runner(t: &TestDb) -> Runner {
    let settings = RunnerSettings {
        poll: Duration::from_millis(50),
        ..RunnerSettings::default()
    };
    Runner::start(t.platform.clone(), imports().jobs(Kinds::new()), settings)
        .await
        .unwrap()
}

async fn finished(t: &TestDb, job: Job) -> ImportReport {
    let begun = Instant::now();
    loop {
        let now = t
            .platform
            .jobs
            .get(&t.platform.db, &caller(Role::Viewer), job.id)
            .await
            .unwrap();
        if now.state == JobState::Succeeded {
            let id = now.subject.unwrap().id.into();
            let import = app::get(&t.platform, &imports(), &caller(Role::Analyst), id)
                .await
                .unwrap();
            return import.report.unwrap();
        }
        assert!(
            !now.state.is_finished() && begun.elapsed() < Duration::from_secs(300),
            "{now:#?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Dry run, then import: their reports, which must foresee each other.
async fn import(t: &TestDb, content: &str) -> ImportReport {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let path = t.folder().join("customers.csv");
    std::fs::write(&path, content).unwrap();
    let file = StoredFile::copy_of(p, &path).await.unwrap();
    let import = app::add(p, &imports(), &analyst, "customers", file)
        .await
        .unwrap();
    let options = ImportOptions {
        mapping: import.suggested_mapping.clone(),
        source: "crm".to_owned(),
        currency: None,
        zone: None,
        reject_limit_percent: Some(50.0),
    };
    let job = app::start_dry_run(p, &imports(), &analyst, import.id, options.clone())
        .await
        .unwrap();
    let foreseen = finished(t, job).await;
    let job = app::start(p, &imports(), &analyst, import.id, ImportStart::default())
        .await
        .unwrap();
    let done = finished(t, job).await;
    assert_eq!(
        ImportReport {
            dry_run: false,
            ..foreseen
        },
        done
    );
    let mut tx = p.db.read().await.unwrap();
    let kinds: Vec<_> = events::of_subject(&mut tx, "import", import.id.uuid(), 10)
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    let batch: &[&str] = if done.created + done.updated + done.new_customers > 0 {
        &["import.rows_stored", "customer.imported"]
    } else {
        &["import.rows_stored"]
    };
    let expected = [
        &["import.finished"][..],
        batch,
        &["import.started", "import.uploaded"][..],
    ]
    .concat();
    assert_eq!(kinds, expected, "one event each and for a batch, none per row");
    done
}

const HEADER: &str = "客户编号,姓名,客户类型,品牌,归属地,手机号,入网日期,所属单位,推荐人\n";

/// What a customer's timeline tells, oldest first, page by page.
async fn told(t: &TestDb, who: &Caller, external_id: &str) -> Vec<(String, serde_json::Value)> {
    let mut tx = t.platform.db.read().await.unwrap();
    let ids = store::ids_by_external(&mut tx, &Scope::of_system(), &[external_id])
        .await
        .unwrap();
    drop(tx);
    let (id, size) = (ids[external_id], PageSize::new(Some(1)).unwrap());
    let (mut told, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = customers::app::timeline(&t.platform, who, id, None, size, cursor.as_deref())
            .await
            .unwrap();
        told.extend(page.items.into_iter().map(|event| (event.kind, event.payload)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            told.reverse();
            return told;
        }
    }
}

test_on_both!(
    a_timeline_begins_with_the_import_that_made_the_customer,
    [MIGRATIONS]
);
async fn a_timeline_begins_with_the_import_that_made_the_customer(t: &TestDb) {
    let runner = runner(t).await;
    let viewer = caller(Role::Viewer);
    import(t, "客户编号,姓名,所属单位\nC1,张伟,O1\n").await;
    import(t, "客户编号,姓名,所属单位\nC1,张炜,\nC2,李娜,\n").await;
    let imported = (
        "customer.imported".to_owned(),
        serde_json::json!({ "source": "crm" }),
    );
    // The batch that changed C1 made C2; O1 was made because C1 named it.
    for id in ["C1", "C2", "O1"] {
        assert_eq!(told(t, &viewer, id).await, [imported.clone()], "{id}");
    }
    let mut tx = t.platform.db.read().await.unwrap();
    let filter = events::EventFilter {
        kind: Some("customer.imported".to_owned()),
        ..events::EventFilter::default()
    };
    let recorded = events::page(&mut tx, &filter, PageSize::new(None).unwrap(), None)
        .await
        .unwrap();
    drop(tx);
    let counts: Vec<_> = recorded.items.iter().map(|event| event.payload.clone()).collect();
    assert_eq!(
        counts,
        [
            serde_json::json!({ "source": "crm", "created": 1, "updated": 1 }),
            serde_json::json!({ "source": "crm", "created": 2, "updated": 0 }),
        ]
    );

    // What happens later comes after it, and who was made by hand was not imported.
    let analyst = caller(Role::Analyst);
    let mut tx = t.platform.db.read().await.unwrap();
    let ids = store::ids_by_external(&mut tx, &Scope::of_system(), &["C2"])
        .await
        .unwrap();
    drop(tx);
    let tags = customers::TagChange {
        add: vec!["VIP".to_owned()],
        remove: Vec::new(),
    };
    customers::app::record::change_tags(&t.platform, &analyst, ids["C2"], tags)
        .await
        .unwrap();
    let kinds: Vec<_> = told(t, &viewer, "C2")
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, ["customer.imported", "customer.tagged"]);
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(a_chinese_customer_file_is_imported_and_enriched, [MIGRATIONS]);
async fn a_chinese_customer_file_is_imported_and_enriched(t: &TestDb) {
    let runner = runner(t).await;
    let file = format!(
        "{HEADER}\
         C1,张伟,个人,和悦,北京,13900000001,2019/3/1,O1,\n\
         C2,李娜,,和悦,上海,13900000002,20200229,O1,C1\n\
         O1,华东物流有限公司,集团客户,,上海,,2018年5月6日,,\n\
         C3,王芳,机器人,,,,,,\n\
         C4,赵敏,,,,,,,C4\n\
         ,无名,,,,,,,\n"
    );
    let done = import(t, &file).await;
    assert_eq!((done.rows, done.rejected), (6, 3));
    // The organisation's row comes after its members, who made it as a stranger in the same batch.
    assert_eq!((done.created, done.updated, done.new_customers), (3, 0, 0));
    let codes: Vec<_> = done
        .rejects
        .iter()
        .map(|r| (r.line, r.column.as_deref().unwrap(), r.code.as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            (5, "客户类型", "choice_unknown"),
            (6, "推荐人", "refers_to_itself"),
            (7, "客户编号", "value_missing")
        ]
    );
    assert_eq!((done.amount, done.first_at), (None, None));

    let again = import(t, &file).await;
    assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 3));
    let more = import(t, "客户编号,品牌\nC1,\nC2,全球行\nC2,全球行\n").await;
    assert_eq!((more.created, more.updated, more.unchanged), (0, 1, 2));
    assert_eq!(more.warnings[0].code, "rows_repeated");

    let viewer = caller(Role::Viewer);
    let all = customers::app::list(&t.platform, &viewer, None, PageSize::new(None).unwrap(), None)
        .await
        .unwrap();
    let rows: Vec<_> = all
        .items
        .iter()
        .map(|found| &found.customer)
        .map(|c| (c.external_id.as_str(), c.name.as_str(), c.brand.as_deref()))
        .collect();
    assert_eq!(
        rows,
        [
            ("C1", "张伟", Some("和悦")),
            ("C2", "李娜", Some("全球行")),
            ("O1", "华东物流有限公司", None)
        ]
    );
    let firm = customers::app::get(&t.platform, &viewer, all.items[2].customer.id)
        .await
        .unwrap();
    assert_eq!(
        (firm.row.kind, firm.members.len()),
        (CustomerKind::Organisation, 2)
    );
    let c2 = customers::app::get(&t.platform, &viewer, all.items[1].customer.id)
        .await
        .unwrap();
    assert_eq!(c2.referred_by.unwrap().name, "张伟");
    assert_eq!(c2.row.since.unwrap().to_string(), "2020-02-29");
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(two_files_that_name_the_same_customers_at_once, [MIGRATIONS]);
async fn two_files_that_name_the_same_customers_at_once(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(t).await;
    let analyst = caller(Role::Analyst);
    let (mut checked_imports, mut jobs) = (Vec::new(), Vec::new());
    for (column, backwards) in [("品牌", false), ("归属地", true)] {
        let mut lines: Vec<String> = (0..8_000).map(|n| format!("C{n},{column} {}\n", n % 7)).collect();
        if backwards {
            lines.reverse();
        }
        let path = t.folder().join("customers.csv");
        std::fs::write(&path, format!("客户编号,{column}\n{}", lines.concat())).unwrap();
        let file = StoredFile::copy_of(p, &path).await.unwrap();
        let import = app::add(p, &imports(), &analyst, "customers", file)
            .await
            .unwrap();
        let options = ImportOptions {
            mapping: import.suggested_mapping.clone(),
            source: column.to_owned(),
            currency: None,
            zone: None,
            reject_limit_percent: None,
        };
        let checked = app::start_dry_run(p, &imports(), &analyst, import.id, options)
            .await
            .unwrap();
        finished(t, checked).await;
        checked_imports.push(import.id);
    }
    for id in checked_imports {
        let job = app::start(p, &imports(), &analyst, id, ImportStart::default()).await;
        jobs.push(job.unwrap());
    }
    for job in jobs {
        let done = finished(t, job).await;
        assert_eq!((done.rows, done.rejected), (8_000, 0));
    }
    let mut tx = p.db.read().await.unwrap();
    assert_eq!(store::count(&mut tx, &Scope::of_system()).await.unwrap(), 8_000);
    let (whole,): (i64,) = tx
        .one(
            "SELECT count(*) FROM customers WHERE brand IS NOT NULL AND region IS NOT NULL",
            [],
        )
        .await
        .unwrap();
    assert_eq!(whole, 8_000);
    drop(tx);
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(
    two_imports_that_make_the_same_customers_at_once_agree,
    [MIGRATIONS]
);
async fn two_imports_that_make_the_same_customers_at_once_agree(t: &TestDb) {
    let p = &t.platform;
    // Each is named by others of the file and has a row of its own.
    let records = |brand: Option<&str>, kind: Option<CustomerKind>| {
        let member = |external_id: &str| Record {
            organisation: Some("O1".to_owned()),
            referred_by: Some("C1".to_owned()),
            brand: brand.map(str::to_owned),
            external_id: external_id.to_owned(),
            ..Record::default()
        };
        let own = |external_id: &str, kind| Record {
            kind,
            external_id: external_id.to_owned(),
            ..Record::default()
        };
        vec![own("C1", None), member("C2"), member("C3"), own("O1", kind)]
    };
    let mut first = p.db.write().await.unwrap();
    let made = store::upsert_many(
        &mut first,
        &p.clock,
        &p.keys,
        &records(None, Some(CustomerKind::Organisation)),
    )
    .await
    .unwrap();
    assert_eq!((made.created, made.new_others), (4, 0));
    let second = tokio::spawn({
        let p = p.clone();
        let records = records(Some("和悦"), None);
        async move {
            let mut tx = p.db.write().await?;
            let done = store::upsert_many(&mut tx, &p.clock, &p.keys, &records).await?;
            tx.commit().await?;
            Ok::<_, base::Error>(done)
        }
    });
    // On PostgreSQL it waits at the first row that is being made, on SQLite for the writer.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!second.is_finished());
    first.commit().await.unwrap();
    let done = second.await.unwrap().unwrap();
    assert_eq!((done.created, done.updated, done.unchanged), (0, 2, 2));
    assert_eq!(done.ids, made.ids);

    let mut tx = p.db.read().await.unwrap();
    let rows: Vec<Whose> = tx
        .all(
            "SELECT external_id, kind, brand, organisation_id, referred_by FROM customers ORDER BY external_id",
            [],
        )
        .await
        .unwrap();
    let whose = |external_id: &str, kind: &str, is_member: bool| Whose {
        external_id: external_id.to_owned(),
        kind: kind.to_owned(),
        brand: is_member.then(|| "和悦".to_owned()),
        organisation_id: is_member.then(|| made.ids["O1"].uuid()),
        referred_by: is_member.then(|| made.ids["C1"].uuid()),
    };
    assert_eq!(
        rows,
        [
            whose("C1", "person", false),
            whose("C2", "person", true),
            whose("C3", "person", true),
            whose("O1", "organisation", false),
        ]
    );
}

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Whose {
    external_id: String,
    kind: String,
    brand: Option<String>,
    organisation_id: Option<uuid::Uuid>,
    referred_by: Option<uuid::Uuid>,
}

/// How fast: `cargo test -p customers --test import -- --ignored --nocapture rows_per_second`.
mod rows_per_second {
    use super::*;

    async fn measure(t: TestDb) {
        let rows = std::env::var("ROWS").map_or(200_000, |rows| rows.parse().unwrap());
        let runner = runner(&t).await;
        let mut file = String::from(HEADER);
        for n in 0..rows {
            file += &format!(
                "C{n},客户{n},个人,品牌{},地区{},139{n:08},2019-03-{:02},,\n",
                n % 4,
                n % 31,
                n % 28 + 1
            );
        }
        let p = &t.platform;
        let analyst = caller(Role::Analyst);
        for what in ["first import", "the same again"] {
            let path = t.folder().join("customers.csv");
            std::fs::write(&path, &file).unwrap();
            let stored = StoredFile::copy_of(p, &path).await.unwrap();
            let import = app::add(p, &imports(), &analyst, "customers", stored)
                .await
                .unwrap();
            let options = ImportOptions {
                mapping: import.suggested_mapping.clone(),
                source: "crm".to_owned(),
                currency: None,
                zone: None,
                reject_limit_percent: None,
            };
            let checked = app::start_dry_run(p, &imports(), &analyst, import.id, options)
                .await
                .unwrap();
            finished(&t, checked).await;
            let begun = Instant::now();
            let job = app::start(p, &imports(), &analyst, import.id, ImportStart::default())
                .await
                .unwrap();
            let done = finished(&t, job).await;
            assert_eq!(done.created + done.unchanged, rows);
            let seconds = begun.elapsed().as_secs_f64();
            println!(
                "{what}: {rows} rows in {seconds:.1} s, {:.0} rows/s",
                rows as f64 / seconds
            );
        }
        let viewer = caller(Role::Viewer);
        let size = PageSize::new(None).unwrap();
        for search in ["C1999", "C", "客户1", "客", "户77", "no such thing"] {
            let begun = Instant::now();
            let page = customers::app::list(p, &viewer, Some(search), size, None)
                .await
                .unwrap();
            println!(
                "search {search:?}: {} rows on the first page, {:?}",
                page.items.len(),
                begun.elapsed()
            );
        }
        let begun = Instant::now();
        customers::app::facets(p, &viewer).await.unwrap();
        println!("facets: {:?}", begun.elapsed());
        runner.shutdown(Duration::from_secs(5)).await;
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

test_on_both!(
    malformed_tables_of_customers_change_nothing_they_should_not,
    [MIGRATIONS]
);
async fn malformed_tables_of_customers_change_nothing_they_should_not(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(t).await;
    // What people put into fields to break things is text, and comes back as it was.
    let nasty = [
        "'; DROP TABLE customers; --",
        "\" OR 1=1 --",
        "<script>alert(1)</script>",
        "{{7*7}} ${jndi:ldap://x}",
        "=cmd|' /C calc'!A0",
        "👩‍👩‍👧‍👦 😀",
        "%00%0a../../etc/passwd",
        "𠮷野家",
    ];
    let mut file = String::from("external_id,name,brand,region,segment,since\n");
    for (n, text) in nasty.iter().enumerate() {
        let cell = format!("\"{}\"", text.replace('"', "\"\""));
        let id = format!("\"{n}{}\"", text.replace('"', "\"\""));
        file += &format!("{id},{cell},{cell},{cell},{cell},2026-10-31\n");
    }
    let done = import(t, &file).await;
    assert_eq!(
        (done.created, done.rejected),
        (nasty.len() as u64, 0),
        "{done:#?}"
    );
    // But for what turns round how a text shows.
    let backwards = import(t, "external_id,name\n0\u{202e},a\n0,b\u{2067}\n1,c\n2,d\n").await;
    let codes: Vec<_> = backwards
        .rejects
        .iter()
        .map(|reject| reject.code.as_str())
        .collect();
    assert_eq!((backwards.created, codes), (2, vec!["control_character"; 2]));
    let size = PageSize::new(Some(200)).unwrap();
    let list = async || {
        let viewer = caller(Role::Viewer);
        let page = customers::app::list(p, &viewer, None, size, None).await;
        let items = page.unwrap().items;
        items.into_iter().map(|found| found.customer).collect::<Vec<_>>()
    };
    let stored = list().await;
    for text in nasty {
        let row = stored.iter().find(|row| row.name == text).unwrap();
        assert_eq!(row.brand.as_deref(), Some(text));
        assert!(row.external_id.ends_with(text));
    }
    let again = import(t, &file).await;
    assert_eq!(
        (again.created, again.updated, again.unchanged),
        (0, 0, nasty.len() as u64)
    );

    // Cells that cannot be used reject their row and nothing else.
    let long = "长".repeat(5_000);
    let mut file = String::from("external_id,name,phone,email,since,kind\n");
    for row in [
        format!("X1,{long},,,,"),
        "X2,a\0b,,,,".to_owned(),
        "X3,a,not a phone,,,".to_owned(),
        "X4,a,,not an address,,".to_owned(),
        "X5,a,,,31/10/2026,".to_owned(),
        "X6,a,,,,robot".to_owned(),
        ",a,,,,".to_owned(),
        format!("{},a,,,,", "9".repeat(129)),
        "X9,too,many,cells,here,person,x".to_owned(),
    ] {
        file += &row;
        file.push('\n');
    }
    for n in 0..10 {
        file += &format!("G{n},good,,,,\n");
    }
    let done = import(t, &file).await;
    assert_eq!((done.created, done.rejected), (10, 9), "{done:#?}");
    assert!(list().await.iter().all(|row| !row.external_id.starts_with('X')));
    runner.shutdown(Duration::from_secs(5)).await;
}
