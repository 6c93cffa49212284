/** 报告: say a matter in words, pictures or by voice. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { findIn, searchText } from "../finding";
import { canRecord, record, type Recording, shrink } from "../media";
import { type Screen, type View, ask, doneWords, icon, keptWords, press, row } from "../parts";
import { findPoint } from "../position";
import { begun, blank, type Said } from "../reporting";
import { nameOf } from "../shapes";
import type { Body, Draft } from "../types";
import { said, t, whenWords } from "../words";
import { kindWords } from "./today";

const MOST_PHOTOS = 9;

export function reportScreen(app: App, asked: URLSearchParams): Screen {
  const id = asked.get("draft") ?? (asked.get("task") ? `report:${asked.get("task")}` : "report");
  const kept = app.drafts.find((one) => one.id === id);
  const task = asked.get("task") ?? "";
  const body = begun(kept, named());
  const pictures = new Map<string, string>();
  let words = "";
  let recording: Recording | null = null;
  let fault = "";
  let looking = false;
  let timer = 0;
  let dirty = false;
  if (!body.point) void locate(false);
  for (const file of [...body.photos, body.voice].filter(Boolean)) void show(file);

  /** What the address names. */
  function named(): Partial<Said> {
    const place = asked.get("place") ?? (task ? String(app.one("task", task)?.b.address ?? "") : "");
    const [kind, uid] = [asked.get("kind"), asked.get("uid")];
    const found = kind && uid ? app.one(kind, uid) : null;
    return { place, about: found ? { kind: found.k, uid: found.id, name: nameOf(found) } : null };
  }

  const draft = (): Draft => ({ id, kind: "report", title: body.text.slice(0, 30), at: new Date().toISOString(), body: { ...body }, files: [...body.photos, ...(body.voice ? [body.voice] : [])] });

  async function keep(): Promise<void> {
    clearTimeout(timer);
    timer = 0;
    if (!dirty) return;
    dirty = false;
    await app.keepDraft(draft());
  }

  function touch(): void {
    dirty = true;
    if (!timer) timer = window.setTimeout(() => void keep(), 400);
    app.draw();
  }

  async function show(file: string): Promise<void> {
    const url = await app.fileUrl(file);
    if (url) pictures.set(file, url);
    app.draw();
  }

  async function locate(tell = true): Promise<void> {
    looking = true;
    app.draw();
    const point = (await findPoint()) ?? (tell ? null : app.point);
    looking = false;
    if (point) {
      body.point = point;
      if (tell || body.text || body.photos.length) touch();
    } else if (tell) app.say(t("没能取得位置，请用文字写明在哪里。"));
    app.draw();
  }

  async function takePhotos(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const chosen = [...(input.files ?? [])].slice(0, MOST_PHOTOS - body.photos.length);
    input.value = "";
    for (const file of chosen) {
      const made = await app.addFile(await shrink(file));
      body.photos = [...body.photos, made];
      await show(made);
      touch();
    }
    await keep();
  }

  async function speakNote(): Promise<void> {
    if (recording) {
      recording.stop();
      return;
    }
    try {
      recording = await record();
    } catch {
      app.say(t("没能打开麦克风，请看看是否允许了录音。"));
      return;
    }
    app.draw();
    const blob = await recording.done;
    recording = null;
    if (blob.size) {
      body.voice = await app.addFile(blob);
      await show(body.voice);
      touch();
    }
    app.draw();
  }

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    fault = !body.text.trim() && !body.voice ? t("请说说发生了什么，写几个字或录一段话都行。") : !task && !body.point && !body.place.trim() ? t("请写明在哪里，或取一次位置。") : "";
    if (fault) {
      app.draw();
      return;
    }
    clearTimeout(timer);
    dirty = false;
    const sent = { text: body.text.trim(), ...(task ? { task } : {}), ...(body.item ? { item: body.item } : {}), ...(body.point ?? {}), place: body.place.trim(), ...(body.about && !task ? { about: { kind: body.about.kind, uid: body.about.uid } } : {}), photos: body.photos, ...(body.voice ? { voice: body.voice } : {}) };
    await app.send({ kind: "report", title: body.text.trim().slice(0, 40) || t("语音报告"), body: sent, files: draft().files }, { draft: id, ...(asked.get("mends") ? { operation: asked.get("mends") ?? "" } : {}) });
    Object.assign(body, blank());
    pictures.clear();
    app.say(() => (task ? doneWords(app) : keptWords(app)));
    if (asked.size) location.hash = task ? "#/" : "#/report";
    void locate(false);
    app.draw();
    scrollTo(0, 0);
  }

  async function clear(): Promise<void> {
    if (!(await ask(t("重新写？"), t("已写的内容和照片都会删掉，不能找回。"), t("重新写")))) return;
    await app.dropDraft(draft());
    Object.assign(body, begun(undefined, named()));
    void locate(false);
    app.draw();
  }

  /** The catalogue's own English where the worker reads English. */
  const itemName = (b: Body): string => String((app.language === "en" && b.name_en) || b.name || b.code || "");

  function items(): View {
    if (body.item)
      return html`<div class="field"><span class="field__label">${t("事项")}</span><p class="split card"><span>${body.itemName}</span>${press(t("换一个"), () => { body.item = body.itemName = ""; touch(); }, "quiet")}</p></div>`;
    const catalogue = words ? app.all("catalogue") : null;
    const entries = (catalogue ?? []).map((one) => ({ key: one.id, text: searchText(Object.values(one.b)) }));
    const found = findIn(entries, words, 6).flatMap((key) => catalogue?.find((one) => one.id === key) ?? []);
    return html`<div class="field"><label class="field__label" for="item">${t("事项")} <span class="field__optional">${t("（选填）")}</span></label>
      <span class="field__hint">${t("不确定就空着，系统会按内容判断。")}</span>
      <input id="item" type="search" autocomplete="off" placeholder=${t("输入几个字找一找，如：垃圾")} .value=${words} @input=${(event: Event) => { words = (event.target as HTMLInputElement).value; app.draw(); }} />
      ${words ? html`<div class="lines">${found.map((one) => html`<button type="button" class="line" @click=${() => { body.item = String(one.b.code ?? one.id); body.itemName = itemName(one.b); words = ""; touch(); }}><span class="line__words"><span class="line__title">${itemName(one.b)}</span><span class="line__more">${app.language === "en" ? "" : (one.b.class ?? "")}</span></span></button>`)}${found.length || !catalogue ? nothing : html`<p class="muted field-app__pad">${t("没有找到，空着就好。")}</p>`}</div>` : nothing}
    </div>`;
  }

  function photos(): View {
    return html`<fieldset class="field"><legend class="field__label">${t("照片")} <span class="field__optional">${t("（选填）")}</span></legend>
      <div class="upload"><label class="upload__zone">${icon("camera")}<span>${t("拍照或选照片")}</span><input type="file" name="photos" accept="image/*" multiple ?disabled=${body.photos.length >= MOST_PHOTOS} @change=${takePhotos} /></label>
      <ul class="photos">${body.photos.map((file, at) => html`<li class="photos__item"><span class="photos__open">${pictures.has(file) ? html`<img src=${pictures.get(file)} alt=${t("照片 {n}", { n: at + 1 })} />` : nothing}</span><button type="button" class="btn btn--icon photos__remove" aria-label=${t("去掉照片 {n}", { n: at + 1 })} @click=${() => { body.photos = body.photos.filter((one) => one !== file); touch(); }}>×</button></li>`)}</ul></div>
    </fieldset>`;
  }

  function voice(): View {
    if (!canRecord() && !body.voice) return nothing;
    return html`<div class="field"><span class="field__label">${t("语音")} <span class="field__optional">${t("（选填）")}</span></span>
      ${body.voice
        ? html`<div class="stack stack--tight"><audio controls src=${pictures.get(body.voice) ?? nothing}></audio>${press(t("去掉录音"), () => { body.voice = ""; touch(); }, "quiet", { icon: "trash" })}</div>`
        : press(recording ? t("正在录，说完点这里") : t("按一下，说给我听"), speakNote, recording ? "danger" : "secondary", { icon: recording ? "square" : "microphone" })}
    </div>`;
  }

  /** The place or organisation its file was opened for; it may be taken off. */
  const subject = (): View =>
    body.about && !task
      ? html`<div class="field"><span class="field__label">${t("关于")}</span><p class="split card"><span>${body.about.name}</span>${press(t("与它无关"), () => { body.about = null; touch(); }, "quiet")}</p></div>`
      : nothing;

  const where = (): View => html`<div class="field"><label class="field__label" for="place">${t("在哪里")}</label>
    <input id="place" autocomplete="off" maxlength="200" placeholder=${t("如：柳岸路 12 号门前")} .value=${body.place} @input=${(event: Event) => { body.place = (event.target as HTMLInputElement).value; touch(); }} />
    <p class="split small">${body.point ? html`<span>${icon("pin", "icon--small")} ${t("已取得位置，误差约 {n} 米", { n: body.point.accuracy })}</span>` : html`<span class="muted">${looking ? t("正在取位置…") : t("还没有位置")}</span>`}${press(t("重新定位"), () => locate(), "quiet", { disabled: looking })}</p>
  </div>`;

  /** Which task this is for. */
  const about = (): View => {
    const found = task ? app.one("task", task) : null;
    return found ? html`<div class="card stack stack--tight"><p class="cluster"><span class="badge">${kindWords(String(found.b.kind ?? ""))}</span></p><h2 class="task-title">${found.b.title}</h2><p class="muted small">${found.b.address ?? ""}</p></div>` : nothing;
  };

  const mine = (): View => {
    if (task) return nothing;
    const told = [...(app.all("mine") ?? [])].sort((a, b) => String(b.b.at ?? "").localeCompare(String(a.b.at ?? "")));
    const sent = app.unsent.filter((one) => one.kind === "report");
    if (!told.length && !sent.length) return nothing;
    return html`<section class="panel"><div class="panel__head"><h2 class="panel__title">${t("我最近报告的")}</h2></div><div class="lines">
      ${sent.map((one) => row(`#/outbox/${one.id}`, "send", one.title, `${whenWords(one.at)} · ${t("待送")}`))}
      ${told.slice(0, 20).map(({ id, b }) => row(`#/reported/${id}`, b.open === false ? "check-circle" : "clock", String(b.title ?? b.number ?? ""), [said(b.state_words ?? b.state), whenWords(String(b.at ?? ""))].filter(Boolean).join(" · ")))}
    </div></section>`;
  };

  return {
    title: task ? t("记下看到的") : t("报告"),
    ...(task ? { back: `#/task/${task}` } : {}),
    keep,
    leave() {
      clearTimeout(timer);
      recording?.stop();
      for (const url of pictures.values()) URL.revokeObjectURL(url);
    },
    view: () => html`<form class="stack" novalidate @submit=${submit}>
      ${about()}
      <div class="field"><label class="field__label" for="text">${task ? t("看到的情况") : t("发生了什么")}</label>
        <textarea id="text" rows="3" maxlength="2000" placeholder=${task ? t("如：已经清走，现场干净") : t("如：路口垃圾好几天没人清运")} .value=${body.text} @input=${(event: Event) => { body.text = (event.target as HTMLTextAreaElement).value; touch(); }}></textarea></div>
      ${subject()}${photos()}${where()}${voice()}${task ? nothing : items()}
      ${fault ? html`<p class="field__error" role="alert">${icon("error", "icon--small")}<span>${fault}</span></p>` : nothing}
      <button class="btn btn--primary btn--wide btn--large">${icon("send")}<span>${task ? t("记下，任务完成") : t("报告")}</span></button>
      ${body.text || body.photos.length ? press(t("重新写"), clear, "quiet") : nothing} ${mine()}
    </form>`,
  };
}
