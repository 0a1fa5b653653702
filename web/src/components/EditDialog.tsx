// A form in a dialog. What the server refuses stands at its field; where somebody else was first, what they
// changed is told, what was typed is kept, and saving again saves it on top of theirs.
import { useMutation } from "@tanstack/react-query";
import { Alert, Form, type FormInstance, Modal } from "antd";
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { problemCode } from "../api/queries";
import { ProblemAlert } from "./Answer";
import { changesOf, meet } from "./changes";
import { focusFirstField } from "./firstField";
import { useIntention } from "./intention";
import { showAtFields } from "./problem";

export type Known<V> = { values: V; version: number };
export type Saving<V> = {
  /** The fields that are no longer as they were read. */
  changes: Partial<V>;
  version: number;
  /** Makes a repetition of the same thing nothing new. */
  key: string;
};

export function EditDialog<V extends object>(props: {
  title: string;
  save: string;
  /** What is known; of something new, what it begins with. */
  known: Known<V>;
  /** The fields by the server's names, as they are headed. */
  labels: Record<keyof V & string, string>;
  /** How a field's value is written where somebody else changed it. */
  show?: (name: keyof V & string, value: unknown) => string;
  /** What is there now, for when somebody else was first. */
  reread?: () => Promise<Known<V>>;
  onSave: (typed: V, saving: Saving<V>) => Promise<unknown>;
  onSaved?: () => void;
  /** The dialog has gone. */
  onClose: () => void;
  places?: Readonly<Record<string, string>>;
  width?: number;
  children: ReactNode | ((form: FormInstance<V>) => ReactNode);
}) {
  const { t } = useTranslation();
  const [form] = Form.useForm<V>();
  const [open, setOpen] = useState(true);
  const [known, setKnown] = useState(props.known);
  const [theirs, setTheirs] = useState<{ name: keyof V & string; crossed: boolean }[] | null>(null);
  const [atFields, setAtFields] = useState(false);
  const keyFor = useIntention();
  const body = useRef<HTMLDivElement>(null);
  const names = Object.keys(props.labels) as (keyof V & string)[];
  const show = props.show ?? ((_: string, value: unknown) => String(value ?? "—"));

  const save = useMutation({
    mutationFn: async (typed: V) => {
      const changes = changesOf(known.values, typed);
      const saving = { changes, version: known.version, key: keyFor(typed) };
      return await props.onSave(typed, saving);
    },
    onSuccess: () => {
      props.onSaved?.();
      setOpen(false);
    },
    onError: async (error, typed) => {
      if (props.reread && problemCode(error) === "version_stale") {
        const now = await props.reread();
        const met = meet(known.values, typed, now.values);
        setKnown(now);
        setTheirs([
          ...met.crossed.map((name) => ({ name, crossed: true })),
          ...met.taken.map((name) => ({ name, crossed: false })),
        ]);
        form.setFieldsValue(met.values as Parameters<typeof form.setFieldsValue>[0]);
        save.reset();
        return;
      }
      setAtFields(showAtFields(form, error, names, t, props.places));
    },
  });

  return (
    <Modal
      open={open}
      title={props.title}
      okText={props.save}
      onOk={() => form.submit()}
      confirmLoading={save.isPending}
      onCancel={() => setOpen(false)}
      afterOpenChange={(isOpen) => isOpen && focusFirstField(body.current)}
      afterClose={props.onClose}
      width={props.width ?? 520}
      mask={{ closable: false }}
    >
      <div ref={body}>
        <Form<V>
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={props.known.values}
          onFinish={(typed) => {
            // Enter was pressed once more while the server has not answered yet.
            if (save.isPending) return;
            setAtFields(false);
            save.mutate({ ...known.values, ...typed });
          }}
        >
          {theirs ? (
            <Alert
              type="warning"
              showIcon
              role="alert"
              style={{ marginBottom: 16 }}
              title={t("app.edit.meanwhile")}
              description={
                <>
                  {theirs.length > 0 ? (
                    <ul className="reasons">
                      {theirs.map(({ name, crossed }) => (
                        <li key={name}>
                          {t(crossed ? "app.edit.crossed" : "app.edit.taken", {
                            field: props.labels[name],
                            value: show(name, known.values[name]),
                          })}
                        </li>
                      ))}
                    </ul>
                  ) : null}
                  {t("app.edit.again")}
                </>
              }
            />
          ) : null}
          {typeof props.children === "function" ? props.children(form) : props.children}
          {save.error && !atFields ? <ProblemAlert error={save.error} /> : null}
          {/* Enter in a field saves, as it does in every form. */}
          <button type="submit" hidden />
        </Form>
      </div>
    </Modal>
  );
}
