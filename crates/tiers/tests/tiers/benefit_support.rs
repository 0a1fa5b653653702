//! A programme that promises something, and partners.

use platform::Caller;
use platform::access::{Role, User};
use platform::args;
use serde_json::{Value, json};
use tiers::app::{benefits, entitlements, redemptions};
use tiers::model::{
    BenefitFacts, Entitlement, Partner, PartnerFacts, ProgrammeId, Redemption, Site, Terms, Wanted,
};
use uuid::Uuid;

use crate::support::{At, club, metals};

pub(crate) fn facts(code: &str, terms: Terms) -> BenefitFacts {
    BenefitFacts {
        code: code.to_owned(),
        zh: format!("权益{code}"),
        en: code.to_owned(),
        terms,
        need: None,
        unit_cost_minor: 5_000,
        settlement_minor: 10_000,
        active: true,
    }
}

/// Gold has 12 lounge visits a year, of which a lost level takes its share, 2 car washes a month of which 1 is carried
/// over, and 1 of spa and check-up; silver has 2 lounge visits.
pub(crate) fn promises() -> Value {
    let mut document = metals();
    document["schema"] = json!(2);
    document["levels"][0]["benefits"] = json!([
        { "benefit": "lounge", "quantity": 2, "per": "year", "on_loss": "pro_rata" }
    ]);
    document["levels"][1]["benefits"] = json!([
        { "benefit": "lounge", "quantity": 12, "per": "year", "companions_max": 2, "on_loss": "pro_rata" },
        { "benefit": "wash", "quantity": 2, "per": "month", "carry_over_max": 1 },
        { "benefit": "spa", "quantity": 1, "per": "year", "choice": "care" },
        { "benefit": "checkup", "quantity": 1, "per": "year", "choice": "care" },
        { "benefit": "window", "per": "year" }
    ]);
    document["levels"][1]["choices"] = json!([{ "code": "care", "zh": "关爱", "en": "Care", "pick": 1 }]);
    document
}

/// Books, a catalogue, and a programme in force.
pub(crate) struct Firm {
    pub(crate) at: At,
    pub(crate) programme: ProgrammeId,
}

impl Firm {
    pub(crate) async fn new(t: &platform::testing::TestDb) -> Self {
        let at = At::noon(t).await;
        let service = |service: &str| Terms::PartnerService {
            service: service.to_owned(),
        };
        for (code, terms) in [
            ("lounge", service("lounge")),
            ("wash", service("wash")),
            ("spa", Terms::Count {}),
            ("checkup", Terms::Count {}),
            ("window", Terms::ComplaintWindow { days: 60 }),
        ] {
            benefits::create(&at.room, &at.anna, facts(code, terms))
                .await
                .unwrap();
        }
        let programme = at.in_force(club(), promises()).await.id;
        Self { at, programme }
    }

    /// A customer who has earned gold.
    pub(crate) async fn gold(&self, name: &str) -> Uuid {
        let [customer] = self.at.customers([name]).await;
        self.at
            .bought(customer, name, "2026-03-01T04:00:00Z", 600_000)
            .await;
        self.at.look().await;
        assert_eq!(
            self.at.level(self.programme, customer).await.as_deref(),
            Some("gold")
        );
        customer
    }

    pub(crate) fn wanted(&self, benefit: &str, quantity: i64, key: &str) -> Wanted {
        Wanted {
            programme: self.programme,
            benefit: benefit.to_owned(),
            quantity,
            companions: 0,
            key: key.to_owned(),
        }
    }

    pub(crate) async fn reserve(
        &self,
        customer: Uuid,
        wanted: &Wanted,
    ) -> base::Result<(Redemption, Option<redemptions::Code>)> {
        redemptions::reserve(&self.at.room, &self.at.anna, customer, wanted, 15).await
    }

    pub(crate) async fn redeem(&self, customer: Uuid, wanted: &Wanted) -> base::Result<Redemption> {
        redemptions::redeem(&self.at.room, &self.at.anna, customer, wanted, None).await
    }

    /// What a customer has of a benefit, by the API's eyes.
    pub(crate) async fn has(&self, customer: Uuid, benefit: &str) -> Vec<Entitlement> {
        let (has, _) = entitlements::of_customer(&self.at.room, &self.at.anna, customer)
            .await
            .unwrap();
        has.into_iter()
            .filter(|has| has.benefit.facts.code == benefit)
            .filter_map(|has| has.entitlement)
            .collect()
    }

    pub(crate) async fn left(&self, customer: Uuid, benefit: &str) -> i64 {
        let has = self.has(customer, benefit).await;
        has.iter().map(|account| account.balances.available).sum()
    }

    /// A partner that serves this, and who holds its keys.
    pub(crate) async fn partner(&self, code: &str, serves: &[&str]) -> (Partner, Caller) {
        let user = Uuid::new_v4();
        let mut tx = self.at.room.platform.db.write().await.unwrap();
        tx.execute(
            "INSERT INTO users (id, login, name, role, password_hash, created_at) \
             VALUES ($1, $2, $2, 'viewer', 'none', 0)",
            args![user, code],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let facts = PartnerFacts {
            code: code.to_owned(),
            zh: format!("伙伴{code}"),
            en: code.to_owned(),
            active: true,
            sites: vec![Site {
                code: "t1".to_owned(),
                zh: "一号航站楼".to_owned(),
                en: "Terminal 1".to_owned(),
                latitude: Some(31.2),
                longitude: Some(121.3),
            }],
            benefits: serves.iter().map(|&code| code.to_owned()).collect(),
            user: Some(user),
        };
        let made = benefits::create_partner(&self.at.room, &self.at.anna, facts).await;
        let caller = Caller::at_the_command_line(User {
            id: user.into(),
            login: code.to_owned(),
            name: code.to_owned(),
            role: Role::Administrator,
        });
        (made.unwrap(), caller)
    }

    /// Every balance is what the entries come to, and every use that counts is in them.
    pub(crate) async fn books_balance(&self) {
        let mut tx = self.at.room.platform.db.read().await.unwrap();
        let (wrong,): (i64,) = tx
            .one(
                "SELECT count(*) FROM (SELECT e.id, e.available, e.reserved, e.redeemed, e.expired, e.withdrawn, e.granted, \
                 coalesce(sum(CASE WHEN n.credit = 'available' THEN n.quantity WHEN n.debit = 'available' THEN -n.quantity ELSE 0 END), 0) AS a, \
                 coalesce(sum(CASE WHEN n.credit = 'reserved' THEN n.quantity WHEN n.debit = 'reserved' THEN -n.quantity ELSE 0 END), 0) AS r, \
                 coalesce(sum(CASE WHEN n.credit = 'redeemed' THEN n.quantity WHEN n.debit = 'redeemed' THEN -n.quantity ELSE 0 END), 0) AS d, \
                 coalesce(sum(CASE WHEN n.credit = 'expired' THEN n.quantity ELSE 0 END), 0) AS x, \
                 coalesce(sum(CASE WHEN n.credit = 'withdrawn' THEN n.quantity ELSE 0 END), 0) AS w, \
                 coalesce(sum(CASE WHEN n.debit = 'granted' THEN n.quantity ELSE 0 END), 0) AS g \
                 FROM tier_entitlements e LEFT JOIN tier_entries n ON n.entitlement_id = e.id \
                 GROUP BY e.id, e.available, e.reserved, e.redeemed, e.expired, e.withdrawn, e.granted) AS b \
                 WHERE available <> a OR reserved <> r OR redeemed <> d OR expired <> x OR withdrawn <> w OR granted <> g",
                [],
            )
            .await
            .unwrap();
        assert_eq!(wrong, 0, "an entitlement is not what its entries come to");
        let (wrong,): (i64,) = tx
            .one(
                "SELECT count(*) FROM tier_entitlements e WHERE \
                 e.reserved <> (SELECT CAST(coalesce(sum(r.quantity), 0) AS BIGINT) FROM tier_redemptions r \
                 WHERE r.entitlement_id = e.id AND r.state = 'reserved') \
                 OR e.redeemed <> (SELECT CAST(coalesce(sum(r.quantity), 0) AS BIGINT) FROM tier_redemptions r \
                 WHERE r.entitlement_id = e.id AND r.state = 'redeemed')",
                [],
            )
            .await
            .unwrap();
        assert_eq!(wrong, 0, "an entitlement is not what its uses come to");
    }
}
