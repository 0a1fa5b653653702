// An empty screen says what will be here and how to get there.
import { Card, Empty, Typography } from "antd";
import type { ReactNode } from "react";

export function Teach(props: { title: string; hint: ReactNode; action?: ReactNode }) {
  return (
    <Card>
      <Empty
        image={Empty.PRESENTED_IMAGE_SIMPLE}
        description={
          <>
            <Typography.Title level={2} className="teach-title">
              {props.title}
            </Typography.Title>
            <Typography.Paragraph type="secondary" className="teach-hint">
              {props.hint}
            </Typography.Paragraph>
          </>
        }
      >
        {props.action}
      </Empty>
    </Card>
  );
}
