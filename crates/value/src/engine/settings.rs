//! What a firm can decide about the value run. One struct, checked as a whole, stored verbatim in
//! the report, so that a run can be repeated and explained.

use base::{Currency, Error, Result};

use super::contract_terms::RENEWAL_MONTHS;

/// Which purchase model a run uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelChoice {
    /// BG/NBD (Fader, Hardie, Lee 2005).
    BgNbd,
    /// MBG/NBD (Batislam et al. 2007).
    MbgNbd,
    /// Pareto/NBD (Schmittlein et al. 1987).
    ParetoNbd,
    /// sBG (Fader, Hardie 2007), for contracts that are renewed or not every `renewal_months`. Whether a firm's
    /// relations are contracts is for the firm to say: `auto` never takes it.
    Sbg,
    /// Fits the first three and takes the one that predicts the held-out weeks best.
    Auto,
}

impl ModelChoice {
    /// The name as in settings, reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::BgNbd => "bg_nbd",
            Self::MbgNbd => "mbg_nbd",
            Self::ParetoNbd => "pareto_nbd",
            Self::Sbg => "sbg",
            Self::Auto => "auto",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "bg_nbd" => Ok(Self::BgNbd),
            "mbg_nbd" => Ok(Self::MbgNbd),
            "pareto_nbd" => Ok(Self::ParetoNbd),
            "sbg" => Ok(Self::Sbg),
            "auto" => Ok(Self::Auto),
            other => Err(Error::invalid(
                "model_unknown",
                format!("{other:?} is not a model: bg_nbd, mbg_nbd, pareto_nbd, sbg or auto"),
            )
            .at("model")),
        }
    }
}

/// Who counts as a high contribution.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum ContributionRule {
    /// The smallest set of customers that together bring this share (0–1) of all contribution.
    Share(f64),
    /// Customers at or above this percentile (0–100) of contribution.
    Percentile(f64),
    /// Customers who bring at least this much, in minor units.
    Absolute(i64),
}

/// Who counts as highly stable.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum StabilityRule {
    /// At or above the median of the classed customers.
    Median,
    /// At least this stability (0–1).
    Absolute(f64),
}

/// How much each coefficient of variation weighs in stability; the three add up to one.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StabilityWeights {
    /// Weight of the monthly series.
    pub month: f64,
    /// Weight of the quarterly series.
    pub quarter: f64,
    /// Weight of the tickets.
    pub ticket: f64,
}

/// Everything a firm can decide about a run. Missing fields take the default.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ValueSettings {
    /// The currency of all amounts.
    pub currency: Currency,
    /// The IANA name of the zone whose calendar days count (`Asia/Shanghai`).
    pub zone: String,
    /// The purchase model.
    pub model: ModelChoice,
    /// How many months a contract runs before it must be renewed: 1, 3, 6 or 12. Only the model `sbg` looks at it.
    pub renewal_months: u32,
    /// Who counts as a high contribution.
    pub contribution_rule: ContributionRule,
    /// Who counts as highly stable.
    pub stability_rule: StabilityRule,
    /// Weights of stability.
    pub stability_weights: StabilityWeights,
    /// Yearly rate at which future money is discounted.
    pub yearly_discount_rate: f64,
    /// What winning one customer costs, in minor units.
    pub acquisition_cost_minor: i64,
    /// The share of a referred customer's value that is credited to the referrer.
    pub referral_share: f64,
    /// Length of the two periods of the leaky bucket: 12, 6, 3 or 1 months; the longest that fits
    /// twice into the ledger where not set.
    pub period_months: Option<u32>,
    /// Weeks held out for validation; a third of the history, 4 to 26 weeks, where not set.
    pub holdout_weeks: Option<u32>,
    /// A run stops when more than this share of the rows is malformed.
    pub max_rejected_share: f64,
    /// The share of the last 12 months' lines that must carry a cost for contribution to be margin.
    pub min_cost_share: f64,
    /// How the firm cares for each class. No figure depends on it.
    pub care_strategies: CareStrategies,
}

/// What the firm does for the customers of a class, in its own words; none where it has not said.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CareStrategies {
    /// For high contribution, high stability.
    #[serde(rename = "E-I", deserialize_with = "trimmed")]
    pub e_i: Option<String>,
    /// For high contribution, low stability.
    #[serde(rename = "E-II", deserialize_with = "trimmed")]
    pub e_ii: Option<String>,
    /// For low contribution, high stability.
    #[serde(rename = "E-III", deserialize_with = "trimmed")]
    pub e_iii: Option<String>,
    /// For low contribution, low stability.
    #[serde(rename = "E-IV", deserialize_with = "trimmed")]
    pub e_iv: Option<String>,
}

impl CareStrategies {
    /// Characters of one text at most.
    pub const CHARACTERS_MAX: usize = 500;

    fn texts(&self) -> [(&'static str, &Option<String>); 4] {
        [
            ("E-I", &self.e_i),
            ("E-II", &self.e_ii),
            ("E-III", &self.e_iii),
            ("E-IV", &self.e_iv),
        ]
    }
}

/// A text without the blanks around it; nothing but blanks is nothing said.
fn trimmed<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Option<String>, D::Error> {
    let text: Option<String> = serde::Deserialize::deserialize(from)?;
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

impl Default for ValueSettings {
    fn default() -> Self {
        Self {
            currency: Currency::CNY,
            zone: "UTC".to_owned(),
            model: ModelChoice::Auto,
            renewal_months: 1,
            contribution_rule: ContributionRule::Share(0.8),
            stability_rule: StabilityRule::Median,
            stability_weights: StabilityWeights {
                month: 0.5,
                quarter: 0.3,
                ticket: 0.2,
            },
            yearly_discount_rate: 0.10,
            acquisition_cost_minor: 0,
            referral_share: 0.3,
            period_months: None,
            holdout_weeks: None,
            max_rejected_share: 0.01,
            min_cost_share: 0.95,
            care_strategies: CareStrategies::default(),
        }
    }
}

impl ValueSettings {
    /// Checks every field. Errors: `setting_out_of_range` naming the field.
    pub fn check(&self) -> Result<()> {
        let within = |field: &str, value: f64, low: f64, high: f64| {
            if value.is_finite() && (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(out_of_range(field, &format!("{low} to {high}")))
            }
        };
        match self.contribution_rule {
            ContributionRule::Share(share) => within("contribution_rule", share, 0.0, 1.0)?,
            ContributionRule::Percentile(percent) => within("contribution_rule", percent, 0.0, 100.0)?,
            ContributionRule::Absolute(_) => {}
        }
        if let StabilityRule::Absolute(least) = self.stability_rule {
            within("stability_rule", least, 0.0, 1.0)?;
        }
        let StabilityWeights {
            month,
            quarter,
            ticket,
        } = self.stability_weights;
        for weight in [month, quarter, ticket] {
            within("stability_weights", weight, 0.0, 1.0)?;
        }
        if (month + quarter + ticket - 1.0).abs() > 1e-9 {
            return Err(
                Error::invalid("setting_out_of_range", "stability_weights must add up to 1")
                    .at("stability_weights"),
            );
        }
        within("yearly_discount_rate", self.yearly_discount_rate, 0.0, 10.0)?;
        within("referral_share", self.referral_share, 0.0, 1.0)?;
        within("max_rejected_share", self.max_rejected_share, 0.0, 1.0)?;
        within("min_cost_share", self.min_cost_share, 0.0, 1.0)?;
        if !(0..=base::money::AMOUNT_MINOR_MAX).contains(&self.acquisition_cost_minor) {
            return Err(out_of_range("acquisition_cost_minor", "0 to 100,000,000,000"));
        }
        if !RENEWAL_MONTHS.contains(&self.renewal_months) {
            return Err(out_of_range("renewal_months", "1, 3, 6 or 12"));
        }
        for (class, text) in self.care_strategies.texts() {
            if text.as_ref().is_some_and(|text| text.chars().count() > CareStrategies::CHARACTERS_MAX) {
                return Err(Error::invalid(
                    "setting_out_of_range",
                    format!(
                        "the care strategy of {class} must have at most {} characters",
                        CareStrategies::CHARACTERS_MAX
                    ),
                )
                .at("care_strategies"));
            }
        }
        if !matches!(self.period_months, None | Some(1 | 3 | 6 | 12)) {
            return Err(out_of_range("period_months", "1, 3, 6 or 12"));
        }
        if !matches!(self.holdout_weeks, None | Some(1..=520)) {
            return Err(out_of_range("holdout_weeks", "1 to 520"));
        }
        Ok(())
    }
}

fn out_of_range(field: &str, allowed: &str) -> Error {
    Error::invalid("setting_out_of_range", format!("{field} must be {allowed}")).at(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_allowed_and_survive_a_round_trip() {
        let settings = ValueSettings::default();
        settings.check().unwrap();
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<ValueSettings>(&json).unwrap(), settings);
        assert_eq!(serde_json::from_str::<ValueSettings>("{}").unwrap(), settings);
    }

    #[test]
    fn care_strategies_are_trimmed_and_optional() {
        let json = r#"{"care_strategies":{"E-I":"  每季度拜访一次 ","E-II":"   ","E-IV":null}}"#;
        let mut settings: ValueSettings = serde_json::from_str(json).unwrap();
        let expected = CareStrategies {
            e_i: Some("每季度拜访一次".to_owned()),
            ..CareStrategies::default()
        };
        assert_eq!(settings.care_strategies, expected);
        settings.care_strategies.e_i = Some("关".repeat(500));
        settings.check().unwrap();
        assert!(serde_json::from_str::<ValueSettings>(r#"{"care_strategies":{"E-V":"x"}}"#).is_err());
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        type Change = fn(&mut ValueSettings);
        let cases: [(&str, Change); 11] = [
            ("contribution_rule", |s| {
                s.contribution_rule = ContributionRule::Share(1.2)
            }),
            ("stability_rule", |s| {
                s.stability_rule = StabilityRule::Absolute(f64::NAN)
            }),
            ("stability_weights", |s| s.stability_weights.month = 0.9),
            ("yearly_discount_rate", |s| s.yearly_discount_rate = -0.1),
            ("referral_share", |s| s.referral_share = f64::INFINITY),
            ("period_months", |s| s.period_months = Some(5)),
            ("holdout_weeks", |s| s.holdout_weeks = Some(0)),
            ("renewal_months", |s| s.renewal_months = 0),
            ("renewal_months", |s| s.renewal_months = 2),
            ("care_strategies", |s| s.care_strategies.e_iii = Some("关".repeat(501))),
            ("acquisition_cost_minor", |s| s.acquisition_cost_minor = -1),
        ];
        for (field, change) in cases {
            let mut settings = ValueSettings::default();
            change(&mut settings);
            let Err(Error::Invalid { fields, .. }) = settings.check() else {
                panic!("{field} was accepted");
            };
            assert_eq!(fields[0].field, field);
        }
        assert!(serde_json::from_str::<ValueSettings>(r#"{"zon":"UTC"}"#).is_err());
    }
}
