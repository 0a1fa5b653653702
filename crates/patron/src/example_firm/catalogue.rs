//! What the example firm is and sells: brands, branches, plans, devices, and the dates everybody
//! who reads its figures has to know.

use base::{Day, Month};

/// The name of the firm; invented.
pub(crate) const FIRM_NAME: &str = "澜桥通信（示例数据）";

/// A brand of the firm; all invented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Brand {
    /// High end.
    HighEnd,
    /// The mass market.
    Mass,
    /// The young.
    Youth,
    /// Organisations.
    Business,
}

impl Brand {
    /// As the ledger and the screens name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::HighEnd => "澜尊",
            Self::Mass => "澜家",
            Self::Youth => "澜青",
            Self::Business => "澜企",
        }
    }
}

/// A branch of the firm.
#[derive(Debug)]
pub(super) struct Branch {
    /// Province and city, as the record's region has it.
    pub(super) region: &'static str,
    /// The city, as firms there are called.
    pub(super) city: &'static str,
    /// How much people there spend, against the whole firm.
    pub(super) spend: f64,
    /// How much more or less likely its customers are to leave: a competitor is strong there.
    pub(super) leaving: f64,
}

const fn branch(region: &'static str, city: &'static str, spend: f64, leaving: f64) -> Branch {
    Branch {
        region,
        city,
        spend,
        leaving,
    }
}

/// The branches and their share of customers.
pub(super) const BRANCHES: [(Branch, u32); 12] = [
    (branch("广东·广州", "广州", 1.15, 1.0), 15),
    (branch("广东·深圳", "深圳", 1.30, 1.1), 13),
    (branch("浙江·杭州", "杭州", 1.20, 0.9), 12),
    (branch("江苏·南京", "南京", 1.10, 0.9), 10),
    (branch("四川·成都", "成都", 0.95, 1.0), 11),
    (branch("湖北·武汉", "武汉", 0.95, 1.5), 9),
    (branch("山东·青岛", "青岛", 0.95, 0.9), 7),
    (branch("河南·郑州", "郑州", 0.80, 1.2), 7),
    (branch("陕西·西安", "西安", 0.85, 1.0), 6),
    (branch("湖南·长沙", "长沙", 0.90, 1.0), 5),
    (branch("福建·厦门", "厦门", 1.05, 0.8), 3),
    (branch("辽宁·沈阳", "沈阳", 0.80, 1.3), 2),
];

/// A plan with its monthly fee.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// As the record names it.
    pub(super) name: &'static str,
    /// Monthly fee in fen.
    pub(super) fee_minor: i64,
}

const fn plan(name: &'static str, fee_yuan: i64) -> Plan {
    Plan {
        name,
        fee_minor: fee_yuan * 100,
    }
}

const HIGH_END_PLANS: [Plan; 6] = [
    plan("澜尊 129元", 129),
    plan("澜尊 169元", 169),
    plan("澜尊 199元", 199),
    plan("澜尊 299元", 299),
    plan("澜尊 399元", 399),
    plan("澜尊 599元", 599),
];
const MASS_PLANS: [Plan; 6] = [
    plan("澜家 19元", 19),
    plan("澜家 29元", 29),
    plan("澜家 39元", 39),
    plan("澜家 59元", 59),
    plan("澜家 79元", 79),
    plan("澜家 99元", 99),
];
const YOUTH_PLANS: [Plan; 4] = [
    plan("澜青 19元", 19),
    plan("澜青 29元", 29),
    plan("澜青 39元", 39),
    plan("澜青 49元", 49),
];

/// Mobile plans of a brand, from small to large.
pub(super) const fn mobile_plans(brand: Brand) -> &'static [Plan] {
    match brand {
        Brand::HighEnd | Brand::Business => &HIGH_END_PLANS,
        Brand::Mass => &MASS_PLANS,
        Brand::Youth => &YOUTH_PLANS,
    }
}

/// Broadband, added to a mobile bill.
pub(super) const BROADBAND_PLANS: [Plan; 3] =
    [plan("宽带 300M", 30), plan("宽带 500M", 50), plan("千兆宽带", 90)];

/// What organisations hold, with the share of organisations that do, and the weight of it in what
/// such an organisation spends.
#[derive(Debug)]
pub(super) struct OrganisationProduct {
    pub(super) product: Product,
    pub(super) plan: &'static str,
    pub(super) held_by: f64,
    pub(super) weight: f64,
}

/// The products of organisations; the first is held by all.
pub(super) const ORGANISATION_PRODUCTS: [OrganisationProduct; 5] = [
    organisation_product(Product::GroupVoice, "集团语音包", 1.0, 1.0),
    organisation_product(Product::DedicatedLine, "互联网专线", 0.5, 1.6),
    organisation_product(Product::Cloud, "云主机", 0.3, 1.2),
    organisation_product(Product::Things, "物联网卡", 0.15, 0.9),
    organisation_product(Product::Messages, "企业短信", 0.2, 0.4),
];

const fn organisation_product(
    product: Product,
    plan: &'static str,
    held_by: f64,
    weight: f64,
) -> OrganisationProduct {
    OrganisationProduct {
        product,
        plan,
        held_by,
        weight,
    }
}

/// What a ledger line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Product {
    /// A mobile plan with its usage.
    Mobile,
    /// Broadband paid by the year.
    Broadband,
    /// A phone, watch or router.
    Device,
    /// More data for a month.
    DataPack,
    /// Roaming abroad.
    Roaming,
    /// Paid services on top: music, video, cloud space.
    ValueAdded,
    /// A new SIM card, a transfer.
    CounterService,
    /// An organisation's voice.
    GroupVoice,
    /// An organisation's line.
    DedicatedLine,
    /// An organisation's servers.
    Cloud,
    /// An organisation's SIM cards for machines.
    Things,
    /// An organisation's messages to its own customers.
    Messages,
}

impl Product {
    /// As the ledger names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mobile => "移动套餐",
            Self::Broadband => "家庭宽带",
            Self::Device => "终端",
            Self::DataPack => "流量包",
            Self::Roaming => "国际漫游",
            Self::ValueAdded => "增值业务",
            Self::CounterService => "营业服务",
            Self::GroupVoice => "集团语音",
            Self::DedicatedLine => "数据专线",
            Self::Cloud => "云服务",
            Self::Things => "物联网",
            Self::Messages => "企业短信",
        }
    }

    /// The share of the amount that it costs the firm.
    pub(super) const fn cost_share(self) -> f64 {
        match self {
            Self::Mobile => 0.44,
            Self::Broadband => 0.40,
            Self::Device => 0.91,
            Self::DataPack => 0.22,
            Self::Roaming => 0.55,
            Self::ValueAdded => 0.60,
            Self::CounterService => 0.50,
            Self::GroupVoice => 0.42,
            Self::DedicatedLine => 0.50,
            Self::Cloud => 0.66,
            Self::Things => 0.58,
            Self::Messages => 0.62,
        }
    }
}

/// Telephones, with how often they come with a contract.
pub(super) const DEVICES: [(&str, u32); 6] = [
    ("华为 Mate 70", 18),
    ("华为 nova 13", 22),
    ("小米 15", 20),
    ("荣耀 Magic7", 14),
    ("OPPO Reno13", 14),
    ("iPhone 16", 12),
];

/// Prices of devices in yuan, with how often they are bought.
pub(super) const DEVICES_YUAN: [(i64, u32); 8] = [
    (299, 14),
    (999, 22),
    (1499, 20),
    (1999, 18),
    (2999, 12),
    (4599, 7),
    (6999, 5),
    (9999, 2),
];

/// Sums people recharge, in yuan, from small to large.
pub(super) const RECHARGES_YUAN: [i64; 7] = [10, 20, 30, 50, 100, 200, 300];

/// The months of the history that everybody in the firm remembers, counted from the first.
pub(super) const PRICE_CHANGE_MONTH: i32 = 20;
/// From here, for [`NEW_CUSTOMER_OFFER_MONTHS`], only new customers get the launch offer.
pub(super) const NEW_CUSTOMER_OFFER_MONTH: i32 = 24;
/// How long the offer for new customers runs.
pub(super) const NEW_CUSTOMER_OFFER_MONTHS: i32 = 3;
/// A competitor gives devices away.
pub(super) const COMPETITOR_MONTH: i32 = 28;

/// The month in which the Chinese year begins, where that is January; else February stands for it.
const SPRING_FESTIVALS_IN_JANUARY: [i32; 7] = [2017, 2020, 2023, 2025, 2028, 2031, 2033];

/// The month the Spring Festival of the same calendar year is in.
pub(super) fn spring_festival(month: Month) -> Month {
    let year = month.0.div_euclid(12);
    let january = SPRING_FESTIVALS_IN_JANUARY.contains(&year);
    Month(year * 12 + i32::from(!january))
}

/// The month of the year, 1 to 12.
pub(super) const fn month_of_year(month: Month) -> i32 {
    month.0.rem_euclid(12) + 1
}

/// The last day of a month.
pub(super) fn last_day(month: Month) -> Day {
    Day(month.next().first_day().0 - 1)
}
