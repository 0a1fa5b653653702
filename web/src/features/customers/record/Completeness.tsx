// How complete the record is, and what is missing, each with the place where it is said.
import { Progress, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useCompleteness } from "../../../api/record";
import { useSchema } from "../../../api/settings";
import { Answer } from "../../../components/Answer";
import { useFormat } from "../../../i18n/format";

/** The tab on which something is said. */
const PLACE: Record<string, string> = {
  phone: "identities",
  email: "identities",
  consent: "consents",
  contact: "contacts",
  subscription: "subscriptions",
};

/** What a record can have, in words. */
export function useThing(): (what: string) => string {
  const { t, i18n } = useTranslation();
  const fields = useSchema().data?.fields;
  return (what) => {
    const field = fields?.find((one) => what === `custom.${one.name}`);
    if (field) return i18n.language === "zh-CN" ? field.zh : field.en;
    return t(`record.thing.${what}`, { defaultValue: what });
  };
}

export function Completeness(props: { customerId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const complete = useCompleteness(props.customerId);
  const thing = useThing();
  return (
    <Answer query={complete} rows={2}>
      {({ percent, missing }) => (
        <div className="stack" style={{ gap: 8 }}>
          <Progress
            percent={percent}
            size="small"
            showInfo={false}
            aria-label={t("record.complete.title")}
          />
          <div>{t("record.complete.percent", { percent: format.percent(percent / 100, 0) })}</div>
          {missing.length > 0 ? (
            <Typography.Text type="secondary" className="in-text">
              {t("record.complete.missing")}
              {missing.map(({ what }, index) => (
                <span key={what}>
                  {index > 0 ? t("record.complete.between") : ""}
                  <Link to={`/customers/${props.customerId}?tab=${PLACE[what] ?? "record"}`}>
                    {thing(what)}
                  </Link>
                </span>
              ))}
            </Typography.Text>
          ) : null}
        </div>
      )}
    </Answer>
  );
}
