// The facts of the record, and the dialog that changes them.
import { EditOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Descriptions, Form, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useBranches, useEverybody } from "../../../api/access";
import { readCustomer } from "../../../api/endpoints";
import { useFacets, useMay } from "../../../api/queries";
import { type CustomerChange, changeCustomer } from "../../../api/record";
import type { Customer } from "../../../api/types";
import { branchOptions, branchPaths } from "../../../components/branches";
import { CustomerPicker } from "../../../components/CustomerPicker";
import { DayInput } from "../../../components/DayInput";
import { EditDialog } from "../../../components/EditDialog";
import { Section } from "../../../components/Section";
import { ABSENT, useFormat } from "../../../i18n/format";
import { customerLink } from "./customerLink";
import { useSaved } from "./useSaved";

type Facts = {
  name: string | null;
  brand: string | null;
  region: string | null;
  segment: string | null;
  since: string | null;
  organisation: string | null;
  referred_by: string | null;
  branch: string | null;
  owner: string | null;
};

const factsOf = (customer: Customer): { values: Facts; version: number } => ({
  values: {
    name: customer.name === customer.external_id ? null : customer.name,
    brand: customer.brand,
    region: customer.region,
    segment: customer.segment,
    since: customer.since,
    organisation: customer.organisation?.id ?? null,
    referred_by: customer.referred_by?.id ?? null,
    branch: customer.branch?.id ?? null,
    owner: customer.owner?.id ?? null,
  },
  version: customer.version,
});

export function FactsSection(props: { customer: Customer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { customer } = props;
  const [editing, setEditing] = useState(false);
  const mayWrite = useMay("customers.write");
  const facts = {
    name: customer.name,
    external_id: customer.external_id,
    kind: t(`terms.kind.${customer.kind}`),
    brand: customer.brand,
    region: customer.region,
    segment: customer.segment,
    since: customer.since ? format.day(customer.since) : null,
    organisation: customerLink(customer.organisation),
    referred_by: customerLink(customer.referred_by),
    branch: customer.branch?.name,
    owner: customer.owner?.name,
  };
  return (
    <Section
      title={t("record.facts.title")}
      action={
        mayWrite ? (
          <Button icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)}>
            {t("record.facts.edit")}
          </Button>
        ) : null
      }
    >
      <Descriptions
        size="small"
        column={{ xs: 1, md: 2 }}
        items={Object.entries(facts).map(([name, shown]) => ({
          key: name,
          label: t(`record.field.${name}`),
          children: shown || ABSENT,
        }))}
      />
      {editing ? <FactsDialog customer={customer} onClose={() => setEditing(false)} /> : null}
    </Section>
  );
}

function FactsDialog(props: { customer: Customer; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { customer } = props;
  const saved = useSaved(customer.id);
  const facets = useFacets().data;
  // Who may not see the firm's branches and users sees whose the customer is, and cannot choose another.
  const mayChoose = useMay("access.read");
  const branches = useBranches(mayChoose).data ?? [];
  const users = useEverybody(mayChoose).data ?? [];
  const labels = {
    name: t("record.field.name"),
    brand: t("record.field.brand"),
    region: t("record.field.region"),
    segment: t("record.field.segment"),
    since: t("record.field.since"),
    organisation: t("record.field.organisation"),
    referred_by: t("record.field.referred_by"),
    branch: t("record.field.branch"),
    owner: t("record.field.owner"),
  };
  const known = (values: string[] | undefined) => (values ?? []).map((value) => ({ value }));
  return (
    <EditDialog<Facts>
      title={t("record.facts.edit_title", { name: customer.name })}
      save={t("record.save")}
      known={factsOf(customer)}
      labels={labels}
      show={(name, value) =>
        name === "since"
          ? format.day(value as string | null)
          : name === "organisation" || name === "referred_by"
            ? t(value ? "events.another" : "record.nobody")
            : name === "branch"
              ? (branchPaths(branches).get(String(value)) ?? ABSENT)
              : name === "owner"
                ? (users.find((one) => one.id === value)?.name ?? ABSENT)
                : String(value ?? ABSENT)
      }
      reread={async () => factsOf(await readCustomer(customer.id))}
      onSave={(_, { changes, version }) =>
        changeCustomer(customer.id, version, changes as CustomerChange)
      }
      onSaved={saved}
      onClose={props.onClose}
    >
      <Form.Item name="name" label={labels.name}>
        <Input autoFocus />
      </Form.Item>
      <div className="settings-grid">
        {(["brand", "region", "segment"] as const).map((name) => (
          <Form.Item key={name} name={name} label={labels[name]}>
            <AutoComplete
              allowClear
              options={known(
                { brand: facets?.brands, region: facets?.regions, segment: facets?.segments }[name],
              )}
              showSearch={{
                filterOption: (typed, option) => option?.value.includes(typed) ?? false,
              }}
            />
          </Form.Item>
        ))}
        <Form.Item name="since" label={labels.since}>
          <DayInput />
        </Form.Item>
      </div>
      <Form.Item name="organisation" label={labels.organisation}>
        <CustomerPicker known={customer.organisation} kind="organisation" except={customer.id} />
      </Form.Item>
      <Form.Item name="referred_by" label={labels.referred_by}>
        <CustomerPicker known={customer.referred_by} except={customer.id} />
      </Form.Item>
      {mayChoose ? (
        <div className="settings-grid">
          <Form.Item name="branch" label={labels.branch}>
            <Select
              allowClear
              showSearch={{ optionFilterProp: "label" }}
              options={branchOptions(branches)}
              notFoundContent={t("access.branches.none.title")}
            />
          </Form.Item>
          <Form.Item name="owner" label={labels.owner}>
            <Select
              allowClear
              showSearch={{ optionFilterProp: "label" }}
              options={users
                .filter((one) => one.active || one.id === customer.owner?.id)
                .map((one) => ({ value: one.id, label: `${one.name} · ${one.login}` }))}
            />
          </Form.Item>
        </div>
      ) : null}
    </EditDialog>
  );
}
