//! Reasons in words.

use base::Day;

use crate::model::{Cause, Document, Facts, Programme, Standing};

/// A level's names in Chinese and English; of one that the version does not have, its code.
pub fn level_name<'a>(document: &'a Document, code: &'a str) -> (&'a str, &'a str) {
    document
        .levels
        .iter()
        .find(|level| level.code == code)
        .map_or((code, code), |level| (level.zh.as_str(), level.en.as_str()))
}

fn dates(day: Option<Day>) -> (String, String) {
    day.map_or_else(Default::default, |day| {
        let date = day.date();
        let zh = format!("{}年{}月{}日", date.year(), date.month(), date.day());
        (zh, day.to_string())
    })
}

/// Why it stands so, in Chinese and English.
pub fn sentence(
    cause: Cause,
    after: &Standing,
    before: Option<&Standing>,
    (programme, document): (&Programme, &Document),
    facts: &Facts,
) -> (String, String) {
    let name = |code: &Option<String>| {
        let (zh, en) = code
            .as_deref()
            .map_or(("无等级", "no level"), |code| level_name(document, code));
        (zh.to_owned(), en.to_owned())
    };
    let (zh, en) = name(&after.earned);
    let had = before.and_then(|before| before.earned.clone());
    let (zh_had, en_had) = name(&had);
    let (zh_since, en_since) = dates(Some(after.since));
    let (zh_review, en_review) = dates(after.review_on);
    let (zh_grace, en_grace) = dates(after.grace_until);
    let (zh_until, en_until) = dates(facts.given.as_ref().map(|given| given.until));
    let (zh_level, en_level) = name(&after.level);
    match cause {
        Cause::Qualified => (
            format!("已达到{zh}条件，自{zh_since}起为{zh}。"),
            format!("Meets what {en} asks for and has been {en} since {en_since}."),
        ),
        Cause::Kept => (
            format!("满足{zh}的保级条件，继续保留{zh}。"),
            format!("Meets what keeps {en} and stays {en}."),
        ),
        Cause::HeldUntilReview => (
            format!("目前未满足{zh}的保级条件，{zh}保留至{zh_review}复核。"),
            format!("Does not meet what keeps {en}; {en} holds until its review on {en_review}."),
        ),
        Cause::GraceBegun => (
            format!("未满足{zh}的保级条件，进入宽限期；{zh_grace}前达标即可保留{zh}。"),
            format!(
                "Does not meet what keeps {en}; the time of grace has begun, and meeting it before {en_grace} keeps {en}."
            ),
        ),
        Cause::InGrace => (
            format!("仍在宽限期内，{zh_grace}前满足保级条件即可保留{zh}。"),
            format!("Within the time of grace; meeting what keeps {en} before {en_grace} keeps it."),
        ),
        Cause::NeverLowered => (
            format!("未满足{zh}的保级条件，但本计划不降级，继续保留{zh}。"),
            format!("Does not meet what keeps {en}, but this programme never lowers a level; stays {en}."),
        ),
        Cause::Lowered => (
            format!("未满足{zh_had}的保级条件，自{zh_since}起调整为{zh}。"),
            format!("Did not meet what keeps {en_had} and has been {en} since {en_since}."),
        ),
        Cause::Landed => (
            format!("未满足{zh_had}的保级条件，按规则只降一级，自{zh_since}起为{zh}，{zh_review}复核。"),
            format!(
                "Did not meet what keeps {en_had} and went down by one level only: {en} since {en_since}, reviewed on {en_review}."
            ),
        ),
        Cause::NoLevel => (
            "尚未达到任何等级的条件。".to_owned(),
            "Does not meet what any level asks for yet.".to_owned(),
        ),
        Cause::LevelGone => (
            format!(
                "原等级“{}”在现行规则中已不存在，且未达到其他等级的条件。",
                had.as_deref().unwrap_or_default()
            ),
            format!(
                "The level {:?} is none of the rules in force, and no other is met.",
                had.as_deref().unwrap_or_default()
            ),
        ),
        Cause::NotForCustomer => (
            format!("“{}”不适用于该客户。", programme.facts.zh),
            format!("The programme {:?} is not for this customer.", programme.facts.en),
        ),
        Cause::Given => (
            format!("经审批人工授予{zh_level}，{zh_until}到期；按规则应为{zh}。"),
            format!("{en_level} was given by hand and ends on {en_until}; by the rules it is {en}."),
        ),
        Cause::Suspended => (
            format!("等级经审批暂停，{zh_until}恢复；按规则应为{zh}。"),
            format!("The level was suspended by hand and comes back on {en_until}; by the rules it is {en}."),
        ),
    }
}
