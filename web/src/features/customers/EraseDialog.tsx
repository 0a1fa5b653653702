// Erasing a customer: what goes and what stays is said before, and the number is typed, so that it happens to nobody by
// accident.
import { Alert, Form, Input, Select, Typography } from "antd";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { readCustomer } from "../../api/endpoints";
import { ERASURE_GROUNDS, type ErasureGround, eraseCustomer } from "../../api/personal";
import type { Customer } from "../../api/types";
import { EditDialog } from "../../components/EditDialog";
import { useSaved } from "./record/useSaved";

type Typed = { ground: ErasureGround; reference: string; number: string };

const GOES = ["name", "said", "files", "traces"] as const;
const STAYS = ["sums", "refusals", "log"] as const;

export function EraseDialog(props: { customer: Customer; onClose: () => void }) {
  const { t } = useTranslation();
  const { customer } = props;
  const saved = useSaved(customer.id);
  const id = useId();
  const known = (version: number) => ({
    values: { ground: "request" as ErasureGround, reference: "", number: "" },
    version,
  });
  return (
    <EditDialog<Typed>
      title={t("record.erase.title", { name: customer.name || customer.external_id })}
      save={t("record.erase.confirm")}
      known={known(customer.version)}
      labels={{
        ground: t("record.erase.ground"),
        reference: t("record.erase.reference"),
        number: t("record.erase.number"),
      }}
      reread={async () => known((await readCustomer(customer.id)).version)}
      onSave={({ ground, reference }, { version }) =>
        eraseCustomer(customer.id, version, { ground, reference: reference.trim() || null })
      }
      onSaved={saved}
      onClose={props.onClose}
      width={600}
    >
      <Alert
        type="warning"
        showIcon
        role="note"
        title={t("record.erase.for_good")}
        description={
          <>
            <Typography.Text strong id={`${id}-goes`}>
              {t("record.erase.goes_title")}
            </Typography.Text>
            <ul className="reasons" aria-labelledby={`${id}-goes`}>
              {GOES.map((one) => (
                <li key={one}>{t(`record.erase.goes.${one}`)}</li>
              ))}
            </ul>
            <Typography.Text strong id={`${id}-stays`}>
              {t("record.erase.stays_title")}
            </Typography.Text>
            <ul className="reasons" aria-labelledby={`${id}-stays`}>
              {STAYS.map((one) => (
                <li key={one}>{t(`record.erase.stays.${one}`)}</li>
              ))}
            </ul>
          </>
        }
        style={{ marginBottom: 16 }}
      />
      <Form.Item name="ground" label={t("record.erase.ground")}>
        <Select
          options={ERASURE_GROUNDS.map((ground) => ({
            value: ground,
            label: t(`record.erase.grounds.${ground}`),
          }))}
        />
      </Form.Item>
      <Form.Item
        name="reference"
        label={t("record.erase.reference")}
        extra={t("record.erase.reference_hint")}
      >
        <Input maxLength={40} />
      </Form.Item>
      <Form.Item
        name="number"
        label={t("record.erase.number")}
        extra={t("record.erase.number_hint", { number: customer.external_id })}
        rules={[
          {
            validator: (_, typed: string) =>
              typed.trim() === customer.external_id || typed.trim() === customer.name
                ? Promise.resolve()
                : Promise.reject(new Error(t("record.erase.number_wrong"))),
          },
        ]}
      >
        <Input autoComplete="off" />
      </Form.Item>
    </EditDialog>
  );
}
