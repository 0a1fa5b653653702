import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { ApiError, problemFrom, ServerGone } from "../api/client";
import en from "../i18n/en";
import zh from "../i18n/zh-CN";
import { errorDetail, errorText, problemText, showAtFields } from "./problem";

let inChinese: TFunction;
let inEnglish: TFunction;
beforeAll(async () => {
  await i18next.init({
    lng: "en",
    fallbackLng: false,
    resources: { en: { translation: en }, "zh-CN": { translation: zh } },
  });
  inEnglish = i18next.getFixedT("en");
  inChinese = i18next.getFixedT("zh-CN");
});

const refused = (code: string, status = 422, rest = {}) =>
  new ApiError({ code, status, title: "Unprocessable", ...rest });

describe("what the server says no with", () => {
  it("is told in the reader's language by its code", () => {
    const { problem } = refused("credentials_wrong", 401, { detail: "wrong" });
    expect(problemText(problem, inChinese)).toBe("用户名或密码不正确");
    expect(problemText(problem, inEnglish)).toBe("The login or the password is wrong");
  });

  it("keeps the server's words where the code is new", () => {
    const error = refused("brand_new_code", 422, { detail: "The moon is in the wrong phase" });
    expect(errorText(error, inChinese)).toBe("The moon is in the wrong phase");
    expect(errorDetail(error, inChinese)).toBeUndefined();
  });

  it("falls back on the status, then on the code", () => {
    expect(errorText(refused("brand_new_code", 409), inEnglish)).toBe(
      "This conflicts with the present state",
    );
    expect(problemText({ code: "odd", status: 418, title: "" }, inEnglish)).toContain("odd");
  });

  it("names the request of an internal error, so that it can be found in the log", () => {
    const error = refused("internal", 500, { request_id: "r-17" });
    expect(errorDetail(error, inEnglish)).toContain("r-17");
  });

  it("tells a server that is gone from one that refuses", () => {
    expect(errorText(new ServerGone(), inEnglish)).toBe("The server does not answer");
    expect(errorText(new TypeError("x"), inEnglish)).toBe(
      "Something unexpected happened; please try again",
    );
  });

  it("is understood even where it is no problem+json", () => {
    expect(problemFrom(500, "<html>").code).toBe("http_500");
    expect(problemFrom(404, { code: "not_found", title: "x", status: 404 }).code).toBe("not_found");
  });
});

describe("messages at fields", () => {
  function fakeForm() {
    const set: { name: unknown; errors?: string[] }[] = [];
    return { set, setFields: (fields: typeof set) => void set.push(...fields) };
  }

  it("stand at the field, in the reader's language where there is one", () => {
    const form = fakeForm();
    const error = refused("password_too_short", 422, {
      fields: [{ field: "new_password", message: "at least 10" }],
    });
    expect(showAtFields(form, error, ["new_password"], inChinese)).toBe(true);
    expect(form.set).toEqual([{ name: "new_password", errors: ["密码太短"] }]);
  });

  it("are the server's own where there are several, nested fields included", () => {
    const form = fakeForm();
    const error = refused("body_invalid", 422, {
      fields: [
        { field: "stability_weights.month", message: "too large" },
        { field: "model", message: "unknown" },
        { field: "elsewhere", message: "?" },
      ],
    });
    expect(showAtFields(form, error, ["stability_weights.month", "model"], inEnglish)).toBe(false);
    expect(form.set).toEqual([
      { name: ["stability_weights", "month"], errors: ["too large"] },
      { name: "model", errors: ["unknown"] },
    ]);
  });

  it("of a group stand under one of its fields", () => {
    const form = fakeForm();
    const error = refused("setting_out_of_range", 422, {
      fields: [{ field: "stability_weights", message: "they add up to one" }],
    });
    const places = { stability_weights: "stability_weights.ticket" };
    expect(showAtFields(form, error, Object.values(places), inEnglish, places)).toBe(true);
    expect(form.set[0]?.name).toEqual(["stability_weights", "ticket"]);
  });

  it("are none for an error of another kind", () => {
    expect(showAtFields(fakeForm(), new ServerGone(), ["a"], inEnglish)).toBe(false);
  });
});
