// Customers who may be one: those to be looked at, those found to be two, and what was merged. Which of them
// stands in the address.
import { ArrowLeftOutlined } from "@ant-design/icons";
import { Breadcrumb, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMayMerge } from "../../api/merging";
import { useSession, useWholeFirm } from "../../api/queries";
import { Waiting } from "../../components/Answer";
import Forbidden from "../../components/Forbidden";
import { PageHead } from "../../components/PageHead";
import { useUrlState } from "../../components/urlState";
import { CustomerFilter } from "./CustomerFilter";
import { Merges } from "./Merges";
import { Pairs } from "./Pairs";
import { SearchNow } from "./SearchNow";

const TABS = ["open", "dismissed", "merges"] as const;

export function Duplicates() {
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const session = useSession().data;
  const may = useMayMerge();
  const whole = useWholeFirm();
  if (!session) return <Waiting />;
  if (!may) return <Forbidden />;
  const tab = TABS.find((one) => one === search.get("tab")) ?? "open";
  const customer = search.get("customer");
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
          { title: t("merging.title") },
        ]}
      />
      <PageHead title={t("merging.title")} lead={t("merging.lead")} />
      {whole ? <SearchNow /> : null}
      <Tabs
        activeKey={tab}
        onChange={(next) => change({ tab: next === "open" ? null : next })}
        items={TABS.map((key) => ({ key, label: t(`merging.tab.${key}`) }))}
      />
      <CustomerFilter id={customer} onChange={(id) => change({ customer: id })} />
      {tab === "merges" ? (
        <Merges customer={customer} />
      ) : (
        <Pairs state={tab === "open" ? "open" : "not_duplicate"} customer={customer} />
      )}
    </>
  );
}
