// Contribution by stability: how many customers, how much of the firm they are, how to care for them.
import { Card } from "antd";
import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import type { Report, ValueClass } from "../../api/types";
import { ChartCard } from "../../components/ChartCard";
import { useCare } from "../../components/care";
import { CLASS_COLOUR, CLASSES } from "../../components/palette";
import { majorUnits, useFormat } from "../../i18n/format";
import { CustomersLink } from "./CustomersLink";
import { matrixFinding } from "./findings";
import type { ReportTab } from "./ValueRoom";

export function Matrix({ report, newest }: ReportTab) {
  const { t } = useTranslation();
  const format = useFormat();
  const { currency, class_thresholds: bounds } = report;
  const classes = CLASSES.flatMap((name) => report.classes.filter((one) => one.class === name));
  return (
    <div className="stack">
      <ChartCard
        finding={matrixFinding(report, { t, format }) ?? t("value.matrix.none")}
        how={t("value.matrix.how", {
          contribution:
            bounds.contribution_minor === null
              ? "—"
              : format.money({ minor: bounds.contribution_minor, currency }),
          stability: format.number(bounds.stability, 2),
        })}
        name={`classes-${report.as_of}`}
        drawing={<Grid report={report} newest={newest} />}
        table={{
          columns: [
            { title: t("value.matrix.class") },
            {
              title: t("value.matrix.customers"),
              numeric: true,
              text: (n) => format.count(Number(n)),
            },
            {
              title: t("value.matrix.share"),
              numeric: true,
              text: (n) => format.percent(Number(n)),
            },
            {
              title: `${t("terms.figure.contribution")} (${currency})`,
              numeric: true,
              text: (n) => format.number(Number(n), 0),
            },
            {
              title: t("value.matrix.contribution_share"),
              numeric: true,
              text: (n) => format.percent(Number(n)),
            },
            {
              title: `${t("terms.figure.value")} (${currency})`,
              numeric: true,
              text: (n) => format.number(Number(n), 0),
            },
            {
              title: `${t("terms.figure.value_at_risk")} (${currency})`,
              numeric: true,
              text: (n) => format.number(Number(n), 0),
            },
          ],
          rows: classes.map((one) => [
            t(`terms.class.${one.class}`),
            one.customers,
            one.share_of_customers,
            majorUnits({ minor: one.contribution_minor, currency }),
            one.share_of_contribution,
            majorUnits({ minor: one.value_minor, currency }),
            majorUnits({ minor: one.value_at_risk_minor, currency }),
          ]),
        }}
      />
      <Card>
        <p className="definition">
          {t("value.matrix.explained")} {newest ? t("value.matrix.click") : null}
        </p>
      </Card>
    </div>
  );
}

function Grid(props: { report: Report; newest: boolean }) {
  const { t } = useTranslation();
  const cell = (name: ValueClass) => <Cell report={props.report} newest={props.newest} of={name} />;
  return (
    <>
      <div className="matrix">
        <div className="matrix-corner" />
        <div className="matrix-top">{t("value.matrix.stability_low")}</div>
        <div className="matrix-top">{t("value.matrix.stability_high")}</div>
        <div className="matrix-side">{t("value.matrix.contribution_high")}</div>
        {cell("E-II")}
        {cell("E-I")}
        <div className="matrix-side">{t("value.matrix.contribution_low")}</div>
        {cell("E-IV")}
        {cell("E-III")}
      </div>
      <div className="matrix-rest">
        {cell("new")}
        {cell("none")}
      </div>
    </>
  );
}

function Cell(props: { report: Report; newest: boolean; of: ValueClass }) {
  const { t } = useTranslation();
  const format = useFormat();
  const care = useCare();
  const { currency } = props.report;
  const one = props.report.classes.find((found) => found.class === props.of);
  if (!one) return <div />;
  const style: CSSProperties = { borderTopColor: CLASS_COLOUR[props.of] };
  return (
    <CustomersLink
      newest={props.newest}
      filter={`class=${props.of}`}
      className="matrix-cell"
      style={style}
    >
      <span className="matrix-name">{t(`terms.class.${props.of}`)}</span>
      <span className="figure-note"> {t(`terms.class_meaning.${props.of}`)}</span>
      <span className="matrix-numbers numeric">
        <span>
          {t("value.matrix.heads", {
            customers: format.count(one.customers),
            share: format.percent(one.share_of_customers, 0),
          })}
        </span>
        <span>
          {t("value.matrix.brings", { share: format.percent(one.share_of_contribution, 0) })}
        </span>
        <span>
          {t("value.matrix.worth", {
            value: format.moneyShort({ minor: one.value_minor, currency }),
          })}
        </span>
        <span>
          {t("value.matrix.at_risk", {
            value: format.moneyShort({ minor: one.value_at_risk_minor, currency }),
          })}
        </span>
      </span>
      <span className="care">{care(props.of)}</span>
    </CustomersLink>
  );
}
