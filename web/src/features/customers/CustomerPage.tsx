// One customer on one screen: who, what they are worth, why, and what it rests on.
import { ArrowLeftOutlined } from "@ant-design/icons";
import { Breadcrumb, Button, Card, Result, Tabs, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { problemCode, useCustomer, useCustomerValue } from "../../api/queries";
import type { Customer } from "../../api/types";
import { Answer } from "../../components/Answer";
import { PageHead } from "../../components/PageHead";
import { useUrlState } from "../../components/urlState";
import { Facts, People } from "./Facts";
import { FigureStrip } from "./FigureStrip";
import { Probabilities } from "./Probabilities";
import { SeriesChart } from "./SeriesChart";
import { Subscriptions } from "./Subscriptions";
import { Transactions } from "./Transactions";
import { Why } from "./Why";

export function CustomerPage() {
  const { id = "" } = useParams();
  const { t } = useTranslation();
  const customer = useCustomer(id);
  if (problemCode(customer.error) === "not_found") {
    return (
      <Result
        status="404"
        title={t("customers.gone.title")}
        subTitle={t("customers.gone.hint")}
        extra={
          <Link to="/customers">
            <Button type="primary">{t("customers.gone.back")}</Button>
          </Link>
        }
      />
    );
  }
  return <Answer query={customer}>{(record) => <Page customer={record} />}</Answer>;
}

function Page(props: { customer: Customer }) {
  const { customer } = props;
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const value = useCustomerValue(customer.id);
  const name = customer.name || customer.external_id;
  return (
    <>
      <Breadcrumb
        items={[
          {
            title: (
              <Link to="/customers">
                <ArrowLeftOutlined aria-hidden /> {t("customers.title")}
              </Link>
            ),
          },
          { title: customer.external_id },
        ]}
      />
      <PageHead
        title={name}
        lead={
          <span className="row">
            <span className="numeric">{customer.external_id}</span>
            <Tag>{t(`terms.kind.${customer.kind}`)}</Tag>
            {customer.generated ? <Tag>{t("customers.generated")}</Tag> : null}
          </span>
        }
      />
      <div className="stack">
        <FigureStrip query={value} />
        <div className="customer-grid">
          <div className="stack customer-facts">
            <Facts customer={customer} />
            <People customer={customer} />
          </div>
          <div className="stack customer-main">
            <Answer query={value}>
              {(shown) => (shown ? <SeriesChart value={shown} customer={customer} /> : null)}
            </Answer>
            <Card>
              <Tabs
                activeKey={search.get("tab") ?? "transactions"}
                onChange={(tab) => change({ tab }, { replace: true })}
                items={[
                  {
                    key: "transactions",
                    label: t("customers.tab.transactions"),
                    children: <Transactions customerId={customer.id} />,
                  },
                  {
                    key: "subscriptions",
                    label: t("customers.tab.subscriptions", {
                      count: customer.subscriptions.length,
                    }),
                    children: <Subscriptions of={customer.subscriptions} />,
                  },
                ]}
              />
            </Card>
          </div>
          <div className="stack customer-why">
            <Answer query={value} rows={4}>
              {(shown) =>
                shown ? (
                  <>
                    <Why value={shown} />
                    <Probabilities value={shown} />
                  </>
                ) : null
              }
            </Answer>
          </div>
        </div>
      </div>
    </>
  );
}
