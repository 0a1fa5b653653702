//! What a timeline shows of what was recorded.

use base::Page;
use jiff::Timestamp;
use platform::events::EventRow;
use uuid::Uuid;

/// The place of an event: the newest have the highest.
fn place(event: &EventRow) -> (Timestamp, Uuid) {
    (event.at, event.id)
}

/// A page that begins after a place (or with the newest), with those of some other events that belong between its ends.
#[must_use]
pub fn with(
    mut page: Page<EventRow>,
    others: Vec<EventRow>,
    after: Option<(Timestamp, Uuid)>,
) -> Page<EventRow> {
    let end = page
        .next_cursor
        .as_ref()
        .and_then(|_| page.items.last().map(place));
    let belongs = |event: &EventRow| {
        after.is_none_or(|after| place(event) < after) && end.is_none_or(|end| place(event) > end)
    };
    page.items.extend(others.into_iter().filter(belongs));
    page.items.sort_by_key(|event| std::cmp::Reverse(place(event)));
    page
}

/// Whether an event is what the merged customer's side tells of a merge (or of its undoing) whose survivor is among these
/// customers and tells of it too.
pub fn is_the_other_side(event: &EventRow, customers: &[Uuid]) -> bool {
    let survivor = || {
        let survivor = event.payload["survivor"].as_str()?;
        survivor.parse::<Uuid>().ok()
    };
    matches!(
        event.kind.as_str(),
        "customer.merged_into" | "customer.unmerged_from"
    ) && survivor().is_some_and(|survivor| customers.contains(&survivor))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(second: i64) -> EventRow {
        EventRow {
            id: Uuid::from_u128(second.unsigned_abs().into()),
            at: Timestamp::from_second(second).unwrap(),
            actor: None,
            kind: "customer.merged_into".to_owned(),
            subject_kind: "customer".to_owned(),
            subject_id: Uuid::nil(),
            customer_id: None,
            payload: json!({ "survivor": Uuid::from_u128(7) }),
            position: None,
        }
    }

    #[test]
    fn each_of_the_others_is_on_one_page() {
        let pages = [
            (None, vec![9, 8], true),
            (Some(8), vec![6, 5], true),
            (Some(5), vec![3], false),
        ];
        let mut all = Vec::new();
        for (after, seconds, goes_on) in pages {
            let page = Page {
                items: seconds.into_iter().map(event).collect(),
                next_cursor: goes_on.then(String::new),
            };
            let others = [10, 7, 4, 1].map(event).into();
            let page = with(page, others, after.map(|second| place(&event(second))));
            all.extend(page.items.iter().map(|event| event.at.as_second()));
        }
        assert_eq!(all, [10, 9, 8, 7, 6, 5, 4, 3, 1]);
    }

    #[test]
    fn a_merge_is_told_once() {
        assert!(is_the_other_side(&event(1), &[Uuid::from_u128(7)]));
        assert!(!is_the_other_side(&event(1), &[Uuid::from_u128(8)]));
        let mut survivors = event(1);
        survivors.kind = "customer.merged".to_owned();
        assert!(!is_the_other_side(&survivors, &[Uuid::from_u128(7)]));
    }
}
