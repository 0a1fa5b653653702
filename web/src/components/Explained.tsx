// A computed number that explains itself: what it means, from what it was made, as of which day,
// by which model, and how far it may be off.
import { Button, Descriptions, Popover, Typography } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Figure, Input } from "../api/types";
import { ABSENT, type Format, useFormat } from "../i18n/format";

export type ExplainedRun = { as_of: string; currency: string };

/** A word of the engine in the reader's language; a day as it is written there. */
export function wordOrDay(text: string, format: Format, t: TFunction): string {
  return /^\d{4}-\d\d-\d\d$/.test(text)
    ? format.day(text)
    : t(`terms.word.${text}`, { defaultValue: text });
}

/** A figure's number in its unit. */
export function figureText(
  value: number | string | null | undefined,
  unit: string,
  currency: string,
  format: Format,
  t: TFunction,
): string {
  if (value === null || value === undefined) return ABSENT;
  if (typeof value === "string") return wordOrDay(value, format, t);
  switch (unit) {
    case "year":
      return String(value);
    case "money":
      return format.money({ minor: Math.round(value), currency });
    case "probability":
      return format.percent(value);
    case "purchases":
      return t("terms.unit.purchases", { number: format.number(value, 2) });
    case "days":
      return format.span(value, "day");
    case "months":
      return format.span(value, "month");
    default:
      return format.number(value, Number.isInteger(value) ? 0 : 4);
  }
}

const MONEY_INPUTS = [
  "value",
  "clv_36m",
  "referral_value",
  "expected_ticket",
  "monetary",
  "contribution",
  "revenue",
];

/** The unit of a number that went into a figure. */
export function unitOfInput(name: string, figure: Pick<Figure, "unit">): string {
  if (name === "threshold") return figure.unit;
  if (MONEY_INPUTS.includes(name)) return "money";
  if (name === "p_alive" || name.endsWith("_share") || name.endsWith("_rate")) return "probability";
  if (name === "t_x" || name === "T" || name === "days_since_last") return "days";
  if (name === "retention") return "probability";
  if (name === "renewal_months") return "months";
  if (name === "cohort") return "year";
  if (name.startsWith("expected_purchases")) return "purchases";
  return "";
}

/** Inputs one below the other; a group such as the weights gives one line each. */
export function flatInputs(inputs: Record<string, Input>): [string, number | string | null][] {
  return Object.entries(inputs).flatMap(([name, value]) =>
    value !== null && typeof value === "object"
      ? flatInputs(value).map(([inner, number]): [string, number | string | null] => [
          `${name}_${inner}`,
          number,
        ])
      : [[name, value] as [string, number | string | null]],
  );
}

/** `bg_nbd+gamma_gamma` as people write it. */
export function modelText(model: string, t: TFunction): string {
  return model
    .split("+")
    .map((one) => t(`terms.model.${one}`, { defaultValue: one }))
    .join(" + ");
}

/** A model by name, and in a sentence what it takes customers for. */
export function ModelExplained(props: { model: string }) {
  const { t } = useTranslation();
  return (
    <div>
      {modelText(props.model, t)}
      {props.model.split("+").map((one) => (
        <div key={one} className="figure-note">
          {t(`terms.model_about.${one}`, { defaultValue: "" })}
        </div>
      ))}
    </div>
  );
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
  const inputs = flatInputs(figure.inputs ?? {});
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
                children: figure.model ? (
                  <ModelExplained model={figure.model} />
                ) : (
                  t("app.explain.no_model")
                ),
              },
              {
                key: "error",
                label: t("app.explain.error"),
                children:
                  figure.low !== null && figure.high !== null
                    ? t("app.explain.interval", { low: show(figure.low), high: show(figure.high) })
                    : figure.error !== null
                      ? t("app.explain.holdout_error", { error: show(figure.error) })
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
