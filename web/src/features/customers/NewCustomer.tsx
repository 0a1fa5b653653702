// A customer made by hand. What is known more is written into the record afterwards.
import { useQueryClient } from "@tanstack/react-query";
import { AutoComplete, Form, Input, Radio } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { keys, useFacets } from "../../api/queries";
import { type CustomerKind, createCustomer } from "../../api/record";
import { CustomerPicker } from "../../components/CustomerPicker";
import { DayInput } from "../../components/DayInput";
import { EditDialog } from "../../components/EditDialog";

type Typed = {
  kind: CustomerKind;
  name: string;
  external_id: string | null;
  brand: string | null;
  region: string | null;
  segment: string | null;
  since: string | null;
  organisation: string | null;
  referred_by: string | null;
};

const NOTHING: Typed = {
  kind: "person",
  name: "",
  external_id: null,
  brand: null,
  region: null,
  segment: null,
  since: null,
  organisation: null,
  referred_by: null,
};

export default function NewCustomer(props: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const facets = useFacets().data;
  const labels = {
    kind: t("record.field.kind"),
    name: t("record.field.name"),
    external_id: t("record.field.external_id"),
    brand: t("record.field.brand"),
    region: t("record.field.region"),
    segment: t("record.field.segment"),
    since: t("record.field.since"),
    organisation: t("record.field.organisation"),
    referred_by: t("record.field.referred_by"),
  };
  const words = { brand: facets?.brands, region: facets?.regions, segment: facets?.segments };
  return (
    <EditDialog<Typed>
      title={t("customers.new")}
      save={t("record.save")}
      known={{ values: NOTHING, version: 0 }}
      labels={labels}
      onSave={async (typed, { key }) => {
        const made = await createCustomer(
          { ...typed, external_id: typed.external_id || null },
          key,
        );
        void client.invalidateQueries({ queryKey: keys.customers });
        navigate(`/customers/${made.id}?tab=record`);
      }}
      onClose={props.onClose}
    >
      <Form.Item name="kind" label={labels.kind}>
        <Radio.Group
          optionType="button"
          options={(["person", "organisation"] as const).map((kind) => ({
            value: kind,
            label: t(`terms.kind.${kind}`),
          }))}
        />
      </Form.Item>
      <Form.Item
        name="name"
        label={labels.name}
        rules={[{ required: true, whitespace: true, message: t("app.required") }]}
      >
        <Input autoFocus />
      </Form.Item>
      <div className="settings-grid">
        <Form.Item name="external_id" label={labels.external_id} extra={t("customers.new_number")}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="since" label={labels.since}>
          <DayInput />
        </Form.Item>
        {(["brand", "region", "segment"] as const).map((name) => (
          <Form.Item key={name} name={name} label={labels[name]}>
            <AutoComplete
              allowClear
              options={(words[name] ?? []).map((value) => ({ value }))}
              showSearch={{
                filterOption: (typed, option) => option?.value.includes(typed) ?? false,
              }}
            />
          </Form.Item>
        ))}
      </div>
      <Form.Item name="organisation" label={labels.organisation}>
        <CustomerPicker kind="organisation" />
      </Form.Item>
      <Form.Item name="referred_by" label={labels.referred_by}>
        <CustomerPicker />
      </Form.Item>
    </EditDialog>
  );
}
