// Those on whom most hangs: who would take what along, the most first, of what it is sorted by.
import { DownloadOutlined } from "@ant-design/icons";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { App, Button, Select, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type ExposedPerson, KEY_INFLUENCE, listExposure } from "../../api/exposure";
import { keys, problemCode } from "../../api/queries";
import { Answer } from "../../components/Answer";
import { downloadCsv } from "../../components/csv";
import { firstRows, LONGEST } from "../../components/firstRows";
import { Pages, useBeginAgain } from "../../components/Pages";
import { errorText } from "../../components/problem";
import { Section } from "../../components/Section";
import { Teach } from "../../components/Teach";
import { Ties } from "../../components/Ties";
import { useUrlState } from "../../components/urlState";
import { WideTable } from "../../components/WideTable";
import { majorUnits, useFormat } from "../../i18n/format";

const PAGE = 50;
const INFLUENCES = [5, 4, 3, 2, 1];
const SORTS = ["clv_36m", "revenue_12m", "customers", "influence"] as const;
type Sort = (typeof SORTS)[number];

export function ExposureTab() {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const named = Number(search.get("influence"));
  const influence = INFLUENCES.includes(named) ? named : KEY_INFLUENCE;
  const sort: Sort = SORTS.find((one) => one === search.get("sort")) ?? SORTS[0];
  const asked = { influence, sort, cursor: search.get("cursor"), limit: PAGE };
  const page = useQuery({
    queryKey: [...keys.value, "exposure", "list", asked],
    queryFn: ({ signal }) => listExposure(asked, signal),
    placeholderData: keepPreviousData,
  });
  const stale = useBeginAgain(page.error);
  if (problemCode(page.error) === "no_run") {
    return (
      <Teach
        title={t("value.none.title")}
        hint={t("value.none.hint")}
        action={
          <Link to="/start">
            <Button type="primary">{t("value.none.action")}</Button>
          </Link>
        }
      />
    );
  }
  return (
    <Answer query={stale ? { ...page, error: null } : page} rows={10}>
      {(shown) => (
        <Section
          title={t("value.exposure.title")}
          action={
            <div className="row">
              <Select
                aria-label={t("value.exposure.influence")}
                style={{ minWidth: 190 }}
                value={influence}
                onChange={(least: number) =>
                  change({ influence: least === KEY_INFLUENCE ? null : least, cursor: null })
                }
                options={INFLUENCES.map((least) => ({
                  value: least,
                  label: t("value.exposure.at_least", { influence: least }),
                }))}
              />
              <Select<Sort>
                aria-label={t("value.exposure.sort")}
                style={{ minWidth: 170 }}
                value={sort}
                onChange={(by) => change({ sort: by === SORTS[0] ? null : by, cursor: null })}
                options={SORTS.map((by) => ({ value: by, label: t(`value.exposure.by.${by}`) }))}
              />
              <AsFile
                influence={influence}
                sort={sort}
                asOf={shown.run.as_of}
                currency={shown.run.currency}
              />
            </div>
          }
        >
          <p className="definition settings-hint">{t("value.exposure.hint")}</p>
          <WideTable<ExposedPerson>
            size="small"
            className="numeric"
            rowKey={(row) => row.ties[0]?.contact_id ?? row.name}
            dataSource={shown.items}
            pagination={false}
            loading={page.isPlaceholderData}
            locale={{ emptyText: t("value.exposure.none") }}
            columns={[
              {
                title: t("value.exposure.person"),
                render: (_, row) =>
                  row.customer_id ? (
                    <Link to={`/customers/${row.customer_id}?tab=contacts`}>{row.name}</Link>
                  ) : (
                    row.name
                  ),
              },
              {
                title: t("value.exposure.ties"),
                className: "wrapping",
                render: (_, row) => <Ties of={row.ties} />,
              },
              {
                title: t("value.exposure.customers"),
                align: "right",
                render: (_, row) => format.count(row.customers),
              },
              {
                title: t("value.exposure.revenue"),
                align: "right",
                render: (_, row) => format.moneyWhole(row.revenue_12m),
              },
              {
                title: t("terms.short.clv_36m"),
                align: "right",
                render: (_, row) => format.moneyWhole(row.clv_36m),
              },
            ]}
          />
          <div className="list-foot">
            <Typography.Text type="secondary" style={{ marginRight: "auto" }}>
              {t("value.exposure.order", {
                by: t(`value.exposure.by.${sort}`),
                day: format.day(shown.run.as_of),
              })}
            </Typography.Text>
            <Pages next={shown.next_cursor} />
          </div>
        </Section>
      )}
    </Answer>
  );
}

function AsFile(props: { influence: number; sort: Sort; asOf: string; currency: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { message } = App.useApp();
  const { influence, sort, currency } = props;
  const made = useMutation({
    mutationFn: () => firstRows((page) => listExposure({ influence, sort, ...page })),
    onSuccess: ({ rows, more }) => {
      const inMoney = (heading: string) => `${heading} (${currency})`;
      downloadCsv(
        `key-people-${props.asOf}`,
        [
          t("value.exposure.person"),
          t("value.exposure.ties"),
          t("value.exposure.customers"),
          inMoney(t("value.exposure.revenue")),
          inMoney(t("terms.figure.clv_36m")),
        ],
        rows.map((row) => [
          row.name,
          row.ties.map((tie) => tie.organisation).join("; "),
          row.customers,
          majorUnits(row.revenue_12m),
          majorUnits(row.clv_36m),
        ]),
      );
      if (more) message.info(t("value.exposure.first", { rows: format.count(LONGEST) }), 8);
    },
    onError: (error) => message.error(errorText(error, t)),
  });
  return (
    <Button
      icon={<DownloadOutlined aria-hidden />}
      loading={made.isPending}
      onClick={() => made.mutate()}
    >
      {t("value.exposure.csv")}
    </Button>
  );
}
