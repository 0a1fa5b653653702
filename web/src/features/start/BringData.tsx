// First step: the firm's own file, or an example firm to look around in.
import { ImportOutlined, ShopOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Form, InputNumber, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { generateExample } from "../../api/endpoints";
import { takeJob, useMay } from "../../api/queries";
import type { Setup } from "../../api/types";
import { ProblemAlert } from "../../components/Answer";
import { showAtFields } from "../../components/problem";
import { useFormat } from "../../i18n/format";

type Typed = { customers: number; seed: number };
const USUAL: Typed = { customers: 5000, seed: 1 };

export function BringData(props: { setup: Setup }) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const [form] = Form.useForm<Typed>();
  const mayImport = useMay("imports.write");
  const empty = props.setup.customers === 0;
  const make = useMutation({
    mutationFn: (typed: Typed) => generateExample(typed.customers, typed.seed),
    onSuccess: (job) => takeJob(client, job),
    onError: (error) => showAtFields(form, error, ["customers", "seed"], t),
  });
  if (!mayImport) {
    return <Alert type="info" showIcon title={t("start.data.not_permitted")} />;
  }
  return (
    <>
      {empty ? null : (
        <Alert
          type="info"
          showIcon
          title={t("start.data.need_transactions", {
            customers: format.count(props.setup.customers),
          })}
        />
      )}
      <div className="start-choices">
        <Card>
          <Typography.Title level={2} className="section-title">
            <ImportOutlined aria-hidden /> {t("start.data.import.title")}
          </Typography.Title>
          <Typography.Paragraph type="secondary">
            {t("start.data.import.hint")}
          </Typography.Paragraph>
          <Link to="/imports/new?kind=transactions">
            <Button type="primary">{t("start.data.import.action")}</Button>
          </Link>
        </Card>
        {empty ? (
          <Card>
            <Typography.Title level={2} className="section-title">
              <ShopOutlined aria-hidden /> {t("start.data.example.title")}
            </Typography.Title>
            <Typography.Paragraph type="secondary">
              {t("start.data.example.hint")}
            </Typography.Paragraph>
            <Form<Typed>
              form={form}
              layout="vertical"
              requiredMark={false}
              initialValues={USUAL}
              onFinish={(typed) => make.mutate(typed)}
            >
              <div className="settings-grid">
                <Form.Item
                  name="customers"
                  label={t("start.data.example.customers")}
                  rules={[{ required: true, message: t("app.required") }]}
                >
                  <InputNumber min={100} max={1_000_000} step={1000} style={{ width: "100%" }} />
                </Form.Item>
                <Form.Item
                  name="seed"
                  label={t("start.data.example.seed")}
                  tooltip={t("start.data.example.seed_hint")}
                  rules={[{ required: true, message: t("app.required") }]}
                >
                  <InputNumber
                    min={0}
                    max={4_294_967_295}
                    precision={0}
                    style={{ width: "100%" }}
                  />
                </Form.Item>
              </div>
              <Form.Item hidden={!make.error}>
                <ProblemAlert error={make.error} />
              </Form.Item>
              <Button htmlType="submit" loading={make.isPending}>
                {t("start.data.example.action")}
              </Button>
            </Form>
          </Card>
        ) : null}
      </div>
    </>
  );
}
