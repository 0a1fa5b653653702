import { expect, it } from "vitest";
import { toCsv } from "./csv";

it("quotes what would break a line and leaves numbers bare", () => {
  expect(
    toCsv(
      ["名称", "数"],
      [
        ["甲,乙", 1.5],
        ['说"好"', null],
        ["两\n行", -2],
      ],
    ),
  ).toBe('名称,数\r\n"甲,乙",1.5\r\n"说""好""",\r\n"两\n行",-2\r\n');
});

it("keeps a spreadsheet from running a text as a formula", () => {
  expect(toCsv(["a"], [["=1+1"], ["+86"], ["@x"], ["-x"]])).toBe(
    "a\r\n'=1+1\r\n'+86\r\n'@x\r\n'-x\r\n",
  );
});
