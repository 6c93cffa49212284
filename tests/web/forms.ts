// Evaluates shared expressions, or surveys fillings of a form: what is asked on stdin is answered on stdout.
import { readFileSync } from "node:fs";
import { begin, findingsKey, survey } from "../../web/src/forms/answers";
import { evaluate, plain } from "../../web/src/forms/expressions";

function expressions(shared: any): unknown[] {
  return shared.cases.map((one: any) => {
    const { answers = shared.answers, at = [], self, now = shared.now, choice, labels } = one;
    const choiceName = (path: string, name: string): string => labels?.[path]?.[name] ?? name;
    try {
      return plain(evaluate(one.expr, { answers, at, self, now, choice, choiceName }));
    } catch (fault) {
      return String(fault);
    }
  });
}

function surveys(asked: any): unknown[] {
  return asked.fillings.map((filling: any) => {
    const begun = begin(asked.definition.items, filling);
    const { answers, faults } = survey(asked.definition, begun, { now: asked.now });
    const { [findingsKey]: findings, ...rest } = answers;
    return { begun, answers: rest, findings: Object.keys(findings ?? {}).sort(), faults: Object.keys(faults).sort() };
  });
}

const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(process.argv.at(-1) === "surveys" ? surveys(asked) : expressions(asked)));
