// Customers as they were brought in, while no value has been computed yet.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Table } from "antd";
import { useTranslation } from "react-i18next";
import { listCustomers } from "../../api/endpoints";
import { keys } from "../../api/queries";
import type { CustomerRow } from "../../api/types";
import { Answer } from "../../components/Answer";
import { useUrlState } from "../../components/urlState";
import { useFormat } from "../../i18n/format";
import { ListSearch } from "./ListSearch";
import { PAGE_SIZE } from "./listState";
import { CustomerCell, Pages, useRowKeys } from "./rows";

export function RecordList() {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const walk = useRowKeys();
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
          value={search.get("q") ?? ""}
          onSearch={(q) => change({ q, cursor: null, row: null })}
        />
      </div>
      <Answer query={page} rows={10}>
        {(shown) => (
          <>
            <Table<CustomerRow>
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
                  render: (_, row) => <CustomerCell of={row} />,
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
    </section>
  );
}
