// A part of a screen: its title, what can be done, and what there is.
import { Card, Typography } from "antd";
import { type ReactNode, useId } from "react";

export function Section(props: { title: string; action?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <Card role="region" aria-labelledby={id}>
      <div className="section-head">
        <Typography.Title level={2} className="section-title" id={id}>
          {props.title}
        </Typography.Title>
        {props.action}
      </div>
      {props.children}
    </Card>
  );
}
