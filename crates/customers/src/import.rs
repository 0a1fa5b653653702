//! Customers as a kind of import.

use std::collections::{BTreeSet, HashSet};

use base::Result;
use futures::future::BoxFuture;
use platform::Tx;
use platform::access::directory;
use platform::events::{self, Event};
use platform::imports::{
    CellProblem, FORGOTTEN, Field, FieldKind, Identity, ImportContext, ImportKind, ImportRow, Repeats, Seen,
    Stored,
};
use serde_json::json;

use crate::identities::{self, IdentityKind};
use crate::model::{CustomerKind, Record};
use crate::{rules, store};

/// The import of customers: one row is one customer, found again by its external id. A row enriches what
/// is known: an empty cell erases nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct CustomersImport;

const EXTERNAL_ID: usize = 0;
const NAME: usize = 1;
const KIND: usize = 2;
const BRAND: usize = 3;
const REGION: usize = 4;
const SEGMENT: usize = 5;
const PHONE: usize = 6;
const EMAIL: usize = 7;
const SINCE: usize = 8;
const ORGANISATION: usize = 9;
const REFERRED_BY: usize = 10;
const BRANCH: usize = 11;
const OWNER: usize = 12;

const ID: FieldKind = FieldKind::Text { chars_max: 128 };
const WORD: FieldKind = FieldKind::Text { chars_max: 64 };

const FIELDS: &[Field] = &[
    Field {
        name: "external_id",
        required: true,
        kind: ID,
        aliases: &[
            "customerid",
            "customerno",
            "customernumber",
            "customercode",
            "custid",
            "id",
            "userid",
            "memberid",
            "clientid",
            "accountid",
            "客户编号",
            "客户号",
            "客户id",
            "客户代码",
            "会员编号",
            "会员号",
            "会员id",
            "用户编号",
            "用户id",
            "用户号",
            "编号",
        ],
    },
    Field {
        name: "name",
        required: false,
        kind: FieldKind::Text { chars_max: 200 },
        aliases: &[
            "customername",
            "fullname",
            "companyname",
            "姓名",
            "名称",
            "客户名称",
            "客户姓名",
            "会员姓名",
            "用户姓名",
            "单位名称",
            "公司名称",
        ],
    },
    Field {
        name: "kind",
        required: false,
        kind: FieldKind::Choice(&[
            (
                "person",
                &[
                    "p",
                    "individual",
                    "consumer",
                    "个人",
                    "个人客户",
                    "公众客户",
                    "公众",
                    "个客",
                ],
            ),
            (
                "organisation",
                &[
                    "o",
                    "organization",
                    "org",
                    "company",
                    "firm",
                    "business",
                    "corporate",
                    "单位",
                    "单位客户",
                    "企业",
                    "企业客户",
                    "公司",
                    "集团",
                    "集团客户",
                    "政企",
                    "政企客户",
                ],
            ),
        ]),
        aliases: &[
            "type",
            "customertype",
            "customerkind",
            "类型",
            "客户类型",
            "客户性质",
            "类别",
            "客户类别",
        ],
    },
    Field {
        name: "brand",
        required: false,
        kind: WORD,
        aliases: &["品牌", "客户品牌"],
    },
    Field {
        name: "region",
        required: false,
        kind: WORD,
        aliases: &[
            "area",
            "city",
            "province",
            "地区",
            "区域",
            "地市",
            "城市",
            "省份",
            "归属地",
            "分公司",
        ],
    },
    Field {
        name: "segment",
        required: false,
        kind: WORD,
        aliases: &[
            "customersegment",
            "group",
            "客群",
            "细分",
            "客户细分",
            "细分市场",
            "客户群",
        ],
    },
    Field {
        name: "phone",
        required: false,
        kind: FieldKind::Text { chars_max: 32 },
        aliases: &[
            "mobile",
            "telephone",
            "tel",
            "phonenumber",
            "mobilenumber",
            "msisdn",
            "电话",
            "手机",
            "手机号",
            "手机号码",
            "电话号码",
            "联系电话",
        ],
    },
    Field {
        name: "email",
        required: false,
        kind: FieldKind::Text { chars_max: 254 },
        aliases: &["mail", "emailaddress", "邮箱", "电子邮箱", "电子邮件", "邮件"],
    },
    Field {
        name: "since",
        required: false,
        kind: FieldKind::Day,
        aliases: &[
            "customersince",
            "joined",
            "joinedon",
            "joindate",
            "createdat",
            "registeredat",
            "registrationdate",
            "signupdate",
            "开户日期",
            "开户时间",
            "入网日期",
            "入网时间",
            "注册日期",
            "注册时间",
            "入会日期",
            "建档日期",
        ],
    },
    Field {
        name: "organisation",
        required: false,
        kind: ID,
        aliases: &[
            "organization",
            "organisationid",
            "organizationid",
            "companyid",
            "employer",
            "单位",
            "单位编号",
            "所属单位",
            "公司编号",
            "集团编号",
        ],
    },
    Field {
        name: "referred_by",
        required: false,
        kind: ID,
        aliases: &[
            "referrer",
            "referrerid",
            "introducedby",
            "推荐人",
            "介绍人",
            "推荐人编号",
            "介绍人编号",
        ],
    },
    Field {
        name: "branch",
        required: false,
        kind: WORD,
        aliases: &[
            "branchcode",
            "branchid",
            "机构",
            "机构编码",
            "机构代码",
            "网点",
            "网点编号",
            "分公司编码",
        ],
    },
    Field {
        name: "owner",
        required: false,
        kind: WORD,
        aliases: &[
            "accountmanager",
            "customermanager",
            "relationshipmanager",
            "ownerlogin",
            "客户经理",
            "客户经理工号",
            "客户经理账号",
        ],
    },
];

/// What a row says by itself. Which branch and which user it means only the database knows.
fn record(row: &ImportRow) -> Result<Record> {
    let text = |field| row.text(field).map(str::to_owned);
    Ok(Record {
        external_id: text(EXTERNAL_ID).unwrap_or_default(),
        kind: row.choice(KIND).map(str::parse::<CustomerKind>).transpose()?,
        name: text(NAME),
        brand: text(BRAND),
        region: text(REGION),
        segment: text(SEGMENT),
        phone: text(PHONE),
        email: text(EMAIL),
        since: row.day(SINCE),
        organisation: text(ORGANISATION),
        referred_by: text(REFERRED_BY),
        branch: None,
        owner: None,
        fills_only: false,
    })
}

type Rejects = Vec<(usize, usize, CellProblem)>;

/// Where an identity stands among the fields.
fn field_of(kind: IdentityKind) -> usize {
    if kind == IdentityKind::Email { EMAIL } else { PHONE }
}

/// The records of rows, their identities normalised, but for rows that name a branch or a user who is not there.
#[derive(Default)]
struct Records {
    records: Vec<Record>,
    /// The row of each record.
    rows: Vec<usize>,
    rejects: Rejects,
}

impl Records {
    async fn of(tx: &mut Tx, rows: &[ImportRow], context: &ImportContext) -> Result<Self> {
        let named = |field| {
            let mut named: Vec<&str> = rows.iter().filter_map(|row| row.text(field)).collect();
            named.sort_unstable();
            named.dedup();
            named
        };
        let branches = directory::branches_by_code(tx, &named(BRANCH)).await?;
        let users = directory::users_by_login(tx, &named(OWNER)).await?;
        let region = identities::rules::region(context.currency);
        let erased = erased(tx, rows, context).await?;
        let mut read = Self::default();
        for (n, row) in rows.iter().enumerate() {
            let mut record = record(row)?;
            if erased.contains(&record.external_id) {
                read.rejects.push((n, EXTERNAL_ID, of_erased()));
                continue;
            }
            for other in [&mut record.organisation, &mut record.referred_by] {
                // What was known of the two stays; nothing new is said of who is erased.
                *other = other.take().filter(|id| !erased.contains(id));
            }
            record.branch = row.text(BRANCH).and_then(|code| branches.get(code)).copied();
            record.owner = row.text(OWNER).and_then(|login| users.get(login)).copied();
            match unknown(row, &record).map_or_else(|| normalise(&mut record, &region), Err) {
                Ok(()) => {
                    read.records.push(record);
                    read.rows.push(n);
                }
                Err((field, problem)) => read.rejects.push((n, field, problem)),
            }
        }
        Ok(read)
    }

    fn stored(self, done: &store::Upserted) -> Stored {
        let taken = done.refused.iter().filter_map(|(n, kind)| {
            let problem = CellProblem {
                code: "identity_taken",
                message: "another customer is known by this; end it there or correct the row".to_owned(),
            };
            Some((*self.rows.get(*n)?, field_of(*kind), problem))
        });
        let mut rejects: Vec<_> = self.rejects.iter().cloned().chain(taken).collect();
        rejects.sort_by_key(|(row, ..)| *row);
        Stored {
            created: done.created,
            updated: done.updated,
            unchanged: done.unchanged,
            new_customers: done.new_others,
            rejects,
        }
    }
}

/// The fields by which a row names customers.
const NAMING: [usize; 3] = [EXTERNAL_ID, ORGANISATION, REFERRED_BY];

/// Which of the customers that rows name are erased.
async fn erased(tx: &mut Tx, rows: &[ImportRow], context: &ImportContext) -> Result<HashSet<String>> {
    let named = rows
        .iter()
        .flat_map(|row| NAMING.into_iter().filter_map(|field| row.text(field)));
    let named: BTreeSet<&str> = named.collect();
    store::erased_among(tx, &context.keys, &named.into_iter().collect::<Vec<_>>()).await
}

/// A row of an erased customer is refused, and nothing of it is kept.
fn of_erased() -> CellProblem {
    CellProblem {
        code: FORGOTTEN,
        message: "this customer was erased: nothing is stored under its id any more".to_owned(),
    }
}

/// What a row names that is not there: a branch or a user.
fn unknown(row: &ImportRow, record: &Record) -> Option<(usize, CellProblem)> {
    let (field, code, message) = if row.text(BRANCH).is_some() && record.branch.is_none() {
        (BRANCH, "branch_unknown", "there is no branch of this code")
    } else if row.text(OWNER).is_some() && record.owner.is_none() {
        (OWNER, "owner_unknown", "there is no user of this login")
    } else {
        return None;
    };
    let message = message.to_owned();
    Some((field, CellProblem { code, message }))
}

fn normalise(record: &mut Record, region: &str) -> Result<(), (usize, CellProblem)> {
    let said = [
        (IdentityKind::Phone, &mut record.phone),
        (IdentityKind::Email, &mut record.email),
    ];
    for (kind, said) in said {
        if let Some(text) = said {
            *said = Some(normalised(kind, text, region).map_err(|problem| (field_of(kind), problem))?);
        }
    }
    Ok(())
}

fn normalised(kind: IdentityKind, text: &str, region: &str) -> Result<String, CellProblem> {
    identities::rules::normalise(kind, text, region).map_err(|e| CellProblem {
        code: e.code(),
        message: e.to_string(),
    })
}

impl ImportKind for CustomersImport {
    fn name(&self) -> &'static str {
        "customers"
    }

    fn fields(&self) -> &'static [Field] {
        FIELDS
    }

    fn identity(&self) -> Identity {
        Identity {
            field: EXTERNAL_ID,
            derived_from: &[],
        }
    }

    fn repeats(&self) -> Repeats {
        Repeats::LastCounts
    }

    fn looks_up(&self, mapped: &dyn Fn(usize) -> bool) -> bool {
        // Someone else may be known by what a row says; whether there is such a branch or user.
        [PHONE, EMAIL, BRANCH, OWNER].into_iter().any(mapped)
    }

    fn check(&self, row: &ImportRow) -> Result<(), (usize, CellProblem)> {
        let at_fault = |name: &str| {
            FIELDS
                .iter()
                .position(|field| field.name == name)
                .unwrap_or(EXTERNAL_ID)
        };
        // A word that was read as a kind is one.
        let Ok(record) = record(row) else { return Ok(()) };
        rules::check(&record).map_err(|(field, code, message)| {
            (
                at_fault(field),
                CellProblem {
                    code,
                    message: message.to_owned(),
                },
            )
        })
    }

    fn preview<'a>(
        &'a self,
        tx: &'a mut Tx,
        context: &'a ImportContext,
        rows: &'a [ImportRow],
        seen: &'a mut Seen,
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            let read = Records::of(tx, rows, context).await?;
            let done = store::preview_many(tx, &context.keys, &read.records, seen).await?;
            Ok(read.stored(&done))
        })
    }

    fn store<'a>(
        &'a self,
        tx: &'a mut Tx,
        context: &'a ImportContext,
        rows: &'a [ImportRow],
    ) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            // Nobody is erased between the look and the writing.
            tx.about_to_write("customers").await?;
            let read = Records::of(tx, rows, context).await?;
            let done = store::upsert_many(tx, &context.clock, &context.keys, &read.records).await?;
            let counts = (done.created + done.new_others, done.updated);
            record_imported(tx, context, counts).await?;
            Ok(read.stored(&done))
        })
    }
}

/// What is recorded of a batch that made or changed customers.
pub(crate) const IMPORTED: &str = "customer.imported";

/// Records that a batch of an import has made so many customers and changed so many: one event for all of them, at the
/// moment at which they were made, so that each one's timeline finds it.
pub async fn record_imported(
    tx: &mut Tx,
    context: &ImportContext,
    (created, updated): (u64, u64),
) -> Result<()> {
    if created + updated == 0 {
        return Ok(());
    }
    let event = Event {
        actor: context.actor,
        kind: IMPORTED,
        subject_kind: "import",
        subject: context.import.uuid(),
        customer: None,
        payload: &json!({ "source": context.source, "created": created, "updated": updated }),
    };
    events::record(tx, &context.clock, &event).await
}
