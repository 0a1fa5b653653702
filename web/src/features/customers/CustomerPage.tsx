// One customer: an overview on one screen, and beside it everything the record holds, one tab each. The tab
// stands in the address.
import { ArrowLeftOutlined, TagOutlined } from "@ant-design/icons";
import { Alert, Breadcrumb, Button, Card, Result, Tabs, Tag } from "antd";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useLocation, useNavigate, useParams } from "react-router";
import { useMayMerge } from "../../api/merging";
import { problemCode, useCustomer, useMay } from "../../api/queries";
import { useTags } from "../../api/record";
import type { Customer } from "../../api/types";
import { Answer, Waiting } from "../../components/Answer";
import { shownName } from "../../components/erased";
import { PageHead } from "../../components/PageHead";
import { useUrlState } from "../../components/urlState";
import { withWords } from "../../i18n";
import { useFormat } from "../../i18n/format";
import { Overview } from "./Overview";
import { Transactions } from "./Transactions";

// Each tab's code arrives when it is first opened.
const RecordTab = lazy(async () => ({ default: (await import("./record/RecordTab")).RecordTab }));
const ContactsTab = lazy(async () => ({
  default: (await import("./record/ContactsTab")).ContactsTab,
}));
const SubscriptionsTab = lazy(async () => ({
  default: (await import("./record/SubscriptionsTab")).SubscriptionsTab,
}));
const IdentitiesTab = lazy(async () => ({
  default: (await import("./record/IdentitiesTab")).IdentitiesTab,
}));
const ConsentsTab = lazy(async () => ({
  default: (await import("./record/ConsentsTab")).ConsentsTab,
}));
const TiersTab = lazy(async () => ({
  default: (await withWords("tiers", import("./tiers/TiersTab"))).TiersTab,
}));
const HeadLevels = lazy(async () => ({
  default: (await withWords("tiers", import("./tiers/LevelSection"))).HeadLevels,
}));
const TimelineTab = lazy(async () => ({
  default: (await import("./record/TimelineTab")).TimelineTab,
}));

const MergeNotices = lazy(() => import("./MergeNotices"));
const FindDuplicates = lazy(() => import("./FindDuplicates"));
const MemberLink = lazy(() => withWords("tiers", import("./MemberLink")));
const PersonalMenu = lazy(() => import("./PersonalMenu"));

const TABS = [
  "overview",
  "record",
  "contacts",
  "subscriptions",
  "identities",
  "consents",
  "tiers",
  "transactions",
  "timeline",
] as const;
type Tab = (typeof TABS)[number];
/** What there is still to see of who was erased. */
const OF_ERASED: readonly Tab[] = [
  "overview",
  "subscriptions",
  "consents",
  "tiers",
  "transactions",
  "timeline",
];

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
  return (
    <Answer query={customer}>
      {(record) =>
        record.id === id ? <Page customer={record} /> : <Elsewhere from={id} to={record.id} />
      }
    </Answer>
  );
}

/** Who was merged answers as the one who stands for both: the address says so from then on. */
function Elsewhere(props: { from: string; to: string }) {
  const { search } = useLocation();
  return (
    <Navigate
      to={{ pathname: `/customers/${props.to}`, search }}
      state={{ instead: props.from }}
      replace
    />
  );
}

function Page(props: { customer: Customer }) {
  const { customer } = props;
  const { t } = useTranslation();
  const [search] = useUrlState();
  const navigate = useNavigate();
  const told = useLocation().state as { instead?: string; later?: string[] } | null;
  const mayMerge = useMayMerge();
  const mayLink = useMay("tiers.member_link");
  const tags = useTags(customer.id).data?.items ?? [];
  const erased = customer.erased_at !== null;
  const mayTiers = useMay("tiers.read");
  const tabs = (erased ? OF_ERASED : TABS).filter((one) => one !== "tiers" || mayTiers);
  const tab = tabs.find((one) => one === search.get("tab")) ?? "overview";
  const name = shownName(customer, t);
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
            <Suspense>
              <HeadLevels customerId={customer.id} />
            </Suspense>
            {customer.generated ? <Tag>{t("customers.generated")}</Tag> : null}
            {tags.map((tag) => (
              <Tag key={tag} icon={<TagOutlined aria-hidden />}>
                {tag}
              </Tag>
            ))}
          </span>
        }
        actions={
          <Suspense>
            {mayMerge && !erased ? <FindDuplicates customerId={customer.id} /> : null}
            {mayLink && !erased ? <MemberLink customerId={customer.id} /> : null}
            <PersonalMenu customer={customer} />
          </Suspense>
        }
      />
      {erased ? <ErasedNotice at={customer.erased_at ?? ""} /> : null}
      {told?.instead || search.has("merge") ? (
        <Suspense>
          <MergeNotices customerId={customer.id} {...told} />
        </Suspense>
      ) : null}
      <Tabs
        activeKey={tab}
        // What another tab has in the address, a purpose or a kind of event, is no part of this one.
        onChange={(next) => navigate({ search: next === "overview" ? "" : `tab=${next}` })}
        items={tabs.map((key) => ({ key, label: t(`customers.tab.${key}`) }))}
      />
      <Suspense fallback={<Waiting />}>
        <Part tab={tab} customer={customer} />
      </Suspense>
    </>
  );
}

/** Says plainly that nothing personal is known any more. */
function ErasedNotice(props: { at: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="notices">
      <Alert
        type="info"
        showIcon
        role="status"
        title={t("customers.erased.title", { time: format.time(props.at) })}
        description={t("customers.erased.hint")}
      />
    </div>
  );
}

function Part(props: { tab: Tab; customer: Customer }) {
  const { customer } = props;
  switch (props.tab) {
    case "overview":
      return <Overview customer={customer} />;
    case "record":
      return <RecordTab customer={customer} />;
    case "contacts":
      return <ContactsTab customer={customer} />;
    case "subscriptions":
      return <SubscriptionsTab customerId={customer.id} />;
    case "identities":
      return <IdentitiesTab customerId={customer.id} />;
    case "consents":
      return <ConsentsTab customerId={customer.id} />;
    case "tiers":
      return <TiersTab customer={customer} />;
    case "transactions":
      return (
        <Card>
          <Transactions customerId={customer.id} />
        </Card>
      );
    case "timeline":
      return <TimelineTab customerId={customer.id} />;
  }
}
