//! Finding customers by a piece of one of their tags. Tags are few and customers many: first the tags, then who has them.

use std::collections::HashSet;

use base::Result;
use platform::db::{Sql, list};
use platform::{Scope, Tx, args};
use uuid::Uuid;

use super::scope::{ScopeColumns, push_scope};
use super::search::SEARCH_MAX;
use crate::rules::{after_prefix, tags_with};

/// So many different tags are looked through for a piece; what a tag begins with finds it among any number.
const LOOKED_THROUGH: u32 = 500;
/// So many tags of those that have the piece are followed.
const TAGS_MAX: u32 = 10;
/// So many who have one of the tags are looked through for those of a scope, and so many of a scope for those who have
/// one of the tags.
const WITH_TAGS_LOOKED_THROUGH: u32 = 5_000;
const OF_SCOPE_LOOKED_THROUGH: u32 = 5_000;

/// Customers of the scope with a tag that has this piece, each once, with the tag: whole tags first, then what begins with
/// it. Who sees a part of the firm finds everyone as long as those with the tag, or those of the part, are few thousands.
pub(super) async fn by_piece_of_tag(
    tx: &mut Tx,
    scope: &Scope,
    piece: &str,
    max: u32,
) -> Result<Vec<(Uuid, String)>> {
    let mut tags = distinct(tx, "", None, LOOKED_THROUGH).await?;
    tags.extend(distinct(tx, piece, after_prefix(piece), TAGS_MAX).await?);
    let tags = tags_with(tags, piece, TAGS_MAX as usize);
    let mut found = Vec::new();
    let mut known = HashSet::new();
    let share =
        (WITH_TAGS_LOOKED_THROUGH / u32::try_from(tags.len()).unwrap_or(TAGS_MAX).max(1)).max(SEARCH_MAX);
    for tag in &tags {
        if found.len() < max as usize {
            let ids = with_tag(tx, scope, tag, (share, max)).await?;
            let new = ids.into_iter().filter(|id| known.insert(*id));
            found.extend(new.map(|id| (id, tag.clone())));
        }
    }
    if found.len() < max as usize && !scope.is_whole_firm() && !tags.is_empty() {
        let mut more = of_scope(tx, scope, &tags, max).await?;
        more.retain(|(id, _)| known.insert(*id));
        found.extend(more);
    }
    Ok(found)
}

/// Different tags in order, from one on. Steps through the index from tag to tag, so that the number of customers does
/// not matter.
async fn distinct(tx: &mut Tx, from: &str, end: Option<String>, max: u32) -> Result<Vec<String>> {
    let mut rows: Vec<(String,)> = tx
        .all(
            "WITH RECURSIVE step (tag) AS (SELECT min(tag) FROM customer_tags WHERE tag >= $1 UNION ALL \
             SELECT (SELECT min(tag) FROM customer_tags WHERE tag > step.tag) FROM step WHERE step.tag IS NOT NULL) \
             SELECT tag FROM step WHERE tag IS NOT NULL LIMIT $2",
            args![from, max],
        )
        .await?;
    rows.retain(|(tag,)| end.as_ref().is_none_or(|end| tag < end));
    Ok(rows.into_iter().map(|(tag,)| tag).collect())
}

/// Those of the scope among the first who have this tag. Who was merged has what its survivor has, too.
async fn with_tag(tx: &mut Tx, scope: &Scope, tag: &str, (share, max): (u32, u32)) -> Result<Vec<Uuid>> {
    let mut sql = Sql::new("SELECT c.id FROM (SELECT customer_id FROM customer_tags WHERE tag = ");
    sql.bind(tag)
        .push(" ORDER BY customer_id LIMIT ")
        .bind(share)
        .push(") AS tagged JOIN customers c ON c.id = tagged.customer_id WHERE c.merged_into IS NULL");
    push_scope(&mut sql, scope, ScopeColumns::OF_C.beside_better(tx.dialect()));
    sql.push(" ORDER BY c.id LIMIT ").bind(max);
    let rows = sql.all::<(Uuid,)>(tx).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Those with one of these tags among the first of the scope: where many of the firm have a tag, few of a small scope
/// are among the first of them.
async fn of_scope(tx: &mut Tx, scope: &Scope, tags: &[String], max: u32) -> Result<Vec<(Uuid, String)>> {
    let mut sql =
        Sql::new("SELECT t.customer_id, t.tag FROM (SELECT id FROM customers WHERE merged_into IS NULL");
    push_scope(&mut sql, scope, ScopeColumns::PLAIN);
    sql.push(" LIMIT ")
        .bind(OF_SCOPE_LOOKED_THROUGH)
        .push(") AS mine JOIN customer_tags t ON t.customer_id = mine.id WHERE t.tag");
    sql.bind_in_texts(tx.dialect(), list(tags));
    // One with several of them comes several times.
    sql.push(" ORDER BY t.customer_id, t.tag LIMIT ")
        .bind(max * TAGS_MAX);
    sql.all(tx).await
}
