// Customers as they were brought in, while no value has been computed yet.
import { DownloadOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Table, Tag } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { listCustomers } from "../../api/endpoints";
import { filterOf } from "../../api/exports";
import { keys } from "../../api/queries";
import type { FoundCustomer } from "../../api/types";
import { Answer } from "../../components/Answer";
import { ListSearch } from "../../components/ListSearch";
import { Pages } from "../../components/Pages";
import { useUrlState } from "../../components/urlState";
import { useFormat } from "../../i18n/format";
import { PAGE_SIZE } from "./listState";
import { CustomerCell, useRowKeys } from "./rows";

const ExportDialog = lazy(() => import("../../components/ExportDialog"));

export function RecordList() {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const walk = useRowKeys();
  const [exporting, setExporting] = useState(false);
  const asked = { q: search.get("q"), cursor: search.get("cursor"), limit: PAGE_SIZE };
  const page = useQuery({
    queryKey: [...keys.customers, "list", asked],
    queryFn: ({ signal }) => listCustomers(asked, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <section onKeyDown={walk} aria-label={t("customers.title")} style={{ marginTop: 16 }}>
      <div className="filters">
        <ListSearch
          label={t("customers.search")}
          placeholder={t("customers.search_short")}
          value={search.get("q") ?? ""}
          onSearch={(q) => change({ q, cursor: null, row: null })}
        />
        <Button icon={<DownloadOutlined aria-hidden />} onClick={() => setExporting(true)}>
          {t("customers.export.open")}
        </Button>
      </div>
      <Answer query={page} rows={10}>
        {(shown) => (
          <>
            <Table<FoundCustomer>
              size="small"
              rowKey="id"
              dataSource={shown.items}
              pagination={false}
              sticky={{ offsetHeader: 53 }}
              loading={page.isPlaceholderData}
              locale={{ emptyText: t("customers.nothing_found") }}
              columns={[
                {
                  title: t("customers.column.customer"),
                  render: (_, row) => (
                    <>
                      <CustomerCell of={row} />
                      {row.tag ? <Tag className="row-tag">{row.tag}</Tag> : null}
                    </>
                  ),
                },
                {
                  title: t("customers.column.kind"),
                  responsive: ["sm"],
                  render: (_, row) => t(`terms.kind.${row.kind}`),
                },
                { title: t("customers.column.brand"), dataIndex: "brand" },
                { title: t("customers.column.region"), dataIndex: "region" },
                {
                  title: t("customers.column.since"),
                  responsive: ["sm"],
                  render: (_, row) => format.day(row.since),
                },
              ]}
            />
            <div className="list-foot">
              <Pages next={shown.next_cursor} />
            </div>
          </>
        )}
      </Answer>
      {exporting ? (
        <Suspense>
          <ExportDialog
            kind="customers"
            filter={filterOf({ q: asked.q })}
            onClose={() => setExporting(false)}
          />
        </Suspense>
      ) : null}
    </section>
  );
}
