// The head of a screen: its title, what it is for, what can be done.
import { Typography } from "antd";
import { type ReactNode, useEffect } from "react";

export function PageHead(props: { title: string; lead?: ReactNode; actions?: ReactNode }) {
  useEffect(() => {
    document.title = `${props.title} · Patron`;
  }, [props.title]);
  return (
    <header className="page-head">
      <div className="page-head-text">
        <Typography.Title level={1} className="page-title">
          {props.title}
        </Typography.Title>
        {props.lead ? <Typography.Text type="secondary">{props.lead}</Typography.Text> : null}
      </div>
      {props.actions ? <div className="page-actions">{props.actions}</div> : null}
    </header>
  );
}
