// What the model expects of the customer, with the interval it is sure of in four cases of five.
import { Card, Typography } from "antd";
import { useTranslation } from "react-i18next";
import type { CustomerValue, Figure } from "../../api/types";
import { Explained, figureText, modelText } from "../../components/Explained";
import { ABSENT, useFormat } from "../../i18n/format";

const SHOWN = [
  "p_alive",
  "expected_purchases_30d",
  "expected_purchases_90d",
  "expected_purchases_365d",
  "expected_ticket",
  "clv_12m",
  "clv_36m",
];

export function Probabilities(props: { value: CustomerValue }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { figures, run } = props.value;
  const shown = SHOWN.map((name) => figures.find((figure) => figure.name === name)).filter(
    (figure) => figure !== undefined,
  );
  if (shown.length === 0) return null;
  return (
    <Card>
      <Typography.Title level={2} className="section-title">
        {t("customers.expected.title")}
      </Typography.Title>
      <div className="stack">
        {shown.map((figure) => (
          <div key={figure.name}>
            <div className="row" style={{ justifyContent: "space-between" }}>
              <span>{t(`terms.figure.${figure.name}`)}</span>
              <strong>
                <Explained figure={figure} run={run} />
              </strong>
            </div>
            {figure.low !== null && figure.high !== null ? (
              <>
                <Interval figure={figure} />
                <div className="figure-note numeric">
                  {t("customers.expected.interval", {
                    low: figureText(figure.low, figure.unit, run.currency, format, t),
                    high: figureText(figure.high, figure.unit, run.currency, format, t),
                  })}
                </div>
              </>
            ) : null}
          </div>
        ))}
      </div>
      <Typography.Paragraph type="secondary" style={{ margin: "16px 0 0" }}>
        {t("customers.expected.by", {
          model: run.model ? modelText(run.model, t) : ABSENT,
          day: format.day(run.as_of),
        })}
      </Typography.Paragraph>
    </Card>
  );
}

function Interval(props: { figure: Figure }) {
  const { low, high, value } = props.figure;
  if (low === null || high === null || value === null) return null;
  // A probability is drawn on its whole scale, any other figure from nothing to its upper end.
  const top = props.figure.unit === "probability" ? 1 : Math.max(high, value) * 1.1 || 1;
  const at = (number: number) => `${Math.min(100, Math.max(0, (100 * number) / top))}%`;
  return (
    <div className="interval" aria-hidden>
      <div
        className="interval-range"
        style={{ left: at(low), right: `calc(100% - ${at(high)})` }}
      />
      <div className="interval-point" style={{ left: at(value) }} />
    </div>
  );
}
