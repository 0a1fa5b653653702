// Why this customer is where they are, in sentences made from the figures.
import { Card, Typography } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { CustomerValue, Reason } from "../../api/types";
import { useCare } from "../../components/care";
import { wordOrDay } from "../../components/Explained";
import { ABSENT, type Format, useFormat } from "../../i18n/format";

const MONEY = ["contribution", "value", "value_at_risk", "last_6m", "previous_6m"];
const SHARES = ["p_gone", "change", "retention"];

/** The numbers of a reason as words, each in its unit. */
export function reasonWords(
  reason: Pick<Reason, "code" | "params">,
  currency: string,
  format: Format,
  t: TFunction,
): Record<string, string> {
  const words: Record<string, string> = {};
  for (const [name, given] of Object.entries(reason.params)) {
    const isMoney =
      MONEY.includes(name) || (name === "threshold" && reason.code.startsWith("contribution"));
    if (given === null) words[name] = ABSENT;
    else if (typeof given === "string") words[name] = wordOrDay(given, format, t);
    else if (isMoney) words[name] = format.moneyWhole({ minor: given, currency });
    else if (SHARES.includes(name)) words[name] = format.percent(Math.abs(given), 0);
    else words[name] = format.number(given, Math.abs(given) < 10 ? 2 : 0);
  }
  return words;
}

const PARTS = ["risk", "class"] as const;

export function Why(props: { value: CustomerValue }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { reasons, run, profile } = props.value;
  const care = useCare();
  return (
    <Card>
      {PARTS.map((about) => {
        const told = reasons.filter((reason) => reason.about === about);
        if (told.length === 0) return null;
        return (
          <section key={about} className="why">
            <Typography.Title level={2} className="section-title">
              {t(`customers.why.${about}`)}
            </Typography.Title>
            <ul className="reasons">
              {told.map((reason) => (
                <li key={reason.code}>
                  {t(`customers.reason.${reason.code}`, {
                    ...reasonWords(reason, run.currency, format, t),
                    defaultValue: reason.code,
                  })}
                </li>
              ))}
            </ul>
          </section>
        );
      })}
      <section className="why">
        <Typography.Title level={2} className="section-title">
          {t("customers.why.care")}
        </Typography.Title>
        <p className="care">{care(profile.class)}</p>
      </section>
    </Card>
  );
}
