// Chooses another customer by name, number or anything they are known by.
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { listCustomers } from "../api/endpoints";
import { keys } from "../api/queries";
import type { CustomerLink } from "../api/types";

const MOST = 10;

export function CustomerPicker(props: {
  id?: string;
  /** What it is called where no field of a form says so. */
  label?: string;
  value?: string | null;
  onChange?: (id: string | null) => void;
  /** Who is chosen now, by name. */
  known?: CustomerLink | null;
  kind?: "person" | "organisation";
  /** Who cannot be chosen. */
  except?: string;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [picked, setPicked] = useState<CustomerLink | null>(props.known ?? null);
  const wanted = useDeferredValue(text.trim());
  const found = useQuery({
    queryKey: [...keys.customers, "picker", wanted],
    queryFn: ({ signal }) => listCustomers({ q: wanted, limit: MOST }, signal),
    enabled: wanted.length > 0,
  });
  const hits = (found.data?.items ?? []).filter(
    (one) => one.id !== props.except && (!props.kind || one.kind === props.kind),
  );
  const chosen = props.value && picked?.id === props.value ? [picked] : [];
  const options = [
    ...hits.map((one) => ({ value: one.id, label: `${one.name} · ${one.external_id}`, one })),
    ...chosen
      .filter((one) => !hits.some((hit) => hit.id === one.id))
      .map((one) => ({ value: one.id, label: one.name, one })),
  ];
  return (
    <Select
      id={props.id}
      aria-label={props.label}
      style={{ width: "100%" }}
      allowClear
      showSearch={{ filterOption: false, onSearch: setText }}
      value={props.value ?? undefined}
      placeholder={t("record.picker.placeholder")}
      notFoundContent={
        wanted && !found.isFetching ? t("customers.nothing_found") : t("record.picker.type")
      }
      options={options}
      onChange={(id: string | undefined) => {
        const hit = options.find((option) => option.value === id)?.one;
        setPicked(hit ? { id: hit.id, name: hit.name } : null);
        setText("");
        props.onChange?.(id ?? null);
      }}
    />
  );
}
