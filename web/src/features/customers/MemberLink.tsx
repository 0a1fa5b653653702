// A link for the customer to its own page: made for a while, shown once, opened once.
import { LinkOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Modal, QRCode, Select, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { makeMemberLink } from "../../api/member";
import { ProblemAlert } from "../../components/Answer";
import { useFormat } from "../../i18n/format";

const MINUTES = [15, 60, 240, 1440] as const;

export default function MemberLink(props: { customerId: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon={<LinkOutlined aria-hidden />} onClick={() => setOpen(true)}>
        {t("tiers.member_link.open")}
      </Button>
      {open ? <LinkDialog customerId={props.customerId} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function LinkDialog(props: { customerId: string; onClose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [open, setOpen] = useState(true);
  const [minutes, setMinutes] = useState<number>(60);
  const make = useMutation({ mutationFn: () => makeMemberLink(props.customerId, minutes) });
  const made = make.data;
  // Where no public address is set, the one that this console was opened at.
  const address = made ? new URL(made.address, window.location.origin).href : "";
  return (
    <Modal
      open={open}
      title={t("tiers.member_link.title")}
      okText={t(made ? "tiers.member_link.done" : "tiers.member_link.make")}
      onOk={() => (made ? setOpen(false) : make.mutate())}
      cancelButtonProps={made ? { style: { display: "none" } } : undefined}
      confirmLoading={make.isPending}
      onCancel={() => setOpen(false)}
      afterClose={props.onClose}
      mask={{ closable: false }}
    >
      {made ? (
        <div className="factor">
          <QRCode
            type="svg"
            aria-label={t("tiers.member_link.qr")}
            value={address}
            size={176}
            color="#000000"
            bgColor="#ffffff"
          />
          <div style={{ minWidth: 0 }}>
            <Typography.Text
              code
              copyable={{ text: address, tooltips: [t("app.secret.copy"), t("app.secret.copied")] }}
              style={{ overflowWrap: "anywhere" }}
            >
              {address}
            </Typography.Text>
            <p>{t("tiers.member_link.until", { time: format.time(made.expires_at) })}</p>
            <Alert type="warning" showIcon title={t("tiers.member_link.once")} />
          </div>
        </div>
      ) : (
        <Form layout="vertical" requiredMark={false}>
          <p style={{ marginTop: 0 }}>{t("tiers.member_link.hint")}</p>
          <Form.Item label={t("tiers.member_link.minutes")} htmlFor="member-link-minutes">
            <Select
              id="member-link-minutes"
              value={minutes}
              onChange={setMinutes}
              options={MINUTES.map((value) => ({
                value,
                label: t(`tiers.member_link.for.${value}`),
              }))}
            />
          </Form.Item>
          {make.error ? <ProblemAlert error={make.error} /> : null}
        </Form>
      )}
    </Modal>
  );
}
