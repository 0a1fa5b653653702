// One user: who they are, where they are signed in, which keys call in their name.
import { ArrowLeftOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Descriptions, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import {
  accessKeys,
  changeUser,
  endSessionOf,
  endSessionsOf,
  removeSecondFactorOf,
  resetPassword,
  revokeKeyOf,
  type UserRecord,
  type UserWithPassword,
  useKeysOf,
  useSessionsOf,
  useUser,
} from "../../../api/access";
import { problemCode } from "../../../api/queries";
import { signOnKeys, unlink, useLinksOf } from "../../../api/signOn";
import { Answer } from "../../../components/Answer";
import { ApiKeys } from "../../../components/ApiKeys";
import { ProviderLinks } from "../../../components/ProviderLinks";
import { errorText } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { Sessions } from "../../../components/Sessions";
import { useMayDecide } from "../useMayDecide";
import { UserDialog } from "./UserDialog";
import { UserState, usePlaceNames } from "./userWords";

type OnPassword = (of: UserWithPassword) => void;

export function UserPart(props: { id: string; onPassword: OnPassword }) {
  const { t } = useTranslation();
  const user = useUser(props.id);
  return (
    <div className="stack">
      <Link to="?">
        <ArrowLeftOutlined aria-hidden /> {t("access.users.all")}
      </Link>
      <Answer query={user}>{(of) => <Parts user={of} onPassword={props.onPassword} />}</Answer>
    </div>
  );
}

function Parts(props: { user: UserRecord; onPassword: OnPassword }) {
  const { t } = useTranslation();
  const { user } = props;
  const client = useQueryClient();
  const mayDecide = useMayDecide()(user.role);
  const names = usePlaceNames();
  const [editing, setEditing] = useState(false);
  const sessions = useSessionsOf(user.id);
  const keys = useKeysOf(user.id);
  const links = useLinksOf(user.id).data?.items ?? [];
  const facts = {
    name: user.name,
    login: user.login,
    role: names.role(user),
    state: <UserState active={user.active} />,
    branch: names.branch(user),
    teams: names.teams(user),
  };
  const onEnd = async (session: string) => {
    await endSessionOf(user.id, session);
    await client.invalidateQueries({ queryKey: accessKeys.sessionsOf(user.id) });
  };
  const onRevoke = async (key: string) => {
    await revokeKeyOf(user.id, key);
    await client.invalidateQueries({ queryKey: accessKeys.keysOf(user.id) });
  };
  const onUnlink = async (provider: string) => {
    await unlink(user.id, provider);
    await client.invalidateQueries({ queryKey: signOnKeys.linksOf(user.id) });
  };
  return (
    <>
      <Section
        title={user.name}
        action={
          mayDecide ? (
            <div className="row">
              <Button onClick={() => setEditing(true)}>{t("record.change")}</Button>
              <Acts user={user} onPassword={props.onPassword} />
            </div>
          ) : null
        }
      >
        <Descriptions
          size="small"
          column={{ xs: 1, md: 2 }}
          items={Object.entries(facts).map(([name, shown]) => ({
            key: name,
            label: t(`access.users.${name}`),
            children: shown,
          }))}
        />
      </Section>
      {links.length > 0 ? (
        <Section title={t("access.links.title")}>
          <ProviderLinks items={links} onUnlink={mayDecide ? onUnlink : undefined} />
        </Section>
      ) : null}
      <Section
        title={t("access.sessions.title")}
        action={mayDecide && sessions.data?.items.length ? <EndAll user={user} /> : null}
      >
        <Answer query={sessions} rows={2}>
          {({ items }) => <Sessions items={items} onEnd={mayDecide ? onEnd : undefined} />}
        </Answer>
      </Section>
      <Section title={t("access.keys.title")}>
        <Answer query={keys} rows={2}>
          {({ items }) => <ApiKeys items={items} onRevoke={mayDecide ? onRevoke : undefined} />}
        </Answer>
      </Section>
      {editing ? (
        <UserDialog user={user} onPassword={props.onPassword} onClose={() => setEditing(false)} />
      ) : null}
    </>
  );
}

/** What can be done with a user besides changing who they are. */
function Acts(props: { user: UserRecord; onPassword: OnPassword }) {
  const { t } = useTranslation();
  const { user } = props;
  const client = useQueryClient();
  const { message } = App.useApp();
  const onError = (error: unknown) => message.error(errorText(error, t));
  const changed = () => void client.invalidateQueries({ queryKey: accessKeys.users });
  const switched = useMutation({
    mutationFn: () => {
      const { name, role, branch_id, team_ids } = user;
      return changeUser(user.id, user.version, {
        name,
        role,
        branch_id,
        team_ids,
        active: !user.active,
      });
    },
    onSuccess: () => message.success(t("settings.saved")),
    onError,
    onSettled: changed,
  });
  const password = useMutation({
    mutationFn: () => resetPassword(user.id),
    onSuccess: (given) => {
      props.onPassword(given);
      changed();
    },
    onError,
  });
  const factor = useMutation({
    mutationFn: () => removeSecondFactorOf(user.id),
    onSuccess: () => message.success(t("access.users.factor_removed")),
    onError: (error) =>
      problemCode(error) === "not_found"
        ? message.info(t("access.users.factor_none"))
        : onError(error),
  });
  const { name } = user;
  return (
    <>
      <Popconfirm
        title={t("access.users.reset_title", { name })}
        description={t("access.users.reset_hint")}
        okText={t("access.users.reset")}
        onConfirm={() => password.mutate()}
      >
        <Button loading={password.isPending}>{t("access.users.reset")}</Button>
      </Popconfirm>
      <Popconfirm
        title={t("access.users.factor_title", { name })}
        description={t("access.users.factor_hint")}
        okText={t("access.users.factor")}
        onConfirm={() => factor.mutate()}
      >
        <Button loading={factor.isPending}>{t("access.users.factor")}</Button>
      </Popconfirm>
      {user.active ? (
        <Popconfirm
          title={t("access.users.stop_title", { name })}
          description={t("access.users.stop_hint")}
          okText={t("access.users.stop")}
          onConfirm={() => switched.mutate()}
        >
          <Button danger loading={switched.isPending}>
            {t("access.users.stop")}
          </Button>
        </Popconfirm>
      ) : (
        <Button loading={switched.isPending} onClick={() => switched.mutate()}>
          {t("access.users.again")}
        </Button>
      )}
    </>
  );
}

function EndAll(props: { user: UserRecord }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const { id, name } = props.user;
  const end = useMutation({
    mutationFn: () => endSessionsOf(id),
    onSuccess: () => client.invalidateQueries({ queryKey: accessKeys.sessionsOf(id) }),
    onError: (error) => message.error(errorText(error, t)),
  });
  return (
    <Popconfirm
      title={t("access.sessions.end_all_title", { name })}
      description={t("access.sessions.end_hint")}
      okText={t("access.sessions.end_all")}
      onConfirm={() => end.mutate()}
    >
      <Button loading={end.isPending}>{t("access.sessions.end_all")}</Button>
    </Popconfirm>
  );
}
