//! A firm with contracts says so in its settings; runs follow, and a customer's page speaks of renewals.

use std::fmt::Write as _;

use platform::access::Role;
use platform::test_on_both;
use platform::testing::{TestDb, caller};
use value::app::runs::{self, RunRequest, Which};
use value::app::{ValueRoom, profiles, settings};
use value::engine::settings::{CareStrategies, ModelChoice, ValueSettings};

use crate::support::{ROOMS, customers_named, imported, in_dollars, published, runner, stop};

/// Sixty customers billed on the 15th of every month of 2024, each for as long as their number says, at most a year.
fn bills() -> String {
    let mut csv = "customer,date,amount,id\n".to_owned();
    for customer in 0..60 {
        for month in 1..=1 + customer % 12 {
            let amount = 10 + customer % 3;
            writeln!(
                csv,
                "c{customer:02},2024-{month:02}-15,{amount},{customer}-{month}"
            )
            .unwrap();
        }
    }
    csv
}

test_on_both!(a_firm_with_contracts_sees_renewals, ROOMS);
async fn a_firm_with_contracts_sees_renewals(t: &TestDb) {
    let runner = runner(t).await;
    in_dollars(t).await;
    imported(t, bills()).await;
    let room = ValueRoom::new(t.platform.clone());
    let analyst = caller(Role::Analyst);
    let (version, before) = settings::read(&room, &analyst).await.unwrap();
    let wanted = ValueSettings {
        model: ModelChoice::Sbg,
        renewal_months: 1,
        care_strategies: CareStrategies {
            e_ii: Some("续约前两周致电".to_owned()),
            ..CareStrategies::default()
        },
        ..before.clone()
    };
    let admin = caller(Role::Administrator);
    let unheard_of = ValueSettings {
        renewal_months: 2,
        ..wanted.clone()
    };
    let refused = settings::change(&room, &admin, version, unheard_of)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "setting_out_of_range");
    assert_eq!(settings::read(&room, &analyst).await.unwrap(), (version, before));
    settings::change(&room, &admin, version, wanted.clone())
        .await
        .unwrap();
    assert_eq!(settings::read(&room, &analyst).await.unwrap().1, wanted);

    let run = published(t, &room, RunRequest::default()).await;
    assert_eq!(
        (run.model_requested.as_str(), run.model_chosen.as_deref()),
        ("sbg", Some("sbg"))
    );
    let (_, report) = runs::report(&room, &analyst, Which::Latest).await.unwrap();
    assert_eq!(report["models"]["sbg"]["cohorts"][0]["cohort"], 2024);
    assert_eq!(report["settings"]["care_strategies"]["E-II"], "续约前两周致电");

    // As of December 15th, the last bill's day: paid up, due today, and gone since summer.
    for (customer, code) in [
        ("c11", "contract_running"),
        ("c10", "renewal_overdue"),
        ("c05", "contract_ended"),
    ] {
        let [id] = customers_named(t, [customer]).await;
        let page = profiles::of_customer(&room, &analyst, id).await.unwrap();
        let codes: Vec<_> = page.reasons.iter().map(|reason| reason.code).collect();
        assert!(codes.contains(&code), "{customer}: {codes:?}");
        let alive = page
            .figures
            .iter()
            .find(|figure| figure.name == "p_alive")
            .unwrap();
        assert_eq!(alive.model.as_deref(), Some("sbg"));
        assert_eq!(alive.inputs["renewals"], page.profile.figures.x);
        assert!(alive.inputs["alpha"].is_f64() && alive.inputs["retention"].is_f64());
    }
    stop(runner).await;
}
