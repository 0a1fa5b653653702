// Customers who may be one: those to be looked at, those found to be two, and what was merged. Which of them
// stands in the address.
import { ArrowLeftOutlined } from "@ant-design/icons";
import { Breadcrumb, Segmented, Tabs } from "antd";
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
const CERTAINTIES = ["certain", "likely"] as const;

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
  const certainty = CERTAINTIES.find((one) => one === search.get("certainty")) ?? null;
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
      <div className="pair-filters">
        {tab === "merges" ? null : (
          <Segmented
            aria-label={t("merging.certainty")}
            value={certainty ?? "any"}
            onChange={(next) => change({ certainty: next === "any" ? null : next })}
            options={["any", ...CERTAINTIES].map((one) => ({
              value: one,
              label: t(`merging.${one}`),
            }))}
          />
        )}
        <CustomerFilter id={customer} onChange={(id) => change({ customer: id })} />
      </div>
      {tab === "merges" ? (
        <Merges customer={customer} />
      ) : (
        <Pairs
          state={tab === "open" ? "open" : "not_duplicate"}
          customer={customer}
          certain={certainty === null ? null : certainty === "certain"}
        />
      )}
    </>
  );
}
