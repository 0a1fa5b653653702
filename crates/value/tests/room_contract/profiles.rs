//! The published profiles of the CDNOW sample: what the database shows is what the run computed, in every
//! order, through every filter, page by page.

use std::collections::{HashMap, HashSet};

use base::PageSize;
use customers::store::Group;
use platform::access::Role;
use platform::db::{Dialect, Tx};
use platform::exports::{ExportCell, ExportKind as _};
use platform::testing::{TestDb, caller};
use platform::{args, test_on_both};
use uuid::Uuid;
use value::ValueExport;
use value::app::ValueRoom;
use value::app::profiles::{self, Filter, ListRequest};
use value::app::runs::{self, Which};
use value::engine::profiles as file;
use value::profile::{Figure, ProfileFigures, PublishedProfile, Range, Unit};
use value::profile_columns::Order;

use crate::support::{ROOMS, as_of, cdnow, day, published, runner, stop};

/// A figure as a number; none where the customer does not have it.
fn number(figure: Figure, profile: &ProfileFigures) -> Option<f64> {
    let money = |minor: i64| Some(minor as f64);
    match figure {
        Figure::Value => money(profile.value_minor),
        Figure::Clv12m => money(profile.clv_12m_minor),
        Figure::Clv36m => money(profile.clv_36m_minor),
        Figure::ReferralValue => money(profile.referral_value_minor),
        Figure::ValueAtRisk => money(profile.value_at_risk_minor),
        Figure::Contribution => money(profile.contribution_minor),
        Figure::Revenue => money(profile.revenue_minor),
        Figure::Monetary => money(profile.monetary_minor),
        Figure::ExpectedTicket => money(profile.expected_ticket_minor),
        Figure::Stability => profile.stability,
        Figure::PAlive => profile.p_alive,
        Figure::ExpectedPurchases30d => profile.expected_purchases_30d,
        Figure::ExpectedPurchases90d => profile.expected_purchases_90d,
        Figure::ExpectedPurchases365d => profile.expected_purchases_365d,
        Figure::X => Some(profile.x as f64),
        Figure::FirstPurchase => Some(f64::from(profile.first_purchase.0)),
        Figure::LastPurchase => Some(f64::from(profile.last_purchase.0)),
    }
}

fn request(sort: Figure, descending: bool, size: u32) -> ListRequest {
    ListRequest {
        filter: Filter::default(),
        search: None,
        order: Order {
            figure: sort,
            descending,
        },
        size: PageSize::new(Some(size)).unwrap(),
        cursor: None,
    }
}

/// Every row of a list, page by page.
async fn walk(room: &ValueRoom, mut request: ListRequest) -> Vec<ProfileFigures> {
    let viewer = caller(Role::Viewer);
    let mut rows = Vec::new();
    loop {
        let list = profiles::list(room, &viewer, request.clone()).await.unwrap();
        assert!(list.page.items.len() <= request.size.rows() as usize);
        for (who, profile) in list.page.items {
            assert_eq!(who.id.uuid(), profile.customer);
            rows.push(profile);
        }
        request.cursor = list.page.next_cursor;
        if request.cursor.is_none() {
            return rows;
        }
    }
}

/// What the run wrote, by customer.
async fn in_file(room: &ValueRoom, which: Which) -> HashMap<Uuid, PublishedProfile> {
    let (run, path) = runs::profiles_file(room, &caller(Role::Viewer), which)
        .await
        .unwrap();
    let rows = file::read(&path, 1_000)
        .unwrap()
        .map(Result::unwrap)
        .collect::<Vec<_>>()
        .concat();
    rows.into_iter()
        .map(|row| PublishedProfile::of_row(row, run.currency).unwrap())
        .map(|profile| (profile.figures.customer, profile))
        .collect()
}

/// JSON gives a real back within a hair; everything else exactly.
#[track_caller]
fn assert_same(found: &PublishedProfile, expected: &PublishedProfile) {
    fn reals(detail: &value::profile::Detail) -> Vec<f64> {
        let pair = |pair: Option<(f64, f64)>| pair.map_or([-1.0; 2], |(low, high)| [low, high]);
        let i = &detail.intervals;
        let mut all = vec![
            detail.cv_month.unwrap_or(-1.0),
            detail.cv_quarter.unwrap_or(-1.0),
            detail.cv_ticket.unwrap_or(-1.0),
        ];
        all.extend(pair(i.expected_purchases_30d));
        all.extend(pair(i.expected_purchases_90d));
        all.extend(pair(i.expected_purchases_365d));
        all
    }
    for (a, b) in reals(&found.detail).into_iter().zip(reals(&expected.detail)) {
        assert!((a - b).abs() <= 1e-14 * b.abs().max(1e-300), "{a} is not {b}");
    }
    let mut found = found.clone();
    found.detail.cv_month = expected.detail.cv_month;
    found.detail.cv_quarter = expected.detail.cv_quarter;
    found.detail.cv_ticket = expected.detail.cv_ticket;
    found.detail.intervals = value::profile::Intervals {
        clv_12m_minor: found.detail.intervals.clv_12m_minor,
        clv_36m_minor: found.detail.intervals.clv_36m_minor,
        ..expected.detail.intervals.clone()
    };
    assert_eq!(&found, expected);
}

test_on_both!(lists_show_what_the_run_computed, ROOMS);
async fn lists_show_what_the_run_computed(t: &TestDb) {
    let runner = runner(t).await;
    cdnow(t).await;
    let room = ValueRoom::new(t.platform.clone());
    let run = published(t, &room, as_of("1997-09-30")).await;
    assert_eq!(run.model_chosen.as_deref(), Some("bg_nbd"));
    let computed = in_file(&room, Which::Run(run.id)).await;
    assert_eq!(computed.len(), 2_357);
    assert_eq!(run.customers, Some(2_357));

    every_order_visits_everyone_once(&room, &computed).await;
    every_filter_lets_through_whom_it_should(&room, &computed).await;
    a_group_is_found_whether_large_or_small(t, &room, &computed).await;
    a_list_follows_the_record(t, &room).await;
    a_page_explains_itself(&room, &computed).await;
    a_cursor_is_only_good_for_its_list(&room).await;
    an_export_is_the_list(t, &room).await;
    stop(runner).await;
}

/// Row by row what the list shows, in its order, through its filters.
async fn an_export_is_the_list(t: &TestDb, room: &ValueRoom) {
    let viewer = caller(Role::Viewer);
    let export = ValueExport::over(room.clone());
    let open = |filter: &[(&str, &str)]| {
        let filter = filter
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        export.open(&t.platform, &viewer, &filter.collect())
    };
    let everyone: &[(&str, &str)] = &[];
    for (filter, request) in [
        (everyone, request(Figure::Value, true, 200)),
        (
            &[("sort", "revenue"), ("class", "E-I"), ("min_p_alive", "0.5")],
            ListRequest {
                filter: Filter {
                    classes: vec!["E-I".to_owned()],
                    ranges: vec![Range {
                        figure: Figure::PAlive,
                        low: Some(0.5),
                        high: None,
                    }],
                    ..Filter::default()
                },
                ..request(Figure::Revenue, false, 200)
            },
        ),
    ] {
        let listed = walk(room, request).await;
        let mut list = open(filter).unwrap();
        let mut rows = Vec::new();
        loop {
            let page = list.next().await.unwrap();
            if page.is_empty() {
                break;
            }
            rows.extend(page);
        }
        assert_eq!(rows.len(), listed.len());
        let columns = export.columns();
        let at = |name: &str| columns.iter().position(|column| column.name == name).unwrap();
        for (row, figures) in rows.iter().zip(&listed) {
            assert_eq!(row.len(), columns.len());
            let money = |minor| ExportCell::Amount(base::Money::new(minor, base::Currency::USD));
            assert_eq!(row[at("value")], money(figures.value_minor));
            assert_eq!(row[at("revenue")], money(figures.revenue_minor));
            assert_eq!(row[at("class")], ExportCell::Text(figures.class.clone()));
            assert_eq!(row[at("last_purchase")], ExportCell::Day(figures.last_purchase));
        }
    }
    for (filter, code) in [
        (("sort", "colour"), "figure_unknown"),
        (("class", "E-V"), "filter_unknown"),
        (("min_value", "much"), "bound_malformed"),
        (("colour", "red"), "parameter_unknown"),
    ] {
        assert_eq!(open(&[filter]).err().map(|e| e.code()), Some(code));
    }
}

/// From the moment on in which a change is committed, whoever made it and whichever server is asked.
async fn a_list_follows_the_record(t: &TestDb, room: &ValueRoom) {
    let other_server = ValueRoom::new(t.platform.clone());
    let in_north = async |expected: &[&str]| {
        for room in [room, &other_server] {
            let mut asked = request(Figure::Value, true, 50);
            asked.filter.group.regions = vec!["北部".to_owned()];
            let list = profiles::list(room, &caller(Role::Viewer), asked.clone())
                .await
                .unwrap();
            let mut found: Vec<String> = list
                .page
                .items
                .into_iter()
                .map(|(who, _)| who.external_id)
                .collect();
            found.sort_unstable();
            assert_eq!(found, expected);
            let count = profiles::count(room, &caller(Role::Viewer), asked.filter, None)
                .await
                .unwrap();
            assert_eq!(count.rows, expected.len() as u64);
        }
    };
    let moved = async |tx: &mut Tx, customer: &str, region: &str| {
        let sql = "UPDATE customers SET region = $1 WHERE external_id = $2";
        assert_eq!(tx.execute(sql, args![region, customer]).await.unwrap(), 1);
    };
    in_north(&[]).await;
    let mut tx = t.platform.db.write().await.unwrap();
    moved(&mut tx, "0004", "北部").await;
    in_north(&[]).await;
    tx.commit().await.unwrap();
    in_north(&["0004"]).await;
    // A name is no group, and there and back is where one was.
    let mut tx = t.platform.db.write().await.unwrap();
    moved(&mut tx, "0004", "东部").await;
    moved(&mut tx, "0004", "北部").await;
    moved(&mut tx, "0018", "北部").await;
    tx.commit().await.unwrap();
    in_north(&["0004", "0018"]).await;

    if t.platform.db.dialect() == Dialect::Postgres {
        // The transaction that began first ends last.
        let mut first = t.platform.db.write().await.unwrap();
        moved(&mut first, "0021", "北部").await;
        let mut second = t.platform.db.write().await.unwrap();
        moved(&mut second, "0050", "北部").await;
        second.commit().await.unwrap();
        in_north(&["0004", "0018", "0050"]).await;
        let mut third = t.platform.db.write().await.unwrap();
        moved(&mut third, "0050", "南部").await;
        third.commit().await.unwrap();
        in_north(&["0004", "0018"]).await;
        // Again by one with a smaller number than the change that is known.
        moved(&mut first, "0050", "北部").await;
        in_north(&["0004", "0018"]).await;
        first.commit().await.unwrap();
        in_north(&["0004", "0018", "0021", "0050"]).await;
    }
    // Many at once, then nobody.
    let mut tx = t.platform.db.write().await.unwrap();
    tx.execute(
        "UPDATE customers SET region = '北部' WHERE external_id LIKE '00%'",
        [],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let mut asked = request(Figure::Value, true, 50);
    asked.filter.group.regions = vec!["北部".to_owned()];
    let many = walk(&other_server, asked.clone()).await.len();
    assert!(many > 50, "{many}: more than a fiftieth of all");
    if t.platform.db.dialect() == Dialect::Postgres {
        // While an older transaction goes on, what was read once is not read again.
        let mut older = t.platform.db.write().await.unwrap();
        moved(&mut older, "2000", "南部").await;
        let mut tx = t.platform.db.write().await.unwrap();
        tx.execute(
            "UPDATE customers SET brand = 'C' WHERE external_id LIKE '00%'",
            [],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let statements = async || {
            let before = t.platform.db.asked().statements;
            profiles::list(&other_server, &caller(Role::Viewer), asked.clone())
                .await
                .unwrap();
            t.platform.db.asked().statements - before
        };
        let reads_anew = statements().await;
        let knows = statements().await;
        assert!(knows < reads_anew, "{knows} statements after {reads_anew}");
        // Transactions of other databases of the cluster count as going on, so that it may be one more or less.
        let again = statements().await;
        assert!(again < reads_anew, "{again} statements after {reads_anew}");
        older.commit().await.unwrap();
    }
    let mut tx = t.platform.db.write().await.unwrap();
    tx.execute("UPDATE customers SET region = '东部' WHERE region = '北部'", [])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    in_north(&[]).await;
}

/// Whether few of all are in it or many, and on long pages as on short ones.
async fn a_group_is_found_whether_large_or_small(
    t: &TestDb,
    room: &ValueRoom,
    computed: &HashMap<Uuid, PublishedProfile>,
) {
    let mut tx = t.platform.db.write().await.unwrap();
    tx.execute(
        "UPDATE customers SET region = CASE WHEN external_id <= '2200' THEN '西部' ELSE '东部' END, \
         brand = CASE WHEN external_id <= '1200' THEN 'A' ELSE 'B' END",
        [],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let (west, east) = (vec!["西部".to_owned()], vec!["东部".to_owned()]);
    let person = Some("person".to_owned());
    for (regions, brands, kind, rows) in [
        (west.clone(), vec![], None, 2_200),
        (east.clone(), vec![], person.clone(), 157),
        ([west.clone(), east.clone()].concat(), vec![], None, 2_357),
        (west.clone(), vec!["B".to_owned()], person.clone(), 1_000),
        (east.clone(), vec!["A".to_owned()], None, 0),
        (vec![], vec![], Some("organisation".to_owned()), 0),
    ] {
        let filter = Filter {
            group: Group {
                regions,
                brands,
                kind,
            },
            ..Filter::default()
        };
        for size in [23, 200] {
            let mut asked = request(Figure::Value, true, size);
            asked.filter = filter.clone();
            let found = walk(room, asked).await;
            assert_eq!(found.len(), rows, "{filter:?}");
            assert!(found.is_sorted_by(|a, b| a.value_minor >= b.value_minor));
            let ids: HashSet<Uuid> = found.iter().map(|profile| profile.customer).collect();
            assert_eq!(ids.len(), rows, "somebody is shown twice");
            assert!(ids.iter().all(|id| computed.contains_key(id)));
        }
        let count = profiles::count(room, &caller(Role::Viewer), filter.clone(), None)
            .await
            .unwrap();
        assert_eq!((count.rows, count.exact), (rows as u64, true), "{filter:?}");
    }
}

async fn every_order_visits_everyone_once(room: &ValueRoom, computed: &HashMap<Uuid, PublishedProfile>) {
    let sizes = [200, 131, 47, 199, 83];
    for (n, figure) in Figure::ALL.into_iter().enumerate() {
        for descending in [true, false] {
            let size = sizes[(2 * n + usize::from(descending)) % sizes.len()];
            let rows = walk(room, request(figure, descending, size)).await;
            let visited: HashSet<Uuid> = rows.iter().map(|row| row.customer).collect();
            assert_eq!(
                (rows.len(), visited.len()),
                (computed.len(), computed.len()),
                "{figure:?} descending {descending} by {size}"
            );
            let keys: Vec<(f64, Uuid)> = rows
                .iter()
                .map(|row| (number(figure, row).unwrap_or(-1.0), row.customer))
                .collect();
            let in_order = |a: &(f64, Uuid), b: &(f64, Uuid)| if descending { a >= b } else { a <= b };
            assert!(keys.is_sorted_by(in_order), "{figure:?} descending {descending}");
            if figure == Figure::Value {
                for row in &rows {
                    assert_eq!(row, &computed[&row.customer].figures);
                }
            }
        }
    }
    // Pages of one and two rows over a list short enough for it.
    for size in [1, 2] {
        let mut few = request(Figure::PAlive, true, size);
        few.search = Some("001".to_owned());
        assert_eq!(walk(room, few).await.len(), 10);
    }
}

async fn every_filter_lets_through_whom_it_should(
    room: &ValueRoom,
    computed: &HashMap<Uuid, PublishedProfile>,
) {
    let texts = |of: fn(&ProfileFigures) -> &String| -> Vec<String> {
        let all: HashSet<&String> = computed.values().map(|p| of(&p.figures)).collect();
        let mut all: Vec<String> = all.into_iter().cloned().collect();
        all.sort();
        all
    };
    let mut filters: Vec<Filter> = Vec::new();
    let classes = texts(|p| &p.class);
    assert!(classes.len() > 2, "{classes:?}");
    filters.extend(classes.iter().map(|class| Filter {
        classes: vec![class.clone()],
        ..Filter::default()
    }));
    filters.push(Filter {
        classes: classes[..2].to_vec(),
        loyalties: vec!["drifting".to_owned(), "loyal".to_owned()],
        ..Filter::default()
    });
    filters.extend(texts(|p| &p.loyalty).into_iter().map(|loyalty| Filter {
        loyalties: vec![loyalty],
        ..Filter::default()
    }));
    filters.extend(texts(|p| &p.bucket).into_iter().map(|bucket| Filter {
        buckets: vec![bucket],
        ..Filter::default()
    }));
    for class in ["E-V", "'; DROP TABLE value_profiles; --"] {
        filters.push(Filter {
            classes: vec![class.to_owned()],
            ..Filter::default()
        });
    }
    for figure in Figure::ALL {
        let mut known: Vec<f64> = computed
            .values()
            .filter_map(|p| number(figure, &p.figures))
            .collect();
        known.sort_by(f64::total_cmp);
        let (low, high) = (known[known.len() / 4], known[known.len() * 3 / 4]);
        // Between two whole numbers, too.
        let nudge = if figure.unit() == Unit::Real { 0.0 } else { 0.5 };
        for (low, high) in [
            (Some(low), None),
            (None, Some(high)),
            (Some(low - nudge), Some(high + nudge)),
            (Some(low + nudge), Some(high - nudge)),
            (None, Some(-1.0)),
            (Some(f64::MAX), None),
        ] {
            filters.push(Filter {
                ranges: vec![Range { figure, low, high }],
                ..Filter::default()
            });
        }
    }
    filters.push(Filter {
        classes: vec![classes[0].clone()],
        ranges: vec![
            Range {
                figure: Figure::PAlive,
                low: Some(0.3),
                high: None,
            },
            Range {
                figure: Figure::Value,
                low: None,
                high: Some(5_000.0),
            },
            Range {
                figure: Figure::PAlive,
                low: None,
                high: Some(0.9),
            },
        ],
        ..Filter::default()
    });

    let mut somebody = 0;
    for (n, filter) in filters.into_iter().enumerate() {
        let any = |of: &Vec<String>, text: &String| of.is_empty() || of.contains(text);
        let expected: HashSet<Uuid> = computed
            .values()
            .map(|p| &p.figures)
            .filter(|p| {
                any(&filter.classes, &p.class)
                    && any(&filter.loyalties, &p.loyalty)
                    && any(&filter.buckets, &p.bucket)
                    && filter.ranges.iter().all(|range| {
                        number(range.figure, p).is_some_and(|number| {
                            range.low.is_none_or(|low| number >= low)
                                && range.high.is_none_or(|high| number <= high)
                        })
                    })
            })
            .map(|p| p.customer)
            .collect();
        somebody += usize::from(!expected.is_empty());
        let mut asked = request(Figure::ALL[n % Figure::ALL.len()], n % 2 == 0, 190);
        asked.filter = filter.clone();
        let rows = walk(room, asked).await;
        assert_eq!(rows.len(), expected.len(), "{filter:?}");
        let found: HashSet<Uuid> = rows.iter().map(|row| row.customer).collect();
        assert_eq!(found, expected, "{filter:?}");
        let count = profiles::count(room, &caller(Role::Viewer), filter.clone(), None)
            .await
            .unwrap();
        assert_eq!(
            (count.rows, count.exact),
            (expected.len() as u64, true),
            "{filter:?}"
        );
    }
    assert!(somebody > 60, "only {somebody} filters let anybody through");

    // The search: by the beginning of the customer number; the sample's are 0001 to 2357.
    for (search, found, exact) in [
        ("000", 9, true),
        (" 0017 ", 1, true),
        ("9", 0, true),
        ("", 2_357, true),
        ("1", 1_000, false),
    ] {
        let mut asked = request(Figure::Value, true, 200);
        asked.search = Some(search.to_owned());
        assert_eq!(walk(room, asked).await.len(), found, "{search:?}");
        let count = profiles::count(room, &caller(Role::Viewer), Filter::default(), Some(search))
            .await
            .unwrap();
        assert_eq!((count.rows, count.exact), (found as u64, exact), "{search:?}");
    }
}

async fn a_page_explains_itself(room: &ValueRoom, computed: &HashMap<Uuid, PublishedProfile>) {
    let viewer = caller(Role::Viewer);
    let best = walk(room, request(Figure::Value, true, 200)).await;
    for customer in [best[0].customer, best[1_000].customer, best[2_356].customer] {
        let page = profiles::of_customer(room, &viewer, customer).await.unwrap();
        assert_same(&page.profile, &computed[&customer]);
        assert_eq!(page.run.run.as_of, day("1997-09-30"));
        for figure in Figure::ALL {
            let Some(shown) = page.figures.iter().find(|shown| shown.name == figure.name()) else {
                continue;
            };
            assert_eq!(shown.value, number(figure, &page.profile.figures), "{figure:?}");
        }
        let p_alive = page.figures.iter().find(|shown| shown.name == "p_alive").unwrap();
        assert_eq!(p_alive.model.as_deref(), Some("bg_nbd"));
        let alpha = p_alive.inputs["alpha"].as_f64().unwrap();
        assert!((alpha - 4.4135).abs() < 2e-4, "{alpha}");
        assert_eq!(p_alive.inputs["x"], page.profile.figures.x);
        let clv = page.figures.iter().find(|shown| shown.name == "clv_36m").unwrap();
        assert!(clv.low.unwrap() <= clv.value.unwrap() && clv.value.unwrap() <= clv.high.unwrap());
        for about in ["class", "risk"] {
            assert!(
                page.reasons.iter().any(|reason| reason.about == about),
                "{:?}",
                page.reasons
            );
        }
    }
    let nobody = profiles::of_customer(room, &viewer, Uuid::nil()).await;
    assert_eq!(nobody.err().unwrap().code(), "no_profile");
}

async fn a_cursor_is_only_good_for_its_list(room: &ValueRoom) {
    let viewer = caller(Role::Viewer);
    let first = profiles::list(room, &viewer, request(Figure::PAlive, true, 10))
        .await
        .unwrap();
    let by_count = profiles::list(room, &viewer, request(Figure::X, true, 10))
        .await
        .unwrap();
    let (first, by_count) = (
        first.page.next_cursor.unwrap(),
        by_count.page.next_cursor.unwrap(),
    );
    for (sort, descending, cursor) in [
        (Figure::Value, true, first),
        // a number like that of the other list, which says nothing about this one
        (Figure::Value, true, by_count.clone()),
        (Figure::X, false, by_count),
        (Figure::Value, true, "bm9uc2Vuc2U".to_owned()),
        (Figure::Value, true, "é".to_owned()),
    ] {
        let mut asked = request(sort, descending, 10);
        asked.cursor = Some(cursor);
        let refused = profiles::list(room, &viewer, asked).await.err().unwrap();
        assert_eq!(refused.code(), "cursor_malformed");
    }
}

test_on_both!(a_list_does_not_go_on_in_another_run, ROOMS);
async fn a_list_does_not_go_on_in_another_run(t: &TestDb) {
    let runner = runner(t).await;
    crate::support::in_dollars(t).await;
    crate::support::imported(
        t,
        "customer,date,amount,id\nA,2025-01-01,10,1\nB,2025-02-01,20,2\nC,2025-03-01,30,3\n",
    )
    .await;
    let room = ValueRoom::new(t.platform.clone());
    let viewer = caller(Role::Viewer);
    published(t, &room, as_of("2025-05-31")).await;
    let mut asked = request(Figure::Revenue, true, 1);
    let first = profiles::list(&room, &viewer, asked.clone()).await.unwrap();
    asked.cursor = first.page.next_cursor;
    let second = profiles::list(&room, &viewer, asked.clone()).await.unwrap();
    assert_eq!(second.page.items[0].1.revenue_minor, 2_000);

    published(t, &room, as_of("2025-06-30")).await;
    let refused = profiles::list(&room, &viewer, asked.clone()).await.err().unwrap();
    assert_eq!(refused.code(), "cursor_stale");
    asked.cursor = None;
    assert_eq!(walk(&room, asked).await.len(), 3);
    stop(runner).await;
}

test_on_both!(a_figure_that_somebody_lacks_is_on_no_side_of_a_bound, ROOMS);
async fn a_figure_that_somebody_lacks_is_on_no_side_of_a_bound(t: &TestDb) {
    // Two customers, nobody bought twice: no model can be fitted, so nobody has a probability.
    let runner = runner(t).await;
    crate::support::in_dollars(t).await;
    crate::support::imported(
        t,
        "customer,date,amount,id\nA,2025-01-01,10,1\nB,2025-02-01,20,2\n",
    )
    .await;
    let room = ValueRoom::new(t.platform.clone());
    let run = published(t, &room, as_of("2025-06-30")).await;
    assert_eq!(run.model_chosen, None);
    let all = walk(&room, request(Figure::PAlive, true, 1)).await;
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|profile| profile.p_alive.is_none()));
    for (low, high) in [(None, Some(0.5)), (Some(-5.0), None), (Some(0.0), Some(1.0))] {
        let mut asked = request(Figure::Revenue, true, 10);
        asked.filter.ranges = vec![Range {
            figure: Figure::PAlive,
            low,
            high,
        }];
        assert_eq!(walk(&room, asked).await.len(), 0, "{low:?} {high:?}");
    }
    let page = profiles::of_customer(&room, &caller(Role::Viewer), all[0].customer)
        .await
        .unwrap();
    let p_alive = page.figures.iter().find(|shown| shown.name == "p_alive").unwrap();
    assert_eq!(p_alive.value, None);
    stop(runner).await;
}
