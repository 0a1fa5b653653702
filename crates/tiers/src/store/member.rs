//! Links to customers' own pages, the sessions they open, and what the firm writes there. Who was merged or erased has no
//! page: every statement that opens something looks.

use base::Result;
use jiff::Timestamp;
use platform::args;
use platform::db::{Tx, timestamp, uuids};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::model::{Member, MemberLink, MemberLinkId, MemberPageTexts};

/// The most links read of one customer.
const LINKS_MAX: u32 = 1_000;

/// Stores a new link; the others of the customer that were not opened can be opened no more.
pub async fn insert(tx: &mut Tx, new: &MemberLink, token_hash: [u8; 32]) -> Result<()> {
    tx.execute(
        "UPDATE tier_member_links SET expires_at = $2 WHERE customer_id = $1 AND opened_at IS NULL AND expires_at > $2",
        args![new.customer, new.made_at],
    )
    .await?;
    tx.execute(
        "INSERT INTO tier_member_links (id, customer_id, token_hash, made_by, made_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        args![
            new.id.uuid(),
            new.customer,
            Vec::from(token_hash),
            new.made_by,
            new.made_at,
            new.expires_at
        ],
    )
    .await
    .map(|_| ())
}

/// Uses a link up and begins its session; none where it was used, is too old, or leads to nobody.
pub async fn open(
    tx: &mut Tx,
    token_hash: [u8; 32],
    session_hash: [u8; 32],
    (now, until): (Timestamp, Timestamp),
) -> Result<Option<Member>> {
    let row: Option<(Uuid, Uuid)> = tx
        .optional(
            "UPDATE tier_member_links SET opened_at = $3, session_hash = $2, session_until = $4 \
             WHERE token_hash = $1 AND opened_at IS NULL AND expires_at > $3 AND EXISTS \
             (SELECT 1 FROM customers c WHERE c.id = tier_member_links.customer_id AND c.merged_into IS NULL \
             AND c.erased_at IS NULL) RETURNING id, customer_id",
            args![Vec::from(token_hash), Vec::from(session_hash), now, until],
        )
        .await?;
    Ok(row.map(|(link, customer)| Member {
        link: link.into(),
        customer,
        until,
    }))
}

/// Whose a session is.
pub async fn of_session(tx: &mut Tx, session_hash: [u8; 32], now: Timestamp) -> Result<Option<Member>> {
    let row: Option<(Uuid, Uuid, i64)> = tx
        .optional(
            "SELECT l.id, l.customer_id, l.session_until FROM tier_member_links l \
             JOIN customers c ON c.id = l.customer_id WHERE l.session_hash = $1 AND l.session_until > $2 \
             AND c.merged_into IS NULL AND c.erased_at IS NULL",
            args![Vec::from(session_hash), now],
        )
        .await?;
    Ok(row.map(|(link, customer, until)| Member {
        link: link.into(),
        customer,
        until: timestamp(until),
    }))
}

/// Ends a session.
pub async fn end_session(tx: &mut Tx, session_hash: [u8; 32], now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE tier_member_links SET session_until = $2 WHERE session_hash = $1 AND session_until > $2",
        args![Vec::from(session_hash), now],
    )
    .await
    .map(|_| ())
}

/// How many codes some customers who are one gave themselves since a moment.
pub async fn codes_since(tx: &mut Tx, customers: &[Uuid], since: Timestamp) -> Result<i64> {
    let sql = format!(
        "SELECT count(*) FROM tier_redemptions r JOIN tier_entitlements e ON e.id = r.entitlement_id \
         WHERE r.reserved_by IS NULL AND r.reserved_at > $1 AND e.customer_id{}",
        tx.dialect().in_uuids(2)
    );
    let (count,): (i64,) = tx.one(AssertSqlSafe(sql), args![since, uuids(customers)]).await?;
    Ok(count)
}

/// The links of some customers who are one, the oldest first.
pub async fn links(tx: &mut Tx, customers: &[Uuid]) -> Result<Vec<MemberLink>> {
    type Row = (Uuid, Uuid, Option<Uuid>, i64, i64, Option<i64>);
    let sql = format!(
        "SELECT id, customer_id, made_by, made_at, expires_at, opened_at FROM tier_member_links \
         WHERE customer_id{} ORDER BY id LIMIT {LINKS_MAX}",
        tx.dialect().in_uuids(1)
    );
    let rows: Vec<Row> = tx.all(AssertSqlSafe(sql), args![uuids(customers)]).await?;
    let link = |(id, customer, made_by, made_at, expires_at, opened_at): Row| MemberLink {
        id: MemberLinkId::from(id),
        customer,
        made_by,
        made_at: timestamp(made_at),
        expires_at: timestamp(expires_at),
        opened_at: opened_at.map(timestamp),
    };
    Ok(rows.into_iter().map(link).collect())
}

/// Removes links that could be opened no more before a moment, with their sessions.
pub async fn forget_old(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.execute(
        "DELETE FROM tier_member_links WHERE expires_at < $1 AND (session_until IS NULL OR session_until < $1)",
        args![before],
    )
    .await
}

/// What the firm writes on the page, with its version.
pub async fn texts(tx: &mut Tx) -> Result<(i64, MemberPageTexts)> {
    texts_locked(tx, "").await
}

/// The same, held until the transaction ends.
pub async fn hold_texts(tx: &mut Tx) -> Result<(i64, MemberPageTexts)> {
    let lock = tx.dialect().for_update();
    texts_locked(tx, lock).await
}

async fn texts_locked(tx: &mut Tx, lock: &str) -> Result<(i64, MemberPageTexts)> {
    let sql =
        format!("SELECT complaint_zh, complaint_en, version FROM tier_member_page WHERE only_row = 1{lock}");
    let (complaint_zh, complaint_en, version): (String, String, i32) = tx.one(AssertSqlSafe(sql), []).await?;
    let texts = MemberPageTexts {
        complaint_zh,
        complaint_en,
    };
    Ok((version.into(), texts))
}

/// Stores what the firm writes on the page.
pub async fn save_texts(tx: &mut Tx, texts: &MemberPageTexts) -> Result<()> {
    tx.execute(
        "UPDATE tier_member_page SET complaint_zh = $1, complaint_en = $2, version = version + 1 WHERE only_row = 1",
        args![&texts.complaint_zh, &texts.complaint_en],
    )
    .await
    .map(|_| ())
}
