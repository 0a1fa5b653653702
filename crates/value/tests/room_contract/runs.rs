//! Value runs as jobs: what is refused, what is published when, what a second run says of the first.

use std::collections::HashSet;
use std::time::Duration;

use base::PageSize;
use platform::access::Role;
use platform::jobs::JobState;
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use uuid::Uuid;
use value::app::profiles::{self, Filter, ListRequest};
use value::app::runs::{self, RunRequest, Which};
use value::app::{ValueRoom, compare, settings};
use value::engine::settings::{ContributionRule, ModelChoice, ValueSettings};
use value::model::{Run, RunState};
use value::profile::Figure;
use value::profile_columns::Order;

use crate::support::{
    ROOMS, append, as_of, cdnow, customers_named, day, imported, job, line, over, published, runner, stop,
};

async fn refused(room: &ValueRoom, request: RunRequest) -> String {
    let refused = runs::start(room, &caller(Role::Analyst), request).await.err();
    refused.unwrap().code().to_owned()
}

async fn all_runs(room: &ValueRoom) -> Vec<Run> {
    let viewer = caller(Role::Viewer);
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let size = PageSize::new(Some(2)).unwrap();
        let page = runs::list(room, &viewer, size, cursor.as_deref()).await.unwrap();
        all.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return all;
        }
    }
}

fn first_page() -> ListRequest {
    ListRequest {
        filter: Filter::default(),
        search: None,
        order: Order {
            figure: Figure::LastPurchase,
            descending: true,
        },
        size: PageSize::new(Some(200)).unwrap(),
        cursor: None,
    }
}

test_on_both!(what_cannot_be_computed_is_refused, ROOMS);
async fn what_cannot_be_computed_is_refused(t: &TestDb) {
    // No runner: what is queued stays queued.
    let room = ValueRoom::new(t.platform.clone());
    let viewer = caller(Role::Viewer);
    assert_eq!(refused(&room, RunRequest::default()).await, "no_transactions");
    let forbidden = runs::start(&room, &viewer, RunRequest::default())
        .await
        .err()
        .unwrap();
    assert_eq!(forbidden.code(), "forbidden");
    assert!(profiles::list(&room, &viewer, first_page()).await.is_err());
    assert!(runs::find(&room, &viewer, Which::Latest).await.is_err());

    let [anna] = customers_named(t, ["anna"]).await;
    append(
        t,
        &[
            line(anna, "1", "2025-01-15T00:00:00Z", 100),
            line(anna, "2", "2025-03-01T16:30:00Z", 100),
        ],
    )
    .await;
    assert_eq!(refused(&room, as_of("2999-01-01")).await, "as_of_in_future");
    assert_eq!(refused(&room, as_of("2025-01-14")).await, "as_of_before_ledger");
    for weeks in [0, 521, u32::MAX] {
        let request = RunRequest {
            holdout_weeks: Some(weeks),
            ..RunRequest::default()
        };
        assert_eq!(refused(&room, request).await, "setting_out_of_range", "{weeks}");
    }
    assert!(all_runs(&room).await.is_empty(), "nothing of that was recorded");

    // 16:30 UTC is the next day in the firm's zone.
    let (run, queued) = runs::start(&room, &caller(Role::Analyst), RunRequest::default())
        .await
        .unwrap();
    assert_eq!(
        (run.as_of, run.zone.as_str()),
        (day("2025-03-02"), "Asia/Shanghai")
    );
    assert_eq!(run.state, RunState::Queued);
    assert_eq!(refused(&room, RunRequest::default()).await, "run_in_progress");
    t.platform
        .jobs
        .cancel(
            &t.platform.db,
            &t.platform.clock,
            &caller(Role::Analyst),
            queued.id,
        )
        .await
        .unwrap();
    let all = all_runs(&room).await;
    assert_eq!(
        all.iter().map(|run| run.state).collect::<Vec<_>>(),
        [RunState::Cancelled]
    );
    runs::start(&room, &caller(Role::Analyst), RunRequest::default())
        .await
        .unwrap();
    assert!(runs::report(&room, &viewer, Which::Run(run.id)).await.is_err());
}

test_on_both!(a_second_run_says_what_moved, ROOMS);
async fn a_second_run_says_what_moved(t: &TestDb) {
    let runner = runner(t).await;
    cdnow(t).await;
    let room = ValueRoom::new(t.platform.clone());
    let viewer = caller(Role::Viewer);
    let first = published(t, &room, as_of("1997-09-30")).await;
    let (_, report) = runs::report(&room, &viewer, Which::Latest).await.unwrap();
    assert_eq!(
        (report["customers"].as_u64(), report["as_of"].as_str()),
        (Some(2_357), Some("1997-09-30"))
    );
    for (name, expected) in [("r", 0.2426), ("alpha", 4.4135), ("a", 0.7929), ("b", 2.4258)] {
        let found = report["models"]["bg_nbd"]["params"][name].as_f64().unwrap();
        assert!((found - expected).abs() < 2e-4, "{name} {found}");
    }
    let classes = report["classes"].as_array().unwrap();
    let sum = |of: &str| {
        classes
            .iter()
            .map(|class| class[of].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!(sum("customers"), 2_357);
    assert_eq!(report["leaky_bucket"]["reconciles"], true);
    assert_eq!(
        report["totals"]["value_minor"].as_i64(),
        first.value.map(|money| money.minor)
    );

    // While the second run is computed and published, whoever looks sees one of the two, whole.
    let watcher = {
        let room = ValueRoom::new(t.platform.clone());
        let mut watched = HashSet::new();
        tokio::spawn(async move {
            loop {
                let list = profiles::list(&room, &caller(Role::Viewer), first_page())
                    .await
                    .unwrap();
                let as_of = list.run.run.as_of;
                let newest = list.page.items[0].1.last_purchase;
                assert_eq!(list.page.items.len(), 200);
                assert_eq!(
                    newest > day("1997-09-30"),
                    as_of > day("1997-09-30"),
                    "{newest} in the run as of {as_of}"
                );
                watched.insert(as_of);
                if watched.len() == 2 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    };
    let second = published(t, &room, as_of("1998-06-30")).await;
    tokio::time::timeout(Duration::from_secs(30), watcher)
        .await
        .unwrap()
        .unwrap();

    assert_eq!(
        runs::find(&room, &viewer, Which::Latest).await.unwrap().id,
        second.id
    );
    assert_eq!(
        all_runs(&room).await.iter().map(|run| run.id).collect::<Vec<_>>(),
        [second.id, first.id]
    );

    // Every row knows what the first run said.
    let (_, path) = runs::profiles_file(&room, &viewer, Which::Run(first.id))
        .await
        .unwrap();
    let before: std::collections::HashMap<Uuid, _> = value::engine::profiles::read(&path, 500)
        .unwrap()
        .flat_map(Result::unwrap)
        .map(|row| value::profile::PublishedProfile::of_row(row, first.currency).unwrap())
        .map(|profile| (profile.figures.customer, profile))
        .collect();
    let mut request = first_page();
    let (mut looked_at, mut value_minor) = (0, 0);
    loop {
        let list = profiles::list(&room, &viewer, request.clone()).await.unwrap();
        for (_, figures) in &list.page.items {
            let page = profiles::of_customer(&room, &viewer, figures.customer)
                .await
                .unwrap();
            assert_eq!(&page.profile.figures, figures);
            let previous = page.profile.previous.unwrap();
            let said = &before[&figures.customer].figures;
            assert_eq!(
                (previous.run, &previous.class, previous.value_minor),
                (first.id, &said.class, said.value_minor)
            );
            looked_at += 1;
            value_minor += figures.value_minor;
        }
        request.cursor = list.page.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    assert_eq!(
        (looked_at, Some(value_minor)),
        (2_357, second.value.map(|money| money.minor))
    );

    // The comparison is whole: its moves add up to both runs' totals.
    let compared = compare::two_runs(&room, &viewer, Which::Run(first.id), Which::Run(second.id))
        .await
        .unwrap();
    let moves = &compared.comparison;
    assert_eq!(
        (
            moves.entered,
            moves.left,
            moves.customers_before,
            moves.customers_after
        ),
        (0, 0, 2_357, 2_357)
    );
    assert_eq!(
        moves.classes.iter().map(|class| class.customers).sum::<u64>(),
        2_357
    );
    for (sum, total, run) in [
        (
            moves
                .classes
                .iter()
                .map(|class| class.value_before_minor)
                .sum::<i64>(),
            moves.value_before_minor,
            &first,
        ),
        (
            moves
                .classes
                .iter()
                .map(|class| class.value_after_minor)
                .sum::<i64>(),
            moves.value_after_minor,
            &second,
        ),
    ] {
        assert_eq!((sum, total), (total, run.value.unwrap().minor));
    }
    assert_eq!((moves.up.len(), moves.down.len()), (20, 20));
    assert!(
        moves
            .up
            .iter()
            .chain(&moves.down)
            .all(|mover| compared.names.contains_key(&mover.customer_id.parse().unwrap()))
    );
    let same = compare::two_runs(&room, &viewer, Which::Run(first.id), Which::Run(first.id))
        .await
        .unwrap();
    assert!(
        same.comparison.up.is_empty()
            && same
                .comparison
                .classes
                .iter()
                .all(|class| class.from_class == class.to_class)
    );
    assert!(
        compare::two_runs(&room, &viewer, Which::Run(Uuid::nil().into()), Which::Latest)
            .await
            .is_err()
    );

    // The same question to the same ledger has the same answer, byte by byte.
    let again = published(t, &room, as_of("1998-06-30")).await;
    let read = async |run: &Run| {
        let (_, path) = runs::profiles_file(&room, &viewer, Which::Run(run.id))
            .await
            .unwrap();
        std::fs::read(path).unwrap()
    };
    assert!(
        read(&second).await == read(&again).await,
        "the same run gave other profiles"
    );
    assert_eq!(again.watermark, second.watermark);
    stop(runner).await;
}

test_on_both!(a_cancelled_run_leaves_the_published_one, ROOMS);
async fn a_cancelled_run_leaves_the_published_one(t: &TestDb) {
    let runner = runner(t).await;
    cdnow(t).await;
    let room = ValueRoom::new(t.platform.clone());
    let analyst = caller(Role::Analyst);
    let first = published(t, &room, as_of("1997-09-30")).await;
    let before = profiles::list(&room, &analyst, first_page())
        .await
        .unwrap()
        .page
        .items;

    // Stopped while it computes, and while it fills the next table.
    for stage in ["", "publishing"] {
        let (run, queued) = runs::start(&room, &analyst, as_of("1998-06-30")).await.unwrap();
        let reached = async {
            loop {
                let now = job(t, &queued).await;
                assert!(
                    !now.state.is_finished(),
                    "it was too quick to be stopped while {stage:?}: {now:?}"
                );
                if now.state == JobState::Running && (stage.is_empty() || now.stage == stage) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), reached)
            .await
            .unwrap();
        t.platform
            .jobs
            .cancel(&t.platform.db, &t.platform.clock, &analyst, queued.id)
            .await
            .unwrap();
        assert_eq!(over(t, &queued).await.state, JobState::Cancelled, "{stage}");
        assert_eq!(
            runs::find(&room, &analyst, Which::Run(run.id))
                .await
                .unwrap()
                .state,
            RunState::Cancelled
        );
        assert_eq!(
            runs::find(&room, &analyst, Which::Latest).await.unwrap().id,
            first.id
        );
        assert_eq!(
            profiles::list(&room, &analyst, first_page())
                .await
                .unwrap()
                .page
                .items,
            before
        );
        assert!(
            runs::profiles_file(&room, &analyst, Which::Run(run.id))
                .await
                .is_err()
        );
    }
    let last = published(t, &room, as_of("1998-06-30")).await;
    assert_eq!(
        runs::find(&room, &analyst, Which::Latest).await.unwrap().id,
        last.id
    );
    stop(runner).await;
}

test_on_both!(settings_are_decided_on_what_was_read, ROOMS);
async fn settings_are_decided_on_what_was_read(t: &TestDb) {
    let runner = runner(t).await;
    let room = ValueRoom::new(t.platform.clone());
    let (viewer, administrator) = (caller(Role::Viewer), caller(Role::Administrator));
    let (version, shipped) = settings::read(&room, &viewer).await.unwrap();
    assert_eq!(
        (version, shipped.currency.code(), shipped.zone.as_str()),
        (0, "CNY", "Asia/Shanghai")
    );
    let wanted = ValueSettings {
        contribution_rule: ContributionRule::Percentile(90.0),
        model: ModelChoice::BgNbd,
        ..shipped.clone()
    };
    let refused = settings::change(&room, &viewer, 0, wanted.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    for (bad, code) in [
        (
            ValueSettings {
                referral_share: 1.5,
                ..wanted.clone()
            },
            "setting_out_of_range",
        ),
        (
            ValueSettings {
                zone: "Europe/Berlin".to_owned(),
                ..wanted.clone()
            },
            "setting_fixed",
        ),
        (
            ValueSettings {
                currency: base::Currency::USD,
                ..wanted.clone()
            },
            "setting_fixed",
        ),
    ] {
        assert_eq!(
            settings::change(&room, &administrator, 0, bad)
                .await
                .unwrap_err()
                .code(),
            code
        );
    }
    assert_eq!(settings::read(&room, &viewer).await.unwrap().0, 0);

    // Two people decide on what they both read: one is told.
    let both = tokio::join!(
        settings::change(&room, &administrator, 0, wanted.clone()),
        settings::change(&room, &administrator, 0, wanted.clone()),
    );
    let (done, told): (Vec<_>, Vec<_>) = [both.0, both.1].into_iter().partition(Result::is_ok);
    assert_eq!(done.into_iter().next().unwrap().unwrap(), (1, wanted.clone()));
    assert_eq!(
        told.into_iter().next().unwrap().unwrap_err().code(),
        "version_stale"
    );
    for stale in [0, 2, u32::MAX] {
        let refused = settings::change(&room, &administrator, stale, wanted.clone())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "version_stale");
    }
    assert_eq!(settings::read(&room, &viewer).await.unwrap(), (1, wanted.clone()));

    // The first import decides on currency and zone; settings that are older follow.
    cdnow(t).await;
    let (version, now) = settings::read(&room, &viewer).await.unwrap();
    assert_eq!(
        (version, now.currency.code(), now.zone.as_str()),
        (1, "USD", "UTC")
    );
    assert_eq!(now.contribution_rule, wanted.contribution_rule);
    let request = RunRequest {
        as_of: Some(day("1997-09-30")),
        ..RunRequest::default()
    };
    let run = published(t, &room, request).await;
    assert_eq!(
        (
            run.settings_version,
            run.currency.code(),
            run.model_requested.as_str()
        ),
        (1, "USD", "bg_nbd")
    );
    let (_, report) = runs::report(&room, &viewer, Which::Latest).await.unwrap();
    assert_eq!(report["currency"], "USD");
    assert_eq!(report["settings"]["contribution_rule"]["value"], 90.0);
    stop(runner).await;
}

test_on_both!(lines_that_come_later_are_in_the_next_run, ROOMS);
async fn lines_that_come_later_are_in_the_next_run(t: &TestDb) {
    let runner = runner(t).await;
    cdnow(t).await;
    let room = ValueRoom::new(t.platform.clone());
    let first = published(t, &room, as_of("1998-06-30")).await;
    imported(
        t,
        "customer,date,amount,id\n0001,1998-06-30,5.00,x1\nnewcomer,1998-06-29,7.00,x2\n",
    )
    .await;
    let second = published(t, &room, as_of("1998-06-30")).await;
    assert_eq!(
        (second.customers, second.transactions),
        (first.customers.map(|n| n + 1), first.transactions.map(|n| n + 2))
    );
    assert!(second.watermark > first.watermark);
    let mut newcomer = first_page();
    newcomer.search = Some("newcomer".to_owned());
    let list = profiles::list(&room, &caller(Role::Viewer), newcomer)
        .await
        .unwrap();
    let (who, figures) = &list.page.items[0];
    let page = profiles::of_customer(&room, &caller(Role::Viewer), figures.customer)
        .await
        .unwrap();
    assert_eq!(
        (
            who.external_id.as_str(),
            figures.revenue_minor,
            page.profile.previous.is_none()
        ),
        ("newcomer", 700, true)
    );
    let compared = compare::two_runs(&room, &caller(Role::Viewer), Which::Run(first.id), Which::Latest)
        .await
        .unwrap();
    assert_eq!((compared.comparison.entered, compared.comparison.left), (1, 0));
    stop(runner).await;
}
