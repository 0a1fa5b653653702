// Why this customer is where they are, in sentences made from the figures.
import { Card, Typography } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { CustomerValue, Reason } from "../../api/types";
import { type Format, useFormat } from "../../i18n/format";

/** The parameters of a reason as words, each by the unit in its name. */
export function reasonWords(
  reason: Reason,
  currency: string,
  format: Format,
  t: TFunction,
): Record<string, string> {
  const words: Record<string, string> = {};
  for (const [name, given] of Object.entries(reason.params ?? {})) {
    if (typeof given === "string") {
      words[name] = /^\d{4}-\d{2}-\d{2}/.test(given)
        ? format.day(given)
        : t([`terms.class.${given}`, `terms.loyalty.${given}`, `terms.bucket.${given}`, given]);
    } else if (name.endsWith("_minor")) {
      words[name] = given === null ? "—" : format.moneyWhole({ minor: given, currency });
    } else if (/share$|rate$|p_alive$|percent$|change$|ratio$/.test(name)) {
      words[name] = format.percent(given, 0);
    } else {
      words[name] = format.number(given, /stability|cv_/.test(name) ? 2 : 0);
    }
  }
  return words;
}

export function Why(props: { value: CustomerValue }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { reasons, run } = props.value;
  return (
    <Card>
      <Typography.Title level={2} className="section-title">
        {t("customers.why.title")}
      </Typography.Title>
      {reasons.length === 0 ? (
        <Typography.Text type="secondary">{t("customers.why.none")}</Typography.Text>
      ) : (
        <ul className="reasons">
          {reasons.map((reason) => (
            <li key={`${reason.code}:${JSON.stringify(reason.params)}`}>
              {t(`customers.reason.${reason.code}`, {
                ...reasonWords(reason, run.currency, format, t),
                defaultValue: reason.code,
              })}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
