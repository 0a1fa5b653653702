// A computed number that explains itself: what it means, from what it was made, as of which day,
// by which model, and how far it may be off.
import { Button, Descriptions, Popover, Typography } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Figure } from "../api/types";
import { ABSENT, type Format, useFormat } from "../i18n/format";

export type ExplainedRun = { as_of: string; currency: string };

/** A figure's number in its unit. */
export function figureText(
  value: number | string | null | undefined,
  unit: string,
  currency: string,
  format: Format,
  t: TFunction,
): string {
  if (value === null || value === undefined) return ABSENT;
  if (typeof value === "string") return value;
  switch (unit) {
    case "money":
    case "minor":
      return format.money({ minor: Math.round(value), currency });
    case "probability":
    case "share":
      return format.percent(value);
    case "purchases":
      return t("terms.unit.purchases", { number: format.number(value, 1) });
    case "days":
      return t("terms.unit.days", { number: format.number(value, 0) });
    case "weeks":
      return t("terms.unit.weeks", { number: format.number(value, 1) });
    case "months":
      return t("terms.unit.months", { number: format.number(value, 0) });
    default:
      return format.number(value, Math.abs(value) >= 100 ? 0 : 3);
  }
}

/** The unit of an input, told by its name: the API names units last. */
export function unitOfInput(name: string, figure: Figure): string {
  if (name.endsWith("_minor")) return "money";
  if (/(^|_)(p_alive|share|rate)$/.test(name) || name.endsWith("_share")) return "share";
  if (/_days$|^days_/.test(name)) return "days";
  if (/_weeks$|^(t_x|T)$/.test(name)) return "weeks";
  if (
    figure.unit === "money" &&
    /^(value|clv_|referral|expected_ticket|contribution|monetary|threshold|revenue)/.test(name)
  ) {
    return "money";
  }
  return "";
}

export function Explained(props: {
  figure: Figure | undefined;
  run: ExplainedRun;
  /** What stands on the screen; the figure's own number by default. */
  text?: string;
  large?: boolean;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { figure, run } = props;
  if (!figure) return <>{props.text ?? ABSENT}</>;
  const name = t(`terms.figure.${figure.name}`, { defaultValue: figure.name });
  const show = (value: number | string | null | undefined, unit = figure.unit) =>
    figureText(value, unit, run.currency, format, t);
  const text = props.text ?? show(figure.value);
  const inputs = Object.entries(figure.inputs ?? {});
  return (
    <Popover
      trigger="click"
      title={name}
      content={
        <div className="explained">
          <Typography.Paragraph>
            {t(`terms.definition.${figure.name}`, { defaultValue: "" })}
          </Typography.Paragraph>
          <Descriptions
            size="small"
            column={1}
            items={[
              { key: "value", label: name, children: show(figure.value) },
              ...inputs.map(([input, value]) => ({
                key: input,
                label: t(`terms.input.${input}`, { defaultValue: input }),
                children: show(value, unitOfInput(input, figure)),
              })),
              { key: "as_of", label: t("app.explain.as_of"), children: format.day(run.as_of) },
              {
                key: "model",
                label: t("app.explain.model"),
                children: figure.model
                  ? t(`terms.model.${figure.model}`, { defaultValue: figure.model })
                  : t("app.explain.no_model"),
              },
              {
                key: "error",
                label: t("app.explain.error"),
                children:
                  figure.low !== null && figure.high !== null
                    ? t("app.explain.interval", { low: show(figure.low), high: show(figure.high) })
                    : figure.model
                      ? t("app.explain.no_interval")
                      : t("app.explain.exact"),
              },
            ]}
          />
        </div>
      }
    >
      <Button
        type="text"
        className={props.large ? "explained-number explained-large" : "explained-number"}
        aria-label={t("app.explain.open", { name, value: text })}
      >
        {text}
      </Button>
    </Popover>
  );
}
