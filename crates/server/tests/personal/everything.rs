//! Everything that is known of one customer, as one file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use customers::everything::FOLLOWS;
use customers::references::Reference;
use platform::test_on_both;
use platform::testing::TestDb;
use serde_json::{Value, json};

use crate::firm::Firm;
use crate::support::problem;

#[test]
fn every_table_that_refers_to_customers_is_in_it() {
    let parts = server::record_parts();
    let covered: BTreeSet<&str> = parts
        .all()
        .iter()
        .flat_map(|part| part.tables())
        .copied()
        .collect();
    let references = server::references();
    let refers = |reference: &Reference| reference.table;
    let tables: BTreeSet<&str> = references.all().iter().map(refers).collect();
    let missing: Vec<_> = tables
        .iter()
        .filter(|table| !covered.contains(*table) && !FOLLOWS.contains(table))
        .collect();
    assert_eq!(
        missing,
        Vec::<&&str>::new(),
        "give them a part in RecordParts, or say in FOLLOWS why not"
    );
    let names: BTreeSet<&str> = parts.all().iter().map(|part| part.name()).collect();
    assert_eq!(names.len(), parts.all().len(), "every part has a name of its own");
}

fn unpacked(bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for n in 0..zip.len() {
        let mut file = zip.by_index(n).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let name = file.name().unwrap().into_owned();
        files.insert(name, bytes);
    }
    files
}

test_on_both!(everything_is_in_one_file);
async fn everything_is_in_one_file(t: &TestDb) {
    let firm = Firm::start(t).await;
    let (kept, merged) = (
        firm.customer("C-1", "张三").await,
        firm.customer("C-0", "张叁").await,
    );
    for (id, phone) in [(&kept, "13912345678"), (&merged, "13787654321")] {
        let identity = json!({ "kind": "phone", "value": phone });
        firm.made(&format!("/customers/{id}/identities"), identity).await;
        let note = json!({ "text": format!("a note of {phone}") });
        firm.made(&format!("/customers/{id}/notes"), note).await;
    }
    let organisation = json!({ "kind": "organisation", "name": "华东物流", "external_id": "O-1" });
    let organisation = firm.made("/customers", organisation).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let contact = json!({ "name": "张三", "role": "key_person", "influence": 5, "customer_id": kept });
    firm.made(&format!("/customers/{organisation}/contacts"), contact)
        .await;
    let merge = json!({ "survivor": kept, "survivor_version": 1, "merged": merged, "merged_version": 1 });
    firm.made("/merges", merge).await;
    let lines = "customer,at,amount,external_id\nC-1,2026-01-05,10.00,L1\nC-0,2026-02-05,20.00,L2\n";
    let imported = firm.imported(&t.platform, "transactions", lines).await;
    assert_eq!(imported["report"]["created"], 2, "{imported:#}");
    firm.attached(&kept, "合同.txt", "甲方".as_bytes()).await;
    firm.attached(&kept, "合同.txt", "乙方".as_bytes()).await;

    let url = firm.url(&format!("/customers/{merged}/everything"));
    // As a browser asks.
    let asked = firm.admin.get(&url).header("accept-encoding", "gzip, br");
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("content-encoding"), None);
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert_eq!(
        answer.headers()["content-disposition"],
        "attachment; filename*=UTF-8''C-1.zip"
    );
    let files = unpacked(answer.bytes().await.unwrap().to_vec());
    let document = |name: &str| -> Value { serde_json::from_slice(&files[name]).unwrap() };
    for part in server::record_parts().all() {
        assert!(
            files.contains_key(&format!("{}.json", part.name())),
            "{}",
            part.name()
        );
    }
    let count = |name: &str| document(name).as_array().unwrap().len();
    let records = document("record.json")["records"].clone();
    assert_eq!(
        (&records[0]["name"], &records[1]["name"]),
        (&json!("张三"), &json!("张叁"))
    );
    assert_eq!(document("record.json")["records"].as_array().unwrap().len(), 2);
    assert_eq!(
        (
            count("identities.json"),
            count("notes.json"),
            count("transactions.json")
        ),
        (2, 2, 2)
    );
    assert!(
        document("identities.json").to_string().contains("+8613787654321"),
        "in clear"
    );
    assert_eq!(document("contacts.json")[0]["contact"]["role"], "key_person");
    assert_eq!((count("merges.json"), count("attachments.json")), (1, 2));
    assert!(count("timeline.json") > 6);
    let attached: BTreeSet<&str> = files
        .iter()
        .filter(|(name, _)| name.starts_with("attachments/"))
        .map(|(_, bytes)| std::str::from_utf8(bytes).unwrap())
        .collect();
    assert_eq!(attached, BTreeSet::from(["甲方", "乙方"]));

    let timeline = firm.get(&format!("/customers/{kept}/timeline?limit=1")).await;
    assert_eq!(timeline["items"][0]["kind"], "customer.exported");
    // Whoever sees personal data does not carry it all away for that.
    let all = [
        "customers.read",
        "customers.write",
        "customers.personal",
        "customers.reveal",
    ];
    let without = firm.user("without", &all, "all", &Value::Null).await;
    problem(without.get(&url).send().await.unwrap(), 403, "forbidden").await;
    let masked = ["customers.read", "customers.export_person"];
    let masked = firm.user("masked", &masked, "all", &Value::Null).await;
    problem(masked.get(&url).send().await.unwrap(), 403, "forbidden").await;
    firm.site.served.stop().await;
}
