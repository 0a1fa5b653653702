//! `/value/profiles`, `/customers/{id}/value`, `/customers/{id}/transactions`

use axum::Extension;
use base::{Currency, Day, Error, PageSize};
use jiff::Timestamp;
use platform::Caller;
use platform::http::{Json, Paging, Path, Problem, ProblemBody, Query};
use serde::Serialize;
use uuid::Uuid;

use super::body::{MoneyBody, money};
use crate::app::profiles::{self, Filter, ListRequest};
use crate::app::{PublishedRun, ValueRoom, ledger};
use crate::explain::{ExplainedFigure, Reason};
use crate::model::RecordedLine;
use crate::profile::{Figure, Previous, ProfileFigures, Range};
use crate::profile_columns::{BUCKETS, Order};
use crate::rules::{Loyalty, ValueClass};

/// The run that the figures are of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RunOfFigures {
    id: Uuid,
    #[schema(value_type = String, format = Date)]
    as_of: Day,
    /// The model taken.
    model: Option<String>,
    #[schema(value_type = String)]
    currency: Currency,
}

impl From<&PublishedRun> for RunOfFigures {
    fn from(published: &PublishedRun) -> Self {
        let run = &published.run;
        Self {
            id: run.id.uuid(),
            as_of: run.as_of,
            model: run.model_chosen.clone(),
            currency: run.currency,
        }
    }
}

/// Who a row is about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CustomerOfRow {
    id: Uuid,
    external_id: String,
    name: Option<String>,
    kind: String,
    brand: Option<String>,
    region: Option<String>,
}

impl From<customers::CustomerSummary> for CustomerOfRow {
    fn from(customer: customers::CustomerSummary) -> Self {
        Self {
            id: customer.id.uuid(),
            external_id: customer.external_id,
            name: customer.name,
            kind: customer.kind.name().to_owned(),
            brand: customer.brand,
            region: customer.region,
        }
    }
}

/// Scores 1 to 5 by quintile, 5 is best.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Rfm {
    r: u8,
    f: u8,
    m: u8,
}

/// The figures of a row.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Figures {
    /// E-I … E-IV, new, none.
    class: String,
    /// loyal, general, drifting.
    loyalty: String,
    /// Segment of the leaky bucket.
    bucket: String,
    value: MoneyBody,
    clv_12m: MoneyBody,
    clv_36m: MoneyBody,
    referral_value: MoneyBody,
    value_at_risk: MoneyBody,
    contribution: MoneyBody,
    revenue: MoneyBody,
    monetary: MoneyBody,
    expected_ticket: MoneyBody,
    stability: Option<f64>,
    p_alive: Option<f64>,
    expected_purchases_30d: Option<f64>,
    expected_purchases_90d: Option<f64>,
    expected_purchases_365d: Option<f64>,
    /// Repeat purchase days.
    x: i64,
    #[schema(value_type = String, format = Date)]
    first_purchase: Day,
    #[schema(value_type = String, format = Date)]
    last_purchase: Day,
    rfm: Rfm,
}

impl Figures {
    pub(super) fn of(profile: ProfileFigures, currency: Currency) -> Self {
        Self {
            class: profile.class,
            loyalty: profile.loyalty,
            bucket: profile.bucket,
            value: money(profile.value_minor, currency),
            clv_12m: money(profile.clv_12m_minor, currency),
            clv_36m: money(profile.clv_36m_minor, currency),
            referral_value: money(profile.referral_value_minor, currency),
            value_at_risk: money(profile.value_at_risk_minor, currency),
            contribution: money(profile.contribution_minor, currency),
            revenue: money(profile.revenue_minor, currency),
            monetary: money(profile.monetary_minor, currency),
            expected_ticket: money(profile.expected_ticket_minor, currency),
            stability: profile.stability,
            p_alive: profile.p_alive,
            expected_purchases_30d: profile.expected_purchases_30d,
            expected_purchases_90d: profile.expected_purchases_90d,
            expected_purchases_365d: profile.expected_purchases_365d,
            x: profile.x,
            first_purchase: profile.first_purchase,
            last_purchase: profile.last_purchase,
            rfm: Rfm {
                r: profile.recency_score,
                f: profile.frequency_score,
                m: profile.monetary_score,
            },
        }
    }
}

/// A row of the list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProfileRow {
    customer: CustomerOfRow,
    #[serde(flatten)]
    figures: Figures,
}

/// How many rows the list has.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CountBody {
    rows: u64,
    /// False: there are more than this.
    exact: bool,
}

/// One page of profiles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProfilePageBody {
    run: RunOfFigures,
    items: Vec<ProfileRow>,
    next_cursor: Option<String>,
}

/// Reads `?class=E-I,E-II&min_p_alive=0.5&sort=-value&q=…`: every figure has a `min_` and a `max_`.
pub(crate) fn list_request(parameters: Vec<(String, String)>) -> Result<ListRequest, Error> {
    let mut request = ListRequest {
        filter: Filter::default(),
        search: None,
        order: Order {
            figure: Figure::Value,
            descending: true,
        },
        size: PageSize::new(None)?,
        cursor: None,
    };
    let list = |text: &str| {
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for (name, value) in parameters.into_iter().filter(|(_, value)| !value.is_empty()) {
        match name.as_str() {
            "q" => request.search = Some(value),
            "class" => {
                request.filter.classes = known(list(&value), "class", &ValueClass::ALL.map(ValueClass::name))?
            }
            "loyalty" => {
                request.filter.loyalties = known(list(&value), "loyalty", &Loyalty::ALL.map(Loyalty::name))?
            }
            "bucket" => request.filter.buckets = known(list(&value), "bucket", &BUCKETS)?,
            "brand" => request.filter.group.brands = list(&value),
            "region" => request.filter.group.regions = list(&value),
            "kind" => {
                request.filter.group.kind = known(vec![value], "kind", &["person", "organisation"])?.pop()
            }
            "cursor" => request.cursor = Some(value),
            "limit" => {
                let rows = value
                    .parse()
                    .map_err(|_| Error::invalid("limit_out_of_range", "limit is 1 to 200").at("limit"))?;
                request.size = PageSize::new(Some(rows))?;
            }
            "sort" => {
                request.order = Order {
                    figure: Figure::parse(value.trim_start_matches('-'), "sort")?,
                    descending: value.starts_with('-'),
                };
            }
            bound => read_bound(&mut request.filter.ranges, bound, &value)?,
        }
    }
    Ok(request)
}

/// What is asked for, if each of it is among the names there are.
fn known(asked: Vec<String>, parameter: &str, names: &[&str]) -> Result<Vec<String>, Error> {
    match asked.iter().find(|asked| !names.contains(&asked.as_str())) {
        None => Ok(asked),
        Some(unknown) => Err(Error::invalid(
            "filter_unknown",
            format!(
                "{unknown:?} is no {parameter}: one or more of {}",
                names.join(", ")
            ),
        )
        .at(parameter)),
    }
}

fn read_bound(ranges: &mut Vec<Range>, name: &str, value: &str) -> Result<(), Error> {
    let (figure, low) = match (name.strip_prefix("min_"), name.strip_prefix("max_")) {
        (Some(figure), _) => (figure, true),
        (_, Some(figure)) => (figure, false),
        _ => {
            return Err(
                Error::invalid("parameter_unknown", format!("there is no parameter {name:?}")).at(name),
            );
        }
    };
    let figure = Figure::parse(figure, name)?;
    let malformed = || {
        Error::invalid(
            "bound_malformed",
            format!("{value:?} is no bound of {}", figure.name()),
        )
        .at(name)
    };
    let bound = match figure.unit() {
        crate::profile::Unit::Day => f64::from(Day::parse(value).map_err(|_| malformed())?.0),
        _ => value
            .parse::<f64>()
            .ok()
            .filter(|bound| bound.is_finite())
            .ok_or_else(malformed)?,
    };
    ranges.push(Range {
        figure,
        low: low.then_some(bound),
        high: (!low).then_some(bound),
    });
    Ok(())
}

/// Customers with their figures in the published run, sorted and filtered by any of them.
///
/// Besides the parameters listed, each figure has `min_<figure>` and `max_<figure>` (money in minor units,
/// days as dates).
#[utoipa::path(get, path = "/value/profiles", tag = "value", operation_id = "value_profiles_list",
    params(("sort" = Option<String>, Query, description = "a figure, with - for largest first; -value unless told"),
           ("q" = Option<String>, Query, description = "name or customer number"),
           ("class" = Option<String>, Query, description = "E-I,E-II,E-III,E-IV,new,none"),
           ("loyalty" = Option<String>, Query, description = "loyal,general,drifting"),
           ("bucket" = Option<String>, Query, description = "new,grown,kept,shrunk,dormant,lost,won_back,none"),
           ("brand" = Option<String>, Query, description = "brands, by comma"),
           ("region" = Option<String>, Query, description = "regions, by comma"),
           ("kind" = Option<String>, Query, description = "person or organisation"),
           ("limit" = Option<u32>, Query, description = "1 to 200, 50 unless told"),
           ("cursor" = Option<String>, Query, description = "next_cursor of the page before")),
    responses((status = 200, body = ProfilePageBody),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<ProfilePageBody>, Problem> {
    let list = profiles::list(&room, &caller, list_request(parameters)?).await?;
    let currency = list.run.run.currency;
    let rows = list.page.map(|(customer, profile)| ProfileRow {
        customer: customer.into(),
        figures: Figures::of(profile, currency),
    });
    Ok(Json(ProfilePageBody {
        run: (&*list.run).into(),
        items: rows.items,
        next_cursor: rows.next_cursor,
    }))
}

/// How many customers such a list has: exact, unless a search finds more than it looks for.
#[utoipa::path(get, path = "/value/profiles/count", tag = "value", operation_id = "value_profiles_count",
    description = "Takes the same filters as the list.",
    responses((status = 200, body = CountBody),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn count(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<CountBody>, Problem> {
    let request = list_request(parameters)?;
    let count = profiles::count(&room, &caller, request.filter, request.search.as_deref()).await?;
    Ok(Json(CountBody {
        rows: count.rows,
        exact: count.exact,
    }))
}

/// Net money of one month.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MonthOfSeries {
    /// `2026-10`.
    month: String,
    amount: MoneyBody,
}

/// What a customer brought over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Series {
    /// Net money of the 24 complete months before the as-of day, oldest first.
    months: Vec<MonthOfSeries>,
}

/// What the run before said.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Before {
    run: Uuid,
    class_before: String,
    value_before: MoneyBody,
}

impl Before {
    pub(super) fn of(previous: &Previous, currency: Currency) -> Self {
        Self {
            run: previous.run.uuid(),
            class_before: previous.class.clone(),
            value_before: money(previous.value_minor, currency),
        }
    }
}

/// One customer's figures, explained.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CustomerValue {
    run: RunOfFigures,
    profile: Figures,
    series: Series,
    /// Every figure with what went into it.
    figures: Vec<ExplainedFigure>,
    /// Why this class, why this risk.
    reasons: Vec<Reason>,
    /// What the run before said.
    comparison: Option<Before>,
}

/// What one customer is worth, and why.
#[utoipa::path(get, path = "/customers/{id}/value", tag = "value", operation_id = "customer_value",
    params(("id" = Uuid, Path, description = "the customer")),
    responses((status = 200, body = CustomerValue),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn of_customer(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<CustomerValue>, Problem> {
    let page = profiles::of_customer(&room, &caller, id).await?;
    let run = &page.run.run;
    let currency = run.currency;
    let last_month = run.as_of.last_complete_month().0;
    let count = page.profile.detail.months_minor.len() as i32;
    let months = page
        .profile
        .detail
        .months_minor
        .iter()
        .zip(0_i32..)
        .map(|(minor, n)| MonthOfSeries {
            month: base::Month(last_month - count + 1 + n).to_string(),
            amount: money(*minor, currency),
        });
    Ok(Json(CustomerValue {
        run: (&*page.run).into(),
        series: Series {
            months: months.collect(),
        },
        comparison: page
            .profile
            .previous
            .as_ref()
            .map(|previous| Before::of(previous, currency)),
        profile: Figures::of(page.profile.figures, currency),
        figures: page.figures,
        reasons: page.reasons,
    }))
}

/// One line of the ledger.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TransactionBody {
    /// Its place in the ledger.
    id: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    amount: MoneyBody,
    cost: Option<MoneyBody>,
    kind: String,
    product: Option<String>,
    channel: Option<String>,
    source: String,
    external_id: String,
    reverses: Option<String>,
}

impl TransactionBody {
    pub(super) fn of(RecordedLine { seq, line }: RecordedLine, currency: Currency) -> Self {
        Self {
            id: seq,
            at: line.at,
            amount: money(line.amount_minor, currency),
            cost: line.cost_minor.map(|minor| money(minor, currency)),
            kind: line.kind,
            product: line.product,
            channel: line.channel,
            source: line.source,
            external_id: line.external_id,
            reverses: line.reverses,
        }
    }
}

/// One page of a customer's transactions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TransactionPage {
    items: Vec<TransactionBody>,
    next_cursor: Option<String>,
}

/// A customer's transactions, newest first.
#[utoipa::path(get, path = "/customers/{id}/transactions", tag = "value", operation_id = "customer_transactions",
    params(("id" = Uuid, Path, description = "the customer"),
           ("limit" = Option<u32>, Query, description = "1 to 200, 50 unless told"),
           ("cursor" = Option<String>, Query, description = "next_cursor of the page before")),
    responses((status = 200, body = TransactionPage),
              (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn transactions(
    Extension(room): Extension<ValueRoom>,
    caller: Caller,
    Path(id): Path<Uuid>,
    paging: Paging,
) -> Result<Json<TransactionPage>, Problem> {
    let (page, currency) =
        ledger::of_customer(&room, &caller, id, paging.size, paging.cursor.as_deref()).await?;
    let page = page.map(|line| TransactionBody::of(line, currency));
    Ok(Json(TransactionPage {
        items: page.items,
        next_cursor: page.next_cursor,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Vec<(String, String)> {
        let uri = format!("http://localhost/?{text}").parse().unwrap();
        axum::extract::Query::try_from_uri(&uri).unwrap().0
    }

    #[test]
    fn a_query_is_read_as_sort_filter_and_bounds() {
        let request = list_request(query(
            "sort=p_alive&class=E-I,E-II&min_value=1000&max_last_purchase=2026-01-31&q=%E5%BC%A0",
        ))
        .unwrap();
        let by_p_alive = Order {
            figure: Figure::PAlive,
            descending: false,
        };
        assert_eq!(request.order, by_p_alive);
        assert_eq!(request.filter.classes, ["E-I", "E-II"]);
        assert_eq!(request.search.as_deref(), Some("张"));
        assert_eq!(request.filter.ranges.len(), 2);
        assert_eq!(
            request.filter.ranges[1].high,
            Some(f64::from(Day::parse("2026-01-31").unwrap().0))
        );
    }

    #[test]
    fn what_a_query_may_not_say_is_named() {
        for (text, code) in [
            ("sort=name", "figure_unknown"),
            ("min_value=abc", "bound_malformed"),
            ("min_value=NaN", "bound_malformed"),
            ("min_last_purchase=12", "bound_malformed"),
            ("limit=0", "limit_out_of_range"),
            ("limit=x", "limit_out_of_range"),
            ("order=asc", "parameter_unknown"),
            ("min_nothing=1", "figure_unknown"),
            ("class=E-I,E-V", "filter_unknown"),
            ("loyalty=Loyal", "filter_unknown"),
            ("bucket=gone", "filter_unknown"),
            ("kind=firm", "filter_unknown"),
        ] {
            assert_eq!(list_request(query(text)).unwrap_err().code(), code, "{text}");
        }
        let Error::Invalid { fields, .. } = list_request(query("bucket=kept,gone")).unwrap_err() else {
            panic!("not a field's error");
        };
        assert_eq!(fields[0].field, "bucket");
        let said =
            "\"gone\" is no bucket: one or more of new, grown, kept, shrunk, dormant, lost, won_back, none";
        assert_eq!(fields[0].message, said);
        for text in [
            "class=E-I,E-IV,new,none",
            "loyalty=loyal,general,drifting",
            "bucket=won_back,none",
        ] {
            assert!(list_request(query(text)).is_ok(), "{text}");
        }
    }
}
