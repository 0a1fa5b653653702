// The files that were brought in, and how each went.

import { PlusOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { listImports } from "../../api/endpoints";
import { keys } from "../../api/queries";
import type { Import } from "../../api/types";
import { Answer } from "../../components/Answer";
import { StateMark } from "../../components/Marks";
import { PageHead } from "../../components/PageHead";
import { Teach } from "../../components/Teach";
import { WideTable } from "../../components/WideTable";
import { useFormat } from "../../i18n/format";

export function ImportList() {
  const { t } = useTranslation();
  const format = useFormat();
  const imports = useInfiniteQuery({
    queryKey: keys.imports,
    queryFn: ({ pageParam, signal }) => listImports(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const add = (
    <Link to="/imports/new">
      <Button type="primary" icon={<PlusOutlined aria-hidden />}>
        {t("imports.new.open")}
      </Button>
    </Link>
  );
  return (
    <>
      <PageHead title={t("imports.title")} lead={t("imports.lead")} actions={add} />
      <Answer query={imports}>
        {(data) => {
          const rows = data.pages.flatMap((page) => page.items);
          if (rows.length === 0) {
            return (
              <Teach title={t("imports.none.title")} hint={t("imports.none.hint")} action={add} />
            );
          }
          return (
            <>
              <WideTable<Import>
                size="small"
                className="numeric"
                rowKey="id"
                dataSource={rows}
                pagination={false}
                columns={[
                  {
                    title: t("imports.column.file"),
                    render: (_, row) => <Link to={`/imports/${row.id}`}>{row.file_name}</Link>,
                  },
                  {
                    title: t("imports.column.kind"),
                    render: (_, row) => t(`imports.kind.${row.kind}`),
                  },
                  {
                    title: t("imports.column.state"),
                    render: (_, row) => <StateMark of={row.state} />,
                  },
                  {
                    title: t("imports.column.rows"),
                    align: "right",
                    render: (_, row) => format.count(row.report?.rows),
                  },
                  {
                    title: t("imports.column.rejected"),
                    align: "right",
                    render: (_, row) => format.count(row.report?.rejected),
                  },
                  {
                    title: t("imports.column.when"),
                    render: (_, row) => format.time(row.created_at),
                  },
                ]}
              />
              {imports.hasNextPage ? (
                <div className="list-foot">
                  <Button
                    loading={imports.isFetchingNextPage}
                    onClick={() => void imports.fetchNextPage()}
                  >
                    {t("imports.more")}
                  </Button>
                </div>
              ) : null}
            </>
          );
        }}
      </Answer>
    </>
  );
}
