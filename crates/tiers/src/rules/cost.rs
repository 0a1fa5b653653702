//! What the promises of a level cost. Pure.

use std::collections::HashMap;

use crate::model::{Benefit, Level, Per, Promise, Terms};

/// What a level's promises to one customer cost in a year if everything is used, in minor units: quantity times periods
/// times unit cost, an amount of money as much as it is; of a choice group its dearest picks. What is not used up
/// (discounts, standards) costs nothing that can be told beforehand, and what is carried over was counted where it was
/// promised. An upper bound, the same way on both sides of a comparison.
pub fn yearly_cost_minor(level: &Level, catalogue: &[Benefit]) -> i64 {
    let by_code: HashMap<&str, &Benefit> = catalogue
        .iter()
        .filter(|benefit| benefit.facts.active)
        .map(|benefit| (benefit.facts.code.as_str(), benefit))
        .collect();
    let cost = |promise: &Promise| {
        by_code
            .get(promise.benefit.as_str())
            .map_or(0, |benefit| of_promise(promise, benefit))
    };
    let promised = level.benefits.iter().filter(|promise| promise.choice.is_none());
    let mut sum = promised.fold(0_i64, |sum, promise| sum.saturating_add(cost(promise)));
    for choice in &level.choices {
        let in_it = level
            .benefits
            .iter()
            .filter(|promise| promise.choice.as_ref() == Some(&choice.code));
        let mut costs: Vec<i64> = in_it.map(cost).collect();
        costs.sort_unstable_by(|a, b| b.cmp(a));
        let picked = costs.into_iter().take(choice.pick as usize);
        sum = picked.fold(sum, i64::saturating_add);
    }
    sum
}

fn of_promise(promise: &Promise, benefit: &Benefit) -> i64 {
    let periods = match promise.per {
        Per::Month => 12,
        Per::Quarter => 4,
        Per::Year | Per::MembershipYear => 1,
    };
    let each = match benefit.facts.terms {
        Terms::Amount {} => 1,
        _ if benefit.facts.terms.is_counted() => benefit.facts.unit_cost_minor,
        _ => 0,
    };
    promise.quantity.saturating_mul(periods).saturating_mul(each)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn benefit(code: &str, terms: serde_json::Value, unit_cost_minor: i64, active: bool) -> Benefit {
        Benefit {
            id: uuid::Uuid::from_u128(1).into(),
            facts: serde_json::from_value(json!({ "code": code, "zh": code, "en": code, "terms": terms,
                "unit_cost_minor": unit_cost_minor, "settlement_minor": 0, "active": active }))
            .unwrap(),
            version: 1,
        }
    }

    #[test]
    fn a_level_costs_what_it_promises_and_the_dearest_picks() {
        let level: Level = serde_json::from_value(json!({
            "code": "gold", "zh": "金卡", "en": "Gold", "colour": "#d4af37", "qualify": { "all": [] },
            "benefits": [
                { "benefit": "lounge", "quantity": 2, "per": "month" },
                { "benefit": "voucher", "quantity": 5_000, "per": "quarter" },
                { "benefit": "off", "per": "year" },
                { "benefit": "ended", "quantity": 9, "per": "year" },
                { "benefit": "golf", "quantity": 1, "per": "year", "choice": "leisure" },
                { "benefit": "spa", "quantity": 2, "per": "year", "choice": "leisure" },
                { "benefit": "film", "quantity": 3, "per": "membership_year", "choice": "leisure" }
            ],
            "choices": [{ "code": "leisure", "zh": "休闲", "en": "Leisure", "pick": 2 }]
        }))
        .unwrap();
        let count = json!({ "kind": "count" });
        let catalogue = [
            benefit(
                "lounge",
                json!({ "kind": "partner_service", "service": "lounge" }),
                12_000,
                true,
            ),
            benefit("voucher", json!({ "kind": "amount" }), 7, true),
            benefit(
                "off",
                json!({ "kind": "discount", "basis_points": 500 }),
                900,
                true,
            ),
            benefit("ended", count.clone(), 100_000, false),
            benefit("golf", count.clone(), 80_000, true),
            benefit("spa", count.clone(), 30_000, true),
            benefit("film", count, 4_000, true),
        ];
        let of = 24 * 12_000 + 4 * 5_000 + 80_000 + 2 * 30_000;
        assert_eq!(yearly_cost_minor(&level, &catalogue), of);
    }
}
