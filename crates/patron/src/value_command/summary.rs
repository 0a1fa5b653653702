//! What a run found, in words and small tables, for whoever sits at the terminal.

use std::fmt::Write as _;

use base::Currency;
use value::engine::RunSummary;
use value::engine::compare::Comparison;
use value::engine::report::Report;
use value::engine::validation::Validation;

use super::RunArguments;

/// A run in words.
pub(crate) fn in_words(summary: &RunSummary, arguments: &RunArguments) -> String {
    let report = &summary.report;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_run(&mut text, report);
    let seconds: f64 = summary.times.iter().map(|stage| stage.took.as_secs_f64()).sum();
    let stages: Vec<String> = summary
        .times
        .iter()
        .map(|stage| format!("{} {:.2}", stage.stage.name(), stage.took.as_secs_f64()))
        .collect();
    let _ = writeln!(text, "\nDone in {seconds:.2} s ({}).", stages.join(", "));
    let _ = writeln!(text, "Profiles: {}", arguments.out.display());
    if let Some(path) = &arguments.report {
        let _ = writeln!(text, "Report:   {}", path.display());
    }
    text
}

fn write_run(text: &mut String, report: &Report) -> std::fmt::Result {
    let money = |minor: i64| amount(minor, report.currency);
    writeln!(
        text,
        "{} customers with {} transactions from {} to {} brought {}.",
        count(report.customers),
        count(report.transactions),
        report.first_day,
        report.last_day,
        money(report.revenue_minor),
    )?;
    writeln!(
        text,
        "As of {} they are worth {} over the next 36 months, {} of it at risk.",
        report.as_of,
        money(report.totals.value_minor),
        money(report.totals.value_at_risk_minor),
    )?;

    writeln!(
        text,
        "\n{:<8}{:>12}{:>9}{:>20}{:>9}{:>20}",
        "Class", "customers", "share", "contribution", "share", "value"
    )?;
    for row in report.classes.iter().filter(|row| row.customers > 0) {
        writeln!(
            text,
            "{:<8}{:>12}{:>9}{:>20}{:>9}{:>20}",
            row.class.name(),
            count(row.customers),
            percent(row.share_of_customers),
            money(row.contribution_minor),
            percent(row.share_of_contribution),
            money(row.value_minor),
        )?;
    }
    if let Some(concentration) = &report.concentration {
        writeln!(
            text,
            "\nThe best 20 % of the customers bring {} of the contribution, the best 1 % {}.",
            percent(concentration.top_20),
            percent(concentration.top_1),
        )?;
    }
    if let Some(bucket) = &report.leaky_bucket {
        writeln!(
            text,
            "\nThe bucket from {}..{} to {}..{}:",
            bucket.p0.from, bucket.p0.to, bucket.p1.from, bucket.p1.to
        )?;
        writeln!(
            text,
            "{:<12}{:>12}{:>20}",
            "opening",
            "",
            money(bucket.opening_minor)
        )?;
        for row in &bucket.segments {
            let change = money(row.change_minor);
            writeln!(
                text,
                "{:<12}{:>12}{:>20}",
                row.segment.name(),
                count(row.customers),
                change
            )?;
        }
        writeln!(
            text,
            "{:<12}{:>12}{:>20}",
            "closing",
            "",
            money(bucket.closing_minor)
        )?;
    }

    writeln!(text)?;
    for (name, model) in &report.models {
        let parameters: Vec<String> = model
            .params
            .0
            .iter()
            .map(|(name, value)| format!("{name} {}", figure(*value)))
            .collect();
        writeln!(
            text,
            "{name}: {}; log-likelihood {:.2}{}",
            parameters.join(", "),
            model.log_likelihood,
            model
                .holdout_log_likelihood
                .map(|ll| format!(", of the held-out weeks {ll:.2}"))
                .unwrap_or_default(),
        )?;
    }
    if let Some(chosen) = report.model.chosen {
        let why = match report.model.reason {
            "best_held_out" => "it foresaw the held-out weeks best",
            "best_log_likelihood" => "it fits best",
            _ => "as asked",
        };
        writeln!(text, "Used: {chosen}, {why}.")?;
    }
    if let Some(validation) = &report.validation {
        write_validation(text, validation)?;
    }
    if !report.warnings.is_empty() {
        writeln!(text, "\nPlease note:")?;
        for warning in &report.warnings {
            match &warning.model {
                Some(model) => writeln!(text, "- {model}: {}", warning.message)?,
                None => writeln!(text, "- {}", warning.message)?,
            }
        }
        for reject in report.rejects.iter().take(5) {
            writeln!(
                text,
                "  line {}, {:?}: {} ({:?})",
                reject.line, reject.column, reject.message, reject.value
            )?;
        }
    }
    Ok(())
}

fn write_validation(text: &mut String, validation: &Validation) -> std::fmt::Result {
    let verdict = match validation.verdict.code {
        "good" => "The model foresees well",
        "fair" => "The model foresees fairly well",
        _ => "The model foresees poorly",
    };
    let bias = match validation.total_bias {
        Some(bias) => format!("{:+.1} %", 100.0 * bias),
        None => "nothing was bought".to_owned(),
    };
    writeln!(
        text,
        "{verdict}: of the last {} weeks, held out, it predicted {:.0} purchases where {} were made ({bias}).",
        validation.holdout_weeks, validation.predicted_purchases, validation.actual_purchases,
    )?;
    for reason in &validation.verdict.reasons {
        let words = match reason.code {
            "buyers_told_apart" => "It tells who buys again from who does not",
            "buyers_partly_told_apart" => "It partly tells who buys again from who does not",
            "buyers_not_told_apart" => "It does not tell who buys again from who does not",
            "alive_not_told_apart" => "Its P(alive) alone does not tell who is gone",
            _ => continue,
        };
        writeln!(text, "{words} (AUC {:.2}).", reason.value)?;
    }
    Ok(())
}

/// A comparison in words.
pub(crate) fn comparison(comparison: &Comparison) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_comparison(&mut text, comparison);
    text
}

fn write_comparison(text: &mut String, comparison: &Comparison) -> std::fmt::Result {
    let digits = comparison.minor_digits as usize;
    let money = |minor: i64| without_currency(minor, digits);
    writeln!(
        text,
        "{} customers before, {} after; {} entered, {} left. Value {} before, {} after.",
        count(comparison.customers_before),
        count(comparison.customers_after),
        count(comparison.entered),
        count(comparison.left),
        money(comparison.value_before_minor),
        money(comparison.value_after_minor),
    )?;
    writeln!(
        text,
        "\n{:<8}{:<8}{:>12}{:>20}{:>20}",
        "from", "to", "customers", "value before", "value after"
    )?;
    for row in &comparison.classes {
        writeln!(
            text,
            "{:<8}{:<8}{:>12}{:>20}{:>20}",
            row.from_class,
            row.to_class,
            count(row.customers),
            money(row.value_before_minor),
            money(row.value_after_minor)
        )?;
    }
    for (title, movers) in [("Gained most", &comparison.up), ("Lost most", &comparison.down)] {
        writeln!(text, "\n{title}:")?;
        for mover in movers {
            writeln!(
                text,
                "{:<24}{:>8} -> {:<8}{:>16} -> {:>14}",
                mover.customer_id,
                mover.from_class,
                mover.to_class,
                money(mover.value_before_minor),
                money(mover.value_after_minor)
            )?;
        }
    }
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn count(number: u64) -> String {
    grouped(&number.to_string())
}

fn amount(minor: i64, currency: Currency) -> String {
    format!(
        "{} {currency}",
        without_currency(minor, currency.minor_digits() as usize)
    )
}

fn without_currency(minor: i64, digits: usize) -> String {
    let text = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
    let (whole, rest) = text.split_at(text.len() - digits);
    let sign = if minor < 0 { "-" } else { "" };
    let point = if digits > 0 { "." } else { "" };
    format!("{sign}{}{point}{rest}", grouped(whole))
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Four decimals; of a small number five significant digits.
fn figure(value: f64) -> String {
    if value.abs() >= 0.01 {
        format!("{value:.4}")
    } else {
        format!("{value:.4e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_and_numbers_read_well() {
        assert_eq!(amount(-123_456_789, Currency::USD), "-1,234,567.89 USD");
        assert_eq!(amount(5, Currency::USD), "0.05 USD");
        assert_eq!(amount(1_500, Currency::parse("JPY").unwrap()), "1,500 JPY");
        assert_eq!(figure(0.242_593), "0.2426");
        assert_eq!(figure(0.000_242_593), "2.4259e-4");
        assert_eq!(count(2_357), "2,357");
    }
}
