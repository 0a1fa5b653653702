// Second step: which column of the file is which field.
import { useMutation } from "@tanstack/react-query";
import { Button, Card, Form, Input, Select, Table, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { dryRunImport, setImportEncoding, setImportSheet } from "../../api/endpoints";
import { useSetup } from "../../api/queries";
import type { Import, ImportPlan, Job } from "../../api/types";
import { ProblemAlert } from "../../components/Answer";
import { showAtFields } from "../../components/problem";
import { useFormat } from "../../i18n/format";
import { cleanMapping, missingFields, planOf } from "./plan";

const ZONES = [
  "Asia/Shanghai",
  "Asia/Hong_Kong",
  "Asia/Singapore",
  "UTC",
  "Europe/Berlin",
  "America/New_York",
];
const ENCODINGS: Import["encoding"][] = [
  "utf-8",
  "gb18030",
  "big5",
  "windows-1252",
  "utf-16le",
  "utf-16be",
];
const CURRENCIES = ["CNY", "HKD", "USD", "EUR", "SGD", "JPY", "GBP"];

export function Mapping(props: {
  one: Import;
  onChecking: (job: Job) => void;
  onReread: (one: Import) => void;
}) {
  const { one } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const setup = useSetup().data;
  const [start] = useState(() => planOf(one));
  const [mapping, setMapping] = useState(() => cleanMapping(one, start.mapping));
  const [form] = Form.useForm<Omit<ImportPlan, "mapping">>();
  const missing = missingFields(one, mapping);

  const check = useMutation({
    mutationFn: (plan: ImportPlan) => dryRunImport(one.id, plan),
    onSuccess: props.onChecking,
    onError: (error) => showAtFields(form, error, ["source", "currency", "zone"], t),
  });

  const reread = useMutation({
    mutationFn: (how: { encoding: Import["encoding"] } | { sheet: string }) =>
      "sheet" in how ? setImportSheet(one.id, how.sheet) : setImportEncoding(one.id, how.encoding),
    onSuccess: props.onReread,
  });

  const samplesOf = (column: string | undefined) =>
    one.columns
      .find((candidate) => candidate.name === column)
      ?.samples.slice(0, 3)
      .join(" · ");
  const withFirm = (usual: string[], firm: string | undefined) =>
    [...new Set([...(firm ? [firm] : []), ...usual])].map((value) => ({ value, label: value }));

  return (
    <Card>
      <Form
        form={form}
        layout="vertical"
        initialValues={{
          source: start.source,
          currency: start.currency ?? setup?.currency,
          zone: start.zone ?? setup?.zone,
        }}
        onFinish={(typed) => check.mutate({ ...typed, mapping })}
      >
        <div className="stack">
          <div>
            <Typography.Title level={2} className="section-title">
              {t("imports.mapping.title")}
            </Typography.Title>
            <Typography.Text type="secondary">{t("imports.mapping.hint")}</Typography.Text>
          </div>
          {one.format === "csv" ? (
            <Form.Item
              label={t("imports.mapping.encoding")}
              extra={t("imports.mapping.encoding_hint")}
              htmlFor="encoding"
            >
              <Select
                id="encoding"
                style={{ maxWidth: 320 }}
                value={one.encoding}
                loading={reread.isPending}
                disabled={reread.isPending}
                options={ENCODINGS.map((value) => ({
                  value,
                  label: t(`imports.encoding.${value}`),
                }))}
                onChange={(encoding) => reread.mutate({ encoding })}
              />
            </Form.Item>
          ) : null}
          {one.sheets.length > 1 ? (
            <Form.Item
              label={t("imports.mapping.sheet")}
              extra={t("imports.mapping.sheet_hint")}
              htmlFor="sheet"
            >
              <Select
                id="sheet"
                style={{ maxWidth: 320 }}
                value={one.sheet}
                loading={reread.isPending}
                disabled={reread.isPending}
                options={one.sheets.map((value) => ({ value, label: value }))}
                onChange={(sheet) => reread.mutate({ sheet })}
              />
            </Form.Item>
          ) : null}
          <ProblemAlert error={reread.error} />
          <Table
            size="small"
            rowKey="name"
            pagination={false}
            dataSource={one.fields}
            columns={[
              {
                title: t("imports.mapping.field"),
                width: "28%",
                render: (_, field) => (
                  <>
                    {t(`imports.field.${one.kind}.${field.name}`, { defaultValue: field.name })}
                    {field.required ? (
                      <Typography.Text type="danger">
                        {" "}
                        {t("imports.mapping.required")}
                      </Typography.Text>
                    ) : null}
                  </>
                ),
              },
              {
                title: t("imports.mapping.column"),
                width: "36%",
                render: (_, field) => (
                  <Select
                    allowClear
                    showSearch
                    style={{ width: "100%" }}
                    aria-label={t("imports.mapping.column_of", {
                      field: t(`imports.field.${one.kind}.${field.name}`, {
                        defaultValue: field.name,
                      }),
                    })}
                    status={field.required && !mapping[field.name] ? "error" : undefined}
                    placeholder={t("imports.mapping.choose")}
                    value={mapping[field.name]}
                    options={one.columns.map((column) => ({
                      value: column.name,
                      label: column.name,
                    }))}
                    onChange={(column?: string) =>
                      setMapping((before) => cleanMapping(one, { ...before, [field.name]: column }))
                    }
                  />
                ),
              },
              {
                title: t("imports.mapping.samples"),
                render: (_, field) => (
                  <span className="samples">{samplesOf(mapping[field.name]) ?? ""}</span>
                ),
              },
            ]}
          />
          <div className="settings-grid">
            <Form.Item
              name="source"
              label={t("imports.mapping.source")}
              extra={t("imports.mapping.source_hint")}
              rules={[{ required: true, whitespace: true, message: t("app.required") }]}
            >
              <Input maxLength={64} />
            </Form.Item>
            {one.kind === "transactions" ? (
              <>
                <Form.Item name="currency" label={t("imports.mapping.currency")}>
                  <Select showSearch options={withFirm(CURRENCIES, setup?.currency)} />
                </Form.Item>
                <Form.Item
                  name="zone"
                  label={t("imports.mapping.zone")}
                  extra={t("imports.mapping.zone_hint")}
                >
                  <Select showSearch options={withFirm(ZONES, setup?.zone)} />
                </Form.Item>
              </>
            ) : null}
          </div>
          <ProblemAlert error={check.error} />
          <div className="row">
            <Button
              type="primary"
              htmlType="submit"
              disabled={missing.length > 0}
              loading={check.isPending}
            >
              {t("imports.mapping.check")}
            </Button>
            {missing.length > 0 ? (
              <Typography.Text type="danger">
                {t("imports.mapping.missing", {
                  fields: format.list(
                    missing.map((field) =>
                      t(`imports.field.${one.kind}.${field.name}`, { defaultValue: field.name }),
                    ),
                  ),
                })}
              </Typography.Text>
            ) : (
              <Typography.Text type="secondary">{t("imports.mapping.harmless")}</Typography.Text>
            )}
          </div>
        </div>
      </Form>
    </Card>
  );
}
