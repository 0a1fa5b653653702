// Notes about a customer: written, changed, pinned, taken off.
import { DeleteOutlined, EditOutlined, PushpinFilled, PushpinOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button, Checkbox, Form, Input, Popconfirm, Tag, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay, useSession } from "../../../api/queries";
import { changeNote, type Note, removeNote, useNotes, writeNote } from "../../../api/record";
import { Answer } from "../../../components/Answer";
import { EditDialog } from "../../../components/EditDialog";
import { More } from "../../../components/EventList";
import { errorText } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { useFormat } from "../../../i18n/format";
import { useSaved } from "./useSaved";

type Typed = { text: string; pinned: boolean };

export function NotesSection(props: { customerId: string }) {
  const { t } = useTranslation();
  const notes = useNotes(props.customerId);
  const mayWrite = useMay("customers.write");
  const [editing, setEditing] = useState<Note | "new" | null>(null);
  return (
    <Section
      title={t("record.notes.title")}
      action={
        mayWrite ? (
          <Button onClick={() => setEditing("new")}>{t("record.notes.write")}</Button>
        ) : null
      }
    >
      <Answer query={notes} rows={2}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Typography.Text type="secondary">{t("record.notes.none")}</Typography.Text>
          ) : (
            <ul className="notes">
              {items.map((note) => (
                <OneNote
                  key={note.id}
                  customerId={props.customerId}
                  note={note}
                  mayWrite={mayWrite}
                  onEdit={() => setEditing(note)}
                />
              ))}
            </ul>
          );
        }}
      </Answer>
      <More of={notes} />
      {editing ? (
        <NoteDialog
          customerId={props.customerId}
          note={editing === "new" ? null : editing}
          reread={async () => {
            const { data } = await notes.refetch();
            return data?.pages.flatMap((page) => page.items) ?? [];
          }}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </Section>
  );
}

function OneNote(props: { customerId: string; note: Note; mayWrite: boolean; onEdit: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { note } = props;
  const { message } = App.useApp();
  const saved = useSaved(props.customerId);
  const me = useSession().data?.user;
  const told = {
    onSuccess: () => saved(true),
    onError: (error: unknown) => {
      message.error(errorText(error, t));
      saved(true);
    },
  };
  const pin = useMutation({
    mutationFn: () => changeNote(props.customerId, note.id, note.version, { pinned: !note.pinned }),
    ...told,
  });
  const remove = useMutation({
    mutationFn: () => removeNote(props.customerId, note.id, note.version),
    ...told,
  });
  const start = note.text.length > 20 ? `${note.text.slice(0, 20)}…` : note.text;
  return (
    <li>
      <p className="care">{note.text}</p>
      <div className="row">
        {note.pinned ? <Tag>{t("record.notes.pinned")}</Tag> : null}
        <Typography.Text type="secondary" className="figure-note">
          {[
            format.time(note.written_at),
            note.author === null
              ? t("events.by_system")
              : note.author === me?.id
                ? t("record.notes.by_me")
                : null,
          ]
            .filter(Boolean)
            .join(" · ")}
        </Typography.Text>
        {props.mayWrite ? (
          <span className="row-end">
            <Button
              type="text"
              size="small"
              icon={note.pinned ? <PushpinFilled aria-hidden /> : <PushpinOutlined aria-hidden />}
              aria-label={t(note.pinned ? "record.notes.unpin" : "record.notes.pin", {
                note: start,
              })}
              loading={pin.isPending}
              onClick={() => pin.mutate()}
            />
            <Button
              type="text"
              size="small"
              icon={<EditOutlined aria-hidden />}
              aria-label={t("record.notes.edit", { note: start })}
              onClick={props.onEdit}
            />
            <Popconfirm
              title={t("record.notes.remove_title")}
              description={t("record.notes.remove_hint")}
              okText={t("record.remove")}
              onConfirm={() => remove.mutate()}
            >
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined aria-hidden />}
                aria-label={t("record.notes.remove", { note: start })}
              />
            </Popconfirm>
          </span>
        ) : null}
      </div>
    </li>
  );
}

function NoteDialog(props: {
  customerId: string;
  note: Note | null;
  reread: () => Promise<Note[]>;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { note, customerId } = props;
  const saved = useSaved(customerId);
  const known = (of: Note | null) => ({
    values: { text: of?.text ?? "", pinned: of?.pinned ?? false },
    version: of?.version ?? 0,
  });
  return (
    <EditDialog<Typed>
      title={t(note ? "record.notes.edit_title" : "record.notes.write")}
      save={t("record.save")}
      known={known(note)}
      labels={{ text: t("record.notes.text"), pinned: t("record.notes.pinned") }}
      show={(name, value) =>
        name === "pinned" ? t(value ? "events.yes" : "events.no") : String(value)
      }
      reread={
        note
          ? async () => known((await props.reread()).find((one) => one.id === note.id) ?? note)
          : undefined
      }
      onSave={(typed, { changes, version, key }) =>
        note ? changeNote(customerId, note.id, version, changes) : writeNote(customerId, typed, key)
      }
      onSaved={saved}
      onClose={props.onClose}
    >
      <Form.Item
        name="text"
        label={t("record.notes.text")}
        rules={[{ required: true, whitespace: true, message: t("app.required") }]}
      >
        <Input.TextArea autoFocus autoSize={{ minRows: 4, maxRows: 14 }} />
      </Form.Item>
      <Form.Item name="pinned" valuePropName="checked">
        <Checkbox>{t("record.notes.pin_it")}</Checkbox>
      </Form.Item>
    </EditDialog>
  );
}
