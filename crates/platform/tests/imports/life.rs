//! What becomes of an upload between its arrival and its end, whoever works on it.

use std::time::Duration;

use platform::access::Role;
use platform::events::Actor;
use platform::imports::{ImportState, app};
use platform::tabular::Encoding;
use platform::testing::{TestDb, caller};
use platform::{Clock, Platform, firm, test_on_both};

use crate::kind::{LINES, stored};
use crate::{dry_run, file_of, finished, get, go, imports, options, report, runner, upload};

test_on_both!(what_is_imported_is_what_was_checked, [LINES]);
async fn what_is_imported_is_what_was_checked(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let import = upload(t, b"who,at,gross,net\nC1,2026-10-31,119,100\n")
        .await
        .unwrap();
    assert_eq!(go(p, &import).await.unwrap_err().code(), "import_not_checked");
    let wish = |amount: &str, source: &str| {
        let mut wish = options(&import);
        wish.mapping.insert("amount".to_owned(), amount.to_owned());
        wish.source = source.to_owned();
        wish
    };
    let checked = dry_run(p, &import, wish("net", " pos ")).await.unwrap();
    finished(p, checked.id).await;
    // Whoever opens it, with whatever browser, sees what was checked and imports that.
    assert_eq!(get(p, &import).await.options, Some(wish("net", "pos")));
    let job = go(p, &import).await.unwrap();
    finished(p, job.id).await;
    assert_eq!(stored(p).await[0].amount, 10_000);
    let next = upload(t, b"who,at,gross,net\nC1,2026-11-30,119,100\n")
        .await
        .unwrap();
    assert_eq!(
        (next.suggested_source.as_deref(), &next.suggested_mapping),
        (Some("pos"), &wish("net", "pos").mapping)
    );

    // A check that is under way or does not come to its end is none.
    let checked = dry_run(p, &next, wish("net", "pos")).await.unwrap();
    finished(p, checked.id).await;
    runner.shutdown(Duration::from_secs(5)).await;
    let stopped = dry_run(p, &next, wish("gross", "pos")).await.unwrap();
    p.jobs
        .cancel(&p.db, &p.clock, &caller(Role::Analyst), stopped.id)
        .await
        .unwrap();
    assert_eq!(go(p, &next).await.unwrap_err().code(), "import_not_checked");
    assert_eq!(stored(p).await.len(), 1);
}

test_on_both!(an_import_that_finds_the_example_firm_stores_nothing, [LINES]);
async fn an_import_that_finds_the_example_firm_stores_nothing(t: &TestDb) {
    let p = &t.platform;
    let first = runner(p).await;
    let import = upload(t, &file_of(3_000)).await.unwrap();
    let checked = dry_run(p, &import, options(&import)).await.unwrap();
    finished(p, checked.id).await;
    first.shutdown(Duration::from_secs(5)).await;
    let job = go(p, &import).await.unwrap();
    let generated = firm::Firm {
        generated: true,
        ..firm::Firm::default()
    };
    let mut tx = p.db.write().await.unwrap();
    firm::save(&mut tx, &p.clock, Actor::System, &generated)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let runner = runner(p).await;
    assert_eq!(finished(p, job.id).await.error.unwrap().code, "firm_generated");
    assert_eq!(stored(p).await.len(), 0);
    assert_eq!(
        firm::load(&mut p.db.read().await.unwrap()).await.unwrap(),
        generated
    );
    runner.shutdown(Duration::from_secs(5)).await;
}

test_on_both!(what_was_imported_long_ago_still_is, [LINES]);
async fn what_was_imported_long_ago_still_is(t: &TestDb) {
    let p = &t.platform;
    let runner = runner(p).await;
    let import = upload(t, &file_of(10)).await.unwrap();
    let checked = dry_run(p, &import, options(&import)).await.unwrap();
    finished(p, checked.id).await;
    let done = go(p, &import).await.unwrap();
    finished(p, done.id).await;
    runner.shutdown(Duration::from_secs(5)).await;

    let in_a_year = Platform {
        clock: Clock::fixed(p.clock.now() + jiff::SignedDuration::from_hours(365 * 24)),
        ..p.clone()
    };
    platform::jobs::forget_old(&in_a_year).await.unwrap();
    assert_eq!(get(p, &import).await.state, ImportState::Imported);
    let gone = p.jobs.get(&p.db, &caller(Role::Viewer), checked.id).await;
    assert_eq!(gone.unwrap_err(), base::Error::NotFound { what: "job" });
}

test_on_both!(a_wrong_guess_of_the_encoding_is_put_right, [LINES]);
async fn a_wrong_guess_of_the_encoding_is_put_right(t: &TestDb) {
    let p = &t.platform;
    let analyst = caller(Role::Analyst);
    let text = "who,at,金額\n張偉,2026-10-31,5\n";
    let big5 = encoding_rs::BIG5.encode(text).0.into_owned();
    let guessed = upload(t, &big5).await.unwrap();
    assert_eq!(guessed.encoding, Encoding::Gb18030);
    assert_ne!(guessed.columns[2].name, "金額");
    let named = app::set_encoding(p, &imports(), &analyst, guessed.id, Some(Encoding::Big5))
        .await
        .unwrap();
    assert_eq!(
        (
            named.columns[2].name.as_str(),
            named.columns[0].samples[0].as_str()
        ),
        ("金額", "張偉")
    );
    let mut wish = options(&named);
    wish.mapping.insert("amount".to_owned(), "金額".to_owned());

    let first = runner(p).await;
    let checked = dry_run(p, &named, wish.clone()).await.unwrap();
    finished(p, checked.id).await;
    first.shutdown(Duration::from_secs(5)).await;
    // Another encoding makes another file of it: it is to be checked anew.
    let found_out = app::set_encoding(p, &imports(), &analyst, named.id, None)
        .await
        .unwrap();
    assert_eq!(
        (
            found_out.encoding,
            found_out.state,
            &found_out.options,
            &found_out.report
        ),
        (Encoding::Gb18030, ImportState::Uploaded, &None, &None)
    );
    assert_eq!(go(p, &named).await.unwrap_err().code(), "import_not_checked");
    app::set_encoding(p, &imports(), &analyst, named.id, Some(Encoding::Big5))
        .await
        .unwrap();
    dry_run(p, &named, wish).await.unwrap();
    let busy = app::set_encoding(p, &imports(), &analyst, named.id, None).await;
    assert_eq!(busy.unwrap_err().code(), "import_busy");
    let runner = runner(p).await;
    finished(p, get(p, &named).await.job_id.unwrap()).await;
    let job = go(p, &named).await.unwrap();
    assert_eq!(report(p, &finished(p, job.id).await).await.created, 1);
    assert_eq!(stored(p).await[0].who, "張偉");
    runner.shutdown(Duration::from_secs(5)).await;
}
