//! This room's part of a customer's page.

use base::Result;
use customers::overview::{Asked, OverviewPart, Parts};
use platform::{Permission, Tx};
use serde::Serialize;
use utoipa::ToSchema;

use super::of_customer::MemberShown;
use crate::app::{TiersRoom, of_customer};

/// Adds this room's part, made from the room that `room` finds.
#[must_use]
pub fn with_parts<R: 'static>(parts: Parts<R>, room: fn(&R) -> &TiersRoom) -> Parts<R> {
    parts.with(move |rooms| TierPart(room(rooms).clone()))
}

/// A customer's levels: since when, how long they hold, why, and what is missing to the next.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewTier {
    /// One for each programme that is for the customer.
    items: Vec<MemberShown>,
}

struct TierPart(TiersRoom);

impl OverviewPart for TierPart {
    type Body = OverviewTier;
    const NAME: &'static str = "tier";
    const PERMISSION: Permission = Permission::TiersRead;

    async fn load(&self, tx: &mut Tx, asked: &Asked) -> Result<OverviewTier> {
        // A page waits for no reading of everybody's figures: where they are not in memory yet, it goes without.
        let figures = self.0.value.figures_at_hand(tx).await?;
        let members = of_customer::of(&self.0, tx, &figures, asked.about.id.uuid()).await?;
        Ok(OverviewTier {
            items: members.into_iter().map(Into::into).collect(),
        })
    }
}
