// Every value run there was, and the start of the next.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Card, DatePicker, Form, InputNumber, Modal, Select } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { startRun } from "../../api/endpoints";
import { keys, takeJob, useActiveJobs, useMay, useRuns, useValueSettings } from "../../api/queries";
import type { Run } from "../../api/types";
import { Answer, ProblemAlert } from "../../components/Answer";
import { modelText } from "../../components/Explained";
import { JobProgress } from "../../components/JobProgress";
import { StateMark } from "../../components/Marks";
import { showAtFields } from "../../components/problem";
import { Teach } from "../../components/Teach";
import { useUrlState } from "../../components/urlState";
import { WideTable } from "../../components/WideTable";
import { ABSENT, useFormat } from "../../i18n/format";
import { MODELS } from "./models";

export function Runs() {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const runs = useRuns();
  const running = (useActiveJobs().data ?? []).filter((job) => job.kind === "value_run");
  const [chosen, setChosen] = useState<string[]>([]);
  const mayRun = useMay("value.run");
  const published = (run: Run) => run.state === "published";
  // Compared is the earlier with the later, in whichever order they were ticked.
  const [to, from] = (runs.data?.items ?? []).filter((run) => chosen.includes(run.id));
  return (
    <div className="stack">
      {running.length > 0 ? (
        <Card>
          {running.map((job) => (
            <JobProgress key={job.id} job={job} />
          ))}
        </Card>
      ) : null}
      <Answer query={runs}>
        {(page) =>
          page.items.length === 0 ? (
            <Teach
              title={t("value.runs.none.title")}
              hint={t("value.runs.none.hint")}
              action={
                mayRun ? (
                  <Button type="primary" onClick={() => change({ start: 1 })}>
                    {t("value.run.start")}
                  </Button>
                ) : null
              }
            />
          ) : (
            <>
              <div className="row">
                {from && to ? (
                  <Link to={`/value/comparison?from=${from.id}&to=${to.id}`}>
                    <Button>{t("value.runs.compare")}</Button>
                  </Link>
                ) : (
                  <Button disabled>{t("value.runs.compare_two")}</Button>
                )}
              </div>
              <WideTable<Run>
                size="small"
                className="numeric"
                rowKey="id"
                dataSource={page.items}
                pagination={false}
                rowSelection={{
                  selectedRowKeys: chosen,
                  hideSelectAll: true,
                  onChange: (ids) => setChosen(ids.map(String).slice(-2)),
                  getCheckboxProps: (run) => ({
                    disabled: !published(run),
                    "aria-label": t("value.runs.select", { day: format.day(run.as_of) }),
                  }),
                }}
                columns={[
                  {
                    title: t("value.runs.as_of"),
                    render: (_, run) =>
                      published(run) ? (
                        <Link to={`/value/overview?run=${run.id}`}>{format.day(run.as_of)}</Link>
                      ) : (
                        format.day(run.as_of)
                      ),
                  },
                  {
                    title: t("value.runs.state"),
                    render: (_, run) => <StateMark of={run.state} />,
                  },
                  {
                    title: t("value.runs.model"),
                    render: (_, run) => {
                      const model = run.model_chosen ?? run.model_requested;
                      return t(`terms.model.${model}`, { defaultValue: model });
                    },
                  },
                  {
                    title: t("value.runs.customers"),
                    align: "right",
                    render: (_, run) => format.count(run.customers),
                  },
                  {
                    title: t("value.runs.value"),
                    align: "right",
                    render: (_, run) => format.moneyWhole(run.total_value),
                  },
                  {
                    title: t("value.runs.at_risk"),
                    align: "right",
                    render: (_, run) => format.moneyWhole(run.value_at_risk),
                  },
                  {
                    title: t("value.runs.started"),
                    render: (_, run) => format.time(run.started_at),
                  },
                  {
                    title: t("value.runs.seconds"),
                    align: "right",
                    render: (_, run) =>
                      run.seconds === null ? ABSENT : format.seconds(run.seconds),
                  },
                ]}
              />
            </>
          )
        }
      </Answer>
      <StartDialog
        open={mayRun && search.get("start") === "1"}
        onClose={() => change({ start: null }, { replace: true })}
      />
    </div>
  );
}

/** The model is the settings' unless another is asked for. */
type Typed = { as_of?: Dayjs | null; model?: string | null; holdout_weeks?: number | null };

function StartDialog(props: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form] = Form.useForm<Typed>();
  const usual = useValueSettings().data?.model ?? "auto";
  const model = Form.useWatch("model", form) ?? usual;
  const start = useMutation({
    mutationFn: (typed: Typed) =>
      startRun({
        as_of: typed.as_of?.format("YYYY-MM-DD"),
        model: typed.model ?? undefined,
        holdout_weeks: typed.holdout_weeks ?? undefined,
      }),
    onSuccess: (started) => {
      takeJob(client, started.job);
      void client.invalidateQueries({ queryKey: [...keys.value, "runs"] });
      props.onClose();
    },
    onError: (error) => showAtFields(form, error, ["as_of", "model", "holdout_weeks"], t),
  });
  return (
    <Modal
      open={props.open}
      title={t("value.run.start")}
      onCancel={props.onClose}
      okText={t("value.run.go")}
      confirmLoading={start.isPending}
      onOk={() => form.submit()}
      destroyOnHidden
    >
      <Form<Typed> form={form} layout="vertical" onFinish={(typed) => start.mutate(typed)}>
        <Form.Item name="as_of" label={t("value.run.as_of")} extra={t("value.run.as_of_hint")}>
          <DatePicker style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item
          name="model"
          label={t("value.run.model")}
          extra={t(`terms.model_about.${model}`, { defaultValue: "" })}
        >
          <Select
            allowClear
            placeholder={t("value.run.model_usual", { model: modelText(usual, t) })}
            options={MODELS.map((model) => ({ value: model, label: t(`terms.model.${model}`) }))}
          />
        </Form.Item>
        <Form.Item
          name="holdout_weeks"
          label={t("value.run.holdout")}
          extra={t("value.run.holdout_hint")}
        >
          <InputNumber min={1} max={260} precision={0} style={{ width: "100%" }} />
        </Form.Item>
        <ProblemAlert error={start.error} />
      </Form>
    </Modal>
  );
}
