/** Filling a form. What is answered is kept as it is written and is there after a reload; finishing makes it one operation. */
import { html, nothing } from "lit";
import type { Answers, Definition } from "../../forms/types";
import type { App } from "../app";
import { moved } from "../filling";
import { type Screen, ask, doneWords, empty, keptWords, link, notice, opening, press } from "../parts";
import { findPoint, follow } from "../position";
import type { Draft } from "../types";
import { said, t, whenWords } from "../words";
import { draftFiles } from "../media";

interface FormElement extends HTMLElement {
  check(): unknown;
  flush?(): void;
}

const stamp = (): string => new Date().toISOString();

/** Uploads that the answers still name: a photo taken back is not sent. */
export const usedFiles = (files: readonly string[], answers: unknown): string[] => {
  const text = JSON.stringify(answers);
  return files.filter((id) => text.includes(id));
};

export function formScreen(app: App, code: string, asked: URLSearchParams): Screen {
  const task = asked.get("task") ?? "";
  const subject = asked.get("uid") ? { kind: asked.get("kind") ?? "", uid: asked.get("uid") ?? "" } : null;
  const id = asked.get("draft") ?? `form:${code}:${task || subject?.uid || "free"}`;
  const kept = app.drafts.find((one) => one.id === id);
  const draft: Draft = kept ?? { id, kind: "form", title: "", at: stamp(), body: { form: code, task, subject, answers: {}, begun_at: stamp() }, files: [] };
  const given = draft.body.answers as Answers;
  let loaded = Boolean(customElements.get("hy-form"));
  let failed = false;
  let dirty = false;
  let busy = false;
  let over = false;
  let timer = 0;
  let seen: { lon: number; lat: number; accuracy: number } | null = null;
  let place = app.point;
  void findPoint().then((point) => (place = point ?? place));
  if (!loaded)
    void import("../../forms/form").then(
      () => {
        loaded = true;
        app.draw();
      },
      () => {
        failed = true;
        app.draw();
      },
    );

  const files = draftFiles(app, draft, () => keep(true));
  const finder = {
    watch: (tell: (fix: { lon: number; lat: number; accuracy: number }) => void, lost: (why: "refused" | "none") => void): (() => void) =>
      follow((point) => ((seen = point), tell(point)), () => lost("refused")),
  };

  async function keep(must = false): Promise<void> {
    clearTimeout(timer);
    timer = 0;
    (document.querySelector("hy-form") as FormElement | null)?.flush?.();
    if (over || (!dirty && !must)) return;
    dirty = false;
    draft.at = stamp();
    await app.keepDraft(draft);
  }

  function changed(event: CustomEvent<{ answers: Answers }>): void {
    if (!event.detail?.answers || over) return;
    event.stopPropagation();
    draft.body.answers = event.detail.answers;
    dirty = true;
    if (!timer) timer = window.setTimeout(() => void keep(), 400);
  }

  async function finish(definition: Definition, event: CustomEvent<{ answers: Answers }>): Promise<void> {
    if (busy) return;
    busy = true;
    try {
      const answers = event.detail.answers;
      clearTimeout(timer);
      dirty = false;
      const point = seen ?? place ?? app.point;
      const body = {
        form: code,
        version: definition.version,
        ...(task ? { task } : {}),
        ...(subject ? { subject } : {}),
        answers,
        begun_at: draft.body.begun_at,
        ended_at: stamp(),
        ...(point ?? {}),
      };
      await app.send({ kind: "submission", subject: subject?.uid ?? null, title: draft.title || said(definition.title), body, definition, files: usedFiles(draft.files, answers) }, { draft: draft.id, ...(asked.get("mends") ? { operation: asked.get("mends") ?? "" } : {}) });
      over = true;
      app.say(() => (task ? doneWords(app) : keptWords(app)));
      location.hash = "#/";
    } finally {
      busy = false;
    }
  }

  async function discard(): Promise<void> {
    if (!(await ask(t("不要这份草稿了？"), t("已填的内容和照片都会删掉，不能找回。"), t("删掉")))) return;
    clearTimeout(timer);
    dirty = false;
    over = true;
    await app.dropDraft(draft);
    history.back();
  }

  return {
    title: t("填表"),
    back: task ? `#/task/${task}` : "#/",
    keep: () => keep(),
    leave: () => clearTimeout(timer),
    view() {
      const forms = app.all("form");
      if (failed) return empty("warning", t("表格没能打开"), t("请联网后再试一次。"));
      if (!forms || !loaded) return opening();
      const found = forms.find((one) => one.id === code);
      const current = found && ((found.b.definition ?? found.b) as unknown as Definition);
      // What was begun in one version is finished in it, whatever is published or retired meanwhile.
      const definition = (draft.body.definition ??= current) as unknown as Definition | undefined;
      if (!definition) return empty("document", t("没有这张表"), t("连上网络同步一次就能填。"), link("#/", t("回到今天")));
      if (!draft.title) draft.title = [said(definition.title), task ? String(app.one("task", task)?.b.title ?? "") : ""].filter(Boolean).join(" · ");
      return html`<div class="stack">
        <p class="muted small">${kept ? t("{when} 存的草稿", { when: whenWords(kept.at) }) : t("边填边存")}</p>
        ${moved(draft.body, definition) ? notice("warn", t("这张表有了新版"), t("这一份改按新版填，新版没有的题不再带上。请从头看一遍再送。")) : nothing}
        ${current?.version === definition.version ? nothing : notice("info", t("这张表有了新版"), t("这一份按开始填时的那一版填完，照样收下。"))}
        <hy-form .definition=${definition} .answers=${given} .language=${app.language} .words=${app.page.forms[app.language] ?? {}} .files=${files} .place=${finder} @change=${changed} @finish=${(event: CustomEvent<{ answers: Answers }>) => finish(definition, event)}></hy-form>
        ${press(t("不要这份草稿了"), discard, "quiet")}
      </div>`;
    },
  };
}
