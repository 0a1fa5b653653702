// Sets the second factor up in two steps: the password once more, then the app reads the secret and a code proves
// that it has it.
import { useMutation } from "@tanstack/react-query";
import { Form, Input, Modal, QRCode, Steps, Typography } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  confirmSecondFactor,
  offerSecondFactor,
  type SecondFactorOffer,
} from "../../../api/access";
import { ProblemAlert } from "../../../components/Answer";
import { focusFirstField } from "../../../components/firstField";
import { showAtFields } from "../../../components/problem";
import { OwnPassword } from "./OwnPassword";

type Typed = { current_password: string; code: string };

/** In fours, as people type it. */
const inFours = (secret: string) => secret.match(/.{1,4}/g)?.join(" ") ?? secret;

export function SecondFactorDialog(props: {
  onConfirmed: (recoveryCodes: string[]) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [form] = Form.useForm<Typed>();
  const body = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(true);
  const [offer, setOffer] = useState<SecondFactorOffer | null>(null);
  const [atField, setAtField] = useState(false);
  const onError = (error: unknown) =>
    setAtField(showAtFields(form, error, ["current_password", "code"], t));
  const ask = useMutation({
    mutationFn: (typed: Typed) => offerSecondFactor(typed.current_password),
    onSuccess: setOffer,
    onError,
  });
  const confirm = useMutation({
    mutationFn: (typed: Typed) => confirmSecondFactor(typed.code.replace(/\s/g, "")),
    onSuccess: ({ recovery_codes }) => {
      props.onConfirmed(recovery_codes);
      setOpen(false);
    },
    onError,
  });
  const step = offer ? confirm : ask;
  return (
    <Modal
      open={open}
      title={t("access.factor.set_up_title")}
      okText={t(offer ? "access.factor.confirm" : "access.factor.next")}
      onOk={() => form.submit()}
      confirmLoading={step.isPending}
      onCancel={() => setOpen(false)}
      afterOpenChange={(isOpen) => isOpen && focusFirstField(body.current)}
      afterClose={props.onClose}
      mask={{ closable: false }}
    >
      <div ref={body}>
        <Steps
          size="small"
          current={offer ? 1 : 0}
          style={{ margin: "12px 0 20px" }}
          items={[
            { title: t("access.factor.step_password") },
            { title: t("access.factor.step_app") },
          ]}
        />
        <Form<Typed>
          form={form}
          layout="vertical"
          requiredMark={false}
          onFinish={(typed) => {
            if (step.isPending) return;
            setAtField(false);
            step.mutate(typed);
          }}
        >
          {offer ? <Scan offer={offer} /> : <OwnPassword />}
          {step.error && !atField ? <ProblemAlert error={step.error} /> : null}
          {/* Enter in a field goes on, as it does in every form. */}
          <button type="submit" hidden />
        </Form>
      </div>
    </Modal>
  );
}

function Scan(props: { offer: SecondFactorOffer }) {
  const { t } = useTranslation();
  const { secret, address } = props.offer;
  return (
    <>
      <p style={{ marginTop: 0 }}>{t("access.factor.scan")}</p>
      <div className="factor">
        {/* Dark on light in every theme: cameras expect it. */}
        <QRCode
          type="svg"
          aria-label={t("access.factor.qr")}
          value={address}
          size={176}
          color="#000000"
          bgColor="#ffffff"
        />
        <div>
          <div className="figure-label">{t("access.factor.by_hand")}</div>
          <Typography.Text
            code
            copyable={{ text: secret, tooltips: [t("app.secret.copy"), t("app.secret.copied")] }}
            style={{ overflowWrap: "anywhere" }}
          >
            {inFours(secret)}
          </Typography.Text>
        </div>
      </div>
      <Form.Item
        name="code"
        label={t("access.factor.code")}
        extra={t("access.factor.code_hint")}
        rules={[{ required: true, whitespace: true, message: t("app.required") }]}
      >
        <Input autoFocus autoComplete="one-time-code" inputMode="numeric" maxLength={12} />
      </Form.Item>
    </>
  );
}
