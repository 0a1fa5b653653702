use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::CompletenessItem;

fn schema(fields: Value) -> RecordSchema {
    RecordSchema {
        fields: serde_json::from_value(fields).unwrap(),
        completeness: Vec::new(),
        attachments: Default::default(),
    }
}

fn fields() -> RecordSchema {
    schema(json!([
        { "name": "hobby", "zh": "爱好", "en": "Hobby", "required": true, "kind": "text", "chars_max": 5 },
        { "name": "cars", "zh": "车辆", "en": "Cars", "required": false, "kind": "number", "min": 0.0, "max": 9.0 },
        { "name": "met", "zh": "初见", "en": "Met", "required": false, "kind": "date", "min": "2000-01-01", "max": null },
        { "name": "size", "zh": "尺码", "en": "Size", "required": false, "kind": "choice",
          "choices": [{ "name": "s", "zh": "小", "en": "S" }, { "name": "l", "zh": "大", "en": "L" }] },
    ]))
}

fn values(said: Value) -> CustomValues {
    serde_json::from_value(said).unwrap()
}

#[test]
fn the_schema_that_is_shipped_can_be_one() {
    let shipped = RecordSchema::default();
    shipped.check().unwrap();
    assert_eq!(shipped.completeness.len(), 11);
    fields().check().unwrap();
}

#[test]
fn values_fit_their_fields() {
    let schema = fields();
    let good = values(json!({ "hobby": " 高尔夫 ", "cars": 2, "met": "2020-02-29", "size": "l" }));
    let stored = schema.changed(CustomValues::new(), good).unwrap();
    assert_eq!(stored["hobby"], "高尔夫");
    for (said, code) in [
        (json!({ "x": 1 }), "custom_field_unknown"),
        (json!({ "hobby": 1 }), "value_not_text"),
        (json!({ "hobby": "123456" }), "text_too_long"),
        (json!({ "hobby": null }), "custom_field_required"),
        (json!({ "cars": "2" }), "value_not_number"),
        (json!({ "cars": 10 }), "value_out_of_bounds"),
        (json!({ "met": "2019-02-29" }), "value_not_date"),
        (json!({ "met": "1999-12-31" }), "value_out_of_bounds"),
        (json!({ "size": "m" }), "choice_unknown"),
    ] {
        let refused = schema.changed(stored.clone(), values(said)).unwrap_err();
        assert_eq!(refused.code(), code);
    }
    let without = schema.changed(stored, values(json!({ "cars": null }))).unwrap();
    assert_eq!(without.len(), 3);
}

#[test]
fn a_change_of_the_schema_loses_no_value() {
    let stored = fields()
        .changed(CustomValues::new(), values(json!({ "hobby": "茶", "cars": 2 })))
        .unwrap();
    let after = schema(json!([
        { "name": "cars", "zh": "车辆", "en": "Cars", "required": false, "kind": "number", "min": null, "max": 1.0 },
        { "name": "size", "zh": "尺码", "en": "Size", "required": true, "kind": "text", "chars_max": 9 },
    ]));
    let shown = after.shown(&stored);
    assert_eq!(
        (shown[0].value.clone(), shown[0].problem.as_deref()),
        (Some(json!(2)), Some("value_out_of_bounds"))
    );
    assert_eq!(shown[1].problem.as_deref(), Some("custom_field_missing"));
    let stored = after.changed(stored, values(json!({ "size": "L" }))).unwrap();
    assert_eq!(
        fields().shown(&stored)[0].value,
        Some(json!("茶")),
        "it is there when the field comes back"
    );
}

#[test]
fn schemas_that_cannot_be_are_refused() {
    let text = |name: &str, chars_max: u32| json!({ "name": name, "zh": "字", "en": "x", "required": false, "kind": "text", "chars_max": chars_max });
    for (fields, code) in [
        (json!([text("A", 1)]), "field_name_malformed"),
        (json!([text("a", 1), text("a", 2)]), "field_twice"),
        (json!([text("a", 0)]), "bounds_malformed"),
        (
            json!([{ "name": "a", "zh": "字", "en": "x", "required": false, "kind": "choice", "choices": [] }]),
            "choices_malformed",
        ),
        (
            json!([{ "name": "a", "zh": " ", "en": "x", "required": false, "kind": "number", "min": null, "max": null }]),
            "text_empty",
        ),
    ] {
        assert_eq!(schema(fields).check().unwrap_err().code(), code);
    }
    let item = CompletenessItem {
        what: "custom.gone".into(),
        of: None,
        weight: 1,
    };
    let counts_what_is_not = RecordSchema {
        completeness: vec![item],
        ..fields()
    };
    assert_eq!(
        counts_what_is_not.check().unwrap_err().code(),
        "completeness_malformed"
    );
}

#[test]
fn notes_have_lines_and_nothing_else_unprintable() {
    assert_eq!(note_text(" one\r\ntwo ").unwrap(), "one\ntwo");
    assert_eq!(note_text("a\u{0}").unwrap_err().code(), "character_not_allowed");
    assert_eq!(note_text(" \n ").unwrap_err().code(), "text_empty");
}

proptest! {
    #[test]
    fn a_record_that_grows_becomes_no_less_complete(
        has in proptest::collection::btree_set(proptest::sample::select(KNOWN_THINGS.to_vec()), 0..14),
        more in proptest::sample::select(KNOWN_THINGS.to_vec()),
    ) {
        let schema = RecordSchema::default();
        let mut has: BTreeSet<String> = has.into_iter().map(str::to_owned).collect();
        for kind in [CustomerKind::Person, CustomerKind::Organisation] {
            let before = completeness(&schema, kind, &has);
            prop_assert_eq!(before.percent == 100, before.missing.is_empty());
            has.insert(more.to_owned());
            let after = completeness(&schema, kind, &has);
            prop_assert!(after.percent >= before.percent && after.missing.len() <= before.missing.len());
        }
    }
}
