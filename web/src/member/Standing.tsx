// The level, and what is missing to the next one and to keep this one: in words, and as a bar.
import type { Condition, Level, Progress } from "./client";
import { type Speech, useSpeech, type Word } from "./words";

const MONEY = [
  "spend",
  "monthly_spend_mean",
  "monthly_spend_least",
  "quarterly_spend_mean",
  "quarterly_spend_least",
];

export function Standing(props: { of: Level; currency: string }) {
  const { say, name, format } = useSpeech();
  const { of } = props;
  const id = `level-${of.programme}`;
  return (
    <section className="card" aria-labelledby={id}>
      <p className="programme">{name(of)}</p>
      <h2 id={id} className="level">
        <span
          className="colour"
          aria-hidden
          style={of.level ? { background: of.level.colour } : undefined}
        />
        {of.level ? name(of.level) : say("level_none")}
      </h2>
      <p>{why(of, { say, name, format })}</p>
      {of.to_next ? (
        <Way of={of.to_next} currency={props.currency} title="to_next" reached="next_met" />
      ) : null}
      {of.to_keep ? (
        <Way of={of.to_keep} currency={props.currency} title="to_keep" reached="keep_met" />
      ) : null}
    </section>
  );
}

function why(of: Level, { say, format }: Pick<Speech, "say" | "name" | "format">): string {
  if (of.cause === "suspended") return say("suspended");
  if (of.cause === "given") return say("given");
  if (!of.level) return say("level_none_hint");
  const since = say("since", { day: format.day(of.since) });
  if (of.grace_until) return `${since} ${say("grace", { day: format.day(of.grace_until) })}`;
  if (of.review_on) return `${since} ${say("holds", { day: format.day(of.review_on) })}`;
  return since;
}

function Way(props: { of: Progress; currency: string; title: Word; reached: Word }) {
  const { say, name } = useSpeech();
  const { of } = props;
  const level = name(of.level);
  return (
    <div className="way">
      <h3>{say(props.title, { level })}</h3>
      {of.met ? (
        <p>{say(props.reached, { level })}</p>
      ) : (
        <>
          {of.conditions.length > 1 ? (
            <p className="hint">{say(of.takes_all ? "takes_all" : "takes_any")}</p>
          ) : null}
          <ul>
            {of.conditions.map((condition) => (
              <li key={`${condition.measure}-${condition.need}`}>
                <Step of={condition as Condition} currency={props.currency} />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Step(props: { of: Condition; currency: string }) {
  const { say, format } = useSpeech();
  const { of } = props;
  const what = say(`measure_${of.measure}` satisfies Word);
  if (of.need === null) {
    return (
      <p className="step">
        <span>{what}</span>
        <span>{say(of.met ? "met" : "unmet")}</span>
      </p>
    );
  }
  const amount = (value: number) =>
    MONEY.includes(of.measure)
      ? format.moneyWhole({ minor: value, currency: props.currency })
      : format.count(value);
  const have = Math.max(0, of.have ?? 0);
  const progress = say("progress", { have: amount(of.have ?? 0), need: amount(of.need) });
  return (
    <>
      <p className="step">
        <span>{what}</span>
        <span>{progress}</span>
      </p>
      <progress
        aria-label={what}
        aria-valuetext={progress}
        value={Math.min(have, of.need)}
        max={Math.max(of.need, 1)}
      />
      <p className="hint">
        {of.met ? say("met") : say("missing", { amount: amount(of.need - (of.have ?? 0)) })}
      </p>
    </>
  );
}
