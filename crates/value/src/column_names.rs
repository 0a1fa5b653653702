//! What other systems call the columns of a transaction, in Chinese and English: small letters, without blanks and
//! dashes. Read by the import and by the engine's own files alike.

/// The customer.
pub(crate) const CUSTOMER: &[&str] = &[
    "customerid",
    "customerno",
    "customernumber",
    "customercode",
    "custid",
    "userid",
    "user",
    "memberid",
    "member",
    "clientid",
    "client",
    "客户",
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
];
/// The day or time.
pub(crate) const AT: &[&str] = &[
    "date",
    "datetime",
    "ts",
    "time",
    "timestamp",
    "day",
    "transactiondate",
    "transactiontime",
    "transactionat",
    "purchasedate",
    "orderdate",
    "invoicedate",
    "交易时间",
    "交易日期",
    "消费时间",
    "消费日期",
    "下单时间",
    "购买日期",
    "订单日期",
    "日期",
    "时间",
];
/// The amount.
pub(crate) const AMOUNT: &[&str] = &[
    "amt",
    "transactionamount",
    "totalamount",
    "total",
    "spend",
    "revenue",
    "value",
    "金额",
    "交易金额",
    "消费金额",
    "订单金额",
    "实付金额",
    "支付金额",
    "收入",
];
/// The cost.
pub(crate) const COST: &[&str] = &["成本", "成本金额"];
