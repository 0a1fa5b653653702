// Customers with their value: sorted and filtered by the server, page by page.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Empty, Grid, type TableProps, Typography } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { countProfiles, listProfiles } from "../../api/endpoints";
import { keys } from "../../api/queries";
import type { ProfileRow } from "../../api/types";
import { Answer } from "../../components/Answer";
import { Pages, useBeginAgain } from "../../components/Pages";
import { useUrlState } from "../../components/urlState";
import { WideTable } from "../../components/WideTable";
import { minorDigits, useFormat } from "../../i18n/format";
import { ExportButton } from "./ExportButton";
import { Chips, ColumnChoice, Filters } from "./Filters";
import { type Column, cleared, columnsIn, isFiltered, profileQuery, USUAL_SORT } from "./listState";
import { profileColumn } from "./profileColumns";
import { CustomerCell, useRowKeys } from "./rows";
import { SavedViews } from "./SavedViews";

const KEPT_COLUMNS = "patron.customer_columns";

export function ProfileList(props: { currency: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const walk = useRowKeys();
  const asked = profileQuery(search, 10 ** minorDigits(props.currency));
  const page = useQuery({
    queryKey: [...keys.value, "profiles", asked],
    queryFn: ({ signal }) => listProfiles(asked, signal),
    placeholderData: keepPreviousData,
  });
  const { sort: _sort, cursor: _cursor, limit: _limit, ...filter } = asked;
  const count = useQuery({
    queryKey: [...keys.value, "count", filter],
    queryFn: ({ signal }) => countProfiles(filter, signal),
    placeholderData: keepPreviousData,
  }).data;
  // On a phone the name must leave room for the figures beside it.
  const narrow = !(Grid.useBreakpoint().md ?? true);
  const columns = columnsIn(search, localStorage.getItem(KEPT_COLUMNS));
  const sort = search.get("sort") ?? USUAL_SORT;

  // Coming back from a customer, the keyboard goes on where it was.
  // Only then: while one walks, the address follows, and must not pull the focus after it.
  const cameFrom = useRef(search.get("row"));
  const loaded = page.data !== undefined;
  useEffect(() => {
    const row = cameFrom.current;
    if (!row || !loaded) return;
    cameFrom.current = null;
    document.querySelector<HTMLElement>(`a[data-row-link="${CSS.escape(row)}"]`)?.focus();
  }, [loaded]);

  const stale = useBeginAgain(page.error);

  const chooseColumns = (next: Column[]) => {
    localStorage.setItem(KEPT_COLUMNS, next.join(","));
    change({ cols: next }, { replace: true });
  };

  const tableColumns: TableProps<ProfileRow>["columns"] = [
    {
      title: t("customers.column.customer"),
      key: "customer",
      fixed: "left",
      width: narrow ? 136 : 200,
      render: (_, one) => <CustomerCell of={one.customer} />,
    },
    ...columns.map((column) => profileColumn(column, sort, t, format)),
  ];

  return (
    <section onKeyDown={walk} aria-label={t("customers.title")}>
      <Filters currency={props.currency} />
      <Chips currency={props.currency} />
      <Answer query={stale ? { ...page, error: null } : page} rows={12}>
        {(shown) => (
          <>
            <div className="list-head">
              <Typography.Text type="secondary" className="numeric" aria-live="polite">
                {count
                  ? `${t(count.exact ? "customers.count" : "customers.count_more", {
                      rows: format.count(count.rows),
                    })} · `
                  : ""}
                {t("customers.as_of", { day: format.day(shown.run.as_of) })}
              </Typography.Text>
              <div className="row">
                <SavedViews />
                <ColumnChoice columns={columns} onColumns={chooseColumns} />
                <ExportButton
                  asked={asked}
                  columns={columns}
                  currency={props.currency}
                  asOf={shown.run.as_of}
                />
              </div>
            </div>
            <WideTable<ProfileRow>
              size="small"
              className="numeric"
              rowKey={(one) => one.customer.id}
              dataSource={shown.items}
              columns={tableColumns}
              pagination={false}
              sticky={{ offsetHeader: 53 }}
              loading={page.isPlaceholderData}
              showSorterTooltip={false}
              locale={{
                emptyText: (
                  <Empty
                    image={Empty.PRESENTED_IMAGE_SIMPLE}
                    description={t("customers.nothing_found")}
                  >
                    {isFiltered(search) ? (
                      <Button onClick={() => change(cleared(search))}>
                        {t("customers.clear")}
                      </Button>
                    ) : null}
                  </Empty>
                ),
              }}
              onChange={(_pages, _filters, sorter) => {
                const one = Array.isArray(sorter) ? sorter[0] : sorter;
                const next =
                  one?.order && one.columnKey
                    ? `${one.order === "descend" ? "-" : ""}${String(one.columnKey)}`
                    : null;
                change({ sort: next === USUAL_SORT ? null : next, cursor: null, row: null });
              }}
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
