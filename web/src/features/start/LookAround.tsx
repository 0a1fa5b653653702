// Third step: what the run found, and where to go on.
import { Button, Card, Statistic, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useReport } from "../../api/queries";
import { Answer } from "../../components/Answer";
import { useFormat } from "../../i18n/format";

export function LookAround() {
  const { t } = useTranslation();
  const format = useFormat();
  const report = useReport("latest");
  return (
    <Card>
      <Typography.Title level={2} className="section-title">
        {t("start.look.title")}
      </Typography.Title>
      <Answer query={report} rows={3}>
        {(found) => {
          const money = (minor: number) => format.moneyShort({ minor, currency: found.currency });
          return (
            <div className="stack">
              <div className="totals">
                <Statistic
                  title={t("start.look.customers")}
                  value={format.count(found.customers)}
                />
                <Statistic title={t("start.look.value")} value={money(found.totals.value_minor)} />
                <Statistic
                  title={t("start.look.at_risk")}
                  value={money(found.totals.value_at_risk_minor)}
                />
                {found.concentration ? (
                  <Statistic
                    title={t("start.look.top")}
                    value={format.percent(found.concentration.top_20, 0)}
                  />
                ) : null}
              </div>
              <div className="row">
                <Link to="/value/overview">
                  <Button type="primary">{t("start.look.overview")}</Button>
                </Link>
                <Link to="/customers">
                  <Button>{t("start.look.customers_list")}</Button>
                </Link>
                <Link to="/value/bucket">
                  <Button>{t("start.look.bucket")}</Button>
                </Link>
              </div>
            </div>
          );
        }}
      </Answer>
    </Card>
  );
}
