//! What the firm knows of a customer besides what it holds and pays: the days of its life, what it agreed to, its tags,
//! its telephones and the ends of its contracts. From numbers of their own, so that the history stays as it is.

use base::Day;
use customers::{Channel, LifeCalendar, LifeEventFacts, LifeEventKind};

use super::catalogue::{Brand, DEVICES, Product};
use super::draw::{Draw, Purpose};
use super::model::{CustomerKind, GeneratedConsent, GeneratedSubscription, SubscriptionStatus};
use super::outline::{Outline, Setting};

/// The share of people whose birthday the firm was told.
const BIRTHDAY_KNOWN: f64 = 0.62;
/// Of those born before 1985 and after, who keep it by the moon.
const BY_THE_MOON: [f64; 2] = [0.55, 0.12];
/// The share of days by the moon that are said to be in a leap month; most years have none, and then it is not.
const LEAP: f64 = 0.08;
const TERM_MONTHS: i32 = 24;
const MARRIED_AT: (i32, i32) = (23, 32);

/// The numbers of the person: whoever switched in the network was born on the same day.
fn draw(setting: &Setting, outline: &Outline) -> Draw {
    let person = outline.switched_from.unwrap_or(outline.index);
    Draw::new(setting.seed, person, Purpose::Life)
}

fn day(kind: LifeEventKind, calendar: LifeCalendar, year: i32, draw: &mut Draw) -> LifeEventFacts {
    let facts = LifeEventFacts {
        kind,
        label: None,
        calendar,
        year: i16::try_from(year).ok(),
        month: draw.between(1, 12) as u8,
        // Every month has them, by the sun and by the moon.
        day: draw.between(1, 28) as u8,
        leap_month: calendar == LifeCalendar::Lunar && draw.chance(LEAP),
    };
    facts.clone().checked().unwrap_or(LifeEventFacts {
        leap_month: false,
        ..facts
    })
}

/// Birthdays, wedding days and the days organisations were founded on, of those the firm was told.
pub(super) fn days(setting: &Setting, outline: &Outline) -> Vec<LifeEventFacts> {
    let mut draw = draw(setting, outline);
    let this_year = setting.as_of.date().year();
    if outline.kind == CustomerKind::Organisation {
        let founded = outline.since().date().year() - draw.below(20) as i16;
        let founding = day(
            LifeEventKind::Founding,
            LifeCalendar::Solar,
            founded.into(),
            &mut draw,
        );
        return if draw.chance(0.5) {
            vec![founding]
        } else {
            Vec::new()
        };
    }
    let mut known = Vec::new();
    let by_the_moon = BY_THE_MOON[usize::from(outline.born >= 1985)];
    let calendar = if draw.chance(by_the_moon) {
        LifeCalendar::Lunar
    } else {
        LifeCalendar::Solar
    };
    let birthday = day(LifeEventKind::Birthday, calendar, outline.born, &mut draw);
    if draw.chance(BIRTHDAY_KNOWN) {
        known.push(birthday);
    }
    let married = outline.born + draw.between(MARRIED_AT.0, MARRIED_AT.1);
    let wedding = day(LifeEventKind::Wedding, LifeCalendar::Solar, married, &mut draw);
    if married < i32::from(this_year) && draw.chance(0.12) {
        known.push(wedding);
    }
    known
}

/// What was agreed to when the contract was made, and what was withdrawn since.
pub(super) fn consents(setting: &Setting, outline: &Outline) -> Vec<GeneratedConsent> {
    let mut draw = Draw::new(setting.seed, outline.index, Purpose::Consents);
    let since = outline.since();
    let mut said = Vec::new();
    let mut say = |purpose, channel, given, source, on| {
        said.push(GeneratedConsent {
            purpose,
            channel,
            given,
            source,
            on,
        });
    };
    let contract = "入网协议";
    if draw.chance(0.72) {
        say("care", Channel::Sms, true, contract, since);
    }
    if draw.chance(0.38) {
        say("care", Channel::Phone, true, contract, since);
    }
    if draw.chance(0.34) {
        say("marketing", Channel::Sms, true, contract, since);
        let later = Day(draw.between(since.0, setting.as_of.0));
        if draw.chance(0.3) && later > since {
            say("marketing", Channel::Sms, false, "客服热线", later);
        }
    }
    if draw.chance(0.06) {
        say("advertising_in_ivr", Channel::Ivr, true, "手机客户端", since);
    }
    said
}

/// The words by which customer managers find customers again.
pub(super) fn tags(setting: &Setting, outline: &Outline) -> Vec<&'static str> {
    let mut draw = Draw::new(setting.seed, outline.index, Purpose::Tags);
    let all: &[&'static str] = match (outline.kind, outline.brand) {
        (CustomerKind::Organisation, _) => &["续约谈判", "有竞争对手接触", "行业标杆"],
        (_, Brand::HighEnd) => &["常出国", "喜欢高尔夫", "偏好人工服务", "企业主"],
        (_, Brand::Youth) => &["在校学生", "游戏玩家"],
        _ => &["家有老人", "价格敏感", "常投诉"],
    };
    all.iter().copied().filter(|_| draw.chance(0.1)).collect()
}

/// Gives mobile subscriptions a telephone, and those in use the day their contract ends.
pub(super) fn complete(setting: &Setting, outline: &Outline, held: &mut [GeneratedSubscription]) {
    let mut draw = Draw::new(setting.seed, outline.index, Purpose::Devices);
    for one in held {
        if one.product == Product::Mobile.name() && outline.kind == CustomerKind::Person {
            one.device = draw.chance(0.6).then(|| *draw.weighted(&DEVICES));
        }
        let runs = one.status == SubscriptionStatus::Active && !outline.prepaid && draw.chance(0.7);
        one.term_ends_on = runs.then(|| term_end(one.started_on, setting.as_of));
    }
}

/// The first end of a contract of [`TERM_MONTHS`], made anew whenever it ended, that is not before this day.
fn term_end(from: Day, on: Day) -> Day {
    let mut end = from;
    while end < on {
        end = end.months_before(-TERM_MONTHS);
    }
    end
}
