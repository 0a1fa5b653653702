// The head of a screen: its title, what it is for, what can be done.
import { Typography } from "antd";
import { type ReactNode, useEffect } from "react";
import { GeneratedMark } from "./GeneratedMark";

export function PageHead(props: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** Whether the screen shows figures of the firm: an example firm's are marked as such. */
  figures?: boolean;
}) {
  useEffect(() => {
    document.title = `${props.title} · Patron`;
  }, [props.title]);
  return (
    <header className="page-head">
      <div className="page-head-text">
        <Typography.Title level={1} className="page-title">
          {props.title}
        </Typography.Title>
        {props.figures ? <GeneratedMark /> : null}
        {props.lead ? <Typography.Text type="secondary">{props.lead}</Typography.Text> : null}
      </div>
      {props.actions ? <div className="page-actions">{props.actions}</div> : null}
    </header>
  );
}
