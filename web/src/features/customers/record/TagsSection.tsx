// The tags of a customer: put on and taken off one by one.
import { PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Form, Input, Tag, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/queries";
import { changeTags, useTags } from "../../../api/record";
import { Answer, ProblemAlert } from "../../../components/Answer";
import { showAtFields } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { useSaved } from "./useSaved";

export function TagsSection(props: { customerId: string }) {
  const { t } = useTranslation();
  const tags = useTags(props.customerId);
  const saved = useSaved(props.customerId);
  const mayWrite = useMay("customers.write");
  const [form] = Form.useForm<{ add: string }>();
  const change = useMutation({
    mutationFn: (body: { add?: string[]; remove?: string[] }) => changeTags(props.customerId, body),
    onSuccess: () => {
      form.resetFields();
      saved(true);
    },
    onError: (error) => showAtFields(form, error, ["add"], t),
  });
  return (
    <Section title={t("record.tags.title")}>
      <Answer query={tags} rows={1}>
        {({ items }) => (
          <>
            <div className="chips">
              {items.map((tag) => (
                <Tag
                  key={tag}
                  closable={
                    mayWrite ? { "aria-label": t("record.tags.remove", { tag }) } : undefined
                  }
                  onClose={(event) => {
                    event.preventDefault();
                    change.mutate({ remove: [tag] });
                  }}
                >
                  {tag}
                </Tag>
              ))}
              {items.length === 0 ? (
                <Typography.Text type="secondary">{t("record.tags.none")}</Typography.Text>
              ) : null}
            </div>
            {mayWrite ? (
              <Form
                form={form}
                layout="inline"
                onFinish={({ add }) => {
                  if (add?.trim()) change.mutate({ add: [add] });
                }}
              >
                <Form.Item name="add" style={{ flex: "1 1 140px", maxWidth: 260 }}>
                  <Input
                    placeholder={t("record.tags.placeholder")}
                    aria-label={t("record.tags.placeholder")}
                  />
                </Form.Item>
                <Button
                  htmlType="submit"
                  icon={<PlusOutlined aria-hidden />}
                  loading={change.isPending}
                >
                  {t("record.tags.add")}
                </Button>
              </Form>
            ) : null}
            {change.error && change.variables?.remove ? (
              <ProblemAlert error={change.error} />
            ) : null}
          </>
        )}
      </Answer>
    </Section>
  );
}
