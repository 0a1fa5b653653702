// What narrows the list: quick filters, bounds on a figure, and the chips that show what is set.
import { FilterOutlined, SettingOutlined } from "@ant-design/icons";
import { Button, Checkbox, DatePicker, Form, InputNumber, Popover, Select, Tag } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFacets } from "../../api/queries";
import {
  FIGURES,
  isDayFigure,
  isMoneyFigure,
  LIST_FILTERS,
  type ListFilter,
} from "../../components/figures";
import { ListSearch } from "../../components/ListSearch";
import { BUCKETS, CLASSES, LOYALTIES } from "../../components/palette";
import { listIn, useUrlState } from "../../components/urlState";
import { minorDigits, useFormat } from "../../i18n/format";
import { COLUMNS, type Column, cleared, rangesIn } from "./listState";

const FIRST_PAGE = { cursor: null, row: null };

function useChoices(): Record<ListFilter, { value: string; label: string }[]> {
  const { t } = useTranslation();
  const facets = useFacets().data;
  const words = (values: readonly string[], under: string) =>
    values.map((value) => ({ value, label: t(`terms.${under}.${value}`) }));
  const asTheyAre = (values: string[] | undefined) =>
    (values ?? []).map((value) => ({ value, label: value }));
  return {
    class: words(CLASSES, "class"),
    loyalty: words(LOYALTIES, "loyalty"),
    bucket: words(BUCKETS, "bucket"),
    kind: words(["person", "organisation"], "kind"),
    brand: asTheyAre(facets?.brands),
    region: asTheyAre(facets?.regions),
  };
}

export function Filters(props: { currency: string }) {
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const choices = useChoices();
  return (
    <div className="filters">
      <ListSearch
        label={t("customers.search")}
        placeholder={t("customers.search_short")}
        value={search.get("q") ?? ""}
        onSearch={(q) => change({ q, ...FIRST_PAGE })}
      />
      {LIST_FILTERS.filter((name) => choices[name].length > 0).map((name) => (
        <Select
          key={name}
          // A customer is a person or an organisation: here one choice is enough.
          mode={name === "kind" ? undefined : "multiple"}
          allowClear={name === "kind"}
          maxTagCount={0}
          maxTagPlaceholder={(left) => `${t(`customers.column.${name}`)} · ${left.length}`}
          placeholder={t(`customers.column.${name}`)}
          aria-label={t("customers.filter_by", { what: t(`customers.column.${name}`) })}
          style={{ width: 112 }}
          popupMatchSelectWidth={false}
          value={name === "kind" ? search.get(name) : listIn(search, name)}
          options={choices[name]}
          onChange={(values: string | string[] | null) => change({ [name]: values, ...FIRST_PAGE })}
        />
      ))}
      <FigureBounds currency={props.currency} />
    </div>
  );
}

export function ColumnChoice(props: { columns: Column[]; onColumns: (columns: Column[]) => void }) {
  const { t } = useTranslation();
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      title={t("customers.columns")}
      content={
        <Checkbox.Group
          style={{ display: "grid", gap: 6, maxHeight: "60vh", overflow: "auto" }}
          value={props.columns}
          options={COLUMNS.map((column) => ({
            value: column,
            label: t([`customers.column.${column}`, `terms.short.${column}`]),
          }))}
          onChange={(chosen) => props.onColumns(COLUMNS.filter((one) => chosen.includes(one)))}
        />
      }
    >
      <Button icon={<SettingOutlined aria-hidden />}>{t("customers.columns")}</Button>
    </Popover>
  );
}

type Bound = {
  figure: string;
  min?: number | null;
  max?: number | null;
  min_day?: Dayjs | null;
  max_day?: Dayjs | null;
};

function FigureBounds(props: { currency: string }) {
  const { t } = useTranslation();
  const [, change] = useUrlState();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<Bound>();
  const figure = Form.useWatch("figure", form) ?? "value";
  const isMoney = isMoneyFigure(figure);
  const isShare = figure === "p_alive";
  const isDay = isDayFigure(figure);
  const unit = isMoney ? props.currency : isShare ? "%" : undefined;
  return (
    <Popover
      trigger="click"
      open={open}
      onOpenChange={setOpen}
      title={t("customers.bounds.title")}
      content={
        <Form<Bound>
          form={form}
          layout="vertical"
          style={{ width: 260 }}
          initialValues={{ figure: "value" }}
          onFinish={(bound) => {
            const scale = (given: number | null | undefined) =>
              given === null || given === undefined ? null : isShare ? given / 100 : given;
            const day = (given: Dayjs | null | undefined) => given?.format("YYYY-MM-DD") ?? null;
            change({
              [`min_${bound.figure}`]: isDay ? day(bound.min_day) : scale(bound.min),
              [`max_${bound.figure}`]: isDay ? day(bound.max_day) : scale(bound.max),
              ...FIRST_PAGE,
            });
            form.resetFields();
            setOpen(false);
          }}
        >
          <Form.Item name="figure" label={t("customers.bounds.figure")}>
            <Select
              options={FIGURES.map((name) => ({ value: name, label: t(`terms.figure.${name}`) }))}
            />
          </Form.Item>
          {isDay ? (
            <DayBounds />
          ) : (
            <>
              <Form.Item name="min" label={t("customers.bounds.min")}>
                <InputNumber style={{ width: "100%" }} suffix={unit} />
              </Form.Item>
              <Form.Item
                name="max"
                label={t("customers.bounds.max")}
                dependencies={["min"]}
                rules={[
                  ({ getFieldValue }) => ({
                    validator: (_, max) => {
                      const min = getFieldValue("min") as number | null | undefined;
                      const both = typeof max === "number" && typeof min === "number";
                      return both && max < min
                        ? Promise.reject(new Error(t("customers.bounds.crossed")))
                        : Promise.resolve();
                    },
                  }),
                ]}
              >
                <InputNumber style={{ width: "100%" }} suffix={unit} />
              </Form.Item>
            </>
          )}
          <Button type="primary" htmlType="submit" block>
            {t("customers.bounds.set")}
          </Button>
        </Form>
      }
    >
      <Button icon={<FilterOutlined aria-hidden />}>{t("customers.bounds.open")}</Button>
    </Popover>
  );
}

function DayBounds() {
  const { t } = useTranslation();
  return (
    <>
      <Form.Item name="min_day" label={t("customers.bounds.min_day")}>
        <DatePicker style={{ width: "100%" }} />
      </Form.Item>
      <Form.Item
        name="max_day"
        label={t("customers.bounds.max_day")}
        dependencies={["min_day"]}
        rules={[
          ({ getFieldValue }) => ({
            validator: (_, max: Dayjs | null | undefined) => {
              const min = getFieldValue("min_day") as Dayjs | null | undefined;
              return min && max?.isBefore(min, "day")
                ? Promise.reject(new Error(t("customers.bounds.crossed")))
                : Promise.resolve();
            },
          }),
        ]}
      >
        <DatePicker style={{ width: "100%" }} />
      </Form.Item>
    </>
  );
}

export function Chips(props: { currency: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const choices = useChoices();

  const boundText = (name: string, text: string) => {
    if (isDayFigure(name)) return format.day(text);
    const number = Number(text);
    if (isMoneyFigure(name)) {
      const minor = Math.round(number * 10 ** minorDigits(props.currency));
      return format.moneyWhole({ minor, currency: props.currency });
    }
    return name === "p_alive" ? format.percent(number) : format.number(number, 2);
  };
  const chips = [
    ...LIST_FILTERS.flatMap((name) =>
      listIn(search, name).map((value) => ({
        key: `${name}:${value}`,
        text: `${t(`customers.column.${name}`)}: ${choices[name].find((one) => one.value === value)?.label ?? value}`,
        drop: () =>
          change({ [name]: listIn(search, name).filter((one) => one !== value), ...FIRST_PAGE }),
      })),
    ),
    ...rangesIn(search).map((range) => ({
      key: range.figure,
      text: [
        t(`terms.figure.${range.figure}`),
        range.min === null ? "" : `≥ ${boundText(range.figure, range.min)}`,
        range.max === null ? "" : `≤ ${boundText(range.figure, range.max)}`,
      ]
        .filter(Boolean)
        .join(" "),
      drop: () =>
        change({ [`min_${range.figure}`]: null, [`max_${range.figure}`]: null, ...FIRST_PAGE }),
    })),
  ];
  if (chips.length === 0) return null;
  return (
    <div className="chips">
      {chips.map((chip) => (
        <Tag
          key={chip.key}
          closable={{ "aria-label": t("customers.drop_filter", { what: chip.text }) }}
          onClose={(event) => {
            event.preventDefault();
            chip.drop();
          }}
        >
          {chip.text}
        </Tag>
      ))}
      <Button type="link" size="small" onClick={() => change(cleared(search))}>
        {t("customers.clear")}
      </Button>
    </div>
  );
}
