// One's own API keys: what programs call with, in one's name and with some of what one may do.
import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type ApiKeyWithSecret,
  accessKeys,
  addKey,
  type NewApiKey,
  revokeKey,
  useKeys,
} from "../../../api/access";
import { useSession } from "../../../api/queries";
import { PERMISSIONS } from "../../../api/types";
import { Answer } from "../../../components/Answer";
import { ApiKeys } from "../../../components/ApiKeys";
import { EditDialog } from "../../../components/EditDialog";
import { PermissionsInput } from "../../../components/PermissionsInput";
import { SecretDialog } from "../../../components/SecretDialog";
import { Section } from "../../../components/Section";

const NEW: NewApiKey = { name: "", permissions: [], expires_in_days: 90, per_minute: 60 };
const DAYS_MOST = 366;
const PER_MINUTE_MOST = 60_000;

export function KeysSection() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const list = useKeys();
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<ApiKeyWithSecret | null>(null);
  const changed = () => client.invalidateQueries({ queryKey: accessKeys.keys });
  return (
    <Section
      title={t("access.keys.mine")}
      action={<Button onClick={() => setAdding(true)}>{t("access.keys.add")}</Button>}
    >
      <p className="definition settings-hint">{t("access.keys.hint")}</p>
      <Answer query={list} rows={2}>
        {({ items }) => (
          <ApiKeys
            items={items}
            onRevoke={async (id) => {
              await revokeKey(id);
              await changed();
            }}
          />
        )}
      </Answer>
      {adding ? (
        <KeyDialog
          onMade={setMade}
          onSaved={() => void changed()}
          onClose={() => setAdding(false)}
        />
      ) : null}
      {made ? (
        <SecretDialog
          title={t("access.keys.secret_title")}
          once={t("access.keys.secret_once")}
          of={made.api_key.name}
          secret={made.secret}
          onClose={() => setMade(null)}
        />
      ) : null}
    </Section>
  );
}

function KeyDialog(props: {
  onMade: (of: ApiKeyWithSecret) => void;
  onSaved: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const mine = useSession().data?.permissions ?? [];
  const labels = {
    name: t("access.keys.name"),
    permissions: t("access.keys.permissions"),
    expires_in_days: t("access.keys.days"),
    per_minute: t("access.keys.per_minute"),
  };
  const needed = { required: true, message: t("app.required") };
  return (
    <EditDialog<NewApiKey>
      title={t("access.keys.add")}
      save={t("access.keys.make")}
      known={{ values: NEW, version: 0 }}
      labels={labels}
      onSave={async (typed) => props.onMade(await addKey(typed))}
      onSaved={props.onSaved}
      onClose={props.onClose}
      width={680}
    >
      <Form.Item
        name="name"
        label={labels.name}
        extra={t("access.keys.name_hint")}
        rules={[{ ...needed, whitespace: true }]}
      >
        <Input autoFocus autoComplete="off" maxLength={200} />
      </Form.Item>
      <div className="settings-grid">
        <Form.Item name="expires_in_days" label={labels.expires_in_days} rules={[needed]}>
          <InputNumber min={1} max={DAYS_MOST} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item
          name="per_minute"
          label={labels.per_minute}
          extra={t("access.keys.per_minute_hint")}
          rules={[needed]}
        >
          <InputNumber min={1} max={PER_MINUTE_MOST} precision={0} style={{ width: "100%" }} />
        </Form.Item>
      </div>
      <Form.Item
        name="permissions"
        label={labels.permissions}
        extra={t("access.keys.permissions_hint")}
        rules={[{ required: true, type: "array", min: 1, message: t("access.roles.choose") }]}
      >
        {/* What one may not do oneself, no key of one's own may. */}
        <PermissionsInput
          all={PERMISSIONS.filter((permission) => mine.includes(permission))}
          mine={mine}
        />
      </Form.Item>
    </EditDialog>
  );
}
