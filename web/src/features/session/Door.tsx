// The frame of the screens before the rooms.
import { Card, Typography } from "antd";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";

export function Door(props: {
  title: string;
  lead?: string;
  tools?: ReactNode;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${props.title} · Patron`;
  }, [props.title]);
  return (
    <main className="door">
      <div className="door-tools">{props.tools}</div>
      <div className="door-brand">
        <img src="/favicon.svg" alt="" width={40} height={40} />
        <div>
          <div className="door-name">{t("app.name")}</div>
          <Typography.Text type="secondary">{t("app.slogan")}</Typography.Text>
        </div>
      </div>
      <Card className="door-card">
        <Typography.Title level={1} className="page-title">
          {props.title}
        </Typography.Title>
        {props.lead ? (
          <Typography.Paragraph type="secondary">{props.lead}</Typography.Paragraph>
        ) : null}
        {props.children}
      </Card>
    </main>
  );
}
