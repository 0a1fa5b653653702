//! Transactions as a kind of import: the only way into the ledger.

use std::collections::{HashMap, HashSet};

use base::Result;
use futures::future::BoxFuture;
use platform::imports::{
    CellProblem, FORGOTTEN, Field, FieldKind, Identity, ImportContext, ImportKind, ImportRow, Repeats, Seen,
    Stored, Totals,
};
use platform::{Scope, Tx};
use uuid::Uuid;

use crate::column_names;
use crate::model::Line;
use crate::store::ledger::{self, KnownLine};

const CUSTOMER: usize = 0;
const AT: usize = 1;
const AMOUNT: usize = 2;
const EXTERNAL_ID: usize = 3;
const COST: usize = 4;
const PRODUCT: usize = 5;
const CHANNEL: usize = 6;
const KIND: usize = 7;
const REVERSES: usize = 8;

const ID: FieldKind = FieldKind::Text { chars_max: 128 };

const FIELDS: &[Field] = &[
    Field {
        name: "customer",
        required: true,
        kind: ID,
        aliases: column_names::CUSTOMER,
    },
    Field {
        name: "at",
        required: true,
        kind: FieldKind::Time,
        aliases: column_names::AT,
    },
    Field {
        name: "amount",
        required: true,
        kind: FieldKind::Amount,
        aliases: column_names::AMOUNT,
    },
    Field {
        name: "external_id",
        required: false,
        kind: ID,
        aliases: &[
            "transactionid",
            "orderid",
            "orderno",
            "invoiceno",
            "billno",
            "id",
            "交易号",
            "交易编号",
            "流水号",
            "订单号",
            "订单编号",
            "账单号",
        ],
    },
    Field {
        name: "cost",
        required: false,
        kind: FieldKind::Amount,
        aliases: column_names::COST,
    },
    Field {
        name: "product",
        required: false,
        kind: FieldKind::Text { chars_max: 128 },
        aliases: &[
            "productname",
            "sku",
            "item",
            "产品",
            "商品",
            "产品名称",
            "商品名称",
            "套餐",
        ],
    },
    Field {
        name: "channel",
        required: false,
        kind: FieldKind::Text { chars_max: 64 },
        aliases: &["渠道", "来源渠道", "销售渠道"],
    },
    Field {
        name: "kind",
        required: false,
        kind: FieldKind::Choice(&[
            ("purchase", &["购买", "消费", "sale"]),
            ("bill", &["账单", "出账"]),
            ("refund", &["退款", "退货", "return"]),
            ("fee", &["费用", "手续费"]),
            ("recharge", &["充值", "缴费", "top-up"]),
            ("device", &["终端", "购机"]),
        ]),
        aliases: &["type", "transactiontype", "类型", "交易类型"],
    },
    Field {
        name: "reverses",
        required: false,
        kind: ID,
        aliases: &["reversalof", "冲正", "冲销", "原交易号", "原流水号"],
    },
];

/// The import kind `transactions`.
#[derive(Debug, Clone, Copy)]
pub struct TransactionsImport;

impl ImportKind for TransactionsImport {
    fn name(&self) -> &'static str {
        "transactions"
    }

    fn fields(&self) -> &'static [Field] {
        FIELDS
    }

    fn identity(&self) -> Identity {
        Identity {
            field: EXTERNAL_ID,
            // What a file must say: the same rows with more columns mapped, or fewer, are the same lines.
            derived_from: &[CUSTOMER, AT, AMOUNT],
        }
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals {
            amount: AMOUNT,
            at: AT,
        })
    }

    fn fixes_firm(&self) -> bool {
        true
    }

    fn repeats(&self) -> Repeats {
        // The ledger is append-only: a second line of the same id could never be corrected.
        Repeats::Refused
    }

    fn check(&self, row: &ImportRow) -> Result<(), (usize, CellProblem)> {
        // Some systems write refunds without their sign: taken as they are, they would count as sales.
        if row.choice(KIND) == Some("refund") && row.amount(AMOUNT).is_some_and(|amount| amount > 0) {
            return Err((
                AMOUNT,
                CellProblem {
                    code: "refund_positive",
                    message: "a refund takes money back: its amount is written with a minus".to_owned(),
                },
            ));
        }
        Ok(())
    }

    fn looks_up(&self, mapped: &dyn Fn(usize) -> bool) -> bool {
        // A line that came before under the same id, its own or that of its content, may say something else now.
        [EXTERNAL_ID, COST, PRODUCT, CHANNEL, KIND, REVERSES]
            .into_iter()
            .any(mapped)
    }

    fn preview<'a>(
        &'a self,
        tx: &'a mut Tx,
        context: &'a ImportContext,
        rows: &'a [ImportRow],
        seen: &'a mut Seen,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            let named = texts(rows, CUSTOMER);
            let known = customers::store::ids_by_external(tx, &Scope::of_system(), &named).await?;
            let erased = customers::store::erased_among(tx, &context.keys, &named).await?;
            let mut stored = Stored::default();
            for row in rows {
                let customer = row.text(CUSTOMER).unwrap_or_default();
                if !erased.contains(customer) && !known.contains_key(customer) && seen.first_time(customer) {
                    stored.new_customers += 1;
                }
            }
            let ids = known
                .into_iter()
                .map(|(external, id)| (external, id.uuid()))
                .collect();
            compare(tx, context, rows, (&ids, &erased), &mut stored).await?;
            Ok(stored)
        })
    }

    fn store<'a>(
        &'a self,
        tx: &'a mut Tx,
        context: &'a ImportContext,
        rows: &'a [ImportRow],
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            let named = texts(rows, CUSTOMER);
            let ensured = customers::store::ensure_many(tx, &context.clock, &context.keys, &named).await?;
            customers::record_imported(tx, context, (ensured.created, 0)).await?;
            let mut stored = Stored {
                new_customers: ensured.created,
                ..Stored::default()
            };
            let ids = ensured
                .ids
                .into_iter()
                .map(|(external, id)| (external, id.uuid()))
                .collect();
            let new = compare(tx, context, rows, (&ids, &ensured.erased), &mut stored).await?;
            let recorded = ledger::append(tx, &new, context.clock.now()).await?;
            // Another server may have brought the same lines in this moment: they are there, once.
            stored.unchanged += stored.created - recorded;
            stored.created = recorded;
            Ok(stored)
        })
    }
}

fn texts(rows: &[ImportRow], field: usize) -> Vec<&str> {
    rows.iter().filter_map(|row| row.text(field)).collect()
}

/// Tells new lines from those that are there already, and refuses those that are there with other
/// content: the ledger is append-only, a correction is a new line. Refuses lines of erased customers: whose they would
/// be is known to nobody any more.
async fn compare(
    tx: &mut Tx,
    context: &ImportContext,
    rows: &[ImportRow],
    (customers, erased): (&HashMap<String, Uuid>, &HashSet<String>),
    stored: &mut Stored,
) -> Result<Vec<Line>> {
    let mut known: HashMap<String, KnownLine> = ledger::known(tx, &context.source, &texts(rows, EXTERNAL_ID))
        .await?
        .into_iter()
        .map(|line| (line.external_id.clone(), line))
        .collect();
    let mut new = Vec::with_capacity(rows.len());
    for (n, row) in rows.iter().enumerate() {
        let (Some(customer), Some(at), Some(amount), Some(external_id)) = (
            row.text(CUSTOMER),
            row.time(AT),
            row.amount(AMOUNT),
            row.text(EXTERNAL_ID),
        ) else {
            return Err(base::Error::internal(format!(
                "line {} came without its required fields",
                row.line
            )));
        };
        if erased.contains(customer) {
            let message = "this customer was erased: nothing is stored under its id any more".to_owned();
            let code = FORGOTTEN;
            stored.rejects.push((n, CUSTOMER, CellProblem { code, message }));
            continue;
        }
        let customer_id = customers.get(customer).copied();
        let said = KnownLine {
            external_id: external_id.to_owned(),
            customer_id,
            at: at.as_microsecond(),
            amount_minor: amount,
            cost_minor: row.amount(COST),
            kind: row.choice(KIND).map(str::to_owned),
            product: row.text(PRODUCT).map(str::to_owned),
            channel: row.text(CHANNEL).map(str::to_owned),
            reverses: row.text(REVERSES).map(str::to_owned),
        };
        match known.get(external_id) {
            Some(there) if there.is_confirmed_by(&said) => stored.unchanged += 1,
            Some(_) => stored.rejects.push((
                n,
                EXTERNAL_ID,
                CellProblem {
                    code: "transaction_changed",
                    message: "a transaction with this id is in the ledger and says something else; \
                              a correction is a new line that reverses"
                        .to_owned(),
                },
            )),
            None => {
                stored.created += 1;
                known.insert(external_id.to_owned(), said);
                // Only a preview can meet a customer who is not there yet.
                if let Some(customer) = customer_id {
                    new.push(line(row, context, customer, at, amount, external_id));
                }
            }
        }
    }
    Ok(new)
}

fn line(
    row: &ImportRow,
    context: &ImportContext,
    customer: Uuid,
    at: jiff::Timestamp,
    amount_minor: i64,
    external_id: &str,
) -> Line {
    let default_kind = if amount_minor < 0 { "refund" } else { "purchase" };
    Line {
        customer,
        at,
        amount_minor,
        cost_minor: row.amount(COST),
        kind: row.choice(KIND).unwrap_or(default_kind).to_owned(),
        product: row.text(PRODUCT).map(str::to_owned),
        channel: row.text(CHANNEL).map(str::to_owned),
        source: context.source.clone(),
        external_id: external_id.to_owned(),
        reverses: row.text(REVERSES).map(str::to_owned),
    }
}
