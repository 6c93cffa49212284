/** One task: where, what was found last, begin, or say why not. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { farWords } from "../geo";
import { type Screen, type View, empty, facts, icon, link, notice, opening, press, row, section } from "../parts";
import { addressOf, maskName, nameOf, type Task, taskOf } from "../shapes";
import { said, t, whenWords } from "../words";
import { operationLine } from "./outbox";
import { distanceOf, dueSign, kindWords } from "./today";

export function taskScreen(app: App, id: string): Screen {
  let skipping = false;

  async function skip(event: Event, task: Task): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const why = String(new FormData(form).get("why") ?? "");
    const words = String(new FormData(form).get("more") ?? "").trim();
    await app.send({ kind: "skip", subject: task.id, title: t("跳过：{title}", { title: task.title }), body: { task: task.id, why, words } });
    app.say(t("已记下，会自动送出。"));
    location.hash = "#/";
  }

  function skipForm(task: Task): View {
    const reasons = app.session?.skips ?? [{ code: "closed", label: { zh: t("没有人在") } }, { code: "other", label: { zh: t("其他") } }];
    return html`<form class="panel stack field-app__pad" @submit=${(event: Event) => skip(event, task)}>
      <fieldset class="field"><legend class="field__label">${t("为什么这次做不了")}</legend>
        <div class="choices">${reasons.map(({ code, label }, at) => html`<label class="choice"><input type="radio" name="why" value=${code} required ?checked=${at === 0} /><span>${said(label)}</span></label>`)}</div>
      </fieldset>
      <div class="field"><label class="field__label" for="more">${t("说明")} <span class="field__optional">${t("（选填）")}</span></label><textarea id="more" name="more" rows="2"></textarea></div>
      <div class="cluster"><button class="btn btn--primary">${t("记下")}</button>${press(t("先不"), () => { skipping = false; app.draw(); }, "secondary")}</div>
    </form>`;
  }

  function subject(task: Task): View {
    if (!task.subject) return nothing;
    // Whom a visit of a care list is to is the person, not the entry.
    const care = task.subject.kind === "care" ? app.one("care", task.subject.uid) : null;
    const { kind, uid } = care ? { kind: "person", uid: String(care.b.resident ?? "") } : task.subject;
    const found = app.one(kind, uid);
    if (!found) return nothing;
    return section(t("对象"), html`<a class="line" href="#/record/${kind}/${uid}">${icon(kind === "person" ? "person" : "building")}<span class="line__words"><span class="line__title">${kind === "person" ? t("{name} 的档案", { name: maskName(nameOf(found)) }) : nameOf(found)}</span><span class="line__more">${addressOf(found)}</span></span>${icon("right", "line__go")}</a>`);
  }

  function photos(list: { small: string; whole: string }[]): View {
    if (!list.length) return nothing;
    if (app.offline) return html`<p class="muted small">${t("有 {n} 张照片，连上网络可以看。", { n: list.length })}</p>`;
    return html`<ul class="photos">${list.map((one, at) => html`<li class="photos__item"><a class="photos__open" href=${one.whole} target="_blank" rel="noopener"><img src=${one.small || one.whole} alt=${t("照片 {n}", { n: at + 1 })} loading="lazy" /></a></li>`)}</ul>`;
  }

  /** When, by whom, with what result: clean or what was found. */
  function last(task: Task): View {
    const seen = task.last;
    if (!seen) return task.form && task.kind !== "patrol" && task.kind !== "visit" ? section(t("上次"), html`<p class="muted field-app__pad">${t("这里还没有查过。")}</p>`) : nothing;
    const own = app.rows.find((one) => one.id === seen.submission);
    const found = html`<ul class="found">${seen.findings.map((one) => html`<li><p class="split"><span>${said(one.label)}</span>${said(one.state) ? html`<span class="badge badge--outline">${said(one.state)}</span>` : nothing}</p>${photos(one.photos)}</li>`)}</ul>`;
    return section(task.kind === "reinspect" ? t("要复查的") : t("上次"), html`<div class="field-app__pad stack stack--tight">
        <p class="muted">${whenWords(seen.at)}${seen.by ? ` · ${seen.by}` : ""}</p>
        ${seen.findings.length ? found : html`<p class="cluster">${icon("check-circle", "line__done")}<span>${t("没有发现问题。")}</span></p>`}
      </div>${own ? row(`#/outbox/${own.id}`, "document", t("那次填的表")) : nothing}`);
  }

  function begin(task: Task): View {
    const form = task.form ? app.one("form", task.form) : null;
    const draft = app.drafts.find((one) => one.kind === "form" && one.body.task === task.id);
    const written = app.drafts.some((one) => one.id === `report:${task.id}`);
    const query = new URLSearchParams({ task: task.id, ...(task.subject ? { kind: task.subject.kind, uid: task.subject.uid } : {}) });
    return html`<div class="stack">
      ${task.form && !form ? notice("warn", t("表格还没有同步下来"), t("连上网络同步一次就能填。")) : nothing}
      ${task.kind === "patrol" ? html`<a class="btn btn--primary btn--wide btn--large" href="#/patrol?round=${task.round}">${icon("pin")}<span>${t("去签到")}</span></a>` : nothing}
      ${!task.form && task.kind !== "patrol" ? html`<a class="btn btn--primary btn--wide btn--large" href="#/report?task=${task.id}">${icon("camera")}<span>${written ? t("接着写") : t("记下看到的")}</span></a>` : nothing}
      ${form ? html`<a class="btn ${task.kind === "patrol" ? "btn--secondary" : "btn--primary"} btn--wide btn--large" href="#/form/${task.form}?${query}">${icon("edit")}<span>${draft ? t("接着填") : t("开始")}</span></a>` : nothing}
      <div class="pair">${task.lon === null ? nothing : link(`geo:${task.lat},${task.lon}?q=${task.lat},${task.lon}(${encodeURIComponent(task.title)})`, t("带我去"), "secondary", "pin")}${press(t("这次做不了"), () => { skipping = true; app.draw(); }, "secondary")}</div>
    </div>`;
  }

  return {
    title: t("任务"),
    back: "#/",
    view() {
      const all = app.all("task");
      const ready = app.book.of("form");
      if (!all || !ready) return opening();
      const found = all.find((one) => one.id === id);
      const done = app.rows.filter((one) => one.body.task === id && one.state !== "refused").at(-1);
      if (!found && done) return html`<div class="stack">${notice("ok", done.kind === "skip" ? t("已跳过") : t("已完成"), whenWords(done.at))}<div class="lines">${operationLine(app, done)}</div>${link("#/", t("回到今天"))}</div>`;
      if (!found) return empty("list", t("没有这件任务"), t("可能已经由别人完成，或不再需要。"), link("#/", t("回到今天")));
      const task = taskOf(found);
      const far = distanceOf(app, task);
      return html`<div class="stack">
        <div class="card stack stack--tight">
          <p class="cluster"><span class="badge">${kindWords(task.kind)}</span>${task.state === "open" ? dueSign(task, app.now().getTime()) : nothing}</p>
          <h2 class="task-title">${task.title}</h2>
          ${facts([[t("地址"), task.address], [t("距离"), far === null ? "" : farWords(far)], [t("期限"), whenWords(task.due)], [t("缘由"), task.why]])}
        </div>
        ${task.state === "done" ? notice("ok", task.mine ? t("已完成，等着送出") : t("已完成"), whenWords(task.doneAt)) : nothing}
        ${task.state === "skipped" ? notice("info", task.mine ? t("已跳过，等着送出") : t("已跳过")) : nothing}
        ${task.state === "open" ? (skipping ? skipForm(task) : begin(task)) : nothing} ${last(task)} ${subject(task)}
      </div>`;
    },
  };
}
