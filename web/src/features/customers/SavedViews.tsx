// The views one has saved: open one, save what is shown, delete one.
import { DeleteOutlined, StarOutlined } from "@ant-design/icons";
import { Button, Form, Input, Modal, Popover } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../../api/queries";
import { readViews, type SavedView, viewOf, withoutView, withView, writeViews } from "./savedViews";

export function SavedViews() {
  const user = useSession().data?.user.id;
  return user ? <ViewsOf key={user} userId={user} /> : null;
}

function ViewsOf(props: { userId: string }) {
  const { t } = useTranslation();
  const [views, setViews] = useState(() => readViews(props.userId));
  const [open, setOpen] = useState(false);
  const [naming, setNaming] = useState(false);
  const [form] = Form.useForm<{ name: string }>();
  const keep = (next: SavedView[]) => {
    writeViews(props.userId, next);
    setViews(next);
  };
  return (
    <>
      <Popover
        trigger="click"
        placement="bottomRight"
        open={open}
        onOpenChange={setOpen}
        title={t("customers.views.open")}
        content={
          <div className="stack" style={{ gap: 6, maxHeight: "60vh", overflow: "auto" }}>
            {views.map((view) => (
              <div
                key={view.name}
                className="row"
                style={{ justifyContent: "space-between", flexWrap: "nowrap" }}
              >
                <Link to={{ search: view.search }} onClick={() => setOpen(false)}>
                  {view.name}
                </Link>
                <Button
                  type="text"
                  size="small"
                  icon={<DeleteOutlined aria-hidden />}
                  aria-label={t("customers.views.drop", { name: view.name })}
                  onClick={() => keep(withoutView(views, view.name))}
                />
              </div>
            ))}
            <Button
              onClick={() => {
                setOpen(false);
                setNaming(true);
              }}
            >
              {t("customers.views.save")}
            </Button>
          </div>
        }
      >
        <Button icon={<StarOutlined aria-hidden />}>{t("customers.views.open")}</Button>
      </Popover>
      <Modal
        open={naming}
        title={t("customers.views.title")}
        okText={t("customers.views.keep")}
        onOk={() => form.submit()}
        onCancel={() => setNaming(false)}
        destroyOnHidden
      >
        <Form<{ name: string }>
          form={form}
          layout="vertical"
          preserve={false}
          onFinish={({ name }) => {
            // The address as it is: what is drawn may still follow it.
            const search = viewOf(new URLSearchParams(window.location.search));
            keep(withView(views, { name: name.trim(), search }));
            setNaming(false);
          }}
        >
          <Form.Item
            name="name"
            label={t("customers.views.name")}
            extra={t("customers.views.hint")}
            rules={[{ required: true, whitespace: true, message: t("app.required") }]}
          >
            <Input maxLength={60} autoFocus />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}
