//! A kind of rows that has everything a kind can have. Its table refuses nothing.

use std::collections::HashSet;

use base::Result;
use futures::future::BoxFuture;
use platform::imports::{
    CellProblem, Field, FieldKind, Identity, ImportContext, ImportKind, ImportRow, Repeats, Seen, Stored,
    Totals,
};
use platform::migrations::{Migration, RoomMigrations};
use platform::{Platform, Tx, args};

pub(crate) const LINES: RoomMigrations = RoomMigrations {
    room: "test",
    steps: &[Migration {
        number: 1,
        name: "0001_lines",
        sqlite: "CREATE TABLE lines (external_id TEXT NOT NULL, who TEXT NOT NULL, at INTEGER NOT NULL, \
                 amount INTEGER NOT NULL) STRICT; CREATE INDEX lines_by_id ON lines (external_id);",
        postgres: "CREATE TABLE lines (external_id TEXT NOT NULL, who TEXT NOT NULL, at BIGINT NOT NULL, \
                   amount BIGINT NOT NULL); CREATE INDEX lines_by_id ON lines (external_id);",
    }],
};

const WHO: usize = 0;
const AT: usize = 1;
const AMOUNT: usize = 2;
const EXTERNAL_ID: usize = 3;
const ID: FieldKind = FieldKind::Text { chars_max: 20 };

const FIELDS: &[Field] = &[
    Field {
        name: "who",
        required: true,
        kind: ID,
        aliases: &["客户编号", "客户"],
    },
    Field {
        name: "at",
        required: true,
        kind: FieldKind::Time,
        aliases: &["交易时间"],
    },
    Field {
        name: "amount",
        required: true,
        kind: FieldKind::Amount,
        aliases: &["金额"],
    },
    Field {
        name: "external_id",
        required: false,
        kind: FieldKind::Text { chars_max: 60 },
        aliases: &["流水号"],
    },
];

pub(crate) struct Lines;

impl ImportKind for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn fields(&self) -> &'static [Field] {
        FIELDS
    }

    fn identity(&self) -> Identity {
        Identity {
            field: EXTERNAL_ID,
            derived_from: &[WHO, AT, AMOUNT],
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
        Repeats::Refused
    }

    fn looks_up(&self, mapped: &dyn Fn(usize) -> bool) -> bool {
        mapped(EXTERNAL_ID)
    }

    fn preview<'a>(
        &'a self,
        tx: &'a mut Tx,
        _context: &'a ImportContext,
        rows: &'a [ImportRow],
        _seen: &'a mut Seen,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move { Ok(compare(tx, rows, &["forbidden"]).await?.0) })
    }

    fn store<'a>(
        &'a self,
        tx: &'a mut Tx,
        _context: &'a ImportContext,
        rows: &'a [ImportRow],
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            let (stored, new) = compare(tx, rows, &["forbidden", "meanwhile"]).await?;
            for row in new {
                tx.execute(
                    "INSERT INTO lines (external_id, who, at, amount) VALUES ($1, $2, $3, $4)",
                    args![
                        row.text(EXTERNAL_ID),
                        row.text(WHO),
                        row.time(AT),
                        row.amount(AMOUNT)
                    ],
                )
                .await?;
            }
            Ok(stored)
        })
    }
}

async fn compare<'a>(
    tx: &mut Tx,
    rows: &'a [ImportRow],
    refused: &[&str],
) -> Result<(Stored, Vec<&'a ImportRow>)> {
    let ids = rows.iter().filter_map(|row| row.text(EXTERNAL_ID));
    let sql = format!(
        "SELECT external_id FROM lines WHERE external_id{}",
        tx.dialect().in_texts(1)
    );
    let known: Vec<(String,)> = tx
        .all(sqlx::AssertSqlSafe(sql), args![platform::db::list(ids)])
        .await?;
    let mut known: HashSet<String> = known.into_iter().map(|(id,)| id).collect();
    let mut stored = Stored::default();
    let mut new = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        if row.text(WHO).is_some_and(|who| refused.contains(&who)) {
            let problem = CellProblem {
                code: "forbidden",
                message: "the database knows better".to_owned(),
            };
            stored.rejects.push((n, WHO, problem));
        } else if known.insert(row.text(EXTERNAL_ID).unwrap().to_owned()) {
            stored.created += 1;
            new.push(row);
        } else {
            stored.unchanged += 1;
        }
    }
    Ok((stored, new))
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) who: String,
    pub(crate) at: String,
    pub(crate) amount: i64,
    pub(crate) external_id: String,
}

/// Everything that is stored, sorted.
pub(crate) async fn stored(p: &Platform) -> Vec<Line> {
    let mut tx = p.db.read().await.unwrap();
    let rows: Vec<(String, String, i64, i64)> = tx
        .all("SELECT external_id, who, at, amount FROM lines", [])
        .await
        .unwrap();
    let mut lines: Vec<Line> = rows
        .into_iter()
        .map(|(external_id, who, at, amount)| Line {
            who,
            at: platform::db::timestamp(at).to_string(),
            amount,
            external_id,
        })
        .collect();
    lines.sort();
    lines
}
