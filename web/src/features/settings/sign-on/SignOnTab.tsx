// Identity providers of the firm, with which people sign in, and whether they may do so in no other way.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Popconfirm, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "../../../api/queries";
import {
  decideSignIn,
  type IdentityProvider,
  removeProvider,
  signOnKeys,
  testProvider,
  useProviders,
  useSignInPolicy,
} from "../../../api/signOn";
import { PERMISSIONS } from "../../../api/types";
import { Answer } from "../../../components/Answer";
import { Mark } from "../../../components/Marks";
import { errorText } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { Teach } from "../../../components/Teach";
import { useNameOf } from "../../../components/useNameOf";
import { WideTable } from "../../../components/WideTable";
import { ProviderDialog } from "./ProviderDialog";
import { type Tested, TestResult } from "./TestResult";

const ON = "#009e73";
const OFF = "#8c8c8c";

/** A provider vouches for everyone: only who may do everything names one. */
function useMayDecideAll(): boolean {
  const mine = useSession().data?.permissions ?? [];
  return PERMISSIONS.every((permission) => mine.includes(permission));
}

export function SignOnTab() {
  const { t } = useTranslation();
  const providers = useProviders();
  const may = useMayDecideAll();
  const [editing, setEditing] = useState<IdentityProvider | "new" | null>(null);
  const [tested, setTested] = useState<Tested | null>(null);
  const add = may ? (
    <Button type="primary" onClick={() => setEditing("new")}>
      {t("settings.sign_on.add")}
    </Button>
  ) : null;
  return (
    <>
      <Answer query={providers}>
        {({ items, callback_url }) =>
          items.length === 0 ? (
            <Teach
              title={t("settings.sign_on.none.title")}
              hint={
                <>
                  {t("settings.sign_on.none.hint")}
                  <CallbackUrl url={callback_url} />
                </>
              }
              action={add}
            />
          ) : (
            <div className="stack">
              <Section title={t("settings.sign_on.title")} action={add}>
                <CallbackUrl url={callback_url} />
                <List items={items} may={may} onEdit={setEditing} onTested={setTested} />
                {tested ? <TestResult tested={tested} /> : null}
              </Section>
              <Policy may={may} />
            </div>
          )
        }
      </Answer>
      {editing ? (
        <ProviderDialog
          provider={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </>
  );
}

function CallbackUrl(props: { url: string }) {
  const { t } = useTranslation();
  return (
    <p className="definition settings-hint">
      {t("settings.sign_on.callback")}{" "}
      <Typography.Text
        code
        copyable={{ text: props.url, tooltips: [t("app.secret.copy"), t("app.secret.copied")] }}
        style={{ overflowWrap: "anywhere" }}
      >
        {props.url}
      </Typography.Text>
    </p>
  );
}

function List(props: {
  items: IdentityProvider[];
  may: boolean;
  onEdit: (provider: IdentityProvider) => void;
  onTested: (tested: Tested | null) => void;
}) {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  return (
    <WideTable<IdentityProvider>
      size="small"
      rowKey="id"
      dataSource={props.items}
      pagination={false}
      columns={[
        { title: t("settings.sign_on.name"), render: (_, row) => nameOf(row.settings) },
        {
          title: t("settings.sign_on.issuer"),
          className: "wrapping",
          render: (_, row) => row.settings.issuer,
        },
        {
          title: t("settings.sign_on.state"),
          render: (_, row) => (
            <Mark
              colour={row.settings.active ? ON : OFF}
              text={t(row.settings.active ? "settings.sign_on.on" : "settings.sign_on.off")}
            />
          ),
        },
        {
          key: "acts",
          render: (_, row) =>
            props.may ? (
              <Acts provider={row} onEdit={props.onEdit} onTested={props.onTested} />
            ) : null,
        },
      ]}
    />
  );
}

function Acts(props: {
  provider: IdentityProvider;
  onEdit: (provider: IdentityProvider) => void;
  onTested: (tested: Tested | null) => void;
}) {
  const { t } = useTranslation();
  const { provider } = props;
  const nameOf = useNameOf();
  const client = useQueryClient();
  const { message } = App.useApp();
  const name = nameOf(provider.settings);
  const onError = (error: unknown) => message.error(errorText(error, t));
  const test = useMutation({
    mutationFn: () => testProvider(provider.id),
    onMutate: () => props.onTested(null),
    onSuccess: (said) => props.onTested({ name, said }),
    onError,
  });
  const remove = useMutation({
    mutationFn: () => removeProvider(provider.id, provider.version),
    onSuccess: () => props.onTested(null),
    onError,
    onSettled: () => client.invalidateQueries({ queryKey: signOnKeys.providers }),
  });
  return (
    <span className="row" style={{ gap: 0 }}>
      <Button type="link" size="small" loading={test.isPending} onClick={() => test.mutate()}>
        {t("settings.sign_on.test")}
      </Button>
      <Button type="link" size="small" onClick={() => props.onEdit(provider)}>
        {t("record.change")}
      </Button>
      <Popconfirm
        title={t("settings.sign_on.remove_title", { name })}
        description={t("settings.sign_on.remove_hint")}
        okText={t("record.remove")}
        onConfirm={() => remove.mutate()}
      >
        <Button type="link" size="small" danger loading={remove.isPending}>
          {t("record.remove")}
        </Button>
      </Popconfirm>
    </span>
  );
}

function Policy(props: { may: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const policy = useSignInPolicy();
  const decide = useMutation({
    mutationFn: (only: boolean) => decideSignIn(policy.data?.version ?? 0, only),
    onSuccess: (now) => {
      client.setQueryData(signOnKeys.policy, now);
      message.success(t("settings.saved"));
    },
    onError: async (error) => {
      message.error(errorText(error, t));
      await client.invalidateQueries({ queryKey: signOnKeys.policy });
    },
  });
  return (
    <Section title={t("settings.sign_on.policy")}>
      <Answer query={policy} rows={1}>
        {({ only_single_sign_on }) => (
          <Checkbox
            checked={only_single_sign_on}
            disabled={!props.may || decide.isPending}
            onChange={({ target }) => decide.mutate(target.checked)}
          >
            {t("settings.sign_on.only")}
          </Checkbox>
        )}
      </Answer>
      <p className="definition settings-hint">{t("settings.sign_on.only_hint")}</p>
    </Section>
  );
}
