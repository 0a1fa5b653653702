// Where users and customers belong: the tree of branches, and the teams.
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Branch, type Team, useBranches, useTeams } from "../../../api/access";
import { Answer } from "../../../components/Answer";
import { type BranchNode, branchTree } from "../../../components/branches";
import { Section } from "../../../components/Section";
import { Teach } from "../../../components/Teach";
import { WideTable } from "../../../components/WideTable";
import { useFormat } from "../../../i18n/format";
import { useMayDecide } from "../useMayDecide";
import { BranchDialog } from "./BranchDialog";
import { TeamDialog } from "./TeamDialog";

export function PlacesTab() {
  return (
    <div className="stack">
      <Branches />
      <Teams />
    </div>
  );
}

/** A branch to be changed, or where a new one is to be. */
type Editing = { branch: Branch | null; below: string | null };

function Branches() {
  const { t } = useTranslation();
  const branches = useBranches();
  const mayDecide = useMayDecide()();
  const [editing, setEditing] = useState<Editing | null>(null);
  const add = mayDecide ? (
    <Button type="primary" onClick={() => setEditing({ branch: null, below: null })}>
      {t("access.branches.add")}
    </Button>
  ) : null;
  return (
    <Answer query={branches}>
      {(all) => (
        <>
          {all.length === 0 ? (
            <Teach
              title={t("access.branches.none.title")}
              hint={t("access.branches.none.hint")}
              action={add}
            />
          ) : (
            <Section title={t("access.branches.title")} action={add}>
              <p className="definition settings-hint">{t("access.branches.hint")}</p>
              <WideTable<BranchNode>
                size="small"
                rowKey="id"
                dataSource={branchTree(all)}
                expandable={{ defaultExpandAllRows: true }}
                pagination={false}
                columns={[
                  { title: t("access.branches.name"), dataIndex: "name" },
                  {
                    title: t("access.branches.code"),
                    render: (_, row) => <code>{row.code}</code>,
                  },
                  ...(mayDecide
                    ? [
                        {
                          key: "acts",
                          render: (_: unknown, row: BranchNode) => (
                            <span className="row" style={{ flexWrap: "nowrap", gap: 0 }}>
                              <Button
                                type="link"
                                size="small"
                                aria-label={t("record.change_of", { what: row.name })}
                                onClick={() => setEditing({ branch: row, below: null })}
                              >
                                {t("record.change")}
                              </Button>
                              <Button
                                type="link"
                                size="small"
                                aria-label={t("access.branches.add_below_of", { name: row.name })}
                                onClick={() => setEditing({ branch: null, below: row.id })}
                              >
                                {t("access.branches.add_below")}
                              </Button>
                            </span>
                          ),
                        },
                      ]
                    : []),
                ]}
              />
            </Section>
          )}
          {editing ? (
            <BranchDialog
              branch={editing.branch}
              below={editing.below}
              all={all}
              onClose={() => setEditing(null)}
            />
          ) : null}
        </>
      )}
    </Answer>
  );
}

function Teams() {
  const { t } = useTranslation();
  const format = useFormat();
  const teams = useTeams();
  const mayDecide = useMayDecide()();
  const [editing, setEditing] = useState<Team | "new" | null>(null);
  return (
    <Section
      title={t("access.teams.title")}
      action={
        mayDecide ? (
          <Button onClick={() => setEditing("new")}>{t("access.teams.add")}</Button>
        ) : null
      }
    >
      <p className="definition settings-hint">{t("access.teams.hint")}</p>
      <Answer query={teams} rows={3}>
        {(all) => (
          <WideTable<Team>
            size="small"
            rowKey="id"
            dataSource={all}
            pagination={false}
            locale={{ emptyText: t("access.teams.none") }}
            columns={[
              { title: t("access.teams.name"), dataIndex: "name" },
              {
                title: t("access.teams.members"),
                align: "right",
                render: (_, row) => format.count(row.members),
              },
              {
                key: "acts",
                render: (_, row) =>
                  mayDecide ? (
                    <Button
                      type="link"
                      size="small"
                      aria-label={t("record.change_of", { what: row.name })}
                      onClick={() => setEditing(row)}
                    >
                      {t("record.change")}
                    </Button>
                  ) : null,
              },
            ]}
          />
        )}
      </Answer>
      {editing ? (
        <TeamDialog team={editing === "new" ? null : editing} onClose={() => setEditing(null)} />
      ) : null}
    </Section>
  );
}
