// The firm's users. One of them at a time is seen whole; which one stands in the address.
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type UserRecord, type UserWithPassword, useUsers } from "../../../api/access";
import { Answer } from "../../../components/Answer";
import { More } from "../../../components/EventList";
import { ListSearch } from "../../../components/ListSearch";
import { SecretDialog } from "../../../components/SecretDialog";
import { Section } from "../../../components/Section";
import { useUrlState } from "../../../components/urlState";
import { WideTable } from "../../../components/WideTable";
import { useMayDecide } from "../useMayDecide";
import { UserDialog } from "./UserDialog";
import { UserPart } from "./UserPart";
import { UserState, usePlaceNames } from "./userWords";

export function UsersTab() {
  const [search] = useUrlState();
  const [password, setPassword] = useState<UserWithPassword | null>(null);
  const { t } = useTranslation();
  const open = search.get("user");
  return (
    <>
      {open ? <UserPart key={open} id={open} onPassword={setPassword} /> : null}
      {open ? null : <Users onPassword={setPassword} />}
      {password ? (
        <SecretDialog
          title={t("access.users.password_title")}
          once={t("access.users.password_once")}
          of={t("access.users.password_of", {
            name: password.user.name,
            login: password.user.login,
          })}
          secret={password.one_time_password}
          onClose={() => setPassword(null)}
        />
      ) : null}
    </>
  );
}

function Users(props: { onPassword: (of: UserWithPassword) => void }) {
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const q = search.get("q");
  const list = useUsers(q);
  const names = usePlaceNames();
  const mayDecide = useMayDecide();
  const [adding, setAdding] = useState(false);
  return (
    <Section
      title={t("access.users.title")}
      action={
        mayDecide() ? (
          <Button type="primary" onClick={() => setAdding(true)}>
            {t("access.users.add")}
          </Button>
        ) : null
      }
    >
      <p className="definition settings-hint">{t("access.users.hint")}</p>
      <div className="filters">
        <ListSearch
          label={t("access.users.search")}
          placeholder={t("access.users.search")}
          value={q ?? ""}
          onSearch={(text) => change({ q: text || null }, { replace: true })}
        />
      </div>
      <Answer query={list}>
        {({ pages }) => (
          <WideTable<UserRecord>
            size="small"
            rowKey="id"
            dataSource={pages.flatMap((page) => page.items)}
            pagination={false}
            loading={list.isPlaceholderData}
            locale={{ emptyText: t("access.users.nobody") }}
            columns={[
              {
                title: t("access.users.name"),
                render: (_, row) => (
                  <span className="customer-cell">
                    <Link to={`?user=${row.id}`}>{row.name}</Link>
                    <span className="customer-number">{row.login}</span>
                  </span>
                ),
              },
              { title: t("access.users.role"), render: (_, row) => names.role(row) },
              {
                title: t("access.users.branch"),
                className: "wrapping",
                render: (_, row) => names.branch(row),
              },
              {
                title: t("access.users.teams"),
                className: "wrapping",
                render: (_, row) => names.teams(row),
              },
              {
                title: t("access.users.state"),
                render: (_, row) => <UserState active={row.active} />,
              },
            ]}
          />
        )}
      </Answer>
      <More of={list} />
      {adding ? (
        <UserDialog user={null} onPassword={props.onPassword} onClose={() => setAdding(false)} />
      ) : null}
    </Section>
  );
}
