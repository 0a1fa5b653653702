// The page as a whole: opened by a link, read, left. Looking at the link uses nothing up; pressing the button does.
import { useCallback, useEffect, useState } from "react";
import { type Language, languageFrom } from "../i18n/language";
import { Card } from "./Card";
import { type Overview, openLink, Refused, readOverview, signOut } from "./client";
import { forgetCodes } from "./codes";
import { Page } from "./Page";
import { SpeechContext, speechIn, type Word } from "./words";

const LANGUAGE = "patron.member.language";

type At =
  | { at: "waiting" }
  | { at: "link"; token: string }
  | { at: "page"; page: Overview }
  | { at: "closed"; why: "link_over" | "session_over" | "signed_out" | "too_many" | "unreachable" };

function whyOf(error: unknown): Extract<At, { at: "closed" }>["why"] {
  const code = error instanceof Refused ? error.code : "unreachable";
  if (code === "member_link_over") return "link_over";
  if (code === "member_session_over") return "session_over";
  return code === "too_many_attempts" ? "too_many" : "unreachable";
}

const tokenInAddress = () => window.location.hash.slice(1);

export function Member() {
  const [language, setLanguage] = useState<Language>(() =>
    languageFrom(localStorage.getItem(LANGUAGE), navigator.languages),
  );
  const speech = speechIn(language);
  const [now, setNow] = useState<At>(() => {
    const token = tokenInAddress();
    return token ? { at: "link", token } : { at: "waiting" };
  });
  const { at } = now;
  const firm = now.at === "page" ? now.page.firm : "";
  const title = speech.say("title");
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = firm ? `${title} · ${firm}` : title;
  }, [language, firm, title]);

  const read = useCallback(async () => {
    try {
      setNow({ at: "page", page: await readOverview() });
    } catch (error) {
      setNow({ at: "closed", why: whyOf(error) });
    }
  }, []);
  const open = async (token: string) => {
    setNow({ at: "waiting" });
    try {
      await openLink(token);
    } catch (error) {
      // Whoever opens the link once more on the phone that has the page sees the page.
      const page = await readOverview().catch(() => null);
      if (!page) {
        setNow({ at: "closed", why: whyOf(error) });
        return;
      }
    }
    // What opened it is no use to anyone any more, and no business of whoever is shown the address.
    window.history.replaceState(null, "", "/member");
    await read();
  };
  const leave = async () => {
    await signOut().catch(() => null);
    forgetCodes();
    setNow({ at: "closed", why: "signed_out" });
  };

  useEffect(() => {
    if (at === "waiting" && !tokenInAddress()) void read();
  }, [at, read]);
  useEffect(() => {
    const another = () => {
      const token = tokenInAddress();
      if (token) setNow({ at: "link", token });
    };
    window.addEventListener("hashchange", another);
    return () => window.removeEventListener("hashchange", another);
  }, []);

  return (
    <SpeechContext value={speech}>
      <header className="bar">
        <span className="firm">{firm}</span>
        <button
          type="button"
          className="quiet"
          lang={language === "en" ? "zh-CN" : "en"}
          onClick={() => {
            const next = language === "en" ? "zh-CN" : "en";
            localStorage.setItem(LANGUAGE, next);
            setLanguage(next);
          }}
        >
          {language === "en" ? "中文" : "English"}
        </button>
      </header>
      <main aria-busy={at === "waiting"}>
        {now.at === "page" ? (
          <Page page={now.page} again={read} onLeave={() => void leave()} />
        ) : now.at === "link" ? (
          <Card title="link_title" hint="link_hint">
            <button type="button" className="main" onClick={() => void open(now.token)}>
              {speech.say("link_open")}
            </button>
          </Card>
        ) : now.at === "closed" ? (
          <Card title={`${now.why}_title` satisfies Word} hint={`${now.why}_hint` satisfies Word}>
            {now.why === "unreachable" || now.why === "too_many" ? (
              <button
                type="button"
                className="main"
                onClick={() => {
                  const token = tokenInAddress();
                  setNow(token ? { at: "link", token } : { at: "waiting" });
                }}
              >
                {speech.say("again")}
              </button>
            ) : null}
          </Card>
        ) : (
          <Card title="title" hint="waiting" />
        )}
      </main>
    </SpeechContext>
  );
}
