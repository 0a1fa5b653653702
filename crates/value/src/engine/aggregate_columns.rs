//! The columns of the customer aggregates while a batch of them is filled.

use std::sync::Arc;

use base::{Error, Result};
use datafusion::arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int32Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;

use super::accumulate::Sums;
use super::windows::MONTHS;

/// The columns of a batch while it is filled.
pub(crate) struct Columns {
    first_day: Vec<i32>,
    last_day: Vec<i32>,
    purchase_days: Vec<i32>,
    lines: Vec<i64>,
    net: Vec<i64>,
    purchase: Vec<i64>,
    repeat: Vec<i64>,
    purchase_square: Vec<i128>,
    largest: Vec<i64>,
    revenue_12m: Vec<i64>,
    cost_12m: Vec<i64>,
    lines_12m: Vec<i64>,
    costed_lines_12m: Vec<i64>,
    last_6m: Vec<i64>,
    previous_6m: Vec<i64>,
    p0: Vec<i64>,
    p1: Vec<i64>,
    p0_purchase_days: Vec<i32>,
    p1_purchase_days: Vec<i32>,
    calibration_first_day: Vec<Option<i32>>,
    calibration_last_day: Vec<Option<i32>>,
    calibration_purchase_days: Vec<i32>,
    calibration_repeat: Vec<i64>,
    holdout_purchase_days: Vec<i32>,
    holdout: Vec<i64>,
    pub(crate) months: [Vec<i64>; MONTHS],
}

impl Columns {
    pub(crate) fn with_rows(rows: usize) -> Self {
        Self {
            first_day: Vec::with_capacity(rows),
            last_day: Vec::with_capacity(rows),
            purchase_days: Vec::with_capacity(rows),
            lines: Vec::with_capacity(rows),
            net: Vec::with_capacity(rows),
            purchase: Vec::with_capacity(rows),
            repeat: Vec::with_capacity(rows),
            purchase_square: Vec::with_capacity(rows),
            largest: Vec::with_capacity(rows),
            revenue_12m: Vec::with_capacity(rows),
            cost_12m: Vec::with_capacity(rows),
            lines_12m: Vec::with_capacity(rows),
            costed_lines_12m: Vec::with_capacity(rows),
            last_6m: Vec::with_capacity(rows),
            previous_6m: Vec::with_capacity(rows),
            p0: Vec::with_capacity(rows),
            p1: Vec::with_capacity(rows),
            p0_purchase_days: Vec::with_capacity(rows),
            p1_purchase_days: Vec::with_capacity(rows),
            calibration_first_day: Vec::with_capacity(rows),
            calibration_last_day: Vec::with_capacity(rows),
            calibration_purchase_days: Vec::with_capacity(rows),
            calibration_repeat: Vec::with_capacity(rows),
            holdout_purchase_days: Vec::with_capacity(rows),
            holdout: Vec::with_capacity(rows),
            // The months of a customer are filled while its days are walked.
            months: std::array::from_fn(|_| vec![0; rows]),
        }
    }

    pub(crate) fn push(
        &mut self,
        sums: &Sums,
        first_net: i64,
        calibration: Option<(i32, i32)>,
        calibration_repeat: i64,
    ) {
        self.first_day.push(sums.first_day);
        self.last_day.push(sums.last_day);
        self.purchase_days.push(sums.purchase_days);
        self.lines.push(sums.lines);
        self.net.push(sums.net);
        self.purchase.push(sums.purchase);
        self.repeat.push(sums.purchase - first_net);
        self.purchase_square.push(sums.purchase_square);
        self.largest.push(sums.largest);
        self.revenue_12m.push(sums.revenue_12m);
        self.cost_12m.push(sums.cost_12m);
        self.lines_12m.push(sums.lines_12m);
        self.costed_lines_12m.push(sums.costed_lines_12m);
        self.last_6m.push(sums.last_6m);
        self.previous_6m.push(sums.previous_6m);
        self.p0.push(sums.p0);
        self.p1.push(sums.p1);
        self.p0_purchase_days.push(sums.p0_purchase_days);
        self.p1_purchase_days.push(sums.p1_purchase_days);
        self.calibration_first_day
            .push(calibration.map(|(first, _)| first));
        self.calibration_last_day.push(calibration.map(|(_, last)| last));
        self.calibration_purchase_days
            .push(sums.calibration_purchase_days);
        self.calibration_repeat.push(calibration_repeat);
        self.holdout_purchase_days.push(sums.holdout_purchase_days);
        self.holdout.push(sums.holdout);
    }

    /// In the order of the contract.
    pub(crate) fn into_batch(self, customer_id: ArrayRef, schema: &SchemaRef) -> Result<RecordBatch> {
        let int64 = |values: Vec<i64>| Arc::new(Int64Array::from(values)) as ArrayRef;
        let int32 = |values: Vec<i32>| Arc::new(Int32Array::from(values)) as ArrayRef;
        let dates = |values: Vec<i32>| Arc::new(Date32Array::from(values)) as ArrayRef;
        let square = Decimal128Array::from(self.purchase_square)
            .with_precision_and_scale(38, 0)
            .map_err(Error::internal)?;
        let mut columns = vec![
            customer_id,
            dates(self.first_day),
            dates(self.last_day),
            int32(self.purchase_days),
            int64(self.lines),
            int64(self.net),
            int64(self.purchase),
            int64(self.repeat),
            Arc::new(square),
            int64(self.largest),
            int64(self.revenue_12m),
            int64(self.cost_12m),
            int64(self.lines_12m),
            int64(self.costed_lines_12m),
            int64(self.last_6m),
            int64(self.previous_6m),
            int64(self.p0),
            int64(self.p1),
            int32(self.p0_purchase_days),
            int32(self.p1_purchase_days),
            Arc::new(Date32Array::from(self.calibration_first_day)),
            Arc::new(Date32Array::from(self.calibration_last_day)),
            int32(self.calibration_purchase_days),
            int64(self.calibration_repeat),
            int32(self.holdout_purchase_days),
            int64(self.holdout),
        ];
        columns.extend(self.months.map(int64));
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(Error::internal)
    }
}
