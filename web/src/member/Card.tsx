// What the page says when there is no more to say.
import type { ReactNode } from "react";
import { useSpeech, type Word } from "./words";

export function Card(props: { title: Word; hint: Word; children?: ReactNode }) {
  const { say } = useSpeech();
  return (
    <section className="card alone" role="status">
      <h1>{say(props.title)}</h1>
      <p>{say(props.hint)}</p>
      {props.children}
    </section>
  );
}
